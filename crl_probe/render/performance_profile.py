"""Which share of seeds scores above each success rate: performance profiles, with their optimality gaps."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from crl_probe.metrics import (
    DEFINITIONS,
    Estimate,
    bootstrap_interval,
    optimality_gap,
    performance_profile,
)
from crl_probe.render.axes import share_axis
from crl_probe.render.charts import Chart, ChartGroup, LegendEntry, Line
from crl_probe.render.palette import depth_colours, depth_symbols
from crl_probe.runs.run_info import labels_in_order
from crl_probe.summary.estimates import LevelEstimate
from crl_probe.summary.numbers import format_estimate, format_number

METRIC: Final = "success_rate"
_TARGET: Final = 1.0


def profile_charts(estimates: Sequence[LevelEstimate]) -> ChartGroup:
    """The profiles of the success rate; none where no level has two seeds, whose profile says nothing new.

    Args:
        estimates: Numbers by level.
    """
    levels = [e for e in estimates if e.metric == METRIC]
    if not any(len(e.values) > 1 for e in levels):
        return ChartGroup(())
    return ChartGroup(
        (profile_chart(levels),),
        "A profile that lies above another one everywhere is better at every threshold. The optimality gap, in the "
        "legend, is the area between a profile and 100 %: what agents lack on average.",
    )


def profile_chart(levels: Sequence[LevelEstimate]) -> Chart:
    """The profiles of one metric that is a share of one.

    Args:
        levels: Its aggregates, one for each level.
    """
    definition = DEFINITIONS[levels[0].metric]
    labels = labels_in_order(run for level in levels for run in level.runs)
    colours, symbols = depth_colours(labels), depth_symbols(labels)
    gaps = {level.label: f"{level.label}: optimality gap {gap_text(level)}" for level in levels}
    name = definition.title.lower()
    return Chart(
        title="Performance profile",
        x=share_axis(f"threshold of the {name}"),
        y=share_axis("share of seeds"),
        alt=f"Share of seeds whose {name} is above a threshold. {'; '.join(gaps.values())}",
        lines=tuple(_profile(level, colours[level.label], gaps[level.label]) for level in levels),
        legend=tuple(LegendEntry(gaps[label], symbols[label], colours[label]) for label in labels),
        note="pointwise 95 % interval over seeds",
    )


def gap_text(level: LevelEstimate) -> str:
    """The optimality gap of one level as people read it, with its interval over seeds where there are several."""
    values = np.array(level.values, np.float64)
    gap = optimality_gap(values, _TARGET)
    if len(values) < 2:
        return format_number(gap, share=True)
    low, high = bootstrap_interval(values, lambda drawn: _TARGET - np.minimum(drawn, _TARGET).mean(axis=-1))
    return format_estimate(Estimate(gap, low, high, "seeds", len(values)), share=True)


def _profile(level: LevelEstimate, colour: str, text: str) -> Line:
    """A step down at the number of every seed."""
    values = np.array(level.values, np.float64)
    # Between two seeds' numbers nothing changes: each stretch has one share, and one interval.
    steps = np.unique(np.concatenate([[0.0], values, [1.0]]))
    inside = steps[:-1]
    shares = performance_profile(values, inside)
    low, high = np.array([_interval_above(at, values) for at in inside]).T
    several = len(values) > 1
    return Line(
        np.repeat(steps, 2)[1:-1],
        np.repeat(shares, 2),
        text=text,
        colour=colour,
        weight="bold",
        low=np.repeat(low, 2) if several else None,
        high=np.repeat(high, 2) if several else None,
        texts=tuple(
            f"{level.label}: {format_number(float(share), share=True)} of seeds above "
            f"{format_number(float(at), share=True)}"
            for share, *ends in zip(shares, inside, steps[1:], strict=True)
            for at in ends
        ),
    )


def _interval_above(threshold: float, values: Float[np.ndarray, " seeds"]) -> tuple[float, float]:
    return bootstrap_interval(values, lambda drawn: (drawn > threshold).mean(axis=-1))
