"""From results of probes to numbers by run and by depth: the one table behind every chart, CSV and JSON file."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from jaxtyping import Bool, Float

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
        samples: Finite values, or yes and no; samples in which the metric is undefined are left out.
        part: What of the agent or its task the number is about, where there are several: ``phi``, ``actor``, …
    """

    run: RunInfo
    metric: str
    evidence: str
    sample_unit: str
    samples: Float[np.ndarray, " samples"] | Bool[np.ndarray, " samples"]
    part: str = ""

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
        part: As in :class:`MetricSamples`.
        estimate: Aggregate over the runs of this depth, with its interval.
        runs: The agents.
        values: Each agent's number, in the same order.
    """

    label: str
    depths: tuple[int, int]
    metric: str
    evidence: str
    part: str
    estimate: Estimate
    runs: tuple[RunInfo, ...]
    values: tuple[float, ...]


def metric_samples(
    run: RunInfo,
    metric: str,
    evidence: str,
    sample_unit: str,
    samples: Float[np.ndarray, " samples"] | Bool[np.ndarray, " samples"],
    part: str = "",
) -> tuple[MetricSamples, ...]:
    """Keep what is defined: one entry, or none if the metric is undefined in every sample."""
    finite = samples[np.isfinite(samples)]
    return (MetricSamples(run, metric, evidence, sample_unit, finite, part),) if finite.size else ()


def summary_of(metric: str) -> Callable[..., np.ndarray | np.floating]:
    """How samples of a run become its number: the median for times to the goal, else the mean."""
    return np.median if metric == "time_to_goal" else np.mean


def estimate_by_depth(samples: Iterable[MetricSamples]) -> tuple[DepthEstimate, ...]:
    """Aggregate over the seeds of every depth, for each metric, kind of evidence and part.

    Returns:
        In the order of the definitions, then by evidence, by part as they come, and from shallow to deep.
    """
    groups: dict[tuple[str, str, str, str], list[MetricSamples]] = {}
    for entry in samples:
        groups.setdefault((entry.metric, entry.evidence, entry.part, entry.run.label), []).append(entry)
    metric_order = list(DEFINITIONS)
    part_order = list(dict.fromkeys(part for _, _, part, _ in groups))

    def place(e: DepthEstimate) -> tuple[object, ...]:
        return (metric_order.index(e.metric), e.evidence, part_order.index(e.part), *place_in_order(e.runs[0]))

    return tuple(sorted(map(_estimate, groups.values()), key=place))


def place_in_order(run: RunInfo) -> tuple[int, int, int, str]:
    """Sort key from shallow to deep, and within a depth from early to late checkpoints."""
    return (run.critic_depth, run.actor_depth, run.env_steps, run.label)


def depth_order(runs: Iterable[RunInfo]) -> tuple[str, ...]:
    """The labels of the runs, shallow to deep, each once."""
    return tuple(dict.fromkeys(run.label for run in sorted(runs, key=place_in_order)))


_PART_WORDS = {"phi": "φ", "psi": "ψ", "goal": "place", **{name: d.title.lower() for name, d in DEFINITIONS.items()}}


def titled(metric: str, part: str) -> str:
    """Name of a metric for people, with the part it is about."""
    return f"{DEFINITIONS[metric].title}, {_PART_WORDS.get(part, part)}" if part else DEFINITIONS[metric].title


# Samples that are as good as drawn independently, so that resampling them says how well one agent was measured.
# Blocks of a network, folds of a regression and other runs are parts of one measurement.
_RESAMPLED = ("episodes", "goals", "batches")


def _estimate(group: Sequence[MetricSamples]) -> DepthEstimate:
    group = sorted(group, key=lambda entry: entry.run.seed)
    first = group[0]
    within_run = summary_of(first.metric)
    if first.sample_unit == "runs":
        # Similarities between runs share their runs: neither they nor their seeds can be drawn one by one.
        value = float(np.mean([entry.value for entry in group]))
        estimate = Estimate(value, value, value, "comparison", 1)
    elif first.sample_unit in _RESAMPLED:
        estimate = estimate_over_seeds([entry.samples for entry in group], first.sample_unit, within_run)
    else:
        estimate = estimate_over_seeds([np.array([entry.value], np.float64) for entry in group], "run")
    return DepthEstimate(
        label=first.run.label,
        depths=(first.run.critic_depth, first.run.actor_depth),
        metric=first.metric,
        evidence=first.evidence,
        part=first.part,
        estimate=estimate,
        runs=tuple(entry.run for entry in group),
        values=tuple(entry.value for entry in group),
    )
