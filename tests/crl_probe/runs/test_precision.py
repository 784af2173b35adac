"""A run that was trained in bfloat16 is probed as it was trained, and told apart from one in float32."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crl_probe.runs.comparability import group_by_env
from crl_probe.runs.loading import load_run
from crl_probe.runs.run_info import run_infos
from crl_train.checkpoint import save_policy
from crl_train.envs import make_env
from crl_train.errors import ConfigError
from crl_train.initial_params import initial_params
from crl_train.networks import make_networks
from crl_train.numerics import random_key
from tests.crl_train.helpers import new_run, tiny_config

CONFIG = tiny_config(precision="bfloat16", actor_depth=8, critic_depth=8)
ENV = make_env(CONFIG.env)
NETWORKS = make_networks(CONFIG, ENV.action_dim)
# Two programs may keep more than 8 bits at different places: eight roundings in each of eight layers. See
# tests/crl_train/test_precision.py; outputs of these networks are about 1.
TOLERANCE = 8 * 8 * 2.0**-8

RNG = np.random.default_rng(0)
STATE, ACTION, GOAL = (RNG.uniform(-1, 1, (5, size)).astype(np.float32) for size in (4, 2, 2))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    run = new_run(tmp_path_factory.mktemp("half") / "half", CONFIG)
    save_policy(run, CONFIG, 480, initial_params(NETWORKS, ENV, seed=1), jnp.zeros(()))
    return load_run(run.path)


def test_it_answers_as_the_networks_that_were_trained(loaded):
    assert loaded.networks == NETWORKS
    assert {loaded.networks.actor.precision, loaded.networks.goal_encoder.precision} == {"bfloat16"}
    phi = jax.jit(NETWORKS.phi)(loaded.params["state_action_encoder"], STATE, ACTION)
    np.testing.assert_array_equal(loaded.phi(STATE, ACTION), phi)
    exact = make_networks(tiny_config(actor_depth=8, critic_depth=8), ENV.action_dim)
    single = jax.jit(exact.phi)(loaded.params["state_action_encoder"], STATE, ACTION)
    assert 0 < np.abs(phi - single).max() <= TOLERANCE


def test_everything_that_probes_ask_for_is_float32(loaded):
    def asked():
        yield loaded.act(STATE, GOAL)
        yield loaded.energy(STATE, ACTION, GOAL)
        for agent in (loaded, loaded.prefix(1), loaded.untrained()):
            yield from (agent.phi(STATE, ACTION), agent.psi(GOAL))
        yield from (loaded.phi_after(STATE, ACTION, np.arange(3)), loaded.psi_after(GOAL, np.arange(3)))
        for mode in ("mean", "sample", "best_of_2"):
            yield jax.jit(loaded.policy(mode))(STATE, GOAL, random_key(0))
        for part, inputs in {"phi": (STATE, ACTION), "psi": (GOAL,), "actor": (STATE, GOAL)}.items():
            yield from (loaded.residual_stream(part, *inputs), loaded.mean_activations(part, *inputs))

    answers = jax.eval_shape(lambda: list(asked()))
    assert len(answers) == 19
    assert {array.dtype.name for array in [*answers, *jax.tree.leaves(loaded.params)]} == {"float32"}


def test_prefixes_compute_in_its_precision_too(loaded):
    found = loaded.phi_after(STATE, ACTION, np.arange(3))
    for blocks in range(3):
        cut = loaded.prefix(blocks)
        assert cut.networks.state_action_encoder.precision == "bfloat16"
        np.testing.assert_allclose(cut.phi(STATE, ACTION), found[:, blocks], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(loaded.phi(STATE, ACTION), found[:, 2], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("setting", "values"), [("precision", ("bfloat16", "float32")), ("replay_dtype", ("float16", "float32"))]
)
def test_runs_of_another_type_are_compared_by_it_or_not_at_all(loaded, setting, values):
    half, single = (
        dataclasses.replace(
            loaded,
            path=loaded.path.with_name(value),
            content_hash=value,
            config=CONFIG.model_copy(update={setting: value}),
        )
        for value in values
    )
    with pytest.raises(ConfigError, match=rf"also differ in {setting} \(.* Add --by depth,{setting}, or"):
        group_by_env([half, single])
    (group,) = group_by_env([single, half], [setting]).values()
    assert [info.label for info in run_infos(group, [setting])] == [f"{setting.replace('_', ' ')} {v}" for v in values]
    assert len({info.config_hash for info in run_infos(group)}) == 2  # and so no cached result is shared
