"""The two steps of training as functions of state: what they add, what they leave, and that a seed decides it all."""

import functools

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs import make_env
from crl_train.networks import make_networks
from crl_train.training_state import collect, init_training_state, learn
from tests.crl_train.helpers import tiny_config, tree_equal

CONFIG = tiny_config()
ENV = make_env(CONFIG.env)
NETWORKS = make_networks(CONFIG, ENV.action_dim)

init_jitted = jax.jit(functools.partial(init_training_state, CONFIG, ENV, NETWORKS))
collect_jitted = jax.jit(functools.partial(collect, CONFIG, ENV, NETWORKS, CONFIG.episode_length))
learn_jitted = jax.jit(functools.partial(learn, CONFIG, ENV, NETWORKS))


@functools.cache
def init(config):
    """The first state of a config that differs from CONFIG in nothing that sizes it."""
    return init_jitted(jax.random.key(config.seed))


@pytest.fixture(scope="module")
def collected():
    return collect_jitted(init(CONFIG), False)


def without_key(state):
    return state.learner, state.slots, state.replay


def test_seed_decides_everything():
    assert tree_equal(without_key(init(CONFIG)), without_key(init(tiny_config(seed=0))))
    other = init(tiny_config(seed=1))
    assert not tree_equal(init(CONFIG).learner.params, other.learner.params)
    assert not tree_equal(init(CONFIG).slots, other.slots)


def test_collecting_adds_an_unroll_and_leaves_the_learner(collected):
    assert collected.replay.rows_written == 10
    assert collected.replay.transitions.state.shape == (60, 8, 4)
    assert tree_equal(collected.learner, init(CONFIG).learner)
    np.testing.assert_array_equal(collected.slots.episode_step, [10] * 8)
    assert not np.array_equal(jax.random.key_data(collected.key), jax.random.key_data(init(CONFIG).key))


def test_learning_reports_every_update_and_leaves_environments_and_replay(collected):
    learned, metrics = learn_jitted(collected)
    assert {value.shape for value in metrics.values()} == {(CONFIG.updates_per_unroll,)}
    assert tree_equal((learned.slots, learned.replay), (collected.slots, collected.replay))
    assert not tree_equal(learned.learner.params, collected.learner.params)
    assert learned.learner.actor_opt[0].count == CONFIG.updates_per_unroll
    assert len(np.unique(metrics["critic/loss"])) == CONFIG.updates_per_unroll  # each draws a batch of its own


@settings(max_examples=3)
@given(st.integers(0, 2))
def test_steps_are_functions_of_the_state(seed):
    state = collect_jitted(init(tiny_config(seed=seed)), False)
    (one, metrics), (other, same_metrics) = learn_jitted(state), learn_jitted(state)
    assert tree_equal(without_key(one), without_key(other))
    assert tree_equal(metrics, same_metrics)


def test_uniform_actions_fill_their_square():
    state = collect_jitted(init(CONFIG), True)
    actions = np.asarray(state.replay.transitions.action[:10])
    # 160 uniform numbers on [−1, 1]: mean 0 ± 0.046, variance 1/3.
    assert np.abs(actions).max() <= 1
    assert abs(actions.mean()) < 0.2
    np.testing.assert_allclose(actions.var(), 1 / 3, atol=0.08)


def test_state_of_another_kind_is_refused():
    with pytest.raises(Exception, match="state"):
        collect(CONFIG, ENV, NETWORKS, 15, None, False)
