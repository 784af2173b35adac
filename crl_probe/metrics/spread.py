"""How widely a network spreads the states around a goal in its embedding space.

``phi`` holds one state-action embedding a row, and ``near`` marks the rows whose state is close to the goal.
Spread is always the root mean square distance to a centroid. Ratios to the spread of the whole set are comparable
between networks: they do not change if an embedding is rotated, shifted or scaled.
"""

import numpy as np
from jaxtyping import Bool, Float

from crl_probe.metrics._checks import (
    MetricError,
    array_likes,
    require_at_least,
    require_finite,
    require_mask,
    require_same_length,
)
from crl_probe.metrics._points import centred, exponent_of, normalised, spread
from crl_probe.metrics.rounding import require_spread

Embeddings = Float[np.ndarray, "points repr_dim"]
Near = Bool[np.ndarray, " points"]

_FEWEST_FOR_DIMENSION = 10  # of fewer points, half of all estimates are off by a third or more


@array_likes
def near_spread(phi: Embeddings, near: Near) -> float:
    """Root mean square distance of the near embeddings to their centroid.

    Args:
        phi: State-action embeddings. (points, repr_dim), embedding units.
        near: True for states close to the goal. (points,)

    Returns:
        A distance in embedding units, >= 0. It is not comparable between networks; use :func:`spread_ratio` for that.

    Raises:
        MetricError: If an embedding is not finite, lengths differ, ``near`` is not boolean, or fewer than 2 points are
            near.

    Example:
        >>> near_spread(np.array([[0.0], [2.0], [9.0]]), np.array([True, True, False]))
        1.0

    Source: ours, after the embedding figures of arXiv 2503.14858.
    """
    require_finite(phi=phi)
    require_same_length(phi=phi, near=near)
    require_mask(near=near)
    require_at_least(2, "number of near points", int(near.sum()))
    return spread(phi[near])


@array_likes
def spread_ratio(phi: Embeddings, near: Near) -> float:
    """Near spread as a share of the spread of the whole set.

    Args and Raises: as :func:`near_spread`, and also MetricError if the embeddings differ by no more than rounding.

    Returns:
        A ratio >= 0; small where all states near the goal are embedded almost at one point.

    Example:
        >>> round(spread_ratio(np.array([[0.0], [2.0], [7.0]]), np.array([True, True, False])), 3)
        0.34

    Source: ours.
    """
    near_part = near_spread(phi, near)
    require_spread("spread_ratio compares to it. The network has collapsed", phi=phi)
    return near_part / spread(phi)


@array_likes
def goal_resolution(phi: Embeddings, achieved: Float[np.ndarray, "points goal_dim"], near: Near) -> float:
    """Spread ratio of the embeddings divided by the spread ratio of the achieved goals.

    Above 1: a metre near the goal takes more embedding distance than a metre overall. An isometric embedding has 1.

    Args:
        phi: State-action embeddings. (points, repr_dim), embedding units.
        achieved: Achieved goals of the same points. (points, goal_dim), the environment's unit.
        near: True for states close to the goal. (points,)

    Returns:
        A ratio >= 0.

    Raises:
        MetricError: As :func:`spread_ratio`, and also if an achieved goal is not finite or the achieved goals
            of the near states differ by no more than rounding.

    Example:
        >>> places = np.array([[0.0], [2.0], [7.0]])
        >>> near = np.array([True, True, False])
        >>> round(goal_resolution(3.0 * places, places, near), 6)
        1.0

    Source: ours.
    """
    require_finite(achieved=achieved)
    require_same_length(phi=phi, achieved=achieved)
    embedded = spread_ratio(phi, near)
    places = achieved[near]
    require_spread("goal_resolution divides by how far apart near states are", places=places)
    return embedded / (spread(places) / spread(achieved))


@array_likes
def near_dimension(phi: Embeddings, near: Near) -> float:
    """The number of directions in which the near embeddings spread: the participation ratio of their covariance.

    (sum of eigenvalues)^2 / sum of squared eigenvalues, of which both are estimated without the bias that few points
    give: the plain ratio of 20 points, evenly spread in 64 dimensions, is 14, and that of 200 is 48.

    Args and Raises: as :func:`near_spread`, but with at least 10 near points, which must differ by more than
    rounding.

    Returns:
        A number of dimensions, between 1 and repr_dim.

    Example:
        >>> corners = np.vstack([np.eye(3), -np.eye(3)] * 2)
        >>> round(near_dimension(corners, np.ones(12, bool)), 6)
        3.0

    Source: participation ratio, Gao et al. 2017, bioRxiv 214262; ours is the correction, which solves the expectations
    of (trace S)^2 and trace S^2 under the Wishart distribution for those of the true covariance.
    """
    require_finite(phi=phi)
    require_same_length(phi=phi, near=near)
    require_mask(near=near)
    require_at_least(_FEWEST_FOR_DIMENSION, "number of near points", int(near.sum()))
    close = phi[near]
    require_spread("near_dimension of a single point is undefined", near_embeddings=close)
    free = len(close) - 1
    variances = np.linalg.svd(centred(normalised(close)), compute_uv=False) ** 2 / free
    squared_sum, sum_of_squares = float(variances.sum() ** 2), float((variances**2).sum())
    # E (tr S)^2 = (tr C)^2 + 2 tr C^2 / free and E tr S^2 = (1 + 1 / free) tr C^2 + (tr C)^2 / free.
    true_squares = free**2 / ((free - 1) * (free + 2)) * (sum_of_squares - squared_sum / free)
    true_sum = squared_sum - 2 * true_squares / free
    most = phi.shape[1]
    return float(np.clip(true_sum / true_squares, 1.0, most)) if true_squares * most > true_sum else float(most)


@array_likes
def goal_offset(phi: Embeddings, near: Near, psi: Float[np.ndarray, " repr_dim"]) -> float:
    """Distance from the centroid of the near embeddings to the goal's embedding, over the spread of the whole set.

    0: the states near the goal are centred on the goal's embedding, as the contrastive loss wants it.

    Args:
        phi: State-action embeddings. (points, repr_dim), embedding units.
        near: True for states close to the goal. (points,)
        psi: Embedding of the goal. (repr_dim,), embedding units.

    Returns:
        A ratio >= 0.

    Raises:
        MetricError: If input is not finite, lengths differ, no point is near, or the embeddings differ by no more
            than rounding.

    Example:
        >>> phi = np.array([[0.0], [2.0], [-5.0], [7.0]])
        >>> near = np.array([True, True, False, False])
        >>> round(goal_offset(phi, near, psi=np.array([1.0])), 6)
        0.0

    Source: ours.
    """
    require_finite(phi=phi, psi=psi)
    if psi.shape != phi.shape[1:]:
        raise MetricError(f"psi has shape {psi.shape}: one goal's embedding has {phi.shape[1:]}, as each row of phi.")
    require_same_length(phi=phi, near=near)
    require_mask(near=near)
    require_at_least(1, "number of near points", int(near.sum()))
    require_spread("goal_offset compares to it. The network has collapsed", phi=phi)
    exponent = exponent_of(phi, psi)
    phi, psi = (np.ldexp(array.astype(np.float64), -exponent) for array in (phi, psi))
    return float(np.linalg.norm(phi[near].mean(axis=0) - psi)) / spread(phi)
