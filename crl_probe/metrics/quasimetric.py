"""Does a learned distance behave like one? How far it breaks the triangle inequality, and how symmetric it is.

Rows are places to start from, columns goals at the same places. The distance of a place to itself is 0.
"""

import numpy as np
from jaxtyping import Float

from crl_probe.metrics._checks import MetricError, array_likes, require_at_least, require_finite

Distances = Float[np.ndarray, "places places"]


@array_likes
def triangle_violation(distances: Distances) -> float:
    """How much longer the distance of two places is than by way of a third, relative to the mean distance.

    Mean over all ordered triples of different places of max(0, d(x, z) - d(x, y) - d(y, z)), divided by the mean of
    d(x, z). The time that an optimal agent takes has 0.

    Args:
        distances: From each place (row) to each (column). (places, places), any unit.

    Returns:
        A ratio >= 0.

    Raises:
        MetricError: If a distance is not finite, the table is not square, there are fewer than 3 places, or the mean
            distance is not above 0.

    Example:
        >>> triangle_violation(np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 1.0], [4.0, 1.0, 0.0]]))
        0.333333...

    Source: ours; that optimal values of goals obey it, Wang et al. 2023, arXiv 2304.01203.
    """
    mean = _checked(distances, 3)
    table = distances.astype(np.float64)
    count = len(table)
    excess = 0.0
    for between in range(count):
        longer = table - table[:, [between]] - table[[between], :]
        kept = np.ones((count, count), dtype=bool)
        kept[between, :] = kept[:, between] = False
        np.fill_diagonal(kept, val=False)
        excess += float(np.maximum(longer, 0.0)[kept].sum())
    return excess / (count * (count - 1) * (count - 2)) / mean


@array_likes
def asymmetry(distances: Distances) -> float:
    """How much the way there differs from the way back, relative to the mean distance.

    Mean over pairs of different places of |d(x, y) - d(y, x)| / 2, divided by the mean distance. 0 where the two ways
    are equally long, as for a point in a maze.

    Args and Raises: as :func:`triangle_violation`, with at least 2 places.

    Returns:
        A ratio >= 0; at most 1 where no distance is negative.

    Example:
        >>> asymmetry(np.array([[0.0, 1.0], [3.0, 0.0]]))
        0.5

    Source: ours; that values of goals are quasimetrics, Wang et al. 2023, arXiv 2304.01203.
    """
    mean = _checked(distances, 2)
    table = distances.astype(np.float64)
    return float(np.abs(table - table.T).sum() / (2 * len(table) * (len(table) - 1)) / mean)


def _checked(distances: Float[np.ndarray, "..."], fewest: int) -> float:
    """The mean distance of two different places."""
    if distances.ndim != 2 or distances.shape[0] != distances.shape[1]:
        raise MetricError(f"distances has shape {distances.shape}: it needs one row and one column for every place.")
    require_finite(distances=distances)
    require_at_least(fewest, "number of places", len(distances))
    others = ~np.eye(len(distances), dtype=bool)
    mean = float(distances[others].mean(dtype=np.float64))
    if mean <= 0:
        raise MetricError(f"the mean distance is {mean:g}: ratios to it need one above 0.")
    return mean
