"""From results of probes to numbers by run and by depth: the one table behind every chart, CSV and JSON file."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from jaxtyping import Float

from crl_probe.metrics import DEFINITIONS, Estimate, estimate_over_seeds
from crl_probe.results import RunInfo


@dataclasses.dataclass(frozen=True)
class MetricSamples:
    """One metric of one agent, with what it was averaged over.

    Attributes:
        run: The agent.
        metric: Name of the metric, as in ``crl_probe.metrics``.
        evidence: ``on-policy``, ``shared`` or ``grid``.
        sample_unit: What a sample is, in plural: ``episodes`` or ``goals``.
        samples: Finite values; samples in which the metric is undefined are left out.
    """

    run: RunInfo
    metric: str
    evidence: str
    sample_unit: str
    samples: Float[np.ndarray, " samples"]

    @property
    def value(self) -> float:
        """The agent's number."""
        return float(summary_of(self.metric)(self.samples))


@dataclasses.dataclass(frozen=True)
class DepthEstimate:
    """One metric at one depth.

    Attributes:
        label: Depth in words.
        depths: (critic depth, actor depth), the order of tables.
        metric: Name of the metric.
        evidence: As in :class:`MetricSamples`.
        estimate: Aggregate over the runs of this depth, with its interval.
        runs: The agents.
        values: Each agent's number, in the same order.
    """

    label: str
    depths: tuple[int, int]
    metric: str
    evidence: str
    estimate: Estimate
    runs: tuple[RunInfo, ...]
    values: tuple[float, ...]


def metric_samples(
    run: RunInfo, metric: str, evidence: str, sample_unit: str, samples: Float[np.ndarray, " samples"]
) -> tuple[MetricSamples, ...]:
    """Keep what is defined: one entry, or none if the metric is undefined in every sample."""
    finite = np.asarray(samples, dtype=np.float64)[np.isfinite(samples)]
    return (MetricSamples(run, metric, evidence, sample_unit, finite),) if finite.size else ()


def summary_of(metric: str) -> Callable[..., np.ndarray | np.floating]:
    """How samples of a run become its number: the median for times to the goal, else the mean."""
    return np.median if metric == "time_to_goal" else np.mean


def estimate_by_depth(samples: Iterable[MetricSamples]) -> tuple[DepthEstimate, ...]:
    """Aggregate over the seeds of every depth, for each metric and kind of evidence.

    Returns:
        In the order of the definitions, then by evidence, then shallow to deep.
    """
    groups: dict[tuple[str, str, str], list[MetricSamples]] = {}
    for entry in samples:
        groups.setdefault((entry.metric, entry.evidence, entry.run.label), []).append(entry)
    estimates = [_estimate(group) for group in groups.values()]
    metric_order = list(DEFINITIONS)
    return tuple(sorted(estimates, key=lambda e: (metric_order.index(e.metric), e.evidence, e.depths, e.label)))


def depth_order(runs: Iterable[RunInfo]) -> tuple[str, ...]:
    """The labels of the runs, shallow to deep, each once."""
    depths = {run.label: (run.critic_depth, run.actor_depth) for run in runs}
    return tuple(sorted(depths, key=lambda label: (depths[label], label)))


def _estimate(group: Sequence[MetricSamples]) -> DepthEstimate:
    group = sorted(group, key=lambda entry: entry.run.seed)
    first = group[0]
    estimate = estimate_over_seeds(
        [entry.samples for entry in group], first.sample_unit, within_run=summary_of(first.metric)
    )
    return DepthEstimate(
        label=first.run.label,
        depths=(first.run.critic_depth, first.run.actor_depth),
        metric=first.metric,
        evidence=first.evidence,
        estimate=estimate,
        runs=tuple(entry.run for entry in group),
        values=tuple(entry.value for entry in group),
    )
