"""Depth against depth: hand-worked numbers, planted jumps, and how often the words are wrong."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crl_probe.metrics import comparison
from crl_probe.metrics._checks import MetricError

whole_numbers = arrays(np.float64, st.integers(1, 6), elements=st.integers(-8, 8).map(float))
four_seeds = arrays(np.float64, 4, elements=st.integers(0, 8).map(float))


def constant(value, seeds=3):
    return np.full(seeds, float(value))


def test_difference_and_ratio_by_hand():
    deep, shallow = np.array([4.0, 6.0, 8.0]), np.array([1.0, 2.0, 3.0])
    difference = comparison.aggregate_difference(deep, shallow)
    assert difference.value == 4.0
    # Three seeds each: in more than 2.5 % of resamples a depth has one seed three times, so its ends are reached.
    assert (difference.low, difference.high) == pytest.approx((2.0, 6.0), abs=0.5)
    assert (difference.unit, difference.count) == ("seeds", 6)
    ratio = comparison.aggregate_ratio(deep, shallow)
    assert ratio.value == 3.0
    assert 8 / 6 < ratio.low < 3.0 < ratio.high < 8.0


def test_ratios_to_zero_by_hand():
    assert comparison.aggregate_ratio(constant(5), constant(0)).value == math.inf
    assert comparison.aggregate_ratio(constant(0), constant(0)).value == 1.0
    sometimes = comparison.aggregate_ratio(constant(6), np.array([0.0, 0.0, 9.0]))
    assert sometimes.value == 2.0
    assert sometimes.high == math.inf  # all three resampled seeds are 0 in 8 of 27 resamples
    assert sometimes.low == pytest.approx(6 / 9)


def test_probability_of_improvement_by_hand():
    # Of the four pairs three are won and one, 3 against 3, is a tie.
    probability = comparison.probability_of_improvement(np.array([3.0, 4.0]), np.array([1.0, 3.0]))
    assert probability.value == (3 + 0.5) / 4
    always = comparison.probability_of_improvement(constant(2), constant(1))
    assert (always.value, always.low, always.high) == (1.0, 1.0, 1.0)


def test_probability_of_equal_distributions_is_a_half():
    generator = np.random.default_rng(0)
    probability = comparison.probability_of_improvement(generator.normal(size=200), generator.normal(size=200))
    assert probability.value == pytest.approx(0.5, abs=0.06)  # two standard errors
    assert probability.low < 0.5 < probability.high


@settings(max_examples=40)
@given(whole_numbers, whole_numbers)
def test_probability_of_improvement_is_one_minus_that_of_getting_worse(first, second):
    forth = comparison.probability_of_improvement(first, second)
    back = comparison.probability_of_improvement(second, first)
    assert forth.value + back.value == pytest.approx(1.0)
    assert forth.low <= forth.value <= forth.high


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        ((0.1, 0.2), "supported"),
        ((-0.2, -0.1), "contradicted"),
        ((-0.1, 0.1), "undecided"),
        ((0.0, 0.1), "undecided"),
        ((-0.1, 0.0), "undecided"),
        ((0.1, math.inf), "supported"),
    ],
)
def test_words_by_interval(interval, word):
    assert comparison.verdict(*interval) == word
    assert comparison.verdict(*interval, enough=False) == "not enough data"
    assert comparison.verdict(interval[0] + 2, interval[1] + 2, null=2.0) == word


@pytest.mark.parametrize("planted", [8, 16, 64])
def test_planted_jump_is_found_at_its_depth_despite_noise(planted):
    generator = np.random.default_rng(planted)
    by_depth = {
        depth: (10.0 if depth < planted else 23.0) * generator.normal(1.0, 0.05, size=5) for depth in (4, 8, 16, 64)
    }
    assert comparison.critical_depth(by_depth) == planted


def test_exact_doubling_is_a_jump_and_a_little_less_is_not():
    # Means of three tenths round in the last bit, which must not decide.
    assert comparison.critical_depth({4: constant(0.1), 8: constant(0.1), 16: constant(0.2), 64: constant(0.2)}) == 16
    assert comparison.critical_depth({4: np.array([0.1, 0.2, 0.3]), 8: np.array([0.4, 0.4, 0.4])}) == 8
    assert comparison.critical_depth({4: constant(0.1), 8: constant(0.199)}) is None


def test_smallest_of_two_jumps_counts():
    assert comparison.critical_depth({64: constant(9), 4: constant(1), 16: constant(3)}) == 16


def test_doubling_that_seeds_do_not_agree_on_is_no_jump():
    assert comparison.critical_depth({4: np.array([0.0, 0.0, 9.0]), 8: np.array([0.0, 0.0, 30.0])}) is None
    assert comparison.critical_depth({4: constant(1, seeds=2), 8: constant(9, seeds=5)}) is None


def test_first_success_above_nothing_is_a_jump():
    compared = comparison.compare_depths({4: constant(0), 8: np.array([1.0, 2.0, 3.0])})
    assert compared.steps[0].ratio == math.inf
    assert compared.critical_depth == 8


def test_comparison_by_hand():
    compared = comparison.compare_depths({16: constant(3), 4: constant(1), 64: np.array([2.0, 3.0, 4.0])})
    assert compared.depths == (4, 16, 64)
    assert [estimate.value for estimate in compared.estimates] == [1.0, 3.0, 3.0]
    assert [(step.shallow, step.deep, step.ratio) for step in compared.steps] == [(4, 16, 3.0), (16, 64, 1.0)]
    assert (compared.total.shallow, compared.total.deep, compared.total.difference.value) == (4, 64, 2.0)
    assert compared.total.probability.value == 1.0
    assert (compared.critical_depth, compared.verdict) == (16, "supported")


def test_words_on_more_depth():
    low, high, wide = constant(1), constant(2), np.array([0.0, 1.0, 5.0])
    assert comparison.compare_depths({4: low, 8: high}).verdict == "supported"
    assert comparison.compare_depths({4: high, 8: low}).verdict == "contradicted"
    assert comparison.compare_depths({4: low, 8: wide}).verdict == "undecided"
    assert comparison.compare_depths({4: low, 8: high[:2]}).verdict == "not enough data"
    assert comparison.compare_depths({4: low[:1], 8: high, 16: high}).verdict == "not enough data"
    # Only the ends need seeds.
    assert comparison.compare_depths({4: low, 8: high[:1], 16: high}).verdict == "supported"


def test_one_depth_has_nothing_to_be_compared_with():
    compared = comparison.compare_depths({4: constant(1, seeds=1)})
    assert (compared.total, compared.steps, compared.critical_depth) == (None, (), None)
    assert compared.verdict == "not enough data"
    assert (compared.estimates[0].low, compared.estimates[0].unit, compared.estimates[0].count) == (1.0, "seeds", 1)


def test_falling_is_good_where_less_is_better():
    compared = comparison.compare_depths({4: constant(4), 8: constant(1)}, larger_is_better=False)
    assert (compared.verdict, compared.total.difference.value, compared.critical_depth) == ("supported", -3.0, None)
    assert comparison.compare_depths({4: constant(1), 8: constant(4)}, larger_is_better=False).verdict == "contradicted"


def test_negative_values_are_compared_but_have_no_jump():
    compared = comparison.compare_depths({4: constant(-0.1), 8: constant(0.4)})
    assert math.isnan(compared.steps[0].ratio)
    assert (compared.critical_depth, compared.verdict) == (None, "supported")


@settings(max_examples=40)
@given(four_seeds, four_seeds, st.integers(-100, 100), st.sampled_from([0.25, 8.0]))
def test_words_do_not_depend_on_unit_and_origin(shallow, deep, shift, scale):
    # Means of four whole numbers and these scales are exact in floating point.
    word = comparison.compare_depths({4: shallow, 8: deep}).verdict
    assert comparison.compare_depths({4: scale * shallow + shift, 8: scale * deep + shift}).verdict == word


def test_ten_seeds_keep_the_promise_of_95_percent():
    studies = np.random.default_rng(1).normal(size=(1_000, 2, 10))
    words = [_word(deep, shallow) for deep, shallow in studies]
    assert 0.90 <= words.count("undecided") / len(words) <= 0.98
    assert words.count("supported") == pytest.approx(words.count("contradicted"), abs=30)


def test_three_seeds_break_the_promise_as_documented():
    studies = np.random.default_rng(2).normal(size=(1_000, 2, 3))
    words = [_word(deep, shallow) for deep, shallow in studies]
    assert 0.15 <= 1 - words.count("undecided") / len(words) <= 0.25


def test_unusable_input_is_explained():
    with pytest.raises(MetricError, match=r"depth 16 has the value -0\.3: ratios and jumps are for metrics that are"):
        comparison.critical_depth({4: constant(1), 16: constant(-0.3)})
    with pytest.raises(MetricError, match="number of depths=0 is too few"):
        comparison.compare_depths({})
    with pytest.raises(MetricError, match="number of depths=0 is too few"):
        comparison.critical_depth({})
    with pytest.raises(MetricError, match="number of values=0 is too few"):
        comparison.compare_depths({4: constant(1), 8: np.zeros(0)})
    with pytest.raises(MetricError, match="values holds 1 values that are NaN"):
        comparison.critical_depth({4: np.array([1.0, np.nan]), 8: constant(1)})
    with pytest.raises(MetricError, match=r"interval \[2\.0, 1\.0\] is not usable: its ends must be numbers"):
        comparison.verdict(2.0, 1.0)
    with pytest.raises(MetricError, match=r"interval \[nan, 1\.0\] is not usable"):
        comparison.verdict(math.nan, 1.0)


def test_examples_in_docstrings_hold():
    failures, examples = doctest.testmod(comparison)
    assert examples
    assert not failures


def _word(deep, shallow):
    difference = comparison.aggregate_difference(deep, shallow)
    return comparison.verdict(difference.low, difference.high)


def test_more_steps_need_a_higher_confidence():
    # Each step alone is clear at 95 %; among five depths one such step is no longer enough.
    jump = np.array([0.5, 6.0, 6.2, 6.4, 2.7])
    low = np.array([1.0, 1.2, 0.9, 1.1, 1.0])
    alone, among = {4: low, 8: jump}, {4: low, 8: jump, 16: jump, 32: jump, 64: jump}
    assert comparison.aggregate_difference(jump, low).low > 0
    assert comparison.critical_depth(alone) == 8
    assert comparison.critical_depth(among) is None
    assert comparison.corrected_confidence(4) == pytest.approx(0.9875)
