"""Where walls are in the plane, and how long the shortest free path from a point to a goal is.

Distances are exact. A shortest path among walls is a chain of straight lines that bends only at convex wall corners,
so it is found on the visibility graph of those corners instead of on a grid, whose steps would lengthen it.
"""

import dataclasses
import functools
import math
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from crl_train.envs.geodesics import ShortestPaths
from crl_train.envs.maze_layouts import FREE, GOAL, KNOWN_LAYOUTS, START, WALL
from crl_train.errors import ConfigError

_MOST_CELLS = 100  # along a side of a maze given as text

_ArrayT = TypeVar("_ArrayT", bound=np.ndarray)


@dataclasses.dataclass(frozen=True)
class Maze:
    """A maze of square cells in the plane; cell (row i, column j) has its centre at (i, j) * cell_size.

    Attributes:
        name: Name of the layout.
        rows: The text grid; legend in ``maze_layouts``.
        cell_size: Width of a cell, metres.
        body_radius: How far the centre of the agent's body keeps from walls on geodesics, metres.
    """

    name: str
    rows: tuple[str, ...]
    cell_size: float
    body_radius: float = 0.0

    def __post_init__(self) -> None:
        problem = _layout_problem(self.rows)
        if problem:
            raise ConfigError(f"maze {self.name!r} is not usable: {problem}. Compare crl_train.envs.maze_layouts.")
        if not (math.isfinite(self.cell_size) and self.cell_size > 0):
            raise ConfigError(f"cell_size={self.cell_size} is not usable: a cell is a positive number of metres wide.")
        if not 0 <= self.body_radius < self.cell_size / 2:
            raise ConfigError(
                f"body_radius={self.body_radius} is not usable: a body fits between the walls of a cell, so it is 0 or "
                f"more and below cell_size / 2 = {self.cell_size / 2} m."
            )

    @classmethod
    def from_layout(cls, name: str, cell_size: float, body_radius: float = 0.0) -> "Maze":
        """Build a maze of the project by name.

        Raises:
            ConfigError: If there is no such layout.
        """
        if name not in KNOWN_LAYOUTS:
            raise ConfigError(f"unknown maze layout {name!r}: no such name. Known layouts: {', '.join(KNOWN_LAYOUTS)}.")
        return cls(name, KNOWN_LAYOUTS[name], cell_size, body_radius)

    @classmethod
    def from_text(cls, name: str, text: str, cell_size: float, body_radius: float = 0.0) -> "Maze":
        """Build a maze from its text grid: a row a line, empty lines left out.

        Raises:
            ConfigError: If it is no maze, is too large, bears the name of a layout of the project, or has goals that no
                path leads to.

        Example:
            >>> Maze.from_text("corridor", "#####\\n#R.G#\\n#####", cell_size=4.0).start_xy
            array([4., 4.])
        """
        if name in KNOWN_LAYOUTS:
            raise ConfigError(f"maze {name!r} is not usable: a layout of the project has this name. Rename the maze.")
        rows = tuple(line for line in (line.strip() for line in text.splitlines()) if line)
        if len(rows) > _MOST_CELLS or any(len(row) > _MOST_CELLS for row in rows):
            raise ConfigError(f"maze {name!r} is not usable: it is longer than {_MOST_CELLS} cells.")
        maze = cls(name, rows, cell_size, body_radius)
        reachable = np.isfinite(maze.geodesics(maze.start_xy[None], maze.goal_centres)[:, 0])
        if not reachable.all():
            row, column = maze.goal_cells[~reachable][0]
            raise ConfigError(
                f"maze {name!r} is not usable: no path leads from its start to the goal in row {row}, column {column}, "
                "both counted from 0."
            )
        return maze

    # --- cells ---------------------------------------------------------------------------------------

    @functools.cached_property
    def walls(self) -> Bool[np.ndarray, "num_rows num_columns"]:
        """True where a cell is solid."""
        return _frozen(self._cells() == WALL)

    @functools.cached_property
    def start_xy(self) -> Float[np.ndarray, "2"]:
        """Centre of the start cell, metres."""
        return _frozen(self.cell_size * np.argwhere(self._cells() == START)[0])

    @functools.cached_property
    def goal_cells(self) -> Int[np.ndarray, "num_goals 2"]:
        """Row and column of every goal cell, in reading order."""
        return _frozen(np.argwhere(self._cells() == GOAL))

    @functools.cached_property
    def goal_centres(self) -> Float[np.ndarray, "num_goals 2"]:
        """Centres of the goal cells, metres."""
        return _frozen(self.cell_size * self.goal_cells)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Outer borders of the maze: x_min, x_max, y_min, y_max, metres."""
        num_rows, num_columns = self.walls.shape
        s = self.cell_size
        return -s / 2, (num_rows - 0.5) * s, -s / 2, (num_columns - 0.5) * s

    def is_free(self, points: Float[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
        """Say which points are inside the maze and touch no wall.

        Args:
            points: Positions in the plane. (n, 2), metres, finite.
        """
        # In units of cells, counted from the outer border. A point on a border belongs to the cells on both sides.
        position = np.asarray(points, dtype=np.float64) / self.cell_size + 0.5
        limit = np.array(self.walls.shape)
        inside = np.all((position > 0) & (position < limit), axis=-1)
        upper = np.clip(np.floor(position), 0, limit - 1).astype(int)
        lower = np.clip(np.ceil(position) - 1, 0, limit - 1).astype(int)
        touches_wall = np.zeros(len(position), dtype=bool)
        for row in (lower[:, 0], upper[:, 0]):
            for column in (lower[:, 1], upper[:, 1]):
                touches_wall |= self.walls[row, column]
        return inside & ~touches_wall

    def fine_grid(self, num_cells: int) -> "MazeGrid":
        """Divide the maze into about ``num_cells`` along its longer side, an odd number of them to a cell.

        The centre of a cell, where goals are, is then the centre of a fine one.
        """
        per_cell = num_cells / max(self.walls.shape)
        return self.grid(max(3, 2 * round((per_cell - 1) / 2) + 1))

    def grid(self, cells_per_cell: int) -> "MazeGrid":
        """Divide every cell into ``cells_per_cell`` by ``cells_per_cell`` fine ones.

        Raises:
            ConfigError: If ``cells_per_cell`` is below 1.
        """
        if cells_per_cell < 1:
            raise ConfigError(f"cells_per_cell={cells_per_cell} is not usable: a cell holds at least one. Use 8.")
        x_min, _, y_min, _ = self.extent
        spacing = self.cell_size / cells_per_cell
        num_x, num_y = (cells_per_cell * n for n in self.walls.shape)
        return MazeGrid(
            xs=_frozen(x_min + spacing * (np.arange(num_x) + 0.5)),
            ys=_frozen(y_min + spacing * (np.arange(num_y) + 0.5)),
            free=_frozen(np.kron(~self.walls, np.ones((cells_per_cell, cells_per_cell), dtype=bool))),
            spacing=spacing,
        )

    # --- distances -----------------------------------------------------------------------------------

    @functools.cached_property
    def farthest_goal_distance(self) -> float:
        """Longest of the geodesic distances from the start to the centres of goal cells, metres."""
        return float(self.geodesics(self.start_xy[None], self.goal_centres).max())

    def geodesic(self, points: Float[np.ndarray, "n 2"], goal: Float[np.ndarray, "2"]) -> Float[np.ndarray, " n"]:
        """Measure the shortest free path of the body's centre from many places to one goal.

        The centre keeps ``body_radius`` from walls along either axis, as that of a square body would. A place nearer to
        one counts from the nearest place that is not, with the way there. For many goals ``geodesics`` does the common
        work once.

        Args:
            points: Positions in the plane. (n, 2), metres.
            goal: A free position. (2,), metres.
        Returns:
            Lengths in metres. (n,), float64; NaN for points that are not free, inf where no path leads.
        Raises:
            ConfigError: If the goal is not free.
        Source: visibility graphs, Lozano-Perez and Wesley 1979.
        """
        return self.geodesics(points, np.asarray(goal)[None])[0]

    def geodesics(self, points: Float[np.ndarray, "n 2"], goals: Float[np.ndarray, "g 2"]) -> Float[np.ndarray, "g n"]:
        """Measure the shortest free paths between many places and several goals; see ``geodesic``."""
        points, goals = np.asarray(points, dtype=np.float64), np.asarray(goals, dtype=np.float64)
        for goal, goal_is_free in zip(goals, self.is_free(goals), strict=True):
            if not goal_is_free:
                raise ConfigError(
                    f"goal {tuple(goal.tolist())} is not usable: it is in a wall of maze {self.name!r}, "
                    "or outside. Choose a free position, such as one of goal_centres."
                )
        free = self.is_free(points)
        distances = np.full((len(goals), len(points)), np.nan)
        distances[:, free] = self._paths.between(points[free], goals)
        return distances

    @functools.cached_property
    def _paths(self) -> ShortestPaths:
        return ShortestPaths(self.walls, self.cell_size, self.body_radius)

    def _cells(self) -> Shaped[np.ndarray, "num_rows num_columns"]:
        return np.array([list(row) for row in self.rows])


def maze_of(name: str, text: str | None, cell_size: float, body_radius: float = 0.0) -> Maze:
    """The maze of a layout's name, or of a text with a name of its own."""
    if text is None:
        return Maze.from_layout(name, cell_size, body_radius)
    return Maze.from_text(name, text, cell_size, body_radius)


@dataclasses.dataclass(frozen=True)
class MazeGrid:
    """A fine grid over a maze, aligned with its walls: every fine cell is wholly free or wholly solid.

    Attributes:
        xs: x of the cell centres, ascending, metres.
        ys: y of the cell centres, ascending, metres.
        free: True where the cell is free; first axis x, second axis y.
        spacing: Width of a fine cell, metres.
    """

    xs: Float[np.ndarray, " num_x"]
    ys: Float[np.ndarray, " num_y"]
    free: Bool[np.ndarray, "num_x num_y"]
    spacing: float

    @functools.cached_property
    def points(self) -> Float[np.ndarray, "num_points 2"]:
        """All cell centres; values over them take the grid's form by ``.reshape(grid.free.shape)``."""
        return _frozen(np.stack(np.meshgrid(self.xs, self.ys, indexing="ij"), axis=-1).reshape(-1, 2))


def _layout_problem(rows: tuple[str, ...]) -> str | None:
    """Say what is wrong with a text grid, or nothing."""
    text = "".join(rows)
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        return "its rows differ in length"
    if unknown := set(text) - {WALL, FREE, START, GOAL}:
        return f"it has the unknown symbols {sorted(unknown)}"
    if text.count(START) != 1 or GOAL not in text:
        return f"it has {text.count(START)} starts and {text.count(GOAL)} goals, and needs 1 and at least 1"
    if set(rows[0] + rows[-1]) | {row[side] for row in rows for side in (0, -1)} != {WALL}:
        return "its outer cells are not all walls"
    return None


def _frozen(array: _ArrayT) -> _ArrayT:
    """Mark an array that a maze shares with its callers as read-only."""
    array.flags.writeable = False
    return array
