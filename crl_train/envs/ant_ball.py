"""An ant that pushes a ball to a goal, in the open and in mazes.

Sizes, resets and thresholds are those of the environments of arXiv 2503.14858 (scaling-crl) and arXiv 2408.11052
(jaxgcrl), and the ant is brax's. Where theirs take the wrong entries of the state for the ball, or draw its place from
the angle of the goal, ours is right unless ``reference`` says whose it reproduces. See docs/environments.md.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from crl_train.envs import placement
from crl_train.envs.ant import CELL_SIZE, FEET, NUM_POSITIONS, PLANE_MARGIN, TORSO, Ant, ant_physics
from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.facts import ant_ball_spec
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.maze_layouts import BALL, BALL_LAYOUTS, FREE
from crl_train.envs.open_plane import OpenPlane
from crl_train.envs.physics import OBJECT_COLOUR, Physics, add_sliding_body, asset, set_numeric
from crl_train.envs.placement import Placement, on_circle
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    import mujoco

GOAL_RADIUS: Final = 5.0  # metres from the ant's start, in the open
BALL_SHARE: Final = 0.2  # of the way from the ant's start to the goal: around there the ball starts, in the open
BALL_CIRCLE: Final = 1.0  # metres from that place

BALL_BODY: Final = "ball"
BALL_GEOMETRY: Final = "ball_geom"
BALL_RADIUS: Final = 0.5  # metres
# Kilograms. Theirs is two balls in one place, of 1 and 0.1 kg a cubic metre. Spring physics takes all bodies for 1 kg.
BALL_MASS: Final = 1.1 * 4 / 3 * np.pi * BALL_RADIUS**3
BALL_ARMATURE_OF_THEIRS: Final = 1.0  # kilograms that the ball weighs more in generalized and mjx physics
BALL_REACH: Final = (-100.0, 100.0)  # metres that its slides go along x and y
BALL_REACH_OF_SCALING_CRL: Final = (-10.3213, 10.3)

# What meets walls. Hips do not, other than those of the ant alone.
PARTS: Final = (TORSO, *FEET, BALL_GEOMETRY)

BallPlacement: TypeAlias = Callable[[PRNGKeyArray, Float[Array, "2"]], Float[Array, "2"]]
"""Draws where the ball starts, metres, from a key and the goal."""


class AntBall(Ant):
    """The ant pushes until the ball is at the goal.

    State (31): the 29 entries of the ant alone, and (x, y) of the ball, in m, rad and s. Action in [-1, 1]^8: a torque
    of 150 Nm times each entry. Goal: (x, y) of the ball. The ball, of 0.5 m radius, slides on the floor without
    rolling; torso and feet push it, and the floor's friction stops it, but not in mjx physics. The episode ends when
    the torso is lower than 0.2 m or higher than 1 m.

    In the open an episode starts with the ant near the origin, the goal 5 m away at a uniformly drawn angle, and the
    ball 1 m away, at another such angle, from the place that is a fifth of the way to the goal. In a maze the ant
    starts at the centre of the start cell, the ball at that of a cell marked for it and the goal at that of a goal
    cell, each drawn uniformly. The ant's pose and velocities have the noise of the ant alone. A goal counts as reached
    when the ball is within 0.5 m of it.

    With ``reference`` y of the ball in the open follows from the goal and not from the second angle, and in a maze cell
    of the ball and cell of the goal are drawn from the same random bits, and so depend on each other. The achieved goal
    of scaling-crl, and in mazes that of jaxgcrl, is one entry off: velocity of the last joint and x of the ball. What
    counts as success is still where the ball is, as with theirs; the distance in evaluations is that of the two entries
    to the goal, which is what their agents learn and means nothing else. The body that theirs have at the goal touches
    nothing, and is left out.
    """

    is_translatable = False  # the ball would have to move with the ant

    def __init__(
        self,
        spec: EnvSpec,
        physics: Physics,
        place: Placement,
        ball_place: BallPlacement,
        floor: Maze | OpenPlane,
        reference: str | None = None,
    ) -> None:
        """Put an ant and a ball somewhere.

        Args:
            spec: The facts about it.
            physics: Its model.
            place: Draws start of the ant and goal of the ball.
            ball_place: Draws start of the ball.
            floor: The maze whose walls the model has, or the plane without walls.
            reference: The trainer whose details it follows.
        """
        in_maze = isinstance(floor, Maze)
        super().__init__(spec, physics, place, floor, reference, noisy_place=not in_maze)
        self._ball_place = ball_place
        self._one_key = in_maze and reference is not None

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "2"]]:
        place_key, ball_key, pose_key = jax.random.split(key, 3)
        start, goal = self._place(place_key)
        ball = self._ball_place(place_key if self._one_key else ball_key, goal)
        q, qd = self._pose_near(pose_key, start)
        return jnp.concatenate([q, ball]), jnp.concatenate([qd, jnp.zeros(2)]), goal

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        ant = super().state_of(physics_state, control)
        return jnp.concatenate([ant, physics_state.q[NUM_POSITIONS:]])

    def success(
        self, state: Float[Array, "*batch state_dim"], goal: Float[Array, "*batch goal_dim"]
    ) -> Bool[Array, "*batch"]:
        """Whether the ball is at the goal, also where a reference trainer takes other entries for the ball's."""
        return jnp.linalg.norm(state[..., -2:] - goal, axis=-1) < self.spec.tolerance

    @property
    def is_planar(self) -> bool:
        return False

    def planar_state(
        self, xy: Float[Array | np.ndarray, "*batch 2"], heading: float = 0.0
    ) -> Float[Array, "*batch state_dim"]:
        """Refuse: there is no one state of an ant with its ball at a place.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            f"environment {self.spec.name!r} is not planar: where the ball is says nothing of where the ant stands."
        )


def make_ant_ball(reference: str | None = None, backend: str | None = None) -> AntBall:
    """The ant with a ball in the open: the goal is 5 m from the start."""
    spec = ant_ball_spec(reference=reference, backend=backend)
    place = placement.around_start(GOAL_RADIUS, GOAL_RADIUS)
    physics = ant_physics(spec, model=ant_with_ball(reference))
    half = GOAL_RADIUS + PLANE_MARGIN
    return AntBall(spec, physics, place, _near_the_way(reference), OpenPlane((-half, half, -half, half)), reference)


def make_ant_ball_maze(
    layout: str, maze: str | None = None, reference: str | None = None, backend: str | None = None
) -> AntBall:
    """The ant with a ball in a maze; one given as text has a ``B`` wherever the ball can start.

    Raises:
        ConfigError: If the text is no maze, or the ball has no place in it.
    """
    spec = ant_ball_spec(layout, reference=reference, backend=backend)
    place, cells = ball_maze(layout, maze)
    return AntBall(
        spec,
        ant_physics(spec, place, ant_with_ball(reference), PARTS),
        placement.in_maze(place),
        _in_cells(place.cell_size * cells),
        place,
        reference,
    )


def ball_maze(layout: str, text: str | None = None) -> tuple[Maze, Int[np.ndarray, "cells 2"]]:
    """The maze of a layout, or of a text that the layout names, and the cells in which the ball can start.

    Returns:
        The maze, without those marks; rows and columns of the cells, in reading order. (cells, 2)
    Raises:
        ConfigError: If there is no such layout, the text is no maze, or no path leads to a place of the ball.
    """
    if text is None and layout not in BALL_LAYOUTS:
        raise ConfigError(f"unknown maze layout {layout!r} for a ball. Known layouts: {', '.join(BALL_LAYOUTS)}.")
    lines = BALL_LAYOUTS[layout] if text is None else [line.strip() for line in text.splitlines() if line.strip()]
    rows = tuple(line.replace(BALL, FREE) for line in lines)
    if text is None:
        maze = Maze(layout, rows, CELL_SIZE, BALL_RADIUS)
    else:
        maze = Maze.from_text(layout, "\n".join(rows), CELL_SIZE, BALL_RADIUS)
    cells = np.argwhere(np.array([list(line) for line in lines]) == BALL)
    if len(cells) == 0:
        raise ConfigError(f"maze {layout!r} is not usable: no cell is marked {BALL}, where the ball starts. Mark one.")
    if not np.isfinite(maze.geodesic(CELL_SIZE * cells, maze.start_xy)).all():
        raise ConfigError(f"maze {layout!r} is not usable: no path leads from its start to a cell marked {BALL}.")
    return maze, cells


def ant_with_ball(reference: str | None = None) -> "mujoco.MjSpec":
    """The model of the ant, and a ball on slides beside it."""
    import mujoco

    model = asset("ant")
    for part in (TORSO, *FEET):
        model.geom(part).conaffinity = 1  # the ball has contype 1; feet also meet each other, as in the references
    (pose,) = [list(numeric.data) for numeric in model.numerics if numeric.name == "init_qpos"]
    set_numeric(model, "init_qpos", [*pose, 0.0, 0.0])
    body = add_sliding_body(
        model,
        BALL_BODY,
        (0.0, 0.0, BALL_RADIUS),
        "xy",
        BALL_REACH_OF_SCALING_CRL if reference == "scaling-crl" else BALL_REACH,
        armature=0.0 if reference is None else BALL_ARMATURE_OF_THEIRS,
    )
    body.add_geom(
        name=BALL_GEOMETRY,
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        size=[BALL_RADIUS, 0, 0],
        mass=BALL_MASS,
        contype=1,
        conaffinity=0,
        rgba=OBJECT_COLOUR,
    )
    return model


def _near_the_way(reference: str | None) -> BallPlacement:
    """The ball on a circle around a point of the straight line to the goal."""

    def draw(key: PRNGKeyArray, goal: Float[Array, "2"]) -> Float[Array, "2"]:
        away = on_circle(key, BALL_CIRCLE)
        if reference is not None:  # theirs take the sine of the goal's angle
            away = away.at[1].set(BALL_CIRCLE * goal[1] / GOAL_RADIUS)
        return BALL_SHARE * goal + away

    return draw


def _in_cells(centres: Float[np.ndarray, "cells 2"]) -> BallPlacement:
    """The ball at one of some places."""
    places = centres.astype(np.float32)

    def draw(key: PRNGKeyArray, goal: Float[Array, "2"]) -> Float[Array, "2"]:
        del goal
        return jnp.asarray(places)[jax.random.randint(key, (), 0, len(places))]

    return draw
