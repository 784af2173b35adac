"""What the critic thinks of every place in the maze, for the same goals at every depth."""

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe import metrics
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.evidence.places import floor_of
from crl_probe.metrics.landscape import steepest_ascent
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs import encode
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import RunInfo
from crl_train.config import POLICY_PATTERN
from crl_train.envs.goal_env import GoalEnv
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.runs.loading import LoadedRun

MOST_CELLS = 2_000  # along the long side; the memory of a grid grows with its square

SCORES = (
    "geodesic_rank",
    "euclidean_rank",
    "topology_gain",
    "ascent_success",
    "spurious_maxima",
    "wall_contrast",
)


@dataclasses.dataclass(frozen=True)
class QLandscapeSettings:
    """Settings of the probe.

    Attributes:
        evidence: Shared goals.
        fine_cells: About how many grid cells the long side of the maze is divided into.
        action: What the agent does at each place: ``mean``, ``sample``, ``best_of_K``, or the same action everywhere,
            its entries separated by commas.
    """

    evidence: EvidenceSettings = dataclasses.field(default_factory=EvidenceSettings)
    fine_cells: int = 50
    action: str = "mean"

    def __post_init__(self) -> None:
        if not 1 <= self.fine_cells <= MOST_CELLS:
            raise ConfigError(
                f"fine_cells={self.fine_cells} is not usable: a side of the grid has 1 to {MOST_CELLS:,} cells. Use 50."
            )
        if "," not in self.action and not re.match(POLICY_PATTERN, self.action):
            raise ConfigError(
                f"action={self.action!r} is not usable: it is mean, sample, best_of_K, or the entries of one action "
                "separated by commas, such as 0.5,0."
            )


@dataclasses.dataclass(frozen=True)
class QLandscapeResult:
    """Landscapes and their topology scores.

    Attributes:
        runs: The agents.
        xs: Grid coordinates along x. (nx,), metres.
        ys: Grid coordinates along y. (ny,), metres.
        free: True outside walls. (nx, ny)
        start: Where episodes start. (2,), metres.
        goals: Goals, the same for every agent. (goals, goal_dim), metres.
        goal_cells: Grid index of the cell that holds each goal. (goals, 2)
        geodesic: Walking distance to each goal; NaN in walls. (goals, nx, ny), metres.
        values: Energy of the nominal state at each place under the chosen action; NaN in walls. (runs, goals, nx, ny)
        ascent: Flat index of the cell that steepest ascent goes to from each cell; its own at maxima and in walls.
            (runs, goals, nx, ny)
        scores: For each name in ``SCORES`` the score; NaN where it is undefined. (runs, goals)
    """

    runs: tuple[RunInfo, ...]
    xs: Float[np.ndarray, " nx"]
    ys: Float[np.ndarray, " ny"]
    free: Bool[np.ndarray, "nx ny"]
    start: Float[np.ndarray, "2"]
    goals: Float[np.ndarray, "goals goal_dim"]
    goal_cells: Int[np.ndarray, "goals 2"]
    geodesic: Float[np.ndarray, "goals nx ny"]
    values: Float[np.ndarray, "runs goals nx ny"]
    ascent: Int[np.ndarray, "runs goals nx ny"]
    scores: dict[str, np.ndarray]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every topology score of every run, by goal."""
        return tuple(
            entry
            for name, scores in self.scores.items()
            for run, by_goal in zip(self.runs, scores, strict=True)
            for entry in metric_samples(run, name, "grid", "goals", by_goal)
        )


def run(
    loaded_runs: Sequence["LoadedRun"],
    settings: QLandscapeSettings,
    rng: np.random.Generator,
    *,
    evidence: Evidence | None = None,
) -> QLandscapeResult:
    """Evaluate every critic on a grid over the maze and score how its landscape follows the walls.

    Args:
        loaded_runs: Agents of one environment.
        settings: Goals, resolution and action.
        rng: Seeds policies that draw; the goals are spread by the seed of the evidence, so that all probes share them.
        evidence: Recordings made already; None makes what is needed.

    Raises:
        ProbeError: If the environment has no maze, or energies are not finite.
        ConfigError: If the action or a goal is not one of the environment.
    """
    evidence = evidence or Evidence(loaded_runs, settings.evidence)
    env = evidence.env
    if env.maze is None:
        raise ProbeError(f"environment {env.name!r} has no maze: a landscape needs a plane with walls.")
    goals = evidence.goals
    grid, places, states = floor_of(env, env.maze, _odd(settings.fine_cells / max(env.maze.walls.shape)))
    free = np.asarray(grid.free)
    policy = _fixed_action(settings.action, env) if "," in settings.action else settings.action

    planar_goals = goals[:, :2].astype(np.float64)
    geodesic = _on_grid(env.maze.geodesics(places, planar_goals), free)
    euclidean = _on_grid(np.linalg.norm(places - planar_goals[:, None], axis=-1), free)
    cells = [np.argmin(np.abs(line - planar_goals[:, [k]]), axis=1) for k, line in enumerate((grid.xs, grid.ys))]
    goal_cells = np.stack(cells, axis=-1)
    common = (states, goals, policy, int(rng.integers(2**31)), geodesic, euclidean, free, goal_cells)
    of_runs = evidence.of_each_run(f"landscapes of {len(goals)} goals", _landscapes_and_scores, *common)
    values, ascent, scores = zip(*of_runs, strict=True)
    return QLandscapeResult(
        runs=evidence.infos,
        xs=np.asarray(grid.xs),
        ys=np.asarray(grid.ys),
        free=free,
        start=np.asarray(env.maze.start_xy, dtype=np.float64),
        goals=goals,
        goal_cells=goal_cells,
        geodesic=geodesic,
        values=np.stack(values),
        ascent=np.stack(ascent),
        scores={name: np.stack([score[name] for score in scores]) for name in SCORES},
    )


def landscapes(
    run: "LoadedRun",
    states: Float[np.ndarray, "cells state_dim"],
    goals: Float[np.ndarray, "goals goal_dim"],
    policy: str | Float[np.ndarray, " action_dim"] = "mean",
    seed: int = 0,
) -> Float[np.ndarray, "goals cells"]:
    """Energy of each state under the policy's action, for each goal.

    The goals' embeddings are made once; what remains is one evaluation of actor and state-action encoder for each
    pair of state and goal, or of the encoder alone for each state where the action is fixed.

    Args:
        run: The agent.
        states: (cells, state_dim)
        goals: (goals, goal_dim)
        policy: ``mean``, ``sample`` or ``best_of_K``, or one action for all states.
        seed: Seeds policies that draw.
    """
    psi = encode.encode_psi(run, goals)
    if isinstance(policy, np.ndarray):
        phi = encode.encode_phi(run, states, np.tile(policy, (len(states), 1)))
        return np.stack([encode.energy_of(run, phi, np.tile(one, (len(phi), 1))) for one in psi])
    act, energies = encode.acting(run, policy, seed), []
    for goal, one in zip(goals, psi, strict=True):
        phi = encode.encode_phi(run, states, act(states, np.tile(goal, (len(states), 1))))
        energies.append(encode.energy_of(run, phi, np.tile(one, (len(phi), 1))))
    return np.stack(energies)


def percentile_ranks(values: Float[np.ndarray, "nx ny"], free: Bool[np.ndarray, "nx ny"]) -> Float[np.ndarray, "nx ny"]:
    """Rank of every free cell among the free cells, from 0 to 100, ties alike; NaN in walls.

    Energies of two networks share no scale; ranks do.
    """
    from scipy.stats import rankdata

    ranks = np.full(values.shape, np.nan)
    ranks[free] = 100.0 * (rankdata(values[free]) - 1.0) / max(1, int(free.sum()) - 1)
    return ranks


def _landscapes_and_scores(
    run: "LoadedRun",
    states: np.ndarray,
    goals: np.ndarray,
    policy: str | np.ndarray,
    seed: int,
    geodesic: np.ndarray,
    euclidean: np.ndarray,
    free: np.ndarray,
    goal_cells: np.ndarray,
) -> tuple[Float[np.ndarray, "goals nx ny"], Int[np.ndarray, "goals nx ny"], dict[str, np.ndarray]]:
    energies = landscapes(run, states, goals, policy, seed)
    # A network gone wrong must not look like one score missing.
    if not np.isfinite(energies).all():
        raise ProbeError(
            f"energies of {run.name!r} are not finite over the grid: its checkpoint holds NaN or infinite weights. "
            "Leave this run out."
        )
    values = _on_grid(energies, free)
    exact = values.astype(np.float64)
    ascent = np.stack([steepest_ascent(value, free) for value in exact]).astype(np.int32)
    scores = [
        _score(value, geodesic[j], euclidean[j], free, (int(cell[0]), int(cell[1])))
        for j, (value, cell) in enumerate(zip(exact, goal_cells, strict=True))
    ]
    return values, ascent, {name: np.array([score[name] for score in scores]) for name in SCORES}


def _fixed_action(text: str, env: GoalEnv) -> Float[np.ndarray, " action_dim"]:
    try:
        action = np.array([float(entry) for entry in text.split(",")], dtype=np.float32)
    except ValueError:
        raise ConfigError(f"action={text!r} is not usable: entries are numbers, as in 0.5,0.") from None
    if len(action) != env.action_dim or not (np.abs(action) <= 1).all():
        raise ConfigError(
            f"action={text!r} is not usable: an action of {env.name} has {env.action_dim} entries from -1 to 1."
        )
    return action


def _score(
    values: np.ndarray, geodesic: np.ndarray, euclidean: np.ndarray, free: np.ndarray, goal_cell: tuple[int, int]
) -> dict[str, float]:
    # NaN where a score is undefined, such as topology_gain where no wall is in the way.
    return {
        "geodesic_rank": or_nan(metrics.geodesic_rank, values, geodesic, free),
        "euclidean_rank": or_nan(metrics.euclidean_rank, values, euclidean, free),
        "topology_gain": or_nan(metrics.topology_gain, values, geodesic, euclidean, free),
        "ascent_success": or_nan(metrics.ascent_success, values, free, goal_cell),
        "spurious_maxima": or_nan(metrics.spurious_maxima, values, free, goal_cell),
        "wall_contrast": or_nan(metrics.wall_contrast, values, euclidean, free),
    }


def _on_grid(
    values: Float[np.ndarray, "goals cells"], free: Bool[np.ndarray, "nx ny"]
) -> Float[np.ndarray, "goals nx ny"]:
    grid = np.full((len(values), *free.shape), np.nan, dtype=values.dtype)
    grid[:, free] = values
    return grid


def _odd(cells_per_cell: float) -> int:
    # An odd division puts the centre of a maze cell, where goals are, at the centre of a fine one.
    return max(3, 2 * round((cells_per_cell - 1) / 2) + 1)
