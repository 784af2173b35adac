"""From results of probes to numbers by run and by depth: the one table behind every chart, CSV and JSON file."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from crl_probe.metrics import DEFINITIONS, Effect, Estimate, estimate_over_seeds, mean_difference
from crl_probe.probes.samples import MetricSamples, summary_of
from crl_probe.runs.run_info import RunInfo, place_in_order
from crl_probe.summary.numbers import format_estimate, number_format


@dataclasses.dataclass(frozen=True)
class LevelEstimate:
    """One metric at one depth.

    Attributes:
        label: Depth in words.
        depths: (critic depth, actor depth), the order of tables.
        metric: Name of the metric.
        source: As in :class:`MetricSamples`.
        part: As in :class:`MetricSamples`.
        estimate: Aggregate over the runs of this depth, with its interval.
        runs: The agents.
        values: Each agent's number, in the same order.
    """

    label: str
    depths: tuple[int, int]
    metric: str
    source: str
    part: str
    estimate: Estimate
    runs: tuple[RunInfo, ...]
    values: tuple[float, ...]


def estimate_by_level(samples: Iterable[MetricSamples]) -> tuple[LevelEstimate, ...]:
    """Aggregate over the seeds of every depth, for each metric, source and part.

    Returns:
        In the order of the definitions, then by source, by part as they come, and from shallow to deep.
    """
    groups: dict[tuple[str, str, str, str], list[MetricSamples]] = {}
    for entry in samples:
        groups.setdefault((entry.metric, entry.source, entry.part, entry.run.label), []).append(entry)
    metric_order = list(DEFINITIONS)
    part_order = list(dict.fromkeys(part for _, _, part, _ in groups))

    def place(e: LevelEstimate) -> tuple[object, ...]:
        return (metric_order.index(e.metric), e.source, part_order.index(e.part), *place_in_order(e.runs[0]))

    return tuple(sorted(map(_estimate, groups.values()), key=place))


PART_WORDS: Final = {
    "phi": "φ",
    "psi": "ψ",
    "goal": "achieved goal",
    **{name: definition.title.lower() for name, definition in DEFINITIONS.items()},
}
"""Parts as people read them; what is not here is its own word."""


def titled(metric: str, part: str) -> str:
    """Name of a metric for people, with the part it is about."""
    return f"{DEFINITIONS[metric].title}, {PART_WORDS.get(part, part)}" if part else DEFINITIONS[metric].title


def estimate_text(entry: LevelEstimate, column: Iterable[LevelEstimate] = ()) -> str:
    """An aggregate with its interval, as people read it.

    Args:
        entry: The aggregate.
        column: Others of the same metric that it stands below, and shares its decimals with.
    """
    share = DEFINITIONS[entry.metric].is_share
    return format_estimate(entry.estimate, share=share, column=[other.estimate for other in column])


def level_difference(first: LevelEstimate, second: LevelEstimate) -> Effect:
    """The first level's mean over seeds minus the second's, and Welch's test of it."""
    return mean_difference(np.array(first.values, np.float64), np.array(second.values, np.float64))


def difference_text(first: LevelEstimate, second: LevelEstimate) -> str:
    """The difference of two levels' means with its interval, as people read it."""
    estimate = level_difference(first, second).estimate
    return number_format([estimate], share=DEFINITIONS[first.metric].is_share).over_seeds(estimate)


# Samples that are as good as drawn independently, so that resampling them says how well one agent was measured.
# Blocks of a network, folds of a regression and other runs are parts of one measurement.
_RESAMPLED = ("episodes", "goals", "batches")


def _estimate(group: Sequence[MetricSamples]) -> LevelEstimate:
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
    return LevelEstimate(
        label=first.run.label,
        depths=(first.run.critic_depth, first.run.actor_depth),
        metric=first.metric,
        source=first.source,
        part=first.part,
        estimate=estimate,
        runs=tuple(entry.run for entry in group),
        values=tuple(entry.value for entry in group),
    )
