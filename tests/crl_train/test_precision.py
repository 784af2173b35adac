"""Networks that compute in bfloat16: what stays float32, how far they are off, and that agents learn all the same."""

import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.extend.core import jaxprs_in_params

from crl_train.errors import CheckpointError
from crl_train.networks import HiddenLayer, ResidualMLP, mean_activations, residual_stream
from crl_train.run_dir import RunDir
from crl_train.run_record import read_metrics
from crl_train.training import compiled_steps, is_complete, train
from tests.crl_train.helpers import FakeObserver, assert_same_run, new_run, tiny_config, train_run, train_until

WIDTH, OUT, BATCH = 16, 4, 8
UNIT = 2.0**-8  # one rounding to 8 bits moves a number by this share of it at most
# Roundings of a layer: its input, its kernel, their product, the bias, the sum, what is normalised, and two of swish.
ROUNDINGS = 8

X = jax.random.normal(jax.random.key(7), (BATCH, 3))


def network(precision, **changes):
    return ResidualMLP(**{"num_blocks": 2, "width": WIDTH, "out_dim": OUT, "precision": precision, **changes})


@pytest.fixture(scope="module")
def params():
    return jax.jit(network("float32").init)(jax.random.key(0), X)["params"]


@pytest.fixture(scope="module")
def both():
    """The network in either precision, and the gradient of its squared outputs: functions of parameters and input."""

    def programs(precision):
        def evaluate(params, x):
            return network(precision).apply({"params": params}, x)

        return jax.jit(evaluate), jax.jit(jax.grad(lambda params, x: jnp.sum(evaluate(params, x) ** 2)))

    return {precision: programs(precision) for precision in ("float32", "bfloat16")}


def one_unit(kernel, bias):
    return {"Dense_0": {"kernel": jnp.float32([[kernel]]), "bias": jnp.float32([bias])}}


# --- by hand ---------------------------------------------------------------------------------------------


def test_layer_rounds_to_8_bits_and_stem_and_head_do_not():
    # From 32 to 64, numbers of 8 bits are 1/4 apart.
    layer = HiddenLayer(1, "relu", layer_norm=False, precision="bfloat16")
    x = jnp.float32([[37.26]])
    found = layer.apply({"params": one_unit(1.0, 0.0)}, x)
    assert (found.dtype, float(found[0, 0])) == (jnp.bfloat16, 37.25)
    whole = ResidualMLP(0, 1, 1, activation="relu", layer_norm=False, precision="bfloat16")
    ends = {"stem": one_unit(1.0, 0.0), "head": {"kernel": jnp.float32([[1.0]]), "bias": jnp.float32([0.001])}}
    np.testing.assert_array_equal(whole.apply({"params": ends}, x), np.float32([[37.26]]) + np.float32(0.001))


def test_stream_keeps_what_is_small_beside_it():
    """A block adds 1/8 to 100, where numbers of 8 bits are 1/2 apart: 100 would stay 100 after any number of blocks."""
    settings_ = {"width": 1, "out_dim": 1, "activation": "relu", "layer_norm": False, "precision": "bfloat16"}
    layers = {f"HiddenLayer_{layer}": one_unit(0.0, 0.125) for layer in range(4)}
    three = jax.tree.map(lambda leaf: jnp.stack([leaf] * 3), {"block": layers})
    params = {
        "stem": one_unit(1.0, 0.0),
        "blocks": three,
        "head": {"kernel": jnp.float32([[1.0]]), "bias": jnp.zeros(1)},
    }
    stream = residual_stream(ResidualMLP(3, **settings_), params, jnp.float32([[100.0]]))
    assert stream.dtype == jnp.float32
    np.testing.assert_array_equal(stream[:, 0, 0], [100, 100.125, 100.25, 100.375])
    assert jnp.bfloat16(100) + jnp.bfloat16(0.125) == 100


# --- types -----------------------------------------------------------------------------------------------


def products_of(precision):
    """Types of the factors of every matrix product of a network, loops inside counted once."""
    params = jax.eval_shape(lambda: network(precision).init(jax.random.key(0), X)["params"])
    jaxpr = jax.make_jaxpr(lambda params: network(precision).apply({"params": params}, X))(params)

    def walk(jaxpr):
        for equation in jaxpr.eqns:
            if equation.primitive.name == "dot_general":
                yield tuple(str(factor.aval.dtype) for factor in equation.invars)
            for inner in jaxprs_in_params(equation.params):
                yield from walk(inner)

    return list(walk(jaxpr.jaxpr))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_products_of_blocks_are_of_the_precision_and_those_of_both_ends_float32(precision):
    single, layer = ("float32", "float32"), (precision, precision)
    assert products_of(precision) == [single, layer, layer, layer, layer, single]


@pytest.mark.parametrize("changes", [{}, {"residual": False}, {"layer_norm": False}, {"num_blocks": 0}], ids=str)
def test_parameters_gradients_stream_and_outputs_are_float32(changes):
    net = network("bfloat16", **changes)
    params = jax.eval_shape(lambda: net.init(jax.random.key(0), X)["params"])
    seen = [
        params,
        jax.eval_shape(lambda params: net.apply({"params": params}, X), params),
        jax.eval_shape(lambda params: residual_stream(net, params, X), params),
        jax.eval_shape(jax.grad(lambda params: jnp.sum(net.apply({"params": params}, X))), params),
    ]
    if net.num_blocks:
        seen.append(jax.eval_shape(lambda params: mean_activations(net, params, X), params))
    assert {leaf.dtype.name for leaf in jax.tree.leaves(seen)} == {"float32"}


def test_what_learning_keeps_is_float32():
    state = jax.eval_shape(compiled_steps(tiny_config(precision="bfloat16")).init, jax.random.key(0))
    learner = [leaf.dtype.name for leaf in jax.tree.leaves(state.learner)]
    assert set(learner) == {"float32", "int32"}  # Adam counts its steps


# --- rounding --------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31), scale=st.floats(0.01, 100))
def test_outputs_are_those_of_float32_up_to_the_rounding_of_eight_layers(both, params, seed, scale):
    x = scale * jax.random.normal(jax.random.key(seed), X.shape)
    expected, found = (np.asarray(both[precision][0](params, x)) for precision in ("float32", "bfloat16"))
    # The stem's and each layer's outputs are of one size, since they are normalised: errors of layers add up.
    bound = 8 * ROUNDINGS * UNIT * np.abs(expected).max()
    assert np.abs(found - expected).max() <= bound
    assert np.abs(found - expected).max() > UNIT / 256 * np.abs(expected).max()  # far above float32's rounding


def test_gradients_are_those_of_float32_up_to_rounding(both, params):
    expected, found = (both[precision][1](params, X) for precision in ("float32", "bfloat16"))
    for (path, one), other in zip(jax.tree_util.tree_leaves_with_path(expected), jax.tree.leaves(found), strict=True):
        # Eight layers forward, and as many back.
        off = np.linalg.norm(other - one) / np.linalg.norm(one)
        assert off <= 2 * 8 * ROUNDINGS * UNIT, jax.tree_util.keystr(path)


def test_bias_of_a_large_batch_gets_its_whole_gradient():
    """65,536 equal terms: summed up in 8 bits they would stop at 256 of them."""
    layer = HiddenLayer(1, "relu", layer_norm=False, precision="bfloat16")
    x = jnp.ones((2**16, 1))
    gradient = jax.jit(jax.grad(lambda params: jnp.mean(layer.apply({"params": params}, x).astype(jnp.float32))))
    assert gradient(one_unit(1.0, 0.0))["Dense_0"]["bias"][0] == 1


# --- whole runs ------------------------------------------------------------------------------------------

HALVED = {"precision": "bfloat16", "replay_dtype": "float16"}


@pytest.mark.slow
def test_halved_run_that_is_stopped_and_resumed_ends_as_if_it_had_never_stopped(tmp_path):
    unbroken = train_run(tmp_path / "unbroken", tiny_config(**HALVED))
    run = new_run(tmp_path / "run", tiny_config(**HALVED))
    for some_more in (2, 5):  # inside the first epoch and inside the second
        train_until(run, some_more)
        assert not is_complete(run)
    train(run, FakeObserver())
    assert_same_run(run, unbroken)


def test_resume_point_of_another_type_is_refused(finished_run, tmp_path):
    run = RunDir(shutil.copytree(finished_run.path, tmp_path / "run"))
    record = json.loads(run.config.read_text())
    for changes, message in (
        (
            {"replay_dtype": "float16"},
            r"leaf replay/transitions/state has dtype float32, expected float16: config\.json",
        ),
        ({"precision": "bfloat16"}, "it was trained with precision='float32', this run with precision='bfloat16'"),
    ):
        run.config.write_text(json.dumps({**record, "config": {**record["config"], **changes}}))
        with pytest.raises(CheckpointError, match=message):
            train(run, FakeObserver())


LEARNING = {
    **{"episode_length": 100, "total_env_steps": 200_000, "num_epochs": 2, "num_envs": 64, "unroll_length": 50},
    **{"updates_per_unroll": 40, "width": 64, "repr_dim": 32, "batch_size": 128, "max_replay_size": 2_000},
    **{"min_replay_size": 200, "num_eval_episodes": 256, "prefill": "uniform"},
    **{"actor_lr": 1e-3, "critic_lr": 1e-3, "entropy_lr": 1e-3},
}


@pytest.mark.slow
def test_agent_learns_a_maze_in_bfloat16_from_a_replay_in_float16(tmp_path):
    row = read_metrics(train_run(tmp_path / "run", tiny_config(**LEARNING, **HALVED)))[-1]
    # With three seeds 0.50, 0.59 and 0.67, and 0.53, 0.52 and 0.66 in float32; an untrained agent reaches no goal.
    assert row["eval/success_rate"] > 0.3
