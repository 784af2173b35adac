"""The networks against an unrolled NumPy reference, their prefixes, their stream, and a thousand layers."""

import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs import make_env
from crl_train.errors import ConfigError
from crl_train.networks import (
    ResidualMLP,
    after_blocks,
    init_params,
    make_networks,
    mean_activations,
    prefix_params,
    residual_stream,
    sizes_of,
)
from crl_train.relabel import ContrastiveBatch
from crl_train.run_envs import training_env
from crl_train.update import init_learner, update
from tests.crl_train.helpers import layer_norm, relu, residual_mlp, swish, tiny_config, tree_equal
from tests.tolerance import assert_close

X = jax.random.normal(jax.random.key(7), (5, 3))


def init(network, seed=0):
    """Parameters with every bias and scale off its starting value, so that none can be forgotten unnoticed."""
    params = jax.jit(network.init)(jax.random.key(seed), X)["params"]
    leaves, structure = jax.tree.flatten(params)
    rng = np.random.default_rng(seed)
    return jax.tree.unflatten(structure, [leaf + jnp.float32(0.1 * rng.normal(size=leaf.shape)) for leaf in leaves])


def apply(network, params, x=X, **kwargs):
    return jax.jit(lambda params, x: network.apply({"params": params}, x, **kwargs))(params, x)


def roundings(num_blocks, width=8):
    """Terms of a network's longest way: in each layer a product, two sums of its normalisation, and its activation."""
    return (1 + 4 * num_blocks) * 4 * width


def as_float64(params):
    return jax.tree.map(np.float64, params)


# --- shapes and worked numbers ---------------------------------------------------------------------------


def test_parameter_shapes_have_the_blocks_on_a_leading_axis():
    shapes = jax.tree.map(jnp.shape, init(ResidualMLP(num_blocks=3, width=8, out_dim=2)))
    hidden = {"Dense_0": {"kernel": (3, 8, 8), "bias": (3, 8)}, "LayerNorm_0": {"scale": (3, 8), "bias": (3, 8)}}
    assert shapes == {
        "stem": {"Dense_0": {"kernel": (3, 8), "bias": (8,)}, "LayerNorm_0": {"scale": (8,), "bias": (8,)}},
        "blocks": {"block": {f"HiddenLayer_{layer}": hidden for layer in range(4)}},
        "head": {"kernel": (8, 2), "bias": (2,)},
    }


def test_layer_norm_by_hand():
    # Mean 2, variance ((−1)² + 0 + 1²)/3 = 2/3, plus ε = 1e-6 under the root.
    np.testing.assert_allclose(layer_norm(np.array([1.0, 2, 3]), 1, 0), np.array([-1, 0, 1]) / np.sqrt(2 / 3 + 1e-6))


def test_epsilon_of_layer_norm_is_1e_6():
    # Activations of size 1e-3 have a variance of about 1e-6, where the ε decides the result.
    network = ResidualMLP(num_blocks=0, width=4, out_dim=2)
    params = init(network)
    stem = {"Dense_0": jax.tree.map(lambda leaf: 1e-3 * leaf, params["stem"]["Dense_0"])}
    params = {**params, "stem": {**params["stem"], **stem}}
    expected = residual_mlp(as_float64(params), np.float64(X))
    assert_close(apply(network, params), expected, terms=roundings(0, width=4))


@pytest.mark.parametrize(
    ("settings_", "reference"),
    [
        ({}, {}),
        ({"residual": False}, {"residual": False}),
        ({"layer_norm": False}, {"has_layer_norm": False}),
        ({"activation": "relu"}, {"activation": relu}),
        (
            {"activation": "relu", "layer_norm": False, "residual": False},
            {"activation": relu, "has_layer_norm": False, "residual": False},
        ),
    ],
    ids=lambda changed: ", ".join(changed) or "as usual",
)
@pytest.mark.parametrize("num_blocks", [1, 2])
def test_network_agrees_with_the_unrolled_reference(settings_, reference, num_blocks):
    network = ResidualMLP(num_blocks=num_blocks, width=8, out_dim=4, **settings_)
    params = init(network)
    expected = residual_mlp(as_float64(params), np.float64(X), **reference)
    assert_close(apply(network, params), expected, terms=roundings(num_blocks))


def test_swish_by_hand():
    # x · sigmoid(x) at x = log 3: log 3 · 3/4
    np.testing.assert_allclose(swish(np.log(3)), 0.75 * np.log(3))


def test_kernels_start_uniform_within_one_over_root_fan_in_and_biases_at_zero():
    network = ResidualMLP(num_blocks=2, width=64, out_dim=4)
    params = jax.jit(network.init)(jax.random.key(0), X)["params"]
    for kernel, fan_in in (
        (params["stem"]["Dense_0"]["kernel"], 3),
        (params["blocks"]["block"]["HiddenLayer_3"]["Dense_0"]["kernel"], 64),
        (params["head"]["kernel"], 64),
    ):
        bound = 1 / np.sqrt(fan_in)
        assert np.abs(kernel).max() <= bound
        assert np.abs(kernel).max() > 0.95 * bound
        np.testing.assert_allclose(np.std(kernel), bound / np.sqrt(3), rtol=0.1)
    assert not np.any(params["head"]["bias"])
    first, second = params["blocks"]["block"]["HiddenLayer_0"]["Dense_0"]["kernel"]
    assert np.abs(first - second).min() > 0  # every block draws its own


# --- prefixes and the stream -----------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_prefix_is_the_network_of_that_many_blocks(blocks):
    whole = ResidualMLP(num_blocks=3, width=8, out_dim=4)
    params = init(whole)
    shorter = ResidualMLP(num_blocks=blocks, width=8, out_dim=4)
    assert whole.prefix(blocks) == shorter
    sliced = prefix_params(params, blocks)
    assert jax.tree.structure(sliced) == jax.tree.structure(init(shorter))
    expected = residual_mlp(as_float64(sliced), np.float64(X))
    assert_close(apply(shorter, sliced), expected, terms=roundings(blocks))


def test_longest_prefix_is_the_whole_network():
    network = ResidualMLP(num_blocks=3, width=8, out_dim=4)
    params = init(network)
    assert tree_equal(prefix_params(params, 3), params)
    assert_close(apply(network.prefix(3), prefix_params(params, 3)), apply(network, params), terms=roundings(3))


@pytest.mark.parametrize("num_blocks", [0, 3])
def test_one_pass_gives_the_output_of_every_prefix(num_blocks):
    network = ResidualMLP(num_blocks=num_blocks, width=8, out_dim=4)
    params = init(network)
    assert residual_stream(network, params, X).shape == (1 + num_blocks, 5, 8)
    cut = after_blocks(network, params, X, jnp.arange(1 + num_blocks))
    for blocks in range(num_blocks + 1):
        prefix = apply(network.prefix(blocks), prefix_params(params, blocks))
        assert_close(cut[blocks], prefix, terms=roundings(blocks))
    last = after_blocks(network, params, X, jnp.array([num_blocks]))[0]
    assert_close(last, cut[-1], terms=roundings(num_blocks))


def test_mean_activations_are_those_of_the_hidden_layers():
    network = ResidualMLP(num_blocks=2, width=8, out_dim=4)
    params = init(network)
    found = mean_activations(network, params, X)
    assert found.shape == (2, 4, 8)
    # By hand through the first hidden layer of the second block, whose input is the stream after the first.
    layer = jax.tree.map(lambda leaf: np.float64(leaf[1]), params["blocks"]["block"]["HiddenLayer_0"])
    entering = np.float64(residual_stream(network, params, X)[1])
    dense = entering @ layer["Dense_0"]["kernel"] + layer["Dense_0"]["bias"]
    after = swish(layer_norm(dense, layer["LayerNorm_0"]["scale"], layer["LayerNorm_0"]["bias"]))
    assert_close(found[1, 0], np.abs(after).mean(axis=0), terms=roundings(2))


@pytest.mark.parametrize("blocks", [-1, 4])
def test_prefix_beyond_the_network_is_refused(blocks):
    network = ResidualMLP(num_blocks=3, width=8, out_dim=4)
    with pytest.raises(ConfigError, match=rf"^blocks={blocks} is out of range: this network has 3 residual blocks\.$"):
        network.prefix(blocks)


@settings(max_examples=10)
@given(order=st.permutations(range(5)))
def test_rows_of_a_batch_do_not_know_each_other(order, one_block):
    evaluate = one_block
    assert_close(evaluate(X[np.array(order)]), evaluate(X)[np.array(order)], terms=roundings(1))


@pytest.fixture(scope="module")
def one_block():
    network = ResidualMLP(num_blocks=1, width=8, out_dim=4)
    params = init(network)
    return jax.jit(lambda x: network.apply({"params": params}, x))


# --- an agent's three networks ---------------------------------------------------------------------------


def test_networks_of_an_agent_take_their_sizes_from_config_and_environment():
    env = make_env("point_u_maze")
    networks = make_networks(tiny_config(actor_depth=8, critic_depth=12), env.action_dim)
    params = jax.eval_shape(lambda: init_params(networks, sizes_of(env), jax.random.key(0)))
    assert set(params) == {"actor", "state_action_encoder", "goal_encoder"}
    heads = {name: tree["head"]["kernel"].shape for name, tree in params.items()}
    # Mean and log standard deviation of two action entries; eight entries of φ and ψ.
    assert heads == {"actor": (16, 4), "state_action_encoder": (16, 8), "goal_encoder": (16, 8)}
    blocks = {name: tree["blocks"]["block"]["HiddenLayer_0"]["Dense_0"]["bias"].shape for name, tree in params.items()}
    assert blocks == {"actor": (2, 16), "state_action_encoder": (3, 16), "goal_encoder": (3, 16)}
    stems = {name: tree["stem"]["Dense_0"]["kernel"].shape[0] for name, tree in params.items()}
    # (state, goal) = 4 + 2, (state, action) = 4 + 2, goal = 2
    assert stems == {"actor": 6, "state_action_encoder": 6, "goal_encoder": 2}


@pytest.mark.slow
def test_humanoid_agent_of_1024_layers_initialises_compiles_and_makes_an_update(capsys):
    config = tiny_config(env="humanoid", actor_depth=1024, critic_depth=1024)
    env = training_env(config)
    networks = make_networks(config, env.action_dim)
    keys = jax.random.split(jax.random.key(0), 5)
    sizes = (env.state_dim, env.action_dim, env.goal_dim)
    batch = ContrastiveBatch(
        *(jax.random.normal(key, (config.batch_size, size)) for key, size in zip(keys[:3], sizes, strict=True))
    )

    init_jitted = jax.jit(lambda key: init_learner(config, networks, env, key))
    step = jax.jit(lambda learner, batch, key: update(config, networks, env, learner, batch, key))
    started = time.perf_counter()
    learner = jax.block_until_ready(init_jitted(keys[3]))
    initialised = time.perf_counter()
    after, metrics = jax.block_until_ready(step(learner, batch, keys[4]))
    first = time.perf_counter()
    jax.block_until_ready(step(learner, batch, keys[4]))
    second = time.perf_counter()
    with capsys.disabled():
        print(
            f"\n1024 layers, width {config.width}: initialised in {initialised - started:.1f} s, compiled and updated "
            f"in {first - initialised:.1f} s, updated again in {second - first:.2f} s"
        )
    assert after.params["actor"]["blocks"]["block"]["HiddenLayer_0"]["Dense_0"]["kernel"].shape == (256, 16, 16)
    assert all(np.isfinite(value) for value in metrics.values())
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after.params))
