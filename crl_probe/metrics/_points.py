"""Centring of points in an embedding space."""

import numpy as np
from jaxtyping import Float


def centred(points: Float[np.ndarray, "points dim"]) -> Float[np.ndarray, "points dim"]:
    """Move the centroid of the points to the origin, in double precision.

    Args:
        points: One point a row, at least one. (points, dim)

    Returns:
        The same points around the origin, float64; exactly zero where all of them are equal. (points, dim)
    """
    # The first point is subtracted first, so that equal points give exactly zero wherever they are.
    shifted = points.astype(np.float64) - points[0].astype(np.float64)
    return shifted - shifted.mean(axis=0)
