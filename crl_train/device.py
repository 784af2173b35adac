"""The first use of JAX's devices, where a setting can ask for one that is not there."""

import functools
import os
from typing import TYPE_CHECKING

from crl_train.errors import ConfigError
from crl_train.memory import free_host_memory
from crl_train.parsing import one_line, shortened

if TYPE_CHECKING:
    import jax

_SETTINGS = ("JAX_PLATFORMS", "JAX_PLATFORM_NAME")


@functools.cache
def first_device() -> "jax.Device":
    """The device that computes: the first that JAX finds.

    Raises:
        ConfigError: If JAX can start none, such as under ``JAX_PLATFORMS=cuda`` without a GPU.
    """
    import jax

    try:
        return jax.devices()[0]
    except Exception as error:  # a bare AssertionError where a plugin is missing, RuntimeError elsewhere
        asked = [f"{name}={shortened(os.environ[name])}" for name in _SETTINGS if os.environ.get(name)]
        if not asked:
            reason = one_line(str(error)) or type(error).__name__
            raise ConfigError(
                f"JAX can start no device ({reason}). Set JAX_PLATFORMS=cpu to compute on the processor."
            ) from error
        raise ConfigError(
            f"{' and '.join(asked)} asks JAX for a device that it cannot start here. Unset it, or set "
            "JAX_PLATFORMS=cpu to compute on the processor."
        ) from error


def free_memory() -> int:
    """Bytes that arrays can take: of the accelerator what JAX may use in all, else what the machine has free."""
    device = first_device()
    stats = None if device.platform == "cpu" else device.memory_stats()
    return stats["bytes_limit"] if stats and "bytes_limit" in stats else free_host_memory()
