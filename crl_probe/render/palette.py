"""Colours and marker shapes that pages and paper figures share; safe for colour-blind readers and in print."""

from collections.abc import Sequence
from typing import Final

import numpy as np

# Shallow to deep, and light to dark at every step, so that the order is seen without hues too. All have a contrast of
# 3 : 1 or more against white and against near-black, and run from orange to blue over red and violet: every common kind
# of colour blindness tells the two ends apart.
_DEPTH_SCALE = ("#d67d13", "#e55840", "#d6497c", "#b54aaa", "#8851c8", "#445dd0")
_DEPTH_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "pentagon", "hexagon")

WALL_COLOUR = "#565c66"
HEAT_COLOURS: Final = ("#f3f7fc", "#d3e3f3", "#a5c9e6", "#6aa6d4", "#3a7fbc", "#1a5594", "#08306b")
"""Of heat maps, light to dark; even in lightness, so that they survive print without colour."""

REFERENCE_COLOUR: Final = "#7a818c"
"""Of what values are held against, and of no depth."""

_DARK_INK, _LIGHT_INK = "#10151d", "#ffffff"


def depth_colours(labels: Sequence[str]) -> dict[str, str]:
    """A colour for each depth, given shallow to deep."""
    shares = np.linspace(0.0, 1.0, len(labels)) if len(labels) > 1 else [0.8]
    return {label: along(_DEPTH_SCALE, float(share)) for label, share in zip(labels, shares, strict=True)}


def depth_symbols(labels: Sequence[str]) -> dict[str, str]:
    """A marker for each depth, so that colour is never the only sign."""
    return {label: _DEPTH_SYMBOLS[i % len(_DEPTH_SYMBOLS)] for i, label in enumerate(labels)}


def along(scale: Sequence[str], share: float) -> str:
    """The colour at a share of the way along a scale, mixed from its two neighbours.

    Example:
        >>> along(("#000000", "#808080", "#ffffff"), 0.25)
        '#404040'
    """
    place = min(max(share, 0.0), 1.0) * (len(scale) - 1)
    low = min(int(place), len(scale) - 2)
    pairs = zip(channels_of(scale[low]), channels_of(scale[low + 1]), strict=True)
    return "#" + "".join(f"{round((1 - (place - low)) * a + (place - low) * b):02x}" for a, b in pairs)


def ink_on(colour: str) -> str:
    """The ink, dark or light, that has more contrast on a colour."""
    luminance = luminance_of(colour)
    light = (luminance_of(_LIGHT_INK) + 0.05) / (luminance + 0.05)
    dark = (luminance + 0.05) / (luminance_of(_DARK_INK) + 0.05)
    return _LIGHT_INK if light > dark else _DARK_INK


def luminance_of(colour: str) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    shares = [channel / 255 for channel in channels_of(colour)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def channels_of(colour: str) -> list[int]:
    """Red, green and blue of a hexadecimal colour, from 0 to 255."""
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
