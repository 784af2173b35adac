"""The depth lens: what the head can already read after the first blocks."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.depth_lens import DepthLensResult
from crl_probe.render.palette import depth_colours
from crl_probe.render.paper._checks import one_of
from crl_probe.render.paper.curves import draw_curves
from crl_probe.render.paper.style import SOFT_INK, add_legend, axes_for, depth_handles, show_zero

_AXES = {"share": "share of blocks before the head", "blocks": "blocks before the head"}
_RING: dict[str, Any] = {"ls": "", "marker": "o", "ms": 7.5, "mew": 1.0, "mfc": "none"}


def plot_depth_lens(
    result: DepthLensResult,
    ax: Axes | None = None,
    metric: str = "retrieval_accuracy",
    *,
    over: str = "share",
    legend: bool = True,
) -> Axes:
    """Draw what the head reads after the first blocks, one curve for each depth.

    Thin lines are seeds, strong ones their interquartile mean. A ring marks where a seed first reaches 90 % of its
    full network.

    Args:
        result: What the depth lens probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        metric: ``retrieval_accuracy`` or ``geodesic_rank``.
        over: ``share`` of the blocks, which sets all depths side by side, or their number, ``blocks``.
        legend: Whether to name the depths.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric or axis.
    """
    curves = lens_curves(result)
    one_of("metric", metric, curves)
    one_of("over", over, _AXES)
    places = [
        blocks / max(1, int(total)) if over == "share" else blocks.astype(np.float64)
        for blocks, total in zip(result.blocks, result.total_blocks, strict=True)
    ]
    with axes_for(ax) as axes:
        draw_curves(axes, result.runs, places, curves[metric], legend=False)
        colours = depth_colours([str(handle.get_label()) for handle in depth_handles(result.runs)])
        for run, x, y, share, total in zip(
            result.runs, places, curves[metric], result.readable[metric], result.total_blocks, strict=True
        ):
            if np.isfinite(share) and len(x):
                at = float(share) * (1.0 if over == "share" else float(total))
                axes.plot([at], [np.interp(at, x, y)], color=colours[run.label], **_RING)
        if legend:
            add_legend(axes, lens_handles(result))
        axes.set_xlabel(_AXES[over])
        axes.set_ylabel(DEFINITIONS[metric].title)
        show_zero(axes, DEFINITIONS[metric].high)
        return axes


def lens_curves(result: DepthLensResult) -> dict[str, tuple[Float[np.ndarray, " kept"], ...]]:
    """Each metric that was measured, for each agent by block: the mean over batches, or over goals."""
    tables = {"retrieval_accuracy": result.retrieval_accuracy, "geodesic_rank": result.geodesic_rank}
    return {
        metric: tuple(_mean(by_block) for by_block in table)
        for metric, table in tables.items()
        if any(np.isfinite(by_block).any() for by_block in table)
    }


def lens_handles(result: DepthLensResult) -> list[Line2D]:
    """Legend entries of the depths and of the ring."""
    ring = Line2D([], [], color=SOFT_INK, label="90 % of the full network", **_RING)
    return [*depth_handles(result.runs), ring]


def _mean(by_block: Float[np.ndarray, "kept samples"]) -> Float[np.ndarray, " kept"]:
    """Mean over what is defined; NaN where nothing is."""
    defined = np.isfinite(by_block)
    total = np.where(defined, by_block, 0.0).sum(axis=1)
    return np.divide(total, defined.sum(axis=1), out=np.full(len(by_block), np.nan), where=defined.any(axis=1))
