"""Paper figures show the numbers that results hold, on any axes, and leave no trace in matplotlib's settings."""

import dataclasses
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crl_probe import plots
from crl_probe.render.paper.fitting import in_two_lines, legend_columns
from crl_probe.render.paper.q_landscape import landscape_values
from crl_probe.render.paper.style import COLUMN_WIDTH, PAGE_WIDTH
from crl_train.errors import ConfigError
from tests.crl_probe.render.results import (
    RESULTS,
    RUNS,
    agent,
    depth_lens,
    geometry,
    goal_clusters,
    landscape,
    learning_curves,
    residual_stream,
    retrieval,
    rollouts,
    success,
    trajectories,
)

PLOTS = {
    "success": lambda ax: plots.plot_success(success(), ax),
    "learning_curves": lambda ax: plots.plot_learning_curves(learning_curves(), ax),
    "landscape": lambda ax: plots.plot_landscape(landscape(), ax),
    "landscape_of_geodesics": lambda ax: plots.plot_landscape(landscape(), ax, run="geodesic", scale="raw"),
    "trajectory": lambda ax: plots.plot_trajectory(trajectories(), ax),
    "trajectory_on_the_map": lambda ax: plots.plot_trajectory(trajectories(), ax, run="map", colour="source"),
    "goal_clusters": lambda ax: plots.plot_goal_clusters(goal_clusters(), ax),
    "geometry": lambda ax: plots.plot_geometry(geometry(), ax),
    "cka": lambda ax: plots.plot_cka(geometry(), ax),
    "residual_stream": lambda ax: plots.plot_residual_stream(residual_stream(), ax),
    "block_cka": lambda ax: plots.plot_block_cka(residual_stream(), ax, run=3),
    "retrieval": lambda ax: plots.plot_retrieval(retrieval(), ax),
    "depth_lens": lambda ax: plots.plot_depth_lens(depth_lens(), ax),
    "rollouts": lambda ax: plots.plot_rollouts(rollouts(), ax),
    "rollout_in_the_open": lambda ax: plots.plot_rollouts(in_the_open(rollouts()), ax, pair=1),
}


def in_the_open(result):
    return dataclasses.replace(result, map_xs=np.zeros(0), map_ys=np.zeros(0), map_free=np.zeros((0, 0), bool))


def settings():
    return {name: repr(matplotlib.rcParams[name]) for name in matplotlib.rcParams if name != "backend"}


def markers(ax):
    """Height of the one-point lines: the large markers of a chart by depth."""
    return [float(line.get_ydata()[0]) for line in ax.lines if len(line.get_xdata()) == 1]


def line_of(ax, label):
    (line,) = [line for line in ax.lines if line.get_label() == label]
    return line


@pytest.mark.parametrize("draw", PLOTS.values(), ids=PLOTS)
def test_every_plot_draws_on_given_axes_and_on_its_own(draw):
    figure = Figure()
    given = figure.subplots()
    assert draw(given) is given
    assert given.has_data()
    own = draw(None)
    assert isinstance(own, Axes)
    assert own.get_figure().get_size_inches()[0] == COLUMN_WIDTH
    own.get_figure().draw_without_rendering()


@pytest.mark.parametrize("make", RESULTS, ids=lambda make: make.__name__)
def test_every_result_has_a_figure_of_a_standard_width(make):
    figure = plots.figure_of(make())
    assert figure.get_size_inches()[0] in (COLUMN_WIDTH, PAGE_WIDTH)
    assert all(ax.has_data() for ax in figure.axes)


def test_the_settings_of_the_caller_stay_and_do_not_reach_our_figures(tmp_path):
    plain = settings()
    assert plots.plot_success(success()).xaxis.label.get_size() == 8.0
    plots.save_figure(plots.figure_of(geometry()), tmp_path / "plain.svg")
    assert settings() == plain
    with matplotlib.rc_context({"font.size": 20, "axes.grid": False, "font.family": "serif"}):
        changed = settings()
        assert plots.plot_success(success()).xaxis.label.get_size() == 8.0
        plots.save_figure(plots.figure_of(geometry()), tmp_path / "changed.svg")
        assert settings() == changed
        # Axes that are given keep the look that the caller wants.
        assert plots.plot_success(success(), Figure().subplots()).xaxis.label.get_size() == 20.0
    assert (tmp_path / "plain.svg").read_bytes() == (tmp_path / "changed.svg").read_bytes()


def test_plots_do_not_need_pyplot():
    check = "import sys, crl_probe.plots; print('matplotlib.pyplot' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "False"


def test_a_chart_shows_the_estimates_and_every_seed():
    ax = plots.plot_success(success())
    assert markers(ax) == [0.5, 1.0]  # seeds of depth 4 reach one goal of two, those of depth 16 both
    dots = [offset[1] for scatter in ax.collections[1::2] for offset in scatter.get_offsets()]
    assert dots == [0.5, 0.5, 1.0, 1.0]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["4", "16"]
    assert ax.get_xlabel() == "depth\n95 % interval, 2 seeds or 4 pooled episodes"
    (low, high) = plots.plot_success(success(), metric="time_at_goal").collections[0].get_segments()[0][:, 1]
    assert (low, high) == (5.0, 15.0)


def test_with_one_seed_the_axis_says_what_the_interval_is_over():
    one = dataclasses.replace(retrieval(), runs=(agent(4, 0), agent(16, 0), agent(32, 0), agent(64, 0)))
    assert plots.plot_retrieval(one).get_xlabel() == "depth\n95 % interval, 3 batches"
    lone = dataclasses.replace(geometry(), runs=one.runs)
    assert plots.plot_geometry(lone).get_xlabel() == "depth\none seed, no interval"


def test_kinds_of_evidence_stand_side_by_side():
    ax = plots.plot_goal_clusters(goal_clusters())
    assert markers(ax) == [4.0, 9.0, 2.0, 4.5]  # own episodes, then the shared set
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["own episodes", "shared set", "as in the maze"]
    assert plots.plot_goal_clusters(goal_clusters(), legend=False).get_legend() is None


def test_parts_are_drawn_alone_or_together():
    assert markers(plots.plot_geometry(geometry())) == [5.0, 11.0]
    assert markers(plots.plot_geometry(geometry(), part="psi")) == [1.5, 3.5]
    assert markers(plots.plot_geometry(geometry(), part=None)) == [5.0, 11.0, 1.5, 3.5]
    three = plots.plot_by_depth(residual_stream(), "dormant_fraction")
    assert [text.get_text() for text in three.get_legend().get_texts()] == ["φ", "ψ", "actor"]
    looks = {
        (line.get_fillstyle(), line.get_markerfacecolor(), line.get_color())
        for line in three.lines
        if len(line.get_xdata()) == 1
    }
    assert len(looks) == 6  # two depths of three parts, each told apart


def test_a_legend_says_only_what_tells_apart():
    readable = {"retrieval_accuracy": np.full(4, 0.5), "geodesic_rank": np.full(4, 1.0)}
    ax = plots.plot_by_depth(dataclasses.replace(depth_lens(), readable=readable), "readable_depth")
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"geodesic rank", "retrieval accuracy"}
    assert plots.plot_by_depth(depth_lens(), "readable_depth").get_legend() is None


def test_chance_is_drawn_where_it_is():
    ax = plots.plot_retrieval(retrieval())
    assert list(ax.lines[0].get_ydata()) == [1 / 256, 1 / 256]


def test_curves_are_means_of_seeds_and_have_gaps():
    ax = plots.plot_learning_curves(learning_curves())
    np.testing.assert_allclose(line_of(ax, "depth 16").get_ydata(), [0.0, 0.5, 0.75])
    np.testing.assert_allclose(line_of(ax, "depth 4").get_ydata(), [0.0, 0.1, np.nan])
    assert len(ax.lines) == 6  # four seeds and two depths
    assert ax.get_ylabel() == "Success rate"
    assert plots.plot_learning_curves(learning_curves(), column="critic/loss_of_bias").get_ylabel() == "Loss of bias"


def test_seeds_that_do_not_share_their_steps_have_no_mean():
    result = learning_curves()
    apart = dataclasses.replace(result, env_steps=tuple(steps + i for i, steps in enumerate(result.env_steps)))
    assert len(plots.plot_learning_curves(apart).lines) == 4


def test_a_landscape_shows_ranks_or_energies():
    raw = plots.plot_landscape(landscape(), run=2, scale="raw").get_images()[0].get_array()
    np.testing.assert_array_equal(raw.filled(np.nan), landscape().values[2, 0].T)
    # Distances 0 1 2 1 3: the tie shares ranks 2 and 3 of five.
    ranks = landscape_values(landscape(), "geodesic", 0, "rank")
    np.testing.assert_allclose(ranks, [[100.0, 62.5, 25.0], [62.5, np.nan, 0.0]])
    np.testing.assert_allclose(landscape_values(landscape(), 3, 0, "rank"), ranks)


def test_a_landscape_is_named_and_scored():
    ax = plots.plot_landscape(landscape(), run=1)
    assert (ax.get_title(), ax.get_xlabel()) == ("depth 4", "geodesic rank 0.500")
    assert plots.plot_landscape(landscape(), run=3).get_xlabel() == "geodesic rank undefined"
    titles = [ax.get_title() for ax in plots.figure_of(landscape()).axes]
    assert titles[:3] == ["geodesic distance", "depth 4, seed 0", "depth 16, seed 0"]


def test_a_trajectory_shows_every_state_and_breaks_between_episodes():
    result = trajectories()
    ax = plots.plot_trajectory(result, run=1)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), result.picture[1, :6])
    np.testing.assert_array_equal(ax.collections[0].get_array(), result.distance)
    assert np.isnan(ax.lines[0].get_ydata()).nonzero()[0].tolist() == [3]
    assert ax.get_xlabel() == "trustworthiness 80.0 %"
    on_map = plots.plot_trajectory(result, run="map")
    np.testing.assert_allclose(on_map.collections[0].get_offsets(), result.positions)


def test_a_path_ends_at_its_goal_or_with_the_episode():
    reached, missed, *_ = plots.plot_rollouts(rollouts(), run=2).lines
    np.testing.assert_array_equal(reached.get_xydata(), [[0.0, 0.0], [0.0, 1.0]])
    np.testing.assert_array_equal(missed.get_xydata(), [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0]])
    assert (reached.get_linestyle(), missed.get_linestyle()) == ("-", "--")
    assert reached.get_color() != missed.get_color()
    (far, *_) = plots.plot_rollouts(rollouts(), run=2, pair=1).lines
    np.testing.assert_array_equal(far.get_xydata(), missed.get_xydata())


def test_an_outcome_is_told_below_its_paths():
    told = [plots.plot_rollouts(rollouts(), run=2, pair=pair).get_xlabel() for pair in (None, 0, 1)]
    assert told == ["reached 1 of 2", "reached at step 1", "not reached in 2 steps"]
    figure = plots.figure_of(rollouts())
    assert [ax.get_title() for ax in figure.axes] == ["depth 4, seed 0", "depth 16, seed 0"]
    assert [text.get_text() for text in figure.axes[-1].get_legend().get_texts()] == ["reached", "not reached"]
    assert plots.figure_of(in_the_open(rollouts()), pair=0).axes[1].get_xlabel() == "reached at step 1"


def test_similarities_are_ordered_by_depth():
    result = geometry()
    order = [2, 0, 3, 1]
    mixed = dataclasses.replace(result, runs=tuple(result.runs[i] for i in order), cka=result.cka[np.ix_(order, order)])
    ax = plots.plot_cka(mixed)
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), result.cka)
    assert [text.get_text() for text in ax.texts[:4]] == ["1.00", "0.90", "0.20", "0.30"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["4", "16"]


def test_blocks_are_placed_by_their_share():
    ax = plots.plot_residual_stream(residual_stream())
    np.testing.assert_allclose(line_of(ax, "depth 16").get_xydata(), [[0.25, 0.9], [0.5, 0.5], [0.75, 0.3], [1, 0.2]])
    np.testing.assert_allclose(line_of(ax, "depth 4").get_xydata(), [[1.0, 0.6]])
    ax = plots.plot_depth_lens(depth_lens())
    np.testing.assert_allclose(line_of(ax, "depth 16").get_xydata()[:2], [[0.0, 0.0], [0.25, 0.15]])
    ax = plots.plot_depth_lens(depth_lens(), over="blocks")
    np.testing.assert_allclose(line_of(ax, "depth 16").get_xydata()[:2], [[0.0, 0.0], [1.0, 0.15]])
    rings = [line for line in ax.lines if len(line.get_xdata()) == 1]
    np.testing.assert_allclose([line.get_xydata()[0] for line in rings], [[1, 0.15], [1, 0.15], [4, 0.6]])


def test_networks_without_residual_connections_have_no_row():
    empty = dict.fromkeys(("phi", "psi", "actor"), (np.zeros(0),) * 4)
    result = dataclasses.replace(residual_stream(), contribution=empty)
    assert {ax.get_ylabel() for ax in plots.figure_of(result).axes} == {"Dormant units", ""}
    with pytest.raises(ConfigError, match="network='phi' cannot be drawn: there is nothing"):
        plots.plot_residual_stream(result)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.plot_success(success(), metric="luck"), r"metric='luck' cannot be drawn: there is success_rate"),
        (lambda: plots.plot_geometry(geometry(), part="goal"), r"part='goal' cannot be drawn: there is phi, psi\."),
        (lambda: plots.plot_landscape(landscape(), run=4), r"run=4 .* has 4\. Choose 0 to 3, or 'geodesic'\."),
        (lambda: plots.plot_landscape(landscape(), goal=-1), r"goal=-1 cannot be drawn: the result has 1\."),
        (lambda: plots.plot_landscape(landscape(), scale="log"), r"scale='log' .* there is rank, raw\."),
        (lambda: plots.plot_trajectory(trajectories(), run="maze"), r"run='maze' .*, map\."),
        (lambda: plots.plot_trajectory(trajectories(), colour="age"), r"colour='age' .* distance, time, source\."),
        (lambda: plots.plot_learning_curves(learning_curves(), column="loss"), r"column='loss' .* eval/success_rate"),
        (lambda: plots.plot_rollouts(rollouts(), run=4), r"run=4 cannot be drawn: the result has 4\. Choose 0 to 3\."),
        (lambda: plots.plot_rollouts(rollouts(), pair=2), r"pair=2 cannot be drawn: the result has 2\."),
        (lambda: plots.plot_depth_lens(depth_lens(), metric="geodesic_rank"), r"there is retrieval_accuracy\."),
        (lambda: plots.figure_of(success(), metrics=["luck"]), r"metric='luck' cannot be drawn"),
        (lambda: plots.figure_of(residual_stream(), metrics=["luck"]), r"metric='luck' cannot be drawn"),
    ],
)
def test_what_is_not_there_is_named(draw, message):
    with pytest.raises(ConfigError, match=message):
        draw()


def test_only_results_have_figures():
    with pytest.raises(TypeError, match=r"result is a dict: figures show what probes return, SuccessResult"):
        plots.figure_of({})


def test_a_result_without_a_number_has_no_figure():
    lens = dataclasses.replace(depth_lens(), retrieval_accuracy=tuple(np.full((2, 1), np.nan) for _ in RUNS))
    undefined = {"retrieval_accuracy": np.full((4, 3), np.nan)}
    on_sphere = {"alignment": np.full(4, np.nan), "uniformity": {}}
    for result in (lens, dataclasses.replace(retrieval(), shared=undefined, on_policy=undefined, **on_sphere)):
        with pytest.raises(ConfigError, match="there is nothing to draw: no number of this result is defined"):
            plots.figure_of(result)


@pytest.mark.parametrize("ending", [".pdf", ".svg", ".png"])
def test_the_same_result_gives_the_same_file(ending, tmp_path):
    starts = {".pdf": b"%PDF", ".svg": b"<?xml", ".png": b"\x89PNG"}
    figure = plots.figure_of(landscape())
    plots.save_figure(figure, tmp_path / "new" / f"one{ending}")
    plots.save_figure(figure, tmp_path / f"again{ending}")
    plots.save_figure(plots.figure_of(landscape()), tmp_path / f"other{ending.upper()}")
    first = (tmp_path / "new" / f"one{ending}").read_bytes()
    assert first.startswith(starts[ending])
    assert (tmp_path / f"again{ending}").read_bytes() == first
    assert (tmp_path / f"other{ending.upper()}").read_bytes() == first


def test_text_in_files_stays_text(tmp_path):
    figure = plots.figure_of(success())
    plots.save_figure(figure, tmp_path / "figure.svg")
    plots.save_figure(figure, tmp_path / "figure.pdf")
    svg = (tmp_path / "figure.svg").read_text()
    assert ">Success rate</text>" in svg
    assert "font-family: 'DejaVu Sans', Verdana, sans-serif" in svg
    assert b"/FontFile2" in (tmp_path / "figure.pdf").read_bytes()  # TrueType outlines, not Type 3


def test_another_ending_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(ConfigError, match=r"figure file 'a\.jpg' is not usable: .*, \.pdf, \.svg or \.png\. Rename it"):
        plots.save_figure(plots.figure_of(success()), tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []


def test_words_are_fitted_into_their_room():
    labels = ["depth 4", "depth 16", "depth 64", "90 % of the full network"]
    columns = [legend_columns(labels, room, 7.0) for room in (10.0, 3.0, 2.5, 0.1)]
    assert columns == [4, 3, 2, 1]
    assert legend_columns([], 1.0, 7.0) == 1
    assert in_two_lines("actor 4 · critic 16") == "actor 4 · critic 16"
    assert in_two_lines("actor 4 · critic 16 · 500 steps") == "actor 4 · critic 16\n500 steps"


def test_many_checkpoints_stand_upright():
    stages = tuple(
        dataclasses.replace(agent(4, 0, steps=n), label=f"depth 4 · {n:,} steps") for n in range(110_000, 114_000, 1000)
    )
    crowded = Figure(figsize=(1.0, 1.0)).subplots()
    plots.plot_success(dataclasses.replace(success(), runs=stages), crowded)
    assert {tick.get_rotation() for tick in crowded.get_xticklabels()} == {90.0}
    assert {tick.get_rotation() for tick in plots.plot_success(success()).get_xticklabels()} == {0.0}


def test_runs_are_drawn_by_name():
    name = RUNS[3].name
    by_name, by_place = plots.plot_landscape(landscape(), run=name), plots.plot_landscape(landscape(), run=3)
    np.testing.assert_array_equal(by_name.images[0].get_array(), by_place.images[0].get_array())
    assert (
        plots.plot_rollouts(rollouts(), run=name).get_title()
        == plots.plot_trajectory(trajectories(), run=name).get_title()
    )
    with pytest.raises(ConfigError, match=r"run='nobody' cannot be drawn: there is point_u_maze_d4_s0, .*, geodesic\."):
        plots.plot_landscape(landscape(), run="nobody")
