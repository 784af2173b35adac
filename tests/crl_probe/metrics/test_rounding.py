"""Rounding is no spread: what is equal up to single precision is refused by every metric that divides by a spread."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe import metrics
from crl_probe.metrics import MetricError
from crl_probe.metrics.rounding import ROUNDING, has_spread, rounding_of


def collapsed(seed=0, points=500, dim=64, scale=1.0, ulps=1, dtype=np.float32):
    """The same vector again and again, with a third of the entries moved by some units in the last place."""
    generator = np.random.default_rng(seed)
    rows = np.tile((scale * generator.normal(size=dim)).astype(np.float32), (points, 1))
    moved = generator.random(rows.shape) < 1 / 3
    return (rows + moved * ulps * np.spacing(rows)).astype(dtype)


GOOD = np.random.default_rng(1).normal(size=(500, 64))
NEAR = np.arange(500) < 60
GRID = np.ones((20, 25), bool)
PLACES = np.stack(np.meshgrid(np.arange(20.0), np.arange(25.0), indexing="ij"), axis=-1)
DISTANCE = np.linalg.norm(PLACES, axis=-1)
CORRIDOR = np.array([[True] * 8, [False] * 8, [True] * 8])

DIVIDES_BY_A_SPREAD = {
    "effective_rank": lambda phi: metrics.effective_rank(phi),
    "cka": lambda phi: metrics.cka(GOOD, phi),
    "linear_decodability": lambda phi: metrics.linear_decodability(phi, GOOD),
    "linear_decodability of a target": lambda phi: metrics.linear_decodability(GOOD, phi),
    "spread_ratio": lambda phi: metrics.spread_ratio(phi, NEAR),
    "goal_resolution": lambda phi: metrics.goal_resolution(phi, GOOD, NEAR),
    "goal_resolution of places": lambda phi: metrics.goal_resolution(GOOD, phi, NEAR),
    "near_dimension": lambda phi: metrics.near_dimension(phi, NEAR),
    "goal_offset": lambda phi: metrics.goal_offset(phi, NEAR, phi[0]),
    "straightness": lambda phi: metrics.straightness(phi),
    "trustworthiness": lambda phi: metrics.trustworthiness(phi, GOOD[:, :2]),
    "energy_monotonicity": lambda phi: metrics.energy_monotonicity(phi[:, 0]),
    "geodesic_rank": lambda phi: metrics.geodesic_rank(phi[:, 0].reshape(20, 25), DISTANCE, GRID),
    "euclidean_rank": lambda phi: metrics.euclidean_rank(phi[:, 0].reshape(20, 25), DISTANCE, GRID),
    "ascent_success": lambda phi: metrics.ascent_success(phi[:, 0].reshape(20, 25), GRID, (3, 4)),
    "spurious_maxima": lambda phi: metrics.spurious_maxima(phi[:, 0].reshape(20, 25), GRID, (3, 4)),
    "wall_contrast": lambda phi: metrics.wall_contrast(phi[:24, 0].reshape(3, 8), DISTANCE[:3, :8], CORRIDOR),
}


@pytest.mark.parametrize("name", DIVIDES_BY_A_SPREAD)
def test_a_network_that_has_collapsed_up_to_rounding_has_no_number(name):
    for phi in (collapsed(), collapsed(ulps=3, scale=1e20, dtype=np.float64), collapsed(seed=7, scale=1e-20)):
        with pytest.raises(MetricError, match=r"beyond rounding|by more than rounding"):
            DIVIDES_BY_A_SPREAD[name](phi)
    assert np.isfinite(DIVIDES_BY_A_SPREAD[name](GOOD))


def test_a_stream_that_has_vanished_up_to_rounding_is_not_divided_by():
    before = GOOD.copy()
    before[3] = 1e-8
    with pytest.raises(MetricError, match="before is zero up to rounding at 1 of 500 points"):
        metrics.residual_contribution(before, GOOD)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    points=st.integers(2, 40),
    dim=st.integers(1, 300),
    exponent=st.integers(-30, 37),
    ulps=st.integers(0, 8),
)
def test_whatever_moves_each_entry_by_a_few_units_in_the_last_place_is_no_spread(seed, points, dim, exponent, ulps):
    assert not has_spread(collapsed(seed, points, dim, 10.0**exponent / 10, ulps))


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), dim=st.integers(1, 300), exponent=st.integers(-30, 37))
def test_a_spread_well_above_rounding_is_one(seed, dim, exponent):
    generator = np.random.default_rng(seed)
    centre = generator.normal(size=dim)
    points = centre + 4 * ROUNDING * np.linalg.norm(centre) * generator.normal(size=(100, dim)) / np.sqrt(dim)
    assert has_spread((10.0**exponent * points).astype(np.float32))


def test_rounding_is_in_the_unit_of_the_points():
    assert rounding_of(np.array([[3.0, 4.0], [0.0, 5.0]])) == pytest.approx(5 * ROUNDING)
    assert rounding_of(np.zeros((3, 2))) == 0.0
    assert not has_spread(np.zeros((3, 2)))
