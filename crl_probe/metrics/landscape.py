"""Does a value landscape follow the maze or the straight line? Scores of V_g over a grid of the plane.

Every function takes a landscape ``values`` over an (nx, ny) grid and the mask ``free`` of cells outside walls.
Values inside walls are never read and may be NaN. ``geodesic`` and ``euclidean`` are distances of each cell's
centre to the goal, in metres. Only order and differences of ``values`` within one network count, because
energies of two networks share no unit.
"""

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from crl_probe.metrics._checks import require_at_least, require_finite

Grid = Float[np.ndarray, "nx ny"]
Mask = Bool[np.ndarray, "nx ny"]

# The four straight steps come first: a diagonal one is only taken where both straight ones beside it are free.
_STEPS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
_MINIMUM_CELLS = 3


def geodesic_rank(values: Grid, geodesic: Grid, free: Mask) -> float:
    """Spearman correlation of the value with minus the walking distance to the goal, over free cells.

    1 means that the landscape orders all places by how far they are to walk; 0 that it knows nothing about it.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        geodesic: Length of the shortest free path to the goal. (nx, ny), metres.
        free: True outside walls. (nx, ny)

    Returns:
        A correlation in [-1, 1].

    Raises:
        ValueError: If a free cell is not finite, fewer than 3 cells are free, or either input is constant.

    Example:
        >>> distance = np.array([[0.0, 1.0, 2.0]])
        >>> geodesic_rank(-(distance**2), distance, np.ones((1, 3), bool))
        1.0

    Source: ours; Spearman's rho by scipy.stats.
    """
    return _spearman("values", values[free], "geodesic", -geodesic[free])


def euclidean_rank(values: Grid, euclidean: Grid, free: Mask) -> float:
    """Spearman correlation of the value with minus the straight-line distance to the goal, over free cells.

    Args, Returns and Raises: as :func:`geodesic_rank`, with ``euclidean`` in place of ``geodesic``.

    Source: ours; Spearman's rho by scipy.stats.
    """
    return _spearman("values", values[free], "euclidean", -euclidean[free])


def topology_gain(values: Grid, geodesic: Grid, euclidean: Grid, free: Mask) -> float:
    """Partial Spearman correlation of value and minus walking distance, given straight-line distance.

    What remains of :func:`geodesic_rank` once the part that the straight line explains is taken out of both
    sides. Above 0: the critic knows something about the walls. Exactly the straight line scores 0.

    Args and Raises: as :func:`geodesic_rank`, and also ValueError where the two distances order the cells alike,
    as in the open field: there is nothing to tell apart then.

    Returns:
        A correlation in [-1, 1].

    Source: ours; partial correlation of ranks, Kendall and Stuart, The Advanced Theory of Statistics.
    """
    value_geodesic = geodesic_rank(values, geodesic, free)
    value_euclidean = euclidean_rank(values, euclidean, free)
    between = _spearman("geodesic", geodesic[free], "euclidean", euclidean[free])
    if 1.0 - abs(between) < 1e-9:
        raise ValueError(
            "geodesic and euclidean order the free cells alike: topology_gain needs walls between cells and goal. "
            "Choose another goal, or leave the metric out."
        )
    unexplained = (1.0 - value_euclidean**2) * (1.0 - between**2)
    if unexplained < 1e-12:
        return 0.0
    return float(np.clip((value_geodesic - value_euclidean * between) / np.sqrt(unexplained), -1.0, 1.0))


def ascent_success(values: Grid, free: Mask, goal_index: tuple[int, int]) -> float:
    """Share of free cells from which climbing the landscape ends within one cell of the goal.

    Each step goes to the free neighbour, of eight, with the steepest rise per metre; diagonals do not cut corners.
    A climber stops where nothing rises. This is what greedy behaviour on the landscape would achieve.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        free: True outside walls. (nx, ny)
        goal_index: Grid index of the cell that holds the goal.

    Returns:
        A share in [0, 1].

    Raises:
        ValueError: If a free cell is not finite, fewer than 3 cells are free, or the goal's cell is a wall.

    Source: ours.
    """
    _check_landscape(values, free, goal_index)
    allowed, neighbour = _neighbours(free)
    lengths = np.array([np.hypot(*step) for step in _STEPS])[:, None, None]
    heights = np.where(free, values, 0.0)
    slopes = np.where(allowed, (heights.reshape(-1)[neighbour] - heights) / lengths, -np.inf)
    steepest = slopes.argmax(axis=0)
    own_index = np.arange(free.size).reshape(free.shape)
    target = np.take_along_axis(neighbour, steepest[None], axis=0)[0]
    climb = np.where(slopes.max(axis=0) > 0, target, own_index).reshape(-1)
    # Following pointers of pointers doubles the steps taken each time; heights only rise, so there is no cycle.
    while not np.array_equal(climb, climb[climb]):
        climb = climb[climb]
    summit = np.stack(np.unravel_index(climb, free.shape), axis=-1).reshape(*free.shape, 2)
    at_goal = np.abs(summit - np.asarray(goal_index)).max(axis=-1) <= 1
    return float(at_goal[free].mean())


def spurious_maxima(values: Grid, free: Mask, goal_index: tuple[int, int]) -> float:
    """Local maxima of the landscape outside the goal's cell, per 100 free cells.

    A maximum is a cell, or a plateau of equal neighbours, that nothing beside it exceeds; neighbours are as in
    :func:`ascent_success`. Each is a place where greedy behaviour gets stuck.

    Args and Raises: as :func:`ascent_success`. Returns a count per 100 free cells, >= 0.

    Source: ours.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _check_landscape(values, free, goal_index)
    allowed, neighbour = _neighbours(free)
    heights = np.where(free, values, -np.inf).reshape(-1)
    own_index = np.broadcast_to(np.arange(free.size).reshape(free.shape), allowed.shape)
    source, other = own_index[allowed], neighbour[allowed]
    level = heights[source] == heights[other]
    links = coo_array((np.ones(level.sum()), (source[level], other[level])), shape=(free.size, free.size))
    _, plateau = connected_components(links, directed=False)
    exceeded = np.zeros(free.size, dtype=bool)
    exceeded[plateau[source[heights[other] > heights[source]]]] = True
    exceeded[plateau[np.ravel_multi_index(goal_index, free.shape)]] = True
    maxima = np.unique(plateau[free.reshape(-1)])
    return 100.0 * float(np.count_nonzero(~exceeded[maxima])) / float(free.sum())


def wall_contrast(values: Grid, euclidean: Grid, free: Mask, bins: int = 20) -> float:
    """How much more the value changes across a wall than across open floor of the same width.

    The mean of abs(difference of V) over pairs of free cells that face each other across a wall, divided by the
    same over open pairs with the same distance between their cells. 1 means blind to walls. Where walls lie as seen
    from the goal also matters to any landscape, so the open mean is first carried over to the wall pairs' geometry:
    contrast = 1 + (wall mean - open mean expected at the wall pairs' differences in straight-line distance) / open
    mean. The straight line then scores 1 wherever the goal is.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        euclidean: Straight-line distance to the goal. (nx, ny), metres.
        free: True outside walls. (nx, ny)
        bins: Open pairs are averaged in so many groups of like difference in straight-line distance, >= 1.

    Returns:
        A ratio; below 1 where the value changes less across walls than over open floor.

    Raises:
        ValueError: If a free cell is not finite, no wall pair has an open pair of its
            width to match, or the value does not change over open floor.

    Source: ours.
    """
    require_finite(values=values[free], euclidean=euclidean[free])
    excess: list[np.ndarray] = []
    floor: list[np.ndarray] = []
    for separation in range(2, max(free.shape)):
        wall_pairs, open_pairs = _facing_pairs(free, separation)
        if not len(wall_pairs) or not len(open_pairs):
            continue
        open_change = _differences(values, open_pairs)
        expected = _expected_change(
            _differences(euclidean, wall_pairs), _differences(euclidean, open_pairs), open_change, bins
        )
        excess.append(_differences(values, wall_pairs) - expected)
        floor.append(np.full(len(wall_pairs), open_change.mean()))
    if not excess:
        raise ValueError("no wall between free cells with open floor to compare: wall_contrast needs a maze.")
    open_mean = float(np.concatenate(floor).mean())
    if open_mean <= 0.0:
        raise ValueError("values do not change over open floor: wall_contrast is undefined for a flat landscape.")
    return 1.0 + float(np.concatenate(excess).mean()) / open_mean


def _facing_pairs(free: Mask, separation: int) -> tuple[Int[np.ndarray, "walls 2"], Int[np.ndarray, "open 2"]]:
    """Flat indices of axis-aligned pairs of free cells: with only wall between them, and with only floor."""
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


def _expected_change(
    approach: Float[np.ndarray, " walls"],
    open_approach: Float[np.ndarray, " open"],
    open_change: Float[np.ndarray, " open"],
    bins: int,
) -> Float[np.ndarray, " walls"]:
    """Mean change over open pairs as a function of approach: means of equally wide bins, joined by lines."""
    edges = np.linspace(open_approach.min(), open_approach.max(), bins + 1)[1:-1]
    member = np.digitize(open_approach, edges)
    count = np.bincount(member, minlength=bins)
    filled = count > 0
    centres = np.bincount(member, open_approach, minlength=bins)[filled] / count[filled]
    means = np.bincount(member, open_change, minlength=bins)[filled] / count[filled]
    if len(centres) < 2:
        return np.full(len(approach), means[0])
    # Lines go on beyond the outer bins: a change must be able to vanish where the approach does.
    part = np.clip(np.searchsorted(centres, approach) - 1, 0, len(centres) - 2)
    slope = (means[part + 1] - means[part]) / (centres[part + 1] - centres[part])
    return np.maximum(means[part] + slope * (approach - centres[part]), 0.0)


def _differences(grid: Grid, pairs: Int[np.ndarray, "pairs 2"]) -> Float[np.ndarray, " pairs"]:
    return np.abs(np.diff(grid.reshape(-1)[pairs], axis=1))[:, 0]


def _neighbours(free: Mask) -> tuple[Bool[np.ndarray, "steps nx ny"], Int[np.ndarray, "steps nx ny"]]:
    """Which of the eight steps each cell may take, and the flat index where it leads."""
    nx, ny = free.shape
    padded = np.pad(free, 1)
    rows, columns = np.indices(free.shape)

    def shifted(dx: int, dy: int) -> Mask:
        return padded[1 + dx : 1 + dx + nx, 1 + dy : 1 + dy + ny]

    allowed = np.stack([free & shifted(dx, dy) & shifted(dx, 0) & shifted(0, dy) for dx, dy in _STEPS])
    index = [np.clip(rows + dx, 0, nx - 1) * ny + np.clip(columns + dy, 0, ny - 1) for dx, dy in _STEPS]
    return allowed, np.stack(index)


def _check_landscape(values: Grid, free: Mask, goal_index: tuple[int, int]) -> None:
    require_finite(values=values[free])
    require_at_least(_MINIMUM_CELLS, "number of free cells", int(free.sum()))
    if not free[goal_index]:
        raise ValueError(f"goal_index={goal_index} is a wall: the goal must be in a free cell.")


def _spearman(first_name: str, first: Num[np.ndarray, " n"], second_name: str, second: Num[np.ndarray, " n"]) -> float:
    from scipy.stats import spearmanr

    require_finite(**{first_name: first, second_name: second})
    require_at_least(_MINIMUM_CELLS, "number of free cells", len(first))
    for name, array in ((first_name, first), (second_name, second)):
        if np.ptp(array) == 0:
            raise ValueError(f"{name} is constant over the free cells: a rank correlation is undefined.")
    return float(spearmanr(first, second).statistic)
