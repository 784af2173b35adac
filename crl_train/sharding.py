"""How a run's training state is laid out over several devices, and which runs can be."""

from typing import Any, Final

import jax
from jax.sharding import AbstractMesh, Mesh

from crl_train.config import TrainConfig
from crl_train.device_mesh import on_every, split_along
from crl_train.errors import ConfigError
from crl_train.run_envs import evaluation_env, training_env
from crl_train.training_state import TrainingState

# Physics that a program calls from outside of itself, for all copies at once.
_CALLED: Final = ("mujoco", "warp")


def state_layout(mesh: Mesh | AbstractMesh, state: TrainingState) -> TrainingState:
    """Where each leaf of a state is: environments and what they went through split by slot, all else on every device.

    Args:
        mesh: The devices, or only their number.
        state: Of the run; shapes are enough.

    Returns:
        The same tree, of shardings.
    """
    whole: Any = on_every(mesh)
    slots = jax.tree.map(lambda _: split_along(mesh, 0), state.slots)
    # Arrays of the replay have the axes (capacity, num_envs, ...); a single number counts its rows.
    replay = jax.tree.map(lambda leaf: split_along(mesh, 1) if leaf.ndim else whole, state.replay)
    learner = jax.tree.map(lambda _: whole, state.learner)
    return TrainingState(learner=learner, slots=slots, replay=replay, key=whole)


def require_shardable(config: TrainConfig, devices: int) -> None:
    """Refuse a run that several devices cannot share equally, before anything is made.

    Raises:
        ConfigError: If environments or transitions of a batch do not divide by them, or its physics cannot be split.
    """
    if devices == 1:
        return
    for name, value in {"num_envs": config.num_envs, "batch_size": config.batch_size}.items():
        if value % devices:
            raise ConfigError(
                f"{name}={value} is not usable with --devices {devices}: each takes an equal part. Use a multiple of "
                f"{devices}, such as {-(-value // devices) * devices}, or another number of devices."
            )
    for env in (training_env(config), evaluation_env(config)):
        if env.spec.backend in _CALLED:
            raise ConfigError(
                f"backend={env.spec.backend!r} is not usable with --devices {devices}: one call from outside of JAX "
                "steps all its copies. Use another --backend, or --devices 1."
            )
