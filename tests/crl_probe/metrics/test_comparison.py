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


def near(value, seeds=5):
    """Seeds that differ by a hundredth of the value."""
    return value * (1 + 0.01 * np.linspace(-1, 1, seeds))


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
    ("effect", "p_value", "seeds", "word"),
    [
        (0.2, 0.05, 5, "supported"),
        (0.2, 0.05, 4, "suggestive"),
        (0.2, 0.05, 2, "not enough data"),
        (0.2, 0.051, 9, "undecided"),
        (-0.2, 0.01, 5, "contradicted"),
        (-0.2, 0.01, 4, "undecided"),
        (0.2, math.nan, 5, "undecided"),
    ],
)
def test_words(effect, p_value, seeds, word):
    assert comparison.verdict(effect, p_value, seeds) == word


@pytest.mark.parametrize("planted", [8, 16, 64])
def test_planted_jump_is_found_at_its_depth_despite_noise(planted):
    generator = np.random.default_rng(planted)
    by_depth = {
        depth: (10.0 if depth < planted else 25.0) * generator.normal(1.0, 0.05, size=5) for depth in (4, 8, 16, 64)
    }
    assert comparison.critical_depth(by_depth) == planted


def test_a_jump_is_surely_more_than_a_doubling():
    assert comparison.critical_depth({4: near(1), 8: near(2.3)}) == 8
    assert comparison.critical_depth({4: near(1), 8: near(2)}) is None
    assert comparison.critical_depth({4: near(1), 8: near(1.9)}) is None


def test_smallest_of_two_jumps_counts():
    assert comparison.critical_depth({64: near(9), 4: near(1), 16: near(3)}) == 16


def test_doubling_that_seeds_do_not_agree_on_is_no_jump():
    assert comparison.critical_depth({4: np.array([0.0, 0.0, 9.0]), 8: np.array([0.0, 0.0, 30.0])}) is None
    assert comparison.critical_depth({4: near(1, seeds=2), 8: near(9)}) is None
    assert comparison.critical_depth({4: constant(1), 8: constant(9)}) is None  # no spread says nothing


def test_first_success_above_nothing_is_a_jump():
    compared = comparison.compare_depths({4: constant(0), 8: np.array([2.0, 2.5, 3.0])})
    assert compared.steps[0].ratio.estimate.value == math.inf
    assert compared.critical_depth == 8


def test_comparison_by_hand():
    compared = comparison.compare_depths({16: near(3), 4: near(1), 64: np.array([2.0, 3.0, 4.0])})
    assert compared.depths == (4, 16, 64)
    assert [estimate.value for estimate in compared.estimates] == pytest.approx([1.0, 3.0, 3.0])
    steps = [(step.shallow, step.deep, step.ratio.estimate.value) for step in compared.steps]
    assert steps == [(4, 16, pytest.approx(3.0)), (16, 64, pytest.approx(1.0))]
    total = compared.total
    assert (total.shallow, total.deep, total.difference.estimate.value) == (4, 64, pytest.approx(2.0))
    assert total.probability.value == 1.0
    assert (compared.critical_depth, compared.verdict) == (16, "undecided")  # p = 0.07


def test_words_on_more_depth():
    low, high, wide = near(1), near(2), np.array([0.0, 1.0, 5.0])
    assert comparison.compare_depths({4: low, 8: high}).verdict == "supported"
    assert comparison.compare_depths({4: low, 8: high[1:]}).verdict == "suggestive"
    assert comparison.compare_depths({4: high, 8: low}).verdict == "contradicted"
    assert comparison.compare_depths({4: low, 8: wide}).verdict == "undecided"
    assert comparison.compare_depths({4: low, 8: high[:2]}).verdict == "not enough data"
    assert comparison.compare_depths({4: low[:1], 8: high, 16: high}).verdict == "not enough data"
    # Only the ends need seeds, and they need some spread.
    assert comparison.compare_depths({4: low, 8: high[:1], 16: high}).verdict == "supported"
    assert comparison.compare_depths({4: constant(1), 8: constant(2)}).verdict == "undecided"


def test_one_depth_has_nothing_to_be_compared_with():
    compared = comparison.compare_depths({4: constant(1, seeds=1)})
    assert (compared.total, compared.steps, compared.critical_depth) == (None, (), None)
    assert compared.verdict == "not enough data"
    assert (compared.estimates[0].low, compared.estimates[0].unit, compared.estimates[0].count) == (1.0, "seeds", 1)


def test_falling_is_good_where_less_is_better():
    compared = comparison.compare_depths({4: near(4), 8: near(1)}, larger_is_better=False)
    assert (compared.verdict, compared.critical_depth) == ("supported", None)
    assert compared.total.difference.estimate.value == pytest.approx(-3.0)
    assert comparison.compare_depths({4: near(1), 8: near(4)}, larger_is_better=False).verdict == "contradicted"


def test_negative_values_are_compared_but_have_no_jump():
    compared = comparison.compare_depths({4: near(-0.1), 8: near(0.4)})
    assert compared.steps[0].ratio is None
    assert (compared.critical_depth, compared.verdict) == (None, "supported")


@settings(max_examples=40)
@given(four_seeds, four_seeds, st.integers(-100, 100), st.sampled_from([0.25, 8.0]))
def test_words_do_not_depend_on_unit_and_origin(shallow, deep, shift, scale):
    # Means of four whole numbers and these scales are exact in floating point.
    word = comparison.compare_depths({4: shallow, 8: deep}).verdict
    assert comparison.compare_depths({4: scale * shallow + shift, 8: scale * deep + shift}).verdict == word


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
    with pytest.raises(MetricError, match=r"^p_value=1\.5 is not usable: it is a probability, or NaN where seeds"):
        comparison.verdict(0.1, 1.5, 5)


def test_examples_in_docstrings_hold():
    failures, examples = doctest.testmod(comparison)
    assert examples
    assert not failures


def test_more_steps_need_a_higher_confidence():
    # The step alone is clear at 95 %; among five depths it is no longer enough.
    low, jump = np.array([1.0, 1.2, 0.9, 1.1, 1.0]), np.array([2.2, 3.6, 2.6, 3.4, 2.7])
    alone, among = {4: low, 8: jump}, {4: low, 8: jump, 16: jump, 32: jump, 64: jump}
    assert comparison.critical_depth(alone) == 8
    assert comparison.critical_depth(among) is None
    assert comparison.corrected_confidence(4) == pytest.approx(0.9875)
