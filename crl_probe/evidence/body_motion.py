"""What a robot's body is made of, and where its parts were in recorded episodes."""

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from jaxtyping import Float, Int

from crl_probe.store.results import register_nested

if TYPE_CHECKING:
    from crl_train.envs.goal_env import EnvState, GoalEnv
    from crl_train.envs.robot import Robot

SPHERE, CAPSULE, BOX = 0, 1, 2
"""Kinds of shapes: with a radius; with a radius and half a length along z; with half sizes along x, y and z."""

WORLD: Final = -1
"""In place of a body's number: what does not move."""

# What MuJoCo and brax give to shapes that nobody has given a colour.
_UNCOLOURED: Final = ((0.5, 0.5, 0.5), (0.4, 0.33, 0.26))
_NONE: Final = (np.nan,) * 4
_WALL: Final = (0.60, 0.64, 0.72, 1.0)


@register_nested
@dataclasses.dataclass(frozen=True)
class BodyShapes:
    """Solids, each fixed to a body or to the world.

    Attributes:
        kind: ``SPHERE``, ``CAPSULE`` or ``BOX``. (shapes,)
        body: Number of its body, or ``WORLD``. (shapes,)
        size: Radius, half length or half sizes, as its kind has them. (shapes, 3), metres.
        position: Of its middle, in the frame of the body. (shapes, 3), metres.
        rotation: In the frame of the body, quaternion w, x, y, z. (shapes, 4)
        colour: Red, green, blue and opacity; NaN of what moves and has no colour of its own. (shapes, 4)
        floor: Height of the floor, metres.
    """

    kind: Int[np.ndarray, " shapes"]
    body: Int[np.ndarray, " shapes"]
    size: Float[np.ndarray, "shapes 3"]
    position: Float[np.ndarray, "shapes 3"]
    rotation: Float[np.ndarray, "shapes 4"]
    colour: Float[np.ndarray, "shapes 4"]
    floor: float = 0.0


@dataclasses.dataclass(frozen=True)
class Replay:
    """Episodes that were taken again, before the first step and after every step.

    Attributes:
        positions: Of every body. (episodes, steps + 1, bodies, 3), metres.
        rotations: Quaternions w, x, y, z. (episodes, steps + 1, bodies, 4)
        achieved: What was reached, as the goals are. (episodes, steps + 1, goal_dim)
    """

    positions: Float[np.ndarray, "episodes steps_and_start bodies 3"]
    rotations: Float[np.ndarray, "episodes steps_and_start bodies 4"]
    achieved: Float[np.ndarray, "episodes steps_and_start goal_dim"]


def without_body(env: "GoalEnv") -> str:
    """Why an environment has no body to watch, in a few words; empty if it has one."""
    return "" if hasattr(env, "physics") else "nothing of it is a body with parts"


def shapes_of(env: "GoalEnv") -> BodyShapes:
    """The solids of a robot and of what is around it, and how high the floor is."""
    import mujoco

    model = cast("Robot", env).physics.system.mj_model
    kinds = {
        int(mujoco.mjtGeom.mjGEOM_SPHERE): SPHERE,
        int(mujoco.mjtGeom.mjGEOM_ELLIPSOID): SPHERE,
        int(mujoco.mjtGeom.mjGEOM_CAPSULE): CAPSULE,
        int(mujoco.mjtGeom.mjGEOM_CYLINDER): CAPSULE,
        int(mujoco.mjtGeom.mjGEOM_BOX): BOX,
    }
    rows: list[tuple[Any, ...]] = []
    for geom in range(model.ngeom):
        kind_of_it = kinds.get(int(model.geom_type[geom]))
        is_wall = kind_of_it == BOX and env.maze is not None and "wall" in model.geom(geom).name
        if kind_of_it is None or is_wall:  # the walls near a robot are moved about; those of the maze follow
            continue
        colour, body = model.geom_rgba[geom], int(model.geom_bodyid[geom]) - 1
        if colour[3] == 0:  # not to be seen
            continue
        if any(np.allclose(colour[:3], one) for one in _UNCOLOURED):
            colour = _WALL if body == WORLD else _NONE
        rows.append((kind_of_it, body, model.geom_size[geom], model.geom_pos[geom], model.geom_quat[geom], colour))
    if env.maze is not None:
        half = env.maze.cell_size / 2
        for row, column in np.argwhere(env.maze.walls):
            centre = (row * 2 * half, column * 2 * half, half / 2)
            rows.append((BOX, WORLD, (half, half, half / 2), centre, (1, 0, 0, 0), _WALL))
    kinds_of_all, bodies, *others = zip(*rows, strict=True)
    size, position, rotation, colours = (np.array(one, np.float32) for one in others)
    planes = model.geom_pos[model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE, 2]
    floor = float(planes[0]) if planes.size else 0.0
    return BodyShapes(np.array(kinds_of_all), np.array(bodies), size, position, rotation, colours, floor)


def replayed(
    env: "GoalEnv",
    seed: int,
    num_episodes: int,
    chosen: Int[np.ndarray, " chosen"],
    actions: Float[np.ndarray, "chosen steps action_dim"],
) -> "Replay":
    """Take recorded actions again from the same starts, and keep where all bodies are.

    MuJoCo's own simulations go the same way to the last bit. Physics in JAX does where this program rounds as that of
    the record did; a body in contact with the floor multiplies any difference.

    Args:
        env: The robot.
        seed: Of the evidence, which decides the starts.
        num_episodes: Episodes that were recorded.
        chosen: Which of them are replayed.
        actions: Their actions.
    """
    import jax

    from crl_train.numerics import random_key

    arrays = _program(env)(random_key(seed), num_episodes, chosen, jax.numpy.asarray(actions))
    return Replay(*map(np.asarray, arrays))


@functools.cache
def _program(env: "GoalEnv") -> Any:
    """One compiled function for all agents: no network is part of it."""
    import jax
    import jax.numpy as jnp

    from crl_train.envs.goal_env import batched_reset

    def pose(env_state: "EnvState") -> tuple[jax.Array, ...]:
        state, _ = env.split_observation(env_state.obs)
        return env_state.pipeline_state.x.pos, env_state.pipeline_state.x.rot, env.achieved_goal(state)

    def step(env_state: "EnvState", action: jax.Array) -> tuple["EnvState", tuple[jax.Array, ...]]:
        after = jax.vmap(env.step)(env_state, action)
        return after, pose(after)

    def run(key: jax.Array, num_episodes: int, chosen: jax.Array, actions: jax.Array) -> tuple[jax.Array, ...]:
        reset_key, _ = jax.random.split(key)  # as in crl_train.evaluation.roll_out_episodes
        start = jax.tree.map(lambda leaf: leaf[chosen], batched_reset(env, reset_key, num_episodes))
        poses = jax.lax.scan(step, start, jnp.swapaxes(actions, 0, 1))[1]
        both = jax.tree.map(lambda first, later: jnp.concatenate([first[None], later]), pose(start), poses)
        return jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), both)

    return env.jit(run, static_argnums=1)
