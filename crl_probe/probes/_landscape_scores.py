"""How well landscapes over one grid follow the maze: every score of every goal, and those of reference landscapes."""

import dataclasses
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe import metrics
from crl_probe.probes.samples import or_nan

Scores = dict[str, Float[np.ndarray, " goals"]]
"""By name of the score its value for each goal; NaN where it is undefined."""

SCORES: Final = (
    "geodesic_rank",
    "euclidean_rank",
    "geodesic_advantage",
    "geodesic_rank_visited",
    "geodesic_rank_unvisited",
    "advantage_visited",
    "advantage_unvisited",
    "wall_blind_rank",
    "topology_gain",
    "ascent_success",
    "spurious_maxima",
    "wall_contrast",
)


@dataclasses.dataclass(frozen=True, eq=False)
class LandscapeGrid:
    """The cells of the floor, and where the shared goals lie from them.

    Attributes:
        free: True outside walls. (nx, ny)
        visited: Cells that a state of the shared set lies in, or next to. (nx, ny)
        geodesic: Geodesic distance to each goal; NaN in walls. (goals, nx, ny), metres.
        offsets: Place minus goal; NaN in walls. (goals, nx, ny, 2), metres.
        goal_cells: Grid index of the cell that holds each goal. (goals, 2)
    """

    free: Bool[np.ndarray, "nx ny"]
    visited: Bool[np.ndarray, "nx ny"]
    geodesic: Float[np.ndarray, "goals nx ny"]
    offsets: Float[np.ndarray, "goals nx ny 2"]
    goal_cells: Int[np.ndarray, "goals 2"]

    @property
    def euclidean(self) -> Float[np.ndarray, "goals nx ny"]:
        """Straight-line distance to each goal; NaN in walls. (goals, nx, ny), metres."""
        return np.linalg.norm(self.offsets, axis=-1)


def landscape_scores(values: Float[np.ndarray, "goals nx ny"], grid: LandscapeGrid) -> Scores:
    """Every score of the landscape of each goal."""
    of_goals = zip(values.astype(np.float64), grid.geodesic, grid.euclidean, grid.offsets, grid.goal_cells, strict=True)
    by_goal = [_scores(grid, *of_goal) for of_goal in of_goals]
    return {name: np.array([scores[name] for scores in by_goal]) for name in SCORES}


def reference_scores(grid: LandscapeGrid) -> dict[str, Scores]:
    """The scores of a critic that values places by the straight line, and of one that knows the maze exactly."""
    landscapes = {"straight line": -grid.euclidean, "geodesic distance": geodesic_landscape(grid.geodesic)}
    return {name: landscape_scores(values, grid) for name, values in landscapes.items()}


def geodesic_landscape(geodesic: Float[np.ndarray, "goals nx ny"]) -> Float[np.ndarray, "goals nx ny"]:
    """The landscape of a critic that knows the maze exactly: places without a path to the goal are lowest of all."""
    return -np.where(np.isinf(geodesic), np.finfo(np.float32).max, geodesic)


def _scores(
    grid: LandscapeGrid,
    values: Float[np.ndarray, "nx ny"],
    geodesic: Float[np.ndarray, "nx ny"],
    euclidean: Float[np.ndarray, "nx ny"],
    offsets: Float[np.ndarray, "nx ny 2"],
    goal_cell: Int[np.ndarray, "2"],
) -> dict[str, float]:
    """The scores of one goal; NaN where one is undefined, such as topology_gain where there are no walls."""
    free, goal_index = grid.free, (int(goal_cell[0]), int(goal_cell[1]))
    floor = (free, grid.visited)
    return {
        "geodesic_rank": or_nan(metrics.geodesic_rank, values, geodesic, free),
        "euclidean_rank": or_nan(metrics.euclidean_rank, values, euclidean, free),
        "geodesic_advantage": or_nan(metrics.geodesic_advantage, values, geodesic, euclidean, free),
        "geodesic_rank_visited": or_nan(metrics.geodesic_rank_visited, values, geodesic, *floor),
        "geodesic_rank_unvisited": or_nan(metrics.geodesic_rank_unvisited, values, geodesic, *floor),
        "advantage_visited": or_nan(metrics.advantage_visited, values, geodesic, euclidean, *floor),
        "advantage_unvisited": or_nan(metrics.advantage_unvisited, values, geodesic, euclidean, *floor),
        "wall_blind_rank": or_nan(metrics.wall_blind_rank, values, offsets, free),
        "topology_gain": or_nan(metrics.topology_gain, values, geodesic, euclidean, free),
        "ascent_success": or_nan(metrics.ascent_success, values, free, goal_index),
        "spurious_maxima": or_nan(metrics.spurious_maxima, values, free, goal_index),
        "wall_contrast": or_nan(metrics.wall_contrast, values, euclidean, free),
    }
