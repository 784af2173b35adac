"""How contrastive embeddings lie on the unit sphere: positives close together, and all of them spread out."""

import numpy as np
from jaxtyping import Float

from crl_probe.metrics._checks import (
    MetricError,
    array_likes,
    require_at_least,
    require_finite,
    require_same_length,
)
from crl_probe.metrics._points import normalised

_TEMPERATURE = 2.0  # t of the source
_BLOCK = 1_000  # rows at a time


@array_likes
def alignment(phi: Float[np.ndarray, "pairs repr_dim"], psi: Float[np.ndarray, "pairs repr_dim"]) -> float:
    """Mean squared distance of positive pairs after all embeddings are scaled to length 1.

    Args:
        phi: Embeddings of state-actions. (pairs, repr_dim), embedding units.
        psi: Embeddings of the goals that they led to, in the same order. (pairs, repr_dim), embedding units.

    Returns:
        From 0, where positives point the same way, to 4.

    Raises:
        MetricError: If an embedding is not finite or is exactly 0, there is no pair, or lengths differ.

    Example:
        >>> alignment(np.array([[2.0, 0.0], [1.0, 0.0]]), np.array([[5.0, 0.0], [0.0, 3.0]]))
        1.0

    Source: Wang and Isola 2020, arXiv 2005.10242, with alpha = 2.
    """
    require_same_length(phi=phi, psi=psi)
    return float(((_on_sphere("phi", phi) - _on_sphere("psi", psi)) ** 2).sum(axis=1).mean())


@array_likes
def uniformity(points: Float[np.ndarray, "points repr_dim"]) -> float:
    """How evenly embeddings of length 1 cover the sphere: log of the mean of exp(-2 distance^2) over pairs of points.

    Args:
        points: Embeddings, one a row. (points, repr_dim), embedding units.

    Returns:
        At most 0, which all points at one place have; the more even, the lower. Evenly in many dimensions it is near
        -4, since most pairs are then at right angles.

    Raises:
        MetricError: If an embedding is not finite or is exactly 0, or there are fewer than 2.

    Example:
        >>> round(uniformity(np.array([[1.0, 0.0], [-3.0, 0.0]])), 6)
        -8.0

    Source: Wang and Isola 2020, arXiv 2005.10242, with t = 2.
    """
    from scipy.spatial.distance import cdist

    require_at_least(2, "number of points", len(points))
    rows = _on_sphere("points", points)
    count, total = len(rows), 0.0
    # Block by block: all pairs together would take 8 bytes each. No exponent is below -8, so the sum cannot vanish.
    for at in range(0, count, _BLOCK):
        total += float(np.exp(-_TEMPERATURE * cdist(rows[at : at + _BLOCK], rows, "sqeuclidean")).sum())
    return float(np.log((total - count) / (count * (count - 1))))


def _on_sphere(name: str, points: Float[np.ndarray, "points repr_dim"]) -> Float[np.ndarray, "points repr_dim"]:
    require_finite(**{name: points})
    require_at_least(1, f"number of rows of {name}", len(points))
    rows = normalised(points).astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        raise MetricError(f"{name} holds an embedding of length 0: it has no direction on the sphere.")
    return rows / lengths
