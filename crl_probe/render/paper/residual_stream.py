"""What each residual block adds, how many of its units are dormant, and how alike the stream is between blocks."""

import numpy as np
from matplotlib.axes import Axes

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.render.paper._checks import one_of, within
from crl_probe.render.paper.by_depth import WORDS
from crl_probe.render.paper.curves import draw_curves
from crl_probe.render.paper.geometry import draw_similarity
from crl_probe.render.paper.style import COLUMN_WIDTH, axes_for, show_zero

_MOST_TICKS = 6


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
    values = curves[metric][network]
    with axes_for(ax) as axes:
        shares = [np.arange(1, len(by_block) + 1) / max(1, len(by_block)) for by_block in values]
        draw_curves(axes, result.runs, shares, values, legend=legend)
        axes.set_xlabel(f"share of {WORDS[network]} blocks passed")
        axes.set_ylabel(DEFINITIONS[metric].title)
        axes.set_xlim(0.0, 1.04)
        show_zero(axes, DEFINITIONS[metric].high)
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
    blocks = result.kept_blocks[run]
    with axes_for(ax, COLUMN_WIDTH, 0.85 * COLUMN_WIDTH, "compressed") as axes:
        draw_similarity(axes, result.block_cka[run])
        shown = np.unique(np.linspace(0, len(blocks) - 1, _MOST_TICKS).round().astype(int))
        axes.set_xticks(shown, [f"{blocks[i]}" for i in shown])
        axes.set_yticks(shown, [f"{blocks[i]}" for i in shown])
        axes.set_title(result.runs[run].label)
        axes.set_xlabel("after so many blocks of φ")
        return axes


def stream_curves(result: ResidualStreamResult) -> dict[str, dict[str, tuple[np.ndarray, ...]]]:
    """For each metric and each network that has values, those of every agent by block. (blocks,)"""
    tables = {"residual_contribution": result.contribution, "dormant_fraction": result.dormant}
    return {
        metric: {network: values for network, values in table.items() if any(len(by_block) for by_block in values)}
        for metric, table in tables.items()
    }
