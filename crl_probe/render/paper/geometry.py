"""Rank and decodability of embeddings against depth, and how alike the agents' representations are."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from crl_probe.probes.geometry import GeometryResult
from crl_probe.render.paper.by_depth import plot_by_depth
from crl_probe.render.paper.fitting import label_depths, size_of, width_of
from crl_probe.render.paper.style import COLUMN_WIDTH, TICK_SIZE, add_colourbar, axes_for, depth_ticks
from crl_probe.runs.run_info import labels_in_order, place_in_order

_LIGHT_ON = 0.55  # similarity above which text is white
_HEAT_MAP = 0.8  # of the axes, once the scale stands beside them


def plot_geometry(
    result: GeometryResult, ax: Axes | None = None, metric: str = "effective_rank", part: str | None = "phi"
) -> Axes:
    """Draw a number about embeddings of the shared set against depth.

    Args:
        result: What the geometry probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        metric: ``effective_rank`` or ``linear_decodability``.
        part: ``phi`` or ``psi`` for the rank, ``goal`` or ``distance`` for decodability; None draws both.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric or part.
    """
    return plot_by_depth(result, metric, ax, part=part)


def plot_cka(result: GeometryResult, ax: Axes | None = None) -> Axes:
    """Draw how alike any two agents represent the shared set, as a heat map; white lines part the depths.

    Args:
        result: What the geometry probe returned.
        ax: Axes to draw on; None makes a figure of one column.

    Returns:
        The axes.
    """
    order = sorted(range(len(result.runs)), key=lambda i: (*place_in_order(result.runs[i]), result.runs[i].seed))
    runs = [result.runs[i] for i in order]
    ticks, title = depth_ticks(runs)
    sizes = [sum(run.label == label for run in runs) for label in labels_in_order(runs)]
    borders = np.cumsum([0, *sizes]) - 0.5
    with axes_for(ax, COLUMN_WIDTH, 0.85 * COLUMN_WIDTH, "compressed") as axes:
        draw_similarity(axes, result.cka[np.ix_(order, order)])
        middles = (borders[:-1] + borders[1:]) / 2
        label_depths(axes, list(middles), list(ticks.values()), TICK_SIZE, _side_of(axes))
        axes.set_yticks(middles, list(ticks.values()))
        for border in borders[1:-1]:
            axes.axhline(border, color="white", lw=1.5)
            axes.axvline(border, color="white", lw=1.5)
        axes.set_xlabel(title)
        return axes


def draw_similarity(axes: Axes, similarity: Float[np.ndarray, "n n"]) -> None:
    """A square for each pair, with its number where there is room, and the scale beside."""
    image = axes.imshow(similarity, cmap="Blues", vmin=0.0, vmax=1.0)
    if width_of("0.00", TICK_SIZE) < _side_of(axes) / len(similarity):
        for (i, j), value in np.ndenumerate(similarity):
            if np.isfinite(value):
                colour = "white" if value > _LIGHT_ON else "black"
                axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize="small", color=colour)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    add_colourbar(axes, image, "CKA")


def _side_of(axes: Axes) -> float:
    return _HEAT_MAP * min(size_of(axes))
