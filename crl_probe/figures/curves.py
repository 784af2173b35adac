"""Curves of several runs in one chart: a line for each run, coloured by depth, one entry a depth in the legend."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from crl_probe.figures.style import chart, faded
from crl_probe.palette import depth_colours
from crl_probe.results import RunInfo
from crl_probe.samples import depth_order

_FEW = 20  # points of a curve up to which each is marked


def run_curves(runs: Sequence[RunInfo], xs: Sequence[np.ndarray], ys: Sequence[np.ndarray], x_title: str) -> go.Figure:
    """Draw the curve of every run; NaN leaves a gap.

    Args:
        runs: The agents.
        xs: For each its places along the axis. (points,)
        ys: For each its values. (points,)
        x_title: What the axis is.
    """
    colours = depth_colours(depth_order(runs))
    figure = chart(x_title=x_title)
    seen: set[str] = set()
    for run, x, y in zip(runs, xs, ys, strict=True):
        figure.add_scatter(
            x=x.astype(np.float32),
            y=y.astype(np.float32),
            mode="lines+markers" if len(x) <= _FEW else "lines",
            marker={"size": 5},
            line={"width": 2, "color": faded(colours[run.label], 0.85)},
            name=run.label,
            legendgroup=run.label,
            showlegend=run.label not in seen,
            hovertemplate=f"{run.label}, seed {run.seed}: %{{y:.3g}}<extra></extra>",
        )
        seen.add(run.label)
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
        hovermode="x",
    )
    return figure
