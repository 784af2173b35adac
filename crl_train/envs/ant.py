"""A four-legged ant, in the open and in mazes.

Sizes, resets and thresholds are those of the environments of arXiv 2503.14858 (scaling-crl) and arXiv 2408.11052
(jaxgcrl); where these have a defect, ours is right unless ``reference`` says whose it reproduces. See
docs/environments.md.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from crl_train.envs import placement
from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.facts import ant_spec
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.maze_layouts import corridor_layout
from crl_train.envs.open_plane import OpenPlane
from crl_train.envs.options import FORMS_OF_MUJOCO
from crl_train.envs.physics import FEW_ITERATIONS, Physics, asset, use_newton_solver
from crl_train.envs.placement import Placement
from crl_train.envs.reference_mazes import reference_maze
from crl_train.envs.robot import Robot, upright

if TYPE_CHECKING:
    import mujoco

CELL_SIZE: Final = 4.0  # metres
POSITIONAL_GEAR: Final = 200.0  # newton metres at full control; the model's own is 150

START_NOISE: Final = 0.1  # of every position, uniform either way, and standard deviation of every velocity
HEALTHY_HEIGHT: Final = (0.2, 1.0)  # metres; an episode ends when the torso leaves it
GOAL_RADIUS: Final = 10.0  # metres from the start, in the open
PLANE_MARGIN: Final = 2.0  # metres around all goals, in landscapes

FEET: Final = ("left_foot_geom", "right_foot_geom", "third_foot_geom", "fourth_foot_geom")
HIPS: Final = ("aux_1_geom", "aux_2_geom", "aux_3_geom", "aux_4_geom")
TORSO: Final = "torso_geom"
BODY_RADIUS: Final = 0.25  # metres, of the torso

NUM_POSITIONS: Final = 15  # of the ant: a free joint and eight hinges
NUM_VELOCITIES: Final = 14


class Ant(Robot):
    """The ant walks to a goal on the floor.

    State (29): position of the torso, its orientation as a quaternion (w, x, y, z), 8 joint angles, and the velocities
    of all of these, in m, rad and s. Action in [-1, 1]^8: a torque of 150 Nm times each entry. Goal: (x, y) of the
    torso. The episode ends when the torso is lower than 0.2 m or higher than 1 m.
    """

    is_translatable = True

    def __init__(
        self,
        spec: EnvSpec,
        physics: Physics,
        place: Placement,
        floor: Maze | OpenPlane,
        reference: str | None = None,
        noisy_place: bool = True,
    ) -> None:
        """Put an ant somewhere.

        Args:
            spec: The facts about it.
            physics: Its model.
            place: Draws start and goal.
            floor: The maze whose walls the model has, or the plane that landscapes show.
            reference: The trainer whose details it follows.
            noisy_place: Whether the start is only near to where ``place`` says.
        """
        super().__init__(spec, physics, floor)
        self._place = place
        self._reference = reference
        self._noisy_place = noisy_place

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "2"]]:
        place_key, pose_key = jax.random.split(key)
        start, goal = self._place(place_key)
        q, qd = self._pose_near(pose_key, start)
        return q, qd, goal

    def _pose_near(self, key: PRNGKeyArray, start: Float[Array, "2"]) -> tuple[Float[Array, "15"], Float[Array, "14"]]:
        """The initial pose at a place, with noise."""
        noise_key, velocity_key = jax.random.split(key)
        noise = START_NOISE * jax.random.uniform(noise_key, (NUM_POSITIONS,), minval=-1, maxval=1)
        q = jnp.asarray(self.physics.start[:NUM_POSITIONS]) + noise
        q = q.at[:2].set(start + noise[:2] if self._noisy_place else start)
        if self._reference is None:  # theirs keep the noisy quaternion, whose length is not 1
            q = q.at[3:7].divide(jnp.linalg.norm(q[3:7]))
        return q, START_NOISE * jax.random.normal(velocity_key, (NUM_VELOCITIES,))

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        return jnp.concatenate([physics_state.q[:NUM_POSITIONS], physics_state.qd[:NUM_VELOCITIES]])

    def is_over(self, physics_state: Any) -> Bool[Array, ""]:
        lowest, highest = HEALTHY_HEIGHT
        height = physics_state.x.pos[0, 2]
        return (height < lowest) | (height > highest)

    def planar_state(
        self, xy: Float[Array | np.ndarray, "*batch 2"], heading: float = 0.0
    ) -> Float[Array, "*batch state_dim"]:
        rest = jnp.concatenate([jnp.asarray(self.physics.start[:NUM_POSITIONS]), jnp.zeros(NUM_VELOCITIES)])
        rest = rest.at[3:7].set(upright(heading))
        xy = jnp.asarray(xy, dtype=jnp.float32)
        return jnp.concatenate([xy, jnp.broadcast_to(rest[2:], (*xy.shape[:-1], len(rest) - 2))], axis=-1)


def make_ant(reference: str | None = None, backend: str | None = None) -> Ant:
    """The ant in the open: the goal is 10 m from the start."""
    spec = ant_spec(reference=reference, backend=backend)
    place = placement.around_start(GOAL_RADIUS, GOAL_RADIUS)
    return Ant(spec, ant_physics(spec), place, _plane(GOAL_RADIUS), reference)


def make_ant_random_start(reference: str | None = None, backend: str | None = None) -> Ant:
    """The ant in the open: the goal is 10 m from the origin, and the start 10 m from the goal."""
    spec = ant_spec(name="ant_random_start", reference=reference, backend=backend)
    place = placement.around_goal(GOAL_RADIUS)
    return Ant(spec, ant_physics(spec), place, _plane(2 * GOAL_RADIUS), reference, noisy_place=False)


def _plane(reach: float) -> OpenPlane:
    half = reach + PLANE_MARGIN
    return OpenPlane((-half, half, -half, half))


def make_ant_maze(
    layout: str, maze: str | None = None, reference: str | None = None, backend: str | None = None
) -> Ant:
    """The ant in a maze."""
    spec = ant_spec(layout, maze=maze, reference=reference, backend=backend)
    place = reference_maze(layout, maze, CELL_SIZE, BODY_RADIUS, reference, of_ant=True)
    # jaxgcrl draws the noise of a start before it puts the ant at the centre of its cell.
    return Ant(
        spec,
        ant_physics(spec, place),
        placement.in_maze(place),
        place,
        reference,
        noisy_place=reference != "jaxgcrl",
    )


def make_ant_corridor(layout: str, config: str, reference: str | None = None, backend: str | None = None) -> Ant:
    """The ant in a corridor, with goals that are some cells ahead; ``config`` such as ``1f3f`` says how many.

    Raises:
        ConfigError: If no hop fits into the corridor.
    """
    spec = ant_spec(layout, config, reference=reference, backend=backend)
    maze = Maze(layout, corridor_layout(layout), CELL_SIZE, BODY_RADIUS)
    hops = tuple(dict.fromkeys(int(hop) for hop in config.split("f") if hop))
    # Where the text names none of the hops 1 to 5, scaling-crl draws the first pair of cells for ever.
    only_first = reference is not None and not any(f"{hop}f" in config for hop in range(1, 6))
    return Ant(
        spec,
        ant_physics(spec, maze),
        placement.along_corridor(maze, hops, only_first),
        maze,
        reference,
        noisy_place=False,
    )


def ant_physics(
    spec: EnvSpec,
    maze: Maze | None = None,
    model: "mujoco.MjSpec | None" = None,
    parts: Sequence[str] = (TORSO, *HIPS, *FEET),
    all_walls: bool = False,
) -> Physics:
    """Compile the model of an ant.

    Args:
        spec: Says which physics steps it.
        maze: Whose walls it meets.
        model: The ant with other bodies beside it; the ant alone if not given.
        parts: Geometries that meet walls. Those of the ant then also meet its feet, as in the references.
        all_walls: As of :meth:`Physics.compiled`.
    """
    model = model or asset("ant")
    if spec.backend == "positional":
        for actuator in model.actuators:
            actuator.gear[0] = POSITIONAL_GEAR
    if spec.backend in FORMS_OF_MUJOCO:
        use_newton_solver(model, FEW_ITERATIONS.get(spec.backend))
    if maze is not None:
        for part in (TORSO, *HIPS, *FEET):
            model.geom(part).conaffinity |= part in parts
    return Physics.compiled(model, spec, maze=maze, parts=parts, all_walls=all_walls)
