"""The numbers that a claim on depth rests on: of every seed of a depth, by the depths of actor and critic."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from crl_probe.metrics import DEFINITIONS
from crl_probe.metrics._checks import MetricError
from crl_probe.metrics.comparison import MINIMUM_SEEDS
from crl_probe.metrics.statistics import Estimate, estimate_over_seeds
from crl_probe.probes.samples import MetricSamples
from crl_probe.runs.factors import depth_words
from crl_probe.runs.run_info import RunInfo

Depths: TypeAlias = tuple[int, int]  # actor, critic
Samples: TypeAlias = Sequence[MetricSamples]
Groups: TypeAlias = Mapping[Depths, Samples]


@dataclasses.dataclass(frozen=True)
class Claim:
    """What a claim is about: one metric, measured on one kind of evidence.

    Attributes:
        key: Short name, for files.
        text: The claim in words.
        metric: The metric that it rests on.
        source: Of which evidence.
        effect_name: What the effect is, with its unit if it has one.
        unit: That follows a number, with a space before it.
        null: The effect's size if the claim does not hold.
        on_representation: Whether it says something of agents that have learned the task alone.
    """

    key: str
    text: str
    metric: str
    source: str
    effect_name: str
    unit: str = ""
    null: float = 0.0
    on_representation: bool = False

    @property
    def title(self) -> str:
        """The metric's name for people."""
        return DEFINITIONS[self.metric].title


def group_of(metric: str, source: str, samples: Samples, depths: Depths) -> Samples:
    """A metric of every seed of a depth, ordered by seed."""
    group = [
        entry
        for entry in samples
        if (entry.metric, entry.source, entry.part) == (metric, source, "") and depths_of(entry.run) == depths
    ]
    group.sort(key=lambda entry: entry.run.seed)
    for one, other in itertools.pairwise(group):
        if one.run.seed == other.run.seed:
            raise MetricError(
                f"seed {one.run.seed} appears twice at {label_of(depths)} ({one.run.name}, {other.run.name}): it "
                "would count as two seeds. Judge one checkpoint a run."
            )
    return group


def by_run(metric: str, samples: Samples, depths: Depths) -> dict[str, float]:
    """A number of the landscapes for each run of a depth that has it."""
    return {entry.run.name: entry.value for entry in group_of(metric, "grid", samples, depths)}


def qualified(groups: Groups) -> list[Depths]:
    """The depths that have enough seeds, from shallow to deep."""
    return [depths for depths, group in groups.items() if len(group) >= MINIMUM_SEEDS]


def success_of(samples: Samples, depths: Depths) -> Estimate | None:
    """Success rate at a depth with its interval; None where it was not measured."""
    group = group_of("success_rate", "on-policy", samples, depths)
    return estimate_over_seeds([entry.samples for entry in group], "episodes") if group else None


def depths_of(run: RunInfo) -> Depths:
    """Actor depth and critic depth of a run."""
    return run.actor_depth, run.critic_depth


def all_depths(samples: Samples) -> list[Depths]:
    """Every pair of depths, in order."""
    return sorted({depths_of(entry.run) for entry in samples})


def equal_depths(samples: Samples) -> list[Depths]:
    """Those whose actor and critic are equally deep."""
    return [depths for depths in all_depths(samples) if depths[0] == depths[1]]


def values_of(group: Samples) -> Float[np.ndarray, " seeds"]:
    """One number for each seed."""
    return np.array([entry.value for entry in group])


def label_of(depths: Depths) -> str:
    """The depths in words."""
    return depth_words(*depths)
