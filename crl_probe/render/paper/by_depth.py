"""One metric against depth: the aggregate with its 95 % interval, and every seed as a dot."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from crl_probe.metrics import DEFINITIONS, MetricDefinition
from crl_probe.probes.samples import MetricSamples
from crl_probe.render.palette import depth_colours
from crl_probe.render.paper._checks import one_of
from crl_probe.render.paper.fitting import label_depths, size_of
from crl_probe.render.paper.style import (
    SOFT_INK,
    TICK_SIZE,
    add_legend,
    axes_for,
    depth_markers,
    depth_ticks,
    show_zero,
)
from crl_probe.runs.run_info import RunInfo, depth_order
from crl_probe.summary.estimates import DepthEstimate, estimate_by_depth

WORDS = {
    "shared": "shared set",
    "on-policy": "own episodes",
    "grid": "grid",
    "phi": "φ",
    "psi": "ψ",
    "actor": "actor",
    "goal": "achieved goal",
    "distance": "distance",
    "retrieval_accuracy": "retrieval accuracy",
    "geodesic_rank": "geodesic rank",
}
_FILLS: tuple[dict[str, Any], ...] = (  # what stands side by side at a depth: filled, open, two kinds of half
    {"fillstyle": "full"},
    {"markerfacecolor": "white"},
    {"fillstyle": "left", "markerfacecoloralt": "white"},
    {"fillstyle": "bottom", "markerfacecoloralt": "white"},
)
_LINE: dict[str, Any] = {"color": SOFT_INK, "lw": 0.8, "ls": (0, (3, 2)), "zorder": 1}
_LONG = 24  # letters that fit beside a chart


@runtime_checkable
class Measured(Protocol):
    """A result that holds numbers about agents."""

    @property
    def runs(self) -> tuple[RunInfo, ...]:
        """The agents."""

    def samples(self) -> tuple[MetricSamples, ...]:
        """The numbers."""


def plot_by_depth(
    result: Measured,
    metric: str,
    ax: Axes | None = None,
    *,
    part: str | None = None,
    reference: tuple[float, str] | None = None,
    legend: bool = True,
) -> Axes:
    """Draw one metric against depth.

    A large marker is the aggregate of a depth, its bar the 95 % interval, a dot one seed. The axis says what the
    interval is over: with one seed it is over that agent's own samples.

    Args:
        result: What a probe returned.
        metric: A metric of it, as in ``crl_probe.metrics``.
        ax: Axes to draw on; None makes a figure of one column.
        part: A part that the metric is about, such as ``phi``; None draws all side by side.
        reference: A value to draw a line at, the metric's unit, and what it stands for.
        legend: Whether to explain open and filled markers and the line.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric or part.
    """
    estimates = _estimates(result, metric, part)
    kinds = _kinds(estimates)
    labels = depth_order(result.runs)
    colours, markers = depth_colours(labels), depth_markers(labels)
    shifts = _spaced(len(kinds))
    with axes_for(ax) as axes:
        if reference is not None:
            axes.axhline(reference[0], **_LINE)
        for entry in estimates:
            kind = kinds.index((entry.evidence, entry.part))
            place = labels.index(entry.label) + shifts[kind]
            _draw_estimate(axes, entry, place, colours[entry.label], markers[entry.label], _FILLS[kind % len(_FILLS)])
        _dress(axes, metric, result.runs, estimates)
        handles = _handles(kinds, reference)
        if legend and handles:
            add_legend(axes, handles)
        return axes


def marker_handles(result: Measured, metric: str, reference: tuple[float, str] | None = None) -> list[Line2D]:
    """Legend entries of :func:`plot_by_depth`, for a figure that has one legend for several charts."""
    return _handles(_kinds(_estimates(result, metric, None)), reference)


def interval_words(estimates: Sequence[DepthEstimate]) -> str:
    """What the intervals of some estimates are over, in a few words."""
    counts: dict[str, list[int]] = {}
    for entry in estimates:
        counts.setdefault(entry.estimate.unit, []).append(entry.estimate.count)
    spans = [f"{_span(numbers)} {unit}" for unit, numbers in counts.items() if max(numbers) > 1]
    return f"95 % interval, {' or '.join(spans)}" if spans else "one seed, no interval"


def _estimates(result: Measured, metric: str, part: str | None) -> tuple[DepthEstimate, ...]:
    samples = result.samples()
    one_of("metric", metric, dict.fromkeys(entry.metric for entry in samples))
    samples = tuple(entry for entry in samples if entry.metric == metric)
    if part is not None:
        one_of("part", part, dict.fromkeys(entry.part for entry in samples))
        samples = tuple(entry for entry in samples if entry.part == part)
    return estimate_by_depth(samples)


def _kinds(estimates: Sequence[DepthEstimate]) -> list[tuple[str, str]]:
    """What stands side by side at each depth: kinds of evidence, and parts."""
    return list(dict.fromkeys((entry.evidence, entry.part) for entry in estimates))


def _handles(kinds: Sequence[tuple[str, str]], reference: tuple[float, str] | None) -> list[Line2D]:
    handles = []
    for i, kind in enumerate(kinds if len(kinds) > 1 else ()):
        fill = _FILLS[i % len(_FILLS)]
        handles.append(Line2D([], [], ls="", marker="o", ms=4.5, color=SOFT_INK, label=_name(kind, kinds), **fill))
    return handles if reference is None else [*handles, Line2D([], [], label=reference[1], **_LINE)]


def _draw_estimate(
    axes: Axes, entry: DepthEstimate, place: float, colour: str, marker: str, fill: dict[str, Any]
) -> None:
    estimate = entry.estimate
    axes.vlines(place, estimate.low, estimate.high, color=colour, lw=1.2, zorder=2)
    if len(entry.values) > 1:
        # Seeds stand beside the marker, a little apart, so that equal values stay two dots.
        places = place + 0.08 + 0.012 * np.arange(len(entry.values))
        axes.scatter(places, entry.values, s=5.0, color=colour, alpha=0.6, lw=0, zorder=2)
    axes.plot([place], [estimate.value], marker=marker, ms=5.0, color=colour, zorder=3, **fill)


def _dress(axes: Axes, metric: str, runs: Sequence[RunInfo], estimates: Sequence[DepthEstimate]) -> None:
    definition = DEFINITIONS[metric]
    ticks, title = depth_ticks(runs)
    label_depths(axes, range(len(ticks)), list(ticks.values()), TICK_SIZE, size_of(axes)[0])
    axes.set_xlim(-0.5, len(ticks) - 0.5)
    axes.set_xlabel(f"{title}\n{interval_words(estimates)}")
    axes.set_ylabel(_with_unit(definition))
    show_zero(axes, definition.high)


def _with_unit(definition: MetricDefinition) -> str:
    if not definition.unit:
        return definition.title
    gap = "\n" if len(definition.title) + len(definition.unit) > _LONG else " "
    return f"{definition.title}{gap}({definition.unit})"


def _name(kind: tuple[str, str], kinds: Sequence[tuple[str, str]]) -> str:
    """Only what tells the kinds apart: the part, the evidence, or both."""
    telling = next((i for i in (1, 0) if len({other[i] for other in kinds}) == len(kinds)), None)
    return ", ".join(WORDS.get(word, word) for word in (kind if telling is None else [kind[telling]]))


def _spaced(count: int) -> list[float]:
    return [0.0] if count == 1 else [float(shift) for shift in np.linspace(-0.16, 0.16, count)]


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low}–{high}"
