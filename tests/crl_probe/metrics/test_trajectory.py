"""Paths through embedding space: straight lines, detours, and projections with false neighbours."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crl_probe.metrics import MetricError, trajectory
from crl_probe.metrics.rounding import has_spread
from tests.crl_probe.point_clouds import moved


def test_a_right_angle_by_hand():
    phi = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    assert trajectory.embedding_path_length(phi) == pytest.approx(7.0)
    assert trajectory.straightness(phi) == pytest.approx(5.0 / 7.0)
    # Pairs in order of time: (1,3) up, (1,2) up, (3,2) down: (2 - 1) / 3
    assert trajectory.energy_monotonicity(np.array([1.0, 3.0, 2.0])) == pytest.approx(1 / 3)


def test_a_straight_line_is_straight_and_a_round_trip_is_not():
    line = np.linspace(0, 1, 11)[:, None] * np.ones((1, 64))
    assert trajectory.straightness(line) == pytest.approx(1.0)
    assert trajectory.straightness(np.concatenate([line, line[::-1]])) == pytest.approx(0.0)


@settings(max_examples=40)
@given(arrays(np.float64, (6, 3), elements=st.floats(-10, 10)), st.floats(0.1, 10.0))
def test_length_scales_and_straightness_does_not(phi, scale):
    length = trajectory.embedding_path_length(phi)
    assert trajectory.embedding_path_length(scale * phi + 1.0) == pytest.approx(scale * length, abs=1e-9)
    if has_spread(phi):
        assert 0.0 <= trajectory.straightness(phi) <= 1.0
        assert trajectory.straightness(scale * phi) == pytest.approx(trajectory.straightness(phi), abs=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_rotation_and_translation_change_no_length_and_scale_no_ratio(seed, scale, offset):
    generator = np.random.default_rng(seed)
    phi = generator.normal(size=(20, 8)).cumsum(axis=0)
    after = moved(phi, generator, scale, offset)
    length = trajectory.embedding_path_length(phi)
    assert trajectory.embedding_path_length(after) == pytest.approx(scale * length)
    assert trajectory.straightness(after) == pytest.approx(trajectory.straightness(phi))
    # Backwards the path has the same length and straightness.
    assert trajectory.embedding_path_length(phi[::-1]) == pytest.approx(length)
    assert trajectory.straightness(phi[::-1]) == pytest.approx(trajectory.straightness(phi))


@settings(max_examples=40)
@given(arrays(np.float64, 12, elements=st.integers(-4, 4)), st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_only_the_order_of_energies_matters_and_time_reversal_flips_the_sign(energy, scale, offset):
    if np.ptp(energy) > 0:
        tau = trajectory.energy_monotonicity(energy)
        assert trajectory.energy_monotonicity(scale * energy**3 + offset) == pytest.approx(tau)
        assert trajectory.energy_monotonicity(energy[::-1]) == pytest.approx(-tau)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_trustworthiness_does_not_change_under_rotation_scaling_and_order(seed, scale, offset):
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(60, 4))
    picture = points[:, :2] + 0.3 * generator.normal(size=(60, 2))
    order = generator.permutation(60)
    after = moved(points, generator, scale, offset)[order], moved(picture, generator, scale, offset)[order]
    assert trajectory.trustworthiness(*after) == pytest.approx(trajectory.trustworthiness(points, picture))


def test_trustworthiness_of_the_space_itself_and_of_noise():
    generator = np.random.default_rng(0)
    points = generator.normal(size=(120, 8))
    assert trajectory.trustworthiness(points, points) == 1.0
    assert trajectory.trustworthiness(points, generator.normal(size=(120, 2))) < 0.7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trajectory.embedding_path_length(np.zeros((1, 3))), "number of steps=1 is too few"),
        (lambda: trajectory.straightness(np.ones((4, 3))), "no spread beyond rounding in phi: straightness"),
        (lambda: trajectory.energy_monotonicity(np.ones(5)), "no spread beyond rounding in energy"),
        (lambda: trajectory.energy_monotonicity(np.array([1.0, np.inf, 2.0])), "energy holds 1 values"),
        (lambda: trajectory.trustworthiness(np.ones((30, 3)), np.ones((30, 2))), "number of points=30 is too few"),
        (lambda: trajectory.trustworthiness(np.ones((40, 3)), np.full((40, 2), np.nan)), "picture holds 80 values"),
        # Tests check shapes before the function can; whoever uses it without them gets its own words.
        (
            lambda: inspect.unwrap(trajectory.trustworthiness)(np.ones((40, 3)), np.ones((39, 2))),
            "embeddings: 40, picture: 39",
        ),
    ],
)
def test_unusable_input_is_explained(call, message):
    with pytest.raises(MetricError, match=message):
        call()


def test_a_collapsed_network_has_no_trustworthiness():
    with pytest.raises(MetricError, match="no spread beyond rounding in embeddings"):
        trajectory.trustworthiness(np.zeros((60, 3)), np.random.default_rng(0).normal(size=(60, 2)))
