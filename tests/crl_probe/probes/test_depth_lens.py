"""The lens must show what the cut network shows, and a critic that sees the maze only with all its blocks as such."""

import copy
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.evidence.evidence import Evidence
from crl_probe.probes import depth_lens, q_landscape, retrieval
from crl_probe.probes.depth_lens import DepthLensResult, DepthLensSettings
from crl_probe.runs.blocks import evenly_spaced_blocks
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.loading import load_run
from crl_probe.store.results import load_result, save_result
from crl_train.errors import ConfigError
from tests.crl_probe.fakes import FakeRun

RANK_ROUNDING = 1e-4  # of a rank correlation, where float32 makes neighbours of a few cells change places


def rng():
    return np.random.default_rng(0)


def measured(evidence, **options):
    settings = DepthLensSettings(**{"batch_size": 100, **options})
    return depth_lens.run(evidence, settings, rng())


def about(runs, evidence):
    """Evidence about other agents on the same shared set, so that nobody is rolled out."""
    return Evidence(runs, evidence.settings, probe_set=evidence.probe_set, use_cache=False)


@pytest.fixture(scope="module")
def of_two(evidence):
    return measured(evidence)


@pytest.fixture(scope="module")
def trained(finished_run, evidence):
    return about([load_run(finished_run.path)], evidence)


def test_blocks_let_the_maze_come_into_sight(of_two):
    blind, seeing = of_two.geodesic_rank
    assert (blind.shape, seeing.shape) == ((2, 3), (17, 3))
    np.testing.assert_allclose(blind[0], blind[1], atol=RANK_ROUNDING)
    assert (np.diff(seeing.mean(axis=1)) > -RANK_ROUNDING).all()
    assert seeing[-1].mean() > 0.95 > seeing[0].mean()
    assert seeing[-1].mean() > blind[-1].mean()


def test_readable_depth_is_where_the_maze_is_nearly_in_sight(of_two):
    blind, seeing = of_two.readable["geodesic_rank"]
    assert blind == 0.0  # what its block adds is nothing
    by_hand = of_two.geodesic_rank[1].mean(axis=1)
    enough = np.flatnonzero(by_hand >= 0.9 * by_hand[-1])[0]
    assert 0 < enough < 16
    assert seeing == enough / 16


def test_depth_is_a_share_of_all_blocks_also_where_few_are_kept(evidence, of_two):
    result = measured(evidence, kept=5)
    assert result.total_blocks.tolist() == [1, 16]
    assert [blocks.tolist() for blocks in result.blocks] == [[0, 1], [0, 4, 8, 12, 16]]
    np.testing.assert_allclose(result.geodesic_rank[1], of_two.geodesic_rank[1][::4], atol=RANK_ROUNDING)
    shares = result.readable["geodesic_rank"][1], of_two.readable["geodesic_rank"][1]
    assert shares[0] == np.ceil(shares[1] * 4) / 4


@pytest.mark.parametrize("blocks", [0, 1])
def test_lens_shows_what_the_cut_network_shows(trained, blocks):
    lens = measured(trained, batch_size=32, fine_cells=15)
    cut = about([trained.runs[0].prefix(blocks)], trained)
    found = retrieval.run(cut, retrieval.RetrievalSettings(batch_size=32), rng())
    # One pair of a batch may be ranked differently, if two energies are equal up to rounding.
    np.testing.assert_allclose(lens.retrieval_accuracy[0][blocks], found.shared["retrieval_accuracy"][0], atol=1 / 32)
    landscape = q_landscape.run(cut, q_landscape.QLandscapeSettings(fine_cells=15), rng())
    np.testing.assert_allclose(lens.geodesic_rank[0][blocks], landscape.scores["geodesic_rank"][0], atol=RANK_ROUNDING)


def test_whole_agent_is_the_last_entry(evidence, of_two):
    found = retrieval.run(evidence, retrieval.RetrievalSettings(batch_size=100), rng())
    last = np.stack([scores[-1] for scores in of_two.retrieval_accuracy])
    np.testing.assert_allclose(last, found.shared["retrieval_accuracy"], atol=1 / 100)  # one pair of a batch


def test_without_a_maze_there_is_no_landscape(evidence):
    run = FakeRun(depth=16)
    run.env = copy.copy(run.env)
    run.env.maze = None
    result = measured(about([run], evidence))
    assert result.geodesic_rank[0].shape == (5, 0)
    assert np.isnan(result.readable["geodesic_rank"][0])
    assert [s.part for s in result.samples()] == ["retrieval_accuracy"]


def test_samples_are_told_apart_by_what_is_read(of_two):
    assert [(s.run.critic_depth, s.source, s.part, s.sample_unit, s.value) for s in of_two.samples()] == [
        (4, "shared", "retrieval_accuracy", "lenses", of_two.readable["retrieval_accuracy"][0]),
        (64, "shared", "retrieval_accuracy", "lenses", of_two.readable["retrieval_accuracy"][1]),
        (4, "grid", "geodesic_rank", "lenses", of_two.readable["geodesic_rank"][0]),
        (64, "grid", "geodesic_rank", "lenses", of_two.readable["geodesic_rank"][1]),
    ]


def test_result_survives_the_disk_and_is_repeatable(trained, tmp_path):
    result = measured(trained, batch_size=32)
    np.testing.assert_equal(dataclasses.asdict(result), dataclasses.asdict(measured(trained, batch_size=32)))
    save_result(result, tmp_path / "result.npz")
    loaded = load_result(tmp_path / "result.npz", DepthLensResult)
    np.testing.assert_equal(dataclasses.asdict(loaded), dataclasses.asdict(result))


def test_unusable_requests_are_explained(evidence):
    with pytest.raises(ConfigError, match=r"kept=1 is not usable: no block and all blocks are always kept\."):
        DepthLensSettings(kept=1)
    with pytest.raises(ProbeError, match="300 shared points do not fill a batch of 512 pairs"):
        measured(evidence, batch_size=512)


@given(blocks=st.integers(1, 2000), most=st.integers(2, 50))
def test_kept_blocks_are_even_and_hold_both_ends(blocks, most):
    kept = evenly_spaced_blocks(blocks, most)
    assert (kept[0], kept[-1], len(kept)) == (0, blocks, min(most, blocks + 1))
    gaps = np.diff(kept)
    assert gaps.min() >= 1
    assert gaps.max() - gaps.min() <= 1
