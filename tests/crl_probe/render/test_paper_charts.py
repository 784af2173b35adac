"""What a description says stands on the axes of a paper figure: the same numbers, words and ranges as on the page."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure

from crl_probe.render.by_level import level_charts
from crl_probe.render.charts import HeatMap, Reference
from crl_probe.render.depth_lens import lens_charts
from crl_probe.render.learning_curves import learning_charts
from crl_probe.render.palette import ink_on
from crl_probe.render.paper.charts import draw_chart, draw_heat_map, legend_handles
from crl_probe.render.residual_stream import stream_charts
from crl_probe.render.similarity import agent_similarity, block_similarity
from crl_probe.summary.estimates import estimate_by_level
from tests.crl_probe.render.results import (
    depth_lens,
    geometry,
    goal_clusters,
    learning_curves,
    residual_stream,
    success,
)

REFERENCES = {"goal_resolution": (Reference(1.0, "as in the maze"),)}

CHARTS = [
    *level_charts(estimate_by_level(success().samples()), ("success_rate", "time_at_goal")).charts,
    *level_charts(estimate_by_level(goal_clusters().samples()), ("goal_resolution",), REFERENCES).charts,
    *level_charts(estimate_by_level(residual_stream().samples()), ("dormant_fraction",)).charts,
    *learning_charts(learning_curves()).charts,
    *lens_charts(depth_lens()).charts,
    *stream_charts(residual_stream()).charts,
]


def drawn(chart, **options):
    axes = Figure(figsize=(6.0, 4.0)).subplots()
    if isinstance(chart, HeatMap):
        draw_heat_map(axes, chart)
    else:
        draw_chart(axes, chart, **options)
    return axes


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title)
def test_axes_and_words_are_those_of_the_description(chart):
    axes = drawn(chart)
    assert (axes.get_xlim(), axes.get_ylim()) == ((chart.x.low, chart.x.high), (chart.y.low, chart.y.high))
    for axis, described in ((axes.xaxis, chart.x), (axes.yaxis, chart.y)):
        assert [text.get_text() for text in axis.get_ticklabels()] == [text for _, text in described.ticks]
        np.testing.assert_array_equal(axis.get_ticklocs(), [place for place, _ in described.ticks])
    assert axes.get_xlabel().split("\n") == [line for line in (chart.x.title, chart.note) if line]
    assert axes.get_ylabel().startswith(chart.y.title)
    shown = axes.get_legend().get_texts() if chart.legend else []
    assert [text.get_text() for text in shown] == [entry.text for entry in chart.legend]
    assert drawn(chart, legend=False).get_legend() is None


def test_marks_lines_and_references_are_all_there():
    (chart,) = [chart for chart in CHARTS if chart.title == "Goal resolution"]
    axes = drawn(chart)
    reference, *lines = axes.lines
    assert list(reference.get_ydata()) == [1.0, 1.0]
    np.testing.assert_array_equal(lines[0].get_ydata(), chart.lines[0].y)
    single = [line for line in lines if len(line.get_xdata()) == 1]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in single] == [(m.place, m.value) for m in chart.marks]
    bars, dots = axes.collections[0], axes.collections[1]
    assert bars.get_segments()[0][:, 1].tolist() == [chart.marks[0].low, chart.marks[0].high]
    assert dots.get_offsets()[:, 1].tolist() == [dot.value for dot in chart.marks[0].seeds]


def test_aggregates_lie_in_bands_as_on_the_page():
    chart = learning_charts(learning_curves()).charts[0]
    axes = drawn(chart)
    bands = [collection for collection in axes.collections if collection.get_paths()[0].vertices.shape[0] > 4]
    assert len(bands) == 2
    deep = next(line for line in chart.lines if line.text == "depth 16")
    reached = bands[1].get_paths()[0].vertices[:, 1]
    assert (reached.min(), reached.max()) == (deep.low.min(), deep.high.max())


def test_units_stand_beside_titles_and_below_long_ones():
    (time,) = [chart for chart in CHARTS if chart.title == "Time at goal"]
    assert drawn(time).get_ylabel() == "Time at goal (steps)"
    longer = dataclasses.replace(time, y=dataclasses.replace(time.y, unit="steps of an episode"))
    assert drawn(longer).get_ylabel() == "Time at goal\n(steps of an episode)"


def test_a_heat_map_has_its_numbers_ticks_and_borders():
    heat_map = agent_similarity(geometry())
    axes = drawn(heat_map)
    np.testing.assert_array_equal(axes.get_images()[0].get_array(), heat_map.values)
    assert [text.get_text() for text in axes.texts] == [heat_map.text_of(i, j) for i in range(4) for j in range(4)]
    assert axes.texts[0].get_color() == ink_on(heat_map.colour_of(1.0)) == "#ffffff"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["4", "16"]
    assert len(axes.lines) == 2
    assert axes.get_xlabel() == "depth"
    small = Figure(figsize=(0.8, 0.8)).subplots()
    draw_heat_map(small, block_similarity(residual_stream(), 3))
    assert not small.texts


def test_handles_have_the_signs_of_their_entries():
    chart = lens_charts(depth_lens()).charts[0]
    handles = legend_handles(chart.legend)
    assert [handle.get_label() for handle in handles] == [entry.text for entry in chart.legend]
    assert handles[0].get_color() == chart.legend[0].colour
    assert handles[-2].get_markerfacecolor() == "none"
