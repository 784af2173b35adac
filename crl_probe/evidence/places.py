"""Positions in the environment: achieved goals, the map and the free cells of a maze, and geodesic distances."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv
    from crl_train.envs.maze_geometry import MazeGrid


def achieved_goals(
    env: "GoalEnv", states: Float[np.ndarray, "points state_dim"]
) -> Float[np.ndarray, "points goal_dim"]:
    """Achieved goal of each state, as a NumPy array. (points, goal_dim), environment's unit."""
    return states[:, list(env.goal_indices)]


def geodesic_distances(
    env: "GoalEnv", achieved: Float[np.ndarray, "points goal_dim"], goals: Float[np.ndarray, "goals goal_dim"]
) -> Float[np.ndarray, "goals points"]:
    """Distances of achieved goals to each of several goals: the shortest free path in a maze, else the straight line.

    A body's centre can overlap a wall slightly. No free path starts there, so the straight-line distance is used.

    Args:
        env: Has the maze, if any, and knows which entries of a goal span its plane.
        achieved: Achieved goals. (points, goal_dim), environment's unit.
        goals: (goals, goal_dim), same unit.

    Returns:
        Distances. (goals, points), environment's unit.

    Raises:
        ConfigError: If a goal is in a wall.
    """
    straight = np.linalg.norm(achieved - goals[:, None], axis=-1)
    if env.maze is None:
        return straight
    geodesic = env.maze.geodesics(*(np.asarray(env.in_plane(one), np.float64) for one in (achieved, goals)))
    return np.where(np.isfinite(geodesic), geodesic, straight)


def is_reached(
    env: "GoalEnv", states: Float[np.ndarray, "points state_dim"], goals: Float[np.ndarray, "points goal_dim"]
) -> Bool[np.ndarray, " points"]:
    """Whether the environment counts the goal of each state as reached."""
    import jax.numpy as jnp

    return np.asarray(env.success(jnp.asarray(states, jnp.float32), jnp.asarray(goals, jnp.float32)))


def map_of(env: "GoalEnv") -> dict[str, np.ndarray]:
    """The fields ``map_xs``, ``map_ys`` and ``map_free`` of results: the cells of the maze, empty without a maze."""
    if env.maze is None:
        return {"map_xs": np.zeros(0), "map_ys": np.zeros(0), "map_free": np.zeros((0, 0), dtype=bool)}
    grid = env.maze.grid(1)
    return {"map_xs": np.asarray(grid.xs), "map_ys": np.asarray(grid.ys), "map_free": np.asarray(grid.free)}


def floor_of(
    env: "GoalEnv", num_cells: int
) -> tuple["MazeGrid", Float[np.ndarray, "cells 2"], Float[np.ndarray, "cells state_dim"]]:
    """Divide the floor into fine cells, with the state of the agent at rest in each free one.

    Args:
        env: Has a floor: see :func:`without_floor`.
        num_cells: Cells along the longer side, approximately in a maze.

    Returns:
        The grid; the centres of its free cells in order, metres; the state of the agent at each centre.
    """
    assert env.floor is not None, "the declaration of the probe requires it"
    grid = env.floor.fine_grid(num_cells)
    places = grid.points[np.asarray(grid.free).reshape(-1)]
    return grid, places, np.asarray(env.planar_state(places))


def visited_cells(
    env: "GoalEnv", states: Float[np.ndarray, "points state_dim"], grid: "MazeGrid"
) -> Bool[np.ndarray, "nx ny"]:
    """Free cells that one of the states lies in, or in a cell beside it: some are recorded, and more were visited.

    Args:
        env: Knows the achieved goal of a state, and its plane.
        states: Recorded states. (points, state_dim)
        grid: Cells of the floor.

    Returns:
        (nx, ny)
    """
    from scipy.ndimage import maximum_filter

    places = np.asarray(env.in_plane(achieved_goals(env, states)), np.float64)
    lines = (np.asarray(grid.xs), np.asarray(grid.ys))
    inside = np.ones(len(places), dtype=bool)
    for k, line in enumerate(lines):
        half = (line[1] - line[0]) / 2 if len(line) > 1 else np.inf
        inside &= (places[:, k] >= line[0] - half) & (places[:, k] <= line[-1] + half)
    cells = tuple(np.abs(line - places[inside, k, None]).argmin(axis=1) for k, line in enumerate(lines))
    hit = np.zeros((len(lines[0]), len(lines[1])), dtype=bool)
    hit[cells] = True
    return np.asarray(maximum_filter(hit, size=3) & np.asarray(grid.free))


def distance_to_own_goal(
    env: "GoalEnv", places: Float[np.ndarray, "points goal_dim"], goals: Float[np.ndarray, "points goal_dim"]
) -> Float[np.ndarray, " points"]:
    """Distance of each position to its own goal, as :func:`geodesic_distances` measures it.

    Many positions share a goal: the distances to each goal are computed once.
    """
    distinct, goal_of = np.unique(goals, axis=0, return_inverse=True)
    return geodesic_distances(env, places, distinct)[goal_of, np.arange(len(places))]


def without_floor(env: "GoalEnv") -> str:
    """Why a probe of places on the floor cannot use this environment; empty if it can."""
    if env.floor is not None:
        return ""
    return "it has neither a maze nor an open plane" if env.is_planar else "it has no state at rest at a place"


def without_plane(env: "GoalEnv") -> str:
    """Why a probe of paths in the plane cannot use this environment; empty if it can."""
    return "" if env.spec.plane is not None else "its goals do not span a plane"
