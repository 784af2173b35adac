"""How much the value changes across walls, compared to open floor: does a landscape know that walls are there?"""

import functools
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from crl_probe.metrics._checks import MetricError, require_finite
from crl_probe.metrics.landscape import Grid, Mask

FacingPairs: TypeAlias = tuple[Int[np.ndarray, "walls 2"], Int[np.ndarray, "open 2"]]


def wall_contrast(values: Grid, euclidean: Grid, free: Mask, bins: int = 20) -> float:
    """How much more the value changes across a wall than across open floor of the same width.

    The mean of abs(difference of V) over pairs of free cells that face each other across a wall, divided by the
    same over open pairs with the same distance between their cells. 1 means blind to walls. Where walls lie as seen
    from the goal also matters to any landscape, so the open mean is first carried over to the wall pairs' geometry:
    contrast = 1 + (wall mean - open mean expected at the wall pairs' differences in straight-line distance) / open
    mean. The straight line then scores 1 wherever the goal is.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        euclidean: Straight-line distance to the goal. (nx, ny), metres.
        free: True outside walls. (nx, ny)
        bins: Open pairs are averaged in so many groups of like difference in straight-line distance, >= 1.

    Returns:
        A ratio; below 1 where the value changes less across walls than over open floor.

    Raises:
        MetricError: If a free cell is not finite, no wall pair has an open pair of its width to match, or the value
            does not change over open floor.

    Example:
        >>> distance = np.array([[6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]])
        >>> free = np.array([[True, True, True, False, True, True, True]])
        >>> wall_contrast(-distance, distance, free)
        1.0
        >>> wall_contrast(-distance - 2.0 * (distance > 3.0), distance, free)
        2.0

    Source: ours.
    """
    require_finite(values=values[free], euclidean=euclidean[free])
    excess: list[np.ndarray] = []
    floor: list[np.ndarray] = []
    for wall_pairs, open_pairs in _matched_pairs(free.tobytes(), free.shape):
        open_change = _differences(values, open_pairs)
        expected = _expected_change(
            _differences(euclidean, wall_pairs), _differences(euclidean, open_pairs), open_change, bins
        )
        excess.append(_differences(values, wall_pairs) - expected)
        floor.append(np.full(len(wall_pairs), open_change.mean()))
    if not excess:
        raise MetricError("no wall between free cells with open floor to compare: wall_contrast needs a maze.")
    open_mean = float(np.concatenate(floor).mean())
    if open_mean <= 0.0:
        raise MetricError("values do not change over open floor: wall_contrast is undefined for a flat landscape.")
    return 1.0 + float(np.concatenate(excess).mean()) / open_mean


@functools.lru_cache(maxsize=4)
def _matched_pairs(free_bytes: bytes, shape: tuple[int, int]) -> tuple[FacingPairs, ...]:
    """Pairs across walls and over open floor for every distance at which there are both.

    Finding them takes far longer than reading a landscape at them, and all landscapes of a maze share one mask.
    """
    free = np.frombuffer(free_bytes, dtype=bool).reshape(shape)
    by_separation = (_facing_pairs(free, separation) for separation in range(2, max(shape)))
    return tuple((walls, opens) for walls, opens in by_separation if len(walls) and len(opens))


def _facing_pairs(free: Mask, separation: int) -> FacingPairs:
    """Flat indices of axis-aligned pairs of free cells: with only wall between them, and with only floor."""
    walls, opens = [], []
    index = np.arange(free.size).reshape(free.shape)
    for cells, flat in ((free, index), (free.T, index.T)):
        if cells.shape[0] <= separation:
            continue
        before = np.concatenate([np.zeros((1, cells.shape[1]), int), np.cumsum(cells, axis=0)])
        between = before[separation:-1] - before[1:-separation]
        both_free = cells[:-separation] & cells[separation:]
        pairs = np.stack([flat[:-separation], flat[separation:]], axis=-1)
        walls.append(pairs[both_free & (between == 0)])
        opens.append(pairs[both_free & (between == separation - 1)])
    empty = np.zeros((0, 2), int)
    return np.concatenate([empty, *walls]), np.concatenate([empty, *opens])


def _expected_change(
    approach: Float[np.ndarray, " walls"],
    open_approach: Float[np.ndarray, " open"],
    open_change: Float[np.ndarray, " open"],
    bins: int,
) -> Float[np.ndarray, " walls"]:
    """Mean change over open pairs as a function of approach: means of equally wide bins, joined by lines."""
    edges = np.linspace(open_approach.min(), open_approach.max(), bins + 1)[1:-1]
    member = np.digitize(open_approach, edges)
    count = np.bincount(member, minlength=bins)
    filled = count > 0
    centres = np.bincount(member, open_approach, minlength=bins)[filled] / count[filled]
    means = np.bincount(member, open_change, minlength=bins)[filled] / count[filled]
    if len(centres) < 2:
        return np.full(len(approach), means[0])
    # Lines go on beyond the outer bins: a change must be able to vanish where the approach does.
    part = np.clip(np.searchsorted(centres, approach) - 1, 0, len(centres) - 2)
    slope = (means[part + 1] - means[part]) / (centres[part + 1] - centres[part])
    return np.maximum(means[part] + slope * (approach - centres[part]), 0.0)


def _differences(grid: Grid, pairs: Int[np.ndarray, "pairs 2"]) -> Float[np.ndarray, " pairs"]:
    return np.abs(np.diff(grid.reshape(-1)[pairs].astype(np.float64), axis=1))[:, 0]
