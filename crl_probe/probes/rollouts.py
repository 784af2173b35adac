"""The ways that all agents take from the same starts to the same goals."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe import metrics
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.evidence.places import achieved_goals, map_of, own_ways
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import RunInfo
from crl_train.envs.goal_env import GoalEnv
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.runs.loading import LoadedRun


@dataclasses.dataclass(frozen=True)
class RolloutsSettings:
    """Settings of the probe.

    Attributes:
        evidence: Episodes that the pairs of start and goal are chosen from.
        pairs: How many pairs; fewer if fewer episodes are recorded.
    """

    evidence: EvidenceSettings = dataclasses.field(default_factory=EvidenceSettings)
    pairs: int = 12

    def __post_init__(self) -> None:
        if self.pairs < 1:
            raise ConfigError(f"pairs={self.pairs} is not usable: there must be at least 1 start and goal. Use 12.")


@dataclasses.dataclass(frozen=True)
class RolloutsResult:
    """Paths of every agent for the same pairs of start and goal, from the nearest goal to the farthest.

    Attributes:
        runs: The agents.
        tolerance: Distance below which a goal counts as reached, environment's unit.
        episode: Number of each pair among the recorded episodes. (pairs,)
        starts: Where each episode starts, first two entries of the achieved goal. (pairs, 2), environment's unit.
        goals: Commanded goal of each pair, first two entries. (pairs, 2), environment's unit.
        goal_dim: Entries of a goal; beyond two, how near it is cannot be seen in the plane.
        way: Walking distance from start to goal, ascending. (pairs,), environment's unit.
        positions: Place at the start and after each step. (runs, pairs, steps + 1, 2), environment's unit.
        arrival: Steps taken when the goal is first reached, 0 if never. (runs, pairs)
        distances: Distance to the goal after each step, in all entries. (runs, pairs, steps), environment's unit.
        map_xs: Centres of the maze's cells along x, empty without a maze. (nx,)
        map_ys: The same along y. (ny,)
        map_free: True where a cell is no wall. (nx, ny)
    """

    runs: tuple[RunInfo, ...]
    tolerance: float
    episode: Int[np.ndarray, " pairs"]
    starts: Float[np.ndarray, "pairs 2"]
    goals: Float[np.ndarray, "pairs 2"]
    goal_dim: int
    way: Float[np.ndarray, " pairs"]
    positions: Float[np.ndarray, "runs pairs steps_and_start 2"]
    arrival: Int[np.ndarray, "runs pairs"]
    distances: Float[np.ndarray, "runs pairs steps"]
    map_xs: Float[np.ndarray, " nx"]
    map_ys: Float[np.ndarray, " ny"]
    map_free: Bool[np.ndarray, "nx ny"]


def run(
    loaded_runs: Sequence["LoadedRun"],
    settings: RolloutsSettings,
    rng: np.random.Generator,
    *,
    evidence: Evidence | None = None,
) -> RolloutsResult:
    """Pick recorded episodes from the nearest to the farthest goal and keep the path of every agent in them.

    Args:
        loaded_runs: Agents of one environment.
        settings: How many episodes.
        rng: Not used: the evidence has a seed of its own.
        evidence: Recordings made already; None makes them.

    Raises:
        ProbeError: If goals of the environment have no two entries that span a plane.
    """
    evidence = evidence or Evidence(loaded_runs, settings.evidence)
    env = evidence.env
    if env.goal_dim < 2:
        raise ProbeError(f"goals of environment {env.name!r} have {env.goal_dim} entry: a path in the plane needs two.")
    records = evidence.episodes
    shared = records[0]  # starts and goals are those of every agent
    starts = achieved_goals(env, shared.states[:, 0])
    way = own_ways(env, starts, shared.commanded_goals)
    chosen = near_to_far(way, settings.pairs)
    return RolloutsResult(
        runs=evidence.infos,
        tolerance=shared.tolerance,
        episode=chosen,
        starts=starts[chosen, :2],
        goals=shared.commanded_goals[chosen, :2],
        goal_dim=env.goal_dim,
        way=way[chosen],
        positions=np.stack([_path(env, record.states[chosen]) for record in records]),
        arrival=np.stack([metrics.first_arrival(record.distances[chosen], shared.tolerance) for record in records]),
        distances=np.stack([record.distances[chosen].astype(np.float32) for record in records]),
        **map_of(env),
    )


def near_to_far(way: Float[np.ndarray, " episodes"], count: int) -> Int[np.ndarray, " pairs"]:
    """Indices of ``count`` ways, or of all if they are fewer: in order of length, evenly from the first to the last.

    Example:
        >>> near_to_far(np.array([5.0, 1.0, 4.0, 2.0, 3.0]), 3)
        array([1, 4, 0])
    """
    order = np.argsort(way, kind="stable")
    # Places at least one apart round to different ones.
    return order[np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)]


def _path(
    env: GoalEnv, states: Float[np.ndarray, "pairs steps_and_start state_dim"]
) -> Float[np.ndarray, "pairs steps_and_start 2"]:
    pairs, steps_and_start, state_dim = states.shape
    achieved = achieved_goals(env, states.reshape(-1, state_dim))[:, :2]
    return achieved.reshape(pairs, steps_and_start, 2).astype(np.float32)
