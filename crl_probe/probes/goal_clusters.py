"""How much room each agent's representation gives to what is near a goal."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Integer

from crl_probe import metrics
from crl_probe.evidence.episodes import OnPolicyEpisodes
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.evidence.places import achieved_goals, walking_distances
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import RunInfo

if TYPE_CHECKING:
    from crl_probe.runs.loading import LoadedRun

SPREADS = ("near_spread", "spread_ratio", "goal_resolution", "near_dimension", "goal_offset")


@dataclasses.dataclass(frozen=True)
class GoalClustersSettings:
    """Settings of the probe.

    Attributes:
        evidence: Episodes, shared set and goals.
        radius_in_tolerances: A state is near a goal within so many tolerances of walking distance.
        min_near: Goals with fewer near states are left out.
    """

    evidence: EvidenceSettings = dataclasses.field(default_factory=EvidenceSettings)
    radius_in_tolerances: float = 3.0
    min_near: int = 20


@dataclasses.dataclass(frozen=True)
class GoalClustersResult:
    """Spread around every shared goal, on the shared set and on each agent's own states.

    Attributes:
        runs: The agents.
        goals: Shared goals. (goals, goal_dim)
        radius: Walking distance within which a state is near, environment's unit.
        near_shared: Near states in the shared set. (goals,)
        near_on_policy: Near states among each agent's own. (runs, goals)
        shared: For each name in ``SPREADS`` the value; NaN where too few states are near. (runs, goals)
        on_policy: The same on each agent's own states. (runs, goals)
    """

    runs: tuple[RunInfo, ...]
    goals: Float[np.ndarray, "goals goal_dim"]
    radius: float
    near_shared: Integer[np.ndarray, " goals"]
    near_on_policy: Integer[np.ndarray, "runs goals"]
    shared: dict[str, np.ndarray]
    on_policy: dict[str, np.ndarray]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every spread of every run, by goal and kind of evidence.

        On-policy numbers are over the goals near which every agent has enough states of its own: a mean over other
        goals for each agent would compare goals and not agents.
        """
        return tuple(
            entry
            for evidence, table in (("shared", self.shared), ("on-policy", self.on_policy))
            for name, values in table.items()
            for run, by_goal in zip(self.runs, values[:, np.isfinite(values).all(axis=0)], strict=True)
            for entry in metric_samples(run, name, evidence, "goals", by_goal)
        )


def run(
    loaded_runs: Sequence["LoadedRun"],
    settings: GoalClustersSettings,
    rng: np.random.Generator,
    *,
    evidence: Evidence | None = None,
) -> GoalClustersResult:
    """Measure the embeddings of states near each shared goal.

    Args:
        loaded_runs: Agents of one environment.
        settings: What counts as near, and the evidence.
        rng: Not used: the evidence has a seed of its own.
        evidence: Recordings made already; None makes them.

    Raises:
        ProbeError: If no goal has enough near states in either kind of evidence.
    """
    evidence = evidence or Evidence(loaded_runs, settings.evidence)
    env, goals = evidence.env, evidence.goals
    radius = settings.radius_in_tolerances * float(env.spec.tolerance)
    # Distances are cheap and embeddings are not: whether there is anything to measure is settled first.
    shared_places = achieved_goals(env, evidence.probe_set.points.states)
    own_places = [_places(evidence, record) for record in evidence.episodes]
    shared_near = walking_distances(env, shared_places, goals) <= radius
    own_near = [walking_distances(env, places, goals) <= radius for places in own_places]
    most = max(int(near.sum(axis=1).max()) for near in (shared_near, *own_near))
    if most < settings.min_near:
        raise ProbeError(
            f"no goal has {settings.min_near} states within {radius:g} {env.spec.unit} (at most {most}): no agent "
            "comes near a goal often enough to measure spread. Record more episodes, or train longer."
        )
    shared, on_policy = [], []
    for i, psi in enumerate(evidence.goal_psi):
        own_phi = evidence.on_policy_phi[i]
        shared.append(_table(evidence.point_phi[i], shared_places, shared_near, psi, settings.min_near))
        flat = own_phi.reshape(-1, own_phi.shape[-1])
        on_policy.append(_table(flat, own_places[i], own_near[i], psi, settings.min_near))
    return GoalClustersResult(
        runs=evidence.infos,
        goals=goals,
        radius=radius,
        near_shared=shared_near.sum(axis=1),
        near_on_policy=np.stack([near.sum(axis=1) for near in own_near]),
        shared={name: np.stack([table[name] for table in shared]) for name in SPREADS},
        on_policy={name: np.stack([table[name] for table in on_policy]) for name in SPREADS},
    )


def _table(
    phi: np.ndarray, places: np.ndarray, near: Bool[np.ndarray, "goals points"], psi: np.ndarray, min_near: int
) -> dict[str, Float[np.ndarray, " goals"]]:
    """Every spread around every goal; NaN where too few points are near or a number is undefined."""
    table = {name: np.full(len(near), np.nan) for name in SPREADS}
    for j, mask in enumerate(near):
        if mask.sum() >= min_near:
            for name, spread in _spreads(phi, places, mask, psi[j]).items():
                table[name][j] = spread
    return table


def _places(evidence: Evidence, record: OnPolicyEpisodes) -> Float[np.ndarray, "points goal_dim"]:
    return achieved_goals(evidence.env, record.states[:, :-1].reshape(-1, record.states.shape[-1]))


def _spreads(phi: np.ndarray, places: np.ndarray, near: np.ndarray, psi: np.ndarray) -> dict[str, float]:
    # A representation that has collapsed near one goal leaves some of these undefined, and no others.
    return {
        "near_spread": or_nan(metrics.near_spread, phi, near),
        "spread_ratio": or_nan(metrics.spread_ratio, phi, near),
        "goal_resolution": or_nan(metrics.goal_resolution, phi, places, near),
        "near_dimension": or_nan(metrics.near_dimension, phi, near),
        "goal_offset": or_nan(metrics.goal_offset, phi, near, psi),
    }
