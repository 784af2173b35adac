"""Distances, and tables that are none."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe import metrics
from crl_train.envs.registry import make_env


def straight(count=20, seed=0):
    places = np.random.default_rng(seed).uniform(size=(count, 2))
    return np.linalg.norm(places[:, None] - places, axis=-1)


def test_a_detour_by_hand():
    """Of six triples two save 2 of 4 by way of the middle; the mean distance is 2."""
    line = np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 1.0], [4.0, 1.0, 0.0]])
    assert metrics.triangle_violation(line) == pytest.approx((2 + 2) / 6 / 2)
    assert metrics.asymmetry(line) == 0.0
    assert metrics.asymmetry(np.array([[0.0, 1.0], [3.0, 0.0]])) == 0.5


def test_straight_and_geodesic_distances_are_distances():
    assert metrics.triangle_violation(straight()) == pytest.approx(0.0, abs=1e-12)
    maze = make_env("point_u_maze").maze
    centres = np.asarray(maze.goal_centres)
    geodesic = maze.geodesics(centres, centres)
    assert metrics.triangle_violation(geodesic) == pytest.approx(0.0, abs=1e-9)
    assert metrics.asymmetry(geodesic) == pytest.approx(0.0, abs=1e-9)


def test_squared_distances_are_none():
    assert metrics.triangle_violation(straight() ** 2) > 0.05


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100.0))
def test_scale_and_order_do_not_matter(seed, scale):
    rng = np.random.default_rng(seed)
    table = rng.uniform(1.0, 5.0, size=(7, 7))
    np.fill_diagonal(table, 0.0)
    order = rng.permutation(7)
    moved = scale * table[np.ix_(order, order)]
    assert metrics.triangle_violation(moved) == pytest.approx(metrics.triangle_violation(table))
    assert metrics.asymmetry(moved) == pytest.approx(metrics.asymmetry(table))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        # Tests check shapes before the function can; whoever uses it without them gets its own words.
        (
            lambda: inspect.unwrap(metrics.triangle_violation)(np.zeros((2, 3))),
            r"distances has shape \(2, 3\): it needs one row",
        ),
        (lambda: metrics.triangle_violation(np.ones((2, 2))), "number of places=2 is too few"),
        (lambda: metrics.asymmetry(-np.ones((3, 3))), "the mean distance is -1: ratios to it need one above 0"),
        (lambda: metrics.asymmetry(np.full((3, 3), np.inf)), "distances holds 9 values"),
    ],
)
def test_what_is_no_table_of_distances_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
