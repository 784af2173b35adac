"""Aggregates and intervals: hand-worked numbers, coverage by simulation, and what an interval is over."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crl_probe.metrics import statistics
from crl_probe.metrics._checks import MetricError


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


def test_one_seed_that_never_succeeds_has_wilsons_interval():
    # No success in 20: the upper end is z^2 / (n + z^2) with z = 1.95996.
    never = statistics.estimate_over_seeds([np.zeros(20, dtype=bool)], "episodes")
    assert (never.value, never.low) == (0.0, 0.0)
    assert never.high == pytest.approx(1.95996**2 / (20 + 1.95996**2), abs=1e-4)
    always = statistics.estimate_over_seeds([np.ones(20, dtype=bool)], "episodes")
    assert (1 - always.low, always.high) == (pytest.approx(never.high), 1.0)
    # The same numbers that are no yes or no keep the bootstrap, which sees no variation at all.
    assert statistics.estimate_over_seeds([np.zeros(20)], "episodes").high == 0.0


def test_several_seeds_of_yes_and_no_are_resampled_over_seeds():
    runs = [np.array([True, False]), np.array([True, True]), np.array([False, False])]
    estimate = statistics.estimate_over_seeds(runs, "episodes")
    assert (estimate.value, estimate.low, estimate.high, estimate.unit) == (0.5, 0.0, 1.0, "seeds")


def test_resamples_stay_inside_their_stratum_and_are_independent():
    first, second = statistics.stratified_resamples([np.arange(4.0), 10 + np.arange(4.0)], resamples=5_000)
    assert first.shape == second.shape == (5_000, 4)
    assert set(np.unique(first)) == {0.0, 1.0, 2.0, 3.0}
    assert set(np.unique(second)) == {10.0, 11.0, 12.0, 13.0}
    # Standard error of a correlation of 5,000 independent pairs is 0.014.
    assert abs(np.corrcoef(first.mean(axis=1), second.mean(axis=1))[0, 1]) < 0.06


@pytest.mark.parametrize(
    ("seeds", "statistic"), [(10, statistics.interquartile_mean), (20, lambda drawn: drawn.mean(axis=-1))]
)
def test_intervals_cover_the_truth_about_as_often_as_they_say(seeds, statistic):
    studies = np.random.default_rng(3).normal(size=(1_000, seeds))
    intervals = np.array([statistics.bootstrap_interval(values, statistic) for values in studies])
    covered = ((intervals[:, 0] <= 0.0) & (intervals[:, 1] >= 0.0)).mean()
    assert 0.90 <= covered <= 0.98


@settings(max_examples=30)
@given(arrays(np.float64, st.integers(1, 12), elements=st.floats(-1e3, 1e3)))
def test_an_interval_stays_inside_the_data_and_is_repeatable(values):
    low, high = statistics.bootstrap_interval(values)
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9
    assert statistics.bootstrap_interval(values) == (low, high)


def test_unusable_input_is_explained():
    with pytest.raises(MetricError, match="number of runs=0 is too few"):
        statistics.estimate_over_seeds([], "episodes")
    with pytest.raises(MetricError, match="number of samples in a run=0 is too few"):
        statistics.estimate_over_seeds([np.zeros(0)], "episodes")
    with pytest.raises(MetricError, match="values holds 1 values that are NaN"):
        statistics.interquartile_mean(np.array([1.0, np.nan]))


def test_examples_in_docstrings_hold():
    failures, examples = doctest.testmod(statistics)
    assert examples
    assert not failures


def test_no_success_in_any_seed_does_not_make_success_impossible():
    never = statistics.estimate_over_seeds([np.zeros(20, dtype=bool)] * 3, "episodes")
    assert (never.value, never.low, never.unit, never.count) == (0.0, 0.0, "pooled episodes", 60)
    assert never.high == pytest.approx(0.06, abs=0.005)  # Wilson's, of 0 in 60
    always = statistics.estimate_over_seeds([np.ones(20, dtype=bool)] * 3, "episodes")
    assert (always.low, always.high) == (pytest.approx(0.94, abs=0.005), 1.0)


def test_profiles_and_gaps_by_hand():
    values = np.array([0.2, 0.5, 0.9, 1.2])
    np.testing.assert_array_equal(
        statistics.performance_profile(values, np.array([0.0, 0.5, 1.0, 2.0])), [1.0, 0.5, 0.25, 0.0]
    )
    assert statistics.optimality_gap(values) == pytest.approx((0.8 + 0.5 + 0.1 + 0.0) / 4)
    assert statistics.optimality_gap(values, target=0.2) == pytest.approx(0.0)
    with pytest.raises(ValueError, match="number of values=0 is too few"):
        statistics.optimality_gap(np.zeros(0))
