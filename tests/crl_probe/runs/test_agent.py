"""The agent contract: whoever claims to satisfy it behaves as probes expect."""

import copy
import json

import jax
import numpy as np
import pytest

from crl_probe.evidence.evidence import Evidence
from crl_probe.probes.registry import PROBES, measure
from crl_probe.runs.agent import Agent, EmbeddingAgent, LayeredAgent, SamplingAgent, check_agents, lacking
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.loading import load_run
from tests.crl_probe.fakes import FakeRun

PARTS = ("phi", "psi", "actor")


@pytest.fixture(scope="module", params=["trained", "fake"])
def agent(request, finished_run):
    return load_run(finished_run.path) if request.param == "trained" else FakeRun(depth=8)


@pytest.fixture(scope="module")
def batch(agent):
    """Five states, actions and goals where the environment has them."""
    env, generator = agent.env, np.random.default_rng(0)
    places = np.resize(env.maze.goal_centres, (5, 2))
    goals = np.resize(env.maze.goal_centres[::-1], (5, 2)).astype(np.float32)
    return np.asarray(env.planar_state(places)), generator.uniform(-1, 1, (5, 2)).astype(np.float32), goals


def inputs_of(part, batch):
    state, action, goal = batch
    return {"phi": (state, action), "psi": (goal,), "actor": (state, goal)}[part]


@pytest.mark.parametrize("kind", [Agent, SamplingAgent, EmbeddingAgent, LayeredAgent])
def test_it_has_everything(agent, kind):
    assert lacking(agent, kind) == []
    assert isinstance(agent, kind)


def test_it_says_what_it_is(agent):
    assert agent.env_steps == agent.steps[-1]
    assert {"seed", "actor_depth", "critic_depth"} <= set(agent.settings)
    json.dumps(dict(agent.settings))  # plain values
    assert 0 < agent.discount < 1
    assert agent.episode_length >= 1
    assert len(agent.content_hash) >= 8


def test_it_logs_what_the_trainer_writes(agent, finished_run):
    written = set(json.loads(finished_run.metrics.read_text().splitlines()[0]))
    assert set(agent.curve[0]) <= written
    assert {"epoch", "env_steps", "eval/success_rate", "critic/categorical_accuracy"} <= set(agent.curve[0])


def test_it_acts_within_bounds_with_and_without_noise(agent, batch):
    state, _, goal = batch
    mean = np.asarray(agent.act(state, goal))
    assert mean.shape == (5, agent.env.action_dim)
    for mode in ("mean", "sample"):
        drawn = np.asarray(jax.jit(agent.policy(mode))(state, goal, jax.random.key(0)))
        assert drawn.shape == mean.shape
        assert np.abs(drawn).max() <= 1
    noiseless = jax.jit(agent.policy("mean"))(state, goal, jax.random.key(0))
    np.testing.assert_allclose(noiseless, mean, atol=1e-5)


def test_its_energy_is_that_between_its_representations(agent, batch):
    state, action, goal = batch
    phi, psi = agent.phi(state, action), agent.psi(goal)
    assert np.shape(phi) == np.shape(psi) == (5, np.shape(phi)[1])
    between = np.asarray(agent.energy_between(phi, psi))
    assert between.shape == (5,)
    np.testing.assert_allclose(agent.energy(state, action, goal), between, rtol=1e-4, atol=1e-4)


def test_its_prefixes_end_at_the_whole_agent(agent, batch):
    state, action, goal = batch
    counts = np.arange(agent.critic_blocks + 1)
    phi, psi = np.asarray(agent.phi_after(state, action, counts)), np.asarray(agent.psi_after(goal, counts))
    assert phi.shape[:2] == psi.shape[:2] == (5, len(counts))
    for blocks in counts:
        cut = agent.prefix(int(blocks))
        np.testing.assert_allclose(cut.phi(state, action), phi[:, blocks], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(cut.psi(goal), psi[:, blocks], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(agent.phi(state, action), phi[:, -1], rtol=1e-4, atol=1e-4)
    assert agent.prefix(0).content_hash != agent.content_hash
    assert not agent.prefix(0).is_on_disk


@pytest.mark.parametrize("part", PARTS)
def test_its_networks_can_be_looked_at_block_by_block(agent, batch, part):
    inputs, blocks = inputs_of(part, batch), agent.num_blocks(part)
    assert np.shape(agent.residual_stream(part, *inputs)) == (1 + blocks, 5, agent.width)
    activations = np.asarray(agent.mean_activations(part, *inputs))
    assert activations.shape[0] == blocks
    assert (activations >= 0).all()


class Blind:
    """An agent with a Q-function but no embeddings."""

    def __init__(self, whole):
        self._whole = whole
        for name in ("name", "path", "env", "env_steps", "steps", "content_hash", "settings", "episode_length"):
            setattr(self, name, getattr(whole, name))
        self.discount, self.curve, self.is_on_disk = whole.discount, whole.curve, False

    def act(self, state, goal):
        return self._whole.act(state, goal)

    def energy(self, state, action, goal):
        return self._whole.energy(state, action, goal)


def test_an_agent_without_embeddings_still_has_success_landscapes_and_rollouts(small, fake_runs):
    blind = [Blind(run) for run in fake_runs]
    measured = measure(Evidence(blind, small, use_cache=False))
    assert set(measured.results) == {"success", "learning_curves", "q_landscape", "learned_distance", "rollouts"}
    assert set(measured.missing) == set(PROBES) - {"bodies", *measured.results}  # a point has no body
    assert measured.missing["retrieval"] == f"agent {blind[0].name!r} has no energy_between, phi, psi."
    whole = measure(Evidence(fake_runs, small, use_cache=False), ["q_landscape"]).results["q_landscape"]
    # Energies of the same agents, by another route: float32 rounding of sums over 64 entries.
    np.testing.assert_allclose(measured.results["q_landscape"].values, whole.values, rtol=1e-4, atol=1e-4)


def test_noise_needs_an_agent_that_has_it(small, fake_runs):
    with pytest.raises(ProbeError, match="has no policy"):
        check_agents([Blind(fake_runs[0])], SamplingAgent)


def test_a_broken_promise_is_named():
    broken = copy.copy(FakeRun())
    del broken.discount
    assert lacking(broken, Agent) == ["discount"]
