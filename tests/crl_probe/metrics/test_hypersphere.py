"""Alignment and uniformity on the sphere: known answers, and that lengths do not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe import metrics


def test_opposite_directions_by_hand():
    left, right = np.array([[-2.0, 0.0]]), np.array([[3.0, 0.0]])
    assert metrics.alignment(left, right) == 4.0
    assert metrics.uniformity(np.vstack([left, right])) == pytest.approx(-8.0)
    assert metrics.uniformity(np.ones((5, 3))) == pytest.approx(0.0)


def test_four_corners_by_hand():
    """Of six pairs four are at a squared distance of 2 and two at 4."""
    corners = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    assert metrics.uniformity(corners) == pytest.approx(np.log((4 * np.exp(-4) + 2 * np.exp(-8)) / 6))


def test_even_directions_in_many_dimensions():
    """A squared distance is 2 - 2 c, c of mean 0 and variance 1/d: log E exp(-4 + 4 c) is about -4 + 8/d."""
    points = np.random.default_rng(0).normal(size=(2_000, 64))
    assert metrics.uniformity(points) == pytest.approx(-4 + 8 / 64, abs=0.01)
    assert metrics.alignment(points[:1_000], points[1_000:]) == pytest.approx(2.0, abs=0.05)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_lengths_and_rotations_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    phi, psi = rng.normal(size=(2, 30, 5))
    rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    longer, other = (rows * rng.uniform(0.1, 10.0, size=(30, 1)) @ rotation for rows in (phi, psi))
    assert metrics.alignment(longer, other) == pytest.approx(metrics.alignment(phi, psi))
    assert metrics.uniformity(longer) == pytest.approx(metrics.uniformity(phi))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.alignment(np.eye(2), np.zeros((2, 2))), "psi holds an embedding of length 0"),
        (lambda: metrics.uniformity(np.ones((1, 2))), "number of points=1 is too few"),
        (lambda: metrics.uniformity(np.full((3, 2), np.nan)), "points holds 6 values"),
    ],
)
def test_what_is_not_on_a_sphere_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
