"""Shapes of embeddings on analytic agents, whose shapes are known up to rotation and scale."""

import dataclasses

import numpy as np
import pytest

from crl_probe.evidence.evidence import Evidence
from crl_probe.probes import geometry
from crl_probe.probes.geometry import GeometryResult, GeometrySettings, cka_between
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.loading import load_run
from crl_probe.store.results import load_result, save_result
from tests.crl_probe.fakes import FakeRun


def measured(evidence, **options):
    settings = GeometrySettings(**options)
    return geometry.run(evidence, settings, np.random.default_rng(0))


def about(runs, evidence):
    """Evidence about other agents on the same shared set, so that nobody is rolled out."""
    return Evidence(runs, evidence.settings, probe_set=evidence.probe_set, use_cache=False)


class Collapsed(FakeRun):
    def phi(self, state, action):
        return 0.0 * super().phi(state, action)


@pytest.fixture(scope="module")
def of_three(evidence):
    """Two agents of one shape, which seeds have rotated and scaled, and a blind one."""
    return measured(about([FakeRun(depth=64, seed=0), FakeRun(depth=64, seed=1), FakeRun(depth=4)], evidence))


def test_seeds_that_rotate_and_scale_have_one_shape(of_three):
    for ranks in of_three.effective_rank.values():
        assert ranks[0] == pytest.approx(ranks[1], rel=1e-4)
        assert ranks[0] != pytest.approx(ranks[2], rel=1e-2)
    assert of_three.cka[0, 1] == pytest.approx(1.0, abs=1e-5)


def test_another_shape_is_less_alike(of_three):
    np.testing.assert_allclose(of_three.cka, of_three.cka.T)
    np.testing.assert_allclose(np.diag(of_three.cka), 1.0)
    assert of_three.cka[0, 2] < 0.99
    assert of_three.cka[0, 2] == pytest.approx(of_three.cka[1, 2], abs=1e-4)


def test_ways_to_a_landmark_can_be_read_from_an_agent_that_sees_walls(evidence):
    # The only goal is one of the landmarks, and an embedding is the geodesic or straight-line distances to them.
    landmark = dataclasses.replace(evidence.probe_set, goals=evidence.probe_set.goals[:1])
    agents = Evidence(evidence.runs, evidence.settings, probe_set=landmark, use_cache=False)
    blind, seeing = measured(agents).decodability["distance"]
    assert seeing.min() > 0.95 > blind.mean()


def test_places_can_be_read_but_not_from_noise(evidence):
    noisy = about([FakeRun(), FakeRun(name="noisy")], evidence)
    phi = noisy.point_phi[0]
    noisy.__dict__["point_phi"] = (phi, np.random.default_rng(0).permutation(phi))
    read = measured(noisy).decodability["goal"]
    assert read.shape == (2, 5)
    assert np.median(read[0]) > 0.9
    assert np.median(read[1]) < 0.1


def test_samples_are_told_apart_by_part_and_others_by_depth(of_three):
    samples = of_three.samples()
    seeing = [s for s in samples if s.run.name == "point_u_maze_d64_s0"]
    assert [(s.metric, s.part, s.sample_unit, len(s.samples)) for s in seeing] == [
        ("effective_rank", "phi", "sets", 1),
        ("effective_rank", "psi", "sets", 1),
        ("srank", "phi", "sets", 1),
        ("srank", "psi", "sets", 1),
        ("intrinsic_dimension", "", "sets", 1),
        ("linear_decodability", "goal", "folds", 5),
        ("linear_decodability", "distance", "folds", 5),
        ("cka", "to depth 4", "runs", 1),
        ("cka", "to depth 64", "runs", 1),
        ("mutual_knn", "to depth 4", "runs", 1),
        ("mutual_knn", "to depth 64", "runs", 1),
    ]
    assert seeing[-4].value == of_three.cka[0, 2]
    assert seeing[-2].value == of_three.mutual_knn[0, 2]
    # A depth with one agent has no other agent of its own depth to be like.
    assert {s.part for s in samples if s.metric == "cka" and s.run.critic_depth == 4} == {"to depth 64"}


def test_collapsed_agent_has_no_shape_and_spares_the_others(evidence):
    result = measured(about([FakeRun(depth=64), Collapsed(depth=4, name="collapsed")], evidence))
    assert np.isnan(result.effective_rank["phi"]).tolist() == [False, True]
    assert np.isfinite(result.effective_rank["psi"]).all()
    assert np.isnan(result.decodability["goal"]).tolist() == [[False] * 5, [True] * 5]
    np.testing.assert_allclose(result.cka, [[1, np.nan], [np.nan, np.nan]])
    assert not [s for s in result.samples() if s.metric == "cka"]


def test_embeddings_of_different_points_never_meet(fake_runs, evidence):
    mixed = about(fake_runs, evidence)
    mixed.__dict__["point_phi"] = (evidence.point_phi[0], evidence.point_phi[1][:-5])
    with pytest.raises(ProbeError, match=r"different numbers of points \(point_u_maze_d4_s0: 300, .*d64_s0: 295\)"):
        measured(mixed)


def test_one_goal_is_drawn_for_every_point_by_the_seed_given(evidence):
    first, again = measured(evidence, folds=2), measured(evidence, folds=2)
    np.testing.assert_equal(dataclasses.asdict(first), dataclasses.asdict(again))
    other = geometry.run(evidence, GeometrySettings(folds=2), np.random.default_rng(1))
    np.testing.assert_array_equal(other.decodability["goal"], first.decodability["goal"])
    assert not np.array_equal(other.decodability["distance"], first.decodability["distance"])


def test_similarity_ignores_how_wide_a_space_is():
    points = np.random.default_rng(0).normal(size=(50, 3))
    table = cka_between([points, np.pad(points, ((0, 0), (0, 4)))])
    np.testing.assert_allclose(table, np.ones((2, 2)))


def test_trained_agent_is_measured_and_its_result_survives_the_disk(finished_run, evidence, tmp_path):
    run = load_run(finished_run.path)
    result = measured(about([run], evidence), folds=3)
    assert result.points == 300
    assert 1 < result.effective_rank["phi"][0] <= run.config.repr_dim
    assert result.decodability["goal"].shape == (1, 3)
    assert np.isfinite(result.decodability["goal"]).all()
    np.testing.assert_allclose(result.cka, [[1.0]])
    save_result(result, tmp_path / "result.npz")
    loaded = load_result(tmp_path / "result.npz", GeometryResult)
    np.testing.assert_equal(dataclasses.asdict(loaded), dataclasses.asdict(result))
