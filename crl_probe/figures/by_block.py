"""Curves over the blocks of a network: what each prefix knows, what each block adds."""

from collections.abc import Sequence

import numpy as np

from crl_probe.figures.curves import run_curves
from crl_probe.figures.panels import FigureGroup, Panel
from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.depth_lens import DepthLensResult
from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.results import RunInfo

_NETWORKS = {"phi": "state-action encoder φ", "psi": "goal encoder ψ", "actor": "actor"}


def lens_panels(result: DepthLensResult) -> FigureGroup:
    """What the head reads after each share of the blocks: one curve for each agent."""
    shares = [blocks / total for blocks, total in zip(result.blocks, result.total_blocks, strict=True)]
    panels = []
    for name, curves in (
        ("retrieval_accuracy", result.retrieval_accuracy),
        ("geodesic_rank", result.geodesic_rank),
    ):
        if curves[0].size:
            means = [_mean(curve) for curve in curves]
            panels.append(_curves(DEFINITIONS[name].title, result.runs, shares, means, "share of the blocks"))
    return FigureGroup(tuple(panels))


def stream_panels(result: ResidualStreamResult) -> FigureGroup:
    """Contribution and dormant units of every block, for each network."""
    panels = []
    for name, tables in (("residual_contribution", result.contribution), ("dormant_fraction", result.dormant)):
        for network, curves in tables.items():
            if any(curve.size for curve in curves):
                shares = [(np.arange(len(curve)) + 1) / max(len(curve), 1) for curve in curves]
                title = f"{DEFINITIONS[name].title}, {_NETWORKS[network]}"
                panels.append(_curves(title, result.runs, shares, curves, "share of the blocks"))
    return FigureGroup(tuple(panels))


def _curves(
    title: str, runs: Sequence[RunInfo], xs: Sequence[np.ndarray], ys: Sequence[np.ndarray], x_title: str
) -> Panel:
    figure = run_curves(runs, xs, ys, x_title)
    figure.update_xaxes(range=[-0.03, 1.03])
    ends = "; ".join(f"{run.name} from {y[0]:.3g} to {y[-1]:.3g}" for run, y in zip(runs, ys, strict=True) if len(y))
    return Panel(title, figure, alt=f"{title} over {x_title}: {ends}")


def _mean(curve: np.ndarray) -> np.ndarray:
    """Mean over goals or batches where any is defined."""
    defined = np.isfinite(curve)
    return np.where(
        defined.any(axis=1), np.where(defined, curve, 0).sum(axis=1) / np.maximum(defined.sum(axis=1), 1), np.nan
    )
