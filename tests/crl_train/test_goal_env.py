"""The contract derives every index and size from the layout, and says no to what it cannot do."""

import dataclasses

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


class HoldStill(ShiftByOne):
    """The count is reached only while both entries of noise are below 1 in size: a rule of two parts."""

    def success(self, state, goal):
        return super().success(state, goal) & (jnp.abs(state[..., :2]) < 1).all(axis=-1)


def test_segments_of_a_layout_by_hand():
    layout = StateLayout(qpos=15, qvel=14, ball_xy=2)
    assert layout.dim == 31
    assert layout.indices("ball_xy") == (29, 30)


@given(sizes)
@settings(max_examples=50)
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


def test_success_is_a_distance_below_the_tolerance_for_any_batch_axes():
    states = jnp.array([[[0.0, 0.0, 2.75], [0.0, 0.0, 2.5]], [[9.0, 9.0, 3.0], [0.0, 0.0, 3.5]]])
    goals = jnp.full((2, 2, 1), 3.0)
    # Distances are 0.25, 0.5, 0 and 0.5; the tolerance of 0.5 itself is not reached.
    np.testing.assert_array_equal(ShiftByOne().success(states, goals), [[True, False], [True, False]])
    assert ShiftByOne().success(states[0, 0], goals[0, 0]).shape == ()


def test_environment_with_its_own_rule_of_success_is_rewarded_by_it():
    env, goal = HoldStill(), jnp.array([3.0])
    states = jnp.array([[0.0, 0.0, 3.0], [0.0, 2.0, 3.0], [0.0, 0.0, 4.0]])
    np.testing.assert_array_equal(env.success(states, jnp.broadcast_to(goal, (3, 1))), [True, False, False])
    assert [float(env.observe(state, goal)[1]) for state in states] == [1.0, 0.0, 0.0]


def spec_of(goal_dim, **changes):
    layout = StateLayout(noise=2, body=goal_dim)
    return EnvSpec("env", layout, "body", 1, tolerance=0.5, episode_length=5, dt=1.0, **changes)


class Placed(ShiftByOne):
    def __init__(self, spec):
        self.spec = spec


@pytest.mark.parametrize(
    ("goal_dim", "axes", "plane", "indices"),
    [
        (1, ("x",), None, None),
        (2, ("x", "y"), ("x", "y"), (0, 1)),
        (3, ("x", "y", "z"), ("x", "y"), (0, 1)),
        (4, ("body_0", "body_1", "body_2", "body_3"), None, None),
    ],
)
def test_axes_that_are_not_named_are_a_position(goal_dim, axes, plane, indices):
    spec = spec_of(goal_dim)
    assert (spec.goal_axes, spec.plane, Placed(spec).plane_indices) == (axes, plane, indices)
    assert dataclasses.replace(spec, tolerance=1.0).goal_axes == axes


@pytest.mark.parametrize("kind", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_plane_is_taken_out_of_goals_by_name_whatever_its_place(kind):
    env = Placed(spec_of(4, goal_axes=("openness", "left_y", "height", "left_x"), plane=("left_x", "left_y")))
    assert env.plane_indices == (3, 1)
    goals = kind(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    projected = env.in_plane(goals)
    assert isinstance(projected, type(goals))
    np.testing.assert_array_equal(projected, [[[3, 1], [7, 5], [11, 9]], [[15, 13], [19, 17], [23, 21]]])
    np.testing.assert_array_equal(env.in_plane(goals[0, 0]), [3, 1])


def test_goal_without_x_and_y_has_no_plane():
    env = Placed(spec_of(2, goal_axes=("x", "z")))
    assert env.plane_indices is None
    with pytest.raises(ConfigError, match=r"environment 'env' has no floor plane: its goals are \(x, z\)"):
        env.in_plane(np.zeros(2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"goal_axes": ("x", "y")}, r"goal_axes=\('x', 'y'\) of environment 'env' .* 'body' has 3 entries"),
        ({"goal_axes": ("x", "y", "x")}, r"goal_axes=\('x', 'y', 'x'\) of environment 'env' .* 'x' names two entries"),
        ({"plane": ("x", "w")}, r"plane=\('x', 'w'\) of environment 'env' .* which are x, y, z\."),
        ({"plane": ("x", "x")}, r"plane=\('x', 'x'\) of environment 'env' .* two different goal axes"),
    ],
)
def test_axes_that_do_not_fit_the_goal_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        spec_of(3, **changes)


def test_unknown_goal_segment_is_refused_when_the_spec_is_made():
    with pytest.raises(ConfigError, match="unknown state segment 'hand': this state has position"):
        EnvSpec("env", StateLayout(position=2), "hand", 1, tolerance=0.5, episode_length=5, dt=1.0)


def test_batched_reset_draws_independent_copies():
    state = batched_reset(ShiftByOne(), jax.random.key(0), 4)
    assert state.obs.shape == (4, 4)
    assert state.done.shape == (4,)
    assert len(np.unique(np.asarray(state.obs[:, 0]))) == 4


def test_environment_without_a_plane_says_so():
    with pytest.raises(ConfigError, match="environment 'shift' is not planar"):
        ShiftByOne().planar_state(jnp.zeros(2))
