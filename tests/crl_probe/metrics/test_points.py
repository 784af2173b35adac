"""Scale: numbers that do not depend on it keep every digit wherever single precision reaches, and beyond."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe import metrics
from crl_probe.metrics._points import exponent_of, length, normalised, spread

GENERATOR = np.random.default_rng(3)
PHI = GENERATOR.normal(size=(80, 6)).astype(np.float32)
OTHER = (PHI @ GENERATOR.normal(size=(6, 5)) + GENERATOR.normal(size=(80, 5))).astype(np.float32)
NEAR = np.arange(80) < 30
GRID = np.ones((8, 10), bool)
DISTANCE = np.linalg.norm(np.stack(np.meshgrid(np.arange(8.0), np.arange(10.0), indexing="ij")), axis=0)
WALL = GRID.copy()
WALL[4] = False

OF_ANY_SCALE = {
    "effective_rank": lambda scale: metrics.effective_rank(scale * PHI),
    "cka": lambda scale: metrics.cka(scale * PHI, scale * OTHER),
    "linear_decodability": lambda scale: metrics.linear_decodability(scale * PHI, scale * OTHER),
    "residual_contribution": lambda scale: metrics.residual_contribution(scale * PHI, scale * (PHI + OTHER[:, :1])),
    "dormant_fraction": lambda scale: metrics.dormant_fraction(np.abs(scale * PHI), 0.5),
    "spread_ratio": lambda scale: metrics.spread_ratio(scale * PHI, NEAR),
    "goal_resolution": lambda scale: metrics.goal_resolution(scale * PHI, scale * OTHER, NEAR),
    "near_dimension": lambda scale: metrics.near_dimension(scale * PHI, NEAR),
    "goal_offset": lambda scale: metrics.goal_offset(scale * PHI, NEAR, scale * PHI[0]),
    "straightness": lambda scale: metrics.straightness(scale * PHI),
    "trustworthiness": lambda scale: metrics.trustworthiness(scale * PHI, scale * OTHER[:, :2]),
    "energy_monotonicity": lambda scale: metrics.energy_monotonicity(scale * PHI[:, 0]),
    "geodesic_rank": lambda scale: metrics.geodesic_rank(scale * PHI[:, 0].reshape(8, 10), DISTANCE, GRID),
    "wall_contrast": lambda scale: metrics.wall_contrast(scale * PHI[:, 0].reshape(8, 10), DISTANCE, WALL),
}
IN_UNITS_OF_THE_SPACE = {
    "near_spread": lambda scale: metrics.near_spread(scale * PHI, NEAR),
    "embedding_path_length": lambda scale: metrics.embedding_path_length(scale * PHI),
}
# Single precision goes up to 3e38, and the last of these is beyond it.
SCALES = (*(np.float32(scale) for scale in (1e-30, 1e-12, 3.0, 1e15, 1e37)), np.float64(2.0**900))


@pytest.mark.parametrize("name", OF_ANY_SCALE)
def test_a_number_without_a_unit_is_the_same_at_every_scale(name):
    number = OF_ANY_SCALE[name](np.float32(1.0))
    for scale in SCALES:
        assert OF_ANY_SCALE[name](scale) == pytest.approx(number, rel=1e-5), scale


@pytest.mark.parametrize("name", IN_UNITS_OF_THE_SPACE)
def test_a_number_with_a_unit_scales_with_it(name):
    number = IN_UNITS_OF_THE_SPACE[name](np.float32(1.0))
    for scale in SCALES:
        assert IN_UNITS_OF_THE_SPACE[name](scale) == pytest.approx(float(scale) * number, rel=1e-5), scale


def test_representations_that_are_equal_are_alike_at_every_scale():
    points = np.random.default_rng(0).normal(size=(2_000, 64))
    for scale in (1e37, 1e-30, 1e150):
        assert metrics.cka(scale * points, scale * points) == pytest.approx(1.0)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(-100, 100))
def test_a_power_of_two_changes_no_digit(seed, exponent):
    points = np.random.default_rng(seed).normal(size=(7, 3))
    scaled = np.ldexp(points, exponent)
    np.testing.assert_array_equal(normalised(scaled), normalised(points))
    assert 0.5 <= np.abs(normalised(points)).max() < 1.0
    assert spread(scaled) == np.ldexp(spread(points), exponent)
    assert length(scaled) == np.ldexp(length(points), exponent)


def test_extremes_are_within_reach():
    for largest in (np.finfo(np.float32).max, np.finfo(np.float64).max, 5e-324, 0.0):
        points = np.array([[largest], [-largest]])
        assert np.isfinite(normalised(points)).all()
        assert length(points) == largest
        assert spread(points) == largest
    assert exponent_of(np.zeros(3)) == 0
    assert normalised(np.array([1, 4])).tolist() == [0.125, 0.5]
