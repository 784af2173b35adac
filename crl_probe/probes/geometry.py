"""The geometry of each agent's representation of the shared set, and the similarity of agents."""

import contextlib
import dataclasses
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from crl_probe import metrics
from crl_probe.evidence.origin import points_by_origin
from crl_probe.evidence.places import achieved_goals, geodesic_distances
from crl_probe.metrics.neighbours import NEIGHBOURS, nearest, shared_neighbours
from crl_probe.metrics.rounding import has_spread
from crl_probe.probes.declaration import NumberTable, Probe
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs.agent import Agent, EmbeddingAgent
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import RunInfo, labels_in_order

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

ENCODERS = ("phi", "psi")
TARGETS = ("goal", "distance")


@dataclasses.dataclass(frozen=True)
class GeometrySettings:
    """Settings of the probe.

    Attributes:
        folds: Number of cross-validation folds for the decodability; each task of the shared set is in one fold.
    """

    folds: int = 5


@dataclasses.dataclass(frozen=True, repr=False)
class GeometryResult(ProbeResult):
    """Geometry of the embeddings of the shared points; NaN where a number is undefined, as for a collapsed network.

    Attributes:
        runs: The agents.
        points: Number of shared points.
        effective_rank: For ``phi`` of the state-actions and ``psi`` of the achieved goals. (runs,)
        decodability: R^2, on held-out tasks (commanded goals), of a linear map from φ to the achieved ``goal``, and
            from φ and a goal's ψ to the geodesic ``distance`` between the two. (runs, folds)
        cka: Similarity of the φ of every two agents. (runs, runs)
        srank: As ``effective_rank``. (runs,)
        intrinsic_dimension: Of φ. (runs,)
        mutual_knn: Share of neighbours that every two agents have in common. (runs, runs)
        rank_own: Effective rank of the φ of the points that each agent's own episodes gave. (runs,)
        rank_others: The same of as many points of the other agents. (runs,)
    """

    runs: tuple[RunInfo, ...]
    points: int
    effective_rank: dict[str, np.ndarray]
    decodability: dict[str, np.ndarray]
    cka: Float[np.ndarray, "runs runs"]
    srank: dict[str, np.ndarray]
    intrinsic_dimension: Float[np.ndarray, " runs"]
    mutual_knn: Float[np.ndarray, "runs runs"]
    rank_own: Float[np.ndarray, " runs"]
    rank_others: Float[np.ndarray, " runs"]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every number of every run; the similarity to other runs by their level."""
        tables = {
            **{("effective_rank", "shared", part): values for part, values in self.effective_rank.items()},
            ("effective_rank", "shared-own", "phi"): self.rank_own,
            ("effective_rank", "shared-others", "phi"): self.rank_others,
            **{("srank", "shared", part): values for part, values in self.srank.items()},
            ("intrinsic_dimension", "shared", ""): self.intrinsic_dimension,
        }
        ranks = [
            entry
            for (name, source, part), values in tables.items()
            for run, value in zip(self.runs, values, strict=True)
            for entry in metric_samples(run, name, source, "sets", np.array([value]), part)
        ]
        read = [
            entry
            for target, values in self.decodability.items()
            for run, by_fold in zip(self.runs, values, strict=True)
            for entry in metric_samples(run, "linear_decodability", "shared", "folds", by_fold, target)
        ]
        alike = [
            entry
            for name, table in (("cka", self.cka), ("mutual_knn", self.mutual_knn))
            for label in labels_in_order(self.runs)
            for i, run in enumerate(self.runs)
            for entry in metric_samples(run, name, "shared", "runs", table[i, self._others(label, i)], f"to {label}")
        ]
        return (*ranks, *read, *alike)

    def _others(self, label: str, i: int) -> list[int]:
        return [j for j, run in enumerate(self.runs) if run.label == label and j != i]


def run(evidence: "Evidence", settings: GeometrySettings, rng: np.random.Generator) -> GeometryResult:
    """Measure every agent's embeddings of the shared points and compare them between agents.

    Args:
        evidence: The agents and their records.
        settings: Number of folds.
        rng: Pairs every point with one of the shared goals, the same for every agent.

    Raises:
        ProbeError: If agents have embeddings of different numbers of points.
    """
    env, points, goals = evidence.env, evidence.probe_set.points, evidence.goals
    _check_same_points(evidence)
    places = achieved_goals(env, points.states)
    paired = rng.integers(len(goals), size=len(points))
    distance = geodesic_distances(env, places, goals)[paired, np.arange(len(points))]
    own = [
        (phi, psi, goal_psi[paired])
        for phi, psi, goal_psi in zip(evidence.point_phi, evidence.point_psi, evidence.goal_psi, strict=True)
    ]
    # Agents share starts and goals, so every episode has a similar one of every other agent: one fold holds them all.
    _, task = np.unique(points.commanded_goals, axis=0, return_inverse=True)
    common = (places, distance, task.reshape(-1), settings.folds)
    origins = points_by_origin(evidence.probe_set, evidence.infos, rng)
    shapes = evidence.of_each_run(f"geometry of {len(points)} embeddings", _shape, *common, each=own)
    return GeometryResult(
        runs=evidence.infos,
        points=len(points),
        effective_rank={name: np.array([shape.effective_rank[name] for shape in shapes]) for name in ENCODERS},
        decodability={name: np.stack([shape.decodability[name] for shape in shapes]) for name in TARGETS},
        cka=cka_between(evidence.point_phi),
        srank={name: np.array([shape.srank[name] for shape in shapes]) for name in ENCODERS},
        intrinsic_dimension=np.array([shape.intrinsic_dimension for shape in shapes]),
        mutual_knn=_shared_neighbours(evidence.point_phi),
        rank_own=_ranks([phi[origin.own] for phi, origin in zip(evidence.point_phi, origins, strict=True)]),
        rank_others=_ranks([phi[origin.others] for phi, origin in zip(evidence.point_phi, origins, strict=True)]),
    )


def _ranks(spaces: Sequence[Float[np.ndarray, "points _"]]) -> Float[np.ndarray, " spaces"]:
    return np.array([or_nan(metrics.effective_rank, phi) for phi in spaces], np.float64)


def cka_between(spaces: Sequence[Float[np.ndarray, "points _"]]) -> Float[np.ndarray, "spaces spaces"]:
    """CKA of every two representations of the same points: symmetric, 1 on the diagonal.

    Args:
        spaces: One representation each. (points, dim); dim may differ.

    Returns:
        Similarities; NaN in the row and column of a collapsed representation. (spaces, spaces)
    """
    table = np.full((len(spaces), len(spaces)), np.nan)
    for i, j in itertools.combinations_with_replacement(range(len(spaces)), 2):
        table[i, j] = table[j, i] = or_nan(metrics.cka, spaces[i], spaces[j])
    return table


def _shared_neighbours(spaces: Sequence[Float[np.ndarray, "points _"]]) -> Float[np.ndarray, "spaces spaces"]:
    """As ``metrics.mutual_knn`` of every two, whose neighbours are looked for once; NaN where there are none."""
    table = np.full((len(spaces), len(spaces)), np.nan)
    known = {i: nearest(phi, NEIGHBOURS) for i, phi in enumerate(spaces) if has_spread(phi) and len(phi) > NEIGHBOURS}
    for i, j in itertools.combinations_with_replacement(known, 2):
        table[i, j] = table[j, i] = shared_neighbours(known[i], known[j])
    return table


def _check_same_points(evidence: "Evidence") -> None:
    counts = {run.name: len(phi) for run, phi in zip(evidence.infos, evidence.point_phi, strict=True)}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name}: {count}" for name, count in counts.items())
        raise ProbeError(
            f"agents have embeddings of different numbers of points ({listed}): all must be measured on the same "
            "points. Measure these runs again, with one probe set."
        )


class _Shape(NamedTuple):
    """The numbers of one agent, by encoder or target."""

    effective_rank: dict[str, float]
    srank: dict[str, float]
    intrinsic_dimension: float
    decodability: dict[str, np.ndarray]


def _shape(
    _agent: Agent,
    phi: Float[np.ndarray, "points repr_dim"],
    psi: Float[np.ndarray, "points repr_dim"],
    paired_psi: Float[np.ndarray, "points repr_dim"],
    places: Float[np.ndarray, "points goal_dim"],
    distance: Float[np.ndarray, " points"],
    task: Int[np.ndarray, " points"],
    folds: int,
) -> _Shape:
    spaces = {"phi": phi, "psi": psi}
    read = {name: np.full(folds, np.nan) for name in TARGETS}
    regressions = ((phi, places), (np.concatenate([phi, paired_psi], axis=1), distance))
    for name, (features, targets) in zip(TARGETS, regressions, strict=True):
        with contextlib.suppress(metrics.MetricError):
            # Whole tasks are held out: neighbours in time of training points would make the test too easy.
            read[name] = metrics.decodability_by_fold(features, targets, folds, groups=task)
    return _Shape(
        effective_rank={name: or_nan(metrics.effective_rank, space) for name, space in spaces.items()},
        srank={name: or_nan(metrics.srank, space) for name, space in spaces.items()},
        intrinsic_dimension=or_nan(metrics.intrinsic_dimension, phi),
        decodability=read,
    )


PROBE = Probe(
    name="geometry",
    order=60,
    command="geometry",
    title="Geometry",
    help="Effective rank, similarity between runs, and linear decodability.",
    settings=GeometrySettings,
    result=GeometryResult,
    run=run,
    metrics=("effective_rank", "srank", "intrinsic_dimension", "cka", "mutual_knn", "linear_decodability"),
    agent=EmbeddingAgent,
    records=("goals", "shared"),
    before_training=True,
    reading=lambda _: (
        "How many directions the embeddings use, what a linear map can decode from them, and how similar two agents' "
        "embeddings of the same states are (1 is the same up to rotation and scale)."
    ),
    finding=lambda found: found.ends("effective_rank", "shared", "The embedding φ uses {} directions", "phi"),
    notes=lambda result: (
        f"All on the same {result.points:,} shared states. Decodability is of the position (from φ) and of the "
        "geodesic distance to a goal (from φ and ψ), by ridge regression, on held-out tasks.",
    ),
    charts=("effective_rank", "srank", "intrinsic_dimension", "linear_decodability"),
    tables=(
        NumberTable(("effective_rank", "srank", "intrinsic_dimension", "linear_decodability"), "shared"),
        NumberTable(("cka", "mutual_knn"), "shared", "similarity"),
        NumberTable(("effective_rank",), "shared-own", "own points of the set"),
        NumberTable(("effective_rank",), "shared-others", "others' points of the set"),
    ),
    page="crl_probe.render.page.panels:cka",
    paper="crl_probe.render.paper.figures:geometry_figure",
)
