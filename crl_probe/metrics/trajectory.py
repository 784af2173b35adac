"""The path of an episode through embedding space, and whether a projection of it can be trusted.

A trajectory is one episode's embeddings in order of time. Pass the part up to the first arrival at the goal:
after it, small movements around the goal would count as detours.
"""

import numpy as np
from jaxtyping import Float

from crl_probe.metrics._checks import array_likes, require_at_least, require_finite, require_same_length
from crl_probe.metrics._points import exponent_of, normalised
from crl_probe.metrics.rounding import require_spread

Trajectory = Float[np.ndarray, "steps repr_dim"]


@array_likes
def embedding_path_length(phi: Trajectory) -> float:
    """Length of the path of embeddings: the sum of the distances between successive ones.

    Args:
        phi: Embeddings of one episode in order of time. (steps, repr_dim), embedding units.

    Returns:
        A length in embedding units, >= 0. Compare within one network only.

    Raises:
        MetricError: If an embedding is not finite or there are fewer than 2 steps.

    Example:
        >>> embedding_path_length(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]]))
        6.0

    Source: ours, after the embedding trajectories of arXiv 2503.14858.
    """
    require_finite(phi=phi)
    require_at_least(2, "number of steps", len(phi))
    exponent = exponent_of(phi)
    steps = np.diff(np.ldexp(phi.astype(np.float64), -exponent), axis=0)
    return float(np.ldexp(np.linalg.norm(steps, axis=1).sum(), exponent))


@array_likes
def straightness(phi: Trajectory) -> float:
    """Distance from first to last embedding, divided by the length of the path between them.

    1: the episode is a straight line in embedding space. Near 0: it makes long detours, or returns to where it began.

    Args and Raises: as :func:`embedding_path_length`, and also MetricError if the embeddings move by no more
    than rounding.

    Returns:
        A share in [0, 1].

    Example:
        >>> round(straightness(np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])), 3)
        0.714

    Source: ours.
    """
    require_finite(phi=phi)
    require_at_least(2, "number of steps", len(phi))
    require_spread("straightness of a path of no length is undefined", phi=phi)
    path = normalised(phi.astype(np.float64))
    return min(float(np.linalg.norm(path[-1] - path[0])) / embedding_path_length(path), 1.0)


@array_likes
def energy_monotonicity(energy: Float[np.ndarray, " steps"]) -> float:
    """Kendall's tau-b between time and energy along an episode.

    1: the energy rises with every step, so for the critic each step is closer to the goal. 0: no trend.

    Args:
        energy: f(s_t, a_t, g) of one episode for its commanded goal. (steps,), any unit.

    Returns:
        A correlation in [-1, 1].

    Raises:
        MetricError: If energy is not finite, changes by no more than rounding, or has fewer than 3 steps.

    Example:
        >>> energy_monotonicity(np.array([-3.0, -2.0, -0.5]))
        1.0

    Source: ours; Kendall's tau-b by scipy.stats.
    """
    from scipy.stats import kendalltau

    require_finite(energy=energy)
    require_at_least(3, "number of steps", len(energy))
    require_spread("its correlation with time is undefined", energy=energy)
    return float(kendalltau(np.arange(len(energy)), energy).statistic)


@array_likes
def trustworthiness(
    embeddings: Float[np.ndarray, "points repr_dim"], picture: Float[np.ndarray, "points dims"], neighbours: int = 15
) -> float:
    """How far neighbours in a projection are neighbours in the original space.

    Args:
        embeddings: Points in the original space. (points, repr_dim)
        picture: The same points in the projection. (points, dims)
        neighbours: Size of the neighbourhood that is compared, below half the number of points.

    Returns:
        A score in [0, 1]; 1 means that no point has a false neighbour in the projection.

    Raises:
        MetricError: If either is not finite, lengths differ, embeddings differ by no more than rounding, or there are
            not more than twice ``neighbours`` points.

    Example:
        >>> points = np.random.default_rng(0).normal(size=(40, 2))
        >>> trustworthiness(points, picture=3.0 * points + 1.0)
        1.0

    Source: Venna and Kaski 2001; scikit-learn's ``trustworthiness``.
    """
    from sklearn.manifold import trustworthiness as sklearn_trustworthiness

    require_finite(embeddings=embeddings, picture=picture)
    require_same_length(embeddings=embeddings, picture=picture)
    require_at_least(2 * neighbours + 1, "number of points", len(embeddings))
    require_spread("nearest neighbours are undefined. The network has collapsed", embeddings=embeddings)
    return float(sklearn_trustworthiness(normalised(embeddings), normalised(picture), n_neighbors=neighbours))
