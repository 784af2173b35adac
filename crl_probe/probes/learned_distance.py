"""Whether the critic's energy makes a distance between places: the triangle inequality, and the way back."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from crl_probe import metrics
from crl_probe.evidence.places import achieved_goals, floor_of, without_floor
from crl_probe.metrics.definitions import names_of
from crl_probe.probes.declaration import NumberTable, Probe
from crl_probe.probes.q_landscape import landscapes
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs.agent import Agent
from crl_probe.runs.run_info import RunInfo
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

_SCORES = {"triangle_violation": metrics.triangle_violation, "asymmetry": metrics.asymmetry}
_GRID = 25  # cells along the long side that places are drawn from


@dataclasses.dataclass(frozen=True)
class LearnedDistanceSettings:
    """Settings of the probe.

    Attributes:
        places: Places that distances are between; fewer where the floor has fewer cells.
    """

    places: int = 40

    def __post_init__(self) -> None:
        if self.places < 3:
            raise ConfigError(f"places={self.places} is not usable: a triangle has 3. Use 40.")


@dataclasses.dataclass(frozen=True, repr=False)
class LearnedDistanceResult(ProbeResult):
    """Learned distances between places.

    Attributes:
        runs: The agents.
        places: The same for every agent. (places, 2), metres.
        distances: From each place (row) to each (column): the energy of the goal there minus that at the row's place.
            (runs, places, places)
    """

    runs: tuple[RunInfo, ...]
    places: Float[np.ndarray, "places 2"]
    distances: Float[np.ndarray, "runs places places"]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Both numbers of every run."""
        return tuple(
            entry
            for name, score in _SCORES.items()
            for run, table in zip(self.runs, self.distances, strict=True)
            for entry in metric_samples(run, name, "grid", "tables", np.array([or_nan(score, table)]))
        )


def run(evidence: "Evidence", settings: LearnedDistanceSettings, rng: np.random.Generator) -> LearnedDistanceResult:
    """Evaluate every critic from each of some places to the goal at each other one.

    Args:
        evidence: The agents.
        settings: How many places.
        rng: Draws the places, the same for every agent.
    """
    _, places, states = floor_of(evidence.env, _GRID)
    drawn = np.sort(rng.choice(len(places), size=min(settings.places, len(places)), replace=False))
    goals = achieved_goals(evidence.env, states[drawn])
    tables = evidence.of_each_run(f"distances of {len(drawn)} places", _distances, states[drawn], goals)
    return LearnedDistanceResult(evidence.infos, np.asarray(places[drawn], np.float64), np.stack(tables))


def _distances(
    agent: Agent, states: Float[np.ndarray, "places state_dim"], goals: Float[np.ndarray, "places goal_dim"]
) -> Float[np.ndarray, "places places"]:
    energies = landscapes(agent, states, goals).astype(np.float64)  # (goals, places)
    # Of being there and of being elsewhere: a constant of the goal says nothing about a way.
    return (np.diagonal(energies)[:, None] - energies).T


PROBE = Probe(
    name="learned_distance",
    order=35,
    command="distance",
    title="Learned distance",
    help="Does the energy behave like a distance between places?",
    settings=LearnedDistanceSettings,
    result=LearnedDistanceResult,
    run=run,
    metrics=names_of("distance"),
    environment=without_floor,
    before_training=True,
    reading=lambda result: (
        "The distance from x to y is the energy of the goal y at y minus its energy at x, for "
        f"{len(result.places)} places with the agent at rest. The time that an optimal agent takes obeys the triangle "
        "inequality."
    ),
    finding=lambda found: found.ends(
        "triangle_violation", "grid", "Ways by a third place are shorter by {} of the mean distance"
    ),
    charts=tuple(_SCORES),
    references=lambda _: {"geodesic distance": dict.fromkeys(_SCORES, 0.0)},
    tables=(NumberTable(tuple(_SCORES), "grid"),),
)
