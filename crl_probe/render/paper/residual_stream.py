"""What each residual block adds, how many of its units are dormant, and how alike the stream is between blocks."""

from matplotlib.axes import Axes

from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.render.paper._checks import one_of, within
from crl_probe.render.paper.charts import draw_chart, draw_heat_map
from crl_probe.render.paper.style import COLUMN_WIDTH, axes_for
from crl_probe.render.residual_stream import charts_of, stream_curves
from crl_probe.render.similarity import block_similarity


def plot_residual_stream(
    result: ResidualStreamResult,
    ax: Axes | None = None,
    metric: str = "residual_contribution",
    network: str = "phi",
    *,
    legend: bool = True,
) -> Axes:
    """Draw a number of every residual block over the share of blocks passed, one curve for each depth.

    Args:
        result: What the residual stream probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        metric: ``residual_contribution`` or ``dormant_fraction``.
        network: ``phi``, ``psi`` or ``actor``.
        legend: Whether to name the depths.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric or network, or no values: a network without residual
            connections has no contributions.
    """
    curves = stream_curves(result)
    one_of("metric", metric, curves)
    one_of("network", network, curves[metric])
    with axes_for(ax) as axes:
        draw_chart(axes, charts_of(result, metric)[network], legend=legend)
        return axes


def plot_block_cka(result: ResidualStreamResult, ax: Axes | None = None, *, run: int = 0) -> Axes:
    """Draw how alike the stream of φ is after any two blocks of one agent, as a heat map; 0 is before the first block.

    Args:
        result: What the residual stream probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        run: Which of ``result.runs``.

    Returns:
        The axes.

    Raises:
        ConfigError: If there is no such run.
    """
    within("run", run, len(result.runs))
    heat_map = block_similarity(result, run)
    with axes_for(ax, COLUMN_WIDTH, 0.85 * COLUMN_WIDTH, "compressed") as axes:
        draw_heat_map(axes, heat_map)
        axes.set_title(heat_map.title)
        return axes
