"""One update moves what it should, by Adam's first step, and nothing else; every switch trains."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.energy import all_pairs_energy
from crl_train.envs import make_env
from crl_train.losses import CONTRASTIVE_LOSSES
from crl_train.networks import make_networks
from crl_train.relabel import ContrastiveBatch
from crl_train.update import CRITIC, actor_objective, critic_objective, init_learner, update
from tests.crl_train.helpers import tiny_config, tree_equal
from tests.tolerance import assert_close, assert_trees_close

ENV = make_env("point_u_maze")
KEY = jax.random.key(5)

# Roundings on the longest way to a loss: the stem and four layers of 8 units, twice (actor, encoder), and the batch.
TERMS = 2 * 5 * 4 * 8 + 6


def small(**changes):
    """A config of which every program is compiled once; three rates that tell the groups of parameters apart."""
    rates = {"actor_lr": 1e-2, "critic_lr": 1e-3, "entropy_lr": 3e-3}
    return tiny_config(width=8, repr_dim=4, batch_size=6, **{**rates, **changes})


@functools.cache
def programs(config):
    """Networks, a fresh learner, and the compiled update of a config."""
    networks = make_networks(config, ENV.action_dim)
    learner = jax.jit(lambda key: init_learner(config, networks, ENV, key))(jax.random.key(0))
    return networks, learner, jax.jit(functools.partial(update, config, networks, ENV))


def batch_of(seed=1, size=6):
    keys = jax.random.split(jax.random.key(seed), 3)
    return ContrastiveBatch(*(jax.random.normal(key, (size, dim)) for key, dim in zip(keys, (4, 2, 2), strict=True)))


def test_first_step_of_the_entropy_coefficient_by_hand():
    # At α = 1 the loss is entropy − target, the target −0.5 · 2 = −1. Adam's first step is −rate · sign(gradient).
    _, learner, step = programs(small())
    after, metrics = step(learner, batch_of(), KEY)
    assert_close(metrics["entropy/coefficient"], 1, terms=4)
    assert_close(metrics["entropy/loss"], metrics["actor/entropy"] + 1, terms=6 + 4, scale=10)
    np.testing.assert_allclose(after.log_entropy_coefficient, -3e-3 * np.sign(metrics["entropy/loss"]), rtol=1e-4)


def test_every_group_of_parameters_moves_by_its_own_rate():
    _, learner, step = programs(small())
    after, _ = step(learner, batch_of(), KEY)
    for name, rate in {"actor": 1e-2, "state_action_encoder": 1e-3, "goal_encoder": 1e-3}.items():
        moves = jax.tree.map(lambda new, old: np.abs(new - old).max(), after.params[name], learner.params[name])
        for path, move in jax.tree_util.tree_leaves_with_path(moves):
            assert 0 < move < 1.01 * rate, (name, path)
        assert max(jax.tree.leaves(moves)) > 0.9 * rate


def test_update_is_determined_by_its_key():
    _, learner, step = programs(small())
    first, again, other = (step(learner, batch_of(), key) for key in (KEY, KEY, jax.random.key(6)))
    assert tree_equal(first[0].params, again[0].params)
    assert not tree_equal(first[0].params["actor"], other[0].params["actor"])
    # The key draws the actor's actions; the critic's step, in the same compiled program, does not depend on them.
    assert tree_equal(first[0].critic_params, other[0].critic_params)


def test_actor_sees_the_critic_of_before_and_does_not_teach_it():
    # Either side may leap without the other's step noticing.
    after = {}
    for name, config in {
        "usual": small(),
        "actor leaps": small(actor_lr=1.0),
        "critic leaps": small(critic_lr=1.0),
    }.items():
        _, learner, step = programs(config)
        after[name], _ = step(learner, batch_of(), KEY)
    for name, part in (
        ("actor leaps", "state_action_encoder"),
        ("actor leaps", "goal_encoder"),
        ("critic leaps", "actor"),
    ):
        # Of gradients, and not of the parameters that a step leaves: Adam's first step is the rate times the gradient's
        # sign, so that rounding may turn over the step of a parameter whose gradient is about zero.
        moments = "actor_opt" if part == "actor" else "critic_opt"
        usual, other = (getattr(after[which], moments)[0].mu for which in ("usual", name))
        usual, other = (tree if part == "actor" else tree[part] for tree in (usual, other))
        assert_trees_close(other, usual, terms=2 * TERMS, scale=1)


def test_entropy_bonus_is_the_entropy_term_of_the_loss():
    config = small()
    networks, learner, _ = programs(config)

    @functools.partial(jax.jit, static_argnums=0)
    def loss_of(config, coefficient):
        psi = networks.psi(learner.params["goal_encoder"], batch_of().goal)
        params, encoder = learner.params["actor"], learner.params["state_action_encoder"]
        return actor_objective(params, encoder, psi, coefficient, config, networks, batch_of(), KEY)

    with_bonus, (log_prob, metrics) = loss_of(config, jnp.array(0.5))
    without_bonus, _ = loss_of(small(entropy_bonus=False), jnp.array(0.5))
    assert_close(without_bonus, -metrics["actor/energy"], terms=TERMS)
    assert_close(with_bonus - without_bonus, 0.5 * log_prob.mean(), terms=TERMS, scale=5)


def test_critic_loss_is_the_contrastive_loss_plus_the_weighted_penalty():
    config = small(logsumexp_penalty=0.25)
    networks, learner, _ = programs(config)
    loss, (psi, metrics) = jax.jit(lambda params: critic_objective(params, config, networks, batch_of()))(
        learner.critic_params
    )
    expected = metrics["critic/contrastive_loss"] + 0.25 * metrics["critic/logsumexp_penalty"]
    assert_close(loss, expected, terms=TERMS)
    assert psi.shape == (6, 4)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"energy": "l2", "contrastive_loss": "backward_infonce"},
        {"energy": "dot", "contrastive_loss": "symmetric_infonce"},
        {"energy": "cosine", "contrastive_loss": "binary_nce"},
        {"layer_norm": False, "residual": False, "activation": "relu"},
    ],
    ids=str,
)
def test_every_switch_trains(changes):
    _, learner, step = programs(small(**changes))
    batch, losses = batch_of(), []
    for key in jax.random.split(KEY, 20):
        learner, metrics = step(learner, batch, key)
        assert all(np.isfinite(value) for value in metrics.values())
        losses.append(metrics["critic/loss"])
    assert losses[-1] < losses[0]  # one batch, seen twenty times


@pytest.mark.parametrize("contrastive_loss", CONTRASTIVE_LOSSES)
@pytest.mark.parametrize("energy", ["norm", "l2", "dot", "cosine"])
def test_every_loss_pulls_pairs_together_under_every_energy(energy, contrastive_loss):
    def loss_of(representations):
        return CONTRASTIVE_LOSSES[contrastive_loss](all_pairs_energy(energy, *representations))

    step = jax.jit(jax.value_and_grad(loss_of))
    representations = jax.random.normal(KEY, (2, 6, 4))
    first, gradient = step(representations)
    assert np.isfinite(gradient).all()
    last, _ = step(representations - 0.05 * gradient)
    assert last < first


@settings(max_examples=10)
@given(st.permutations(range(6)))
def test_critic_step_does_not_depend_on_the_order_of_the_batch(order):
    _, learner, step = programs(small())
    batch = batch_of()
    shuffled = jax.tree.map(lambda leaf: leaf[jnp.array(order)], batch)
    for name in ("critic/loss", "critic/categorical_accuracy", "critic/negative_energy"):
        one, other = (step(learner, b, KEY)[1][name] for b in (batch, shuffled))
        assert_close(one, other, terms=TERMS, scale=5)


def test_representations_that_coincide_do_not_break_the_update():
    # One goal in all rows: every pair of ψ is at distance 0.
    _, learner, step = programs(small())
    batch = batch_of()
    same = batch.replace(state=jnp.ones((6, 4)), action=jnp.ones((6, 2)), goal=jnp.ones((6, 2)))
    after, metrics = step(learner, same, KEY)
    assert all(np.isfinite(value) for value in metrics.values())
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after.params))


def test_names_of_the_critic_are_those_of_checkpoints():
    _, learner, _ = programs(small())
    assert {"actor", *CRITIC} == set(learner.params)


def test_batch_of_unequal_parts_is_refused():
    networks, learner, _ = programs(small())
    batch = batch_of().replace(goal=jnp.zeros((5, 2)))
    with pytest.raises(Exception, match="batch"):
        update(small(), networks, ENV, learner, batch, KEY)
