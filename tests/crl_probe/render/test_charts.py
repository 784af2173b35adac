"""Descriptions of charts hold what results hold; axes, words and intervals are decided here, for page and paper."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.metrics import DEFINITIONS, estimate_over_seeds, interquartile_mean
from crl_probe.probes import depth_lens as lens_probe
from crl_probe.probes import goal_clusters as goal_clusters_probe
from crl_probe.probes import learning_curves as curves_probe
from crl_probe.probes import retrieval as retrieval_probe
from crl_probe.probes import success as success_probe
from crl_probe.render.axes import nice_ticks, place_axis, share_axis, value_axis, value_range
from crl_probe.render.by_level import interval_note, level_chart, level_charts, references_of, run_ticks
from crl_probe.render.charts import ChartGroup, Line, Reference, fold_flat, stretches
from crl_probe.render.curves import run_lines
from crl_probe.render.depth_lens import lens_chart, lens_charts
from crl_probe.render.learning_curves import learning_chart, learning_charts
from crl_probe.render.palette import HEAT_COLOURS, depth_colours, ink_on, luminance_of
from crl_probe.render.residual_stream import stream_charts
from crl_probe.render.similarity import agent_similarity, block_similarity, similarity_charts
from crl_probe.summary.estimates import estimate_by_level
from tests.crl_probe.render.results import (
    RUNS,
    agent,
    depth_lens,
    geometry,
    goal_clusters,
    learning_curves,
    residual_stream,
    retrieval,
    success,
)


def rng():
    return np.random.default_rng(0)


AS_IN_THE_MAZE = references_of(goal_clusters_probe.PROBE, None)


def chance(result):
    return references_of(retrieval_probe.PROBE, result)


def charts_of(result, *metrics, references=None):
    return level_charts(estimate_by_level(result.samples()), metrics, references)


def lines_of(ys, xs=None, runs=RUNS):
    xs = xs or [np.arange(len(y), dtype=float) for y in ys]
    return run_lines(runs, xs, ys, DEFINITIONS["time_at_goal"], lambda x: f"at {x:g}")


def legend_texts(chart):
    return [entry.text for entry in chart.legend]


# --- axes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "values", "expected"),
    [
        ("success_rate", [0.2, 0.6], (-0.03, 1.05)),  # more than half of what there can be: all of it
        ("success_rate", [0.2, 0.5], (-0.015, 0.525)),
        ("dormant_fraction", [0.0, 0.001], (-0.0015, 0.0525)),  # next to nothing is no mountain
        ("time_at_goal", [10.0, 40.0], (-1.2, 42.0)),
        ("time_at_goal", [0.0, 0.0], (-0.03, 1.05)),
        ("geodesic_rank", [0.1, 0.9], (-0.03, 1.05)),
        ("geodesic_rank", [-0.5, 0.5], (-0.55, 0.55)),  # something is below zero: its own scale
        ("linear_decodability", [-3.0, -3.0], (-3.15, -2.85)),
        ("success_rate", [np.nan, np.inf], (-0.0015, 0.0525)),
    ],
)
def test_a_y_axis_follows_the_bounds_of_its_metric(metric, values, expected):
    assert value_range(DEFINITIONS[metric], values) == pytest.approx(expected)


def test_ticks_are_round_and_say_per_cents():
    share = value_axis(DEFINITIONS["success_rate"], [0.7])
    assert [text for _, text in share.ticks] == ["0 %", "25 %", "50 %", "75 %", "100 %"]
    assert [text for _, text in value_axis(DEFINITIONS["time_at_goal"], [40.0]).ticks] == ["0", "10", "20", "30", "40"]
    assert [text for _, text in nice_ticks(-0.55, 0.55)] == ["−0.50", "−0.25", "0.00", "0.25", "0.50"]
    assert [text for _, text in nice_ticks(0.0, 2e-5)] == ["0", "5.0×10⁻⁶", "1.0×10⁻⁵", "1.5×10⁻⁵", "2.0×10⁻⁵"]
    assert share_axis("share").position(0.5) == pytest.approx(0.5)
    assert place_axis("depth", ["4", "16"]).ticks == ((0.0, "4"), (1.0, "16"))


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_lie_on_their_axis(low, extent):
    ticks = nice_ticks(low, low + extent)
    places = [place for place, _ in ticks]
    assert 1 <= len(ticks) <= 6 or extent < 1e-9 * abs(low)
    slack = 1e-6 * max(extent, abs(low) * 1e-3)
    assert all(low - slack <= place <= low + extent + slack for place in places)


# --- a metric by depth ---------------------------------------------------------------------------------------------


def test_a_dot_for_every_seed_and_a_marker_for_the_aggregate(evidence):
    result = success_probe.run(evidence, success_probe.SuccessSettings(), rng())
    (chart,) = charts_of(result, "success_rate", "no_such_metric").charts
    assert [text for _, text in chart.x.ticks] == ["4", "64"]
    assert chart.note == "95 % interval, 10 episodes"
    assert "depth 64: " in chart.alt
    assert ", 10 episodes" in chart.alt


def test_marks_hold_the_estimates():
    shallow, deep = charts_of(success(), "time_at_goal").charts[0].marks
    assert (shallow.value, shallow.low, shallow.high) == (10.0, 5.0, 15.0)
    assert shallow.text == "depth 4: 10.0 [5.0, 15.0], 2 seeds"
    assert [dot.value for dot in deep.seeds] == [50.0, 70.0]
    assert deep.seeds[1].text == "point_u_maze_d16_s1: 70.0"
    assert [dot.place > deep.place for dot in deep.seeds] == [True, True]
    (rate,) = charts_of(success(), "success_rate").charts
    assert rate.marks[0].text == "depth 4: 50 % [no spread], 2 seeds"
    assert rate.alt == f"Success rate by depth: {rate.marks[0].text}; {rate.marks[1].text}"


def test_kinds_stand_side_by_side_with_fills_of_their_own():
    (chart,) = charts_of(goal_clusters(), "goal_resolution", references=AS_IN_THE_MAZE).charts
    assert legend_texts(chart) == ["own episodes", "shared set", "as in the maze"]
    assert [(mark.place, mark.fill) for mark in chart.marks] == [
        (-0.16, "full"), (0.84, "full"), (0.16, "open"), (1.16, "open"),
    ]  # fmt: skip
    assert [line.dashed for line in chart.lines] == [False, True]
    (parts,) = charts_of(residual_stream(), "dormant_fraction").charts
    assert legend_texts(parts) == ["φ", "ψ", "actor"]
    assert {mark.fill for mark in parts.marks} == {"full", "open", "left"}
    assert len(charts_of(success(), "success_rate").charts[0].legend) == 0


def test_chance_is_known_to_the_definition_or_to_the_probe():
    accuracy, bound = charts_of(
        retrieval(), "retrieval_accuracy", "infonce_bound", references=chance(retrieval())
    ).charts
    assert accuracy.references == (Reference(1 / 256, "chance"),)
    assert bound.references == (Reference(0.0, "chance"),)
    assert charts_of(retrieval(), "retrieval_accuracy").charts[0].references == ()


def test_a_group_has_one_legend_where_every_sign_has_one_meaning():
    group = charts_of(retrieval(), "retrieval_accuracy", "infonce_bound", references=chance(retrieval()))
    assert [entry.text for entry in group.legend] == ["own episodes", "shared set", "chance"]
    assert charts_of(geometry(), "effective_rank", "linear_decodability").legend == ()  # filled is φ, and the goal
    assert ChartGroup(()).legend == ()


def test_a_note_says_what_intervals_are_over():
    assert interval_note(estimate_by_level(success().samples())) == "95 % interval, 2 seeds or 4 pooled episodes"
    lone = [estimate for estimate in estimate_by_level(geometry().samples()) if estimate.metric == "cka"]
    assert interval_note(lone) == "one seed, no interval"


def test_depths_are_named_shortly():
    assert run_ticks(RUNS) == ({"depth 4": "4", "depth 16": "16"}, "depth")
    apart = (agent(4, 0, actor=16), agent(16, 0))
    assert run_ticks(apart) == ({"actor 16 · critic 4": "16/4", "depth 16": "16/16"}, "depth of actor/critic")
    stages = [dataclasses.replace(agent(4, 0, steps=n), label=f"depth 4 · {n:,} steps") for n in (500, 130_000)]
    assert list(run_ticks(stages)[0].values()) == ["500", "130k"]
    assert run_ticks(stages)[1] == "environment steps at depth 4"
    assert list(run_ticks([*stages, agent(16, 0)])[0].values()) == ["4\n500", "4\n130k", "16\n10k"]


def test_one_depth_has_no_thread():
    only = [estimate for estimate in estimate_by_level(success().samples()) if estimate.label == "depth 4"]
    assert level_chart([e for e in only if e.metric == "success_rate"]).lines == ()


# --- curves --------------------------------------------------------------------------------------------------------


def test_seeds_are_thin_lines_below_their_aggregate():
    lines = lines_of([np.array([0.0, 2.0]), np.array([2.0, 6.0]), np.array([1.0, 1.0]), np.array([3.0, 3.0])])
    assert [line.weight for line in lines] == ["thin", "thin", "bold"] * 2
    bold = lines[2]
    np.testing.assert_array_equal(bold.y, [1.0, 4.0])
    expected = [estimate_over_seeds([np.array([a]), np.array([b])], "run") for a, b in ((0.0, 2.0), (2.0, 6.0))]
    np.testing.assert_array_equal(bold.low, [e.low for e in expected])
    np.testing.assert_array_equal(bold.high, [e.high for e in expected])
    assert bold.texts[1] == "depth 4, at 1: 4.0 [2.0, 6.0]"
    assert lines[0].text == "depth 4, seed 0: ends at 2.00"


def test_a_point_that_a_seed_lacks_is_a_gap_and_a_single_place_gets_a_bar():
    nan = np.nan
    ys = [np.array([0.0, 1.0, nan, 3.0]), np.array([0.0, 1.0, 2.0, 3.0]), np.zeros(0), np.zeros(0)]
    (*_, bold) = lines_of(ys)
    assert np.isnan(bold.y).tolist() == [False, False, True, False]
    assert bold.bands() == [slice(0, 2)]
    assert bold.bars() == [3]
    assert bold.symbol == "circle"
    assert stretches(np.array([nan, nan])) == []


def test_one_seed_is_its_own_aggregate_without_a_band():
    (line,) = lines_of([np.arange(30.0)], runs=RUNS[:1])
    assert (line.weight, line.low, line.bands(), line.symbol) == ("bold", None, [], "")


def test_seeds_that_do_not_share_their_places_have_no_aggregate():
    xs = [np.arange(3.0) + i for i in range(4)]
    lines = lines_of([np.arange(3.0)] * 4, xs)
    assert [line.weight for line in lines] == ["plain"] * 4


@given(st.lists(st.lists(st.floats(-10, 10), min_size=3, max_size=3), min_size=2, max_size=6))
def test_the_aggregate_of_curves_is_that_of_every_table(by_seed):
    runs = tuple(agent(4, seed) for seed in range(len(by_seed)))
    (*_, bold) = lines_of([np.array(values) for values in by_seed], runs=runs)
    np.testing.assert_array_equal(bold.y, [float(interquartile_mean(column)) for column in np.array(by_seed).T])
    assert all(low <= y <= high for low, y, high in zip(bold.low, bold.y, bold.high, strict=True))


def test_learning_curves_are_titled_by_their_definitions():
    result = learning_curves()
    steps = result.curves["eval/success_rate"]
    result = dataclasses.replace(result, curves={**result.curves, "critic/categorical_accuracy": steps})
    rate, other, accuracy = learning_charts(result).charts
    assert [chart.title for chart in (rate, other, accuracy)] == [
        "Success rate", "Loss of bias", "Contrastive accuracy",
    ]  # fmt: skip
    assert (rate.y.high, accuracy.y.high, other.y.unit) == (1.05, 1.05, "")
    assert accuracy.y.ticks[-1] == (1.0, "100 %")
    assert other.y.ticks[-1] == (0.8, "0.8")
    assert [text for _, text in rate.x.ticks] == ["0", "500", "1,000", "1,500", "2,000"]
    assert legend_texts(rate) == ["depth 4", "depth 16"]


def test_curves_have_gaps_where_nothing_was_logged(evidence):
    settings = curves_probe.LearningCurvesSettings(("eval/time_to_goal", "never/logged"))
    result = curves_probe.run(evidence, settings, rng())
    chart = learning_chart(result, "eval/time_to_goal")
    assert np.isnan(chart.lines[0].y[0])
    assert chart.lines[0].y[1] == 80.0
    assert (chart.title, chart.y.unit) == ("Time to goal", "steps")
    with pytest.raises(ValueError, match="holds none of never/logged"):
        curves_probe.run(evidence, curves_probe.LearningCurvesSettings(("never/logged",)), rng())


def test_the_lens_ends_at_the_whole_network(evidence):
    settings = lens_probe.DepthLensSettings(batch_size=64, fine_cells=15)
    lens = lens_probe.run(evidence, settings, rng())
    accuracy, rank = lens_charts(lens).charts
    for line, mine in zip(accuracy.lines, lens.retrieval_accuracy, strict=True):
        assert (line.x[0], line.x[-1]) == (0, 1)
        assert line.y[-1] == pytest.approx(mine[-1].mean(), rel=1e-12)
    assert rank.title == "Geodesic rank"
    assert rank.references == (Reference(0.0, "chance"),)


def test_rings_mark_nine_tenths_of_the_full_network():
    chart = lens_chart(depth_lens(), "retrieval_accuracy")
    assert [(ring.place, round(ring.value, 9), ring.symbol) for ring in chart.marks] == [
        (1.0, 0.15, "ring"), (1.0, 0.15, "ring"), (1.0, 0.6, "ring"),
    ]  # fmt: skip
    assert legend_texts(chart) == ["depth 4", "depth 16", "90 % of the full network from here on", "chance"]
    assert chart.references == (Reference(1 / 256, "chance"),)
    assert chart.marks[2].text == "depth 16, seed 0: 90 % of the full network from here on, after 4 of 4 blocks"
    by_block = lens_chart(depth_lens(), "retrieval_accuracy", "blocks")
    assert [ring.place for ring in by_block.marks] == [1.0, 1.0, 4.0]
    assert by_block.x.title == "blocks before the head"


def test_networks_of_a_metric_share_their_y_axis():
    result = residual_stream()
    larger = {**result.contribution, "actor": tuple(3 * values for values in result.contribution["actor"])}
    charts = stream_charts(dataclasses.replace(result, contribution=larger)).charts
    assert len(charts) == 6  # two metrics of three networks
    assert {chart.y.high for chart in charts[:3]} == {3.0 * 1.05}
    assert charts[2].x.title == "share of actor blocks passed"
    np.testing.assert_allclose(charts[0].lines[-1].x, [0.25, 0.5, 0.75, 1.0])


# --- heat maps -----------------------------------------------------------------------------------------------------


def test_every_pair_of_agents_has_its_similarity():
    result = geometry()
    order = [2, 0, 3, 1]
    mixed = dataclasses.replace(result, runs=tuple(result.runs[i] for i in order), cka=result.cka[np.ix_(order, order)])
    heat_map = agent_similarity(mixed)
    np.testing.assert_array_equal(heat_map.values, result.cka)
    assert heat_map.ticks == ((0.5, "4"), (2.5, "16"))
    assert heat_map.borders == (1.5,)
    assert heat_map.alt.startswith("CKA: depth 4, seed 1 and depth 4, seed 0 0.90; depth 16, seed 0 and ")
    names = ("rank_own", "rank_others", "intrinsic_dimension")
    ranks = {name: getattr(result, name)[:1] for name in names} | {"mutual_knn": result.mutual_knn[:1, :1]}
    alone = dataclasses.replace(result, runs=result.runs[:1], cka=result.cka[:1, :1], **ranks)
    assert similarity_charts(alone).charts == ()


def test_many_pairs_are_told_by_their_range():
    many = np.full((13, 13), 0.5)
    many[1, 0] = -0.25
    heat_map = dataclasses.replace(
        block_similarity(residual_stream(), 0), names=tuple(f"block {i}" for i in range(13)), values=many
    )
    assert heat_map.alt == "CKA of 78 pairs, from −0.25 to 0.50"
    assert heat_map.text_of(1, 0) == "−0.25"
    assert heat_map.colour_of(-1.0) == HEAT_COLOURS[0]


def test_text_on_every_colour_of_a_heat_map_is_readable():
    heat_map = agent_similarity(geometry())
    for value in np.linspace(0.0, 1.0, 101):
        colour = heat_map.colour_of(float(value))
        dark, light = sorted([luminance_of(colour), luminance_of(ink_on(colour))])
        assert (light + 0.05) / (dark + 0.05) >= 4.2
    assert ink_on(heat_map.colour_of(1.0)) == "#ffffff"


def test_depth_colours_differ():
    for count in (1, 2, 3, 6, 9):
        labels = [f"depth {i}" for i in range(count)]
        assert len(set(depth_colours(labels).values())) == count


def test_a_line_without_intervals_has_no_band():
    line = Line(np.arange(3.0), np.arange(3.0))
    assert (line.bands(), line.bars()) == ([], [])


def test_charts_in_which_nothing_differs_are_a_sentence():
    group = charts_of(retrieval(), "retrieval_accuracy", "alignment")
    folded = fold_flat(ChartGroup(group.charts, "A caption."))
    # Both sources differ in accuracy, and alignment is the same everywhere.
    assert [chart.title for chart in folded.charts] == ["Retrieval accuracy"]
    assert folded.caption == "A caption. Everywhere the same: Alignment 0.500."
    assert fold_flat(ChartGroup(())) == ChartGroup(())


def test_colours_of_depths_go_from_light_to_dark_and_are_seen_on_both_papers():
    colours = depth_colours([str(i) for i in range(30)]).values()
    light = [luminance_of(colour) for colour in colours]
    # Mixing two of them may dip below the darker one, by less than can be seen.
    assert all(later <= earlier + 0.005 for earlier, later in itertools.pairwise(light))
    assert all(1.05 / (one + 0.05) >= 3 for one in light)
    assert all((one + 0.05) / (luminance_of("#10151d") + 0.05) >= 3 for one in light)
