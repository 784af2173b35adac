"""Curves of several runs in one chart: the aggregate of each depth with its interval, and every seed as a thin line."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from crl_probe.metrics.statistics import aggregate_over_seeds
from crl_probe.render.page.style import chart, faded
from crl_probe.render.palette import depth_colours, depth_symbols
from crl_probe.runs.run_info import RunInfo, labels_in_order

CURVES_CAPTION: Final = (
    "Bold: the aggregate over seeds, in the band of its 95 % interval at each place by itself. Thin: single seeds."
)
_FEW: Final = 20  # points of a curve up to which each is marked


def run_curves(
    runs: Sequence[RunInfo],
    xs: Sequence[Float[np.ndarray, " _"]],
    ys: Sequence[Float[np.ndarray, " _"]],
    x_title: str,
) -> go.Figure:
    """Draw the curve of every run, and of every depth whose runs share their places; NaN leaves a gap.

    Args:
        runs: The agents.
        xs: For each its places along the axis. (points,)
        ys: For each its values. (points,)
        x_title: What the axis is.
    """
    labels = labels_in_order(runs)
    colours, symbols = depth_colours(labels), depth_symbols(labels)
    figure = chart(x_title=x_title)
    for label in labels:
        mine = [i for i, run in enumerate(runs) if run.label == label and len(ys[i])]
        aggregated = len(mine) > 1 and all(np.array_equal(xs[i], xs[mine[0]]) for i in mine)
        for i in mine:
            figure.add_scatter(
                x=xs[i].astype(np.float32),
                y=ys[i].astype(np.float32),
                mode="lines" if aggregated and len(ys[i]) > 1 else _mode(ys[i]),
                marker={"size": 5, "symbol": symbols[label]},
                line={"width": 1 if aggregated else 2, "color": faded(colours[label], 0.45 if aggregated else 0.9)},
                hovertemplate=f"{label}, seed {runs[i].seed}: %{{y:.3g}}<extra></extra>",
            )
        if aggregated:
            _add_aggregate(figure, label, xs[mine[0]], np.stack([ys[i] for i in mine]), colours[label], symbols[label])
    figure.update_layout(hovermode="closest")
    return figure


def _add_aggregate(
    figure: go.Figure,
    label: str,
    x: Float[np.ndarray, " points"],
    ys: Float[np.ndarray, "seeds points"],
    colour: str,
    symbol: str,
) -> None:
    """The aggregate over seeds, bold, in the band of its intervals; a point that a seed lacks is left out."""
    whole = np.isfinite(ys).all(axis=0)
    estimates = [aggregate_over_seeds(column) for column in ys[:, whole].T]
    middle, low, high = (_along(whole, [getattr(e, name) for e in estimates]) for name in ("value", "low", "high"))
    for stretch in _stretches(whole):
        if stretch.stop - stretch.start == 1:
            continue  # a single place has no area: it gets a bar below
        figure.add_scatter(
            x=np.concatenate([x[stretch], x[stretch][::-1]]).astype(np.float32),
            y=np.concatenate([high[stretch], low[stretch][::-1]]).astype(np.float32),
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillcolor=faded(colour, 0.16),
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=x.astype(np.float32),
        y=middle.astype(np.float32),
        mode=_mode(middle),
        marker={"size": 6, "symbol": symbol},
        line={"width": 2.5, "color": colour},
        error_y=_bars_of_single_places(whole, middle, low, high, colour),
        customdata=np.stack([low, high], axis=-1).astype(np.float32),
        hovertemplate=f"{label}: %{{y:.3g}} [%{{customdata[0]:.3g}}, %{{customdata[1]:.3g}}]<extra></extra>",
    )


def _bars_of_single_places(
    whole: np.ndarray, middle: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str
) -> dict[str, Any]:
    single = np.zeros(len(whole), dtype=bool)
    for stretch in _stretches(whole):
        single[stretch] = stretch.stop - stretch.start == 1
    above, below = (np.where(single, side, 0.0).astype(np.float32) for side in (high - middle, middle - low))
    return {
        "visible": bool(single.any()),
        "type": "data",
        "symmetric": False,
        "array": np.nan_to_num(above),
        "arrayminus": np.nan_to_num(below),
        "thickness": 2,
        "width": 4,
        "color": colour,
    }


def _along(whole: np.ndarray, values: Sequence[float]) -> Float[np.ndarray, " points"]:
    placed = np.full(len(whole), np.nan)
    placed[whole] = values
    return placed


def _stretches(whole: np.ndarray) -> Iterator[slice]:
    """Runs of true entries."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], whole.astype(int), [0]])))
    return (slice(int(start), int(stop)) for start, stop in edges.reshape(-1, 2))


def _mode(y: np.ndarray) -> str:
    """Markers where points are few, or where one stands alone between gaps: a line would not show it."""
    alone = any(stretch.stop - stretch.start == 1 for stretch in _stretches(np.isfinite(y)))
    return "lines+markers" if len(y) <= _FEW or alone else "lines"
