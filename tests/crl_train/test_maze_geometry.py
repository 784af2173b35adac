"""Distances are exact by hand, against a grid search and by the laws of a metric; walls are where the text has them."""

import functools
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from crl_train.envs.maze_geometry import Maze, MazeGrid
from crl_train.envs.maze_layouts import LAYOUTS
from crl_train.errors import ConfigError

WALL_FORMS = [name for name in LAYOUTS if not name.endswith("_eval")]

get_maze = functools.cache(functools.partial(Maze.from_layout, cell_size=4.0))


def free_points(maze: Maze, count: int, rng: np.random.Generator) -> np.ndarray:
    cells = np.argwhere(~maze.walls)
    offset = rng.uniform(-0.5, 0.5, size=(count, 2))
    return maze.cell_size * (cells[rng.integers(len(cells), size=count)] + offset)


# --- cells -------------------------------------------------------------------------------------------------


def test_cells_of_the_u_maze_by_hand():
    maze = get_maze("u_maze")
    assert maze.walls.shape == (5, 5)
    assert maze.walls.sum() == 18
    np.testing.assert_array_equal(maze.start_xy, [4, 4])
    np.testing.assert_array_equal(maze.goal_cells, [[1, 2], [1, 3], [2, 3], [3, 1], [3, 2], [3, 3]])
    np.testing.assert_array_equal(maze.goal_centres[3], [12, 4])
    assert maze.extent == (-2, 18, -2, 18)


def test_free_means_inside_and_off_every_wall():
    # In the u maze the cell (1, 1) has walls at x = 2, x = 6 and y = 2, and the free cell (1, 2) beyond y = 6.
    points = [[4, 4], [2.01, 4], [2, 4], [6, 4], [5.99, 6], [6, 6], [8, 4], [-50, 4], [4, 1e9], [14, 14]]
    expected = [True, True, False, False, True, False, False, False, False, False]
    assert get_maze("u_maze").is_free(np.array(points, dtype=float)).tolist() == expected


@pytest.mark.parametrize("layout", WALL_FORMS)
def test_grid_is_free_where_its_points_are(layout):
    maze = get_maze(layout)
    grid = maze.grid(3)
    np.testing.assert_array_equal(maze.is_free(grid.points).reshape(grid.free.shape), grid.free)
    assert (grid.xs[0] - grid.spacing / 2, grid.xs[-1] + grid.spacing / 2) == pytest.approx(maze.extent[:2])
    assert (grid.ys[0] - grid.spacing / 2, grid.ys[-1] + grid.spacing / 2) == pytest.approx(maze.extent[2:])


def test_shared_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        get_maze("u_maze").walls[0, 0] = False


# --- distances by hand -------------------------------------------------------------------------------------


def test_way_around_the_wall_of_the_u_maze_by_hand():
    # From (4, 4) to (6, 10), along the wall to (10, 10), and on to (12, 4): sqrt(40) + 4 + sqrt(40).
    points = np.array([[4.0, 4.0], [8.0, 12.0], [12.0, 4.0], [8.0, 4.0]])
    expected = [4 + 2 * math.sqrt(40), math.hypot(2, 2) + math.sqrt(40), 0.0, math.nan]
    np.testing.assert_allclose(get_maze("u_maze").geodesic(points, np.array([12.0, 4.0])), expected, rtol=1e-12)


def test_no_path_leads_through_the_seam_of_two_walls():
    # (6, 4) and (6, 16) lie on the line between the walls of rows 1 and 2; the path is by (10, 6) and (10, 14).
    maze = Maze("seam", ("######", "#R##G#", "#.##.#", "#....#", "######"), 4.0)
    distance = maze.geodesic(np.array([[6.0, 4.0]]), np.array([6.0, 16.0]))
    np.testing.assert_allclose(distance, 2 * math.sqrt(20) + 8, rtol=1e-12)


def test_no_path_leads_between_two_walls_that_touch():
    # Straight from (8, 8) to (12, 12) is through the point where two walls touch; the path is by three corners of one.
    maze = Maze("pinch", ("######", "#...##", "#.R#.#", "#.#G.#", "#....#", "######"), 4.0)
    distance = maze.geodesic(maze.start_xy[None], maze.goal_centres[0])
    np.testing.assert_allclose(distance, 2 * math.sqrt(8) + 8, rtol=1e-12)


def test_farthest_goal_of_the_u_maze_by_hand():
    # From (4, 4) around the corners (6, 10) and (10, 10) of the wall to (12, 4): √(4 + 36), 4 and √(4 + 36) metres.
    assert get_maze("u_maze").farthest_goal_distance == pytest.approx(4 + 2 * math.sqrt(40))


def test_distance_is_infinite_where_no_path_leads():
    maze = Maze("apart", ("####", "#R##", "##G#", "####"), 4.0)
    assert maze.geodesic(maze.start_xy[None], maze.goal_centres[0]).tolist() == [math.inf]


# --- distances against an independent search ---------------------------------------------------------------

# A move on a grid, and the cells that have to be free for it so that it cuts no corner.
MOVES = {
    (1, 0): [(1, 0)],
    (0, 1): [(0, 1)],
    (1, 1): [(1, 0), (0, 1), (1, 1)],
    (2, 1): [(1, 0), (1, 1), (2, 1)],
    (1, 2): [(0, 1), (1, 1), (1, 2)],
}


def grid_distances(grid: MazeGrid, source: int) -> np.ndarray:
    """Distances from one grid point by Dijkstra's search, over the moves of a king and of a knight."""
    index = np.arange(grid.free.size).reshape(grid.free.shape)
    starts, ends, lengths = [], [], []
    for move, passed in MOVES.items():
        for mirror in {(1, 1), (1, -1)} if all(move) else {(1, 1)}:
            cells = np.argwhere(grid.free[2:-2, 2:-2]) + 2  # the outer wall is at least two grid cells thick
            cells = cells[np.all([grid.free[tuple((cells + np.multiply(step, mirror)).T)] for step in passed], axis=0)]
            starts.append(index[tuple(cells.T)])
            ends.append(index[tuple((cells + np.multiply(move, mirror)).T)])
            lengths.append(np.full(len(cells), grid.spacing * math.hypot(*move)))
    edges = coo_array((np.concatenate(lengths), (np.concatenate(starts), np.concatenate(ends))), (index.size,) * 2)
    return dijkstra(edges.tocsr(), directed=False, indices=source)


@pytest.mark.parametrize("layout", WALL_FORMS)
def test_distances_agree_with_a_search_on_a_fine_grid(layout):
    maze, rng = get_maze(layout), np.random.default_rng(0)
    grid = maze.grid(16)
    free = np.flatnonzero(grid.free)
    for source in rng.choice(free, size=3):
        on_grid = grid_distances(grid, source)[free]
        exact = maze.geodesic(grid.points[free], grid.points[source])
        assert (exact <= on_grid + 1e-9).all()
        # Sixteen directions lengthen a straight line by 2.8 % at most; passing corners half a grid cell off adds to it.
        assert (on_grid <= 1.028 * exact + 3 * grid.spacing).all()


@pytest.mark.parametrize("layout", WALL_FORMS)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5)
def test_distances_are_a_metric_and_never_shorter_than_the_straight_line(layout, seed):
    maze = get_maze(layout)
    points = free_points(maze, 12, np.random.default_rng(seed))
    distances = maze.geodesics(points, points)
    straight = np.linalg.norm(points[:, None] - points, axis=-1)
    np.testing.assert_allclose(distances, distances.T, rtol=1e-12)
    np.testing.assert_array_equal(np.diag(distances), 0)
    assert (distances >= straight - 1e-12).all()
    assert (distances[:, None, :] <= distances[:, :, None] + distances[None, :, :] + 1e-9).all()
    same_row = np.round(points[:, None, 0] / 4) == np.round(points[None, :, 0] / 4)
    next_column = np.abs(np.round(points[:, None, 1] / 4) - np.round(points[None, :, 1] / 4)) <= 1
    np.testing.assert_allclose(distances[same_row & next_column], straight[same_row & next_column], rtol=1e-12)


# --- what the landscape metrics rely on --------------------------------------------------------------------

KING_MOVES = [step for step in itertools.product((-1, 0, 1), repeat=2) if any(step)]


@pytest.mark.parametrize("layout", WALL_FORMS)
def test_every_descent_on_a_grid_ends_beside_the_goal(layout):
    maze, rng = get_maze(layout), np.random.default_rng(0)
    grid = maze.grid(4)
    shape, free = grid.free.shape, np.argwhere(grid.free)
    index = np.arange(grid.free.size).reshape(shape)
    goals = free_points(maze, 8, rng)
    for goal, values in zip(goals, maze.geodesics(grid.points, goals), strict=True):
        best, step_to = np.full(len(free), np.inf), index[tuple(free.T)]
        for dx, dy in KING_MOVES:
            reachable = np.all([grid.free[tuple((free + step).T)] for step in ((dx, 0), (0, dy), (dx, dy))], axis=0)
            neighbours = index[tuple((np.add(free, (dx, dy))).T)]
            better = reachable & (values[neighbours] < best)
            best[better], step_to[better] = values[neighbours[better]], neighbours[better]
        is_minimum = best >= values[index[tuple(free.T)]]
        from_goal = np.abs(grid.points[index[tuple(free.T)]] - goal).max(axis=1)
        assert from_goal[is_minimum].max() <= grid.spacing / 2, "a local minimum outside the goal's cell"
        follow = index.ravel().copy()
        follow[index[tuple(free.T)][~is_minimum]] = step_to[~is_minimum]
        for _ in range(10):  # 2^10 steps
            follow = follow[follow]
        ends = grid.points[follow[index[tuple(free.T)]]]
        assert np.abs(ends - goal).max() <= grid.spacing / 2


# --- errors ------------------------------------------------------------------------------------------------


def test_goal_in_a_wall_is_refused():
    with pytest.raises(ConfigError, match=r"goal \(8\.0, 4\.0\) is not usable: it is in a wall of maze 'u_maze'"):
        get_maze("u_maze").geodesic(np.array([[4.0, 4.0]]), np.array([8.0, 4.0]))


def test_unknown_layout_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"unknown maze layout 'umaze': .* Known layouts: u_maze, u_maze_eval, "):
        Maze.from_layout("umaze", cell_size=4.0)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (("####", "#RG#", "###"), "its rows differ in length"),
        (("####", "#RX#", "####"), r"it has the unknown symbols \['X'\]"),
        (("####", "#GG#", "####"), "it has 0 starts and 2 goals"),
        (("####", "#R.#", "####"), "it has 1 starts and 0 goals"),
        (("####", "#RG.", "####"), "its outer cells are not all walls"),
    ],
)
def test_unusable_text_grid_is_refused_with_the_reason(rows, problem):
    with pytest.raises(ConfigError, match=f"maze 'own' is not usable: {problem}"):
        Maze("own", rows, 4.0)


@pytest.mark.parametrize("cell_size", [0.0, -1.0, math.inf, math.nan])
def test_unusable_cell_size_is_refused(cell_size):
    with pytest.raises(ConfigError, match=f"cell_size={cell_size} is not usable"):
        Maze.from_layout("u_maze", cell_size=cell_size)


def test_grid_without_cells_is_refused():
    with pytest.raises(ConfigError, match="cells_per_cell=0 is not usable"):
        get_maze("u_maze").grid(0)
