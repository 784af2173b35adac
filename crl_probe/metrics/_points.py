"""Centring, scaling and spread of points, in double precision and without overflow."""

import numpy as np
from jaxtyping import Float, Shaped

Points = Float[np.ndarray, "points dim"]


def centred(points: Points) -> Points:
    """Move the centroid of the points to the origin, in double precision.

    Args:
        points: One point a row, at least one. (points, dim)

    Returns:
        The same points around the origin, float64; exactly zero where all of them are equal. (points, dim)
    """
    # The first point is subtracted first, so that equal points give exactly zero wherever they are.
    shifted = points.astype(np.float64) - points[0].astype(np.float64)
    return shifted - shifted.mean(axis=0)


def normalised(points: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The points divided by a power of two near their largest entry, so that no sum of squares over- or underflows.

    A power of two changes the exponents alone: a number that does not depend on the scale of the points keeps each bit.

    Example:
        >>> normalised(np.array([3e200, 4e200])).round(2)
        array([0.51, 0.68])
    """
    return np.ldexp(points, -exponent_of(points))


def exponent_of(*arrays: Shaped[np.ndarray, "..."]) -> int:
    """The power of two above the largest entry of all the arrays, which are finite; 0 if all entries are 0."""
    largest = max(float(np.abs(array).max(initial=0.0)) for array in arrays)
    return int(np.frexp(largest)[1])


def length(points: Shaped[np.ndarray, "points ..."]) -> float:
    """Root mean square length of the points, in their unit."""
    exponent = exponent_of(points)
    return float(np.ldexp(_length(np.ldexp(_rows(points), -exponent)), exponent))


def spread(points: Shaped[np.ndarray, "points ..."]) -> float:
    """Root mean square distance of the points to their centroid, in their unit."""
    exponent = exponent_of(points)
    return float(np.ldexp(_length(centred(np.ldexp(_rows(points), -exponent))), exponent))


def _length(rows: Points) -> float:
    return float(np.sqrt((rows**2).sum(axis=1).mean()))


def _rows(points: Shaped[np.ndarray, "points ..."]) -> Points:
    return points.astype(np.float64).reshape(len(points), -1)
