"""Aggregates with their uncertainty. The unit of replication is the seed.

Several seeds: interquartile mean and a bootstrap over seeds. One seed: mean and an interval over that run's
own samples (episodes or goals). That interval says how well this one agent was measured, and nothing about the result
of training again. The ``unit`` of an :class:`Estimate` says which of the two it has.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Shaped

from crl_probe.metrics._checks import array_likes, require_at_least, require_finite

RESAMPLES = 10_000
CONFIDENCE = 0.95
POOLED: Final = "pooled "
"""What the unit of an interval begins with that is over the samples of all seeds together."""
_BOOTSTRAP_SEED = 20_250_301
_MINIMUM_FOR_TRIMMING = 4


@dataclasses.dataclass(frozen=True, repr=False)
class Estimate:
    """A number with its interval, and what was resampled to get it.

    Attributes:
        value: The aggregate.
        low: Lower end of the interval; equal to ``value`` if there was nothing to resample.
        high: Upper end of the interval.
        unit: What was resampled: ``seeds``, or the samples of the only run, such as ``episodes``.
        count: The number of them.
    """

    value: float
    low: float
    high: float
    unit: str
    count: int

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"

    def __repr__(self) -> str:
        return f"Estimate({self} over {self.count} {self.unit})"


@array_likes
def performance_profile(
    values: Float[np.ndarray, " runs"], thresholds: Float[np.ndarray, " thresholds"]
) -> Float[np.ndarray, " thresholds"]:
    """Share of runs whose number is above each threshold.

    Args:
        values: One number a run. (runs,)
        thresholds: (thresholds,)

    Returns:
        Shares in [0, 1], falling with the threshold. (thresholds,)

    Raises:
        MetricError: If there is no value, or one is not finite.

    Example:
        >>> performance_profile([0.2, 0.5, 0.9], [0.0, 0.5, 1.0]).round(3).tolist()
        [1.0, 0.333, 0.0]

    Source: run-score distributions of Agarwal et al. 2021, arXiv 2108.13264, section 4.2.
    """
    require_at_least(1, "number of values", len(values))
    require_finite(values=values, thresholds=thresholds)
    return np.asarray((values[:, None] > thresholds).mean(axis=0))


@array_likes
def optimality_gap(values: Float[np.ndarray, " runs"], target: float = 1.0) -> float:
    """How far runs are below a target on average; what is above it counts as the target.

    Args:
        values: One number a run. (runs,)
        target: The number that is good enough, such as a success rate of 1.

    Returns:
        ``target`` minus the mean of the capped values, >= 0.

    Raises:
        MetricError: If there is no value, or one is not finite.

    Example:
        >>> optimality_gap([0.5, 1.5])
        0.25

    Source: Agarwal et al. 2021, arXiv 2108.13264.
    """
    require_at_least(1, "number of values", len(values))
    require_finite(values=values, target=target)
    return float(target - np.minimum(values, target).mean())


@array_likes
def interquartile_mean(values: Shaped[np.ndarray, "*batch n"]) -> Shaped[np.ndarray, "*batch"]:
    """Mean of the middle half along the last axis; the plain mean for fewer than 4 values.

    The lowest and the highest quarter of the values, rounded down, are left out.

    Args:
        values: Samples along the last axis. (..., n), n >= 1.

    Returns:
        The aggregate, one axis fewer.

    Raises:
        MetricError: If a value is not finite or the last axis is empty.

    Example:
        >>> float(interquartile_mean(np.array([100.0, 1.0, 2.0, -100.0])))
        1.5

    Source: Agarwal et al. 2021, arXiv 2108.13264.
    """
    require_finite(values=values)
    count = values.shape[-1]
    require_at_least(1, "number of values", count)
    if count < _MINIMUM_FOR_TRIMMING:
        return np.asarray(values.mean(axis=-1))
    cut = count // 4
    return np.asarray(np.sort(values, axis=-1)[..., cut : count - cut].mean(axis=-1))


def stratified_resamples(
    strata: Sequence[Float[np.ndarray, " _"]], resamples: int = RESAMPLES
) -> list[Float[np.ndarray, "resamples _"]]:
    """Draw with replacement inside each stratum, independently of the others.

    A stratum is one depth and its values are seeds: every resample has as many seeds of a depth as the original. The
    seed of the generator is fixed, so that the same runs always give the same interval.

    Args:
        strata: Values of each stratum. (n,), n >= 1; n may differ.
        resamples: How many times to draw.

    Returns:
        For each stratum its resamples, one a row. (resamples, n)

    Raises:
        MetricError: If a stratum is empty or holds a value that is not finite.

    Example:
        >>> [drawn.shape for drawn in stratified_resamples([np.zeros(3), np.ones(5)], resamples=100)]
        [(100, 3), (100, 5)]

    Source: Agarwal et al. 2021, arXiv 2108.13264.
    """
    generator = np.random.default_rng(_BOOTSTRAP_SEED)
    drawn = []
    for values in strata:
        require_finite(values=values)
        require_at_least(1, "number of values", len(values))
        drawn.append(values[generator.integers(len(values), size=(resamples, len(values)))])
    return drawn


def percentile_interval(
    resampled: Float[np.ndarray, " resamples"], confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """The middle of a statistic's resampled values: a tail of (1 - confidence) / 2 is left out at either end.

    Args:
        resampled: The statistic of every resample. (resamples,)
        confidence: Share of them inside the interval, in (0, 1).

    Returns:
        Lower and upper end.

    Source: Efron 1979.
    """
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(resampled, [tail, 1.0 - tail])
    return float(low), float(high)


@array_likes
def bootstrap_interval(
    values: Float[np.ndarray, " n"],
    statistic: Callable[[np.ndarray], np.ndarray] = interquartile_mean,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """Percentile bootstrap interval of a statistic.

    With very few values the interval is too narrow: three seeds say little about how different a fourth could be.

    Args:
        values: Independent samples. (n,)
        statistic: Aggregates along the last axis of (resamples, n).
        resamples: How many times to draw n values with replacement.
        confidence: Share of resampled statistics inside the interval, in (0, 1).

    Returns:
        Lower and upper end.

    Raises:
        MetricError: If a value is not finite or there is none.

    Example:
        >>> bootstrap_interval(np.array([2.0, 2.0, 2.0]))
        (2.0, 2.0)

    Source: Efron 1979; settings of Agarwal et al. 2021, arXiv 2108.13264.
    """
    (drawn,) = stratified_resamples([values], resamples)
    return percentile_interval(statistic(drawn), confidence)


def aggregate_over_seeds(by_seed: Float[np.ndarray, " seeds"]) -> Estimate:
    """Interquartile mean over seeds with its bootstrap interval.

    Args:
        by_seed: One number for each seed. (seeds,)

    Returns:
        The estimate; with a single seed the interval has no width, because there is nothing to resample.

    Raises:
        MetricError: If a value is not finite or there is none.

    Example:
        >>> estimate = aggregate_over_seeds(np.array([1.0, 2.0, 6.0]))
        >>> estimate.value, estimate.low, estimate.high
        (3.0, 1.0, 6.0)

    Source: Agarwal et al. 2021, arXiv 2108.13264.
    """
    low, high = bootstrap_interval(by_seed)
    return Estimate(float(interquartile_mean(by_seed)), low, high, "seeds", len(by_seed))


@array_likes
def estimate_over_seeds(
    samples_by_seed: Sequence[Float[np.ndarray, " _"] | Bool[np.ndarray, " _"]],
    sample_unit: str,
    within_run: Callable[..., np.ndarray | np.floating] = np.mean,
) -> Estimate:
    """Aggregate one metric over the runs that differ only in their seed.

    Each run counts once, by the summary of its samples. With a single run the interval is over its samples: a
    bootstrap, or Wilson's score interval for the mean of booleans, because a bootstrap over 20 episodes without a
    success would claim that success is impossible. For the same reason several runs that all always or never succeed
    have Wilson's interval over all of their samples, of which the unit says that they are ``pooled``.

    Args:
        samples_by_seed: For each run its values by episode or by goal, at least one, all finite. Yes-or-no samples,
            such as the success of an episode, are of dtype bool.
        sample_unit: What a sample is, in plural, such as ``episodes``.
        within_run: Summarises one run's samples along an ``axis``: ``np.mean`` or ``np.median``.

    Returns:
        The estimate; its ``unit`` says which of the two intervals it has.

    Raises:
        MetricError: If there is no run, a run has no sample, or a sample is not finite.

    Example:
        >>> never = estimate_over_seeds([np.zeros(20, dtype=bool)], "episodes")
        >>> never.value, never.low, round(never.high, 3), never.unit, never.count
        (0.0, 0.0, 0.161, 'episodes', 20)

    Source: Agarwal et al. 2021, arXiv 2108.13264; Wilson 1927; the case of one seed is ours.
    """
    require_at_least(1, "number of runs", len(samples_by_seed))
    for samples in samples_by_seed:
        require_at_least(1, "number of samples in a run", len(samples))
    if len(samples_by_seed) > 1:
        by_seed = np.array([float(within_run(samples)) for samples in samples_by_seed])
        pooled = np.concatenate(samples_by_seed)
        if pooled.dtype == np.bool_ and (pooled.all() or not pooled.any()):
            # Every resample would be "never" or "always" too, and the interval would have no width.
            return Estimate(float(by_seed[0]), *_wilson_interval(pooled), f"{POOLED}{sample_unit}", len(pooled))
        return aggregate_over_seeds(by_seed)
    (samples,) = samples_by_seed
    if samples.dtype == np.bool_ and within_run is np.mean:
        low, high = _wilson_interval(samples)
    else:
        low, high = bootstrap_interval(samples.astype(np.float64), lambda drawn: np.asarray(within_run(drawn, axis=-1)))
    return Estimate(float(within_run(samples)), low, high, sample_unit, len(samples))


def _wilson_interval(successes: Bool[np.ndarray, " n"]) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(int(successes.sum()), len(successes)).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)
