"""Colours and marker shapes that pages and paper figures share; safe for colour-blind readers and in print."""

from collections.abc import Sequence

import numpy as np

# Shallow to deep. All have a contrast of 3 : 1 or more against white and against near-black, and differ in hue
# between orange and violet, which every common kind of colour blindness tells apart.
_DEPTH_SCALE = ("#c9741a", "#d0553f", "#c7457a", "#a855b8", "#7266d9", "#3d7fd6")
_DEPTH_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "pentagon", "hexagon")

WALL_COLOUR = "#565c66"


def depth_colours(labels: Sequence[str]) -> dict[str, str]:
    """A colour for each depth, given shallow to deep."""
    places = np.linspace(0, len(_DEPTH_SCALE) - 1, len(labels)) if len(labels) > 1 else [4.0]
    return {label: _mixed(float(place)) for label, place in zip(labels, places, strict=True)}


def depth_symbols(labels: Sequence[str]) -> dict[str, str]:
    """A marker for each depth, so that colour is never the only sign."""
    return {label: _DEPTH_SYMBOLS[i % len(_DEPTH_SYMBOLS)] for i, label in enumerate(labels)}


def _mixed(place: float) -> str:
    low = min(int(place), len(_DEPTH_SCALE) - 2)
    share = place - low
    pair = [[int(_DEPTH_SCALE[k][i : i + 2], 16) for i in (1, 3, 5)] for k in (low, low + 1)]
    return "#" + "".join(f"{round((1 - share) * a + share * b):02x}" for a, b in zip(*pair, strict=True))
