"""Charts show what results hold."""

import dataclasses

import numpy as np
import pytest

from crl_probe.probes import depth_lens, geometry, learning_curves, residual_stream, success
from crl_probe.render.page.by_block import lens_panels, stream_panels
from crl_probe.render.page.by_depth import depth_panels
from crl_probe.render.page.geometry import cka_panels
from crl_probe.render.page.learning_curves import learning_curve_panels
from crl_probe.render.palette import depth_colours
from crl_probe.summary.estimates import estimate_by_depth


def rng():
    return np.random.default_rng(0)


def test_a_dot_for_every_seed_and_a_marker_for_the_aggregate(fake_runs, small, evidence):
    result = success.run(evidence, success.SuccessSettings(), rng())
    group = depth_panels(estimate_by_depth(result.samples()), ("success_rate", "no_such_metric"))
    (panel,) = group.panels
    assert list(panel.figure.layout.xaxis.ticktext) == ["depth 4", "depth 64"]
    assert "depth 64 on-policy" in panel.alt
    assert "10 episodes" in panel.alt


def test_curves_have_gaps_where_nothing_was_logged(evidence):
    settings = learning_curves.LearningCurvesSettings(("eval/time_to_goal", "never/logged"))
    result = learning_curves.run(evidence, settings, rng())
    (panel,) = learning_curve_panels(result).panels
    assert np.isnan(panel.figure.data[0].y[0])
    assert panel.figure.data[0].y[1] == 80.0
    with pytest.raises(ValueError, match="holds none of never/logged"):
        learning_curves.run(
            evidence,
            learning_curves.LearningCurvesSettings(("never/logged",)),
            rng(),
        )


def test_every_pair_of_agents_has_its_cka(fake_runs, small, evidence):
    result = geometry.run(evidence, geometry.GeometrySettings(), rng())
    (panel,) = cka_panels(result).panels
    (cells,) = panel.figure.data
    np.testing.assert_allclose(cells.z, result.cka, rtol=1e-6)
    assert cells.text[0][0] == "1.00"
    assert f"depth 64 · s0 and depth 4 · s0 {result.cka[1, 0]:.2f}" in panel.alt
    alone = dataclasses.replace(result, runs=result.runs[:1], cka=result.cka[:1, :1])
    assert cka_panels(alone).panels == ()


def test_curves_over_blocks_end_at_the_whole_network(fake_runs, small, evidence):
    settings = depth_lens.DepthLensSettings(batch_size=64, fine_cells=15)
    lens = depth_lens.run(evidence, settings, rng())
    accuracy, rank = lens_panels(lens).panels
    for curve, mine in zip(accuracy.figure.data, lens.retrieval_accuracy, strict=True):
        assert (curve.x[0], curve.x[-1]) == (0, 1)
        assert curve.y[-1] == pytest.approx(mine[-1].mean(), rel=1e-5)
    assert rank.title == "Geodesic rank"
    stream = residual_stream.run(evidence, residual_stream.ResidualStreamSettings(), rng())
    panels = stream_panels(stream).panels
    assert len(panels) == 6  # two numbers for three networks
    assert [len(curve.x) for curve in panels[0].figure.data] == [1, 16]


def test_depth_colours_differ():
    for count in (1, 2, 3, 6, 9):
        labels = [f"depth {i}" for i in range(count)]
        assert len(set(depth_colours(labels).values())) == count
