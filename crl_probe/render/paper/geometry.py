"""Rank and decodability of embeddings against depth, and how alike the agents' representations are."""

from matplotlib.axes import Axes

from crl_probe.probes.geometry import GeometryResult
from crl_probe.render.paper.by_depth import plot_by_depth
from crl_probe.render.paper.charts import draw_heat_map
from crl_probe.render.paper.style import COLUMN_WIDTH, axes_for
from crl_probe.render.similarity import agent_similarity


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
    with axes_for(ax, COLUMN_WIDTH, 0.85 * COLUMN_WIDTH, "compressed") as axes:
        draw_heat_map(axes, agent_similarity(result))
        return axes
