"""The update against the same algorithm written plainly: gradients, moments, parameters, and a whole ``learn``."""

import functools

import jax
import numpy as np
import pytest

from crl_train.envs import make_env
from crl_train.networks import make_networks
from crl_train.relabel import sample_batch
from crl_train.training_state import collect, init_training_state, learn
from tests.crl_train.helpers import tiny_config
from tests.crl_train.plain_update import ENCODERS, plain_learner, plain_update, unstacked
from tests.crl_train.test_update import batch_of, programs, small

NETWORKS = ("actor", *ENCODERS)

# Relative, of a norm. The longest way, forth and back through 17 layers of 8 units, takes 17 · 4 · 8 · 2 roundings: in
# float32 1.3e-4 if all of them added up, and they mostly cancel. A wrong term is off by 1e-2 or more.
LIMIT = 1e-4
UPDATES = 10

# Everything that changes a formula, each at least once; most are the switches whose programs test_update compiles, too.
CASES = [
    {},
    {"energy": "dot", "contrastive_loss": "symmetric_infonce"},
    {"energy": "cosine", "contrastive_loss": "binary_nce"},
    {"layer_norm": False, "residual": False, "activation": "relu"},
    {
        **{"actor_depth": 4, "critic_depth": 8, "energy": "l2", "contrastive_loss": "backward_infonce"},
        **{"entropy_bonus": False, "target_entropy_scale": 0.8},
    },
    # At the rate of the others, ten steps take an actor this deep to where its gradients hang on the last digits.
    pytest.param({"actor_depth": 16, "critic_depth": 16, "actor_lr": 3e-4}, marks=pytest.mark.slow),
]


def assert_near(found, expected, what):
    """Assert that two trees, each taken as one vector, differ by little of the expected one's length."""
    found, expected = (np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)]) for tree in (found, expected))
    difference, length = np.linalg.norm(found - expected), np.linalg.norm(expected)
    assert difference <= LIMIT * length, f"{what}: {difference:.2e} of {length:.2e}"


def moments_of(learner, name):
    """Adam's two running means of a network, in the plain learner's form."""
    moments = learner.actor_opt[0] if name == "actor" else learner.critic_opt[0]
    return [unstacked(tree if name == "actor" else tree[name]) for tree in (moments.mu, moments.nu)]


def assert_learners_near(fast, plain, start, config):
    """Assert that both have gone the same way from the same start.

    Of networks and not of single leaves: Adam makes every step as long as its rate, so that rounding alone moves an
    entry whose gradient is about zero. There are few of these, but a bias has few entries.
    """
    for name in NETWORKS:
        moments = zip(moments_of(fast, name), (plain.first[name], plain.second[name]), strict=True)
        for order, (found, expected) in enumerate(moments, 1):
            assert_near(found, expected, f"moment {order} of {name}")
        ends = unstacked(fast.params[name]), plain.params[name]
        ways = (jax.tree.map(np.subtract, end, start.params[name]) for end in ends)
        assert_near(*ways, f"way of {name}")
    # Of the way there and back, for it may end near its start.
    way = UPDATES * config.entropy_lr
    expected = plain.params["log_entropy_coefficient"]
    np.testing.assert_allclose(fast.log_entropy_coefficient, expected, rtol=0, atol=LIMIT * way)


def assert_losses_near(found, expected, what):
    for name, loss in expected.items():
        # Energies and log-probabilities cancel in the actor's loss, and entropy and target in the third.
        np.testing.assert_allclose(found[name], loss, rtol=LIMIT, atol=LIMIT, err_msg=f"{name}, {what}")


@pytest.mark.parametrize("changes", CASES, ids=str)
def test_ten_updates_are_those_of_the_formulas(changes):
    config = small(**changes)
    _, fast, step = programs(config)
    start = plain = plain_learner(fast)
    for number in range(UPDATES):
        batch, key = batch_of(seed=number), jax.random.key(100 + number)
        fast, metrics = step(fast, batch, key)
        plain, losses = plain_update(plain, config, batch, key)
        assert_losses_near(metrics, losses, f"update {number + 1}")
        if number == 0:  # when Adam's first moment is a tenth of the gradient
            for name in NETWORKS:
                leaves = jax.tree_util.tree_leaves_with_path(moments_of(fast, name)[0])
                for (path, found), expected in zip(leaves, jax.tree.leaves(plain.first[name]), strict=True):
                    assert_near(found, expected, f"gradient of {name}{jax.tree_util.keystr(path)}")
    assert_learners_near(fast, plain, start, config)


def test_learning_is_the_plain_update_on_batches_drawn_with_the_same_keys():
    config = tiny_config(updates_per_unroll=UPDATES)
    env = make_env(config.env)
    networks = make_networks(config, env.action_dim)
    init = jax.jit(functools.partial(init_training_state, config, env, networks))
    state = jax.jit(functools.partial(collect, config, env, networks, config.episode_length))(
        init(jax.random.key(0)), True
    )
    learned, metrics = jax.jit(functools.partial(learn, config, env, networks))(state)

    draw = jax.jit(lambda key: sample_batch(state.replay, env, key, config.batch_size, config.discount))
    start = plain = plain_learner(state.learner)
    updates_key, _ = jax.random.split(state.key)
    for number, key in enumerate(jax.random.split(updates_key, config.updates_per_unroll)):
        batch_key, action_key = jax.random.split(key)
        plain, losses = plain_update(plain, config, draw(batch_key), action_key)
        assert_losses_near({name: metrics[name][number] for name in losses}, losses, f"update {number + 1}")
    assert_learners_near(learned.learner, plain, start, config)
