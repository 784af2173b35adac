"""The ring against a plain list, under random unroll sizes and episode ends, wrapped around many times."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs import make_env
from crl_train.relabel import sample_batch
from crl_train.replay import actions_at, as_stored, init_replay, insert, sample_anchors, states_at
from crl_train.rollout import Transition

CAPACITY, SLOTS, BATCH = 12, 2, 64

insert_jitted = jax.jit(insert)
draw_anchors = jax.jit(functools.partial(sample_anchors, batch_size=BATCH))
draw_batch = jax.jit(lambda replay, key: sample_batch(replay, make_env("point_u_maze"), key, BATCH, 0.9))
look_up = jax.jit(lambda replay, at: (states_at(replay, at.slot, at.row), actions_at(replay, at.slot, at.row)))


class ListReplay:
    """What the replay promises, written without thought for speed: a list of (row, trajectory id) for every slot."""

    def __init__(self):
        self.rows = [[] for _ in range(SLOTS)]
        self.trajectory = [0] * SLOTS
        self.next_row = 0

    def unroll(self, ends: np.ndarray) -> Transition:
        """Take a step per row of ``ends`` (steps, slots); True ends the slot's episode after that step."""
        ids = np.empty(ends.shape, np.int32)
        for step, ends_now in enumerate(ends):
            for slot, ends_here in enumerate(ends_now):
                ids[step, slot] = self.trajectory[slot]
                self.rows[slot] = [*self.rows[slot], (self.next_row, self.trajectory[slot])][-CAPACITY:]
                self.trajectory[slot] += int(ends_here)
            self.next_row += 1
        row = np.broadcast_to(np.arange(self.next_row - len(ends), self.next_row)[:, None], ends.shape)
        slot = np.broadcast_to(np.arange(SLOTS), ends.shape)
        # The state says where it stands; its first two entries are the goal it achieves.
        state = np.stack([row, slot, ids, np.zeros_like(row)], axis=-1)
        return Transition(jnp.float32(state), jnp.float32(state[..., :2]), jnp.array(ids))

    def num_later(self, slot: int, row: int) -> int:
        trajectory = dict(self.rows[slot])[row]
        return sum(later > row and t == trajectory for later, t in self.rows[slot])


unrolls = st.lists(
    # A few unroll sizes keep the number of compiled programs small; one fills the whole ring.
    st.sampled_from([1, 5, CAPACITY]).flatmap(
        lambda steps: st.lists(st.lists(st.booleans(), min_size=SLOTS, max_size=SLOTS), min_size=steps, max_size=steps)
    ),
    min_size=1,
    max_size=10,
)


def filled(unrolls_):
    model, replay = ListReplay(), init_replay(CAPACITY, SLOTS, 4, 2)
    for ends in unrolls_:
        replay = insert_jitted(replay, model.unroll(np.array(ends)))
    return model, replay


def check_against_the_list(model, replay, key):
    anchors = draw_anchors(replay, key)
    held = [dict(rows) for rows in model.rows]
    for slot, row, num_later in np.stack([anchors.slot, anchors.row, anchors.num_later], axis=-1):
        assert row in held[slot]
        assert num_later == model.num_later(slot, row)
    states, actions = look_up(replay, anchors)
    np.testing.assert_array_equal(states[:, :2], np.stack([anchors.row, anchors.slot], axis=-1))
    np.testing.assert_array_equal(actions, states[:, :2])

    batch = draw_batch(replay, key)
    for (row, slot, trajectory, _), (goal_row, goal_slot) in zip(
        np.asarray(batch.state, int), np.asarray(batch.goal, int), strict=True
    ):
        assert goal_slot == slot
        assert held[slot][goal_row] == trajectory
        assert goal_row > row or (goal_row == row and model.num_later(slot, row) == 0)


@settings(max_examples=40)
@given(unrolls, st.integers(0, 2**31))
def test_ring_agrees_with_a_plain_list(unrolls_, seed):
    model, replay = filled(unrolls_)
    assert replay.rows_written == model.next_row
    check_against_the_list(model, replay, jax.random.key(seed))


@pytest.mark.parametrize("episode_length", [1, 2, 5, 7, 100])
def test_after_many_wraps_with_episodes_of_every_length(episode_length):
    ends = (np.arange(35 * 5).reshape(35, 5) % episode_length == episode_length - 1)[..., None] & np.ones(SLOTS, bool)
    model, replay = filled(ends)
    assert replay.rows_written == 175
    check_against_the_list(model, replay, jax.random.key(0))


def test_last_row_by_hand():
    # Slot 0: trajectories 0 0 1 1 1, slot 1: 0 1 2 2 3, on rows 0 to 4.
    ids = jnp.array([[0, 0], [0, 1], [1, 2], [1, 2], [1, 3]], jnp.int32)
    replay = insert(init_replay(6, 2, 4, 2), Transition(jnp.zeros((5, 2, 4)), jnp.zeros((5, 2, 2)), ids))
    np.testing.assert_array_equal(replay.last_row, [[1, 0], [4, 1], [-1, 3], [-1, 4], [-1, -1], [-1, -1]])
    # Three more steps of trajectories 1 and 3 take rows 5, 6 and 7, the latter two over rows 0 and 1.
    more = Transition(jnp.ones((3, 2, 4)), jnp.ones((3, 2, 2)), jnp.array([[1, 3]] * 3, jnp.int32))
    replay = insert(replay, more)
    np.testing.assert_array_equal(replay.last_row[1], [7, 1])
    np.testing.assert_array_equal(replay.last_row[3], [-1, 7])
    np.testing.assert_array_equal(replay.transitions.state[:, 0, 0], [1, 1, 0, 0, 0, 1])


def test_anchors_are_uniform_over_what_is_held():
    _, replay = filled([np.zeros((5, SLOTS), bool)] * 4)
    counts = np.zeros((20, SLOTS), int)
    for seed in range(100):
        anchors = draw_anchors(replay, jax.random.key(seed))
        np.add.at(counts, (np.asarray(anchors.row), np.asarray(anchors.slot)), 1)
    # 20 rows were written and the last 12 are held; 6400 draws over 24 places are 267 ± 16 each.
    assert not counts[:8].any()
    assert np.abs(counts[8:] - 6400 / 24).max() < 5 * 16


# --- stored in float16 -----------------------------------------------------------------------------------


def test_what_float16_keeps_by_hand():
    # 11 bits: steps of 2⁻⁶ m from 16 to 32 m, of 2⁻⁵ m up to 64 m, of 2⁻¹¹ from 1/2 to 1.
    state = jnp.array([[20.005, 37.26, -20.01, 0.0]])
    replay = insert(
        init_replay(6, 1, 4, 2, "float16"), Transition(state[None], jnp.array([[[0.7, -1.0]]]), jnp.zeros((1, 1), int))
    )
    assert {leaf.dtype.name for leaf in jax.tree.leaves(replay)} == {"float16", "int32"}
    at = jnp.zeros(1, int)
    states, actions = states_at(replay, at, at), actions_at(replay, at, at)
    assert {states.dtype.name, actions.dtype.name} == {"float32"}
    np.testing.assert_array_equal(states, [[20.0, 37.25, -20.015625, 0.0]])
    np.testing.assert_array_equal(actions, [[1434 / 2048, -1.0]])


@given(st.floats(width=32))
def test_stored_numbers_are_off_by_one_part_in_2048_and_divergence_stays(number):
    (stored,) = np.asarray(as_stored(jnp.float32([number]), jnp.dtype("float16")), np.float64)
    if abs(number) <= 65_504:
        # Below 2⁻¹⁴ steps are 2⁻²⁴; processors may take numbers as small as that for 0.
        assert abs(stored - number) <= max(abs(number) / 2048, 2**-14)
    elif np.isfinite(number):
        assert stored == np.copysign(65_504, number)
    else:
        np.testing.assert_equal(stored, number)


def test_float32_is_stored_as_it_is():
    numbers = jnp.float32([37.26, 1e30, -1e-30])
    assert as_stored(numbers, jnp.dtype("float32")) is numbers


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_batch_is_float32_and_its_goals_are_what_was_stored(dtype):
    states = jnp.broadcast_to(jnp.float32([20.005, 4.005, 0, 0]), (5, SLOTS, 4))
    steps = Transition(states, jnp.full((5, SLOTS, 2), 0.3), jnp.zeros((5, SLOTS), jnp.int32))
    batch = draw_batch(insert(init_replay(CAPACITY, SLOTS, 4, 2, dtype), steps), jax.random.key(0))
    assert {leaf.dtype.name for leaf in jax.tree.leaves(batch)} == {"float32"}
    np.testing.assert_array_equal(batch.goal, batch.state[:, :2])
    expected = np.float32([20.005, 4.005]).astype(dtype).astype(np.float32)
    np.testing.assert_array_equal(batch.goal, np.broadcast_to(expected, (BATCH, 2)))


def test_transitions_of_another_shape_are_refused():
    with pytest.raises((ValueError, TypeError)):
        insert(init_replay(6, 2, 4, 2), Transition(jnp.zeros((5, 3, 4)), jnp.zeros((5, 3, 2)), jnp.zeros((5, 3), int)))
