"""Retrieval, its bound in nats, and the depth at which it is readable: hand-made matrices and curves."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crl_probe.metrics import MetricError, contrastive

MATRICES = st.integers(2, 8).flatmap(lambda n: arrays(np.float64, (n, n), elements=st.integers(-5, 5)))


def test_three_pairs_by_hand():
    # Row 0 finds its own goal, row 1 ties its own with another, row 2 prefers a foreign one.
    energies = np.array([[0.0, -1.0, -2.0], [-1.0, -1.0, -3.0], [-1.0, -2.0, -2.0]])
    assert contrastive.retrieval_accuracy(energies) == pytest.approx((1 + 1 / 2 + 0) / 3)
    e = np.exp
    own_shares = [1 / (1 + e(-1) + e(-2)), e(-1) / (2 * e(-1) + e(-3)), e(-2) / (e(-1) + 2 * e(-2))]
    assert contrastive.infonce_bound(energies) == pytest.approx(np.log(3) + np.mean(np.log(own_shares)))


@pytest.mark.parametrize("pairs", [2, 3, 256])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_critic_that_knows_all_and_one_that_knows_nothing(pairs, dtype):
    certain = (100.0 * np.eye(pairs) - 1_000.0).astype(dtype)
    assert contrastive.retrieval_accuracy(certain) == 1.0
    assert contrastive.infonce_bound(certain) == pytest.approx(np.log(pairs))
    constant = np.full((pairs, pairs), -3.3, dtype)
    assert contrastive.retrieval_accuracy(constant) == pytest.approx(1 / pairs)
    assert contrastive.infonce_bound(constant) == pytest.approx(0.0, abs=1e-12)


def test_a_critic_that_is_confidently_wrong_falls_below_zero():
    wrong = 100.0 * np.roll(np.eye(4), 1, axis=1)
    assert contrastive.retrieval_accuracy(wrong) == 0.0
    assert contrastive.infonce_bound(wrong) == pytest.approx(np.log(4) - 100.0)


@settings(max_examples=60)
@given(MATRICES)
def test_no_critic_exceeds_its_bounds(energies):
    assert 0.0 <= contrastive.retrieval_accuracy(energies) <= 1.0
    assert contrastive.infonce_bound(energies) <= np.log(len(energies)) + 1e-12


@settings(max_examples=60)
@given(MATRICES, st.integers(0, 2**32 - 1), st.sampled_from([0.5, 1.0, 4.0]))
def test_order_of_pairs_and_offsets_of_rows_do_not_matter(energies, seed, scale):
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(energies))
    # Whole numbers, so that ties stay ties.
    offset = generator.integers(-50, 50, size=(len(energies), 1)).astype(np.float64)
    after = (energies + offset)[np.ix_(order, order)]
    assert contrastive.retrieval_accuracy(scale * after) == pytest.approx(contrastive.retrieval_accuracy(energies))
    assert contrastive.infonce_bound(after) == pytest.approx(contrastive.infonce_bound(energies), abs=1e-9)


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ([0.1, 0.5, 0.76, 0.75, 0.8], 2 / 4),  # 90 % of 0.8 is 0.72
        ([0.1, 0.5, 0.76, 0.7, 0.8], 4 / 4),  # block 3 falls below again
        ([0.1, 0.3, 0.72, 0.8], 2 / 3),  # exactly 90 %
        ([0.1, 0.3, 0.7199, 0.8], 3 / 3),
        ([0.5, 0.5], 0.0),  # the stem alone knows it all
        ([-0.5, 0.2, 0.4], 1.0),
        ([0.9, 0.1, 0.2], 1.0),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_readable_depth_by_hand(values, share, dtype):
    assert contrastive.readable_depth(np.array(values, dtype)) == pytest.approx(share)


def test_readable_depth_is_where_the_score_stays_up():
    """A peak at the second block that is lost again does not count."""
    assert contrastive.readable_depth(np.array([0.0, 0.95, 0.2, 0.92, 1.0])) == 3 / 4
    assert contrastive.readable_depth(np.array([0.95, 0.9, 0.97])) == 0.0


def test_readable_depth_is_of_what_is_above_chance():
    """Of 0.5 above a chance of 0.5, 90 % is 0.95."""
    values = np.array([0.5, 0.9, 0.95, 1.0])
    assert contrastive.readable_depth(values, chance=0.5) == 2 / 3
    assert contrastive.readable_depth(values) == 1 / 3
    with pytest.raises(ValueError, match=r"scores 1: readable_depth needs a score above chance, 1\.$"):
        contrastive.readable_depth(values, chance=1.0)


def test_readable_depth_of_some_prefixes_counts_blocks_and_not_prefixes():
    assert contrastive.readable_depth(np.array([0.1, 0.9, 1.0]), blocks=np.array([0, 4, 16])) == 4 / 16


@settings(max_examples=40)
@given(arrays(np.float64, 9, elements=st.floats(0.01, 1.0)), st.floats(0.1, 10.0))
def test_scale_of_the_score_does_not_matter_to_readable_depth(values, scale):
    share = contrastive.readable_depth(values)
    assert contrastive.readable_depth(scale * values) == share
    assert values[round(8 * share)] >= 0.9 * values[-1] - 1e-5


SQUARE = np.eye(4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: contrastive.retrieval_accuracy(SQUARE[:1, :1]), "number of pairs=1 is too few"),
        (lambda: contrastive.retrieval_accuracy(SQUARE * np.nan), "energies holds 16 values"),
        (lambda: contrastive.infonce_bound(SQUARE / 0), "energies holds 16 values"),
        (lambda: inspect.unwrap(contrastive.infonce_bound)(SQUARE[:3]), r"energies has shape \(3, 4\): it needs one"),
        (lambda: contrastive.readable_depth(np.ones(1)), "number of values=1 is too few"),
        (lambda: contrastive.readable_depth(np.array([0.1, np.nan])), "values holds 1 values"),
        (
            lambda: contrastive.readable_depth(np.array([0.1, 0.0])),
            "the whole network scores 0: readable_depth needs a score above chance, 0",
        ),
        (lambda: contrastive.readable_depth(np.array([0.1, -0.25])), "the whole network scores -0.25"),
        (lambda: contrastive.readable_depth(np.ones(3), np.array([0, 2, 2])), r"blocks=\[0, 2, 2\] does not ascend"),
        (lambda: contrastive.readable_depth(np.ones(2), np.array([-1, 2])), "does not ascend from 0 or more"),
        (
            lambda: inspect.unwrap(contrastive.readable_depth)(np.ones(3), np.arange(2)),
            r"lengths differ \(values: 3, blocks: 2\)",
        ),
    ],
)
def test_unusable_input_is_explained(call, message):
    with pytest.raises(MetricError, match=message) as caught, np.errstate(all="ignore"):
        call()
    assert "\n" not in str(caught.value)
