"""A plane without walls: where an agent can be, for landscapes of tasks that have no maze."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import cdist

from crl_train.envs.maze_geometry import MazeGrid


@dataclasses.dataclass(frozen=True)
class OpenPlane:
    """A rectangle of the plane, or the ring in it that an arm reaches.

    It answers as a :class:`~crl_train.envs.maze_geometry.Maze` does, with straight lines for geodesics.

    Attributes:
        extent: x_min, x_max, y_min, y_max, metres.
        start: Where episodes start, or the middle of where they do, metres.
        ring: Distances from the origin within which places are free, metres; None if all are.
    """

    extent: tuple[float, float, float, float]
    start: tuple[float, float] = (0.0, 0.0)
    ring: tuple[float, float] | None = None

    @property
    def start_xy(self) -> Float[np.ndarray, "2"]:
        """``start`` as an array."""
        return np.array(self.start)

    def is_free(self, points: Float[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
        """Say which points lie in it."""
        x_min, x_max, y_min, y_max = self.extent
        x, y = np.asarray(points, dtype=np.float64).T
        inside = (x >= x_min) & (x <= x_max) & (y >= y_min) & (y <= y_max)
        if self.ring is None:
            return inside
        radius = np.hypot(x, y)
        return inside & (radius >= self.ring[0]) & (radius <= self.ring[1])

    def fine_grid(self, num_cells: int) -> MazeGrid:
        """Divide it into square cells, ``num_cells`` of them along its longer side.

        Example:
            >>> OpenPlane((-3.0, 3.0, -1.0, 1.0)).fine_grid(6).free.shape
            (6, 2)
        """
        x_min, x_max, y_min, y_max = self.extent
        spacing = max(x_max - x_min, y_max - y_min) / num_cells
        num_x, num_y = (max(1, round(side / spacing)) for side in (x_max - x_min, y_max - y_min))
        xs = (x_min + x_max) / 2 + spacing * (np.arange(num_x) - (num_x - 1) / 2)
        ys = (y_min + y_max) / 2 + spacing * (np.arange(num_y) - (num_y - 1) / 2)
        grid = MazeGrid(xs=xs, ys=ys, free=np.ones((num_x, num_y), dtype=bool), spacing=spacing)
        return dataclasses.replace(grid, free=self.is_free(grid.points).reshape(num_x, num_y))

    def geodesics(self, points: Float[np.ndarray, "n 2"], goals: Float[np.ndarray, "g 2"]) -> Float[np.ndarray, "g n"]:
        """Straight-line distances between places and goals, metres."""
        return cdist(np.asarray(goals, dtype=np.float64), np.asarray(points, dtype=np.float64))
