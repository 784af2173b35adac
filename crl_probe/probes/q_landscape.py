"""The critic's energy at every position of a maze or an open plane, for the same goals at every depth."""

import dataclasses
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe.evidence.places import achieved_goals, floor_of, visited_cells, without_floor
from crl_probe.metrics.comparison import SUGGESTIVE, SUPPORTED
from crl_probe.metrics.definitions import names_of
from crl_probe.metrics.landscape import steepest_ascent
from crl_probe.probes._landscape_scores import (
    SCORES,
    LandscapeGrid,
    Scores,
    geodesic_landscape,
    landscape_scores,
    reference_scores,
)
from crl_probe.probes.declaration import Findings, NumberTable, Probe, option
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples
from crl_probe.runs import encode
from crl_probe.runs.agent import Agent, EmbeddingAgent, SamplingAgent, check_agents
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import RunInfo
from crl_train.errors import ConfigError
from crl_train.parsing import shortened

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence
    from crl_train.envs.goal_env import GoalEnv

MOST_CELLS = 2_000  # along the long side; memory grows with its square
MOST_POSES = 100


@dataclasses.dataclass(frozen=True)
class QLandscapeSettings:
    """Settings of the probe.

    Attributes:
        fine_cells: Approximate number of grid cells along the long side of the floor.
        action: The agent's action at each position: ``mean``, ``sample``, ``best_of_K``, or the same action
            everywhere, its entries separated by commas.
        poses: States whose energies are averaged at each position: 1 is the agent at rest; more are those of the shared
            set that were visited nearest to it, moved there.
    """

    fine_cells: int = option(50, "--grid", "Approximate number of cells along the long side of the grid.", low=1)
    action: str = option(
        "mean", "--action", "The agent's action at each position: mean, sample, best_of_K, or an action such as 0,1."
    )
    poses: int = option(
        1, "--poses", "Average over this many visited states near each position; 1 is the agent at rest there.", low=1
    )

    def __post_init__(self) -> None:
        from crl_train.config import POLICY_PATTERN

        if not 1 <= self.fine_cells <= MOST_CELLS:
            raise ConfigError(
                f"fine_cells={shortened(self.fine_cells)} is not usable: a side of the grid has 1 to {MOST_CELLS:,} "
                "cells. Use 50."
            )
        if not 1 <= self.poses <= MOST_POSES:
            raise ConfigError(
                f"poses={shortened(self.poses)} is not usable: there are 1 to {MOST_POSES:,} of them. Use 1 or 16."
            )
        if "," not in self.action and not re.fullmatch(POLICY_PATTERN, self.action):
            raise ConfigError(
                f"action={shortened(self.action)} is not usable: it is mean, sample, best_of_K, or the entries of one "
                "action separated by commas, such as 0.5,0."
            )


@dataclasses.dataclass(frozen=True, repr=False)
class QLandscapeResult(ProbeResult):
    """Landscapes and their topology scores.

    Attributes:
        runs: The agents.
        xs: Grid coordinates along x. (nx,), metres.
        ys: Grid coordinates along y. (ny,), metres.
        free: True outside walls. (nx, ny)
        start: Where episodes start. (2,), metres.
        goals: Goals, the same for every agent. (goals, goal_dim), metres.
        goal_cells: Grid index of the cell that holds each goal. (goals, 2)
        geodesic: Geodesic distance to each goal; NaN in walls. (goals, nx, ny), metres.
        visited: Cells that a state of the shared set lies in, or next to. (nx, ny)
        poses: States whose energies are averaged in each cell; 1 is the agent at rest.
        values: Energy in each cell under the chosen action; NaN in walls. (runs, goals, nx, ny)
        ascent: Flat index of the cell that steepest ascent reaches from each cell; its own index at maxima and in
            walls. (runs, goals, nx, ny)
        scores: For each name in ``SCORES`` the score; NaN where it is undefined. (runs, goals)
        references: The same scores of a landscape of the ``straight line``, and of the ``geodesic distance``. (goals,)
        who: What is at each place where there is one pose, in words.
    """

    runs: tuple[RunInfo, ...]
    xs: Float[np.ndarray, " nx"]
    ys: Float[np.ndarray, " ny"]
    free: Bool[np.ndarray, "nx ny"]
    start: Float[np.ndarray, "2"]
    goals: Float[np.ndarray, "goals goal_dim"]
    goal_cells: Int[np.ndarray, "goals 2"]
    geodesic: Float[np.ndarray, "goals nx ny"]
    visited: Bool[np.ndarray, "nx ny"]
    poses: int
    values: Float[np.ndarray, "runs goals nx ny"]
    ascent: Int[np.ndarray, "runs goals nx ny"]
    scores: dict[str, np.ndarray]
    references: dict[str, Scores]
    who: str = dataclasses.field(default="the agent at rest", repr=False)

    @property
    def goals_visited(self) -> Bool[np.ndarray, " goals"]:
        """Whether the shared set has a state near each goal. (goals,)"""
        return self.visited[tuple(self.goal_cells.T)]

    @property
    def geodesic_landscape(self) -> Float[np.ndarray, "goals nx ny"]:
        """The landscape of a critic that knows the maze exactly. (goals, nx, ny), metres."""
        return geodesic_landscape(self.geodesic)

    @property
    def has_walls(self) -> bool:
        """Whether a shortest path to a goal goes around something: it is longer than the straight line."""
        points = np.stack(np.meshgrid(self.xs, self.ys, indexing="ij"), axis=-1)[self.free]
        straight = np.linalg.norm(points - self.goals[:, None, :2], axis=-1)
        return bool((self.geodesic[:, self.free] > straight + 1e-3).any())

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every topology score of every run, by goal."""
        return tuple(
            entry
            for name, scores in self.scores.items()
            for run, by_goal in zip(self.runs, scores, strict=True)
            for entry in metric_samples(run, name, "grid", "goals", by_goal)
        )


class _Landscapes(NamedTuple):
    """The fields of the result for one agent."""

    values: Float[np.ndarray, "goals nx ny"]
    ascent: Int[np.ndarray, "goals nx ny"]
    scores: Scores


def run(evidence: "Evidence", settings: QLandscapeSettings, rng: np.random.Generator) -> QLandscapeResult:
    """Evaluate every critic on a grid over the floor, and score how well its landscape follows the maze.

    Args:
        evidence: The agents, and the shared goals.
        settings: Resolution and action.
        rng: Seeds random policies. The goals depend on the seed of the evidence, so that all probes share them.

    Raises:
        ProbeError: If energies are not finite, or an agent cannot act in the chosen mode.
        ConfigError: If the action is not possible in the environment, or its states cannot be moved to a position.
    """
    env, goals = evidence.env, evidence.goals
    floor = env.floor
    assert floor is not None, "the declaration requires it"
    cells, places, states = floor_of(env, settings.fine_cells)
    free = np.asarray(cells.free)
    is_fixed = "," in settings.action
    if not is_fixed and settings.action != "mean":
        check_agents(evidence.runs, SamplingAgent)
    policy = _fixed_action(settings.action, env) if is_fixed else settings.action

    planar_goals = np.asarray(env.in_plane(goals), np.float64)
    nearest = [np.argmin(np.abs(line - planar_goals[:, [k]]), axis=1) for k, line in enumerate((cells.xs, cells.ys))]
    states = states[None] if settings.poses == 1 else _poses(evidence, places, settings.poses)
    grid = LandscapeGrid(
        free=free,
        visited=visited_cells(env, evidence.probe_set.all_states, cells),
        geodesic=_on_grid(floor.geodesics(places, planar_goals), free),
        offsets=_on_grid(places - planar_goals[:, None], free),
        goal_cells=np.stack(nearest, axis=-1),
    )
    common = (states, goals, grid, policy, int(rng.integers(2**31)))
    of_runs = evidence.of_each_run(f"landscapes of {len(goals)} goals", _landscapes_and_scores, *common)
    return QLandscapeResult(
        runs=evidence.infos,
        xs=np.asarray(cells.xs),
        ys=np.asarray(cells.ys),
        free=free,
        start=np.asarray(floor.start_xy, dtype=np.float64),
        goals=goals,
        goal_cells=grid.goal_cells,
        geodesic=grid.geodesic,
        visited=grid.visited,
        poses=len(states),
        values=np.stack([one.values for one in of_runs]),
        ascent=np.stack([one.ascent for one in of_runs]),
        scores={name: np.stack([one.scores[name] for one in of_runs]) for name in SCORES},
        references=reference_scores(grid),
        who=env.nominal_words,
    )


def landscapes(
    agent: Agent,
    states: Float[np.ndarray, "cells state_dim"],
    goals: Float[np.ndarray, "goals goal_dim"],
    policy: str | Float[np.ndarray, " action_dim"] = "mean",
    seed: int = 0,
) -> Float[np.ndarray, "goals cells"]:
    """Energy of each state under the policy's action, for each goal.

    Each goal is embedded once. The rest is one evaluation of actor and state-action encoder for each pair of state and
    goal or, with a fixed action, one of the encoder for each state.

    Args:
        agent: The agent.
        states: (cells, state_dim)
        goals: (goals, goal_dim)
        policy: ``mean``, ``sample`` or ``best_of_K``, or one action for all states.
        seed: Seeds random policies.
    """
    if not isinstance(agent, EmbeddingAgent):
        return _landscapes_without_embeddings(agent, states, goals, policy, seed)
    psi = encode.encode_psi(agent, goals)
    if isinstance(policy, np.ndarray):
        phi = encode.encode_phi(agent, states, np.tile(policy, (len(states), 1)))
        return np.stack([encode.energy_of(agent, phi, np.tile(one, (len(phi), 1))) for one in psi])
    act, energies = encode.acting(agent, policy, seed), []
    for goal, one in zip(goals, psi, strict=True):
        phi = encode.encode_phi(agent, states, act(states, np.tile(goal, (len(states), 1))))
        energies.append(encode.energy_of(agent, phi, np.tile(one, (len(phi), 1))))
    return np.stack(energies)


def _landscapes_without_embeddings(
    agent: Agent,
    states: Float[np.ndarray, "cells state_dim"],
    goals: Float[np.ndarray, "goals goal_dim"],
    policy: str | Float[np.ndarray, " action_dim"],
    seed: int,
) -> Float[np.ndarray, "goals cells"]:
    energies = []
    for goal in goals:
        commanded = np.tile(goal, (len(states), 1)).astype(np.float32)
        if isinstance(policy, np.ndarray):
            actions = np.tile(policy, (len(states), 1))
        else:
            actions = encode.acting(agent, policy, seed)(states, commanded)
        energies.append(encode.in_chunks(agent.energy, states, actions, commanded))
    return np.stack(energies)


def percentile_ranks(values: Float[np.ndarray, "nx ny"], free: Bool[np.ndarray, "nx ny"]) -> Float[np.ndarray, "nx ny"]:
    """Rank of every free cell among the free cells, from 0 to 100; ties share their mean rank; NaN in walls.

    Ranks are comparable between networks, and energies are not.
    """
    from scipy.stats import rankdata

    ranks = np.full(values.shape, np.nan)
    ranks[free] = 100.0 * (rankdata(values[free]) - 1.0) / max(1, int(free.sum()) - 1)
    return ranks


def _landscapes_and_scores(
    agent: Agent,
    states: Float[np.ndarray, "poses cells state_dim"],
    goals: Float[np.ndarray, "goals goal_dim"],
    grid: LandscapeGrid,
    policy: str | Float[np.ndarray, " action_dim"],
    seed: int,
) -> _Landscapes:
    energies = np.mean([landscapes(agent, pose, goals, policy, seed) for pose in states], axis=0)
    # An error, because NaN scores would look like metrics that are merely undefined.
    if not np.isfinite(energies).all():
        raise ProbeError(
            f"energies of {agent.name!r} are not finite over the grid: its checkpoint holds NaN or infinite weights. "
            "Leave this run out."
        )
    values = _on_grid(energies, grid.free)
    return _Landscapes(
        values=values,
        ascent=np.stack([steepest_ascent(value, grid.free) for value in values.astype(np.float64)]).astype(np.int32),
        scores=landscape_scores(values, grid),
    )


def _poses(
    evidence: "Evidence", places: Float[np.ndarray, "cells 2"], count: int
) -> Float[np.ndarray, "poses cells state_dim"]:
    """The states of the shared set that were visited nearest to each place, moved there."""
    from scipy.spatial import cKDTree

    env, visited = evidence.env, evidence.probe_set.points.states
    count = min(count, len(visited))
    positions = np.asarray(env.in_plane(achieved_goals(env, visited)), np.float64)
    _, nearest = cKDTree(positions).query(places, k=np.arange(1, count + 1))
    return env.moved_to(visited[nearest.T], np.broadcast_to(places, (count, *places.shape)))


def _fixed_action(text: str, env: "GoalEnv") -> Float[np.ndarray, " action_dim"]:
    try:
        action = np.array([float(entry) for entry in text.split(",")], dtype=np.float32)
    except ValueError:
        raise ConfigError(f"action={text!r} is not usable: entries are numbers, as in 0.5,0.") from None
    if len(action) != env.action_dim or not (np.abs(action) <= 1).all():
        raise ConfigError(
            f"action={text!r} is not usable: an action of {env.name} has {env.action_dim} entries from -1 to 1."
        )
    return action


def _on_grid(
    values: Float[np.ndarray, "goals cells *entry"], free: Bool[np.ndarray, "nx ny"]
) -> Float[np.ndarray, "goals nx ny *entry"]:
    grid = np.full((len(values), *free.shape, *values.shape[2:]), np.nan, dtype=values.dtype)
    grid[:, free] = values
    return grid


def _who(result: QLandscapeResult) -> str:
    return result.who if result.poses == 1 else f"the agent in {result.poses} poses, averaged,"


def _notes_on_poses(result: QLandscapeResult) -> tuple[str, ...]:
    if result.poses == 1:
        return ()
    return (
        f"Energies are means over {result.poses} states at each place: those of the shared set that were visited "
        "nearest to it, moved there with pose and velocities as they were. They are the same for every agent.",
    )


def _reference_values(result: QLandscapeResult) -> dict[str, dict[str, float]]:
    """Means over the goals where a score is defined, as of the agents."""
    return {
        words: {
            name: float(scores[np.isfinite(scores)].mean())
            for name, scores in by_name.items()
            if np.isfinite(scores).any()
        }
        for words, by_name in result.references.items()
    }


def _finding(found: Findings) -> str:
    rank, advantage = found.at_last("geodesic_rank", "grid"), found.at_last("geodesic_advantage", "grid")
    if rank is None:
        return ""
    sentence = (
        f"The critic of {rank.label} orders places by geodesic distance with a rank correlation of {rank}, where 1 is "
        "perfect"
    )
    one_seed = " (one seed)" if rank.has_one_seed else ""
    if advantage is None or advantage.label != rank.label:
        return f"{sentence}{one_seed}."
    sides = ("closer to the maze than to the straight line", "closer to the straight line than to the maze")
    side = sides[0] if advantage.value > 0 else sides[1]
    follows = {SUPPORTED: f"it is {side}", SUGGESTIVE: f"that suggests that it is {side}"}.get(
        advantage.word, "whether it follows the maze or the straight line is open"
    )
    return f"{sentence}; its geodesic advantage is {advantage}: {follows}{one_seed}."


PROBE = Probe(
    name="q_landscape",
    order=30,
    command="landscape",
    title="Q-landscapes",
    help="Q-landscapes: do values follow the maze or straight lines?",
    settings=QLandscapeSettings,
    result=QLandscapeResult,
    run=run,
    metrics=names_of("landscape"),
    environment=without_floor,
    records=("goals", "shared"),
    over_training=True,
    before_training=True,
    reading=lambda result: (
        f"Colour is the critic's energy for {_who(result)} at each place and one goal: "
        + (
            "the landscape of a critic that knows the maze is like the first panel; otherwise values change little "
            "across walls."
            if result.has_walls
            else "the landscape of a critic that orders places by their distance is like the first panel. There are no "
            "walls, so the geodesic distance is the straight line."
        )
    ),
    finding=_finding,
    notes=lambda result: (
        f"Scores are means over those of {len(result.goals)} goals where they are defined, on a grid of "
        f"{int(result.free.sum()):,} free cells, then aggregated over seeds. Energies of two networks share no unit: "
        "colour is the rank within one landscape, unless energy is selected, which has its own scale in every panel.",
        *_notes_on_poses(result),
    ),
    charts=("geodesic_rank", "geodesic_advantage", "ascent_success", "wall_contrast"),
    references=_reference_values,
    tables=(
        NumberTable(
            (
                "geodesic_rank",
                "euclidean_rank",
                "geodesic_advantage",
                "ascent_success",
                "wall_contrast",
                "spurious_maxima",
            ),
            "grid",
        ),
        NumberTable(
            (
                "geodesic_rank_visited",
                "geodesic_rank_unvisited",
                "advantage_visited",
                "advantage_unvisited",
            ),
            "grid",
            "with and without shared states",
        ),
    ),
    page="crl_probe.render.page.panels:landscapes",
    paper="crl_probe.render.paper.figures:landscape_figure",
    scale=("ranked farthest", "ranked nearest to the goal"),
)
