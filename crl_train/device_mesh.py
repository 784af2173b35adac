"""Several devices of one machine that train a run together, and where in a program their work is told apart.

Programs are written for whole arrays and mean the same on any number of devices: JAX splits them. It is told how at the
few places where it would not find out by itself. There a program that is traced for one device gets no operation more.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from crl_train.device import first_device
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from jax.sharding import AbstractMesh, Mesh, NamedSharding

T = TypeVar("T")

AXIS: Final = "run_devices"
"""The one axis of the mesh; no name that a session's own mesh would have."""


def device_mesh(wanted: int | Literal["all"]) -> "Mesh | None":
    """The first devices that JAX finds, in a row; None for one, whose programs need no mesh.

    Raises:
        ConfigError: If there are fewer than wanted, or JAX can start none.
    """
    import jax
    import numpy as np
    from jax.sharding import AxisType, Mesh

    platform = first_device().platform
    devices = jax.local_devices()
    count = len(devices) if wanted == "all" else wanted
    if not 1 <= count <= len(devices):
        there = f"1 {platform} device" if len(devices) == 1 else f"{len(devices)} {platform} devices"
        raise ConfigError(
            f"--devices {count} is not usable: JAX finds {there} here. Give a number from 1 to {len(devices)}, or all."
        )
    return None if count == 1 else Mesh(np.array(devices[:count]), (AXIS,), axis_types=(AxisType.Auto,))


def num_devices(mesh: "Mesh | None") -> int:
    """How many devices a mesh has; no mesh is one device."""
    return 1 if mesh is None else int(mesh.size)


def split_along(mesh: "Mesh | AbstractMesh", axis: int) -> "NamedSharding":
    """Each device holds its part of an axis; all have equal parts."""
    from jax.sharding import NamedSharding, PartitionSpec

    return NamedSharding(mesh, PartitionSpec(*[None] * axis, AXIS))


def on_every(mesh: "Mesh | AbstractMesh") -> "NamedSharding":
    """Each device holds the whole array."""
    from jax.sharding import NamedSharding, PartitionSpec

    return NamedSharding(mesh, PartitionSpec())


def traced_on(mesh: "Mesh | None", function: Callable[..., T]) -> Callable[..., T]:
    """A function of which JAX is told, while it traces it, that these devices share its work."""
    if mesh is None:
        return function

    import jax

    def on_mesh(*args: Any) -> T:
        with jax.sharding.use_abstract_mesh(mesh.abstract_mesh):
            return function(*args)

    # What a profile shows.
    on_mesh.__name__ = getattr(function, "func", function).__name__
    return on_mesh


def by_device(function: Callable[..., T]) -> Callable[..., T]:
    """Let each device call a function on its own entries of the leading axis of all arguments and results.

    Nothing inside waits for another device. JAX alone would let all of them wait in every turn of a loop that ends when
    every copy is done, such as that of a physics solver.
    """
    import jax
    from jax.sharding import PartitionSpec

    if not _is_shared():
        return function
    # Loops of environments begin from constants, the same on all devices, and go on with what differs between them.
    own = PartitionSpec(AXIS)
    return jax.shard_map(function, in_specs=own, out_specs=own, check_vma=False)


def divide(arrays: T) -> T:
    """Let each device compute its entries of the leading axis of arrays."""
    import jax
    from jax.sharding import PartitionSpec

    return jax.lax.with_sharding_constraint(arrays, PartitionSpec(AXIS)) if _is_shared() else arrays


def share(arrays: T) -> T:
    """Let every device have arrays whole, whichever computed them."""
    import jax
    from jax.sharding import PartitionSpec

    return jax.lax.with_sharding_constraint(arrays, PartitionSpec()) if _is_shared() else arrays


def _is_shared() -> bool:
    """Whether several devices share what is being traced; a mesh that a session has for itself is not meant."""
    import jax

    return AXIS in jax.sharding.get_abstract_mesh().axis_names
