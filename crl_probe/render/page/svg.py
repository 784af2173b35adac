"""Descriptions of charts as SVG inside the page: seen without any script, in the page's own colours, light and dark.

Lengths are those of the picture, which is ``WIDTH`` wide and grows with its column. Names come from strangers, so
every text is escaped here.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from crl_probe.render.charts import RING, RULES, Chart, HeatMap, LegendEntry, Line, Mark, Reference, stretches
from crl_probe.render.page.heat_svg import heat_map_svg
from crl_probe.render.page.svg_parts import (
    LINE_HEIGHT,
    WIDTH,
    Frame,
    attributes,
    number,
    picture,
    segment,
    symbol_svg,
    text_svg,
    text_width,
    tip,
    tip_at,
)

_HEIGHT: Final = 195.0
_PAD: Final = 7.0
_TICK_GAP: Final = 6.0
_MOST_TIPS: Final = 48  # of one line: more places than that cannot be pointed at
_MARK_SIZE: Final = 5.0
_CAP: Final = 3.5
_WIDTHS: Final = {"thread": 1.0, "thin": 1.1, "plain": 1.8, "bold": 2.4}


def chart_svg(chart: Chart | HeatMap) -> str:
    """One chart as an ``svg`` element.

    Its texts for the pointer and the keyboard stand in ``data-tip``, each at the place ``data-at``; ``charts.js``
    reads them out.
    """
    if isinstance(chart, HeatMap):
        return heat_map_svg(chart)
    frame, upright = _frame(chart)
    parts = [
        *_grid(chart, frame, upright),
        *(_reference(one, frame) for one in chart.references),
        *(_band(line, frame) for line in chart.lines),
        *(_line(line, frame) for line in chart.lines),
        *(_mark(mark, frame) for mark in chart.marks),
    ]
    return picture(chart.alt, WIDTH, frame.height, parts)


def legend_svg(entry: LegendEntry) -> str:
    """The sign of a legend entry as a small ``svg`` element, hidden from readers who hear its text."""
    colour = f' style="color: {entry.colour}"' if entry.colour else ""
    if entry.symbol in RULES:
        sign = segment(_rule_class(entry.symbol), (-9.0, 0.0), (9.0, 0.0))
        return f'<svg class="wide" viewBox="-10 -7 20 14" aria-hidden="true">{sign}</svg>'
    sign = symbol_svg(entry.symbol, 0.0, 0.0, 4.6, "currentColor", entry.fill)
    return f'<svg viewBox="-7 -7 14 14" aria-hidden="true"{colour}>{sign}</svg>'


def _frame(chart: Chart) -> tuple[Frame, bool]:
    """Where the axes are, and whether the words below are upright because they would run into each other."""
    left = _PAD + max((text_width(text) for _, text in chart.y.ticks), default=0.0) + _TICK_GAP
    lines = [line for _, text in chart.x.ticks for line in text.split("\n")]
    widest = max(map(text_width, lines), default=0.0)
    right = _PAD + 2.0
    if chart.x.ticks:
        place, text = chart.x.ticks[-1]
        beyond = text_width(text) / 2 - (1 - chart.x.position(place)) * (WIDTH - left)
        right = max(right, beyond + 1.0)
    slot = (WIDTH - left - right) / max(len(chart.x.ticks), 1)
    upright = widest + 3.0 > slot
    if upright:
        below = max(text_width(_in_one_line(text)) for _, text in chart.x.ticks)
    else:
        below = LINE_HEIGHT * max((text.count("\n") + 1 for _, text in chart.x.ticks), default=0)
    bottom = _TICK_GAP + below + LINE_HEIGHT * (1 + bool(chart.note)) + _PAD - 2.0
    height = _HEIGHT + max(0.0, bottom - 4 * LINE_HEIGHT)
    return Frame(chart.x, chart.y, left, _PAD, WIDTH - right, height - bottom, height), upright


def _grid(chart: Chart, frame: Frame, upright: bool) -> Iterable[str]:
    for place, text in chart.y.ticks:
        y = frame.y(place)
        yield segment("grid", (frame.left, y), (frame.right, y))
        yield text_svg(text, frame.left - _TICK_GAP, y + 3.6, "end")
    yield segment("axis", (frame.left, frame.bottom), (frame.right, frame.bottom))
    low = frame.bottom + _TICK_GAP
    for place, text in chart.x.ticks:
        x = frame.x(place)
        yield segment("axis", (x, frame.bottom), (x, frame.bottom + 3.0))
        if upright:
            yield text_svg(_in_one_line(text), x + 3.6, low, "end", turned=True)
        else:
            yield text_svg(text, x, low + LINE_HEIGHT - 3.0, "middle")
    middle = (frame.left + frame.right) / 2
    last = frame.height - _PAD + 1.0
    yield text_svg(chart.x.title, middle, last - (LINE_HEIGHT if chart.note else 0.0), "middle")
    if chart.note:
        yield text_svg(chart.note, middle, last, "middle")


def _in_one_line(text: str) -> str:
    return text.replace("\n", " · ")


def _reference(reference: Reference, frame: Frame) -> str:
    y = frame.y(reference.value)
    return tip(
        reference.text, frame.right, y, segment(_rule_class(reference.symbol), (frame.left, y), (frame.right, y))
    )


def _rule_class(symbol: str) -> str:
    return "rule" if symbol == RULES[0] else f"rule {symbol}"


def _band(line: Line, frame: Frame) -> str:
    if line.low is None or line.high is None:
        return ""
    parts = []
    for stretch in line.bands():
        xs = line.x[stretch]
        there = _points(xs, line.high[stretch], frame)
        back = _points(xs[::-1], line.low[stretch][::-1], frame)
        parts.append(f"M{there}L{back}Z")
    shade = f'<path class="band" d="{"".join(parts)}" fill="{line.colour}"/>' if parts else ""
    bars = [_bar(float(line.x[i]), float(line.low[i]), float(line.high[i]), line.colour, frame) for i in line.bars()]
    return shade + "".join(bars)


def _line(line: Line, frame: Frame) -> str:
    stroke = attributes(
        {
            "class": f"line {line.weight}",
            "stroke": line.colour or "currentColor",
            "stroke-width": _WIDTHS[line.weight],
            "stroke-dasharray": "3 3" if line.dashed else None,
        }
    )
    known = np.isfinite(line.y)
    whole = [one for one in stretches(line.y) if one.stop - one.start > 1]
    path = "".join(f"M{_points(line.x[one], line.y[one], frame)}" for one in whole)
    parts = [f'<path {stroke} d="{path}"/>'] if path else []
    if line.symbol:
        size = 2.2 if line.weight == "thin" else 3.4
        parts += [
            symbol_svg(line.symbol, frame.x(x), frame.y(y), size, line.colour or "currentColor", "full")
            for x, y in zip(line.x[known], line.y[known], strict=True)
        ]
    return "".join([*parts, *_line_tips(line, frame, np.flatnonzero(known))])


def _line_tips(line: Line, frame: Frame, known: np.ndarray) -> Iterable[str]:
    """Of an aggregate at places spread over it, of a seed at its end."""
    if line.texts and len(known):
        for i in known[np.unique(np.linspace(0, len(known) - 1, min(len(known), _MOST_TIPS)).round().astype(int))]:
            yield tip_at(line.texts[i], frame.x(line.x[i]), frame.y(line.y[i]))
    elif line.text and len(known):
        yield tip_at(line.text, frame.x(line.x[known[-1]]), frame.y(line.y[known[-1]]))


def _mark(mark: Mark, frame: Frame) -> str:
    x, y = frame.x(mark.place), frame.y(mark.value)
    bar = "" if mark.low is None or mark.high is None else _bar(mark.place, mark.low, mark.high, mark.colour, frame)
    dots = [
        tip(
            dot.text,
            frame.x(dot.place),
            frame.y(dot.value),
            f'<circle class="seed" cx="{number(frame.x(dot.place))}" cy="{number(frame.y(dot.value))}" r="2.1" '
            f'fill="{mark.colour}"/>',
        )
        for dot in mark.seeds
    ]
    size = 7.0 if mark.symbol == RING else _MARK_SIZE
    return bar + tip(mark.text, x, y, symbol_svg(mark.symbol, x, y, size, mark.colour, mark.fill)) + "".join(dots)


def _bar(place: float, low: float, high: float, colour: str | None, frame: Frame) -> str:
    x, top, bottom = frame.x(place), frame.y(high), frame.y(low)
    caps = "".join(f"M{number(x - _CAP)} {number(y)}h{number(2 * _CAP)}" for y in (top, bottom))
    return f'<path class="bar" stroke="{colour}" d="M{number(x)} {number(top)}V{number(bottom)}{caps}"/>'


def _points(xs: Sequence[float] | np.ndarray, ys: Sequence[float] | np.ndarray, frame: Frame) -> str:
    return "L".join(f"{number(frame.x(float(x)))} {number(frame.y(float(y)))}" for x, y in zip(xs, ys, strict=True))
