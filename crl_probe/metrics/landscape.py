"""Does a value landscape follow the maze or the straight line? Scores of V_g over a grid of the plane.

Every function takes a landscape ``values`` over an (nx, ny) grid and the mask ``free`` of cells outside walls.
Values inside walls are never read and may be NaN. ``geodesic`` and ``euclidean`` are distances of each cell's
centre to the goal, in metres. Only order and differences of ``values`` within one network count, because
energies of two networks share no unit. Numbers that differ by no more than rounding are ties: cells in mirrored
positions are equally far from the goal, even if their computed distances differ in the last bit.
"""

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from crl_probe.metrics._checks import MetricError, array_likes, require_at_least, require_finite, require_mask
from crl_probe.metrics.rounding import has_spread, require_spread

Grid = Float[np.ndarray, "nx ny"]
Mask = Bool[np.ndarray, "nx ny"]

# The four straight steps come first: a diagonal step is allowed only where both straight steps beside it are free.
_STEPS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
_MINIMUM_CELLS = 3
# Relative. Far above the rounding error of equal doubles, and far below the resolution of single precision.
_ROUNDING = 1e-12
# Two rankings of the cells count as the same if their correlation is closer to 1 than this.
_SAME_ORDER = 1e-9
_STRETCHES = ((1.0, 1.0), *((one, 1.0) for one in (1.5, 2.0, 3.0)), *((1.0, one) for one in (1.5, 2.0, 3.0)))


@array_likes
def geodesic_rank(values: Grid, geodesic: Grid, free: Mask) -> float:
    """Spearman correlation of the value with minus the geodesic distance to the goal, over free cells.

    1: the landscape orders all places by geodesic distance. 0: the two orders are unrelated.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        geodesic: Length of the shortest free path to the goal. (nx, ny), metres.
        free: True outside walls. (nx, ny)

    Returns:
        A correlation in [-1, 1].

    Raises:
        MetricError: If a free cell is not finite, fewer than 3 cells are free, or either input differs between
            them by no more than rounding.

    Example:
        >>> distance = np.array([[0.0, 1.0, 2.0]])
        >>> geodesic_rank(-(distance**2), distance, np.ones((1, 3), bool))
        1.0

    Source: ours; Spearman's rho, with ranks by scipy.stats.
    """
    require_mask(free=free)
    return _spearman("values", values[free], "geodesic", -geodesic[free])


@array_likes
def euclidean_rank(values: Grid, euclidean: Grid, free: Mask) -> float:
    """Spearman correlation of the value with minus the straight-line distance to the goal, over free cells.

    Args, Returns and Raises: as :func:`geodesic_rank`, with ``euclidean`` in place of ``geodesic``.

    Example:
        >>> distance = np.array([[0.0, 1.0, 2.0, 3.0]])
        >>> values = np.array([[4.0, 2.0, 3.0, 1.0]])
        >>> round(euclidean_rank(values, distance, np.ones((1, 4), bool)), 6)
        0.8

    Source: ours; Spearman's rho, with ranks by scipy.stats.
    """
    require_mask(free=free)
    return _spearman("values", values[free], "euclidean", -euclidean[free])


@array_likes
def geodesic_advantage(values: Grid, geodesic: Grid, euclidean: Grid, free: Mask) -> float:
    """How much better the geodesic distance explains the order of the values than the straight line does.

    :func:`geodesic_rank` minus :func:`euclidean_rank`. Above 0: the landscape follows the maze rather than the straight
    line. A landscape of the straight line scores below 0, and noise about 0.

    Args: as :func:`geodesic_rank` and :func:`euclidean_rank`.

    Returns:
        A difference of correlations, in [-2, 2].

    Raises:
        MetricError: As :func:`geodesic_rank`, and where the two distances give the same order of the cells, as without
            walls.

    Example:
        >>> euclidean = np.array([[1.0, 2.0, 3.0, 4.0]])
        >>> geodesic = np.array([[9.0, 2.0, 3.0, 4.0]])  # the nearest cell lies behind a wall
        >>> free = np.ones((1, 4), bool)
        >>> round(geodesic_advantage(-geodesic, geodesic, euclidean, free), 6)
        1.2

    Source: ours.
    """
    _require_walls_between(geodesic[free], euclidean[free])
    return geodesic_rank(values, geodesic, free) - euclidean_rank(values, euclidean, free)


@array_likes
def wall_blind_rank(values: Grid, offsets: Float[np.ndarray, "nx ny 2"], free: Mask) -> float:
    """The largest rank correlation of the value with minus a distance to the goal that knows no walls.

    The distances are straight lines with one axis stretched by up to three, as a body sees it that is slower one way
    than the other. Such a landscape can resemble the geodesic distance where walls are parallel: stretched across
    them, in two of the U mazes, it has a geodesic advantage above 0.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        offsets: Cell centre minus goal. (nx, ny, 2), metres.
        free: True outside walls. (nx, ny)

    Returns:
        A correlation in [-1, 1], at least :func:`euclidean_rank`.

    Raises:
        MetricError: As :func:`geodesic_rank`.

    Example:
        >>> offsets = np.stack(np.meshgrid([0.0, 1.0, 2.0], [0.0, 1.1], indexing="ij"), axis=-1)
        >>> stretched = np.linalg.norm(offsets * [1.0, 2.0], axis=-1)
        >>> round(wall_blind_rank(-stretched, offsets, np.ones((3, 2), bool)), 6)
        1.0

    Source: ours.
    """
    require_mask(free=free)
    ranks = _ranks("values", values[free])
    distances = (np.linalg.norm(offsets[free] * stretch, axis=-1) for stretch in _STRETCHES)
    return max(_correlation(ranks, _ranks("distance", -distance)) for distance in distances)


@array_likes
def topology_gain(values: Grid, geodesic: Grid, euclidean: Grid, free: Mask) -> float:
    """Partial Spearman correlation of value and minus geodesic distance, given straight-line distance.

    It is :func:`geodesic_rank` after what the straight line explains is removed from both value and geodesic
    distance. It has no effect size: a straight-line landscape with a trace of the geodesic distance scores high, and
    one whose optimum lies beside the goal can. :func:`geodesic_advantage` decides what a critic follows.

    Args: as :func:`geodesic_rank` and :func:`euclidean_rank`.

    Returns:
        A correlation in [-1, 1].

    Raises:
        MetricError: As :func:`geodesic_rank`, and where the partial correlation is undefined: the two distances give
            the same order of the cells, as without walls, or the value has that of the straight line.

    Example:
        >>> euclidean = np.array([[1.0, 2.0, 3.0, 4.0]])
        >>> geodesic = np.array([[9.0, 2.0, 3.0, 4.0]])  # the nearest cell lies behind a wall
        >>> free = np.ones((1, 4), bool)
        >>> round(topology_gain(-geodesic, geodesic, euclidean, free), 6)
        1.0

    Source: ours; partial correlation of ranks, Kendall and Stuart, The Advanced Theory of Statistics.
    """
    between = _require_walls_between(geodesic[free], euclidean[free])
    value_geodesic = geodesic_rank(values, geodesic, free)
    value_euclidean = euclidean_rank(values, euclidean, free)
    if 1.0 - abs(value_euclidean) < _SAME_ORDER:
        raise MetricError(
            "values order the free cells exactly as the straight line does: nothing is left to explain for "
            "topology_gain. Use geodesic_advantage."
        )
    unexplained = (1.0 - value_euclidean**2) * (1.0 - between**2)
    return float(np.clip((value_geodesic - value_euclidean * between) / np.sqrt(unexplained), -1.0, 1.0))


@array_likes
def ascent_success(values: Grid, free: Mask, goal_index: tuple[int, int]) -> float:
    """Share of free cells from which steepest ascent of the landscape ends within one cell of the goal.

    Each step goes to the free neighbour, of eight, with the steepest rise per metre; diagonals do not cut corners.
    Where several rise equally, each is as likely, so that a mirrored landscape has the same score.
    Ascent stops where no neighbour is higher, so also on a plateau that rises further away. The score is what greedy
    behaviour on the landscape would achieve. Ending within one cell is enough, so that a goal on the border of two
    cells counts for both.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        free: True outside walls. (nx, ny)
        goal_index: Grid index of the cell that holds the goal; where the goal is on a border, of either cell.

    Returns:
        A share in [0, 1].

    Raises:
        MetricError: If a free cell is not finite, fewer than 3 cells are free, values differ between them by no more
            than rounding, or the goal's cell is a wall or outside.

    Example:
        >>> values = np.array([[5.0, 4.0, 3.0, 6.0, 7.0]])  # from the two cells on the left, ascent leaves the goal
        >>> ascent_success(values, np.ones((1, 5), bool), goal_index=(0, 4))
        0.6

    Source: ours.
    """
    from scipy.sparse import coo_array, eye_array
    from scipy.sparse.linalg import spsolve_triangular

    _check_landscape(values, free, goal_index)
    steepest, neighbour = _steepest(values, free)
    at_goal = np.abs(np.indices(free.shape) - np.reshape(goal_index, (2, 1, 1))).max(axis=0) <= 1
    is_summit = ~steepest.any(axis=0)
    # From high to low every step leads to an earlier cell: the chance to end at the goal is a triangular system.
    order = np.argsort(-np.where(free, values, -np.inf), axis=None)
    place = np.empty(free.size, dtype=int)
    place[order] = np.arange(free.size)
    _, *cell = np.nonzero(steepest)
    start = place[np.ravel_multi_index(cell, free.shape)]
    share = 1.0 / steepest.sum(axis=0)[tuple(cell)]
    steps = coo_array((share, (start, place[neighbour[steepest]])), shape=(free.size, free.size))
    ends_there = (at_goal & is_summit).reshape(-1)[order].astype(np.float64)
    chance = spsolve_triangular((eye_array(free.size) - steps).tocsr(), ends_there, lower=True, unit_diagonal=True)
    return float(np.clip(chance[place].reshape(free.shape)[free].mean(), 0.0, 1.0))


def steepest_ascent(values: Grid, free: Mask) -> Int[np.ndarray, "nx ny"]:
    """The cell that one step of steepest ascent reaches from each cell, as :func:`ascent_success` takes it.

    In a landscape whose values differ by no more than rounding, no cell is higher than another.

    Args:
        values: V_g at each cell. (nx, ny), any unit.
        free: True outside walls. (nx, ny)

    Returns:
        Flat index of the neighbour with the steepest rise per metre, of several the first; a cell's own index where no
        neighbour is higher, and in walls. (nx, ny)

    Raises:
        MetricError: If a free cell is not finite.

    Example:
        >>> steepest_ascent(np.array([[5.0, 4.0, 3.0, 6.0, 7.0]]), np.ones((1, 5), bool))
        array([[0, 0, 3, 4, 4]])

    Source: ours.
    """
    require_mask(free=free)
    require_finite(values=values[free])
    steepest, neighbour = _steepest(values, free)
    own_index = np.arange(free.size).reshape(free.shape)
    first = np.take_along_axis(neighbour, steepest.argmax(axis=0)[None], axis=0)[0]
    return np.where(steepest.any(axis=0), first, own_index)


@array_likes
def spurious_maxima(values: Grid, free: Mask, goal_index: tuple[int, int]) -> float:
    """Local maxima of the landscape outside the goal's cell, per 100 free cells.

    A maximum is a cell, or a plateau of equal neighbours, with no higher neighbour; neighbours are as in
    :func:`ascent_success`. Greedy behaviour gets stuck there. A plateau that includes the goal's cell is not counted,
    such as the four cells around a goal in their common corner.

    Args and Raises: as :func:`ascent_success`. Returns a count per 100 free cells, >= 0.

    Example:
        >>> values = np.array([[5.0, 4.0, 3.0, 6.0, 7.0]])
        >>> spurious_maxima(values, np.ones((1, 5), bool), goal_index=(0, 4))
        20.0

    Source: ours.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _check_landscape(values, free, goal_index)
    rises, neighbour = _rises(values, free)
    own_index = np.broadcast_to(np.arange(free.size).reshape(free.shape), rises.shape)
    level = rises == 0
    links = coo_array((np.ones(level.sum()), (own_index[level], neighbour[level])), shape=(free.size, free.size))
    _, plateau = connected_components(links, directed=False)
    exceeded = np.zeros(free.size, dtype=bool)
    exceeded[plateau[own_index[rises > 0]]] = True
    exceeded[plateau[np.ravel_multi_index(goal_index, free.shape)]] = True
    maxima = np.unique(plateau[free.reshape(-1)])
    return 100.0 * float(np.count_nonzero(~exceeded[maxima])) / float(free.sum())


def _steepest(values: Grid, free: Mask) -> tuple[Bool[np.ndarray, "steps nx ny"], Int[np.ndarray, "steps nx ny"]]:
    """Which of the eight steps rise most per metre, none where none rises, and the flat index that each leads to."""
    rises, neighbour = _rises(values, free)
    slopes = np.maximum(rises, 0.0) / np.array([np.hypot(*step) for step in _STEPS])[:, None, None]
    # Slopes are differences: they are equal up to the rounding of the values that they are between.
    here = np.where(free, values, 0.0).astype(np.float64)
    sizes = np.where(np.isfinite(rises), np.maximum(np.abs(here), np.abs(here.reshape(-1)[neighbour])), 0.0)
    return (slopes > 0) & (slopes >= slopes.max(axis=0) - _ROUNDING * sizes.max(axis=0)), neighbour


def _rises(values: Grid, free: Mask) -> tuple[Float[np.ndarray, "steps nx ny"], Int[np.ndarray, "steps nx ny"]]:
    """The rise of each of the eight steps, and the flat index of the cell that it leads to.

    A rise is 0 between ties, and minus infinity where the step is not allowed.
    """
    allowed, neighbour = _neighbours(free)
    here = np.where(free, values, 0.0).astype(np.float64)
    there = here.reshape(-1)[neighbour]
    is_flat = not (free.any() and has_spread(here[free]))
    rises = np.where(is_flat | _tied(here, there), 0.0, there - here)
    return np.where(allowed, rises, -np.inf), neighbour


def _tied(first: Num[np.ndarray, "*grid"], second: Num[np.ndarray, "*steps_and_grid"]) -> Bool[np.ndarray, "..."]:
    """Whether two numbers differ by no more than rounding."""
    return np.abs(first - second) <= _ROUNDING * np.maximum(np.abs(first), np.abs(second))


def _neighbours(free: Mask) -> tuple[Bool[np.ndarray, "steps nx ny"], Int[np.ndarray, "steps nx ny"]]:
    """Which of the eight steps are allowed from each cell, and the flat index of the cell that each leads to."""
    nx, ny = free.shape
    padded = np.pad(free, 1)
    rows, columns = np.indices(free.shape)

    def shifted(dx: int, dy: int) -> Mask:
        return padded[1 + dx : 1 + dx + nx, 1 + dy : 1 + dy + ny]

    allowed = np.stack([free & shifted(dx, dy) & shifted(dx, 0) & shifted(0, dy) for dx, dy in _STEPS])
    index = [np.clip(rows + dx, 0, nx - 1) * ny + np.clip(columns + dy, 0, ny - 1) for dx, dy in _STEPS]
    return allowed, np.stack(index)


def _check_landscape(values: Grid, free: Mask, goal_index: tuple[int, int]) -> None:
    require_mask(free=free)
    require_finite(values=values[free])
    require_at_least(_MINIMUM_CELLS, "number of free cells", int(free.sum()))
    require_spread("greedy ascent has nowhere to go. The network has collapsed", values=values[free])
    if not all(0 <= index < size for index, size in zip(goal_index, free.shape, strict=True)):
        raise MetricError(f"goal_index={goal_index} is outside the grid of {free.shape} cells. Use an index into it.")
    if not free[goal_index]:
        raise MetricError(f"goal_index={goal_index} is a wall: the goal must be in a free cell.")


def _require_walls_between(geodesic: Num[np.ndarray, " n"], euclidean: Num[np.ndarray, " n"]) -> float:
    """The rank correlation of the two distances, which must not be 1.

    Raises:
        MetricError: If it is.
    """
    between = _spearman("geodesic", geodesic, "euclidean", euclidean)
    if 1.0 - abs(between) < _SAME_ORDER:
        raise MetricError(
            "geodesic and euclidean order the free cells alike: this metric needs walls between cells and goal. Choose "
            "another goal, or leave the metric out."
        )
    return between


def _spearman(first_name: str, first: Num[np.ndarray, " n"], second_name: str, second: Num[np.ndarray, " n"]) -> float:
    return _correlation(_ranks(first_name, first), _ranks(second_name, second))


def _ranks(name: str, numbers: Num[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Ranks from 1, of which ties share the mean.

    Raises:
        MetricError: If a rank correlation of these numbers is undefined.
    """
    from scipy.stats import rankdata

    require_finite(**{name: numbers})
    require_at_least(_MINIMUM_CELLS, "number of free cells", len(numbers))
    require_spread("a rank correlation over the free cells is undefined", **{name: numbers})
    return np.asarray(rankdata(_levels(numbers)), np.float64)


def _correlation(first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]) -> float:
    first, second = first - first.mean(), second - second.mean()
    return float(np.clip(first @ second / np.sqrt((first @ first) * (second @ second)), -1.0, 1.0))


def _levels(numbers: Num[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Number the distinct values in ascending order from 0; ties share one number."""
    order = np.argsort(numbers)
    ascending = numbers[order].astype(np.float64)
    levels = np.zeros(len(numbers), dtype=int)
    levels[order[1:]] = np.cumsum(~_tied(ascending[:-1], ascending[1:]))
    return levels
