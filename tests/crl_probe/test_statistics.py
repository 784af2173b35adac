"""Aggregates and intervals: hand-worked means, coverage by simulation, and what an interval is over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crl_probe.metrics import statistics


def test_interquartile_mean_by_hand():
    assert statistics.interquartile_mean(np.array([1.0, 2.0, 30.0])) == pytest.approx(11.0)  # fewer than 4: the mean
    assert statistics.interquartile_mean(np.array([9.0, 1.0, 2.0, -50.0])) == pytest.approx(1.5)
    assert statistics.interquartile_mean(np.arange(8.0)) == pytest.approx((2 + 3 + 4 + 5) / 4)


def test_several_seeds_count_once_each_whatever_their_episodes():
    estimate = statistics.estimate_over_seeds([np.zeros(1), np.ones(100), np.full(7, 2.0)], "episodes")
    assert estimate.value == pytest.approx(1.0)
    assert (estimate.unit, estimate.count) == ("seeds", 3)


def test_one_seed_says_that_its_interval_is_over_episodes():
    estimate = statistics.estimate_over_seeds([np.array([0.0, 1.0] * 50)], "episodes")
    assert (estimate.unit, estimate.count) == ("episodes", 100)
    # Standard error of a fair coin over 100 tosses is 0.05.
    assert estimate.low == pytest.approx(0.4, abs=0.03)
    assert estimate.high == pytest.approx(0.6, abs=0.03)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    generator = np.random.default_rng(3)
    trials = 300
    covered = 0
    for _ in range(trials):
        low, high = statistics.bootstrap_interval(generator.normal(size=40), lambda drawn: drawn.mean(axis=-1))
        covered += low <= 0.0 <= high
    assert 0.90 <= covered / trials <= 0.98


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, st.integers(1, 12), elements=st.floats(-1e3, 1e3)))
def test_an_interval_stays_inside_the_data_and_is_repeatable(values):
    low, high = statistics.bootstrap_interval(values)
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9
    assert statistics.bootstrap_interval(values) == (low, high)


def test_unusable_input_is_explained():
    with pytest.raises(ValueError, match="number of runs=0 is too few"):
        statistics.estimate_over_seeds([], "episodes")
    with pytest.raises(ValueError, match="values holds 1 values that are NaN"):
        statistics.interquartile_mean(np.array([1.0, np.nan]))
