"""Charts as data: plotly figures side by side, with one legend for all of them.

Panels stay separate figures so that a page can let them flow from one row into several.
"""

import dataclasses
from collections.abc import Sequence

import plotly.graph_objects as go

from crl_probe.render.palette import depth_colours, depth_symbols


@dataclasses.dataclass(frozen=True)
class Panel:
    """One chart of a group.

    Attributes:
        title: Shown above.
        figure: The plotly figure, with transparent background.
        alt: What a reader who cannot see it should know.
        unit: Unit or range of what is drawn, shown beside the title.
        aspect: Width over height; None for a chart of the usual height.
    """

    title: str
    figure: go.Figure
    alt: str
    unit: str = ""
    aspect: float | None = None


@dataclasses.dataclass(frozen=True)
class LegendEntry:
    """What a colour and a marker stand for.

    Attributes:
        text: In words.
        colour: As in the charts.
        symbol: Name of the marker, as plotly has it.
    """

    text: str
    colour: str
    symbol: str


@dataclasses.dataclass(frozen=True)
class FigureGroup:
    """Charts that belong together.

    Attributes:
        panels: In reading order.
        legend: What colours and markers stand for in all of them.
        caption: Shown below.
    """

    panels: tuple[Panel, ...]
    legend: tuple[LegendEntry, ...] = ()
    caption: str = ""


def depth_legend(labels: Sequence[str]) -> tuple[LegendEntry, ...]:
    """An entry for each depth, given shallow to deep."""
    colours, symbols = depth_colours(labels), depth_symbols(labels)
    return tuple(LegendEntry(label, colours[label], symbols[label]) for label in labels)
