"""Figures show what results hold, and controls partition their traces."""

import dataclasses
import itertools

import numpy as np
import pytest

from crl_probe.figures.by_block import lens_panels, stream_panels
from crl_probe.figures.by_depth import depth_panels
from crl_probe.figures.embedding_trajectory import trajectory_panels
from crl_probe.figures.geometry import cka_panels
from crl_probe.figures.learning_curves import learning_curve_panels
from crl_probe.figures.q_landscape import landscape_panels
from crl_probe.palette import depth_colours
from crl_probe.probes import (
    depth_lens,
    embedding_trajectory,
    geometry,
    learning_curves,
    q_landscape,
    residual_stream,
    success,
)
from crl_probe.samples import estimate_by_depth


def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def landscape(fake_runs, small, evidence):
    return q_landscape.run(fake_runs, q_landscape.QLandscapeSettings(small, fine_cells=15), rng(), evidence=evidence)


def test_exactly_one_landscape_shows_for_every_choice(landscape):
    group = landscape_panels(landscape)
    assert [panel.title for panel in group.panels] == ["Walking distance", "depth 4", "depth 64"]
    keys = [control.key for control in group.controls]
    for choice in itertools.product(*([value for value, _ in control.options] for control in group.controls)):
        chosen = dict(zip(keys, choice, strict=True))
        for panel in group.panels:
            maps = [t for t in panel.figure.data if t.type == "heatmap" and t.meta]
            assert sum(all(chosen[key] == value for key, value in trace.meta.items()) for trace in maps) == 1


def test_the_first_choice_shows_at_the_start(landscape):
    for panel in landscape_panels(landscape).panels:
        shown = [trace for trace in panel.figure.data if trace.visible and trace.type == "heatmap" and trace.meta]
        assert [trace.meta["goal"] for trace in shown] == ["0"]
        assert [trace.meta["scale"] for trace in shown] == ["rank"]


def test_ranks_put_the_goal_on_top(landscape):
    seeing = landscape_panels(landscape).panels[-1].figure.data[0]
    i, j = landscape.goal_cells[0]
    assert seeing.z.max() == 100
    assert seeing.z[j, i] > 97


def test_a_dot_for_every_seed_and_a_marker_for_the_aggregate(fake_runs, small, evidence):
    result = success.run(fake_runs, success.SuccessSettings(small), rng(), evidence=evidence)
    group = depth_panels(estimate_by_depth(result.samples()), ("success_rate", "no_such_metric"))
    (panel,) = group.panels
    assert list(panel.figure.layout.xaxis.ticktext) == ["depth 4", "depth 64"]
    assert "depth 64 on-policy" in panel.alt
    assert "10 episodes" in panel.alt


def test_curves_have_gaps_where_nothing_was_logged(fake_runs):
    settings = learning_curves.LearningCurvesSettings(("eval/time_to_goal", "never/logged"))
    result = learning_curves.run(fake_runs, settings, rng())
    (panel,) = learning_curve_panels(result).panels
    assert np.isnan(panel.figure.data[0].y[0])
    assert panel.figure.data[0].y[1] == 80.0
    with pytest.raises(ValueError, match="holds none of never/logged"):
        learning_curves.run(fake_runs, learning_curves.LearningCurvesSettings(("never/logged",)), rng())


def test_episodes_can_be_picked_in_every_panel(fake_runs, small, evidence, monkeypatch):
    monkeypatch.setattr(embedding_trajectory, "draw", lambda spaces, *_, **__: [space[:, :2] for space in spaces])
    settings = embedding_trajectory.EmbeddingTrajectorySettings(small, points=60)
    result = embedding_trajectory.run(fake_runs, settings, rng(), evidence=evidence)
    group = trajectory_panels(result)
    assert group.pick_episodes
    assert len(group.panels) == 3
    for panel in group.panels:
        (points,) = [trace for trace in panel.figure.data if trace.visible and trace.customdata is not None]
        np.testing.assert_array_equal(points.customdata, result.episode)


def test_every_pair_of_agents_has_its_cka(fake_runs, small, evidence):
    result = geometry.run(fake_runs, geometry.GeometrySettings(small), rng(), evidence=evidence)
    (panel,) = cka_panels(result).panels
    (cells,) = panel.figure.data
    np.testing.assert_allclose(cells.z, result.cka, rtol=1e-6)
    assert cells.text[0][0] == "1.00"
    assert f"depth 64 · s0 and depth 4 · s0 {result.cka[1, 0]:.2f}" in panel.alt
    alone = dataclasses.replace(result, runs=result.runs[:1], cka=result.cka[:1, :1])
    assert cka_panels(alone).panels == ()


def test_curves_over_blocks_end_at_the_whole_network(fake_runs, small, evidence):
    settings = depth_lens.DepthLensSettings(small, batch_size=64, fine_cells=15)
    lens = depth_lens.run(fake_runs, settings, rng(), evidence=evidence)
    accuracy, rank = lens_panels(lens).panels
    for curve, mine in zip(accuracy.figure.data, lens.retrieval_accuracy, strict=True):
        assert (curve.x[0], curve.x[-1]) == (0, 1)
        assert curve.y[-1] == pytest.approx(mine[-1].mean(), rel=1e-5)
    assert rank.title == "Geodesic rank"
    stream = residual_stream.run(fake_runs, residual_stream.ResidualStreamSettings(small), rng(), evidence=evidence)
    panels = stream_panels(stream).panels
    assert len(panels) == 6  # two numbers for three networks
    assert [len(curve.x) for curve in panels[0].figure.data] == [1, 16]


def test_a_depth_without_the_chosen_seed_is_explained(landscape):
    runs = (landscape.runs[0], dataclasses.replace(landscape.runs[1], seed=1))
    group = landscape_panels(dataclasses.replace(landscape, runs=runs))
    assert group.caption == "A panel stays empty where that depth has no run of the chosen seed."
    assert landscape_panels(landscape).caption == ""


def test_depth_colours_differ():
    for count in (1, 2, 3, 6, 9):
        labels = [f"depth {i}" for i in range(count)]
        assert len(set(depth_colours(labels).values())) == count
