"""The losses on a 2 × 2 matrix worked out by hand, and what must leave them alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crl_train.losses import (
    CONTRASTIVE_LOSSES,
    actor_loss,
    backward_infonce,
    binary_nce,
    categorical_accuracy,
    entropy_coefficient_loss,
    forward_infonce,
    logsumexp_penalty,
    mean_off_diagonal,
    symmetric_infonce,
)
from tests.tolerance import assert_close, float32_tolerance

# Every exponential is a whole number: rows (2, 1) and (3, 1), columns (2, 3) and (1, 1).
LOGITS = jnp.log(jnp.array([[2.0, 1.0], [3.0, 1.0]]))

# Roundings on the longest way to a loss of up to seven rows: an exponential, two sums, a logarithm.
TERMS = 4 + 7 + 4 + 7

ACCURACY = jax.jit(categorical_accuracy)
LOSSES = {name: jax.jit(loss) for name, loss in CONTRASTIVE_LOSSES.items()}

logit_matrices = hnp.arrays(np.float32, (5, 5), elements=st.floats(-20, 20, width=32))


def test_forward_infonce_by_hand():
    # Row 1 picks its goal with 2/3, row 2 with 1/4: −½ (log 2/3 + log 1/4) = ½ log 6
    assert_close(forward_infonce(LOGITS), 0.5 * np.log(6), terms=TERMS)


def test_backward_infonce_by_hand():
    # Column 1 picks its state-action with 2/5, column 2 with 1/2: −½ (log 2/5 + log 1/2) = ½ log 5
    assert_close(backward_infonce(LOGITS), 0.5 * np.log(5), terms=TERMS)


def test_symmetric_infonce_by_hand():
    # The mean of the two: ¼ (log 6 + log 5)
    assert_close(symmetric_infonce(LOGITS), 0.25 * np.log(30), terms=TERMS)


def test_binary_nce_by_hand():
    # sigmoid(log x) = x / (1 + x). Positives 2 and 1: 2/3 and 1/2. Negatives 1 and 3 must be told as such: 1/2 and 1/4.
    # −¼ (log 2/3 + log 1/2 + log 1/2 + log 1/4) = ¼ log 24
    assert_close(binary_nce(LOGITS), 0.25 * np.log(24), terms=TERMS)


def test_logsumexp_penalty_by_hand():
    # The rows' sums of exponentials are 3 and 4: ½ (log² 3 + log² 4)
    assert_close(logsumexp_penalty(LOGITS), 0.5 * (np.log(3) ** 2 + np.log(4) ** 2), terms=TERMS)


def test_accuracy_and_negatives_by_hand():
    # Row 1 has its largest logit on the diagonal, row 2 has not; off the diagonal stand log 1 and log 3.
    assert categorical_accuracy(LOGITS) == 0.5
    assert_close(mean_off_diagonal(LOGITS), np.log(3) / 2, terms=TERMS)


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(np.float32, (5, 5), elements=st.sampled_from([-1.0, 0.0, 0.5])))
def test_accuracy_is_that_of_the_first_largest_logit_also_among_equal_ones(logits):
    assert float(ACCURACY(logits)) == np.mean(logits.argmax(axis=1) == np.arange(5), dtype=np.float32)


def test_actor_loss_by_hand():
    # ½ [(0.5·(−2) − (−3)) + (0.5·4 − (−1))] = ½ (2 + 3)
    assert actor_loss(jnp.array([-3.0, -1.0]), jnp.array([-2.0, 4.0]), jnp.array(0.5)) == 2.5


@pytest.mark.parametrize(
    ("entropy", "gradient"),
    [
        # α (entropy − target) with α = 2 and target −1: descent raises log α below the target and lowers it above.
        (-3.0, -4.0),
        (-1.0, 0.0),
        (4.0, 10.0),
    ],
)
def test_entropy_coefficient_moves_towards_its_target(entropy, gradient):
    log_coefficient, log_prob = jnp.log(2.0), -entropy * jnp.ones(3)
    by_coefficient, by_log_prob = jax.grad(entropy_coefficient_loss, argnums=(0, 1))(log_coefficient, log_prob, -1.0)
    assert_close(by_coefficient, gradient, terms=TERMS, scale=10)
    np.testing.assert_array_equal(by_log_prob, 0)


@settings(max_examples=50)
@given(logit_matrices, hnp.arrays(np.float32, (5, 1), elements=st.floats(-20, 20, width=32)))
def test_offsets_that_infonce_leaves_free(logits, offsets):
    logits, offsets = jnp.array(logits), jnp.array(offsets)
    forward, backward = LOSSES["forward_infonce"], LOSSES["backward_infonce"]
    assert_close(forward(logits + offsets), forward(logits), terms=TERMS, scale=40)
    assert_close(backward(logits + offsets.T), backward(logits), terms=TERMS, scale=40)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@settings(max_examples=30)
@given(logit_matrices, st.permutations(range(5)))
def test_order_of_the_batch_does_not_matter(loss, logits, order):
    shuffled = logits[np.ix_(order, order)]
    assert_close(loss(jnp.array(shuffled)), loss(jnp.array(logits)), terms=TERMS, scale=40)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@settings(max_examples=30)
@given(logit_matrices)
def test_losses_are_positive_and_fall_as_positives_rise(loss, logits):
    logits = jnp.array(logits)
    rounding = float32_tolerance(TERMS, scale=60)
    assert loss(logits) >= -rounding
    assert loss(logits + 40 * jnp.eye(5)) <= loss(logits) + rounding


@pytest.mark.parametrize("scale", [1e4, -1e4])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_extreme_logits_stay_finite(loss, scale):
    value, gradient = jax.value_and_grad(loss)(scale * jnp.eye(3))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_uniform_logits_give_log_of_the_batch():
    for loss in (forward_infonce, backward_infonce, symmetric_infonce):
        assert_close(loss(jnp.full((7, 7), -3.0)), np.log(7), terms=TERMS, scale=3)


def test_logits_that_are_not_square_are_refused():
    with pytest.raises(Exception, match="logits"):
        forward_infonce(jnp.zeros((2, 3)))
