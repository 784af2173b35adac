"""Pairs that belong together, and critics that have to find them."""

import collections
import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe.evidence.episodes import OnPolicyEpisodes
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.evidence.pairs import energies_by_batch, own_pairs, shared_pairs
from crl_probe.probes import retrieval
from crl_probe.probes.retrieval import RetrievalResult, RetrievalSettings
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.loading import load_run
from crl_probe.store.results import load_result, save_result
from tests.crl_probe.fakes import FakeRun


def rng(seed=0):
    return np.random.default_rng(seed)


def measured(evidence, batch_size):
    return retrieval.run(evidence, RetrievalSettings(batch_size), rng())


def about(runs, evidence, source=1):
    """Evidence about agents that all made the same episodes, those of a usual agent, so that nobody is rolled out."""
    made = Evidence(runs, evidence.settings, probe_set=evidence.probe_set, use_cache=False)
    made.__dict__["episodes"] = (evidence.episodes[source],) * len(runs)
    return made


class Indifferent(FakeRun):
    """All state-actions and goals are one to it."""

    def phi(self, state, action):
        return 0.0 * super().phi(state, action)

    def psi(self, goal):
        return 0.0 * super().psi(goal)


class Oracle(FakeRun):
    """Takes every state-action to lead to where it is."""

    def phi(self, state, action):
        return jnp.asarray(state)[:, :2]

    def psi(self, goal):
        return jnp.asarray(goal)


def numbered_episodes(episodes, steps, info, active=None):
    """A record in which a state is (episode, time, 0, 0)."""
    episode, time = np.meshgrid(np.arange(episodes), np.arange(steps + 1), indexing="ij")
    states = np.stack([episode, time, 0 * time, 0 * time], axis=-1).astype(np.float32)
    return OnPolicyEpisodes(
        run=info,
        states=states,
        actions=states[:, :-1, :2],
        commanded_goals=np.zeros((episodes, 2), np.float32),
        distances=np.ones((episodes, steps), np.float32),
        reached=np.zeros((episodes, steps), bool),
        active=np.ones((episodes, steps), bool) if active is None else active,
        tolerance=0.5,
    )


@given(episodes=st.integers(1, 6), steps=st.integers(1, 20), seed=st.integers(0, 2**16))
@settings(max_examples=20)
def test_goal_of_an_own_pair_lies_ahead_in_the_same_episode(evidence, episodes, steps, seed):
    record = numbered_episodes(episodes, steps, evidence.infos[0])
    pairs = own_pairs(evidence.env, record, 8, 4, 0.9, rng(seed))
    assert len(pairs) == 8
    np.testing.assert_array_equal(pairs.states[:, :2], pairs.actions)
    np.testing.assert_array_equal(pairs.goals[:, 0], pairs.states[:, 0])
    assert (pairs.states[:, 1] < pairs.goals[:, 1]).all()
    assert (pairs.goals[:, 1] <= steps).all()
    if episodes * steps >= 8:
        assert len(np.unique(pairs.states, axis=0)) == 8


def test_own_goals_are_as_far_ahead_as_the_discount_says(evidence):
    record = numbered_episodes(40, 250, evidence.infos[0])

    def ahead(discount):
        pairs = own_pairs(evidence.env, record, 4000, 4, discount, rng())
        early = pairs.states[:, 1] < 150
        return (pairs.goals - pairs.states[:, :2])[early, 1].mean()

    # The mean of P ∝ γ^k over k >= 1 is 1 / (1 - γ).
    assert ahead(0.5) == pytest.approx(2.0, rel=0.1)
    assert ahead(0.9) == pytest.approx(10.0, rel=0.1)


def test_shared_pairs_are_the_points_in_full_batches_each_once(evidence):
    points = evidence.probe_set.points
    pairs = shared_pairs(points, 128, rng())
    assert len(pairs) == 256
    drawn = collections.Counter(map(bytes, np.hstack([pairs.states, pairs.actions, pairs.goals])))
    there = collections.Counter(map(bytes, np.hstack([points.states, points.actions, points.future_goals])))
    assert drawn <= there
    assert not np.array_equal(pairs.states, points.states[:256])


def test_batches_never_mix():
    phi, psi = rng(1).normal(size=(6, 2)).astype(np.float32), rng(2).normal(size=(6, 2)).astype(np.float32)
    energies = energies_by_batch(FakeRun(), phi, psi, 3)
    assert energies.shape == (2, 3, 3)
    assert energies[1, 0, 2] == pytest.approx(-np.linalg.norm(phi[3] - psi[5]), rel=1e-5)


def test_critic_that_cannot_tell_scores_chance(evidence):
    result = measured(about([Indifferent()], evidence), 50)
    for table in (result.shared, result.on_policy):
        np.testing.assert_allclose(table["retrieval_accuracy"], np.full((1, 6), 1 / 50))
        np.testing.assert_allclose(table["infonce_bound"], np.zeros((1, 6)), atol=1e-6)


def test_critic_that_knows_where_it_will_be_finds_goals_the_better_the_nearer_they_are(evidence):
    def accuracy(discount):
        run = Oracle(depth=64)
        run.discount = discount
        return measured(about([run], evidence), 50).on_policy["retrieval_accuracy"].mean()

    assert accuracy(0.01) > accuracy(0.99) > 2 / 50


def test_agents_are_asked_about_the_same_steps_of_their_own(evidence):
    result = measured(about([FakeRun(depth=64), FakeRun(depth=64, name="twin")], evidence), 100)
    for values in (*result.shared.values(), *result.on_policy.values()):
        assert values.shape == (2, 3)
        np.testing.assert_allclose(values[0], values[1], atol=1 / 100)  # one pair of a batch


def test_agent_gone_wrong_has_no_score_and_spares_the_others(evidence):
    class Broken(FakeRun):
        def psi(self, goal):
            return jnp.nan * super().psi(goal)

    result = measured(about([FakeRun(), Broken(name="broken")], evidence), 100)
    assert np.isnan(result.shared["retrieval_accuracy"]).all(axis=1).tolist() == [False, True]
    # φ has nothing to do with it.
    assert {(s.metric, s.part) for s in result.samples() if s.run.name == "broken"} == {("uniformity", "phi")}


def test_too_few_points_for_a_batch_are_refused(evidence):
    with pytest.raises(ProbeError, match=r"300 shared points do not fill a batch of 301 pairs: .* batch_size to 300"):
        measured(evidence, 301)


def test_trained_agent_is_measured_and_its_result_survives_the_disk(finished_run, tmp_path):
    evidence = Evidence([load_run(finished_run.path)], EvidenceSettings(episodes=8, goals=2), use_cache=False)
    result = measured(evidence, 32)
    assert [values.shape for values in result.shared.values()] == [(1, 3), (1, 3)]
    assert [(s.metric, s.source, s.sample_unit, len(s.samples)) for s in result.samples()] == [
        ("retrieval_accuracy", "shared", "batches", 3),
        ("infonce_bound", "shared", "batches", 3),
        ("retrieval_accuracy", "on-policy", "batches", 3),
        ("infonce_bound", "on-policy", "batches", 3),
        ("alignment", "shared", "sets", 1),
        ("uniformity", "shared", "sets", 1),
        ("uniformity", "shared", "sets", 1),
    ]
    np.testing.assert_equal(dataclasses.asdict(result), dataclasses.asdict(measured(evidence, 32)))
    save_result(result, tmp_path / "result.npz")
    loaded = load_result(tmp_path / "result.npz", RetrievalResult)
    np.testing.assert_equal(dataclasses.asdict(loaded), dataclasses.asdict(result))


def test_parts_of_the_set_are_scored_in_batches_of_one_size(evidence):
    result = measured(evidence, 64)
    own = min(np.bincount(evidence.probe_set.points.source))
    assert result.part_batch_size == 64
    assert result.shared_own["retrieval_accuracy"].shape == (2, own // 64)
    assert result.shared_others["infonce_bound"].shape == (2, own // 64)
    sources = [entry.source for entry in result.samples() if entry.metric == "retrieval_accuracy"]
    assert sources == [source for source in ("shared", "on-policy", "shared-own", "shared-others") for _ in range(2)]


def test_agents_that_the_set_is_not_from_have_no_part_of_it(evidence):
    result = measured(about([FakeRun(depth=8)], evidence), 64)
    assert result.part_batch_size == 0
    assert {entry.source for entry in result.samples()} == {"shared", "on-policy"}
