"""Curves of several runs: the aggregate of each depth in the band of its intervals, each seed a thin line."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from crl_probe.metrics import MetricDefinition
from crl_probe.metrics.statistics import aggregate_over_seeds
from crl_probe.render.charts import LegendEntry, Line, stretches
from crl_probe.render.palette import depth_colours, depth_symbols
from crl_probe.runs.run_info import RunInfo, labels_in_order
from crl_probe.summary.numbers import format_estimate, format_number

CURVES_CAPTION: Final = (
    "Bold: the aggregate over seeds, in the band of its 95 % interval at each place by itself. Thin: single seeds."
)
_FEW: Final = 20  # points of a curve up to which each is marked

Curve = Float[np.ndarray, " _"]


def run_lines(
    runs: Sequence[RunInfo],
    xs: Sequence[Curve],
    ys: Sequence[Curve],
    definition: MetricDefinition,
    place_text: Callable[[float], str],
) -> tuple[Line, ...]:
    """The curve of every run, and the aggregate of every depth whose runs share their places.

    Runs whose curve is empty are left out. A depth of one run has that curve as its aggregate, without a band.

    Args:
        runs: The agents.
        xs: For each its places along x. (points,)
        ys: For each its values; NaN leaves a gap. (points,)
        definition: What the values are.
        place_text: A place along x in words.

    Returns:
        Depth by depth: seeds first, so that the aggregate is drawn over them.
    """
    labels = labels_in_order(runs)
    colours, symbols = depth_colours(labels), depth_symbols(labels)
    share = definition.is_share
    lines: list[Line] = []
    for label in labels:
        mine = [i for i, run in enumerate(runs) if run.label == label and len(xs[i])]
        together = bool(mine) and all(np.array_equal(xs[i], xs[mine[0]]) for i in mine)
        lines += [
            Line(
                xs[i].astype(np.float64),
                ys[i].astype(np.float64),
                text=f"{label}, seed {runs[i].seed}{_end(ys[i], share)}",
                colour=colours[label],
                weight="thin" if together else "plain",
                symbol=symbols[label] if _stands_alone(ys[i]) or (not together and len(ys[i]) <= _FEW) else "",
            )
            for i in (mine if len(mine) > 1 or not together else ())
        ]
        if together:
            values = np.stack([ys[i] for i in mine])
            lines.append(_aggregate(label, xs[mine[0]], values, colours[label], symbols[label], share, place_text))
    return tuple(lines)


def drawn_values(lines: Iterable[Line]) -> list[float]:
    """Every value of some lines and their bands, for the axis."""
    arrays = [array for line in lines for array in (line.y, line.low, line.high) if array is not None]
    return [float(value) for array in arrays for value in array]


def depth_entries(runs: Sequence[RunInfo]) -> tuple[LegendEntry, ...]:
    """A legend entry for each depth; none where there is one."""
    labels = labels_in_order(runs)
    colours, symbols = depth_colours(labels), depth_symbols(labels)
    if len(labels) == 1:
        return ()
    return tuple(LegendEntry(label, symbols[label], colours[label]) for label in labels)


def ends_text(runs: Sequence[RunInfo], ys: Sequence[Curve], definition: MetricDefinition) -> str:
    """Where every curve begins and ends, for readers who cannot see it."""
    told = []
    for run, y in zip(runs, ys, strict=True):
        known = y[np.isfinite(y)]
        if len(known):
            first, last = (format_number(float(value), share=definition.is_share) for value in known[[0, -1]])
            told.append(f"{run.name} from {first} to {last}" if len(known) > 1 else f"{run.name} {last}")
    return "; ".join(told)


def mean_by_row(table: Float[np.ndarray, "points samples"]) -> Float[np.ndarray, " points"]:
    """Mean over the samples that are defined; NaN where none is."""
    defined = np.isfinite(table)
    total = np.where(defined, table, 0.0).sum(axis=1)
    return np.divide(total, defined.sum(axis=1), out=np.full(len(table), np.nan), where=defined.any(axis=1))


def _aggregate(
    label: str,
    x: Float[np.ndarray, " points"],
    values: Float[np.ndarray, "seeds points"],
    colour: str,
    symbol: str,
    share: bool,
    place_text: Callable[[float], str],
) -> Line:
    """The aggregate over seeds with its intervals; a point that a seed lacks is left out."""
    whole = np.isfinite(values).all(axis=0)
    estimates = {int(i): aggregate_over_seeds(values[:, i]) for i in np.flatnonzero(whole)}
    middle, low, high = (np.full(len(x), np.nan) for _ in range(3))
    for i, estimate in estimates.items():
        middle[i], low[i], high[i] = estimate.value, estimate.low, estimate.high
    several = len(values) > 1
    return Line(
        x.astype(np.float64),
        middle,
        text=label,
        colour=colour,
        weight="bold",
        symbol=symbol if len(x) <= _FEW or _stands_alone(middle) else "",
        low=low if several else None,
        high=high if several else None,
        texts=tuple(
            f"{label}, {place_text(float(x[i]))}: {format_estimate(estimates[i], share=share)}"
            if i in estimates
            else ""
            for i in range(len(x))
        ),
    )


def _end(y: Curve, share: bool) -> str:
    known = y[np.isfinite(y)]
    return f": ends at {format_number(float(known[-1]), share=share)}" if len(known) else ""


def _stands_alone(y: Curve) -> bool:
    """Whether a point between gaps would not be seen as a line."""
    return any(one.stop - one.start == 1 for one in stretches(y))
