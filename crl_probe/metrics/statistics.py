"""Aggregates with their uncertainty. The unit of replication is the seed.

Several seeds: interquartile mean and a bootstrap over seeds. One seed: mean and a bootstrap over that run's
own samples (episodes or goals), which says how well this one agent was measured and nothing about training again.
Every :class:`Estimate` carries which of the two it is.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Shaped

from crl_probe.metrics._checks import require_at_least, require_finite

RESAMPLES = 2_000
CONFIDENCE = 0.95
_BOOTSTRAP_SEED = 20_250_301
_MINIMUM_FOR_TRIMMING = 4


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number with its interval, and what was resampled to get it.

    Attributes:
        value: The aggregate.
        low: Lower end of the interval; equal to ``value`` where nothing could be resampled.
        high: Upper end of the interval.
        unit: What was resampled: ``seeds``, or the samples inside the only run, such as ``episodes``.
        count: How many of them there were.
    """

    value: float
    low: float
    high: float
    unit: str
    count: int


def interquartile_mean(values: Shaped[np.ndarray, "*batch n"]) -> Shaped[np.ndarray, "*batch"]:
    """Mean of the middle half along the last axis; the plain mean for fewer than 4 values.

    A quarter of the values, rounded down, is left out at either end.

    Args:
        values: Samples along the last axis. (..., n), n >= 1.

    Returns:
        The aggregate, one axis fewer.

    Raises:
        ValueError: If a value is not finite or the last axis is empty.

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


def bootstrap_interval(
    values: Float[np.ndarray, " n"],
    statistic: Callable[[np.ndarray], np.ndarray] = interquartile_mean,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """Percentile bootstrap interval of a statistic, with a fixed generator so that a report never flickers.

    With very few values the interval is too narrow: three seeds cannot say how unusual a fourth would be.

    Args:
        values: Independent samples. (n,)
        statistic: Aggregates along the last axis of (resamples, n).
        resamples: How many times to draw n values with replacement.
        confidence: Share of resampled statistics inside the interval, in (0, 1).

    Returns:
        Lower and upper end.

    Raises:
        ValueError: If a value is not finite or there is none.

    Source: Efron 1979; settings of Agarwal et al. 2021, arXiv 2108.13264.
    """
    require_finite(values=values)
    require_at_least(1, "number of values", len(values))
    generator = np.random.default_rng(_BOOTSTRAP_SEED)
    drawn = values[generator.integers(len(values), size=(resamples, len(values)))]
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(statistic(drawn), [tail, 1.0 - tail])
    return float(low), float(high)


def estimate_over_seeds(
    samples_by_seed: Sequence[Float[np.ndarray, " _"]],
    sample_unit: str,
    within_run: Callable[..., np.ndarray | np.floating] = np.mean,
) -> Estimate:
    """Aggregate one metric over the runs that differ only in their seed.

    Each run counts once, by the summary of its samples. With a single run the interval is over its samples.

    Args:
        samples_by_seed: For each run its per-episode or per-goal values; each at least one, finite.
        sample_unit: What a sample is, in plural, such as ``episodes``.
        within_run: Summarises one run's samples along an ``axis``: ``np.mean`` or ``np.median``.

    Returns:
        The estimate; ``unit`` tells which of the two intervals it has.

    Raises:
        ValueError: If there is no run, a run has no sample, or a sample is not finite.

    Source: Agarwal et al. 2021, arXiv 2108.13264; the case of one seed is ours.
    """
    require_at_least(1, "number of runs", len(samples_by_seed))
    if len(samples_by_seed) == 1:
        samples = samples_by_seed[0]
        low, high = bootstrap_interval(samples, lambda drawn: np.asarray(within_run(drawn, axis=-1)))
        return Estimate(float(within_run(samples)), low, high, sample_unit, len(samples))
    for samples in samples_by_seed:
        require_at_least(1, "number of samples in a run", len(samples))
    by_seed = np.array([float(within_run(samples)) for samples in samples_by_seed])
    low, high = bootstrap_interval(by_seed)
    return Estimate(float(interquartile_mean(by_seed)), low, high, "seeds", len(by_seed))
