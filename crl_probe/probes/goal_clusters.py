"""How widely each agent's representation spreads the states near a goal."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Integer

from crl_probe import metrics
from crl_probe.evidence.episodes import OnPolicyEpisodes
from crl_probe.evidence.places import achieved_goals, geodesic_distances
from crl_probe.metrics.definitions import names_of
from crl_probe.probes.declaration import NumberTable, Probe
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs.agent import EmbeddingAgent
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import RunInfo
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

SPREADS = ("near_spread", "spread_ratio", "goal_resolution", "near_dimension", "goal_offset")


@dataclasses.dataclass(frozen=True)
class GoalClustersSettings:
    """Settings of the probe.

    Attributes:
        radius_in_tolerances: A state is near a goal if its geodesic distance is at most this multiple of the tolerance.
        min_near: Goals with fewer near states are left out.
        draws: Every number is the mean over this many draws of equally many near states.
    """

    radius_in_tolerances: float = 3.0
    min_near: int = 20
    draws: int = 20

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise ConfigError(f"draws={self.draws} is not usable: numbers are means over 1 or more. Use 20.")


@dataclasses.dataclass(frozen=True, repr=False)
class GoalClustersResult(ProbeResult):
    """Spread around every shared goal, on the shared set and on each agent's own states.

    Attributes:
        runs: The agents.
        goals: Shared goals. (goals, goal_dim)
        radius: Largest geodesic distance of a near state, environment's unit.
        drawn: Near states that each number is measured on: the fewest that any agent has at a goal that is kept.
        near_shared: Near states in the shared set. (goals,)
        near_on_policy: Near states among each agent's own. (runs, goals)
        shared: For each name in ``SPREADS`` the value; NaN where too few states are near. (runs, goals)
        on_policy: The same on each agent's own states. (runs, goals)
    """

    runs: tuple[RunInfo, ...]
    goals: Float[np.ndarray, "goals goal_dim"]
    radius: float
    drawn: int
    near_shared: Integer[np.ndarray, " goals"]
    near_on_policy: Integer[np.ndarray, "runs goals"]
    shared: dict[str, np.ndarray]
    on_policy: dict[str, np.ndarray]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every spread of every run, by goal and source.

        On-policy numbers are over the goals that have enough near states of every agent: means over different goals
        for each agent would compare goals and not agents.
        """
        return tuple(
            entry
            for evidence, table in (("shared", self.shared), ("on-policy", self.on_policy))
            for name, values in table.items()
            for run, by_goal in zip(self.runs, np.where(np.isfinite(values).all(axis=0), values, np.nan), strict=True)
            for entry in metric_samples(run, name, evidence, "goals", by_goal)
        )


def run(evidence: "Evidence", settings: GoalClustersSettings, rng: np.random.Generator) -> GoalClustersResult:
    """Measure the embeddings of states near each shared goal.

    Args:
        evidence: The agents and their records.
        settings: Definition of near.
        rng: Draws the near states.

    Raises:
        ProbeError: If no goal has enough near states, neither in the shared set nor in any agent's episodes.
    """
    env, goals = evidence.env, evidence.goals
    radius = settings.radius_in_tolerances * float(env.spec.tolerance)
    # Distances are cheap and embeddings are not, so check first whether there is anything to measure.
    shared_places = achieved_goals(env, evidence.probe_set.points.states)
    own_places = [_places(evidence, record) for record in evidence.episodes]
    shared_near = geodesic_distances(env, shared_places, goals) <= radius
    own_near = [geodesic_distances(env, places, goals) <= radius for places in own_places]
    counts = np.stack([near.sum(axis=1) for near in (shared_near, *own_near)])
    most = int(counts.max())
    if most < settings.min_near:
        raise ProbeError(
            f"no goal has {settings.min_near} states within {radius:g} {env.spec.unit} (at most {most}): no agent "
            "comes near a goal often enough to measure spread. Record more episodes, or train longer."
        )
    # Numbers of many states and of few have different biases: each is measured on equally many.
    drawn = int(counts[counts >= settings.min_near].min())
    shared_draws = _draws(shared_near, drawn, settings, rng)
    shared, on_policy = [], []
    for i, psi in enumerate(evidence.goal_psi):
        own_phi = evidence.on_policy_phi[i]
        shared.append(_table(evidence.point_phi[i], shared_places, shared_draws, psi))
        flat = own_phi.reshape(-1, own_phi.shape[-1])[evidence.episodes[i].active.ravel()]
        on_policy.append(_table(flat, own_places[i], _draws(own_near[i], drawn, settings, rng), psi))
    return GoalClustersResult(
        runs=evidence.infos,
        goals=goals,
        radius=radius,
        drawn=drawn,
        near_shared=shared_near.sum(axis=1),
        near_on_policy=np.stack([near.sum(axis=1) for near in own_near]),
        shared={name: np.stack([table[name] for table in shared]) for name in SPREADS},
        on_policy={name: np.stack([table[name] for table in on_policy]) for name in SPREADS},
    )


def _draws(
    near: Bool[np.ndarray, "goals points"], count: int, settings: GoalClustersSettings, rng: np.random.Generator
) -> list[Bool[np.ndarray, "_ points"]]:
    """For each goal some draws of equally many near points, as masks; none where too few are near."""
    draws = []
    for points in map(np.flatnonzero, near):
        masks = np.zeros((settings.draws if len(points) >= settings.min_near else 0, near.shape[1]), dtype=bool)
        for mask in masks:
            mask[rng.choice(points, size=count, replace=False)] = True
        # All of them are one draw.
        draws.append(masks[:1] if len(points) == count else masks)
    return draws


def _table(
    phi: np.ndarray, places: np.ndarray, draws: list[Bool[np.ndarray, "_ points"]], psi: np.ndarray
) -> dict[str, Float[np.ndarray, " goals"]]:
    """Every spread around every goal, mean over draws; NaN where there are none or a number is undefined."""
    table = {name: np.full(len(draws), np.nan) for name in SPREADS}
    for j, masks in enumerate(draws):
        by_draw = [_spreads(phi, places, mask, psi[j]) for mask in masks]
        for name in SPREADS if by_draw else ():
            table[name][j] = np.mean([spreads[name] for spreads in by_draw])
    return table


def _places(evidence: "Evidence", record: OnPolicyEpisodes) -> Float[np.ndarray, "points goal_dim"]:
    return achieved_goals(evidence.env, record.states[:, :-1][record.active])


def _spreads(phi: np.ndarray, places: np.ndarray, near: np.ndarray, psi: np.ndarray) -> dict[str, float]:
    # If a representation has collapsed near one goal, some of these are undefined and the others are still valid.
    return {
        "near_spread": or_nan(metrics.near_spread, phi, near),
        "spread_ratio": or_nan(metrics.spread_ratio, phi, near),
        "goal_resolution": or_nan(metrics.goal_resolution, phi, places, near),
        "near_dimension": or_nan(metrics.near_dimension, phi, near),
        "goal_offset": or_nan(metrics.goal_offset, phi, near, psi),
    }


_CHARTED = ("spread_ratio", "goal_resolution", "near_dimension", "goal_offset")

PROBE = Probe(
    name="goal_clusters",
    order=50,
    command="spread",
    title="Spread around the goal",
    help="How widely the representation spreads states near a goal.",
    settings=GoalClustersSettings,
    result=GoalClustersResult,
    run=run,
    metrics=names_of("spread"),
    agent=EmbeddingAgent,
    records=("episodes", "goals", "shared"),
    before_training=True,
    reading=lambda _: (
        "How widely the representation spreads states near a goal: goal resolution above 1 means that a metre near the "
        "goal takes more embedding distance than a metre overall."
    ),
    finding=lambda found: " ".join(
        filter(
            None,
            (
                found.ends(
                    "goal_resolution",
                    "shared",
                    "A metre near a goal takes {} times the embedding distance of a metre overall",
                ),
                found.ends("spread_ratio", "shared", "The spread ratio is {}"),
            ),
        )
    ),
    notes=lambda result: (
        f"Near means within a geodesic distance of {result.radius:g} m. The shared set has "
        f"{', '.join(map(str, result.near_shared))} states near goals 1 to {len(result.goals)}; goals with too few are "
        f"left out. Each number is a mean over draws of {result.drawn} near states, equally many for every agent and "
        "goal; before training it is their own number. Shared numbers compare representations on the same states; own "
        "episodes also reflect where each agent goes.",
    ),
    charts=_CHARTED,
    references=lambda _: {"as in the maze": {"goal_resolution": 1.0}},
    tables=(NumberTable(_CHARTED, "shared", "shared probe set"), NumberTable(_CHARTED, "on-policy", "own episodes")),
)
