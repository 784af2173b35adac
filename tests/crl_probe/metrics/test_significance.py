"""Welch's test and Holm's correction: against SciPy, by hand, and how often they are wrong."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from crl_probe.metrics import significance
from crl_probe.metrics._checks import MetricError
from crl_probe.metrics.significance import holm, mean_difference, mean_effect, mean_ratio

numbers = arrays(np.float64, st.integers(2, 6), elements=st.integers(0, 100).map(float)).filter(lambda x: np.ptp(x) > 0)


@settings(max_examples=30)
@given(numbers, numbers)
def test_a_difference_is_welchs(first, second):
    found, expected = mean_difference(first, second), stats.ttest_ind(first, second, equal_var=False)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose([found.estimate.low, found.estimate.high], interval, rtol=1e-9, atol=1e-9)
    assert (found.estimate.count, found.estimate.unit) == (len(first) + len(second), "seeds")


@settings(max_examples=30)
@given(numbers, st.integers(-5, 5).map(float))
def test_a_mean_is_students(values, null):
    assert mean_effect(values, null).p_value == pytest.approx(stats.ttest_1samp(values, null).pvalue, rel=1e-9)


@settings(max_examples=30)
@given(numbers, numbers)
def test_the_interval_of_a_ratio_holds_what_the_test_does_not_reject(first, second):
    ratio = mean_ratio(first, second, null=2.0).estimate
    assert ratio.low <= ratio.value <= ratio.high
    for end, side in ((ratio.low, "p_above"), (ratio.high, "p_below")):
        if 0.0 < end < math.inf:
            assert getattr(mean_ratio(first, second, null=end), side) == pytest.approx(0.025, rel=1e-4)


def test_ratios_by_hand():
    # At the ratio 2 the difference is 6 - 2 x 2 = 2; its variance is 1/3 + 4/3, its degrees of freedom 25/9 / (17/18).
    ratio = mean_ratio([5.0, 6.0, 7.0], [1.0, 2.0, 3.0], null=2.0)
    assert ratio.estimate.value == 3.0
    assert ratio.p_above == pytest.approx(stats.t.sf(2 / np.sqrt(5 / 3), 50 / 17))
    assert ratio.p_below == pytest.approx(1 - ratio.p_above)


def test_ratios_to_nothing():
    some, none = [5.0, 6.0, 7.0], [0.0, 0.0, 0.0]
    above = mean_ratio(some, none, null=2.0)
    assert (above.estimate.value, above.estimate.low, above.estimate.high) == (math.inf, math.inf, math.inf)
    assert above.p_above < 0.01
    assert mean_ratio(none, none).estimate.value == 1.0
    maybe_zero = mean_ratio(some, [0.0, 0.0, 9.0]).estimate
    assert maybe_zero.high == math.inf


def test_seeds_without_spread_say_nothing():
    for effect in (mean_difference([2.0, 2.0], [1.0, 1.0]), mean_ratio([6.0, 6.0], [2.0, 2.0]), mean_effect([0.1] * 3)):
        assert math.isnan(effect.p_value)
        assert effect.estimate.low == effect.estimate.value == effect.estimate.high
    # One level with spread is enough.
    assert mean_difference([2.0, 3.0, 4.0], [1.0, 1.0, 1.0]).p_value < 0.2


def test_one_seed_has_no_spread():
    assert math.isnan(mean_difference([2.0], [1.0]).p_value)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    one, missing = holm([0.02, math.nan])
    assert (one, math.isnan(missing)) == (0.02, True)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), max_size=6))
def test_correction_never_makes_a_claim_surer(p_values):
    corrected = holm(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, corrected, strict=True))
    assert len(p_values) != 1 or corrected == p_values


@pytest.mark.parametrize("seeds", [3, 5, 10, 20])
@pytest.mark.parametrize("noise", ["normal", "lognormal", "heavy-tailed"])
def test_equal_levels_are_told_apart_in_at_most_one_study_of_twenty(noise, seeds):
    generator = np.random.default_rng(seeds)
    draw = {
        "normal": generator.normal,
        "lognormal": generator.lognormal,
        "heavy-tailed": lambda size: generator.standard_t(2.5, size=size),
    }[noise]
    studies = draw(size=(400, 2, seeds))
    found = np.mean([mean_difference(*study).p_value < 0.05 for study in studies])
    assert found <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_a_ratio_of_1_8_is_called_a_doubling_in_at_most_one_study_of_twenty():
    generator = np.random.default_rng(1)
    studies = [(1.8 * generator.lognormal(size=5), generator.lognormal(size=5)) for _ in range(400)]
    found = np.mean([mean_ratio(*study, null=2.0).p_above < 0.025 for study in studies])
    assert found <= 0.05


def test_unusable_input_is_explained():
    with pytest.raises(MetricError, match=r"^second has the value -1: ratios and jumps are for metrics that are never"):
        mean_ratio([1.0, 2.0], [-1.0, 2.0])
    with pytest.raises(MetricError, match="values holds 1 values that are NaN"):
        mean_difference([1.0, math.nan], [1.0])
    with pytest.raises(MetricError, match="number of values=0 is too few"):
        mean_effect(np.zeros(0))


def test_examples_in_docstrings_hold():
    failures, examples = doctest.testmod(significance)
    assert examples
    assert not failures
