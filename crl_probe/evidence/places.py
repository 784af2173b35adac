"""Where things are in the environment: achieved goals, the map, the floor, and geodesic distances."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv
    from crl_train.envs.maze_geometry import Maze, MazeGrid


def achieved_goals(
    env: "GoalEnv", states: Float[np.ndarray, "points state_dim"]
) -> Float[np.ndarray, "points goal_dim"]:
    """What each state has reached, on the host. (points, goal_dim), environment's unit."""
    return states[:, list(env.goal_indices)]


def geodesic_distances(
    env: "GoalEnv", achieved: Float[np.ndarray, "points goal_dim"], goals: Float[np.ndarray, "goals goal_dim"]
) -> Float[np.ndarray, "goals points"]:
    """How far achieved goals are from each of several goals: shortest free path in a maze, else straight line.

    A body's centre may overlap a wall by a hair, where no free path starts: the straight line stands in there.

    Args:
        env: Decides whether there is a maze, and which entries of a goal span its plane.
        achieved: What states have reached. (points, goal_dim), environment's unit.
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

    return np.asarray(env.success(jnp.asarray(states), jnp.asarray(goals)))


def map_of(env: "GoalEnv") -> dict[str, np.ndarray]:
    """What results hold of the maze as ``map_xs``, ``map_ys`` and ``map_free``: its cells, or nothing without one."""
    if env.maze is None:
        return {"map_xs": np.zeros(0), "map_ys": np.zeros(0), "map_free": np.zeros((0, 0), dtype=bool)}
    grid = env.maze.grid(1)
    return {"map_xs": np.asarray(grid.xs), "map_ys": np.asarray(grid.ys), "map_free": np.asarray(grid.free)}


def floor_of(
    env: "GoalEnv", maze: "Maze", cells_per_cell: int
) -> tuple["MazeGrid", Float[np.ndarray, "cells 2"], Float[np.ndarray, "cells state_dim"]]:
    """Divide the maze into fine cells and put the agent at rest on each that is free.

    Returns:
        The grid, and in its order the centres of its free cells, metres, with the state of the agent there.
    """
    grid = maze.grid(cells_per_cell)
    places = grid.points[np.asarray(grid.free).reshape(-1)]
    return grid, places, np.asarray(env.planar_state(places))


def distance_to_own_goal(
    env: "GoalEnv", places: Float[np.ndarray, "points goal_dim"], goals: Float[np.ndarray, "points goal_dim"]
) -> Float[np.ndarray, " points"]:
    """How far each place is from the goal that belongs to it, as :func:`geodesic_distances` measures it.

    Many places share a goal: distances to each goal are computed once.
    """
    distinct, goal_of = np.unique(goals, axis=0, return_inverse=True)
    return geodesic_distances(env, places, distinct)[goal_of, np.arange(len(places))]


def without_maze(env: "GoalEnv") -> str:
    """What an environment lacks for probes that look at a maze; empty if nothing."""
    return "" if env.maze is not None else "it has no maze"


def without_plane(env: "GoalEnv") -> str:
    """What an environment lacks for probes that draw paths in the plane; empty if nothing."""
    return "" if env.spec.plane is not None else "its goals do not span a plane"
