"""What blocks do, on analytic agents whose blocks are known and on a trained one."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from crl_probe.evidence.evidence import Evidence
from crl_probe.probes import residual_stream
from crl_probe.probes.residual_stream import NETWORKS, ResidualStreamResult, ResidualStreamSettings
from crl_probe.runs import blocks
from crl_probe.runs.loading import load_run
from crl_probe.store.results import load_result, save_result
from crl_train.errors import ConfigError
from tests.crl_probe.fakes import FakeRun


def measured(evidence, **options):
    settings = ResidualStreamSettings(**options)
    return residual_stream.run(evidence, settings, np.random.default_rng(0))


def about(runs, evidence):
    """Evidence about other agents on the same shared set, so that nobody is rolled out."""
    return Evidence(runs, evidence.settings, probe_set=evidence.probe_set, use_cache=False)


@pytest.fixture(scope="module")
def of_two(evidence):
    return measured(evidence)


def test_dormant_units_are_counted_in_every_block(of_two):
    for network in NETWORKS:
        one_block, many = of_two.dormant[network]
        np.testing.assert_allclose(one_block, [0.5])
        np.testing.assert_allclose(many, np.arange(2, 33, 2) / 64)


def test_contribution_of_a_block_is_what_it_adds_to_what_was_there(of_two, evidence):
    one_block, many = of_two.contribution["phi"]
    np.testing.assert_array_equal(one_block, [0.0])  # the blind agent's only block adds nothing
    assert many.shape == (16,)
    points = evidence.probe_set.points
    first, second = np.asarray(evidence.runs[1].residual_stream("phi", points.states, points.actions))[:2]
    ratios = np.linalg.norm(second - first, axis=1) / np.linalg.norm(first, axis=1)
    assert many[0] == pytest.approx(ratios.mean(), rel=1e-5)


def test_blocks_are_more_alike_the_closer_they_are(of_two):
    kept, table = of_two.kept_blocks[1], of_two.block_cka[1]
    assert kept.tolist() == list(range(17))
    np.testing.assert_allclose(table, table.T)
    np.testing.assert_allclose(np.diag(table), 1.0)
    assert table[0, 1] > table[0, 8] > table[0, 16]


def test_few_blocks_are_kept_with_both_ends(evidence):
    result = measured(evidence, kept_blocks=3)
    assert [kept.tolist() for kept in result.kept_blocks] == [[0, 1], [0, 8, 16]]
    assert [table.shape for table in result.block_cka] == [(2, 2), (3, 3)]
    with pytest.raises(ConfigError, match=r"kept_blocks=1 is not usable: the first and the last are always kept\."):
        ResidualStreamSettings(kept_blocks=1)


class Counting(FakeRun):
    """Remembers of how many points it held the whole stream at once."""

    held: set[int]

    def residual_stream(self, part, *inputs):
        self.held.add(len(inputs[0]))
        return super().residual_stream(part, *inputs)


def test_points_are_as_many_as_asked_and_as_fit(evidence, monkeypatch):
    runs = [Counting(depth=4), Counting(depth=64)]

    def held(**options):
        for run in runs:
            run.held = set()
        measured(about(runs, evidence), kept_blocks=2, **options)
        assert runs[0].held == runs[1].held
        return runs[0].held

    assert held() == {300}
    assert held(points=20) == {20}
    # The deepest decides for all: they are measured on the same points.
    monkeypatch.setattr(blocks, "_MOST_NUMBERS", 17 * 64 * 100)
    assert held() == {100}


def test_networks_whose_blocks_do_not_add_have_no_contributions(evidence):
    plain, usual = FakeRun(depth=16, seed=1), FakeRun(depth=16)
    plain.has_residual_stream = False
    result = measured(about([plain, usual], evidence))
    for network in NETWORKS:
        assert [len(ratios) for ratios in result.contribution[network]] == [0, 4]
        assert [len(shares) for shares in result.dormant[network]] == [4, 4]
    named = {s.run.name for s in result.samples() if s.metric == "residual_contribution"}
    assert named == {"point_u_maze_d16_s0"}


def test_stream_that_has_died_has_no_numbers_and_spares_the_others(evidence):
    class Dead(FakeRun):
        def residual_stream(self, part, *inputs):
            return jnp.zeros_like(super().residual_stream(part, *inputs))

    result = measured(about([Dead(name="dead"), FakeRun()], evidence))
    assert np.isnan(result.contribution["psi"][0]).all()
    assert np.isnan(result.block_cka[0]).all()
    assert np.isfinite(result.contribution["psi"][1]).all()


def test_trained_agent_is_measured_and_its_result_survives_the_disk(finished_run, evidence, tmp_path):
    trained = about([load_run(finished_run.path)], evidence)
    result = measured(trained, points=50)
    for network in NETWORKS:
        assert 0 <= result.dormant[network][0].item() < 1
        assert result.contribution[network][0].item() > 0
    assert result.block_cka[0].shape == (2, 2)
    assert 0 < result.block_cka[0][0, 1] < 1
    assert [(s.metric, s.part, s.sample_unit) for s in result.samples()] == [
        (metric, network, "blocks") for metric in ("dormant_fraction", "residual_contribution") for network in NETWORKS
    ]
    np.testing.assert_equal(dataclasses.asdict(result), dataclasses.asdict(measured(trained, points=50)))
    save_result(result, tmp_path / "result.npz")
    loaded = load_result(tmp_path / "result.npz", ResidualStreamResult)
    np.testing.assert_equal(dataclasses.asdict(loaded), dataclasses.asdict(result))
