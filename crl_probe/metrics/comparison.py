"""The effect of depth on one number: differences between depths, the jump, and a verdict in one word.

Every function takes one number for each seed. Differences and ratios are tested by Welch's t-test, which says as little
as a few seeds do; ``crl_probe.metrics.significance`` has the tests, and ``benchmarks/false_words.py`` measures how
often a word is wrong.
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from crl_probe.metrics._checks import MetricError, array_likes, require_at_least, require_not_negative
from crl_probe.metrics.significance import Effect, Values, mean_difference, mean_ratio
from crl_probe.metrics.statistics import (
    CONFIDENCE,
    Estimate,
    aggregate_over_seeds,
    percentile_interval,
    stratified_resamples,
)

Word: TypeAlias = Literal["supported", "suggestive", "contradicted", "undecided", "not learned", "not enough data"]
SUPPORTED: Final = "supported"
SUGGESTIVE: Final = "suggestive"
CONTRADICTED: Final = "contradicted"
UNDECIDED: Final = "undecided"
NOT_LEARNED: Final = "not learned"
NOT_ENOUGH_DATA: Final = "not enough data"

MINIMUM_SEEDS: Final = 3
"""Seeds at each depth below which there is no word."""
SEEDS_TO_SUPPORT: Final = 5
"""Seeds at each depth below which the strongest word is ``suggestive``."""
MINIMUM_DEPTHS: Final = 2
JUMP_RATIO: Final = 2.0
_PARTS: Final = 50

ByDepth: TypeAlias = Mapping[int, Values]


@dataclasses.dataclass(frozen=True, repr=False)
class Gain:
    """The difference between a deeper and a shallower network.

    Attributes:
        shallow: The smaller depth.
        deep: The larger depth.
        difference: Mean of the deeper minus that of the shallower.
        ratio: Mean of the deeper divided by that of the shallower, tested against a doubling, with its interval at
            :func:`corrected_confidence`; None if a value is negative.
        probability: Probability of improvement.
        seeds: The fewer seeds of the two depths.
    """

    shallow: int
    deep: int
    difference: Effect
    ratio: Effect | None
    probability: Estimate
    seeds: int

    def __repr__(self) -> str:
        return f"Gain(from depth {self.shallow} to {self.deep}: {self.difference})"

    @property
    def is_jump(self) -> bool:
        """As :func:`is_jump`; False if a value is negative."""
        return self.ratio is not None and is_jump(self.ratio, self.seeds)


@dataclasses.dataclass(frozen=True, repr=False)
class DepthComparison:
    """One metric over all depths.

    Attributes:
        depths: From shallow to deep.
        estimates: Aggregate at each depth, with its interval over seeds.
        steps: Gain of each depth over the next shallower one. (depths - 1,)
        total: Gain of the deepest over the shallowest; None with one depth.
        critical_depth: As :func:`critical_depth`; None also where that is undefined.
        verdict: Whether more depth is better, in one word, from the deepest and the shallowest depth alone.
    """

    depths: tuple[int, ...]
    estimates: tuple[Estimate, ...]
    steps: tuple[Gain, ...]
    total: Gain | None
    critical_depth: int | None
    verdict: Word

    def __repr__(self) -> str:
        change = "" if self.total is None else f", change {self.total.difference.estimate}"
        return f"DepthComparison(depths {', '.join(map(str, self.depths))}{change}: {self.verdict})"


def corrected_confidence(comparisons: int) -> float:
    """Confidence of each of several intervals, such that any of them is wrong at most 5 times in 100.

    The best of several steps between neighbouring depths is large by chance more often than a single step is.

    Example:
        >>> round(corrected_confidence(1), 3), round(corrected_confidence(4), 4)
        (0.95, 0.9875)

    Source: Bonferroni 1936.
    """
    return 1.0 - (1.0 - CONFIDENCE) / max(comparisons, 1)


def step_ratio(deep: Values, shallow: Values, steps: int) -> Effect:
    """Mean of a depth divided by that of the next shallower one, tested against a doubling.

    Args:
        deep: One number >= 0 for each seed. (seeds,)
        shallow: The same at the shallower depth. (seeds,)
        steps: Steps between depths that are tested, for :func:`corrected_confidence`.

    Raises:
        MetricError: As :func:`crl_probe.metrics.mean_ratio`.
    """
    return mean_ratio(deep, shallow, JUMP_RATIO, corrected_confidence(steps))


def is_jump(ratio: Effect, seeds: int) -> bool:
    """Whether the interval of a :func:`step_ratio` lies above a doubling, with enough seeds and some spread of them."""
    return seeds >= MINIMUM_SEEDS and not math.isnan(ratio.p_above) and ratio.estimate.low > JUMP_RATIO


@array_likes
def probability_of_improvement(deep: Values, shallow: Values) -> Estimate:
    """Probability that a seed of the deeper network beats one of the shallower: P(deep > shallow) + P(equal) / 2.

    It compares order alone, not size: 1 means that every deep seed is above every shallow one.

    Args:
        deep: One number for each seed. (seeds,)
        shallow: The same at the other depth. (seeds,)

    Returns:
        A probability, 0.5 if depth makes no difference; ``count`` is the number of seeds of both together.

    Raises:
        MetricError: If a value is not finite or a depth has none.

    Example:
        >>> probability_of_improvement(np.array([3.0, 4.0]), np.array([1.0, 3.0])).value
        0.875

    Source: Agarwal et al. 2021, arXiv 2108.13264.
    """
    many_deep, many_shallow = stratified_resamples([deep, shallow])
    # In parts: with a few hundred seeds, all pairs of all resamples together would not fit into memory.
    parts = (np.array_split(drawn, _PARTS) for drawn in (many_deep, many_shallow))
    low, high = percentile_interval(np.concatenate([_probability(*part) for part in zip(*parts, strict=True)]))
    return Estimate(float(_probability(deep, shallow)), low, high, "seeds", len(deep) + len(shallow))


def verdict(effect: float, p_value: float, seeds: int) -> Word:
    """Judge the claim that an effect is above its null, in one word.

    Args:
        effect: How far above the null it is; negative if it is below.
        p_value: Two-sided, corrected for the number of claims where there are several
            (:func:`crl_probe.metrics.holm`); NaN where the seeds have no spread.
        seeds: The fewest at any depth compared.

    Returns:
        ``supported`` if it is above the null beyond chance; ``suggestive`` if it is so with fewer than 5 seeds;
        ``contradicted`` if it is below beyond chance, with 5 seeds or more; ``not enough data`` with fewer than 3;
        else ``undecided``.

    Raises:
        MetricError: If the p-value is not within [0, 1].

    Example:
        >>> verdict(0.3, 0.01, seeds=5), verdict(0.3, 0.01, seeds=3), verdict(-0.3, 0.01, seeds=5)
        ('supported', 'suggestive', 'contradicted')
        >>> verdict(0.3, 0.2, seeds=5), verdict(0.3, 0.01, seeds=2)
        ('undecided', 'not enough data')

    Source: ours.
    """
    if not (math.isnan(p_value) or 0 <= p_value <= 1):
        raise MetricError(f"p_value={p_value} is not usable: it is a probability, or NaN where seeds have no spread.")
    if seeds < MINIMUM_SEEDS:
        return NOT_ENOUGH_DATA
    if not p_value <= 1.0 - CONFIDENCE:
        return UNDECIDED
    if effect > 0:
        return SUPPORTED if seeds >= SEEDS_TO_SUPPORT else SUGGESTIVE
    return CONTRADICTED if seeds >= SEEDS_TO_SUPPORT else UNDECIDED


@array_likes
def critical_depth(by_depth: ByDepth) -> int | None:
    """The smallest depth at which the number at least doubles over the next shallower depth.

    The interval of the ratio must lie above 2, at a confidence corrected for the number of steps between depths
    (:func:`corrected_confidence`): a ratio that is measured as 2 may be 1.8. A step is no jump if either
    depth has fewer than 3 seeds, or neither has any spread between its seeds.

    Args:
        by_depth: For each depth one number >= 0 for each seed. (seeds,)

    Returns:
        The depth; None if there is no jump.

    Raises:
        MetricError: If a value is negative or not finite, there is no depth, or a depth has no value.

    Example:
        >>> critical_depth({4: np.array([8.0, 9, 9]), 8: np.array([10.0, 11, 10]), 16: np.array([35.0, 37, 36])})
        16

    Source: ours, after the jumps in performance of arXiv 2503.14858.
    """
    require_not_negative(**{f"depth {depth}": values for depth, values in by_depth.items()})
    require_at_least(1, "number of depths", len(by_depth))
    for values in by_depth.values():
        require_at_least(1, "number of values", len(values))
    steps = list(itertools.pairwise(sorted(by_depth)))
    for shallow, deep in steps:
        ratio = step_ratio(by_depth[deep], by_depth[shallow], len(steps))
        if is_jump(ratio, _fewest(by_depth[deep], by_depth[shallow])):
            return deep
    return None


@array_likes
def compare_depths(by_depth: ByDepth, *, larger_is_better: bool = True) -> DepthComparison:
    """Compare neighbouring depths, and the deepest with the shallowest, and judge whether more depth is better.

    The verdict compares the deepest with the shallowest alone. A rise followed by a fall shows in the steps.

    Args:
        by_depth: For each depth one number for each seed. (seeds,); their counts may differ.
        larger_is_better: False for metrics where smaller is better, such as distances: the verdict is then about a
            decrease, and there is no critical depth. The numbers do not change.

    Returns:
        The comparison; its verdict is ``not enough data`` with fewer than 2 depths, or fewer than 3 seeds at the
        deepest or the shallowest.

    Raises:
        MetricError: If a value is not finite, there is no depth, or a depth has no value.

    Example:
        >>> comparison = compare_depths({64: np.array([7.0, 8.0, 9.0]), 4: np.array([1.0, 2.0, 3.0])})
        >>> comparison.depths, comparison.total.difference.estimate.value, comparison.verdict
        ((4, 64), 6.0, 'suggestive')

    Source: Welch 1947; Agarwal et al. 2021, arXiv 2108.13264; the words are ours.
    """
    depths = tuple(sorted(by_depth))
    require_at_least(1, "number of depths", len(depths))
    estimates = tuple(aggregate_over_seeds(by_depth[depth]) for depth in depths)
    steps = _steps(by_depth)
    total = _gain(by_depth, depths[0], depths[-1]) if len(depths) >= MINIMUM_DEPTHS else None
    word: Word = NOT_ENOUGH_DATA
    if total is not None:
        change = total.difference.estimate.value
        word = verdict(change if larger_is_better else -change, total.difference.p_value, total.seeds)
    has_jumps = larger_is_better and all((values >= 0).all() for values in by_depth.values())
    jump = next((step.deep for step in steps if step.is_jump), None) if has_jumps else None
    return DepthComparison(depths, estimates, steps, total, jump, word)


def _steps(by_depth: ByDepth) -> tuple[Gain, ...]:
    steps = list(itertools.pairwise(sorted(by_depth)))
    return tuple(_gain(by_depth, shallow, deep, len(steps)) for shallow, deep in steps)


def _gain(by_depth: ByDepth, shallow: int, deep: int, comparisons: int = 1) -> Gain:
    below, above = by_depth[shallow], by_depth[deep]
    negative = (below < 0).any() or (above < 0).any()
    return Gain(
        shallow=shallow,
        deep=deep,
        difference=mean_difference(above, below),
        ratio=None if negative else step_ratio(above, below, comparisons),
        probability=probability_of_improvement(above, below),
        seeds=_fewest(above, below),
    )


def _fewest(*levels: Values) -> int:
    return min(map(len, levels))


def _probability(deep: Float[np.ndarray, "*batch n"], shallow: Float[np.ndarray, "*batch m"]) -> np.ndarray:
    # A pair counts 1, 1/2 or 0: (1 + sign of its difference) / 2.
    signs = np.sign(deep[..., :, None] - shallow[..., None, :])
    return np.asarray(0.5 * (1.0 + signs.mean(axis=(-2, -1))))
