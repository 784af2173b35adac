"""Is a difference between seeds real? Welch's t-test, of a difference and of a ratio, and Holm's correction.

A handful of seeds says little, and a test must say so. A percentile bootstrap does not: over three seeds its interval
is far too narrow (``benchmarks/interval_coverage.py``). ``benchmarks/false_words.py`` measures what rests on these
tests, also for skewed and heavy-tailed seeds. They are of means: where seeds are few, none is to be trimmed away.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float

from crl_probe.metrics._checks import array_likes, require_at_least, require_finite, require_not_negative
from crl_probe.metrics.rounding import has_spread
from crl_probe.metrics.statistics import CONFIDENCE, Estimate

Values: TypeAlias = Float[np.ndarray, " _"]

_MOST_RATIO: Final = 1e9  # an end of an interval beyond it is infinite


@dataclasses.dataclass(frozen=True, repr=False)
class Effect:
    """A number over seeds, its interval, and how surprising the seeds would be if it were at its null.

    Attributes:
        estimate: The number with its interval.
        p_above: Probability of seeds like these or farther above the null, if the number is at most the null. NaN
            where the seeds have no spread: they say nothing of what another seed would give.
        p_below: The same below the null.
    """

    estimate: Estimate
    p_above: float
    p_below: float

    @property
    def p_value(self) -> float:
        """Probability of seeds as far from the null as these, to either side, if the number is at the null."""
        return float(np.minimum(1.0, 2.0 * np.minimum(self.p_above, self.p_below)))  # NaN stays

    def __repr__(self) -> str:
        return f"Effect({self.estimate}, p = {self.p_value:.2g})"


@array_likes
def mean_effect(values: Values, null: float = 0.0, confidence: float = CONFIDENCE) -> Effect:
    """The mean over seeds, against a null.

    Args:
        values: One number for each seed. (seeds,), seeds >= 1; with one, the interval has no width.
        null: What the mean is tested against, in the metric's unit.
        confidence: Of the interval, in (0, 1).

    Returns:
        The mean with Student's interval.

    Raises:
        MetricError: If a value is not finite or there is none.

    Example:
        >>> effect = mean_effect(np.array([1.0, 2.0, 3.0]))
        >>> round(effect.estimate.low, 3), round(effect.estimate.high, 3), round(effect.p_value, 3)
        (-0.484, 4.484, 0.074)

    Source: Student 1908.
    """
    return _contrast(_Mean.of(values), _Mean(0.0, 0.0, 1), 0.0, null, confidence, len(values))


@array_likes
def mean_difference(first: Values, second: Values, confidence: float = CONFIDENCE) -> Effect:
    """The difference between the means of two levels, against 0.

    Args:
        first: One number for each seed. (seeds,), seeds >= 1.
        second: The same at the other level. (seeds,); their count may differ.
        confidence: Of the interval, in (0, 1).

    Returns:
        First minus second in the metric's unit; ``count`` is the number of seeds of both together.

    Raises:
        MetricError: If a value is not finite or a level has none.

    Example:
        >>> effect = mean_difference(np.array([5.0, 6.0, 7.0]), np.array([1.0, 2.0, 3.0]))
        >>> effect.estimate.value, round(effect.p_value, 4)
        (4.0, 0.008)

    Source: Welch 1947.
    """
    return _contrast(_Mean.of(first), _Mean.of(second), 1.0, 0.0, confidence, len(first) + len(second))


@array_likes
def mean_ratio(first: Values, second: Values, null: float = 1.0, confidence: float = CONFIDENCE) -> Effect:
    """The ratio of the means of two levels, against a null: Welch's test of first - null x second against 0.

    Args:
        first: One number >= 0 for each seed. (seeds,), seeds >= 1.
        second: The same at the other level. (seeds,)
        null: The ratio that is tested.
        confidence: Of the interval, in (0, 1).

    Returns:
        First divided by second; 1 if both means are 0, infinite if only the second is. The interval holds the ratios
        that the test does not reject; its upper end is infinite where the second mean may be 0.

    Raises:
        MetricError: If a value is negative or not finite, or a level has none.

    Example:
        >>> ratio = mean_ratio(np.array([5.0, 6.0, 7.0]), np.array([1.0, 2.0, 3.0]), null=2.0)
        >>> ratio.estimate.value, round(ratio.estimate.low, 2), round(ratio.p_above, 3)
        (3.0, 1.48, 0.11)

    Source: Fieller 1954, with Welch's degrees of freedom.
    """
    require_not_negative(first=first, second=second)
    means, count = (_Mean.of(first), _Mean.of(second)), len(first) + len(second)
    value = _quotient(*(mean.value for mean in means))
    tested = _contrast(*means, null, 0.0, confidence, count)
    estimate = Estimate(value, *_ratio_interval(*means, value, confidence), "seeds", count)
    return Effect(estimate, tested.p_above, tested.p_below)


def holm(p_values: Sequence[float], gates: Mapping[int, int] | None = None) -> list[float]:
    """Correct the p-values of several claims, such that any of them is wrongly called true at most as often as one.

    The smallest counts as many times as there are claims, the next one time less, and so on. A claim behind a gate
    joins once the claim of the gate is true at 5 %; until then it takes nothing from the others. Errors stay as rare:
    at every step, each claim that is left is held against the number of those that are.

    Args:
        p_values: One for each claim; NaN where there is nothing to test, which is no claim.
        gates: For the place of a claim the place of the one that must be true first.

    Returns:
        Corrected p-values in the same order, at most 1; NaN stays, and stands where a gate stayed closed.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
        >>> holm([0.01, 0.04, 0.001], gates={2: 0})
        [0.02, 0.04, 0.02]

    Source: Holm 1979; gates after Bretz et al. 2009.
    """
    gates = gates or {}
    left = {place: p_value for place, p_value in enumerate(p_values) if not math.isnan(p_value)}
    waiting = {place: left.pop(place) for place in gates if place in left}
    corrected, largest = [math.nan] * len(p_values), 0.0
    while left:
        place = min(left, key=lambda one: left[one])
        largest = max(largest, min(1.0, left[place] * len(left)))
        corrected[place] = largest
        del left[place]
        if largest <= 1.0 - CONFIDENCE:
            left |= {later: waiting.pop(later) for later in list(waiting) if gates[later] == place}
    return corrected


@dataclasses.dataclass(frozen=True)
class _Mean:
    """The mean of a level's seeds, the variance of that mean, and its degrees of freedom."""

    value: float
    variance: float
    freedom: int

    @classmethod
    def of(cls, values: Values) -> "_Mean":
        require_finite(values=values)
        require_at_least(1, "number of values", len(values))
        variance = float(values.var(ddof=1)) / len(values) if has_spread(values) else 0.0
        return cls(float(values.mean()), variance, max(len(values) - 1, 1))


def _welch(first: _Mean, second: _Mean, factor: float) -> tuple[float, float, float]:
    """The first mean minus a factor times the second, its standard error, its degrees of freedom."""
    of_first, of_second = first.variance, factor**2 * second.variance
    variance = of_first + of_second
    in_freedom = of_first**2 / first.freedom + of_second**2 / second.freedom
    freedom = variance**2 / in_freedom if in_freedom else 0.0
    return first.value - factor * second.value, math.sqrt(variance), freedom


def _contrast(first: _Mean, second: _Mean, factor: float, null: float, confidence: float, count: int) -> Effect:
    """The first mean minus a factor times the second, against a null."""
    from scipy.special import stdtr, stdtrit  # Student's distribution; scipy.stats takes a hundred times as long

    value, error, freedom = _welch(first, second, factor)
    if not error > 0.0:
        return Effect(Estimate(value, value, value, "seeds", count), math.nan, math.nan)
    statistic = (value - null) / error
    half = float(stdtrit(freedom, 0.5 + confidence / 2.0)) * error
    return Effect(
        Estimate(value, value - half, value + half, "seeds", count),
        float(stdtr(freedom, -statistic)),
        float(stdtr(freedom, statistic)),
    )


def _ratio_interval(first: _Mean, second: _Mean, value: float, confidence: float) -> tuple[float, float]:
    """The ratios that Welch's test does not reject, around the one that it rejects least."""
    from scipy.optimize import brentq
    from scipy.special import stdtr

    tail = (1.0 - confidence) / 2.0
    if not _welch(first, second, 1.0)[1] > 0.0:
        return value, value

    def excess(ratio: float, side: float) -> float:
        """How much more probable than the tail the seeds are, if this were the ratio."""
        difference, error, freedom = _welch(first, second, ratio)
        if not error > 0.0:
            return -tail if side * difference > 0.0 else 1.0
        return float(stdtr(freedom, -side * difference / error)) - tail

    centre = min(value, _MOST_RATIO)
    low = 0.0
    if excess(0.0, 1.0) < 0.0:
        low = centre if excess(centre, 1.0) < 0.0 else float(brentq(excess, 0.0, centre, args=(1.0,)))
    high = math.inf
    if centre < _MOST_RATIO and excess(_MOST_RATIO, -1.0) < 0.0:
        high = centre if excess(centre, -1.0) < 0.0 else float(brentq(excess, centre, _MOST_RATIO, args=(-1.0,)))
    return (math.inf if low >= _MOST_RATIO else low), high


def _quotient(first: float, second: float) -> float:
    if second > 0.0:
        return first / second
    return math.inf if first > 0.0 else 1.0
