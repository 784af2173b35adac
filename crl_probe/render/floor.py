"""How much of a plane is worth showing: one rule for maps on the page and on paper."""

from typing import Final

import numpy as np
from jaxtyping import Bool, Float

WALL_RIM: Final = 0.6
"""Of outer wall that is shown, in the plane's unit; an open plane has none."""


def floor_limits(
    xs: Float[np.ndarray, " nx"], ys: Float[np.ndarray, " ny"], free: Bool[np.ndarray, "nx ny"]
) -> tuple[float, float, float, float]:
    """The floor and a rim of the walls around it.

    Args:
        xs: Centres of the cells along x. (nx,)
        ys: The same along y. (ny,)
        free: True where a cell is no wall. (nx, ny)

    Returns:
        x from, x to, y from, y to.

    Example:
        >>> cells = np.arange(3.0)
        >>> floor_limits(cells, cells, np.array([[0, 0, 0], [0, 1, 1], [0, 0, 0]], bool))
        (-0.1, 2.1, -0.1, 2.5)
    """
    return (*_limits(xs, np.any(free, axis=1)), *_limits(ys, np.any(free, axis=0)))


def edges_of(centres: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """The outer edges of evenly spaced cells."""
    half = float(centres[1] - centres[0]) / 2 if len(centres) > 1 else 0.5
    return float(centres[0]) - half, float(centres[-1]) + half


def _limits(centres: Float[np.ndarray, " n"], used: Bool[np.ndarray, " n"]) -> tuple[float, float]:
    half = edges_of(centres)[1] - float(centres[-1])
    # Where floor reaches the end of a grid there is no wall.
    before, after = (0.0 if open_end else WALL_RIM for open_end in (used[0], used[-1]))
    return float(centres[used][0]) - half - before, float(centres[used][-1]) + half + after
