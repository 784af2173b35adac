"""What SVG pictures are made of: texts, markers, places, and the element around them."""

import dataclasses
import html
from collections.abc import Iterable, Mapping
from typing import Final

from crl_probe.render.charts import RING, TICK, Axis, Fill

WIDTH: Final = 300.0
TEXT_SIZE: Final = 11.5
LINE_HEIGHT: Final = 14.0
_LETTER: Final = 0.55  # width of a letter, text sizes; roughly, whatever the reader's font
_BACK: Final = "var(--paper)"  # of open markers

# Corners of each marker around its middle, for a size of 1.
_CORNERS: Final[Mapping[str, tuple[tuple[float, float], ...]]] = {
    "square": ((-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)),
    "diamond": ((0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)),
    "triangle-up": ((0.0, -1.15), (1.1, 0.85), (-1.1, 0.85)),
    "pentagon": ((0.0, -1.1), (1.05, -0.34), (0.65, 0.89), (-0.65, 0.89), (-1.05, -0.34)),
    "hexagon": ((0.95, -0.55), (0.95, 0.55), (0.0, 1.1), (-0.95, 0.55), (-0.95, -0.55), (0.0, -1.1)),
}


@dataclasses.dataclass(frozen=True)
class Frame:
    """Where the axes of a chart lie in its picture.

    Attributes:
        x_axis: From left to right.
        y_axis: From bottom to top.
        left: Where x begins.
        top: Where y ends.
        right: Where x ends.
        bottom: Where y begins.
        height: Of the whole picture.
    """

    x_axis: Axis
    y_axis: Axis
    left: float
    top: float
    right: float
    bottom: float
    height: float

    def x(self, value: float) -> float:
        """Where a value of x is, from the left."""
        return self.left + self.x_axis.position(value) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Where a value of y is, from the top."""
        return self.bottom - self.y_axis.position(value) * (self.bottom - self.top)


def picture(alt: str, width: float, height: float, parts: Iterable[str]) -> str:
    """An ``svg`` element that is one image to those who hear the page, and can be entered with the keyboard."""
    return (
        f'<svg class="chart" viewBox="0 0 {number(width)} {number(height)}" role="img" tabindex="0" '
        f'aria-label="{html.escape(alt)}">{"".join(parts)}</svg>'
    )


def text_svg(text: str, x: float, y: float, anchor: str, *, turned: bool = False, colour: str | None = None) -> str:
    """A text whose first line stands at a place; a line break begins another line below."""
    lines = text.split("\n")
    style = f"fill: {colour}" if colour else None  # an attribute would not win over the page's style sheet
    given = attributes({"text-anchor": anchor if anchor != "start" else None, "style": style})
    turn = f' transform="rotate(-90 {number(x)} {number(y)})"' if turned else ""
    head = f'<text x="{number(x)}" y="{number(y)}"{f" {given}" if given else ""}{turn}>'
    if len(lines) == 1:
        return f"{head}{html.escape(text)}</text>"
    spans = [
        f'<tspan x="{number(x)}" dy="{number(LINE_HEIGHT if i else 0.0)}">{html.escape(line)}</tspan>'
        for i, line in enumerate(lines)
    ]
    return f"{head}{''.join(spans)}</text>"


def text_width(text: str) -> float:
    """About how wide a line of text is."""
    return _LETTER * TEXT_SIZE * len(text)


def symbol_svg(symbol: str, x: float, y: float, size: float, colour: str, fill: Fill) -> str:
    """A marker around a place; half filled ones are an open one with a half of a filled one over it."""
    if symbol == RING:
        return _shape("circle", x, y, size, f'fill="none" stroke="{colour}" stroke-width="1.3"')
    if fill == "full":
        return _shape(symbol, x, y, size, f'fill="{colour}"')
    opened = _shape(symbol, x, y, 0.88 * size, f'fill="{_BACK}" stroke="{colour}" stroke-width="1.7"')
    if fill == "open":
        return opened
    # An inner svg element clips what it holds to its own box.
    reach = 1.5 * size
    wide, high, top = (reach, 2 * reach, y - reach) if fill == "left" else (2 * reach, reach, y)
    box = " ".join(map(number, (x - reach, top, wide, high)))
    place = f'x="{number(x - reach)}" y="{number(top)}" width="{number(wide)}" height="{number(high)}"'
    half = symbol_svg(symbol, x, y, size, colour, "full")
    return f'{opened}<svg {place} viewBox="{box}">{half}</svg>'


def segment(kind: str, start: tuple[float, float], end: tuple[float, float]) -> str:
    """A straight line; how it looks is the style sheet's affair."""
    (x, y), (to_x, to_y) = (tuple(map(number, place)) for place in (start, end))
    return f'<line class="{kind}" x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}"/>'


def rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A square or rectangle, a little larger than its place, so that no seam shines through."""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width + 0.2)}" height="{number(height + 0.2)}"'
    return f'<rect {place} fill="{fill}"/>'


def tip(text: str, x: float, y: float, content: str) -> str:
    """Something with a text that is shown when the reader points at its place."""
    return f'<g data-at="{number(x)} {number(y)}" data-tip="{html.escape(text)}">{content}</g>'


def tip_at(text: str, x: float, y: float) -> str:
    """A text at a place where something is drawn already."""
    return f'<g data-at="{number(x)} {number(y)}" data-tip="{html.escape(text)}"/>'


def number(value: float) -> str:
    """A length with one digit behind the point at most.

    Example:
        >>> number(3.04), number(12.26), number(-0.01)
        ('3', '12.3', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def attributes(given: Mapping[str, object]) -> str:
    """Attributes of an element; None leaves one out."""
    return " ".join(f'{name}="{html.escape(str(value))}"' for name, value in given.items() if value is not None)


def _shape(symbol: str, x: float, y: float, size: float, look: str) -> str:
    if symbol == TICK:
        wide, high = 3.6 * size, 0.45 * size
        place = f'x="{number(x - wide / 2)}" y="{number(y - high / 2)}" width="{number(wide)}" height="{number(high)}"'
        return f"<rect {place} {look}/>"
    if symbol not in _CORNERS:
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(size)}" {look}/>'
    corners = " ".join(f"{number(x + size * dx)},{number(y + size * dy)}" for dx, dy in _CORNERS[symbol])
    return f'<polygon points="{corners}" {look}/>'
