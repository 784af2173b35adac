"""How alike representations are, as heat maps: between agents, and between the blocks of one."""

import math
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.geometry import GeometryResult
from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.render.by_level import run_ticks
from crl_probe.render.charts import ChartGroup, HeatMap
from crl_probe.runs.run_info import labels_in_order, place_in_order

_MOST_TICKS: Final = 6


def agent_similarity(result: GeometryResult, metric: Literal["cka", "mutual_knn"] = "cka") -> HeatMap:
    """How alike every two agents are on the shared set, by level, then by seed; lines part the levels."""
    order = sorted(range(len(result.runs)), key=lambda i: (*place_in_order(result.runs[i]), result.runs[i].seed))
    runs = [result.runs[i] for i in order]
    values = getattr(result, metric)[np.ix_(order, order)]
    title = DEFINITIONS[metric].title
    texts, axis_title = run_ticks(runs)
    sizes = [sum(run.label == label for run in runs) for label in labels_in_order(runs)]
    borders = [float(border) for border in np.cumsum([0, *sizes]) - 0.5]
    names = tuple(f"{run.label}, seed {run.seed}" for run in runs)
    return HeatMap(
        title=f"{title} between agents",
        names=names,
        values=values,
        ticks=tuple(
            ((low + high) / 2, text) for (low, high), text in zip(pairwise(borders), texts.values(), strict=True)
        ),
        axis_title=axis_title,
        scale_title=title,
        low=_lowest(values),
        high=1.0,
        borders=tuple(borders[1:-1]),
    )


def _lowest(values: Float[np.ndarray, "agents agents"]) -> float:
    """The tenth below the smallest similarity, so that the colours tell apart what there is."""
    known = values[np.isfinite(values)]
    return min(0.9, math.floor(10 * float(known.min())) / 10) if known.size else 0.0


def similarity_charts(result: GeometryResult) -> ChartGroup:
    """A heat map of all agents for each kind of similarity; nothing where there is one agent."""
    if len(result.runs) < 2:
        return ChartGroup(())
    return ChartGroup((agent_similarity(result, "cka"), agent_similarity(result, "mutual_knn")))


def block_similarity(result: ResidualStreamResult, run: int) -> HeatMap:
    """CKA of the stream of φ after any two blocks of one agent; 0 is before the first block."""
    blocks = [int(block) for block in result.kept_blocks[run]]
    shown = sorted({round(float(place)) for place in np.linspace(0, len(blocks) - 1, _MOST_TICKS)})
    return HeatMap(
        title=result.runs[run].label,
        names=tuple(f"block {block}" for block in blocks),
        values=result.block_cka[run],
        ticks=tuple((float(place), f"{blocks[place]}") for place in shown),
        axis_title="after this many blocks of φ",
        scale_title=DEFINITIONS["cka"].title,
        low=0.0,
        high=1.0,
    )
