"""Whether words fit where they are to stand: estimated before the layout is made, roughly."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

FONT = "DejaVu Sans"  # comes with matplotlib: figures are the same on every machine

_HANDLE = 2.1  # a legend entry without its words, font sizes
_BETWEEN = 1.2  # two columns of a legend, font sizes
_LONG_TITLE = 19  # letters above a small picture
_POINTS = 72.0  # in an inch


def size_of(axes: Axes) -> tuple[float, float]:
    """Width and height of axes before their figure is laid out, inches."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # of axes that were removed
    place = axes.get_position()
    width, height = figure.get_size_inches()
    return float(place.width * width), float(place.height * height)


def width_of(text: str, size: float) -> float:
    """Width of a text in a font of ``size`` points; inches."""
    outline = TextPath((0.0, 0.0), text, size=size, prop=FontProperties(family=FONT))
    return float(outline.get_extents().width) / _POINTS


def legend_columns(labels: Sequence[str], room: float, size: float) -> int:
    """Into how many columns a legend fits.

    Args:
        labels: Its entries, which fill column by column.
        room: Width that there is, inches.
        size: Size of the font, points.

    Example:
        >>> legend_columns(["depth 4", "depth 16", "depth 64"], room=3.0, size=7.0)
        3
        >>> legend_columns(["depth 4", "depth 16", "depth 64"], room=1.0, size=7.0)
        1
    """
    widths = [width_of(label, size) + _HANDLE * size / _POINTS for label in labels]
    for columns in range(len(labels), 1, -1):
        taken = sum(column.max() for column in np.array_split(widths, columns))
        if taken + (columns - 1) * _BETWEEN * size / _POINTS <= room:
            return columns
    return 1


def label_depths(axes: Axes, places: Sequence[int | float], texts: Sequence[str], size: float, width: float) -> None:
    """Put words at places along x, upright where they would run into each other; ``width`` is that of x, inches."""
    axes.set_xticks(places, texts)
    widest = max(width_of(line, size) for text in texts for line in text.split("\n"))
    if widest + size / _POINTS / 2 > width / len(texts):
        axes.tick_params(axis="x", rotation=90)


def in_two_lines(title: str) -> str:
    """Break a title that is too long for a small picture at its last dot.

    Example:
        >>> in_two_lines("depth 4 · 100,000 steps")
        'depth 4\\n100,000 steps'
    """
    first, _, last = title.rpartition(" · ")
    return f"{first}\n{last}" if first and len(title) > _LONG_TITLE else title
