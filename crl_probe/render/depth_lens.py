"""The depth lens: what the head already reads after the first blocks."""

from typing import Final, Literal, TypeAlias

import numpy as np

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.depth_lens import DepthLensResult
from crl_probe.render.axes import count_axis, share_axis, value_axis
from crl_probe.render.charts import RING, Chart, ChartGroup, LegendEntry, Mark, Reference
from crl_probe.render.curves import (
    CURVES_CAPTION,
    Curve,
    depth_entries,
    drawn_values,
    ends_text,
    mean_by_row,
    run_lines,
)
from crl_probe.render.palette import depth_colours
from crl_probe.runs.run_info import labels_in_order
from crl_probe.summary.numbers import format_number

Over: TypeAlias = Literal["share", "blocks"]
LENS_AXES: Final = {"share": "share of blocks before the head", "blocks": "blocks before the head"}
_RING_TEXT: Final = "90 % of the full network from here on"


def lens_charts(result: DepthLensResult, over: Over = "share") -> ChartGroup:
    """A chart for each metric that was measured."""
    return ChartGroup(tuple(lens_chart(result, metric, over) for metric in lens_curves(result)), CURVES_CAPTION)


def lens_chart(result: DepthLensResult, metric: str, over: Over = "share") -> Chart:
    """One curve for each depth; a ring where a seed has 90 % of its full network and keeps it.

    Args:
        result: What the depth lens probe returned.
        metric: One of :func:`lens_curves`.
        over: ``share`` of the blocks, which sets all depths side by side, or their number.
    """
    definition, curves = DEFINITIONS[metric], lens_curves(result)[metric]
    xs = [
        blocks / max(1, int(total)) if over == "share" else blocks.astype(np.float64)
        for blocks, total in zip(result.blocks, result.total_blocks, strict=True)
    ]
    lines = run_lines(result.runs, xs, curves, definition, lambda x: f"after {_blocks(x, over)}")
    references = (Reference(result.chance[metric], "chance"),)
    rings = _rings(result, metric, xs, curves, over)
    title = LENS_AXES[over]
    return Chart(
        title=definition.title,
        x=share_axis(title) if over == "share" else count_axis(title, [float(x) for places in xs for x in places]),
        y=value_axis(definition, [*drawn_values(lines), *(one.value for one in references)]),
        alt=f"{definition.title} over the {title}: {ends_text(result.runs, curves, definition)}",
        lines=lines,
        marks=rings,
        references=references,
        legend=(
            *depth_entries(result.runs),
            *((LegendEntry(_RING_TEXT, RING),) if rings else ()),
            *(LegendEntry(one.text, one.symbol) for one in references),
        ),
    )


def lens_curves(result: DepthLensResult) -> dict[str, tuple[Curve, ...]]:
    """Each metric that was measured, for each agent by block: the mean over batches, or over goals. (kept,)"""
    tables = {"retrieval_accuracy": result.retrieval_accuracy, "geodesic_rank": result.geodesic_rank}
    return {
        metric: tuple(mean_by_row(by_block) for by_block in table)
        for metric, table in tables.items()
        if any(np.isfinite(by_block).any() for by_block in table)
    }


def _rings(
    result: DepthLensResult, metric: str, xs: list[np.ndarray], curves: tuple[Curve, ...], over: Over
) -> tuple[Mark, ...]:
    colours = depth_colours(labels_in_order(result.runs))
    rings = []
    for run, x, y, share, total in zip(
        result.runs, xs, curves, result.readable[metric], result.total_blocks, strict=True
    ):
        if np.isfinite(share) and len(x):
            at = float(share) * (1.0 if over == "share" else float(total))
            counted = f"{round(float(share) * int(total))} of {int(total)} blocks"
            text = f"{run.label}, seed {run.seed}: {_RING_TEXT}, after {counted}"
            rings.append(Mark(at, float(np.interp(at, x, y)), colours[run.label], RING, text, fill="open"))
    return tuple(rings)


def _blocks(x: float, over: Over) -> str:
    return f"{format_number(x, share=True)} of the blocks" if over == "share" else f"{x:g} blocks"
