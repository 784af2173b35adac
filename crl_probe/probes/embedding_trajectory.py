"""The paths of episodes through embedding space: measured in all its dimensions, shown in two or three.

The two-dimensional projections of all agents are fitted together (AlignedUMAP on the shared set), so that the same
state has about the same position in every panel. The three-dimensional ones are linear: the three principal
components. No metric of a path is measured in a projection.
"""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe import metrics
from crl_probe.evidence import limits
from crl_probe.evidence.episodes import OnPolicyEpisodes
from crl_probe.evidence.places import achieved_goals, distance_to_own_goal, is_reached, map_of
from crl_probe.evidence.probe_set_sampling import along_paths
from crl_probe.metrics.definitions import names_of
from crl_probe.metrics.rounding import has_spread
from crl_probe.probes._projection import METHODS, NEIGHBOURS, draw, principal_projections
from crl_probe.probes.declaration import Probe, option
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs import encode
from crl_probe.runs.agent import EmbeddingAgent
from crl_probe.runs.run_info import RunInfo
from crl_train.errors import ConfigError
from crl_train.parsing import shortened

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

MANY_SPACES = 24
MEASURES = ("embedding_path_length", "straightness", "energy_monotonicity")


@dataclasses.dataclass(frozen=True)
class EmbeddingTrajectorySettings:
    """Settings of the probe.

    Attributes:
        method: ``aligned`` (UMAP of all agents together, with links between the same states), ``umap`` (each agent by
            itself) or ``pca`` (each agent's first two principal components).
        points: Approximate number of shared points in each projection.
        epochs: Epochs of the UMAP optimisation; None takes 100, or 50 for more than 24 embedding spaces, which halves
            the time and costs 0.001 of trustworthiness.
        own_episodes: Whether each agent's own episodes are measured. The projection does not need them: with an
            existing shared set, no agent is rolled out.
    """

    method: str = option("aligned", "--method", "How states are projected: aligned, umap or pca.")
    points: int = option(600, "--points", "About how many states a projection holds.", low=1)
    epochs: int | None = None
    own_episodes: bool = True

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError(f"method={self.method!r} is not usable: projections are made by {', '.join(METHODS)}.")
        if not 1 <= self.points <= limits.POINTS:
            most = f"{limits.POINTS:,}"
            raise ConfigError(f"points={shortened(self.points)} is not usable: a projection holds 1 to {most} states.")
        if self.epochs is not None and self.epochs < 1:
            raise ConfigError(f"epochs={self.epochs} is not usable: a projection takes at least 1. Use 100.")


@dataclasses.dataclass(frozen=True, repr=False)
class EmbeddingTrajectoryResult(ProbeResult):
    """Projections of the shared set, and numbers on each agent's own episodes.

    Attributes:
        runs: The agents.
        method: Name of the projection method.
        picture: Projection of the shared points, then of the shared goals, for each agent; zeros for a network that
            has collapsed. (runs, points + goals, 2)
        trustworthiness: Of each projection; NaN for a network that has collapsed. (runs,)
        linear: The same rows projected onto the first three principal components of each agent's points,
            Procrustes-aligned to the first agent's; the root mean square radius of the points is 1.
            (runs, points + goals, 3)
        explained: Share of the points' variance that these explain; NaN for a network that has collapsed. (runs,)
        episode: Episode of each shared point. (points,)
        time: Step within the episode. (points,)
        source: Index into ``actors`` of the agent of the episode. (points,)
        actors: The agents whose episodes these are: ``runs``, unless the shared set was made from other runs.
        positions: Achieved goal of each shared point in the plane; its first two entries if there is no plane.
            (points, 2), environment's unit.
        distance: Geodesic distance to the commanded goal of the episode. (points,), environment's unit.
        goals: Shared goals. (goals, goal_dim)
        measures: For each name in ``MEASURES`` the value up to first arrival; NaN if an episode has fewer than 3
            embeddings up to then. (runs, episodes); (runs, 0) without ``own_episodes``.
        map_xs: Centres of the maze's cells along x, empty without a maze. (nx,)
        map_ys: The same along y. (ny,)
        map_free: True where a cell is no wall. (nx, ny)
    """

    runs: tuple[RunInfo, ...]
    method: str
    picture: Float[np.ndarray, "runs points_and_goals 2"]
    trustworthiness: Float[np.ndarray, " runs"]
    linear: Float[np.ndarray, "runs points_and_goals 3"]
    explained: Float[np.ndarray, " runs"]
    episode: Int[np.ndarray, " points"]
    time: Int[np.ndarray, " points"]
    source: Int[np.ndarray, " points"]
    actors: tuple[RunInfo, ...]
    positions: Float[np.ndarray, "points _"]
    distance: Float[np.ndarray, " points"]
    goals: Float[np.ndarray, "goals goal_dim"]
    measures: dict[str, np.ndarray]
    map_xs: Float[np.ndarray, " nx"]
    map_ys: Float[np.ndarray, " ny"]
    map_free: Bool[np.ndarray, "nx ny"]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every trajectory metric of every run, by episode."""
        entries = [
            entry
            for name, values in self.measures.items()
            for run, by_episode in zip(self.runs, values, strict=True)
            for entry in metric_samples(run, name, "on-policy", "episodes", by_episode)
        ]
        for run, score in zip(self.runs, self.trustworthiness, strict=True):
            entries += metric_samples(run, "trustworthiness", "shared", "projections", np.array([score]))
        return tuple(entries)


def run(
    evidence: "Evidence", settings: EmbeddingTrajectorySettings, rng: np.random.Generator
) -> EmbeddingTrajectoryResult:
    """Project the shared set from every agent's embedding space, and measure the agents' own trajectories.

    Args:
        evidence: The agents and their records.
        settings: Method and size of the projections.
        rng: Seeds UMAP.

    Raises:
        ProbeError: If embeddings are not finite, so large that their squares overflow, or too few.
    """
    env, paths, goals = evidence.env, evidence.probe_set.paths, evidence.goals
    places = achieved_goals(env, paths.states)
    reached = is_reached(env, paths.states, paths.commanded_goals)
    rows = along_paths(paths, places, _until_arrival(reached, paths.episode), settings.points)
    places, paths = places[rows], paths.rows(rows)
    spaces = [np.concatenate([phi[rows], psi]) for phi, psi in zip(evidence.path_phi, evidence.goal_psi, strict=True)]
    method = "umap" if len(spaces) == 1 and settings.method == "aligned" else settings.method
    epochs = settings.epochs or (100 if len(spaces) <= MANY_SPACES else 50)
    evidence.progress(f"{METHODS[method]} of {len(rows)} states in {len(spaces)} embedding spaces")
    projections = draw(spaces, len(rows), method, seed=int(rng.integers(2**31)), epochs=epochs)

    linear, explained = principal_projections(spaces, len(rows))
    return EmbeddingTrajectoryResult(
        runs=evidence.infos,
        method=METHODS[method],
        picture=np.stack(projections),
        trustworthiness=np.array([_trustworthiness(s, p, len(rows)) for s, p in zip(spaces, projections, strict=True)]),
        linear=linear,
        explained=explained,
        episode=paths.episode,
        time=paths.time,
        source=paths.source,
        actors=evidence.probe_set.sources,
        positions=np.asarray(env.in_plane(places)) if env.spec.plane else places[:, :2],
        distance=distance_to_own_goal(env, places, paths.commanded_goals),
        goals=goals,
        measures=_measures(evidence) if settings.own_episodes else _no_measures(len(spaces)),
        **map_of(env),
    )


def _trustworthiness(
    space: Float[np.ndarray, "rows repr_dim"], projection: Float[np.ndarray, "rows 2"], points: int
) -> float:
    """Of a projection of :func:`draw`; NaN where it shows nothing."""
    return or_nan(metrics.trustworthiness, space, projection, NEIGHBOURS) if has_spread(space[:points]) else np.nan


def _measures(evidence: "Evidence") -> dict[str, Float[np.ndarray, "runs episodes"]]:
    own = [(r, phi) for r, phi in zip(evidence.episodes, evidence.on_policy_phi, strict=True)]
    measured = evidence.of_each_run("measuring trajectories", _measure_episodes, each=own)
    return {name: np.stack([by_name[name] for by_name in measured]) for name in MEASURES}


def _no_measures(runs: int) -> dict[str, Float[np.ndarray, "runs 0"]]:
    return {name: np.full((runs, 0), np.nan) for name in MEASURES}


def _until_arrival(reached: Bool[np.ndarray, " points"], episode: Int[np.ndarray, " points"]) -> np.ndarray:
    """True up to and including each episode's first arrival: after it, points would repeat the goal's position."""
    arrived_before = np.zeros(len(reached), dtype=bool)
    for number in np.unique(episode):
        mine = np.flatnonzero(episode == number)
        arrived_before[mine[1:]] = np.logical_or.accumulate(reached[mine])[:-1]
    return ~arrived_before


def _measure_episodes(
    agent: EmbeddingAgent,
    record: OnPolicyEpisodes,
    phi: Float[np.ndarray, "episodes steps repr_dim"],
) -> dict[str, Float[np.ndarray, " episodes"]]:
    episodes, steps, repr_dim = phi.shape
    psi = np.repeat(encode.encode_psi(agent, record.commanded_goals), steps, axis=0)
    energy = encode.energy_of(agent, phi.reshape(-1, repr_dim), psi).reshape(episodes, steps)
    arrivals = metrics.first_arrival(record.distances, None, reached=record.reached, active=record.active)
    values = {name: np.full(episodes, np.nan) for name in MEASURES}
    for episode, (arrival, taken) in enumerate(zip(arrivals, record.steps_taken, strict=True)):
        # Embedding t belongs to the state before step t + 1, so embedding `arrival` is the first one at the goal. It
        # does not exist if the episode arrives with its last step.
        until = min(int(arrival) + 1, int(taken)) if arrival else int(taken)
        if until < 3:
            continue
        path, f = phi[episode, :until], energy[episode, :until]
        values["embedding_path_length"][episode] = metrics.embedding_path_length(path)
        values["straightness"][episode] = or_nan(metrics.straightness, path)
        values["energy_monotonicity"][episode] = or_nan(metrics.energy_monotonicity, f)
    return values


def _pooled(result: EmbeddingTrajectoryResult) -> str:
    own = {run.content_hash for run in result.actors} <= {run.content_hash for run in result.runs}
    return "all agents" if own else f"the {len(result.actors)} agents that the probe set was made from"


PROBE = Probe(
    name="embedding_trajectory",
    order=40,
    command="trajectories",
    title="Embedding trajectories",
    help="The paths that episodes take through embedding space.",
    settings=EmbeddingTrajectorySettings,
    result=EmbeddingTrajectoryResult,
    run=run,
    metrics=names_of("trajectory"),
    agent=EmbeddingAgent,
    records=("episodes", "goals", "shared"),
    over_training=True,
    reading=lambda _: (
        "The same states embedded by every agent, joined along their episodes, with the shared goals as stars: states "
        "that follow each other on the path to a goal should also be neighbours here."
    ),
    finding=lambda found: found.ends(
        "straightness", "on-policy", "Straightness of the paths through embedding space is {}"
    ),
    notes=lambda result: (
        f"The {len(result.time)} states are pooled evenly from {_pooled(result)}. Distances in a projection mean "
        "little: path length, straightness and monotonicity are measured in the full embedding space, on each agent's "
        "own episodes up to first arrival. Trustworthiness and variance are of the projections, on the shared states.",
    ),
    page="crl_probe.render.page.panels:trajectories",
    paper="crl_probe.render.paper.figures:trajectory_figure",
)
