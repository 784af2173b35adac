"""Does the agent reach the goals it is told to reach, and does it stay?"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Integer

from crl_probe import metrics
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.probes.samples import MetricSamples, metric_samples
from crl_probe.runs.run_info import RunInfo

if TYPE_CHECKING:
    from crl_probe.runs.loading import LoadedRun


@dataclasses.dataclass(frozen=True)
class SuccessSettings:
    """Settings of the probe: which episodes are rolled out."""

    evidence: EvidenceSettings = dataclasses.field(default_factory=EvidenceSettings)


@dataclasses.dataclass(frozen=True)
class SuccessResult:
    """Outcome of every on-policy episode of every run.

    Attributes:
        runs: The agents.
        tolerance: Distance below which a goal counts as reached, environment's unit.
        episode_length: Steps of an episode.
        steps_at_goal: Steps within tolerance. (runs, episodes)
        first_arrival: Steps taken when the goal is first reached, 0 if never. (runs, episodes)
        final_distance: Distance after the last step, environment's unit. (runs, episodes)
    """

    runs: tuple[RunInfo, ...]
    tolerance: float
    episode_length: int
    steps_at_goal: Integer[np.ndarray, "runs episodes"]
    first_arrival: Integer[np.ndarray, "runs episodes"]
    final_distance: Float[np.ndarray, "runs episodes"]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every success metric of every run, by episode."""
        entries: list[MetricSamples] = []
        for i, run in enumerate(self.runs):
            arrival, at_goal = self.first_arrival[i], self.steps_at_goal[i]
            by_episode = {
                "success_rate": arrival > 0,
                "final_success_rate": self.final_distance[i] < self.tolerance,
                "time_at_goal": at_goal,
                "time_at_goal_share": at_goal / self.episode_length,
                "time_to_goal": np.where(arrival > 0, arrival, np.nan),
                "final_distance": self.final_distance[i],
            }
            for name, values in by_episode.items():
                # Yes and no stay that: their interval is another one.
                kept = values if values.dtype == bool else values.astype(np.float64)
                entries += metric_samples(run, name, "on-policy", "episodes", kept)
        return tuple(entries)


def run(
    loaded_runs: Sequence["LoadedRun"],
    settings: SuccessSettings,
    rng: np.random.Generator,
    *,
    evidence: Evidence | None = None,
) -> SuccessResult:
    """Roll out every agent on the same starts and goals and record what came of each episode.

    Args:
        loaded_runs: Agents of one environment.
        settings: Which episodes.
        rng: Not used: the evidence has a seed of its own, so that all probes see the same episodes.
        evidence: Recordings made already; None makes them.
    """
    evidence = evidence or Evidence(loaded_runs, settings.evidence)
    records = evidence.episodes
    tolerance = records[0].tolerance
    return SuccessResult(
        runs=evidence.infos,
        tolerance=tolerance,
        episode_length=int(records[0].distances.shape[1]),
        steps_at_goal=np.stack([metrics.steps_at_goal(record.distances, tolerance) for record in records]),
        first_arrival=np.stack([metrics.first_arrival(record.distances, tolerance) for record in records]),
        final_distance=np.stack([record.distances[:, -1] for record in records]),
    )
