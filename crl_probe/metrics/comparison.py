"""The effect of depth on one number: differences between depths, the jump, and a verdict in one word.

Every function takes one number for each seed. Depths are strata: seeds are resampled inside each depth, and seeds of
two depths are never paired. With 3 seeds at each depth the intervals are too narrow: two equal depths appear to differ
in about one study in five, and the nominal rate is one in twenty. ``benchmarks/interval_coverage.py`` measures it.
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from crl_probe.metrics._checks import MetricError, array_likes, require_at_least
from crl_probe.metrics.statistics import (
    CONFIDENCE,
    Estimate,
    aggregate_over_seeds,
    interquartile_mean,
    percentile_interval,
    stratified_resamples,
)

Word: TypeAlias = Literal["supported", "contradicted", "undecided", "not enough data"]
SUPPORTED: Final = "supported"
CONTRADICTED: Final = "contradicted"
UNDECIDED: Final = "undecided"
NOT_ENOUGH_DATA: Final = "not enough data"

MINIMUM_SEEDS: Final = 3
MINIMUM_DEPTHS: Final = 2
JUMP_RATIO: Final = 2.0
_PARTS: Final = 50

Values: TypeAlias = Float[np.ndarray, " _"]
ByDepth: TypeAlias = Mapping[int, Values]


@dataclasses.dataclass(frozen=True, repr=False)
class Gain:
    """The difference between a deeper and a shallower network.

    Attributes:
        shallow: The smaller depth.
        deep: The larger depth.
        difference: Aggregate of the deeper minus that of the shallower.
        ratio: Aggregate of the deeper divided by that of the shallower; infinite if only the shallower is 0, 1 if both
            are 0, NaN if a value is negative.
        probability: Probability of improvement.
        enough: Whether both depths have the 3 seeds that a verdict needs.
        clear: Whether the interval of the difference at :func:`corrected_confidence` also lies above 0.
    """

    shallow: int
    deep: int
    difference: Estimate
    ratio: float
    probability: Estimate
    enough: bool
    clear: bool

    def __repr__(self) -> str:
        return f"Gain(from depth {self.shallow} to {self.deep}: {self.difference})"

    @property
    def is_jump(self) -> bool:
        """Whether the number at least doubled, with enough seeds, and its difference is clearly above 0."""
        # Exactly double counts as a jump, and two means of equal numbers can differ in the last bit.
        doubled = self.ratio >= JUMP_RATIO * (1 - 1e-9)
        return self.enough and doubled and self.clear


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
        change = "" if self.total is None else f", change {self.total.difference}"
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


def aggregate_difference(deep: Values, shallow: Values, confidence: float = CONFIDENCE) -> Estimate:
    """Difference of two depths' aggregates over seeds, with its interval.

    Args:
        deep: One number for each seed. (seeds,)
        shallow: The same at the other depth. (seeds,); their count may differ.
        confidence: Of the interval, in (0, 1).

    Returns:
        Deep minus shallow in the metric's unit; ``count`` is the number of seeds of both together.

    Raises:
        MetricError: If a value is not finite or a depth has none.

    Example:
        >>> aggregate_difference(np.array([5.0, 5.0, 5.0]), np.array([2.0, 2.0, 2.0]))
        Estimate(3 [3, 3] over 6 seeds)

    Source: Agarwal et al. 2021, arXiv 2108.13264.
    """
    many_deep, many_shallow = stratified_resamples([deep, shallow])
    low, high = percentile_interval(interquartile_mean(many_deep) - interquartile_mean(many_shallow), confidence)
    value = float(interquartile_mean(deep) - interquartile_mean(shallow))
    return Estimate(value, low, high, "seeds", len(deep) + len(shallow))


def aggregate_ratio(deep: Values, shallow: Values, confidence: float = CONFIDENCE) -> Estimate:
    """Ratio of two depths' aggregates over seeds, with its interval. 0 divided by 0 counts as 1.

    Args:
        deep: One number >= 0 for each seed. (seeds,)
        shallow: The same at the other depth. (seeds,)
        confidence: Of the interval, in (0, 1).

    Returns:
        Deep divided by shallow. The value or an end of the interval is infinite where only the shallower aggregate
        is 0.

    Raises:
        MetricError: If a value is negative or not finite, or a depth has none.

    Example:
        >>> aggregate_ratio(np.array([6.0, 6.0, 6.0]), np.array([2.0, 2.0, 2.0])).value
        3.0

    Source: ours.
    """
    for name, values in (("deep", deep), ("shallow", shallow)):
        _require_not_negative(name, values)
    many_deep, many_shallow = stratified_resamples([deep, shallow])
    ratios = _ratio(interquartile_mean(many_deep), interquartile_mean(many_shallow))
    tail = (1.0 - confidence) / 2.0
    # This method returns one of the values: there is no interpolation between a finite and an infinite ratio.
    low, high = np.quantile(ratios, [tail, 1.0 - tail], method="inverted_cdf")
    value = float(_ratio(interquartile_mean(deep), interquartile_mean(shallow)))
    return Estimate(value, float(low), float(high), "seeds", len(deep) + len(shallow))


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


def verdict(low: float, high: float, null: float = 0.0, enough: bool = True) -> Word:
    """Judge the claim that an effect lies above the null, in one word.

    Args:
        low: Lower end of the effect's interval.
        high: Upper end.
        null: Size of the effect if there is none, in the effect's unit.
        enough: Whether there are 2 depths and 3 seeds at each; with fewer, an interval means nothing.

    Returns:
        ``supported`` if the interval lies above the null, ``contradicted`` if below, ``undecided`` if it contains
        the null, ``not enough data`` if ``enough`` is False.

    Raises:
        MetricError: If there is enough data and the interval's ends are NaN or swapped.

    Example:
        >>> verdict(0.1, 0.5), verdict(-0.5, -0.1), verdict(0.0, 0.5), verdict(0.1, 0.5, enough=False)
        ('supported', 'contradicted', 'undecided', 'not enough data')

    Source: ours.
    """
    if not enough:
        return NOT_ENOUGH_DATA
    if not low <= high:
        raise MetricError(f"interval [{low}, {high}] is not usable: its ends must be numbers, the lower first.")
    if low > null:
        return SUPPORTED
    return CONTRADICTED if high < null else UNDECIDED


@array_likes
def critical_depth(by_depth: ByDepth) -> int | None:
    """The smallest depth at which the number is at least twice that of the next shallower depth.

    The interval of their difference must lie above 0, at a confidence corrected for the number of steps between depths
    (:func:`corrected_confidence`). A step is no jump if either depth has fewer than 3 seeds, because its interval would
    mean nothing.

    Args:
        by_depth: For each depth one number >= 0 for each seed. (seeds,)

    Returns:
        The depth; None if there is no jump.

    Raises:
        MetricError: If a value is negative or not finite, there is no depth, or a depth has no value.

    Example:
        >>> critical_depth({4: np.array([9.0, 9, 9]), 8: np.array([10.0, 10, 10]), 16: np.array([25.0, 25, 25])})
        16

    Source: ours, after the jumps in performance of arXiv 2503.14858.
    """
    for depth, values in by_depth.items():
        _require_not_negative(f"depth {depth}", values)
    require_at_least(1, "number of depths", len(by_depth))
    return _first_jump(_steps(by_depth))


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
        >>> comparison.depths, comparison.total.difference.value, comparison.critical_depth, comparison.verdict
        ((4, 64), 6.0, 64, 'supported')

    Source: Agarwal et al. 2021, arXiv 2108.13264; the words are ours.
    """
    depths = tuple(sorted(by_depth))
    require_at_least(1, "number of depths", len(depths))
    estimates = tuple(aggregate_over_seeds(by_depth[depth]) for depth in depths)
    steps = _steps(by_depth)
    total = _gain(by_depth, depths[0], depths[-1]) if len(depths) >= MINIMUM_DEPTHS else None
    word: Word = NOT_ENOUGH_DATA
    if total is not None:
        low, high = total.difference.low, total.difference.high
        word = (
            verdict(low, high, enough=total.enough) if larger_is_better else verdict(-high, -low, enough=total.enough)
        )
    has_jumps = larger_is_better and all((values >= 0).all() for values in by_depth.values())
    return DepthComparison(depths, estimates, steps, total, _first_jump(steps) if has_jumps else None, word)


def _steps(by_depth: ByDepth) -> tuple[Gain, ...]:
    steps = list(itertools.pairwise(sorted(by_depth)))
    return tuple(_gain(by_depth, shallow, deep, len(steps)) for shallow, deep in steps)


def _gain(by_depth: ByDepth, shallow: int, deep: int, comparisons: int = 1) -> Gain:
    below, above = by_depth[shallow], by_depth[deep]
    negative = (below < 0).any() or (above < 0).any()
    return Gain(
        shallow=shallow,
        deep=deep,
        difference=aggregate_difference(above, below),
        ratio=math.nan if negative else float(_ratio(interquartile_mean(above), interquartile_mean(below))),
        probability=probability_of_improvement(above, below),
        enough=min(len(above), len(below)) >= MINIMUM_SEEDS,
        clear=aggregate_difference(above, below, corrected_confidence(comparisons)).low > 0,
    )


def _first_jump(steps: tuple[Gain, ...]) -> int | None:
    return next((step.deep for step in steps if step.is_jump), None)


def _ratio(deep: np.ndarray, shallow: np.ndarray) -> np.ndarray:
    if_shallow_is_zero = np.where(deep > 0, np.inf, 1.0)
    return np.divide(deep, shallow, out=if_shallow_is_zero, where=shallow > 0)


def _probability(deep: Float[np.ndarray, "*batch n"], shallow: Float[np.ndarray, "*batch m"]) -> np.ndarray:
    # A pair counts 1, 1/2 or 0: (1 + sign of its difference) / 2.
    signs = np.sign(deep[..., :, None] - shallow[..., None, :])
    return np.asarray(0.5 * (1.0 + signs.mean(axis=(-2, -1))))


def _require_not_negative(name: str, values: Values) -> None:
    if (values < 0).any():
        raise MetricError(
            f"{name} has the value {values.min():g}: ratios and jumps are for metrics that are never negative. "
            "Compare differences."
        )
