"""Does the agent reach its commanded goals, and does it stay there?"""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Integer

from crl_probe import metrics
from crl_probe.metrics.definitions import names_of
from crl_probe.probes.declaration import NumberTable, Probe
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples
from crl_probe.runs.run_info import RunInfo

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence


@dataclasses.dataclass(frozen=True)
class SuccessSettings:
    """The probe has no settings."""


@dataclasses.dataclass(frozen=True, repr=False)
class SuccessResult(ProbeResult):
    """Outcome of every on-policy episode of every run.

    Attributes:
        runs: The agents.
        episode_length: Steps of an episode, unless the environment ends it earlier.
        steps_at_goal: Number of steps at the goal. (runs, episodes)
        first_arrival: Steps until the goal is first reached, 0 if never. (runs, episodes)
        is_at_goal_finally: Whether the agent is at the goal after the last active step. (runs, episodes)
        final_distance: Distance after the last active step, environment's unit. (runs, episodes)
    """

    runs: tuple[RunInfo, ...]
    episode_length: int
    steps_at_goal: Integer[np.ndarray, "runs episodes"]
    first_arrival: Integer[np.ndarray, "runs episodes"]
    is_at_goal_finally: Bool[np.ndarray, "runs episodes"]
    final_distance: Float[np.ndarray, "runs episodes"]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every success metric of every run, by episode."""
        entries: list[MetricSamples] = []
        for i, run in enumerate(self.runs):
            arrival, at_goal = self.first_arrival[i], self.steps_at_goal[i]
            by_episode = {
                "success_rate": arrival > 0,
                "final_success_rate": self.is_at_goal_finally[i],
                "time_at_goal": at_goal,
                "time_at_goal_share": at_goal / self.episode_length,
                "time_to_goal": np.where(arrival > 0, arrival, np.nan),
                "final_distance": self.final_distance[i],
            }
            for name, values in by_episode.items():
                # Booleans stay booleans, because their interval is Wilson's.
                samples = values if values.dtype == bool else values.astype(np.float64)
                entries += metric_samples(run, name, "on-policy", "episodes", samples)
        return tuple(entries)


def run(evidence: "Evidence", settings: SuccessSettings, rng: np.random.Generator) -> SuccessResult:
    """Roll out every agent from the same starts to the same goals, and record the outcome of each episode.

    Args:
        evidence: The agents and their records.
        settings: There are none.
        rng: Not used: the evidence has its own seed, so that all probes use the same episodes.
    """
    records = evidence.episodes
    outcomes = [{"reached": record.reached, "active": record.active} for record in records]
    last = [(np.arange(len(record.active)), record.steps_taken - 1) for record in records]
    of_each = list(zip(records, outcomes, strict=True))
    return SuccessResult(
        runs=evidence.infos,
        episode_length=int(records[0].distances.shape[1]),
        steps_at_goal=np.stack([metrics.steps_at_goal(r.distances, None, **outcome) for r, outcome in of_each]),
        first_arrival=np.stack([metrics.first_arrival(r.distances, None, **outcome) for r, outcome in of_each]),
        is_at_goal_finally=np.stack([r.reached[at] for r, at in zip(records, last, strict=True)]),
        final_distance=np.stack([r.distances[at] for r, at in zip(records, last, strict=True)]),
    )


PROBE = Probe(
    name="success",
    order=10,
    command="success",
    title="Performance",
    help="How often agents reach the goal, and for how long they stay.",
    settings=SuccessSettings,
    result=SuccessResult,
    run=run,
    metrics=names_of("success"),
    records=("episodes",),
    before_training=True,
    reading=lambda result: (
        f"Each agent acts without noise on the same {result.first_arrival.shape[1]} starts and goals for "
        f"{result.episode_length} steps; a large marker is the aggregate with its 95 % interval, a small dot is one "
        "seed."
    ),
    finding=lambda found: found.ends("time_at_goal", "on-policy", "Agents spend {} steps of an episode at their goal"),
    charts=("success_rate", "time_at_goal", "time_to_goal", "final_distance"),
    tables=(
        NumberTable(
            ("success_rate", "final_success_rate", "time_at_goal", "time_to_goal", "final_distance"), "on-policy"
        ),
    ),
    page="crl_probe.render.page.panels:performance",
    paper="crl_probe.render.paper.figures:success_figure",
)
