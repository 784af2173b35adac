"""Steps are recorded as they were taken, and an episode's end brings a fresh start, goal and trajectory id."""

import dataclasses
import functools
import itertools
import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs import make_env
from crl_train.envs.goal_env import EnvSpec, EnvState, GoalEnv, StateLayout
from crl_train.rollout import draw_resets, reset_slots, step_slots, unroll

NUM_ENVS = 3


class Counter(GoalEnv):
    """State (steps since reset, number drawn at reset); ends an episode by itself once the count reaches ``limit``."""

    spec = EnvSpec("counter", StateLayout(count=1, start=1), "start", 1, tolerance=0.5, episode_length=9, dt=1.0)

    def __init__(self, limit=1000):
        self.limit = limit

    def reset(self, key):
        start, goal = jax.random.uniform(key, (2, 1))
        return self._at(jnp.concatenate([jnp.zeros(1), start]), goal)

    def step(self, env_state: EnvState, action) -> EnvState:
        state, goal = self.split_observation(env_state.obs)
        return self._at(state + jnp.array([1.0, 0.0]), goal)

    def _at(self, state, goal):
        observation, reward = self.observe(state, goal)
        done = (state[0] >= self.limit).astype(jnp.float32)
        return EnvState(pipeline_state=state, obs=observation, reward=reward, done=done)


class Restless(Counter):
    """Ends its episodes after one to four steps, as the number drawn at reset decides."""

    def step(self, env_state, action):
        after = super().step(env_state, action)
        count, start = after.pipeline_state
        return dataclasses.replace(after, done=(count >= 1 + jnp.floor(4 * start)).astype(jnp.float32))


class Returning(Restless):
    """Goes back to where it began, as the environments of reference trainers do."""

    spec = dataclasses.replace(Counter.spec, fixed_starts=True)


COUNTER, RESTLESS, RETURNING = Counter(), Restless(), Returning()


def act(state, goal, key):
    """An action that tells which state it answers to."""
    return state[..., :1]


@functools.partial(jax.jit, static_argnums=(0, 2, 3, 4))
def run(env, key, num_steps, episode_length, num_envs=NUM_ENVS):
    reset_key, key = jax.random.split(key)
    slots = reset_slots(env, reset_key, num_envs)
    return slots, *unroll(env, act, slots, key, num_steps, episode_length)


def stepper(env, slots, num_steps, episode_length):
    """A function that advances the slots by one step without acting."""
    pool = draw_resets(env, slots, jax.random.key(1), num_steps, episode_length)
    nothing = jnp.zeros((NUM_ENVS, env.action_dim))
    return jax.jit(lambda slots: step_slots(env, slots, nothing, pool, episode_length))


def starts_of(taken, slot):
    """The number drawn at reset for every episode that a slot began, in order."""
    counts, starts = np.asarray(taken.state[:, slot]).T
    return starts[counts == 0]


def test_unroll_by_hand():
    # Episodes of 3 steps: the count goes 0 1 2, 0 1 2, 0 and stands at 1 after the seventh step.
    before, after, taken = run(COUNTER, jax.random.key(0), 7, 3)
    assert taken.state.shape == (7, NUM_ENVS, 2)
    np.testing.assert_array_equal(taken.state[:, 0, 0], [0, 1, 2, 0, 1, 2, 0])
    np.testing.assert_array_equal(taken.action[:, 0, 0], [0, 1, 2, 0, 1, 2, 0])
    np.testing.assert_array_equal(taken.trajectory_id[:, 0], [0, 0, 0, 1, 1, 1, 2])
    np.testing.assert_array_equal(taken.state[0], before.env_state.obs[:, :2])
    np.testing.assert_array_equal(after.env_state.obs[:, 0], [1] * NUM_ENVS)
    np.testing.assert_array_equal(after.episode_step, [1] * NUM_ENVS)
    np.testing.assert_array_equal(after.trajectory_id, [2] * NUM_ENVS)


def test_every_episode_has_a_start_of_its_own():
    _, _, taken = run(COUNTER, jax.random.key(1), 12, 3)
    starts = np.asarray(taken.state[::3, :, 1])
    assert len(np.unique(starts)) == starts.size
    np.testing.assert_array_equal(taken.state[:, :, 1], np.repeat(starts, 3, axis=0))


@settings(max_examples=20)
@given(st.sampled_from([(2, 2), (2, 30), (3, 3), (5, 1), (5, 30)]), st.integers(0, 2**31))
def test_no_two_episodes_in_a_row_start_alike_however_often_the_environment_ends_them(sizes, seed):
    num_envs, episode_length = sizes
    _, _, taken = run(RESTLESS, jax.random.key(seed), 24, episode_length, num_envs)
    for slot in range(num_envs):
        starts = starts_of(taken, slot)
        assert len(starts) > 24 // 4 - 1
        assert (np.diff(starts) != 0).all()


def test_slot_that_ends_early_and_often_goes_on_in_the_next_column():
    # Episodes of one step, four rounds for a length of 2 in 8 steps: rounds 0 to 3 of the own column, then the next.
    env = Counter(limit=1)
    slots = reset_slots(env, jax.random.key(0), NUM_ENVS)
    pool = draw_resets(env, slots, jax.random.key(1), 8, 2)
    drawn = np.asarray(pool.rounds.obs[:, :, 1])
    assert drawn.shape == (4, NUM_ENVS)
    step, seen = stepper(env, slots, 8, 2), []
    for _ in range(8):
        slots = step(slots)
        seen.append(np.asarray(slots.env_state.obs[:, 1]))
    np.testing.assert_array_equal(seen, np.concatenate([drawn, np.roll(drawn, -1, axis=1)]))


def test_fixed_starts_put_a_slot_back_to_its_first_start_and_goal_for_ever():
    before, after, taken = run(RETURNING, jax.random.key(2), 24, 3)
    first, goals = np.split(np.asarray(before.env_state.obs), [2], axis=-1)
    np.testing.assert_array_equal(taken.state[:, :, 1], np.broadcast_to(first[:, 1], (24, NUM_ENVS)))
    np.testing.assert_array_equal(after.env_state.obs[:, 2:], goals)
    assert (after.trajectory_id >= 24 // 3).all()
    assert "random_bits" not in str(
        jax.make_jaxpr(lambda slots, key: unroll(RETURNING, act, slots, key, 7, 3))(before, jax.random.key(0))
    )


def test_no_step_draws_a_reset_also_where_several_seeds_are_trained_together():
    def unroll_seeds(slots, keys):
        return jax.vmap(lambda slots, key: unroll(COUNTER, act, slots, key, 7, 3))(slots, keys)

    keys = jax.random.split(jax.random.key(0), 2)
    slots = jax.vmap(lambda key: reset_slots(COUNTER, key, NUM_ENVS))(keys)
    program = jax.make_jaxpr(unroll_seeds)(slots, keys)
    scans = [equation for equation in program.eqns if equation.primitive.name == "scan"]
    assert len(scans) == 1
    assert "random_bits" in str(program)
    assert "random_bits" not in str(scans[0].params["jaxpr"])

    together, taken = jax.jit(unroll_seeds)(slots, keys)
    for seed in range(2):
        alone, taken_alone = unroll(COUNTER, act, jax.tree.map(operator.itemgetter(seed), slots), keys[seed], 7, 3)
        np.testing.assert_array_equal(together.trajectory_id[seed], alone.trajectory_id)
        np.testing.assert_allclose(taken.state[seed], taken_alone.state, rtol=1e-6)


@pytest.mark.parametrize("env", [COUNTER, make_env("point_u_maze")], ids=["counter", "point_u_maze"])
def test_reset_brings_fresh_goals_and_no_step_before_it_does(env):
    slots = reset_slots(env, jax.random.key(0), NUM_ENVS)
    step = stepper(env, slots, 9, 4)
    goals = [slots.env_state.obs[:, env.state_dim :]]
    for _ in range(9):
        slots = step(slots)
        goals.append(slots.env_state.obs[:, env.state_dim :])
    same = [bool((now == before).any()) for before, now in itertools.pairwise(goals)]
    assert same == [True, True, True, False, True, True, True, False, True]
    np.testing.assert_array_equal(slots.trajectory_id, [2] * NUM_ENVS)


def test_episode_that_the_environment_ends_is_reset_alone():
    env = Counter(limit=5)
    slots = reset_slots(env, jax.random.key(0), NUM_ENVS)
    # Slot 1 is three steps ahead of the others, so it ends after two more.
    ahead = dataclasses.replace(slots.env_state, obs=slots.env_state.obs.at[1, 0].set(3.0))
    slots = dataclasses.replace(slots, env_state=ahead)
    step = stepper(env, slots, 2, 100)
    for _ in range(2):
        before, slots = slots, step(slots)
    np.testing.assert_array_equal(slots.env_state.obs[:, 0], [2, 0, 2])
    np.testing.assert_array_equal(slots.episode_step, [2, 0, 2])
    np.testing.assert_array_equal(slots.trajectory_id, [0, 1, 0])
    np.testing.assert_array_equal(slots.env_state.done, [0, 0, 0])
    assert slots.env_state.obs[1, 1] != before.env_state.obs[1, 1]
    assert slots.env_state.obs[0, 1] == before.env_state.obs[0, 1]


@settings(max_examples=20)
@given(st.sampled_from([1, 2, 5]), st.integers(0, 2**31))
def test_ids_count_up_by_one_and_only_at_starts(episode_length, seed):
    _, _, taken = run(COUNTER, jax.random.key(seed), 11, episode_length)
    ids, counts = np.asarray(taken.trajectory_id), np.asarray(taken.state[:, :, 0])
    np.testing.assert_array_equal(np.diff(ids, axis=0), counts[1:] == 0)
    assert counts.max() == min(episode_length, 11) - 1


def test_states_and_actions_replay_the_environment():
    env = make_env("point_u_maze")
    slots = reset_slots(env, jax.random.key(0), NUM_ENVS)

    def wander(state, goal, key):
        return jax.random.uniform(key, (*state.shape[:-1], 2), minval=-1, maxval=1)

    _, taken = jax.jit(lambda slots, key: unroll(env, wander, slots, key, 10, 100))(slots, jax.random.key(1))
    env_state, step = slots.env_state, jax.jit(jax.vmap(env.step))
    for state, action in zip(taken.state, taken.action, strict=True):
        # Two programs, and yet to the bit: see test_point_maze.py.
        np.testing.assert_array_equal(state, env_state.obs[:, : env.state_dim])
        env_state = step(env_state, action)


def test_action_of_another_shape_is_refused():
    env = make_env("point_u_maze")
    slots = reset_slots(env, jax.random.key(0), NUM_ENVS)
    with pytest.raises(Exception, match="action"):
        step_slots(env, slots, jnp.zeros((NUM_ENVS + 1, 2)), draw_resets(env, slots, jax.random.key(0), 4, 4), 4)
