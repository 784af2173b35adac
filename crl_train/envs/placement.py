"""Where on the floor an episode starts, and where its goal is: drawn alike for every robot."""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from crl_train.envs.maze_geometry import Maze
from crl_train.errors import ConfigError

Placement: TypeAlias = Callable[[PRNGKeyArray], tuple[Float[Array, "2"], Float[Array, "2"]]]
"""Draws start and goal, metres."""


def on_circle(key: PRNGKeyArray, radius: Float[Array, ""] | float) -> Float[Array, "2"]:
    """A point at a uniformly drawn angle on a circle around the origin."""
    angle = 2 * jnp.pi * jax.random.uniform(key)
    return radius * jnp.stack([jnp.cos(angle), jnp.sin(angle)])


def around_start(low: float, high: float) -> Placement:
    """Start at the origin; the goal at a uniformly drawn distance in [low, high) and angle, so not uniform by area."""

    def draw(key: PRNGKeyArray) -> tuple[Float[Array, "2"], Float[Array, "2"]]:
        radius_key, angle_key = jax.random.split(key)
        radius = low + (high - low) * jax.random.uniform(radius_key)
        return jnp.zeros(2), on_circle(angle_key, radius)

    return draw


def around_goal(radius: float) -> Placement:
    """The goal on a circle around the origin, the start on a circle of the same radius around the goal."""

    def draw(key: PRNGKeyArray) -> tuple[Float[Array, "2"], Float[Array, "2"]]:
        goal_key, start_key = jax.random.split(key)
        goal = on_circle(goal_key, radius)
        return goal + on_circle(start_key, radius), goal

    return draw


def in_maze(maze: Maze) -> Placement:
    """Start at the centre of the maze's start cell; the goal at the centre of a uniformly drawn goal cell."""
    start, goals = maze.start_xy.astype(np.float32), maze.goal_centres.astype(np.float32)

    def draw(key: PRNGKeyArray) -> tuple[Float[Array, "2"], Float[Array, "2"]]:
        return jnp.asarray(start), jnp.asarray(goals)[jax.random.randint(key, (), 0, len(goals))]

    return draw


def along_corridor(maze: Maze, hops: tuple[int, ...], only_first: bool = False) -> Placement:
    """Start anywhere in a corridor, with the goal some cells further along it.

    Each hop is as likely as the others, and each pair of cells of one hop as the others of this hop.

    Args:
        maze: A corridor without branches from its start to its only goal; see :func:`corridor_cells`.
        hops: Cells from start to goal; those that are too long for the corridor are left out.
        only_first: Draw the first pair of cells always, as scaling-crl does in one case.

    Raises:
        ConfigError: If no hop fits into the corridor.
    """
    cells = maze.cell_size * corridor_cells(maze).astype(np.float32)
    possible = [hop for hop in hops if hop < len(cells)]
    if not possible:
        raise ConfigError(
            f"goals {hops[0]} cells ahead are not usable in maze {maze.name!r}: its corridor has {len(cells)} cells in "
            f"all. Use {len(cells) - 1} at most."
        )
    pairs = [(place, place + hop) for hop in possible for place in range(len(cells) - hop)]
    shares = [1 / len(possible) / (len(cells) - hop) for hop in possible for _ in range(len(cells) - hop)]
    first, last = cells[[pair[0] for pair in pairs]], cells[[pair[1] for pair in pairs]]
    probabilities = np.array([1.0] + [0.0] * (len(pairs) - 1) if only_first else shares, dtype=np.float32)

    def draw(key: PRNGKeyArray) -> tuple[Float[Array, "2"], Float[Array, "2"]]:
        pair = jax.random.choice(key, len(probabilities), p=jnp.asarray(probabilities))
        return jnp.asarray(first)[pair], jnp.asarray(last)[pair]

    return draw


def corridor_cells(maze: Maze) -> np.ndarray:
    """The cells of a corridor in order, from the start to its other end. (cells, 2): row and column."""
    free = {(int(row), int(column)) for row, column in np.argwhere(~maze.walls)}
    row, column = (round(float(entry) / maze.cell_size) for entry in maze.start_xy)
    path = [(row, column)]
    while True:
        row, column = path[-1]
        beside = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)}
        onward = sorted((beside & free) - set(path))
        if not onward:
            return np.array(path)
        path.append(onward[0])
