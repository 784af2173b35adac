"""What JAX's global flags would otherwise decide: the precision of numbers, and how random numbers are made.

Training and probing compute in float32 and draw from one named generator, whatever ``JAX_ENABLE_X64`` and
``JAX_DEFAULT_PRNG_IMPL`` say. The flags that still decide numbers are recorded with every run.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final, ParamSpec, TypeVar

import jax
from jaxtyping import Array, PRNGKeyArray

from crl_train.errors import ConfigError

P = ParamSpec("P")
R = TypeVar("R")

GENERATOR: Final = "threefry2x32"

DECIDING_FLAGS: Final = ("jax_default_matmul_precision", "jax_threefry_partitionable")
"""Flags of JAX under which the same program computes or draws other numbers."""


def single_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function compute in float32 also where ``jax_enable_x64`` is on; a decorator.

    The state of the flag is that of the calling thread, so that a session in double precision goes on in it.
    """

    @functools.wraps(function)
    def in_single_precision(*args: P.args, **kwargs: P.kwargs) -> R:
        with jax.enable_x64(False):
            return function(*args, **kwargs)

    return in_single_precision


def random_key(seed: int) -> PRNGKeyArray:
    """The key of a seed, of the generator that all random numbers come from."""
    return jax.random.key(seed, impl=GENERATOR)


def key_from_data(data: Array) -> PRNGKeyArray:
    """The key that ``jax.random.key_data`` turned into plain words."""
    return jax.random.wrap_key_data(data, impl=GENERATOR)


def deciding_flags() -> dict[str, Any]:
    """The flags that decide numbers, as they are now."""
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
