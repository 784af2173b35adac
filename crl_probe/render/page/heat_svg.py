"""A heat map as SVG: squares, their numbers where there is room, and the scale beside them."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from crl_probe.render.charts import HeatMap
from crl_probe.render.page.svg_parts import (
    LINE_HEIGHT,
    TEXT_SIZE,
    picture,
    rectangle,
    segment,
    text_svg,
    text_width,
    tip,
)
from crl_probe.render.palette import HEAT_COLOURS, ink_on

_WIDTH: Final = 340.0  # nine agents have room for their numbers
_GAP: Final = 6.0
_BAR: Final = 8.0  # width of the scale
_ROOM_FOR_SCALE: Final = 46.0


def heat_map_svg(heat_map: HeatMap) -> str:
    """One heat map as an ``svg`` element; every square has its text for the pointer and the keyboard."""
    count = len(heat_map.names)
    left = max(text_width(line) for _, text in heat_map.ticks for line in text.split("\n")) + _GAP + 4.0
    side = _WIDTH - left - _ROOM_FOR_SCALE
    step = side / count
    rows = max(text.count("\n") + 1 for _, text in heat_map.ticks)
    height = 4.0 + side + _GAP + LINE_HEIGHT * (rows + 1) + 2.0
    parts = [
        *_squares(heat_map, left, 4.0, step),
        *_borders(heat_map, left, 4.0, step, side),
        *_ticks(heat_map, left, 4.0, step, side, rows),
        *_scale(heat_map, left + side + _GAP + 4.0, 4.0, side),
    ]
    return picture(heat_map.alt, _WIDTH, height, parts)


def _squares(heat_map: HeatMap, left: float, top: float, step: float) -> Iterable[str]:
    written = step > text_width("0.00") + 2.0
    for (row, column), value in np.ndenumerate(heat_map.values):
        x, y = left + column * step, top + row * step
        colour = heat_map.colour_of(float(value)) if np.isfinite(value) else None
        square = rectangle(x, y, step, step, colour or "none")
        if written:
            ink = ink_on(colour) if colour else None
            square += text_svg(
                heat_map.text_of(row, column), x + step / 2, y + step / 2 + 0.35 * TEXT_SIZE, "middle", colour=ink
            )
        names = f"{heat_map.names[row]} and {heat_map.names[column]}"
        told = f"{names}: {heat_map.scale_title} {heat_map.text_of(row, column)}"
        yield tip(told, x + step / 2, y + step / 2, square)


def _borders(heat_map: HeatMap, left: float, top: float, step: float, side: float) -> Iterable[str]:
    for border in heat_map.borders:
        x, y = left + (border + 0.5) * step, top + (border + 0.5) * step
        yield segment("border", (x, top), (x, top + side))
        yield segment("border", (left, y), (left + side, y))


def _ticks(heat_map: HeatMap, left: float, top: float, step: float, side: float, rows: int) -> Iterable[str]:
    below = top + side + _GAP + LINE_HEIGHT - 3.0
    for place, text in heat_map.ticks:
        along = (place + 0.5) * step
        first = top + along + 0.35 * TEXT_SIZE - LINE_HEIGHT * text.count("\n") / 2
        yield text_svg(text, left - _GAP, first, "end")
        yield text_svg(text, left + along, below, "middle")
    yield text_svg(heat_map.axis_title, left + side / 2, below + LINE_HEIGHT * rows, "middle")


def _scale(heat_map: HeatMap, left: float, top: float, side: float) -> Iterable[str]:
    """From the lowest colour below to the highest above, in as many steps as can be told apart."""
    steps = 8 * (len(HEAT_COLOURS) - 1)
    high = side / steps
    for i in range(steps):
        value = heat_map.high - (i + 0.5) / steps * (heat_map.high - heat_map.low)
        yield rectangle(left, top + i * high, _BAR, high, heat_map.colour_of(value))
    for value, y in ((heat_map.high, top + 0.7 * TEXT_SIZE), (heat_map.low, top + side)):
        yield text_svg(f"{value:g}", left + _BAR + 4.0, y, "start")
    if text_width(heat_map.scale_title) <= _ROOM_FOR_SCALE - _BAR - _GAP - 8.0:  # else the heading says it alone
        yield text_svg(heat_map.scale_title, left + _BAR + 4.0, top + side / 2, "start")
