"""Charts as SVG: well formed, escaped, every number where its axis says."""

import dataclasses
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.metrics import DEFINITIONS
from crl_probe.render.axes import share_axis, value_axis
from crl_probe.render.by_level import level_charts
from crl_probe.render.charts import RING, RULES, TICK, Chart, LegendEntry, Line, Mark, Reference
from crl_probe.render.depth_lens import lens_charts
from crl_probe.render.learning_curves import learning_charts
from crl_probe.render.page.svg import chart_svg, legend_svg
from crl_probe.render.page.svg_parts import number, symbol_svg, text_svg
from crl_probe.render.residual_stream import stream_charts
from crl_probe.render.similarity import agent_similarity, block_similarity
from crl_probe.summary.estimates import estimate_by_level
from tests.crl_probe.render.results import (
    depth_lens,
    geometry,
    goal_clusters,
    learning_curves,
    residual_stream,
    retrieval,
    success,
)

EVIL = "<script>alert('1')</script> & \"more\""


def by_depth(result, *metrics):
    return level_charts(estimate_by_level(result.samples()), metrics).charts


CHARTS = [
    *by_depth(success(), "success_rate", "time_at_goal"),
    *by_depth(goal_clusters(), "goal_resolution"),
    *by_depth(geometry(), "effective_rank", "linear_decodability"),
    *by_depth(residual_stream(), "dormant_fraction"),
    *by_depth(retrieval(), "infonce_bound"),
    *learning_charts(learning_curves()).charts,
    *lens_charts(depth_lens()).charts,
    *stream_charts(residual_stream()).charts,
    agent_similarity(geometry()),
    block_similarity(residual_stream(), 3),
]


def parsed(chart):
    return ElementTree.fromstring(chart_svg(chart))


def simple(**parts):
    y = dataclasses.replace(value_axis(DEFINITIONS["success_rate"], [1.0]), low=0.0, high=1.0)
    x = dataclasses.replace(share_axis("x"), low=0.0, high=1.0)
    return Chart("title", x, y, "alt", **parts)


def tips(root):
    return [(element.get("data-tip"), element.get("data-at")) for element in root.iter() if element.get("data-tip")]


def plane_of(root):
    """Left, right, top and bottom of the axes, by the ticks of 0 and 1."""
    (axis, *_) = [line for line in root.iter("line") if line.get("class") == "axis"]
    grid = [line for line in root.iter("line") if line.get("class") == "grid"]
    return *(float(axis.get(end)) for end in ("x1", "x2")), float(grid[-1].get("y1")), float(grid[0].get("y1"))


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title)
def test_every_chart_is_one_image_with_its_words(chart):
    root = parsed(chart)
    assert (root.tag, root.get("role"), root.get("tabindex"), root.get("aria-label")) == ("svg", "img", "0", chart.alt)
    _, _, width, height = map(float, root.get("viewBox").split())
    texts = ["".join(text.itertext()) for text in root.iter("text")]
    wanted = [chart.x.title, *(text for _, text in chart.y.ticks)] if isinstance(chart, Chart) else [chart.axis_title]
    assert set(wanted) <= set(texts)
    for text in root.iter("text"):
        assert 0 <= float(text.get("x")) <= width
        assert 0 <= float(text.get("y")) <= height
    places = [tuple(map(float, at.split())) for _, at in tips(root)]
    assert places
    assert all(0 <= x <= width and 0 <= y <= height for x, y in places)
    assert "nan" not in chart_svg(chart)


def test_numbers_lie_where_their_axes_say():
    mark = Mark(0.25, 0.5, "#123456", "circle", "a mark", low=0.25, high=0.75)
    root = parsed(simple(marks=(mark,), references=(Reference(0.75, "chance"),)))
    left, right, top, bottom = plane_of(root)
    ((reference, _), (text, at)) = tips(root)
    assert (reference, text) == ("chance", "a mark")
    x, y = map(float, at.split())
    assert x == pytest.approx(left + 0.25 * (right - left), abs=0.1)
    assert y == pytest.approx((top + bottom) / 2, abs=0.1)
    (bar,) = [path.get("d") for path in root.iter("path") if path.get("class") == "bar"]
    first, last = map(float, re.match(r"M\S+ (\S+)V([\d.]+)M", bar).groups())
    assert (first, last) == pytest.approx((top + 0.25 * (bottom - top), top + 0.75 * (bottom - top)), abs=0.1)


def test_lines_break_at_gaps_and_bands_go_there_and_back():
    x = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    y = np.array([0.5, 0.5, np.nan, 0.5, np.nan])
    low, high = y - 0.1, y + 0.1
    root = parsed(simple(lines=(Line(x, y, "a line", "#123456", "bold", "square", low=low, high=high),)))
    band, bar, line = (
        next(p for p in root.iter("path") if p.get("class").startswith(kind)).get("d")
        for kind in ("band", "bar", "line")
    )
    assert (band.count("M"), band.count("L"), band.count("Z")) == (1, 3, 1)
    assert line.count("M") == 1  # a single point is a marker alone
    assert bar.startswith("M")
    assert len(list(root.iter("polygon"))) == 3


def test_long_curves_have_few_places_to_point_at():
    x = np.linspace(0.0, 1.0, 1000)
    line = Line(x, x, "a line", "#123456", "bold", texts=tuple(f"at {i}" for i in range(1000)))
    told = [text for text, _ in tips(parsed(simple(lines=(line,))))]
    assert (told[0], told[-1], len(told)) == ("at 0", "at 999", 48)


def test_names_are_text_wherever_they_stand():
    mark = Mark(0.5, 0.5, "#123456", "circle", EVIL)
    line = Line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), EVIL)
    chart = simple(marks=(mark,), lines=(line,), references=(Reference(0.5, EVIL),), note=EVIL)
    axis = dataclasses.replace(chart.x, title=EVIL, ticks=((0.5, EVIL),))
    root = parsed(dataclasses.replace(chart, alt=EVIL, x=axis))
    assert root.get("aria-label") == EVIL
    assert [text for text, _ in tips(root)] == [EVIL] * 3
    assert [text.text for text in root.iter("text")].count(EVIL) == 3
    heat_map = dataclasses.replace(agent_similarity(geometry()), names=(EVIL,) * 4, axis_title=EVIL, scale_title=EVIL)
    assert "<script" not in chart_svg(heat_map)


@given(st.text(), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_any_text_stays_inside_its_element(text, x, y):
    legal = "".join(c for c in text if c.isprintable() or c == "\n")
    element = ElementTree.fromstring(text_svg(legal, x, y, "middle"))
    assert "".join(element.itertext()) == legal.replace("\n", "")


def test_crowded_ticks_stand_upright():
    ticks = tuple((i / 8, f"actor {i}\nlong words") for i in range(9))
    crowded = simple()
    crowded = dataclasses.replace(crowded, x=dataclasses.replace(crowded.x, ticks=ticks))
    root = parsed(crowded)
    turned = [text for text in root.iter("text") if text.get("transform")]
    assert [text.text for text in turned] == [f"actor {i} · long words" for i in range(9)]
    assert not [text for text in parsed(simple()).iter("text") if text.get("transform")]


def test_each_fill_is_told_apart():
    shapes = {fill: symbol_svg("square", 0.0, 0.0, 5.0, "#123456", fill) for fill in ("full", "open", "left", "bottom")}
    assert len(set(shapes.values())) == 4
    assert 'fill="var(--paper)"' in shapes["open"]
    assert 'viewBox="-7.5 -7.5 7.5 15"' in shapes["left"]
    assert 'viewBox="-7.5 0 15 7.5"' in shapes["bottom"]
    assert 'fill="none"' in symbol_svg(RING, 0.0, 0.0, 5.0, "#123456", "open")


def test_text_on_a_square_is_light_where_the_square_is_dark():
    root = parsed(agent_similarity(geometry()))
    inks = {text.text: text.get("style") for text in root.iter("text") if text.get("style")}
    assert (inks["1.00"], inks["0.20"]) == ("fill: #ffffff", "fill: #10151d")
    gap = np.array([[1.0, np.nan], [np.nan, 1.0]])
    two = dataclasses.replace(agent_similarity(geometry()), names=("a", "b"), values=gap)
    assert chart_svg(two).count(">–</text>") == 2


def test_nine_agents_have_room_for_their_numbers():
    heat_map = agent_similarity(geometry())

    def written(count):
        many = dataclasses.replace(heat_map, names=("agent",) * count, values=np.full((count, count), 0.5))
        return chart_svg(many).count(">0.50</text>")

    assert (written(9), written(12)) == (81, 0)


def test_legends_show_the_signs_of_their_charts():
    coloured = legend_svg(LegendEntry("depth 4", "square", "#123456"))
    assert 'style="color: #123456"' in coloured
    assert "polygon" in coloured
    assert 'class="rule"' in legend_svg(LegendEntry("chance", RULES[0]))
    assert 'class="rule rule-dotted"' in legend_svg(LegendEntry("straight line", RULES[1]))
    assert "<rect" in legend_svg(LegendEntry("before training", TICK))
    for entry in (LegendEntry("ring", RING), LegendEntry("open", "circle", fill="open")):
        assert 'aria-hidden="true"' in legend_svg(entry)


def test_lengths_have_one_digit_at_most():
    assert [number(value) for value in (3.04, 12.26, -0.01, 1e4)] == ["3", "12.3", "0", "10000"]
