"""A point that is pushed through a maze: the smallest environment in which geometry is hard to learn."""

import dataclasses
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from crl_train.envs.facts import POINT_DT, point_spec
from crl_train.envs.goal_env import EnvState, GoalEnv
from crl_train.envs.maze_geometry import Maze, maze_of
from crl_train.errors import ConfigError

# Powers of two make every product of a step exact. However XLA fuses the step, and whether or not it rounds a product
# before adding to it, all uses of a position then agree to the bit: no wall test speaks of another position than the
# one that is stored.
CELL_SIZE: Final = 4.0  # metres; that of the ant mazes, so that positions mean the same in both
FORCE: Final = 16.0  # newtons per unit of action, on a mass of 1 kg
DRAG: Final = 2.0  # newtons per (metre per second)
TERMINAL_SPEED: Final = FORCE / DRAG  # metres per second, per axis

START_NOISE: Final = 0.5  # metres; the start is uniform in a square of this half width
GOAL_MARGIN: Final = 0.5  # metres between a goal and the borders of its cell

# After a step the point is at least this far from every cell border. It is well above the rounding of float32 at the
# size of a maze (4e-6 m), so that neither rounding nor a border shared with a wall can put the point inside one.
BORDER_GAP: Final = 1e-4  # metres


class PointMaze(GoalEnv):
    """A point mass of 1 kg and no size in a maze; the action is a force, walls stop it and let it slide along.

    State (x, y, vx, vy) in m and m/s; goal (x, y); action in [-1, 1]^2, clipped. One step of 0.125 s is semi-implicit
    Euler with linear drag, ``v' = v + dt * (16 a - 2 v)`` and ``x' = x + dt * v'``, so an axis reaches 8 m/s at most.
    Axes move one after the other, x first; an axis whose next cell is a wall stops at the border, and its velocity
    becomes 0. The point keeps 0.1 mm clear of all cell borders, so one slower than 0.8 mm/s does not cross them.

    Cells are 4 m wide. Start: centre of the start cell plus U(-0.5, 0.5)^2 m, at rest. Goal: a uniformly drawn goal
    cell, then a uniform point in it, 0.5 m clear of its borders. A goal counts as reached within 0.5 m. Episodes take
    300 steps (37.5 s); the environment never ends one by itself.

    Source: ours; layouts and cell size of the ant mazes of arXiv 2503.14858.
    """

    is_translatable = True

    def __init__(self, maze: Maze) -> None:
        """Place the point in a maze.

        Raises:
            ConfigError: If the cells are too small for the start noise and the goal margin.
        """
        # A step is shorter than this too, so that an axis crosses one border at most.
        smallest_cell = 2 * max(START_NOISE, GOAL_MARGIN) + 2 * BORDER_GAP
        if maze.cell_size <= smallest_cell:
            raise ConfigError(
                f"cell_size={maze.cell_size} of maze {maze.name!r} is not usable: start noise and goal margin need "
                f"cells wider than {smallest_cell} m. Use {CELL_SIZE}."
            )
        self.maze: Maze = maze
        self.spec = point_spec(maze.name)
        # NumPy arrays, so that every trace embeds them as constants.
        self._walls = maze.walls.ravel()
        self._start = maze.start_xy.astype(np.float32)
        self._goal_centres = maze.goal_centres.astype(np.float32)

    def reset(self, key: PRNGKeyArray) -> EnvState:
        # One draw for all five numbers: on a CPU the random bits are most of what a reset costs.
        uniform = jax.random.uniform(key, (5,))
        start = jnp.asarray(self._start) + START_NOISE * (2 * uniform[:2] - 1)
        goal_spread = self.maze.cell_size / 2 - GOAL_MARGIN
        goal_cell = (uniform[4] * len(self._goal_centres)).astype(jnp.int32)
        goal = jnp.asarray(self._goal_centres)[goal_cell] + goal_spread * (2 * uniform[2:4] - 1)
        state = self.planar_state(start)
        observation, _ = self.observe(state, goal)
        return EnvState(pipeline_state=state, obs=observation, reward=jnp.zeros(()), done=jnp.zeros(()))

    def step(self, env_state: EnvState, action: Float[Array, " action_dim"]) -> EnvState:
        x, y, vx, vy = env_state.pipeline_state
        force_x, force_y = FORCE * jnp.clip(action, -1, 1)
        vx += POINT_DT * (force_x - DRAG * vx)
        vy += POINT_DT * (force_y - DRAG * vy)
        next_x = x + POINT_DT * vx
        x, vx = _stop_at_wall(x, next_x, vx, self._is_wall(next_x, y), self.maze.cell_size)
        next_y = y + POINT_DT * vy
        y, vy = _stop_at_wall(y, next_y, vy, self._is_wall(x, next_y), self.maze.cell_size)
        state = jnp.stack([x, y, vx, vy])
        _, goal = self.split_observation(env_state.obs)
        observation, reward = self.observe(state, goal)
        return dataclasses.replace(env_state, pipeline_state=state, obs=observation, reward=reward, done=jnp.zeros(()))

    def planar_state(self, xy: Float[Array | np.ndarray, "*batch 2"]) -> Float[Array, "*batch 4"]:
        return jnp.concatenate([jnp.asarray(xy, dtype=jnp.float32), jnp.zeros(xy.shape)], axis=-1)

    def _is_wall(self, x: Float[Array, ""], y: Float[Array, ""]) -> Bool[Array, ""]:
        row, column = (jnp.round(coordinate / self.maze.cell_size).astype(jnp.int32) for coordinate in (x, y))
        return jnp.take(self._walls, row * self.maze.walls.shape[1] + column, mode="clip")


def _stop_at_wall(
    position: Float[Array, ""],
    target: Float[Array, ""],
    velocity: Float[Array, ""],
    is_blocked: Bool[Array, ""],
    cell_size: float,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Move along one axis: into the cell of the target or, if that is a wall, as far as the present cell goes."""
    centre = cell_size * jnp.round(jnp.where(is_blocked, position, target) / cell_size)
    reach = cell_size / 2 - BORDER_GAP
    return jnp.clip(target, centre - reach, centre + reach), jnp.where(is_blocked, 0.0, velocity)


def make_point_maze(layout: str, maze: str | None = None) -> PointMaze:
    """Build the point maze of a layout, or of a maze given as text, which ``layout`` then names."""
    return PointMaze(maze_of(layout, maze, CELL_SIZE))
