"""What each residual block adds and how many of its units are dormant, over the share of blocks."""

from collections.abc import Sequence

import numpy as np

from crl_probe.metrics import DEFINITIONS, MetricDefinition
from crl_probe.probes.residual_stream import ResidualStreamResult
from crl_probe.render.axes import share_axis, value_axis
from crl_probe.render.charts import Chart, ChartGroup, Line
from crl_probe.render.curves import CURVES_CAPTION, Curve, depth_entries, drawn_values, ends_text, run_lines
from crl_probe.summary.estimates import PART_WORDS, titled
from crl_probe.summary.numbers import format_number


def stream_charts(result: ResidualStreamResult, metrics: Sequence[str] | None = None) -> ChartGroup:
    """A chart for each metric and network that has values; None takes both metrics."""
    charts = [chart for metric in metrics or stream_curves(result) for chart in charts_of(result, metric).values()]
    return ChartGroup(tuple(charts), CURVES_CAPTION)


def charts_of(result: ResidualStreamResult, metric: str) -> dict[str, Chart]:
    """A number of every block, one curve for each depth: a chart for each network, all with the same y axis.

    Args:
        result: What the residual stream probe returned.
        metric: ``residual_contribution`` or ``dormant_fraction``.

    Returns:
        By network; those without values are left out.
    """
    definition, by_network = DEFINITIONS[metric], stream_curves(result)[metric]
    lines = {network: _lines(result, definition, curves) for network, curves in by_network.items()}
    y = value_axis(definition, [value for drawn in lines.values() for value in drawn_values(drawn)])
    charts = {}
    for network, curves in by_network.items():
        title = titled(metric, network)
        charts[network] = Chart(
            title=title,
            x=share_axis(f"share of {PART_WORDS.get(network, network)} blocks passed"),
            y=y,
            alt=f"{title} over the share of blocks passed: {ends_text(result.runs, curves, definition)}",
            lines=lines[network],
            legend=depth_entries(result.runs),
        )
    return charts


def stream_curves(result: ResidualStreamResult) -> dict[str, dict[str, tuple[Curve, ...]]]:
    """For each metric and each network that has values, those of every agent by block. (blocks,)"""
    tables = {"residual_contribution": result.contribution, "dormant_fraction": result.dormant}
    return {
        metric: {network: values for network, values in table.items() if any(len(by_block) for by_block in values)}
        for metric, table in tables.items()
    }


def _lines(result: ResidualStreamResult, definition: MetricDefinition, curves: Sequence[Curve]) -> tuple[Line, ...]:
    shares = [(np.arange(len(curve)) + 1) / max(len(curve), 1) for curve in curves]
    return run_lines(
        result.runs, shares, curves, definition, lambda x: f"after {format_number(x, share=True)} of the blocks"
    )
