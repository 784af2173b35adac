"""Flags of JAX under which the same program computes or draws other numbers: recorded with every run, and compared."""

from collections.abc import Mapping
from typing import Any, Final

from crl_train.errors import ConfigError

DECIDING_FLAGS: Final = ("jax_default_matmul_precision", "jax_threefry_partitionable")


def deciding_flags() -> dict[str, Any]:
    """The flags that decide numbers, as they are now."""
    import jax

    return {name: getattr(jax.config, name) for name in DECIDING_FLAGS}


def check_flags(recorded: Mapping[str, Any], run: str) -> None:
    """Refuse to continue a run under flags that would give it other numbers.

    Args:
        recorded: What :func:`deciding_flags` was when the run was made; an unknown flag is not compared.
        run: The run's directory, for the message.

    Raises:
        ConfigError: If a flag differs.
    """
    for name, now in deciding_flags().items():
        if name in recorded and recorded[name] != now:
            raise ConfigError(
                f"run {run!r} was trained with {name}={recorded[name]}, which is {now} now: it would go on with other "
                f"numbers. {_way_back(name.upper(), recorded[name])}"
            )


def _way_back(variable: str, value: object) -> str:
    if value is None:
        return f"Unset {variable}."
    return f"Set {variable}={int(value) if isinstance(value, bool) else value}."
