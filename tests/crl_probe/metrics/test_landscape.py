"""Landscape scores on landscapes whose answers are known, in every layout of the project."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe import metrics
from crl_probe.metrics.landscape import steepest_ascent
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.maze_layouts import LAYOUTS

CELL_SIZE = 4.0
FINE = 6
MAZES = [layout for layout in LAYOUTS if not layout.endswith("_eval")]
PILLAR = ("#######", "#R...G#", "#..#..#", "#G...G#", "#######")
ROOM = ("######", "#R..G#", "#....#", "#...G#", "######")


class Case:
    """One goal in a maze, with both distances to it on a fine grid."""

    def __init__(self, maze: Maze, goal: np.ndarray, fine: int = FINE):
        grid = maze.grid(fine)
        self.free = grid.free
        self.geodesic = maze.geodesic(grid.points, goal).reshape(self.free.shape)
        self.offsets = (grid.points - goal).reshape(*self.free.shape, 2)
        self.euclidean = np.linalg.norm(self.offsets, axis=-1)
        self.goal_index = (int(np.abs(grid.xs - goal[0]).argmin()), int(np.abs(grid.ys - goal[1]).argmin()))


def farthest(layout: str) -> Case:
    """The goal of a layout with the longest detour."""
    maze = Maze.from_layout(layout, CELL_SIZE)
    straight = np.linalg.norm(maze.goal_centres - maze.start_xy, axis=1)
    detour = maze.geodesic(maze.goal_centres, maze.start_xy) / np.maximum(straight, 1.0)
    return Case(maze, maze.goal_centres[detour.argmax()])


# Odd divisions put a goal in the middle of a fine cell, even ones where four fine cells meet and tie.
@pytest.mark.parametrize("fine", [2, 5, 6])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_minus_geodesic_is_perfect_for_every_goal_of_every_layout(layout, fine):
    maze = Maze.from_layout(layout, CELL_SIZE)
    for goal in maze.goal_centres:
        case = Case(maze, goal, fine)
        values = -case.geodesic
        assert metrics.geodesic_rank(values, case.geodesic, case.free) == pytest.approx(1.0)
        assert metrics.ascent_success(values, case.free, case.goal_index) == 1.0
        assert metrics.spurious_maxima(values, case.free, case.goal_index) == 0.0


@pytest.mark.parametrize("cell_size", [0.3, 1.1])
def test_rounding_makes_no_maxima_and_breaks_no_ties(cell_size):
    maze = Maze.from_layout("u4_maze", cell_size)
    case = Case(maze, maze.goal_centres[0])
    # About the difference between two computations of the same distance.
    values = -case.geodesic * (1 + 1e-14 * np.random.default_rng(0).normal(size=case.free.shape))
    assert metrics.geodesic_rank(values, case.geodesic, case.free) == pytest.approx(1.0, abs=1e-12)
    assert metrics.ascent_success(values, case.free, case.goal_index) == 1.0
    assert metrics.spurious_maxima(values, case.free, case.goal_index) == 0.0


@pytest.mark.parametrize("layout", MAZES)
def test_minus_euclid_is_blind_to_walls(layout):
    case = farthest(layout)
    values = -case.euclidean
    assert metrics.euclidean_rank(values, case.euclidean, case.free) == pytest.approx(1.0)
    assert metrics.geodesic_rank(values, case.geodesic, case.free) < 0.99
    assert metrics.geodesic_advantage(values, case.geodesic, case.euclidean, case.free) < -0.01
    assert metrics.wall_blind_rank(values, case.offsets, case.free) == pytest.approx(1.0)
    with pytest.raises(metrics.MetricError, match="order the free cells exactly as the straight line does"):
        metrics.topology_gain(values, case.geodesic, case.euclidean, case.free)
    assert metrics.ascent_success(values, case.free, case.goal_index) < 1.0
    for of_straight_line in (values, np.exp(values / 3.0), -np.exp(-values / 30.0), values**3):
        assert metrics.wall_contrast(of_straight_line, case.euclidean, case.free) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("layout", MAZES)
def test_minus_geodesic_sees_walls(layout):
    case = farthest(layout)
    assert metrics.wall_contrast(-case.geodesic, case.euclidean, case.free) > 1.3
    assert metrics.topology_gain(-case.geodesic, case.geodesic, case.euclidean, case.free) > 0.99
    advantage = metrics.geodesic_advantage(-case.geodesic, case.geodesic, case.euclidean, case.free)
    assert advantage == pytest.approx(1 - metrics.euclidean_rank(-case.geodesic, case.euclidean, case.free))
    assert metrics.wall_blind_rank(-case.geodesic, case.offsets, case.free) < 0.99


def test_noise_knows_nothing():
    case = farthest("big_maze")
    values = np.random.default_rng(0).normal(size=case.free.shape)
    assert abs(metrics.geodesic_rank(values, case.geodesic, case.free)) < 0.1
    assert abs(metrics.topology_gain(values, case.geodesic, case.euclidean, case.free)) < 0.1
    assert abs(metrics.geodesic_advantage(values, case.geodesic, case.euclidean, case.free)) < 0.1
    # A cell is the highest of its up to nine with probability 1/9 or more: maxima everywhere.
    assert metrics.spurious_maxima(values, case.free, case.goal_index) > 8.0
    assert abs(metrics.wall_contrast(values, case.euclidean, case.free) - 1.0) < 0.1


def test_a_hand_made_corridor():
    # Five cells in a row, goal at the right end, and one false summit at the left: cells 0, 1 climb to it.
    values, free = np.array([[5.0, 4.0, 3.0, 6.0, 7.0]]), np.ones((1, 5), dtype=bool)
    assert metrics.ascent_success(values, free, (0, 4)) == pytest.approx(3 / 5)
    assert metrics.spurious_maxima(values, free, (0, 4)) == pytest.approx(100 * 1 / 5)
    distance = np.array([[4.0, 3.0, 2.0, 1.0, 0.0]])
    # Ranks of values 3 2 1 4 5, of minus distance 1 2 3 4 5: rho = 1 - 6 * (4 + 0 + 4) / (5 * 24)
    assert metrics.geodesic_rank(values, distance, free) == pytest.approx(0.6)


def test_a_plateau_counts_once_and_not_where_it_holds_the_goal():
    free = np.ones((1, 6), dtype=bool)
    values = np.array([[2.0, 2.0, 1.0, 0.0, 2.0, 2.0]])
    assert metrics.spurious_maxima(values, free, (0, 5)) == pytest.approx(100 / 6)
    assert metrics.spurious_maxima(np.array([[0.0, 1.0, 1.0, 1.0, 1.0, 1.0]]), free, (0, 3)) == 0.0


@pytest.mark.parametrize("goal_index", [(0, 2), (0, 3)])
def test_a_goal_on_the_border_of_two_cells_belongs_to_both(goal_index):
    # The goal lies where cells 2 and 3 meet: they tie, and climbers arrive in either.
    values, free = np.array([[-2.5, -1.5, -0.5, -0.5, -1.5]]), np.ones((1, 5), dtype=bool)
    assert metrics.ascent_success(values, free, goal_index) == 1.0
    assert metrics.spurious_maxima(values, free, goal_index) == 0.0


def test_a_flat_top_shows_no_way_to_a_goal_at_its_edge():
    # Cells 0 and 1 end at the rim of the plateau, two cells from the goal; cells 2 and 3 are within one.
    values, free = np.array([[0.0, 1.0, 1.0, 1.0]]), np.ones((1, 4), dtype=bool)
    assert metrics.ascent_success(values, free, (0, 3)) == pytest.approx(2 / 4)
    assert metrics.spurious_maxima(values, free, (0, 3)) == 0.0


def test_each_cell_has_its_next_step():
    values = np.array([[1.0, np.nan, 5.0], [2.0, 4.0, 6.0], [3.0, 2.2, 7.0]])
    free = np.isfinite(values)
    # Cell 0 may not cut the corner of the wall at 1; from 3 the straight step to 4 rises by 2 a metre, more than the
    # diagonal one to 7 or the one to 6; from 4 the diagonal step to 8 rises by 3 / 1.41, the straight one to 5 by 2.
    np.testing.assert_array_equal(steepest_ascent(values, free), [[3, 1, 5], [4, 8, 8], [4, 8, 8]])
    for flat in (np.zeros((2, 2)), 1 + np.array([[0, 1], [-1, 0]]) * np.finfo(np.float32).eps):
        np.testing.assert_array_equal(steepest_ascent(flat, np.ones((2, 2), bool)), [[0, 1], [2, 3]])
    with pytest.raises(metrics.MetricError, match="values holds 1 values that are NaN or infinite"):
        steepest_ascent(values, np.ones_like(free))


def test_diagonal_steps_do_not_cut_corners():
    values = np.array([[0.0, np.nan, 9.0], [1.0, np.nan, 8.0], [2.0, 3.0, 4.0]])
    free = np.isfinite(values)
    assert metrics.ascent_success(values, free, (0, 2)) == 1.0
    blocked = free.copy()
    blocked[2, 1] = False  # the two halves touch nowhere now
    assert metrics.ascent_success(values, blocked, (0, 2)) == pytest.approx(3 / 6)
    touching = np.array([[True, False], [False, True]])
    with pytest.raises(metrics.MetricError, match="number of free cells=2 is too few"):
        metrics.ascent_success(np.zeros((2, 2)), touching, (0, 0))


def test_of_two_ways_up_each_is_as_likely():
    """From the middle, half of all ascents go to the goal on the left."""
    values = np.array([[9.0, 1.0, 0.0, 1.0, 2.0]])
    free = np.ones((1, 5), bool)
    assert metrics.ascent_success(values, free, (0, 0)) == pytest.approx(2.5 / 5)
    assert metrics.ascent_success(values[:, ::-1], free, (0, 4)) == pytest.approx(2.5 / 5)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_mirrored_and_turned_landscapes_with_ties_score_the_same(seed):
    rng = np.random.default_rng(seed)
    free = rng.random((7, 6)) < 0.8
    free[3, 2] = True
    values = rng.integers(0, 4, size=free.shape).astype(float)
    goal = np.zeros_like(free)
    goal[3, 2] = True
    scores = []
    for turns in range(4):
        for mirror in (False, True):
            turned = [np.rot90(grid, turns)[:: -1 if mirror else 1] for grid in (values, free, goal)]
            (index,) = np.argwhere(turned[2])
            args = (turned[0], turned[1], (int(index[0]), int(index[1])))
            scores.append([metrics.ascent_success(*args), metrics.spurious_maxima(*args)])
    np.testing.assert_allclose(scores, np.broadcast_to(scores[0], (8, 2)), rtol=1e-12, atol=1e-12)


def climb(values: np.ndarray, free: np.ndarray, cell: tuple[int, int]) -> tuple[int, int]:
    """Walk uphill from one cell, one step at a time, by the steepest rise per metre."""
    x, y = cell
    rises = {}
    for dx, dy in itertools.product((-1, 0, 1), repeat=2):
        passed = [(x + dx, y), (x, y + dy), (x + dx, y + dy)]  # a diagonal step needs room on both sides
        if all(0 <= i < free.shape[0] and 0 <= j < free.shape[1] and free[i, j] for i, j in passed):
            rises[x + dx, y + dy] = (values[x + dx, y + dy] - values[x, y]) / max(np.hypot(dx, dy), 1.0)
    best = max(rises, key=rises.__getitem__)
    return climb(values, free, best) if rises[best] > 0 else cell


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_ascent_equals_walking_step_by_step(seed):
    generator = np.random.default_rng(seed)
    free = generator.random((9, 7)) < 0.8
    free[4, 3] = True
    values = -0.3 * np.hypot(*(np.indices(free.shape) - [[[4]], [[3]]])) + generator.normal(size=free.shape)
    summits = np.array([climb(values, free, (int(i), int(j))) for i, j in np.argwhere(free)])
    arrived = np.abs(summits - [4, 3]).max(axis=1) <= 1
    assert metrics.ascent_success(values, free, (4, 3)) == pytest.approx(arrived.mean())
    # Without ties a cell is a maximum exactly if a climber stays there.
    stayed = (summits == np.argwhere(free)).all(axis=1) & (np.argwhere(free) != [4, 3]).any(axis=1)
    assert metrics.spurious_maxima(values, free, (4, 3)) == pytest.approx(100 * stayed.mean())


@settings(max_examples=25)
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
        score = getattr(metrics, name)
        assert score(moved, *arguments) == pytest.approx(score(values, *arguments), abs=1e-6), name


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([np.cbrt, np.tanh, np.exp, lambda v: v**3 + v]))
def test_only_the_order_of_the_values_matters_to_ranks_and_maxima(seed, monotone):
    case = _U_MAZE
    values = -0.1 * case.geodesic + 0.1 * np.random.default_rng(seed).normal(size=case.free.shape)
    for name, arguments in {
        "geodesic_rank": (case.geodesic, case.free),
        "euclidean_rank": (case.euclidean, case.free),
        "geodesic_advantage": (case.geodesic, case.euclidean, case.free),
        "wall_blind_rank": (case.offsets, case.free),
        "topology_gain": (case.geodesic, case.euclidean, case.free),
        "spurious_maxima": (case.free, case.goal_index),
    }.items():
        score = getattr(metrics, name)
        assert score(monotone(values), *arguments) == pytest.approx(score(values, *arguments), abs=1e-6), name


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_cells_does_not_matter_to_ranks(seed):
    case, generator = _U_MAZE, np.random.default_rng(seed)
    values = -case.geodesic + generator.normal(size=case.free.shape)
    order = generator.permutation(case.free.size)

    def shuffled(grid):
        return grid.reshape(-1)[order].reshape(grid.shape)

    for name, grids in {
        "geodesic_rank": (case.geodesic,),
        "euclidean_rank": (case.euclidean,),
        "topology_gain": (case.geodesic, case.euclidean),
    }.items():
        score = getattr(metrics, name)
        before = score(values, *grids, case.free)
        assert score(shuffled(values), *map(shuffled, grids), shuffled(case.free)) == pytest.approx(before), name


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_a_mirror_image_of_the_maze_scores_the_same(seed):
    case = _U_MAZE
    values = -case.geodesic + np.random.default_rng(seed).normal(size=case.free.shape)
    # Mirrored at the diagonal: columns become rows.
    index = case.goal_index[::-1]
    for name, before, after in [
        ("ascent_success", (values, case.free, case.goal_index), (values.T, case.free.T, index)),
        ("spurious_maxima", (values, case.free, case.goal_index), (values.T, case.free.T, index)),
        ("wall_contrast", (values, case.euclidean, case.free), (values.T, case.euclidean.T, case.free.T)),
    ]:
        score = getattr(metrics, name)
        assert score(*after) == pytest.approx(score(*before)), name


def test_without_walls_in_between_there_is_no_topology():
    maze = Maze("room", ROOM, 1.1)
    grid = maze.grid(FINE)
    for goal in maze.goal_centres:
        case = Case(maze, goal)
        values = np.random.default_rng(0).normal(size=case.free.shape)
        # Two computations of the same distance can differ in the last digit, and so order mirrored cells differently.
        for euclidean in (case.euclidean, np.hypot(*(grid.points - goal).T).reshape(case.free.shape)):
            with pytest.raises(metrics.MetricError, match="geodesic and euclidean order the free cells alike"):
                metrics.topology_gain(values, case.geodesic, euclidean, case.free)


def test_a_single_pillar_is_topology_enough():
    maze = Maze("pillar", PILLAR, CELL_SIZE)
    for goal in maze.goal_centres:
        case = Case(maze, goal)
        distances = (case.geodesic, case.euclidean, case.free)
        noise = np.random.default_rng(0).normal(size=case.free.shape)
        assert metrics.topology_gain(-case.geodesic, *distances) == pytest.approx(1.0)
        assert metrics.topology_gain(case.geodesic, *distances) == pytest.approx(-1.0)
        assert abs(metrics.topology_gain(-case.euclidean + 1e-9 * noise, *distances)) < 0.2
        assert abs(metrics.topology_gain(noise, *distances)) < 0.2


def test_single_precision_is_enough():
    case = _U_MAZE
    values = -case.geodesic + 0.01 * np.random.default_rng(0).normal(size=case.free.shape)
    single = values.astype(np.float32)
    for name, arguments in {
        "geodesic_rank": (case.geodesic, case.free),
        "ascent_success": (case.free, case.goal_index),
        "spurious_maxima": (case.free, case.goal_index),
        "wall_contrast": (case.euclidean, case.free),
    }.items():
        score = getattr(metrics, name)
        assert score(single, *arguments) == pytest.approx(score(values, *arguments), abs=1e-4), name


_U_MAZE = farthest("u_maze")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v * np.nan, "NaN or infinite"),
        (lambda v: v * 0.0, "no spread beyond rounding in values: a rank correlation"),
    ],
)
def test_unusable_landscapes_are_explained(change, message):
    values = change(np.where(_U_MAZE.free, -_U_MAZE.geodesic, 0.0))
    with pytest.raises(metrics.MetricError, match=message):
        metrics.geodesic_rank(values, _U_MAZE.geodesic, _U_MAZE.free)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v, free: metrics.topology_gain(-(v**2), v, v, free), "needs walls between cells and goal"),
        (lambda v, free: metrics.wall_contrast(-v, v, free), "wall_contrast needs a maze"),
        (lambda v, free: metrics.ascent_success(-v, free & (v != 0), (0, 2)), r"goal_index=\(0, 2\) is a wall"),
        (lambda v, free: metrics.ascent_success(-v, free, (0, 4)), r"\(0, 4\) is outside the grid of \(1, 4\) cells"),
        (lambda v, free: metrics.spurious_maxima(-v, free, (-1, 0)), r"\(-1, 0\) is outside the grid"),
        (lambda v, free: metrics.euclidean_rank(-v, np.full_like(v, np.inf), free), "euclidean holds 4 values"),
    ],
)
def test_what_a_corridor_cannot_answer_is_explained(call, message):
    with pytest.raises(metrics.MetricError, match=message):
        call(np.array([[2.0, 1.0, 0.0, 3.0]]), np.ones((1, 4), dtype=bool))


def test_a_flat_landscape_has_no_wall_contrast():
    with pytest.raises(metrics.MetricError, match="do not change over open floor"):
        metrics.wall_contrast(np.zeros(_U_MAZE.free.shape), _U_MAZE.euclidean, _U_MAZE.free)
