"""The standard figure of every probe: several panels, ready for a page of a paper."""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crl_probe.probes.declaration import Probe, function_at
from crl_probe.probes.depth_lens import DepthLensResult
from crl_probe.probes.embedding_trajectory import EmbeddingTrajectoryResult
from crl_probe.probes.geometry import GeometryResult
from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.probes.q_landscape import QLandscapeResult
from crl_probe.probes.registry import PROBES
from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.probes.rollouts import RolloutsResult
from crl_probe.probes.success import PROBE as SUCCESS
from crl_probe.probes.success import SuccessResult
from crl_probe.render.by_level import references_of
from crl_probe.render.charts import Chart, ChartGroup, HeatMap
from crl_probe.render.depth_lens import LENS_AXES, Over, lens_charts
from crl_probe.render.floor import floor_limits
from crl_probe.render.learning_curves import learning_charts
from crl_probe.render.paper._checks import one_of, something
from crl_probe.render.paper.by_depth import HasSamples, depth_chart
from crl_probe.render.paper.charts import draw_chart, draw_heat_map, legend_handles
from crl_probe.render.paper.embedding_trajectory import explain_colours, plot_trajectory
from crl_probe.render.paper.fitting import in_two_lines, legend_columns
from crl_probe.render.paper.q_landscape import SCALES, plot_landscape
from crl_probe.render.paper.rollouts import explain_paths, plot_rollouts
from crl_probe.render.paper.style import (
    CHART_HEIGHT,
    COLUMN_WIDTH,
    PAGE_WIDTH,
    TICK_SIZE,
    add_colourbar,
    in_style,
    new_figure,
)
from crl_probe.render.performance_profile import profile_charts
from crl_probe.render.residual_stream import stream_charts, stream_curves
from crl_probe.render.similarity import agent_similarity
from crl_probe.runs.run_info import RunInfo, labels_in_order
from crl_probe.summary.estimates import estimate_by_level

Draw = Callable[[Axes], Axes]

_LEGEND_HEIGHT = 0.2  # inches, as all of these
_TITLE_HEIGHT = 0.2
_NOTE_HEIGHT = 0.2
_GAP = 0.06
_BAR_WIDTH = 0.75  # a colour bar with its words
_MOST_CHARTS = 3  # in a row
_MOST_PICTURES = 5  # in a row
_MOST_GOALS = 3


def figure_of(result: Any, **options: Any) -> Figure:
    """The standard figure of a probe's result.

    Args:
        result: What any probe returned.
        options: Those of the probe's own function below: ``metrics`` for charts by level, ``goals`` and ``scale`` for
            landscapes, ``colour`` for trajectories, ``pair`` for rollouts.

    Returns:
        A figure of one column or of the page's width; pyplot does not know of it.

    Raises:
        TypeError: If this is no result of a probe, or its figure has no such option.
        ConfigError: If an option names something that the result does not have.

    Example:
        >>> save_figure(figure_of(result), Path("success.pdf"))          # doctest: +SKIP
    """
    probe = next((probe for probe in PROBES.values() if probe.result is type(result)), None)
    if probe is None:
        known = ", ".join(probe.result.__name__ for probe in PROBES.values())
        raise TypeError(f"result is a {type(result).__name__}: figures show what probes return, {known}.")
    draw = function_at(probe.paper) if probe.paper else partial(level_figure, probe)
    with in_style():
        figure = draw(result, **options)
        # Laid out once and for all: its files, of whatever format, are then of the same layout each time.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    return figure


def level_figure(probe: Probe, result: HasSamples, metrics: Sequence[str] | None = None) -> Figure:
    """A chart by level for each of ``metrics``; those that the probe charts on the page if None."""
    references = references_of(probe, result)
    names = metrics or _measured(result, *probe.charts)
    return _charts([depth_chart(result, name, references=references.get(name, ())) for name in names])


def success_figure(result: SuccessResult, metrics: Sequence[str] | None = None) -> Figure:
    """A chart by level for each of ``metrics``, and the performance profile where a level has several seeds."""
    names = metrics or _measured(result, *SUCCESS.charts)
    profiles = profile_charts(estimate_by_level(result.samples())).charts
    return _charts([*(depth_chart(result, name) for name in names), *profiles])


def geometry_figure(result: GeometryResult) -> Figure:
    """Effective rank and decodability by depth, and CKA of all pairs of agents."""
    charts = [depth_chart(result, name) for name in _measured(result, "effective_rank", "linear_decodability")]
    return _charts([*charts, agent_similarity(result)])


def learning_curves_figure(result: LearningCurvesResult, columns: Sequence[str] | None = None) -> Figure:
    """Learning curves: a chart for each of ``columns``, all that were logged if None."""
    for column in columns or ():
        one_of("column", column, result.curves)
    return _charts(learning_charts(result, columns).charts)


def residual_stream_figure(result: ResidualStreamResult, metrics: Sequence[str] | None = None) -> Figure:
    """A row for each of ``metrics`` and a column for each network that has values."""
    curves = stream_curves(result)
    names = metrics or [metric for metric in curves if curves[metric]]
    for name in names:
        one_of("metric", name, curves)
    figure = _charts(stream_charts(result, names).charts)
    # Networks of a metric have the same y axis: it is written once a row.
    for _, *others in np.array(figure.axes).reshape(len(names), -1):
        for ax in others:
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
    return figure


def depth_lens_figure(result: DepthLensResult, over: Over = "share") -> Figure:
    """A panel for each metric that was measured; ``over`` as in :func:`crl_probe.plots.plot_depth_lens`."""
    one_of("over", over, LENS_AXES)
    return _charts(lens_charts(result, over).charts)


def landscape_figure(result: QLandscapeResult, goals: int | None = None, scale: str = "rank") -> Figure:
    """A row for each goal: the geodesic distances, then one agent of each depth, that of the smallest seed.

    Args:
        result: What the Q-landscape probe returned.
        goals: How many goals are shown; None shows up to three, or one where its pictures take several rows.
        scale: As in :func:`crl_probe.plots.plot_landscape`.
    """
    shown: list[int | str] = ["geodesic", *_first_of_each_depth(result.runs)]
    many = len(shown) > _MOST_PICTURES
    count = min(goals or (1 if many else _MOST_GOALS), len(result.goals))
    left, right, bottom, top = floor_limits(result.xs, result.ys, result.free)
    shared_scale = scale == "rank"
    beside = _BAR_WIDTH if shared_scale else 0.7 * _BAR_WIDTH * min(len(shown), _MOST_PICTURES)
    figure, pictures = _pictures(len(shown), count, (right - left) / (top - bottom), beside)
    for goal, row in enumerate(pictures):
        for ax, run in zip(row, shown, strict=True):
            plot_landscape(result, ax, run=run, goal=goal, scale=scale, colourbar=not shared_scale)
            if goal:
                ax.set_title("")
            else:
                _name_seed(ax, result.runs, run)
        if count > 1:
            row[0].set_ylabel(f"goal {goal + 1}")
    if shared_scale:
        add_colourbar(figure.axes, pictures[0][0].get_images()[0], SCALES[scale])
    return figure


def trajectory_figure(result: EmbeddingTrajectoryResult, colour: str = "distance") -> Figure:
    """The places of the shared states, and beside them a row for each level; ``colour`` as in ``plot_trajectory``."""
    runs = result.runs
    levels = [[i for i, run in enumerate(runs) if run.label == label] for label in labels_in_order(runs)]
    seeds = min(max(map(len, levels)), _MOST_PICTURES - 1)
    rows = [level[at : at + seeds] for level in levels for at in range(0, len(level), seeds)]
    figure, pictures = _pictures(1 + seeds, len(rows), 1.0, _BAR_WIDTH)
    for number, (axes, row) in enumerate(zip(pictures, rows, strict=True)):
        shown: list[int | str | None] = ["map" if number == 0 else None, *sorted(row, key=lambda i: runs[i].seed)]
        for ax, run in itertools.zip_longest(axes, shown):
            if run is None:
                ax.remove()
            else:
                plot_trajectory(result, ax, run=run, colour=colour, colourbar=False)
                _name_seed(ax, runs, run)
    explain_colours(figure.axes, result, colour)
    return figure


def rollouts_figure(result: RolloutsResult, pair: int | None = None) -> Figure:
    """A panel for one agent of each depth, that of the smallest seed; ``pair`` as in ``plot_rollouts``."""
    shown = _first_of_each_depth(result.runs)
    aspect = 1.0
    if result.map_free.size:
        left, right, bottom, top = floor_limits(result.map_xs, result.map_ys, result.map_free)
        aspect = (right - left) / (top - bottom)
    figure, (pictures,) = _pictures(len(shown), 1, aspect, _BAR_WIDTH)
    for ax, run in zip(pictures, shown, strict=True):
        plot_rollouts(result, ax, run=run, pair=pair, legend=False)
        _name_seed(ax, result.runs, run)
    explain_paths(pictures[-1])
    return figure


def _charts(charts: Sequence[Chart | HeatMap]) -> Figure:
    """Charts in rows, with one legend above all of them, or each with its own where signs differ in meaning."""
    something(charts)
    columns = 2 if len(charts) == 4 else min(len(charts), _MOST_CHARTS)
    rows = math.ceil(len(charts) / columns)
    width = COLUMN_WIDTH if columns == 1 else PAGE_WIDTH
    legend = legend_handles(ChartGroup(tuple(charts)).legend)
    ncols = legend_columns([str(handle.get_label()) for handle in legend], width - 0.4, TICK_SIZE)
    height = rows * CHART_HEIGHT + _LEGEND_HEIGHT * math.ceil(len(legend) / ncols)
    figure, grid = new_figure(rows, columns, width, height)
    for chart, ax in zip(charts, grid.flat, strict=False):
        if isinstance(chart, HeatMap):
            draw_heat_map(ax, chart)
        else:
            draw_chart(ax, chart, legend=not legend)
    for ax in grid.flat[len(charts) :]:
        ax.remove()
    if legend:
        figure.legend(handles=legend, loc="outside upper center", ncols=ncols)
    return figure


def _pictures(number: int, groups: int, aspect: float, beside: float) -> tuple[Figure, list[list[Axes]]]:
    """Axes for pictures of one shape, with `beside` inches beside each row: each group starts on a new row."""
    columns = min(number, _MOST_PICTURES)
    rows_of_group = math.ceil(number / columns)
    rows = groups * rows_of_group
    width = COLUMN_WIDTH if columns <= 2 else PAGE_WIDTH
    picture_height = (width - beside - _GAP) / columns / aspect - _GAP
    height = rows * (picture_height + _NOTE_HEIGHT) + _TITLE_HEIGHT * (1 if rows_of_group == 1 else rows)
    figure, grid = new_figure(rows, columns, width, height, layout="compressed")
    of_group = grid.reshape(groups, -1)
    for ax in of_group[:, number:].flat:
        ax.remove()
    return figure, [list(axes[:number]) for axes in of_group]


def _measured(result: HasSamples, *names: str) -> list[str]:
    there = {entry.metric for entry in result.samples()}
    something(measured := [name for name in names if name in there])
    return measured


def _first_of_each_depth(runs: Sequence[RunInfo]) -> list[int]:
    return [
        min((i for i, run in enumerate(runs) if run.label == label), key=lambda i: runs[i].seed)
        for label in labels_in_order(runs)
    ]


def _name_seed(ax: Axes, runs: Sequence[RunInfo], run: int | str) -> None:
    """Complete the title of a picture of one agent by its seed, where there are several."""
    several = len({run.seed for run in runs}) > 1
    seed = "" if isinstance(run, str) or not several else f", seed {runs[run].seed}"
    ax.set_title(in_two_lines(ax.get_title() + seed))
