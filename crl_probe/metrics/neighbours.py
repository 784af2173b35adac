"""What the nearest neighbours of points say: in how many dimensions they lie, and whether two networks agree on them.

Neither depends on the directions of large variance alone, as ``effective_rank`` and ``cka`` do.
"""

import numpy as np
from jaxtyping import Float, Int

from crl_probe.metrics._checks import (
    MetricError,
    array_likes,
    require_at_least,
    require_finite,
    require_same_length,
)
from crl_probe.metrics._points import centred, normalised
from crl_probe.metrics.rounding import require_spread

Points = Float[np.ndarray, "points dim"]

NEIGHBOURS = 10
_FEWEST_POINTS = 20
_KEPT = 0.9  # of the ratios; the largest are of outliers, as in the source


@array_likes
def intrinsic_dimension(points: Points) -> float:
    """Number of dimensions of the surface that the points lie on, by their two nearest neighbours.

    The distance to the second neighbour divided by that to the first follows a Pareto distribution whose exponent is
    the dimension, however the surface bends. It is a slope: minus log of the share of larger ratios against log of the
    ratio, through the origin, without the tenth of largest ratios. Copies of a point count once.

    Args:
        points: Representations, one a row. (points, dim), any unit.

    Returns:
        A number of dimensions, > 0.

    Raises:
        MetricError: If a point is not finite, they differ by no more than rounding, fewer than 20 differ, or all
            neighbours are equally far.

    Example:
        >>> flat = np.random.default_rng(0).uniform(size=(2000, 2))
        >>> cylinder = np.stack([np.cos(flat[:, 0]), np.sin(flat[:, 0]), flat[:, 1]], axis=1)
        >>> round(intrinsic_dimension(cylinder))
        2

    Source: TwoNN, Facco et al. 2017, doi 10.1038/s41598-017-11873-y.
    """
    from scipy.spatial import cKDTree

    require_finite(points=points)
    require_spread("points at one place have no dimension. The network has collapsed", points=points)
    distinct = np.unique(normalised(points).astype(np.float64), axis=0)
    require_at_least(_FEWEST_POINTS, "number of distinct points", len(distinct))
    distances, _ = cKDTree(distinct).query(distinct, k=3)
    ratios = np.sort(np.log(distances[:, 2] / distances[:, 1]))
    kept = int(_KEPT * len(ratios))
    rest = -np.log1p(-np.arange(1, kept + 1) / len(ratios))
    x = ratios[:kept]
    if not x.any():
        raise MetricError("all neighbours are equally far: points on a grid have no intrinsic_dimension.")
    return float(x @ rest / (x @ x))


@array_likes
def mutual_knn(
    first: Float[np.ndarray, "points first_dim"],
    second: Float[np.ndarray, "points second_dim"],
    neighbours: int = NEIGHBOURS,
) -> float:
    """Share of a point's nearest neighbours in one representation that are its nearest ones in the other too.

    Neighbours are by Euclidean distance. Chance is ``neighbours / (points - 1)``.

    Args:
        first: One representation a row. (points, first_dim), any unit.
        second: Another representation of the same points. (points, second_dim), any unit.
        neighbours: How many of each point.

    Returns:
        A share in [0, 1], the mean over points.

    Raises:
        MetricError: If either is not finite or differs by no more than rounding, lengths differ, or there are not more
            points than neighbours.

    Example:
        >>> line = np.arange(8.0)[:, None] ** 1.1
        >>> mutual_knn(line, -3.0 * line, neighbours=2)
        1.0

    Source: Huh et al. 2024, arXiv 2405.07987; theirs are neighbours by inner product on the unit sphere.
    """
    require_finite(first=first, second=second)
    require_same_length(first=first, second=second)
    require_at_least(neighbours + 1, "number of points", len(first))
    require_spread("mutual_knn has nothing to compare. The network has collapsed", first=first, second=second)
    return shared_neighbours(nearest(first, neighbours), nearest(second, neighbours))


def shared_neighbours(
    first: Int[np.ndarray, "points neighbours"], second: Int[np.ndarray, "points neighbours"]
) -> float:
    """:func:`mutual_knn` of neighbours that are known, as :func:`nearest` gives them."""
    both = (first[:, :, None] == second[:, None, :]).any(axis=-1)
    return float(both.mean())


def nearest(points: Points, neighbours: int) -> Int[np.ndarray, "points neighbours"]:
    """Rows of the nearest other points of each point. (points, neighbours)"""
    from sklearn.neighbors import NearestNeighbors

    rows = centred(normalised(points))
    return np.asarray(NearestNeighbors(n_neighbors=neighbours).fit(rows).kneighbors(return_distance=False))
