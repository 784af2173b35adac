"""What the critic thinks of every place in the maze, for the same goals at every depth."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe import encode, metrics
from crl_probe.evidence import Evidence, EvidenceSettings
from crl_probe.probe_set import choose_goals
from crl_probe.results import RunInfo
from crl_probe.samples import MetricSamples, metric_samples
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.loading import LoadedRun

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
        evidence: Number of shared goals, and the seed that spreads them.
        fine_cells: About how many grid cells the long side of the maze is divided into.
    """

    evidence: EvidenceSettings = dataclasses.field(default_factory=EvidenceSettings)
    fine_cells: int = 50


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
        values: Energy of the nominal state at each place under the mean action; NaN in walls. (runs, goals, nx, ny)
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
        settings: Goals and resolution.
        rng: Not used: the goals are spread by the seed of the evidence, so that all probes share them.
        evidence: Recordings made already; None makes what is needed.

    Raises:
        ConfigError: If the environment is not planar or has no maze.
    """
    evidence = evidence or Evidence(loaded_runs, settings.evidence)
    env = evidence.env
    if env.maze is None:
        raise ConfigError(f"environment {env.name!r} has no maze: a landscape needs walls and their geodesics.")
    grid = env.maze.grid(_odd(settings.fine_cells / max(env.maze.walls.shape)))
    free = np.asarray(grid.free)
    places = np.stack(np.meshgrid(grid.xs, grid.ys, indexing="ij"), axis=-1)[free]
    states = np.asarray(env.planar_state(jnp.asarray(places, dtype=jnp.float32)))
    goals = choose_goals(env, settings.evidence.goals, settings.evidence.seed)

    planar_goals = goals[:, :2].astype(np.float64)
    geodesic = np.stack([_on_grid(env.maze.geodesic(places, goal), free) for goal in planar_goals])
    euclidean = np.stack([_on_grid(np.linalg.norm(places - goal, axis=1), free) for goal in planar_goals])
    goal_cells = np.stack(
        [[np.abs(grid.xs - goal[0]).argmin(), np.abs(grid.ys - goal[1]).argmin()] for goal in planar_goals]
    )
    values = np.stack([_landscapes(run, states, goals, free, evidence) for run in evidence.runs])

    scores = {name: np.full(values.shape[:2], np.nan) for name in SCORES}
    for i, j in np.ndindex(*values.shape[:2]):
        cell = (int(goal_cells[j, 0]), int(goal_cells[j, 1]))
        for name, score in _score(values[i, j].astype(np.float64), geodesic[j], euclidean[j], free, cell).items():
            scores[name][i, j] = score
    return QLandscapeResult(
        runs=evidence.infos,
        xs=np.asarray(grid.xs),
        ys=np.asarray(grid.ys),
        free=free,
        start=np.asarray(env.maze.start_xy, dtype=np.float64),
        goals=goals,
        goal_cells=goal_cells,
        geodesic=geodesic,
        values=values,
        scores=scores,
    )


def _landscapes(
    run: "LoadedRun", states: np.ndarray, goals: np.ndarray, free: np.ndarray, evidence: Evidence
) -> Float[np.ndarray, "goals nx ny"]:
    evidence.progress(f"landscapes of {len(goals)} goals with {run.name}")
    # All goals in one long batch: full chunks whatever the number of cells.
    state = np.tile(states, (len(goals), 1))
    goal = np.repeat(goals, len(states), axis=0)
    action = encode.mean_action(run, state, goal)
    energies = encode.energy(run, state, action, goal).reshape(len(goals), len(states))
    return np.stack([_on_grid(energy, free) for energy in energies])


def _score(
    values: np.ndarray, geodesic: np.ndarray, euclidean: np.ndarray, free: np.ndarray, goal_cell: tuple[int, int]
) -> dict[str, float]:
    calls: dict[str, Callable[[], float]] = {
        "geodesic_rank": lambda: metrics.geodesic_rank(values, geodesic, free),
        "euclidean_rank": lambda: metrics.euclidean_rank(values, euclidean, free),
        "topology_gain": lambda: metrics.topology_gain(values, geodesic, euclidean, free),
        "ascent_success": lambda: metrics.ascent_success(values, free, goal_cell),
        "spurious_maxima": lambda: metrics.spurious_maxima(values, free, goal_cell),
        "wall_contrast": lambda: metrics.wall_contrast(values, euclidean, free),
    }
    # A network gone wrong must not look like one score missing.
    if not np.isfinite(values[free]).all():
        raise ValueError("energies are not finite over the grid: the checkpoint holds NaN or infinite weights.")
    scores = {}
    for name, call in calls.items():
        try:
            scores[name] = call()
        except ValueError:
            scores[name] = float("nan")  # undefined here, such as topology_gain where no wall is in the way
    return scores


def _on_grid(values: Float[np.ndarray, " cells"], free: Bool[np.ndarray, "nx ny"]) -> Float[np.ndarray, "nx ny"]:
    grid = np.full(free.shape, np.nan, dtype=values.dtype)
    grid[free] = values
    return grid


def _odd(cells_per_cell: float) -> int:
    # An odd division puts the centre of a maze cell, where goals are, at the centre of a fine one.
    return max(3, 2 * round((cells_per_cell - 1) / 2) + 1)
