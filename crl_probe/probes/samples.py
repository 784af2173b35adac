"""The numbers of a probe: one metric of one agent, with the samples that it is averaged over."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe.metrics import DEFINITIONS, MetricError
from crl_probe.runs.run_info import RunInfo


@dataclasses.dataclass(frozen=True, repr=False)
class MetricSamples:
    """One metric of one agent, with the samples that it is averaged over.

    Attributes:
        run: The agent.
        metric: Name of the metric, as in ``crl_probe.metrics``.
        source: ``on-policy``, ``shared`` or ``grid``; ``shared-own`` and ``shared-others`` are the points of the shared
            set that the agent's own episodes gave, and as many of the others.
        sample_unit: What a sample is, in plural, such as ``episodes`` or ``goals``.
        samples: Finite values, or booleans; samples for which the metric is undefined are left out.
        part: The part of the agent or its task that the number is about, if there are several: ``phi``, ``actor``, …
        index: Which of the goals, episodes or other units each sample is, from 0; None if all of them are there.
        num_units: How many of them there are, those included for which the metric is undefined; 0 if not known.
    """

    run: RunInfo
    metric: str
    source: str
    sample_unit: str
    samples: Float[np.ndarray, " samples"] | Bool[np.ndarray, " samples"]
    part: str = ""
    index: Int[np.ndarray, " samples"] | None = None
    num_units: int = 0

    def __repr__(self) -> str:
        named = f"{self.metric} of {self.run.name!r}"
        return f"MetricSamples({named}: {self.value:.3g} over {len(self.samples)} {self.sample_unit})"

    @property
    def value(self) -> float:
        """The agent's number."""
        return float(summary_of(self.metric)(self.samples))


def metric_samples(
    run: RunInfo,
    metric: str,
    source: str,
    sample_unit: str,
    samples: Float[np.ndarray, " samples"] | Bool[np.ndarray, " samples"],
    part: str = "",
) -> tuple[MetricSamples, ...]:
    """One entry with the samples for which the metric is defined; none if there are no such samples."""
    index = np.flatnonzero(np.isfinite(samples))
    if not index.size:
        return ()
    return (MetricSamples(run, metric, source, sample_unit, samples[index], part, index, len(samples)),)


def summary_of(metric: str) -> Callable[..., np.ndarray | np.floating]:
    """How samples of a run become its number: their mean, or their median where the definition says so."""
    return np.median if DEFINITIONS[metric].summary == "median" else np.mean


def or_nan(metric: Callable[..., float], *arguments: object) -> float:
    """``metric(*arguments)``, or NaN if the metric is undefined for them.

    Example:
        >>> import numpy as np
        >>> from crl_probe import metrics
        >>> or_nan(metrics.effective_rank, np.zeros((5, 2)))
        nan
    """
    try:
        return metric(*arguments)
    except MetricError:
        return float("nan")
