"""What a chart shows, said once and without any drawing library.

A builder of this package turns a result into these descriptions; ``render.page`` draws them as SVG and
``render.paper`` with matplotlib. Whatever a reader could compare between the two, places, ranges, words and intervals,
is decided here and in the builders, never in a renderer.
"""

import dataclasses
from typing import Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from crl_probe.metrics.rounding import has_spread
from crl_probe.render.palette import HEAT_COLOURS, along
from crl_probe.summary.numbers import MINUS, UNDEFINED, format_number

Fill: TypeAlias = Literal["full", "open", "left", "bottom"]
Weight: TypeAlias = Literal["thread", "thin", "plain", "bold"]

RING = "ring"
"""Symbol of a mark that goes around what is there already."""
RULES: Final = ("rule", "rule-dotted", "rule-dashdotted")
"""Symbols of reference lines, so that several of a chart can be told apart."""
TICK = "tick"
"""Symbol of a value that a mark is held against, at the place of the mark."""

_MOST_TOLD = 12  # names of a heat map of which every pair is told


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis, complete.

    Attributes:
        title: What it is.
        low: Its lower end.
        high: Its upper end.
        ticks: Places and what is written there; a text may have two lines.
        unit: Unit of its values, if they have one.
    """

    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    unit: str = ""

    def position(self, value: float) -> float:
        """Where a value lies: 0 at the lower end, 1 at the upper."""
        return (value - self.low) / (self.high - self.low)


@dataclasses.dataclass(frozen=True)
class Dot:
    """The number of one seed, beside the mark that it went into."""

    place: float
    value: float
    text: str


@dataclasses.dataclass(frozen=True)
class Mark:
    """A number at a place along x, with its interval.

    Attributes:
        place: Along x.
        value: The number.
        colour: Hexadecimal.
        symbol: Name of the marker, as in ``palette.depth_symbols``, ``RING`` or ``TICK``.
        text: In words, with its interval.
        low: Lower end of the interval; None where there is none.
        high: Upper end.
        fill: Filled, open, or half filled.
        seeds: The numbers of single seeds.
    """

    place: float
    value: float
    colour: str
    symbol: str
    text: str
    low: float | None = None
    high: float | None = None
    fill: Fill = "full"
    seeds: tuple[Dot, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Line:
    """A line, in a band where it has intervals.

    Attributes:
        x: Places. (points,)
        y: Values; NaN leaves a gap. (points,)
        text: What it is.
        colour: Hexadecimal; None for soft ink.
        weight: A thread joins marks, a thin line is one of several seeds, a plain one stands alone, a bold one is an
            aggregate.
        symbol: Marker at every point; empty for none.
        dashed: Whether it is dashed.
        low: Lower ends of its intervals, NaN where there are none. (points,)
        high: Upper ends. (points,)
        texts: Every point in words; empty if they say nothing new.
    """

    x: Float[np.ndarray, " points"]
    y: Float[np.ndarray, " points"]
    text: str = ""
    colour: str | None = None
    weight: Weight = "plain"
    symbol: str = ""
    dashed: bool = False
    low: Float[np.ndarray, " points"] | None = None
    high: Float[np.ndarray, " points"] | None = None
    texts: tuple[str, ...] = ()

    def bands(self) -> list[slice]:
        """Stretches of two points or more that have intervals: their area is shaded."""
        return [] if self.low is None else [one for one in stretches(self.low) if one.stop - one.start > 1]

    def bars(self) -> list[int]:
        """Points with an interval and no neighbour, which have no area: they get a bar."""
        return [] if self.low is None else [one.start for one in stretches(self.low) if one.stop - one.start == 1]


@dataclasses.dataclass(frozen=True)
class Reference:
    """A level to hold values against, drawn from side to side.

    Attributes:
        value: Its height.
        text: What it is.
        symbol: One of ``RULES``.
    """

    value: float
    text: str
    symbol: str = RULES[0]


@dataclasses.dataclass(frozen=True)
class LegendEntry:
    """What a colour and a marker stand for.

    Attributes:
        text: In words.
        symbol: The marker, ``RING``, ``TICK``, or one of ``RULES`` for a reference line.
        colour: Hexadecimal; None for soft ink, where colour says nothing.
        fill: As in :class:`Mark`.
    """

    text: str
    symbol: str
    colour: str | None = None
    fill: Fill = "full"


@dataclasses.dataclass(frozen=True, eq=False)
class Chart:
    """Numbers over x and y.

    Attributes:
        title: What it shows.
        x: Axis from left to right.
        y: Axis from bottom to top.
        alt: What a reader who cannot see it should know.
        lines: Drawn first to last, below the marks.
        marks: Numbers with their intervals.
        references: Levels.
        legend: What colours and markers stand for; empty if the axes say it.
        note: What its intervals are, in a few words.
    """

    title: str
    x: Axis
    y: Axis
    alt: str
    lines: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    references: tuple[Reference, ...] = ()
    legend: tuple[LegendEntry, ...] = ()
    note: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class HeatMap:
    """A number for every pair of things, as coloured squares.

    Attributes:
        title: What it shows.
        names: Of the things, from left to right and from top to bottom.
        values: One for each pair; NaN where undefined. (n, n)
        ticks: Places and texts along either side; place 0 is the middle of the first square.
        axis_title: What the texts are.
        scale_title: What the colours are.
        low: Value of the lightest colour.
        high: Value of the darkest.
        borders: Places of lines between groups.
    """

    title: str
    names: tuple[str, ...]
    values: Float[np.ndarray, "n n"]
    ticks: tuple[tuple[float, str], ...]
    axis_title: str
    scale_title: str
    low: float
    high: float
    borders: tuple[float, ...] = ()

    @property
    def alt(self) -> str:
        """What a reader who cannot see it should know: every pair, or the range where there are many."""
        below = [(i, j) for i in range(len(self.names)) for j in range(i)]
        if len(self.names) > _MOST_TOLD:
            known = [self.values[pair] for pair in below if np.isfinite(self.values[pair])]
            span = f", from {min(known):.2f} to {max(known):.2f}" if known else ""
            return f"{self.scale_title} of {len(below)} pairs{span}".replace("-", MINUS)
        told = "; ".join(f"{self.names[i]} and {self.names[j]} {self.text_of(i, j)}" for i, j in below)
        return f"{self.scale_title}: {told}"

    def text_of(self, row: int, column: int) -> str:
        """What is written on a square."""
        value = self.values[row, column]
        return f"{value:.2f}".replace("-", MINUS) if np.isfinite(value) else UNDEFINED

    def colour_of(self, value: float) -> str:
        """Colour of a square, from light to dark."""
        return along(HEAT_COLOURS, (value - self.low) / (self.high - self.low))


@dataclasses.dataclass(frozen=True)
class ChartGroup:
    """Charts that belong together.

    Attributes:
        charts: In reading order.
        caption: Shown below all of them.
    """

    charts: tuple[Chart | HeatMap, ...]
    caption: str = ""

    @property
    def legend(self) -> tuple[LegendEntry, ...]:
        """One legend for all charts; empty if a sign stands for different things in two of them."""
        entries = tuple(dict.fromkeys(e for chart in self.charts if isinstance(chart, Chart) for e in chart.legend))
        signs = {(entry.symbol, entry.colour, entry.fill) for entry in entries}
        return entries if len(signs) == len(entries) else ()


def fold_flat(group: ChartGroup) -> ChartGroup:
    """The group without charts in which nothing differs; its caption says what they would show.

    Example:
        >>> flat = Chart("Dormant units", Axis("depth", 0, 1, ()), Axis("", 0, 1, ((0.0, "0 %"),)), "", marks=(
        ...     Mark(0, 0.0, "", "", ""), Mark(1, 0.0, "", "", "")))
        >>> fold_flat(ChartGroup((flat,))).caption
        'Everywhere the same: Dormant units 0 %.'
    """
    flat = [chart for chart in group.charts if isinstance(chart, Chart) and _is_flat(chart)]
    if not flat:
        return group
    told = ", ".join(f"{chart.title} {_value_text(chart)}" for chart in flat)
    kept = tuple(chart for chart in group.charts if chart not in flat)
    return ChartGroup(kept, " ".join(filter(None, (group.caption, f"Everywhere the same: {told}."))))


def _is_flat(chart: Chart) -> bool:
    numbers = _numbers(chart)
    return len(numbers) > 1 and not has_spread(numbers)


def _numbers(chart: Chart) -> Float[np.ndarray, " numbers"]:
    """Every number that is drawn, ends of intervals and single seeds included."""
    ends = [end for mark in chart.marks for end in (mark.value, mark.low, mark.high) if end is not None]
    seeds = [dot.value for mark in chart.marks for dot in mark.seeds]
    lines = [part for line in chart.lines for part in (line.y, line.low, line.high) if part is not None]
    numbers = np.concatenate([np.asarray([*ends, *seeds], np.float64), *lines])
    return numbers[np.isfinite(numbers)]


def _value_text(chart: Chart) -> str:
    is_share = any(text.endswith("%") for _, text in chart.y.ticks)
    return format_number(float(_numbers(chart)[0]), share=is_share)


def stretches(values: Float[np.ndarray, " points"]) -> list[slice]:
    """Where values are finite, from gap to gap.

    Example:
        >>> stretches(np.array([1.0, 2.0, np.nan, 3.0]))
        [slice(0, 2, None), slice(3, 4, None)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.isfinite(values).astype(int), [0]])))
    return [slice(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
