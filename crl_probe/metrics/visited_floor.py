"""Scores of a landscape on the floor that agents visited, and on the rest: what a critic learned, and what it guesses.

All take, beside what the scores of ``landscape`` take, the mask ``visited`` of the places that agents were seen at.
"""

from crl_probe.metrics._checks import array_likes, require_mask
from crl_probe.metrics.landscape import Grid, Mask, geodesic_advantage, geodesic_rank


@array_likes
def geodesic_rank_visited(values: Grid, geodesic: Grid, free: Mask, visited: Mask) -> float:
    """:func:`geodesic_rank` over the free cells that agents visited.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        geodesic: Length of the shortest free path to the goal. (nx, ny), metres.
        free: True outside walls. (nx, ny)
        visited: True where agents were seen. (nx, ny)

    Returns:
        A correlation in [-1, 1].

    Raises:
        MetricError: As :func:`geodesic_rank`, of the visited cells.

    Example:
        >>> distance = np.array([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]])
        >>> values = np.array([[9.0, 8.0, 7.0, 1.0, 2.0, 3.0]])  # right on the left half, reversed on the other
        >>> visited = np.array([[True, True, True, False, False, False]])
        >>> geodesic_rank_visited(values, distance, np.ones((1, 6), bool), visited)
        1.0

    Source: ours.
    """
    require_mask(free=free, visited=visited)
    return geodesic_rank(values, geodesic, free & visited)


@array_likes
def geodesic_rank_unvisited(values: Grid, geodesic: Grid, free: Mask, visited: Mask) -> float:
    """:func:`geodesic_rank` over the free cells that no agent visited.

    Args, Returns and Raises: as :func:`geodesic_rank_visited`, of the other cells.

    Example:
        >>> distance = np.array([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]])
        >>> values = np.array([[9.0, 8.0, 7.0, 1.0, 2.0, 3.0]])  # right on the left half, reversed on the other
        >>> visited = np.array([[True, True, True, False, False, False]])
        >>> geodesic_rank_unvisited(values, distance, np.ones((1, 6), bool), visited)
        -1.0

    Source: ours.
    """
    require_mask(free=free, visited=visited)
    return geodesic_rank(values, geodesic, free & ~visited)


@array_likes
def advantage_visited(values: Grid, geodesic: Grid, euclidean: Grid, free: Mask, visited: Mask) -> float:
    """:func:`geodesic_advantage` over the free cells that agents visited.

    Args: as :func:`geodesic_rank_visited`, and ``euclidean``, the straight-line distance to the goal, metres.

    Returns:
        A difference of correlations, in [-2, 2].

    Raises:
        MetricError: As :func:`geodesic_advantage`, of the visited cells.

    Example:
        >>> euclidean = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
        >>> geodesic = np.array([[9.0, 2.0, 3.0, 4.0, 5.0, 6.0]])  # the nearest cell lies behind a wall
        >>> visited = np.array([[True, True, True, True, False, False]])
        >>> round(advantage_visited(-geodesic, geodesic, euclidean, np.ones((1, 6), bool), visited), 6)
        1.2

    Source: ours.
    """
    require_mask(free=free, visited=visited)
    return geodesic_advantage(values, geodesic, euclidean, free & visited)


@array_likes
def advantage_unvisited(values: Grid, geodesic: Grid, euclidean: Grid, free: Mask, visited: Mask) -> float:
    """:func:`geodesic_advantage` over the free cells that no agent visited.

    Args, Returns and Raises: as :func:`advantage_visited`, of the other cells.

    Example:
        >>> euclidean = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
        >>> geodesic = np.array([[9.0, 2.0, 3.0, 4.0, 5.0, 6.0]])  # the nearest cell lies behind a wall
        >>> visited = np.array([[False, False, False, False, True, True]])
        >>> round(advantage_unvisited(-geodesic, geodesic, euclidean, np.ones((1, 6), bool), visited), 6)
        1.2

    Source: ours.
    """
    require_mask(free=free, visited=visited)
    return geodesic_advantage(values, geodesic, euclidean, free & ~visited)
