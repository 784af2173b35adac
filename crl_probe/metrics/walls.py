"""How much the value changes across walls, compared to open floor."""

import functools
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from crl_probe.metrics._checks import MetricError, array_likes, require_finite, require_mask
from crl_probe.metrics.landscape import Grid, Mask
from crl_probe.metrics.rounding import rounding_of

_DECIMALS = 9  # distances that agree to this precision count as equal

FacingPairs: TypeAlias = tuple[Int[np.ndarray, "walls 2"], Int[np.ndarray, "open 2"]]


@array_likes
def wall_contrast(values: Grid, euclidean: Grid, free: Mask) -> float:
    """How much more the value changes across a wall than across open floor of the same width.

    A wall pair is two free cells that face each other across a wall; an open pair has the same distance and only floor
    between its cells. First, what the straight line to the goal explains is removed from both: m(E) is the decreasing
    function of straight-line distance that fits this landscape best, and the residual of a pair is
    abs(change of V) - abs(change of m). Then
    contrast = 1 + (mean residual of wall pairs - mean residual of open pairs) / mean abs(change of V) of open pairs.
    1: the landscape ignores walls. Any decreasing function of the straight line scores exactly 1, and noise about 1.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        euclidean: Straight-line distance to the goal. (nx, ny), metres.
        free: True outside walls. (nx, ny)

    Returns:
        A number in units of the mean change over open floor; below 1 if the value changes less across walls.

    Raises:
        MetricError: If a free cell is not finite, no wall pair has an open pair of its width to match, or the value
            changes over open floor by no more than rounding.

    Example:
        >>> distance = np.array([[6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]])
        >>> free = np.array([[True, True, True, False, True, True, True]])
        >>> wall_contrast(np.exp(-distance), distance, free)
        1.0
        >>> wall_contrast(np.array([[1.0, 2.0, 1.0, 0.0, 7.0, 9.0, 8.0]]), np.ones((1, 7)), free)
        12.0

    Source: ours; isotonic regression by scipy.optimize.
    """
    require_mask(free=free)
    require_finite(values=values[free], euclidean=euclidean[free])
    explained = np.zeros(values.shape)
    explained[free] = _decreasing_fit(values[free], euclidean[free])
    walls, opens, floor, weights = [], [], [], []
    for wall_pairs, open_pairs in _matched_pairs(free.tobytes(), free.shape):
        change = _differences(values, open_pairs)
        walls.append((_differences(values, wall_pairs) - _differences(explained, wall_pairs)).mean())
        opens.append((change - _differences(explained, open_pairs)).mean())
        floor.append(change.mean())
        weights.append(len(wall_pairs))
    if not walls:
        raise MetricError("no wall between free cells with open floor to compare: wall_contrast needs a maze.")
    open_mean = float(np.average(floor, weights=weights))
    if open_mean <= rounding_of(values[free]):
        raise MetricError(
            "values do not change over open floor by more than rounding: wall_contrast needs a landscape that is not "
            "flat."
        )
    return 1.0 + float(np.average(np.subtract(walls, opens), weights=weights)) / open_mean


def _decreasing_fit(
    values: Float[np.ndarray, " cells"], euclidean: Float[np.ndarray, " cells"]
) -> Float[np.ndarray, " cells"]:
    """The decreasing function of distance that fits the values best, at every cell; equally far cells share a value."""
    from scipy.optimize import isotonic_regression

    _, member = np.unique(np.round(euclidean, _DECIMALS), return_inverse=True)
    count = np.bincount(member)
    means = np.bincount(member, values.astype(np.float64)) / count
    return isotonic_regression(means, weights=count, increasing=False).x[member]


@functools.lru_cache(maxsize=4)
def _matched_pairs(free_bytes: bytes, shape: tuple[int, int]) -> tuple[FacingPairs, ...]:
    """Wall pairs and open pairs for every distance at which there are both.

    Cached, because finding them takes far longer than using them, and all landscapes of a maze share one mask.
    """
    free = np.frombuffer(free_bytes, dtype=bool).reshape(shape)
    by_separation = (_facing_pairs(free, separation) for separation in range(2, max(shape)))
    return tuple((walls, opens) for walls, opens in by_separation if len(walls) and len(opens))


def _facing_pairs(free: Mask, separation: int) -> FacingPairs:
    """Flat indices of axis-aligned pairs of free cells: with only wall, or with only floor, between them."""
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


def _differences(grid: Grid, pairs: Int[np.ndarray, "pairs 2"]) -> Float[np.ndarray, " pairs"]:
    return np.abs(np.diff(grid.reshape(-1)[pairs].astype(np.float64), axis=1))[:, 0]
