"""The geometry of a representation: how many directions it uses, what it is similar to, what can be decoded from it.

Points are rows. The basis, the origin and the scale of an embedding are arbitrary, so :func:`effective_rank` and
:func:`cka` do not change under rotation, translation and scaling.
"""

import numpy as np
from jaxtyping import Float, Shaped

from crl_probe.metrics._checks import (
    MetricError,
    array_likes,
    require_at_least,
    require_finite,
    require_same_length,
    require_same_shape,
)
from crl_probe.metrics._points import centred, exponent_of, normalised
from crl_probe.metrics.rounding import require_spread, rounding_of

Points = Float[np.ndarray, "points dim"]

# A similarity below this share of its largest possible value counts as zero: it is rounding error.
_NO_SIMILARITY = 1e-12
_RIDGE_PENALTIES = np.logspace(-3, 6, 10)
_FOLD_SEED = 0


@array_likes
def effective_rank(points: Points) -> float:
    """Number of directions in which the points spread; directions of little spread count for little.

    It is exp of the entropy of the singular values of the centred points, normalised to sum to 1. It cannot exceed the
    number of points minus one, so compare networks on the same number of points.

    Args:
        points: Representations, one a row. (points, dim), any unit.

    Returns:
        A number of directions, between 1 and dim.

    Raises:
        MetricError: If a point is not finite, there are fewer than 2, or they differ by no more than rounding.

    Example:
        >>> square = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
        >>> round(effective_rank(square), 6)
        2.0

    Source: RankMe, Garrido et al. 2023, arXiv 2210.02885; after centring.
    """
    require_finite(points=points)
    require_at_least(2, "number of points", len(points))
    require_spread("effective_rank of a single point is undefined. The network has collapsed", points=points)
    singular_values = np.linalg.svd(centred(normalised(points)), compute_uv=False)
    shares = singular_values[singular_values > 0] / singular_values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


@array_likes
def srank(points: Points, delta: float = 0.01) -> float:
    """Smallest number of singular values that sum to all but a hundredth of their sum.

    Unlike :func:`effective_rank` it is of the points as they are, not centred, and counts whole directions.

    Args:
        points: Representations, one a row. (points, dim), any unit.
        delta: Share of the sum that may be missing.

    Returns:
        A number of directions, from 1 to dim.

    Raises:
        MetricError: If a point is not finite, there is none, all of them are 0, or delta is not between 0 and 1.

    Example:
        >>> srank(np.array([[3.0, 0.0], [0.0, 3.0], [0.0, 0.0]]))
        2.0

    Source: Kumar et al. 2020, arXiv 2010.14498.
    """
    require_finite(points=points)
    require_at_least(1, "number of points", len(points))
    if not 0 < delta < 1:
        raise MetricError(f"delta={delta} is not usable: it is a share between 0 and 1. Use 0.01.")
    if not points.any():
        raise MetricError("all points are 0: they span no direction. The network has collapsed.")
    singular_values = np.linalg.svd(normalised(points).astype(np.float64), compute_uv=False)
    shares = np.cumsum(singular_values) / singular_values.sum()
    # Rounded, so that a share of exactly 1 - delta counts in floating point too.
    return float(1 + np.argmax(np.round(shares, 12) >= 1.0 - delta))


@array_likes
def cka(first: Float[np.ndarray, "points first_dim"], second: Float[np.ndarray, "points second_dim"]) -> float:
    """Similarity of two representations of the same points: linear CKA with the unbiased estimator.

    It is high if the two agree on which points are similar. The plain estimator grows with the number of dimensions
    even for unrelated representations. This one is 0 on average for them, so it can be slightly negative. It needs no
    (points, points) matrix.

    Args:
        first: One representation a row. (points, first_dim), any unit.
        second: Another representation of the same points. (points, second_dim), any unit.

    Returns:
        A similarity in [-1, 1]: 1 for the same shape up to rotation and scale, around 0 for unrelated ones.

    Raises:
        MetricError: If either is not finite, lengths differ, there are fewer than 4 points, or the points of one
            representation differ by no more than rounding or are all equally similar.

    Example:
        >>> points = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 1.0], [3.0, 5.0]])
        >>> quarter_turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
        >>> round(cka(points, 7.0 * points @ quarter_turn), 6)
        1.0

    Source: Kornblith et al. 2019, arXiv 1905.00414; unbiased as in Nguyen et al. 2021, arXiv 2010.15327, with HSIC_1
    of Song et al. 2012, JMLR 13.
    """
    require_finite(first=first, second=second)
    require_same_length(first=first, second=second)
    require_at_least(4, "number of points", len(first))
    require_spread("cka has nothing to compare. The network has collapsed", first=first, second=second)
    x, y = centred(normalised(first)), centred(normalised(second))
    return _similarity(x, y) / (_self_similarity("first", x) * _self_similarity("second", y)) ** 0.5


@array_likes
def dormant_fraction(mean_activations: Float[np.ndarray, "layers units"], threshold: float = 0.025) -> float:
    """Share of units that are almost never active, compared to the other units of their layer.

    A unit is dormant if its mean absolute activation is at most ``threshold`` times the mean over its layer. If no unit
    of a layer is ever active, all of them are dormant.

    Args:
        mean_activations: Each unit's mean absolute activation over many inputs, one layer a row. (layers, units), any
            unit, >= 0.
        threshold: Share of the layer's mean up to which a unit counts as dormant, >= 0.

    Returns:
        A share in [0, 1] of all units of all layers.

    Raises:
        MetricError: If an activation is negative or not finite, there is no unit, or the threshold is negative.

    Example:
        >>> dormant_fraction(np.array([[0.0, 1.0, 2.0, 1.0]]))
        0.25

    Source: Sokar et al. 2023, arXiv 2302.12902.
    """
    require_finite(mean_activations=mean_activations, threshold=threshold)
    require_at_least(1, "number of units", mean_activations.size)
    if threshold < 0:
        raise MetricError(f"threshold={threshold} is negative: it is a share of the layer's mean. Use 0.025.")
    negative = int((mean_activations < 0).sum())
    if negative:
        raise MetricError(f"mean_activations holds {negative} negative values: average absolute activations instead.")
    activations = mean_activations.astype(np.float64)
    return float((activations <= threshold * activations.mean(axis=1, keepdims=True)).mean())


@array_likes
def residual_contribution(before: Float[np.ndarray, "points width"], after: Float[np.ndarray, "points width"]) -> float:
    """Size of a residual block's addition to the stream, relative to its input.

    Mean over points of norm(after - before) / norm(before). Near 0 the block could almost be removed.

    Args:
        before: Input of the block. (points, width), any unit.
        after: Its output, skip connection included. (points, width), the same unit.

    Returns:
        A ratio >= 0.

    Raises:
        MetricError: If either is not finite, shapes differ, there is no point, or an input is zero up to
            rounding.

    Example:
        >>> residual_contribution(np.array([[3.0, 4.0], [0.0, 2.0]]), np.array([[3.0, 9.0], [0.0, 2.0]]))
        0.5

    Source: ours.
    """
    require_finite(before=before, after=after)
    require_same_shape(before=before, after=after)
    require_at_least(1, "number of points", len(before))
    exponent = exponent_of(before, after)
    before, after = (np.ldexp(array.astype(np.float64), -exponent) for array in (before, after))
    entering = np.linalg.norm(before, axis=1)
    zeros = int((entering <= rounding_of(before)).sum())
    if zeros:
        raise MetricError(
            f"before is zero up to rounding at {zeros} of {len(before)} points: residual_contribution divides by it."
        )
    added = np.linalg.norm(after - before, axis=1)
    return float((added / entering).mean())


@array_likes
def linear_decodability(
    features: Points,
    targets: Float[np.ndarray, "points ..."],
    folds: int = 5,
    groups: Shaped[np.ndarray, " points"] | None = None,
) -> float:
    """How much of the targets a linear map can decode from the features: R^2 on points that it was not fitted to.

    The mean of :func:`decodability_by_fold`, with its Args and Raises.

    Returns:
        At most 1; around 0, or below, where nothing can be decoded.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(100, 3))
        >>> round(linear_decodability(features, features @ np.array([1.0, -2.0, 0.5])), 3)
        1.0

    Source: ours; ridge regression by scikit-learn.
    """
    return float(decodability_by_fold(features, targets, folds, groups).mean())


@array_likes
def decodability_by_fold(
    features: Points,
    targets: Float[np.ndarray, "points ..."],
    folds: int = 5,
    groups: Shaped[np.ndarray, " points"] | None = None,
) -> Float[np.ndarray, " folds"]:
    """R^2 of a linear map from features to targets on each held-out fold (cross-validation).

    Ridge regression on standardised features; its penalty is chosen on the training folds alone. Several targets share
    one R^2: explained over total sum of squares, so a target counts by its variance.

    Args:
        features: Inputs of the map. (points, dim), any unit.
        targets: What is decoded. (points,) or (points, target_dim), one unit for all.
        folds: Number of folds, >= 2. Each is held out once.
        groups: Points of one group, such as one episode, share a fold, so that a held-out point has no neighbour in
            time in the training folds. None divides the points at random, with a fixed seed.

    Returns:
        R^2 of each fold, at most 1. (folds,)

    Raises:
        MetricError: If either is not finite, lengths differ, there are fewer than 2 folds, fewer than 2 points or one
            group for each fold, or the features, or the targets of a fold, differ by no more than rounding.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(100, 3))
        >>> decodability_by_fold(features, features[:, 0], folds=2).round(3)
        array([1., 1.])

    Source: ours; ridge regression by scikit-learn.
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.metrics import r2_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    require_finite(features=features, targets=targets)
    require_same_length(features=features, targets=targets)
    require_at_least(2, "folds", folds)
    require_at_least(2 * folds, "number of points", len(features))
    require_spread("there is nothing to decode from. The network has collapsed", features=features)

    x, y = normalised(features.astype(np.float64)), normalised(targets.astype(np.float64).reshape(len(targets), -1))
    scores = []
    for fold, (fitted, left_out) in enumerate(_splits(len(x), folds, groups)):
        require_spread("R^2 divides by it. Use fewer folds", **{f"targets of fold {fold}": y[left_out]})
        model = make_pipeline(StandardScaler(), RidgeCV(_RIDGE_PENALTIES)).fit(x[fitted], y[fitted])
        predicted = model.predict(x[left_out]).reshape(len(left_out), -1)
        scores.append(r2_score(y[left_out], predicted, multioutput="variance_weighted"))
    return np.array(scores, dtype=np.float64)


def _splits(
    count: int, folds: int, groups: Shaped[np.ndarray, " points"] | None
) -> list[tuple[Shaped[np.ndarray, " fitted"], Shaped[np.ndarray, " left_out"]]]:
    """Indices of the points to fit to and of the held-out points, for each fold."""
    from sklearn.model_selection import GroupKFold, KFold

    points = np.zeros((count, 1))
    if groups is None:
        return list(KFold(folds, shuffle=True, random_state=_FOLD_SEED).split(points))
    require_same_length(features=points, groups=groups)
    require_at_least(folds, "number of groups", len(np.unique(groups)))
    return list(GroupKFold(folds).split(points, groups=groups))


def _similarity(x: Float[np.ndarray, "points first_dim"], y: Float[np.ndarray, "points second_dim"]) -> float:
    """HSIC_1 of two linear kernels of centred points, times points * (points - 3), a factor that cancels in CKA.

    Without its diagonal k, each row of K = X X' sums to -k, because centred points sum to zero. The three terms of
    HSIC_1 then need only k, l and the small matrix X'Y.
    """
    n = len(x)
    k, ell = (x**2).sum(axis=1), (y**2).sum(axis=1)
    return float(((x.T @ y) ** 2).sum() - n / (n - 2) * (k @ ell) + k.sum() * ell.sum() / ((n - 1) * (n - 2)))


def _self_similarity(name: str, x: Points) -> float:
    own = _similarity(x, x)
    if own <= _NO_SIMILARITY * float((x**2).sum()) ** 2:
        raise MetricError(f"points of {name} are all equally alike: cka has nothing to compare.")
    return own
