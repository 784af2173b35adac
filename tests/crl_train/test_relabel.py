"""Future offsets follow the truncated geometric law exactly, and goals come from the anchor's own future."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs import make_env
from crl_train.relabel import future_offset, sample_batch
from crl_train.replay import init_replay, insert
from crl_train.rollout import Transition

offsets_of = jax.jit(future_offset, static_argnums=2)


def law(num_later: int, discount: float) -> np.ndarray:
    """P(k) ∝ γ^k for k = 1..n, in float64."""
    weights = discount ** np.arange(num_later, dtype=np.float64)
    return weights / weights.sum()


def frequencies(num_later: int, discount: float, grid: int = 200_000) -> np.ndarray:
    """Share of every offset when the uniform number runs through an even grid: the law itself, up to 1/grid."""
    uniform = (np.arange(grid) + 0.5) / grid
    offsets = offsets_of(jnp.array(uniform, jnp.float32), jnp.full(grid, num_later), discount)
    return np.bincount(offsets, minlength=num_later + 1)[1:] / grid


def test_law_by_hand():
    # γ = 1/2, n = 3: weights 4 : 2 : 1, so the distribution function steps at 4/7 = 0.571 and 6/7 = 0.857.
    uniform = jnp.array([0.0, 0.57, 0.58, 0.85, 0.86, 0.9999999])
    assert offsets_of(uniform, jnp.full(6, 3), 0.5).tolist() == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("num_later", [1, 2, 7, 60, 999])
@pytest.mark.parametrize("discount", [0.01, 0.5, 0.9, 0.99, 0.999, 0.9999])
def test_frequencies_are_the_truncated_geometric_law(num_later, discount):
    found, expected = frequencies(num_later, discount), law(num_later, discount)
    # Float32 uniform numbers round to a step of 6e-8, and 1 - γ^k to about 1e-7 of itself.
    np.testing.assert_allclose(found, expected, atol=2e-5)
    np.testing.assert_allclose(np.cumsum(found), np.cumsum(expected), atol=1e-4)


@pytest.mark.parametrize("discount", [1 - 1e-5, 1 - 1e-6])
def test_discount_close_to_one_is_nearly_uniform(discount):
    np.testing.assert_allclose(frequencies(50, discount), 1 / 50, atol=1e-4)


def test_last_step_of_a_trajectory_becomes_its_own_goal():
    assert offsets_of(jnp.linspace(0, 0.999, 50), jnp.zeros(50, jnp.int32), 0.99).tolist() == [0] * 50


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True, width=32), st.integers(1, 100_000)), min_size=8, max_size=8),
    st.sampled_from([0.01, 0.5, 0.99, 0.9999, 0.999999]),
)
def test_offset_stays_within_the_trajectory(draws, discount):
    uniform, num_later = map(np.array, zip(*draws, strict=True))
    offsets = np.asarray(offsets_of(jnp.array(uniform, jnp.float32), jnp.array(num_later), discount))
    assert (offsets >= 1).all()
    assert (offsets <= num_later).all()


@settings(max_examples=50)
@given(st.integers(1, 300), st.sampled_from([0.5, 0.99, 0.9999]))
def test_offset_rises_with_the_uniform_number(num_later, discount):
    offsets = offsets_of(jnp.linspace(0, 0.9999, 64), jnp.full(64, num_later), discount)
    assert (np.diff(offsets) >= 0).all()


def test_offsets_are_the_same_where_types_may_not_be_promoted():
    inputs = jnp.linspace(0, 0.999, 50), jnp.arange(50), 0.99
    expected = future_offset(*inputs)
    with jax.numpy_dtype_promotion("strict"):
        np.testing.assert_array_equal(future_offset(*inputs), expected)


def test_shapes_that_disagree_are_refused():
    with pytest.raises(Exception, match="num_later"):
        future_offset(jnp.zeros(3), jnp.zeros(4, jnp.int32), 0.9)


# --- batches ---------------------------------------------------------------------------------------------


def test_batches_hold_an_anchor_and_a_future_position_of_its_trajectory():
    env = make_env("point_u_maze")
    steps, slots = 40, 3
    trajectory_id = jnp.repeat(jnp.arange(5), 8)[:, None] * jnp.ones((1, slots), jnp.int32)
    row, slot = jnp.meshgrid(jnp.arange(steps), jnp.arange(slots), indexing="ij")
    # Position (row, slot), velocity (id, −1): a goal, which is a position, tells where it was taken from.
    state = jnp.stack([row, slot, trajectory_id, jnp.full_like(row, -1)], axis=-1).astype(jnp.float32)
    action = jnp.stack([row + 1000, slot], axis=-1).astype(jnp.float32)
    replay = insert(init_replay(100, slots, 4, 2), Transition(state, action, trajectory_id.astype(jnp.int32)))
    batch = sample_batch(replay, env, jax.random.key(0), 4000, 0.9)

    row, slot, trajectory = np.asarray(batch.state[:, :3]).T
    np.testing.assert_array_equal(batch.action, np.stack([row + 1000, slot], axis=-1))
    goal_row, goal_slot = np.asarray(batch.goal).T
    np.testing.assert_array_equal(goal_slot, slot)
    np.testing.assert_array_equal(goal_row // 8, trajectory)
    offset, num_later = goal_row - row, 8 * (trajectory + 1) - 1 - row
    assert (offset[num_later > 0] >= 1).all()
    assert (offset[num_later == 0] == 0).all()
    # Anchors are uniform over the 120 steps held: each is drawn 33 times on average, never above 33 + 5 √33.
    counts = np.bincount((row * slots + slot).astype(int), minlength=steps * slots)
    assert counts.min() > 5
    assert counts.max() < 63
    # With 7 later steps offset 1 has probability 0.1 / (1 − 0.9⁷) = 0.192; about 500 anchors stand there.
    first = offset[num_later == 7]
    np.testing.assert_allclose((first == 1).mean(), law(7, 0.9)[0], atol=4 * np.sqrt(0.192 * 0.808 / len(first)))
