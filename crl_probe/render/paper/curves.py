"""Lines by depth: one thin line a seed, and a strong one for their aggregate."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from crl_probe.metrics import interquartile_mean
from crl_probe.render.palette import depth_colours
from crl_probe.render.paper.style import add_legend, depth_handles, depth_markers
from crl_probe.runs.run_info import RunInfo, labels_in_order

_MARKED = 20  # lines of more points than this carry no markers


def draw_curves(
    axes: Axes,
    runs: Sequence[RunInfo],
    xs: Sequence[Float[np.ndarray, " _"]],
    ys: Sequence[Float[np.ndarray, " _"]],
    *,
    legend: bool,
) -> None:
    """Draw one curve for each agent, and their aggregate for each depth.

    The aggregate is the interquartile mean over seeds, as in every table; a depth has one where its seeds share their
    places along x. Agents whose curve is empty are left out.

    Args:
        axes: Drawn on.
        runs: The agents.
        xs: For each agent the places along x. (points,)
        ys: The values there; NaN leaves a gap. (points,)
        legend: Whether to name the depths.
    """
    labels = labels_in_order(runs)
    colours, markers = depth_colours(labels), depth_markers(labels)
    for label in labels:
        mine = [i for i, run in enumerate(runs) if run.label == label and len(xs[i])]
        if not mine:
            continue
        shared = all(np.array_equal(xs[i], xs[mine[0]]) for i in mine)
        for i in mine if len(mine) > 1 or not shared else ():
            dot = "." if len(xs[i]) == 1 else ""
            axes.plot(xs[i], ys[i], color=colours[label], lw=0.6 if shared else 1.0, alpha=0.55, marker=dot, ms=2.5)
        if shared:
            places, values = xs[mine[0]], over_seeds(np.stack([ys[i] for i in mine]))
            marker = markers[label] if len(places) <= _MARKED else ""
            axes.plot(places, values, color=colours[label], lw=1.4, marker=marker, ms=3.0, label=label)
    if legend and len(labels) > 1:
        shown = {run.label for run, x in zip(runs, xs, strict=True) if len(x)}
        add_legend(axes, [handle for handle in depth_handles(runs) if handle.get_label() in shown])


def over_seeds(by_seed: Float[np.ndarray, "seeds points"]) -> Float[np.ndarray, " points"]:
    """Interquartile mean over seeds at each point where all of them are finite; NaN elsewhere."""
    aggregate = np.full(by_seed.shape[1], np.nan)
    finite = np.isfinite(by_seed).all(axis=0)
    if finite.any():
        aggregate[finite] = interquartile_mean(by_seed[:, finite].T)
    return aggregate
