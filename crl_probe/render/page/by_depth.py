"""One metric a panel against depth: the aggregate with its interval, and every seed as a dot."""

import html
from collections.abc import Sequence
from typing import Final

import numpy as np

from crl_probe.metrics import DEFINITIONS
from crl_probe.render.page.panels import FigureGroup, Panel
from crl_probe.render.page.style import chart, faded
from crl_probe.render.palette import depth_colours, depth_symbols
from crl_probe.runs.run_info import depth_order
from crl_probe.summary.estimates import DepthEstimate, titled
from crl_probe.summary.wording import interval_text

_EVIDENCE_SHIFT: Final = {"shared": -0.15, "on-policy": 0.15}
_THREAD: Final = "#858c98"  # seen on light and on dark pages
_BOUNDED: Final = {"0 to 1": (-0.03, 1.03)}


def depth_panels(estimates: Sequence[DepthEstimate], metric_names: Sequence[str]) -> FigureGroup:
    """A panel for each metric, and part of it, that has estimates.

    Filled markers are measured on each agent's own episodes or on the grid, open ones on the shared set.
    """
    labels = depth_order(run for e in estimates for run in e.runs)
    panels = []
    for name in metric_names:
        of_metric = [estimate for estimate in estimates if estimate.metric == name]
        parts = dict.fromkeys(estimate.part for estimate in of_metric)
        panels += [_panel(name, part, [e for e in of_metric if e.part == part], labels) for part in parts]
    kinds = {e.evidence for e in estimates if e.metric in metric_names}
    caption = "Open markers: shared probe set. Filled markers: each agent's own episodes." if len(kinds) > 1 else ""
    return FigureGroup(tuple(panels), caption=caption)


def _panel(name: str, part: str, estimates: Sequence[DepthEstimate], labels: Sequence[str]) -> Panel:
    definition = DEFINITIONS[name]
    colours, symbols = depth_colours(labels), depth_symbols(labels)
    both = len({estimate.evidence for estimate in estimates}) > 1
    figure = chart()
    spoken = []
    for evidence in dict.fromkeys(estimate.evidence for estimate in estimates):
        shift = _EVIDENCE_SHIFT.get(evidence, 0.0) if both else 0.0
        mine = [estimate for estimate in estimates if estimate.evidence == evidence]
        # A thin line through the aggregates shows jumps; depths are no scale, so it says nothing between them.
        figure.add_scatter(
            x=[labels.index(e.label) + shift for e in mine],
            y=[e.estimate.value for e in mine],
            mode="lines",
            line={"width": 1, "color": faded(_THREAD, 0.7), "dash": "dot" if evidence == "shared" else "solid"},
            hoverinfo="skip",
        )
    for estimate in estimates:
        place = labels.index(estimate.label) + (_EVIDENCE_SHIFT.get(estimate.evidence, 0.0) if both else 0.0)
        colour = colours[estimate.label]
        symbol = symbols[estimate.label] + ("-open" if estimate.evidence == "shared" else "")
        e = estimate.estimate
        interval = f"{interval_text(e)}, {e.count} {e.unit}"
        spoken.append(f"{estimate.label} {estimate.evidence} {interval}")
        if len(estimate.values) > 1:
            figure.add_scatter(
                x=place + 0.11 + 0.02 * np.arange(len(estimate.values)),
                y=estimate.values,
                mode="markers",
                marker={"size": 6, "color": faded(colour, 0.55)},
                text=[html.escape(run.name, quote=False) for run in estimate.runs],  # plotly reads tags
                hovertemplate="%{text}: %{y:.3g}<extra></extra>",
            )
        figure.add_scatter(
            x=[place],
            y=[e.value],
            error_y={
                "visible": e.high > e.low,
                "type": "data",
                "symmetric": False,
                "array": [e.high - e.value],
                "arrayminus": [e.value - e.low],
                "thickness": 2,
                "width": 5,
                "color": colour,
            },
            mode="markers",
            marker={"size": 11, "color": colour, "symbol": symbol, "line": {"width": 2, "color": colour}},
            hovertemplate=f"{estimate.label} ({estimate.evidence})<br>{interval}<extra></extra>",
        )
    figure.update_xaxes(tickvals=list(range(len(labels))), ticktext=_ticks(labels), range=[-0.5, len(labels) - 0.5])
    if definition.range_text in _BOUNDED:
        figure.update_yaxes(range=_BOUNDED[definition.range_text])
    title = titled(name, part)
    unit = definition.unit
    return Panel(title, figure, alt=f"{title} by depth: " + "; ".join(spoken), unit=unit)


def _ticks(labels: Sequence[str]) -> list[str]:
    """Labels that stay level below a narrow chart: bare numbers where there are many, two lines where they are long."""
    if len(labels) > 4 and all(label.startswith("depth ") for label in labels):
        return [label.removeprefix("depth ") for label in labels]
    return [label.replace(" · ", "<br>") for label in labels]
