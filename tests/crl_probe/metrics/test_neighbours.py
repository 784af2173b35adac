"""Dimensions by neighbours, and shared neighbours: known answers, and what may not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe import metrics


def in_64_dimensions(points, rng):
    return points @ np.linalg.qr(rng.normal(size=(64, 64)))[0][: points.shape[1]]


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_even_points_have_their_dimension(dimension):
    rng = np.random.default_rng(0)
    points = in_64_dimensions(rng.uniform(size=(2_000, dimension)), rng)
    assert metrics.intrinsic_dimension(points) == pytest.approx(dimension, rel=0.1)


def test_bending_makes_no_dimension():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(size=(2, 3_000))
    roll = np.stack([x * np.cos(6 * x), x * np.sin(6 * x), y], axis=1)
    assert metrics.intrinsic_dimension(roll) == pytest.approx(2.0, rel=0.1)
    assert metrics.effective_rank(roll) > 2.5


def test_copies_count_once():
    points = np.random.default_rng(2).uniform(size=(500, 2))
    assert metrics.intrinsic_dimension(np.repeat(points, 3, axis=0)) == metrics.intrinsic_dimension(points)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10.0))
def test_rotation_translation_scale_and_order_change_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    points, other = rng.normal(size=(60, 4)), rng.normal(size=(60, 3))
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    order = rng.permutation(60)
    moved = (scale * points @ rotation + 3.0)[order]
    assert metrics.intrinsic_dimension(moved) == pytest.approx(metrics.intrinsic_dimension(points), rel=1e-6)
    assert metrics.mutual_knn(moved, other[order]) == pytest.approx(metrics.mutual_knn(points, other), abs=1e-12)


def test_neighbours_by_hand():
    """On a line 0 1 3 7 the nearest are 1, 0, 1, 3; after 7 moves next to 0 they are 7, 0, 1, 0."""
    line = np.array([[0.0], [1.0], [3.0], [7.0]])
    moved = np.array([[0.0], [1.0], [3.0], [-0.5]])
    assert metrics.mutual_knn(line, moved, neighbours=1) == 2 / 4
    assert metrics.mutual_knn(line, line, neighbours=1) == 1.0


def test_unrelated_representations_share_neighbours_by_chance():
    rng = np.random.default_rng(3)
    shared = metrics.mutual_knn(rng.normal(size=(1_000, 8)), rng.normal(size=(1_000, 8)))
    assert shared == pytest.approx(10 / 999, abs=0.003)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.intrinsic_dimension(np.zeros((30, 2))), "points at one place have no dimension"),
        (
            lambda: metrics.intrinsic_dimension(np.repeat(np.eye(10), 3, axis=0)),
            "number of distinct points=10 is too few",
        ),
        (
            lambda: metrics.intrinsic_dimension(
                np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0)), -1).reshape(-1, 2)
            ),
            "all neighbours are equally far",
        ),
        (lambda: metrics.mutual_knn(np.eye(5), np.eye(5)), "number of points=5 is too few"),
        (lambda: metrics.mutual_knn(np.eye(20), np.ones((20, 2))), "mutual_knn has nothing to compare"),
    ],
)
def test_what_has_no_neighbours_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
