"""A small ball that is pushed through a maze by brax's physics: the smallest robot there is.

Sizes, resets and thresholds are those of the environments of arXiv 2408.11052 (jaxgcrl), and its world is that of
brax's ant. See docs/environments.md.
"""

from typing import TYPE_CHECKING, Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from crl_train.envs import placement
from crl_train.envs.ant import CELL_SIZE
from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.facts import simple_spec
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.physics import Physics, add_sliding_body, asset, set_numeric
from crl_train.envs.placement import Placement
from crl_train.envs.reference_mazes import reference_maze
from crl_train.envs.robot import Robot

if TYPE_CHECKING:
    import mujoco

BODY: Final = "body"
GEOMETRY: Final = "body_geom"
RADIUS: Final = 0.25  # metres
HEIGHT: Final = 0.75  # metres of its centre, so that it does not touch the floor
FORCE: Final = 5.0  # newtons at full control
REACH: Final = 100.0  # metres that its slides go either way

VELOCITY_NOISE: Final = 0.1  # metres per second, standard deviation of each start velocity


class SimpleMaze(Robot):
    """A ball of 1 kg and 0.25 m radius is pushed through a maze, above the floor.

    State (4): (x, y, vx, vy) in m and m/s. Action in [-1, 1]^2: a force of 5 N times each entry. Nothing slows the ball
    but walls, which also rub. Goal: (x, y). Cells are 4 m wide. An episode starts at the centre of the start cell, with
    normal velocities of standard deviation 0.1 m/s; the goal is the centre of a uniformly drawn goal cell, and counts
    as reached within 0.5 m. No episode ends by itself.
    """

    is_translatable = True

    def __init__(self, spec: EnvSpec, physics: Physics, place: Placement, maze: Maze) -> None:
        """Put the ball into a maze.

        Args:
            spec: The facts about it.
            physics: Its model.
            place: Draws start and goal.
            maze: Whose walls the model has.
        """
        super().__init__(spec, physics, maze)
        self._place = place

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "2"]]:
        place_key, velocity_key = jax.random.split(key)
        start, goal = self._place(place_key)
        return start, VELOCITY_NOISE * jax.random.normal(velocity_key, (2,)), goal

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        return jnp.concatenate([physics_state.q, physics_state.qd])

    def planar_state(self, xy: Float[Array | np.ndarray, "*batch 2"]) -> Float[Array, "*batch state_dim"]:
        return jnp.concatenate([jnp.asarray(xy, dtype=jnp.float32), jnp.zeros(xy.shape)], axis=-1)


def make_simple_maze(
    layout: str, maze: str | None = None, reference: str | None = None, backend: str | None = None
) -> SimpleMaze:
    """The ball in a maze."""
    place = reference_maze(layout, maze, CELL_SIZE, RADIUS, reference)
    spec = simple_spec(layout, reference=reference, backend=backend)
    physics = Physics.compiled(simple_model(), spec, maze=place, parts=(GEOMETRY,))
    return SimpleMaze(spec, physics, placement.in_maze(place), place)


def simple_model() -> "mujoco.MjSpec":
    """The ball on its slides, without walls."""
    import mujoco

    model = asset("ant")
    # What is left of the ant is its floor, friction and brax's numbers, as in jaxgcrl. Its body at the goal touches
    # nothing, and is left out.
    model.delete(model.body("torso"))
    set_numeric(model, "init_qpos", [0.0, 0.0])
    body = add_sliding_body(model, BODY, (0.0, 0.0, HEIGHT), "xy", (-REACH, REACH))
    for axis in "xy":
        motor = model.add_actuator(name=f"push_{axis}", target=f"{BODY}_{axis}", trntype=mujoco.mjtTrn.mjTRN_JOINT)
        motor.set_to_motor()
        motor.gear[0] = FORCE
    body.add_geom(
        name=GEOMETRY, type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[RADIUS, 0, 0], mass=1.0, contype=1, conaffinity=1
    )
    return model
