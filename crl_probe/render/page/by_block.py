"""Curves over the blocks of a network: what each prefix knows, what each block adds."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from crl_probe.probes.depth_lens import DepthLensResult
from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.render.page.curves import CURVES_CAPTION, run_curves
from crl_probe.render.page.panels import FigureGroup, Panel, depth_legend
from crl_probe.runs.run_info import RunInfo, labels_in_order
from crl_probe.summary.estimates import titled

_LEAST_TOP: Final = 0.05  # of a chart of dormant units: one unit among hundreds is no mountain
_RIM: Final = 0.03


def lens_panels(result: DepthLensResult) -> FigureGroup:
    """What the head reads after each share of the blocks."""
    shares = [blocks / total for blocks, total in zip(result.blocks, result.total_blocks, strict=True)]
    panels = []
    for name, curves in (
        ("retrieval_accuracy", result.retrieval_accuracy),
        ("geodesic_rank", result.geodesic_rank),
    ):
        if curves[0].size:
            panels.append(_panel(titled(name, ""), result.runs, shares, [_mean(curve) for curve in curves]))
    return FigureGroup(tuple(panels), depth_legend(labels_in_order(result.runs)), CURVES_CAPTION)


def stream_panels(result: ResidualStreamResult) -> FigureGroup:
    """Contribution and dormant units of every block, for each network."""
    panels = []
    for name, tables in (("residual_contribution", result.contribution), ("dormant_fraction", result.dormant)):
        for network, curves in tables.items():
            if any(curve.size for curve in curves):
                shares = [(np.arange(len(curve)) + 1) / max(len(curve), 1) for curve in curves]
                panel = _panel(titled(name, network), result.runs, shares, curves)
                if name == "dormant_fraction":
                    top = max(_LEAST_TOP, *(float(curve.max()) for curve in curves if len(curve)))
                    panel.figure.update_yaxes(range=[-_RIM * top, (1 + _RIM) * top])
                panels.append(panel)
    return FigureGroup(tuple(panels), depth_legend(labels_in_order(result.runs)), CURVES_CAPTION)


def _panel(
    title: str,
    runs: Sequence[RunInfo],
    shares: Sequence[Float[np.ndarray, " _"]],
    curves: Sequence[Float[np.ndarray, " _"]],
) -> Panel:
    figure = run_curves(runs, shares, curves, "share of the blocks")
    figure.update_xaxes(range=[-_RIM, 1 + _RIM])
    ends = "; ".join(
        f"{run.name} from {curve[0]:.3g} to {curve[-1]:.3g}"
        for run, curve in zip(runs, curves, strict=True)
        if len(curve)
    )
    return Panel(title, figure, alt=f"{title} over the share of the blocks: {ends}")


def _mean(curve: Float[np.ndarray, "kept samples"]) -> Float[np.ndarray, " kept"]:
    """Mean over goals or batches where any is defined."""
    defined = np.isfinite(curve)
    return np.where(
        defined.any(axis=1), np.where(defined, curve, 0).sum(axis=1) / np.maximum(defined.sum(axis=1), 1), np.nan
    )
