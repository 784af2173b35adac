"""Whole episodes as they happened: shapes, distances recomputed, and the same starts for every policy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train import evaluation
from crl_train.envs import make_env
from crl_train.envs.goal_env import EnvState
from crl_train.envs.point_maze import PointMaze
from crl_train.errors import ConfigError
from crl_train.evaluation import collect_episodes
from crl_train.networks import make_networks
from crl_train.policy import make_act
from tests.crl_train.helpers import tiny_config
from tests.crl_train.test_rollout import Counter
from tests.tolerance import assert_close

ENV = make_env("point_u_maze")


def stand(state, goal, key):
    return jnp.zeros((*state.shape[:-1], ENV.action_dim))


def wander(state, goal, key):
    return jax.random.uniform(key, (*state.shape[:-1], ENV.action_dim), minval=-1, maxval=1)


@pytest.fixture(scope="module")
def episodes():
    return collect_episodes(ENV, wander, jax.random.key(0), num_episodes=5, episode_length=20)


def test_shapes_and_types(episodes):
    assert episodes.states.shape == (5, 21, 4)
    assert episodes.actions.shape == (5, 20, 2)
    assert episodes.commanded_goals.shape == (5, 2)
    assert episodes.distances.shape == episodes.reached.shape == episodes.active.shape == (5, 20)
    assert episodes.reached.dtype == episodes.active.dtype == bool
    assert isinstance(episodes.states, np.ndarray)


def test_distances_are_those_after_each_step(episodes):
    expected = np.linalg.norm(episodes.states[:, 1:, :2] - episodes.commanded_goals[:, None], axis=-1)
    assert_close(episodes.distances, expected, terms=8)


def test_reached_is_what_the_environment_says_after_each_step():
    class Near(PointMaze):
        def success(self, state, goal):
            return (self.goal_distance(state, goal) < 10.0) & (state[..., 2] > 0)

    episodes = collect_episodes(Near(ENV.maze), wander, jax.random.key(0), 5, 20)
    expected = (episodes.distances < 10.0) & (episodes.states[:, 1:, 2] > 0)
    assert 0 < expected.sum() < expected.size
    np.testing.assert_array_equal(episodes.reached, expected)


def test_every_step_is_active_where_the_environment_ends_no_episode(episodes):
    assert episodes.active.all()
    np.testing.assert_array_equal(episodes.reached, episodes.distances < ENV.spec.tolerance)


def test_one_that_stands_still_keeps_its_distance():
    episodes = collect_episodes(ENV, stand, jax.random.key(0), 3, 4)
    np.testing.assert_array_equal(episodes.states, np.repeat(episodes.states[:, :1], 5, axis=1))
    assert_close(episodes.distances, np.repeat(episodes.distances[:, :1], 4, axis=1), terms=8)


def test_same_key_gives_every_policy_the_same_starts_and_goals(episodes):
    other = collect_episodes(ENV, stand, jax.random.key(0), 5, 20)
    assert_close(other.states[:, 0], episodes.states[:, 0], terms=2)
    assert_close(other.commanded_goals, episodes.commanded_goals, terms=2)
    assert not np.array_equal(other.actions, episodes.actions)


@settings(max_examples=5)
@given(st.integers(0, 2**31))
def test_episodes_differ_and_depend_on_the_key_alone(seed):
    first, again = (collect_episodes(ENV, wander, jax.random.key(seed), 4, 3) for _ in range(2))
    np.testing.assert_array_equal(first.states, again.states)
    assert len(np.unique(first.states[:, 0, 0])) == len(np.unique(first.commanded_goals[:, 0])) == 4


def test_episode_that_ends_by_itself_is_held_there():
    # The count stops at 3, when the environment says it is done.
    episodes = collect_episodes(Counter(limit=3), lambda state, goal, key: state[..., :1], jax.random.key(0), 2, 6)
    np.testing.assert_array_equal(episodes.states[:, :, 0], [[0, 1, 2, 3, 3, 3, 3]] * 2)
    # The third step ends the episode and was taken; the three after it were not.
    np.testing.assert_array_equal(episodes.active, [[True] * 3 + [False] * 3] * 2)


def test_actions_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="too many values to unpack"):
        collect_episodes(ENV, lambda state, goal, key: jnp.zeros((*state.shape[:-1], 3)), jax.random.key(0), 2, 2)


@pytest.mark.parametrize("episodes", [100, 1_000])
def test_candidates_of_an_action_count_as_memory(monkeypatch, episodes):
    env, config = make_env("point_u_maze"), tiny_config()
    networks = make_networks(config, env.action_dim)
    policy = make_act(networks, {}, config.energy, "best_of_9999")
    monkeypatch.setattr("crl_train.evaluation.free_memory", lambda: 5 * 10**6)
    with pytest.raises(ConfigError, match=r"needs at least .* \(K of best_of_K or episodes alone takes"):
        collect_episodes(env, policy, jax.random.key(0), episodes, 15)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(1, 7))
def test_steps_after_the_last_episode_are_recorded_as_if_they_had_been_taken(lengths, num_steps):
    lengths = jnp.array(lengths, jnp.float32)

    def step(env_state, key):
        ended = env_state.done > 0
        count = env_state.obs + ~ended
        after = env_state.replace(obs=count, done=(count >= lengths).astype(jnp.float32))
        return after, (count, jnp.zeros(()), count, count > 2, ~ended)

    zeros = jnp.zeros(len(lengths))
    start = EnvState(pipeline_state=(), obs=zeros, reward=zeros, done=zeros)
    keys = jax.random.split(jax.random.key(0), num_steps)
    found = evaluation._scan_until_nothing_is_active(step, start, keys)
    _, expected = jax.lax.scan(step, start, keys)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
