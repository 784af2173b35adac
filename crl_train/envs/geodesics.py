"""Shortest free paths between places of a maze: exact, by the graph of the wall corners that see each other.

Source: visibility graphs, Lozano-Perez and Wesley 1979.
"""

import functools
import itertools
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import cdist

# Visibility is decided between points that keep clear of every wall, against walls grown by less than that clearance:
# a line along a wall is then free, one through the seam of two walls or the point where two touch is not, and rounding
# decides nothing. Both are shares of a cell. Lengths are measured between the true points.
_CLEARANCE: Final = 1e-9
_WALL_GROWTH: Final = 1e-10

_PAIRS_AT_ONCE: Final = 1_000_000  # lines of sight tested together: about 100 MB of temporaries


class ShortestPaths:
    """Paths of a body's centre that keeps a distance from all walls, along either axis.

    Walls are grown by the distance, as boxes: a square of that half width passes exactly where its centre may go. A
    round body of that radius could pass a corner a little nearer.
    """

    def __init__(self, walls: Bool[np.ndarray, "rows columns"], cell_size: float, radius: float) -> None:
        """Prepare a maze.

        Args:
            walls: True where a cell is solid; its outer cells are. (rows, columns)
            cell_size: Width of a cell, metres.
            radius: The distance from walls, below half a cell, metres.
        """
        self._walls = walls
        self._cell_size = cell_size
        self._radius = radius

    def between(self, points: Float[np.ndarray, "n 2"], goals: Float[np.ndarray, "g 2"]) -> Float[np.ndarray, "g n"]:
        """Lengths of the shortest paths from every point to every goal.

        Args:
            points: Free places. (n, 2), metres.
            goals: Likewise. (g, 2)
        Returns:
            (g, n), metres; inf where no path leads. A place that is nearer to a wall than the body's radius counts from
            the nearest place that is not, with the way there.
        """
        corners, between_corners = self._corner_graph
        point_places, point_ways = self._free_places(points)
        goal_places, goal_ways = self._free_places(goals)
        point_legs = self._sight_lengths(corners, point_places)
        goal_legs = self._sight_lengths(goal_places, corners)
        # A path is one straight line, or a last leg to a corner, a path from corner to corner, and a first leg.
        goal_to_corner = np.min(goal_legs[:, :, None] + between_corners, axis=1, initial=np.inf)
        distances = self._sight_lengths(goal_places, point_places)
        for to_corner, leg in zip(goal_to_corner.T, point_legs, strict=True):
            np.minimum(distances, to_corner[:, None] + leg, out=distances)
        return distances + point_ways + goal_ways[:, None]

    @functools.cached_property
    def _corner_graph(self) -> tuple["_Places", Float[np.ndarray, "k k"]]:
        """Convex corners of the grown walls, and the lengths of the shortest paths between any two of them."""
        corners = self._corners()
        return corners, shortest_path(self._sight_lengths(corners, corners), directed=False)

    def _corners(self) -> "_Places":
        # Of the four cells around such a corner exactly one is solid. Where two diagonal ones touch, no path turns.
        quads = np.lib.stride_tricks.sliding_window_view(self._walls, (2, 2))
        quad_cells = np.argwhere(quads.sum(axis=(2, 3)) == 1)
        solid = np.array([np.argwhere(quads[i, j])[0] for i, j in quad_cells]).reshape(-1, 2)
        outwards = 1 - 2 * solid
        corners = self._cell_size * (quad_cells + 0.5) + self._radius * outwards
        return _Places(corners, corners + self._cell_size * _CLEARANCE * outwards)

    def _free_places(self, points: Float[np.ndarray, "n 2"]) -> tuple["_Places", Float[np.ndarray, " n"]]:
        """Where the body fits nearest to free points, kept clear of walls, and the ways there."""
        exact = self._nearest_that_fits(points, self._radius) if self._radius else points
        clear = self._nearest_that_fits(exact, self._radius + self._cell_size * _CLEARANCE)
        return _Places(exact, clear), np.linalg.norm(points - exact, axis=-1)

    def _nearest_that_fits(self, points: Float[np.ndarray, "n 2"], radius: float) -> Float[np.ndarray, "n 2"]:
        """The nearest places that are no nearer to a wall than the radius, along either axis."""
        cells = np.round(points / self._cell_size).astype(int)
        offsets = points - self._cell_size * cells
        reach = self._cell_size / 2 - radius
        rows, columns = cells.T
        for axis, step in enumerate(((1, 0), (0, 1))):  # walls beside the cell
            above = self._walls[rows + step[0], columns + step[1]]
            below = self._walls[rows - step[0], columns - step[1]]
            lowest, highest = np.where(below, -reach, -np.inf), np.where(above, reach, np.inf)
            offsets[:, axis] = np.clip(offsets[:, axis], lowest, highest)
        for x, y in itertools.product((1, -1), repeat=2):  # and walls that touch its corners
            depths = np.stack([x * offsets[:, 0], y * offsets[:, 1]], axis=-1) - reach
            inside = self._walls[rows + x, columns + y] & (depths > 0).all(axis=-1)
            nearer = np.argmin(depths, axis=-1)
            for axis, sign in enumerate((x, y)):
                offsets[inside & (nearer == axis), axis] = sign * reach
        return self._cell_size * cells + offsets

    def _sight_lengths(self, first: "_Places", second: "_Places") -> Float[np.ndarray, "m n"]:
        """Lengths of the straight lines between two sets of places; inf where a wall is in between."""
        lengths = cdist(first.exact, second.exact)
        rows_at_once = max(1, _PAIRS_AT_ONCE // max(1, len(second.clear)))
        for start in range(0, len(lengths), rows_at_once):
            part = slice(start, start + rows_at_once)
            lengths[part][_sight_is_blocked(first.clear[part], second.clear, self._boxes)] = np.inf
        return lengths

    @functools.cached_property
    def _boxes(self) -> Float[np.ndarray, "num_boxes 2 2"]:
        """Centre and half size of boxes that cover the inner walls; the outer ring can come between no two points."""
        boxes = []
        for row in range(1, self._walls.shape[0] - 1):
            for is_wall, run in itertools.groupby(range(1, self._walls.shape[1] - 1), key=self._walls[row].__getitem__):
                if is_wall:
                    columns = list(run)
                    boxes.append([[row, (columns[0] + columns[-1]) / 2], [0.5, len(columns) / 2]])
        array = np.array(boxes, dtype=np.float64).reshape(-1, 2, 2)
        array[:, 1] += self._radius / self._cell_size + _WALL_GROWTH
        return self._cell_size * array


class _Places(NamedTuple):
    """Points as they are, for lengths, and moved off the walls by a hair, for deciding what sees what."""

    exact: Float[np.ndarray, "n 2"]
    clear: Float[np.ndarray, "n 2"]


def _sight_is_blocked(
    first: Float[np.ndarray, "m 2"], second: Float[np.ndarray, "n 2"], boxes: Float[np.ndarray, "num_boxes 2 2"]
) -> Bool[np.ndarray, "m n"]:
    """Say which of the m x n segments touch a box, by the separating axes of a segment and a box."""
    middle = (first[:, None] + second) / 2
    half = (second - first[:, None]) / 2
    half_x, half_y = half[..., 0], half[..., 1]
    length_x, length_y = np.abs(half_x), np.abs(half_y)
    blocked = np.zeros(half_x.shape, dtype=bool)
    for (x, y), (box_x, box_y) in boxes:
        offset_x, offset_y = middle[..., 0] - x, middle[..., 1] - y
        blocked |= (
            (np.abs(offset_x) <= box_x + length_x)
            & (np.abs(offset_y) <= box_y + length_y)
            & (np.abs(half_x * offset_y - half_y * offset_x) <= box_x * length_y + box_y * length_x)
        )
    return blocked
