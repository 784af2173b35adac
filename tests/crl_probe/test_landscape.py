"""Landscape scores on landscapes whose answers are known, in every layout of the project."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe.metrics import landscape
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.maze_layouts import LAYOUTS

CELL_SIZE = 4.0
FINE = 6


class Case:
    """One goal in one layout, by default the one with the longest detour, with both distances on the grid."""

    def __init__(self, layout: str, goal_number: int | None = None):
        maze = Maze.from_layout(layout, cell_size=CELL_SIZE)
        grid = maze.grid(FINE)
        if goal_number is None:
            straight = np.linalg.norm(maze.goal_centres - maze.start_xy, axis=1)
            goal_number = int((maze.geodesic(maze.goal_centres, maze.start_xy) / np.maximum(straight, 1.0)).argmax())
        goal = maze.goal_centres[goal_number]
        x, y = np.meshgrid(grid.xs, grid.ys, indexing="ij")
        points = np.stack([x.ravel(), y.ravel()], axis=-1)
        self.free = grid.free
        self.geodesic = maze.geodesic(points, goal).reshape(self.free.shape)
        self.euclidean = np.hypot(x - goal[0], y - goal[1])
        self.goal_index = (int(np.abs(grid.xs - goal[0]).argmin()), int(np.abs(grid.ys - goal[1]).argmin()))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_minus_geodesic_is_perfect_in_every_layout(layout):
    for goal_number in (0, -1):
        case = Case(layout, goal_number)
        values = -case.geodesic
        assert landscape.geodesic_rank(values, case.geodesic, case.free) == pytest.approx(1.0)
        assert landscape.ascent_success(values, case.free, case.goal_index) == 1.0
        assert landscape.spurious_maxima(values, case.free, case.goal_index) == 0.0


@pytest.mark.parametrize("layout", ["u_maze", "u4_maze", "big_maze", "hardest_maze"])
def test_minus_euclid_is_blind_to_walls(layout):
    case = Case(layout)
    values = -case.euclidean
    assert landscape.euclidean_rank(values, case.euclidean, case.free) == pytest.approx(1.0)
    assert landscape.geodesic_rank(values, case.geodesic, case.free) < 0.99
    assert landscape.topology_gain(values, case.geodesic, case.euclidean, case.free) == pytest.approx(0.0, abs=1e-6)
    assert landscape.ascent_success(values, case.free, case.goal_index) < 1.0
    assert landscape.wall_contrast(values, case.euclidean, case.free) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("layout", ["u_maze", "u4_maze", "big_maze", "hardest_maze"])
def test_minus_geodesic_sees_walls(layout):
    case = Case(layout)
    assert landscape.wall_contrast(-case.geodesic, case.euclidean, case.free) > 1.5
    assert landscape.topology_gain(-case.geodesic, case.geodesic, case.euclidean, case.free) > 0.99


def test_noise_knows_nothing():
    case = Case("big_maze")
    values = np.random.default_rng(0).normal(size=case.free.shape)
    assert abs(landscape.geodesic_rank(values, case.geodesic, case.free)) < 0.1
    assert abs(landscape.topology_gain(values, case.geodesic, case.euclidean, case.free)) < 0.1
    # A cell is the highest of its up to nine with probability 1/9 or more: maxima everywhere.
    assert landscape.spurious_maxima(values, case.free, case.goal_index) > 8.0


def test_a_hand_made_corridor():
    # Five cells in a row, goal at the right end, and one false summit at the left: cells 0, 1 climb to it.
    values, free = np.array([[5.0, 4.0, 3.0, 6.0, 7.0]]), np.ones((1, 5), dtype=bool)
    assert landscape.ascent_success(values, free, (0, 4)) == pytest.approx(3 / 5)
    assert landscape.spurious_maxima(values, free, (0, 4)) == pytest.approx(100 * 1 / 5)
    distance = np.array([[4.0, 3.0, 2.0, 1.0, 0.0]])
    # Ranks of values 3 2 1 4 5, of minus distance 1 2 3 4 5: rho = 1 - 6 * (4 + 0 + 4) / (5 * 24)
    assert landscape.geodesic_rank(values, distance, free) == pytest.approx(0.6)


def test_a_plateau_counts_once_and_not_where_it_holds_the_goal():
    free = np.ones((1, 6), dtype=bool)
    values = np.array([[2.0, 2.0, 1.0, 0.0, 2.0, 2.0]])
    assert landscape.spurious_maxima(values, free, (0, 5)) == pytest.approx(100 / 6)
    assert landscape.spurious_maxima(np.zeros((1, 6)), free, (0, 3)) == 0.0


def test_diagonal_steps_do_not_cut_corners():
    values = np.array([[0.0, np.nan, 9.0], [1.0, np.nan, 8.0], [2.0, 3.0, 4.0]])
    free = np.isfinite(values)
    assert landscape.ascent_success(values, free, (0, 2)) == 1.0
    blocked = free.copy()
    blocked[2, 1] = False  # the two halves touch nowhere now
    assert landscape.ascent_success(values, blocked, (0, 2)) == pytest.approx(3 / 6)
    touching = np.array([[True, False], [False, True]])
    with pytest.raises(ValueError, match="number of free cells=2 is too few"):
        landscape.ascent_success(np.zeros((2, 2)), touching, (0, 0))


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 10.0), st.floats(-5.0, 5.0), st.integers(0, 2**32 - 1))
def test_scale_and_offset_of_the_values_do_not_matter(scale, offset, seed):
    case = _U_MAZE
    values = -case.geodesic + np.random.default_rng(seed).normal(size=case.free.shape)
    moved = scale * values + offset
    for name, arguments in {
        "geodesic_rank": (case.geodesic, case.free),
        "topology_gain": (case.geodesic, case.euclidean, case.free),
        "ascent_success": (case.free, case.goal_index),
        "spurious_maxima": (case.free, case.goal_index),
        "wall_contrast": (case.euclidean, case.free),
    }.items():
        score = getattr(landscape, name)
        assert score(moved, *arguments) == pytest.approx(score(values, *arguments), abs=1e-6), name


_U_MAZE = Case("u_maze")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v * np.nan, "NaN or infinite"),
        (lambda v: v * 0.0, "values is constant over the free cells"),
    ],
)
def test_unusable_landscapes_are_explained(change, message):
    values = change(np.where(_U_MAZE.free, -_U_MAZE.geodesic, 0.0))
    with pytest.raises(ValueError, match=message):
        landscape.geodesic_rank(values, _U_MAZE.geodesic, _U_MAZE.free)


def test_the_open_field_has_no_topology():
    distance = np.array([[2.0, 1.0, 0.0, 3.0]])
    free = np.ones((1, 4), dtype=bool)
    with pytest.raises(ValueError, match="needs walls between cells and goal"):
        landscape.topology_gain(-(distance**2), distance, distance, free)
    with pytest.raises(ValueError, match="needs a maze"):
        landscape.wall_contrast(-distance, distance, free)
    with pytest.raises(ValueError, match=r"goal_index=\(0, 2\) is a wall"):
        landscape.ascent_success(-distance, np.array([[True, True, False, True]]), (0, 2))
