"""The contract derives every index and size from the layout, and says no to what it cannot do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs.goal_env import EnvSpec, EnvState, GoalEnv, StateLayout, batched_reset
from crl_train.errors import ConfigError
from tests.tolerance import assert_close

sizes = st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(1, 5), min_size=1, max_size=5)


class ShiftByOne(GoalEnv):
    """The state is a count of steps between two segments of noise; the goal is the count."""

    spec = EnvSpec("shift", StateLayout(noise=2, count=1), "count", 1, tolerance=0.5, episode_length=5, dt=1.0)

    def reset(self, key):
        state = jnp.append(jax.random.normal(key, (2,)), 0.0)
        observation, reward = self.observe(state, jnp.array([3.0]))
        return EnvState(state, observation, reward, jnp.zeros(()))

    def step(self, env_state, action):
        state = env_state.pipeline_state + jnp.array([0.0, 0.0, 1.0])
        observation, reward = self.observe(state, env_state.obs[3:])
        return EnvState(state, observation, reward, jnp.zeros(()))


def test_segments_of_a_layout_by_hand():
    layout = StateLayout(qpos=15, qvel=14, ball_xy=2)
    assert layout.dim == 31
    assert layout.indices("ball_xy") == (29, 30)


@given(sizes)
@settings(max_examples=50, deadline=None)
def test_segments_tile_the_state_in_order(segments):
    layout = StateLayout(**segments)
    indices = [index for name in segments for index in layout.indices(name)]
    assert indices == list(range(layout.dim))


def test_empty_segment_is_refused():
    with pytest.raises(ConfigError, match="state segment velocity=0 is not usable"):
        StateLayout(position=2, velocity=0)


def test_unknown_segment_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match="unknown state segment 'speed': this state has position, velocity"):
        StateLayout(position=2, velocity=2).indices("speed")


def test_sizes_follow_from_the_layout():
    env = ShiftByOne()
    assert (env.state_dim, env.goal_dim, env.goal_indices, env.observation_size) == (3, 1, (2,), 4)
    assert (env.action_dim, env.action_size, env.name, env.unwrapped) == (1, 1, "shift", env)


def test_observation_splits_into_state_and_goal_and_reward_means_within_tolerance():
    env = ShiftByOne()
    state, goal = jnp.array([7.0, 8.0, 2.75]), jnp.array([3.0])
    observation, reward = env.observe(state, goal)
    np.testing.assert_array_equal(observation, [7.0, 8.0, 2.75, 3.0])
    assert reward == 1.0
    for part, expected in zip(env.split_observation(observation), (state, goal), strict=True):
        np.testing.assert_array_equal(part, expected)
    np.testing.assert_array_equal(env.achieved_goal(jnp.stack([state, 2 * state])), [[2.75], [5.5]])
    assert_close(env.goal_distance(state, goal), 0.25, terms=8)
    assert env.observe(state, jnp.array([3.5]))[1] == 0.0


def test_batched_reset_draws_independent_copies():
    state = batched_reset(ShiftByOne(), jax.random.key(0), 4)
    assert state.obs.shape == (4, 4)
    assert state.done.shape == (4,)
    assert len(np.unique(np.asarray(state.obs[:, 0]))) == 4


def test_environment_without_a_plane_says_so():
    with pytest.raises(ConfigError, match="environment 'shift' is not planar"):
        ShiftByOne().planar_state(jnp.zeros(2))
