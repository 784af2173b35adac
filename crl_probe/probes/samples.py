"""What a probe says of each agent: one metric, with the samples that it was averaged over."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe.metrics import MetricError
from crl_probe.runs.run_info import RunInfo


@dataclasses.dataclass(frozen=True, repr=False)
class MetricSamples:
    """One metric of one agent, with what it was averaged over.

    Attributes:
        run: The agent.
        metric: Name of the metric, as in ``crl_probe.metrics``.
        evidence: ``on-policy``, ``shared`` or ``grid``.
        sample_unit: What a sample is, in plural: ``episodes`` or ``goals``.
        samples: Finite values, or yes and no; samples in which the metric is undefined are left out.
        part: What of the agent or its task the number is about, where there are several: ``phi``, ``actor``, …
        index: Which of the goals, episodes or other units each sample is, from 0; None where they are all there.
    """

    run: RunInfo
    metric: str
    evidence: str
    sample_unit: str
    samples: Float[np.ndarray, " samples"] | Bool[np.ndarray, " samples"]
    part: str = ""
    index: Int[np.ndarray, " samples"] | None = None

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
    evidence: str,
    sample_unit: str,
    samples: Float[np.ndarray, " samples"] | Bool[np.ndarray, " samples"],
    part: str = "",
) -> tuple[MetricSamples, ...]:
    """Keep what is defined: one entry, or none if the metric is undefined in every sample."""
    index = np.flatnonzero(np.isfinite(samples))
    if not index.size:
        return ()
    return (MetricSamples(run, metric, evidence, sample_unit, samples[index], part, index),)


def summary_of(metric: str) -> Callable[..., np.ndarray | np.floating]:
    """How samples of a run become its number: the median for times to the goal, else the mean."""
    return np.median if metric == "time_to_goal" else np.mean


def or_nan(metric: Callable[..., float], *arguments: object) -> float:
    """``metric(*arguments)``, or NaN where the metric refuses them.

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
