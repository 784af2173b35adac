"""The paths of all agents from the same starts to the same goals."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe import metrics
from crl_probe.evidence.episodes import OnPolicyEpisodes
from crl_probe.evidence.places import achieved_goals, distance_to_own_goal, map_of, without_plane
from crl_probe.probes.declaration import Probe
from crl_probe.probes.result import ProbeResult
from crl_probe.runs.run_info import RunInfo
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence
    from crl_train.envs.goal_env import GoalEnv


@dataclasses.dataclass(frozen=True)
class RolloutsSettings:
    """Settings of the probe.

    Attributes:
        pairs: Number of pairs of start and goal; fewer if fewer episodes are recorded.
    """

    pairs: int = 12

    def __post_init__(self) -> None:
        if self.pairs < 1:
            raise ConfigError(f"pairs={self.pairs} is not usable: there must be at least 1 start and goal. Use 12.")


@dataclasses.dataclass(frozen=True, repr=False)
class RolloutsResult(ProbeResult):
    """Paths of every agent for the same pairs of start and goal, from the nearest goal to the farthest.

    Attributes:
        runs: The agents.
        tolerance: Distance below which a goal counts as reached, environment's unit.
        episode: Number of each pair among the recorded episodes. (pairs,)
        starts: Where each episode starts, in the plane. (pairs, 2), environment's unit.
        goals: Commanded goal of each pair, in the plane. (pairs, 2), environment's unit.
        goal_dim: Entries of a goal; with more than two, the plane does not show the whole distance to it.
        way: Geodesic distance from start to goal, ascending. (pairs,), environment's unit.
        positions: Position at the start and after each step. (runs, pairs, steps + 1, 2), environment's unit.
        arrival: Steps until the goal is first reached, 0 if never. (runs, pairs)
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


def run(evidence: "Evidence", settings: RolloutsSettings, rng: np.random.Generator) -> RolloutsResult:
    """Choose recorded episodes from the nearest to the farthest goal, and return the path of every agent in them.

    Args:
        evidence: The agents and their records.
        settings: Number of episodes.
        rng: Not used: the evidence has its own seed.
    """
    env = evidence.env
    records = evidence.episodes
    shared = records[0]  # starts and goals are those of every agent
    starts = achieved_goals(env, shared.states[:, 0])
    way = distance_to_own_goal(env, starts, shared.commanded_goals)
    chosen = near_to_far(way, settings.pairs)
    return RolloutsResult(
        runs=evidence.infos,
        tolerance=shared.tolerance,
        episode=chosen,
        starts=np.asarray(env.in_plane(starts[chosen])),
        goals=np.asarray(env.in_plane(shared.commanded_goals[chosen])),
        goal_dim=env.goal_dim,
        way=way[chosen],
        positions=np.stack([_path(env, record.states[chosen]) for record in records]),
        arrival=np.stack([arrival_of(record, chosen) for record in records]),
        distances=np.stack([record.distances[chosen].astype(np.float32) for record in records]),
        **map_of(env),
    )


def arrival_of(record: OnPolicyEpisodes, chosen: Int[np.ndarray, " pairs"]) -> Int[np.ndarray, " pairs"]:
    """Steps until the goal is first reached in each of some recorded episodes, 0 if never. (pairs,)"""
    outcome = {"reached": record.reached[chosen], "active": record.active[chosen]}
    return metrics.first_arrival(record.distances[chosen], None, **outcome)


def near_to_far(way: Float[np.ndarray, " episodes"], count: int) -> Int[np.ndarray, " pairs"]:
    """Indices of ``count`` distances in ascending order, spread evenly by rank; of all if there are fewer.

    A single one is that of the middle rank.

    Example:
        >>> near_to_far(np.array([5.0, 1.0, 4.0, 2.0, 3.0]), 3)
        array([1, 4, 0])
    """
    order = np.argsort(way, kind="stable")
    if count == 1:
        return order[[(len(order) - 1) // 2]]
    # Numbers at least 1 apart round to different integers.
    return order[np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)]


def _path(
    env: "GoalEnv", states: Float[np.ndarray, "pairs steps_and_start state_dim"]
) -> Float[np.ndarray, "pairs steps_and_start 2"]:
    pairs, steps_and_start, state_dim = states.shape
    achieved = np.asarray(env.in_plane(achieved_goals(env, states.reshape(-1, state_dim))))
    return achieved.reshape(pairs, steps_and_start, 2).astype(np.float32)


PROBE = Probe(
    name="rollouts",
    order=15,
    command="rollouts",
    title="Rollouts",
    help="The paths of all agents from the same starts to the same goals.",
    settings=RolloutsSettings,
    result=RolloutsResult,
    run=run,
    environment=without_plane,
    records=("episodes",),
    reading=lambda result: (
        f"The same {len(result.way)} starts and goals for every agent, spread evenly from near to far: play them to "
        "see where the paths of depths separate."
    ),
    page="crl_probe.render.page.panels:rollouts",
    paper="crl_probe.render.paper.figures:rollouts_figure",
)
