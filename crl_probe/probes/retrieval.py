"""Whether each critic finds the goal that a state-action led to among the goals of a batch."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from crl_probe import metrics
from crl_probe.evidence.origin import points_by_origin
from crl_probe.evidence.pairs import Pairs, energies_by_batch, own_pairs, shared_pairs
from crl_probe.probes.declaration import NumberTable, Probe
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs.agent import EmbeddingAgent
from crl_probe.runs.encode import encode_phi, encode_psi
from crl_probe.runs.run_info import RunInfo

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

_SMALLEST_BATCH = 16
CONTRASTIVE_SCORES = {"retrieval_accuracy": metrics.retrieval_accuracy, "infonce_bound": metrics.infonce_bound}


@dataclasses.dataclass(frozen=True)
class RetrievalSettings:
    """Settings of the probe.

    Attributes:
        batch_size: Pairs in a batch; chance is 1 / batch_size.
    """

    batch_size: int = 256


@dataclasses.dataclass(frozen=True, repr=False)
class RetrievalResult(ProbeResult):
    """Scores on batches of held-out pairs.

    Attributes:
        runs: The agents.
        batch_size: Pairs in a batch.
        shared: For each of ``CONTRASTIVE_SCORES`` the value on every batch of shared pairs; NaN if undefined.
            (runs, batches)
        on_policy: The same on the same number of pairs from each agent's own episodes. (runs, batches)
        alignment: Of the shared pairs. (runs,)
        uniformity: For ``phi`` and ``psi`` of the shared pairs. (runs,)
        part_batch_size: Pairs in a batch of the next two, which are fewer where there are many agents.
        shared_own: The same as ``shared`` on the shared pairs that each agent's own episodes gave; no batches where
            there are too few. (runs, batches)
        shared_others: The same on as many shared pairs of the other agents. (runs, batches)
    """

    runs: tuple[RunInfo, ...]
    batch_size: int
    shared: dict[str, np.ndarray]
    on_policy: dict[str, np.ndarray]
    alignment: Float[np.ndarray, " runs"]
    uniformity: dict[str, np.ndarray]
    part_batch_size: int
    shared_own: dict[str, np.ndarray]
    shared_others: dict[str, np.ndarray]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every score of every run, by batch and source."""
        tables = {
            "shared": self.shared,
            "on-policy": self.on_policy,
            "shared-own": self.shared_own,
            "shared-others": self.shared_others,
        }
        scores = [
            entry
            for evidence, table in tables.items()
            for name, values in table.items()
            for run, by_batch in zip(self.runs, values, strict=True)
            for entry in metric_samples(run, name, evidence, "batches", by_batch)
        ]
        on_sphere = {("alignment", ""): self.alignment}
        on_sphere |= {("uniformity", part): values for part, values in self.uniformity.items()}
        return (
            *scores,
            *(
                entry
                for (name, part), values in on_sphere.items()
                for run, value in zip(self.runs, values, strict=True)
                for entry in metric_samples(run, name, "shared", "sets", np.array([value]), part)
            ),
        )


def run(evidence: "Evidence", settings: RetrievalSettings, rng: np.random.Generator) -> RetrievalResult:
    """Score the retrieval of every critic on shared pairs, on parts of them, and on pairs from its own episodes.

    Args:
        evidence: The agents and their records.
        settings: Size of a batch.
        rng: Shuffles the shared pairs and draws the agents' own.

    Raises:
        ProbeError: If there are too few shared points for one batch.
    """
    shared = shared_pairs(evidence.probe_set.points, settings.batch_size, rng)
    seed = int(rng.integers(2**31))
    on_policy = [
        own_pairs(evidence.env, record, len(shared), settings.batch_size, agent.discount, _seeded(seed))
        for agent, record in zip(evidence.embedding_agents, evidence.episodes, strict=True)
    ]
    origins = points_by_origin(evidence.probe_set, evidence.infos, rng)
    part_batch = _power_of_two(min(settings.batch_size, len(origins[0].own)))
    parts = [
        [shared_pairs(evidence.probe_set.points.rows(rows), part_batch, rng) for rows in origin] if part_batch else ()
        for origin in origins
    ]
    each = [((shared, own, *of_parts),) for own, of_parts in zip(on_policy, parts, strict=True)]
    measured = evidence.of_each_run(f"retrieving goals among {settings.batch_size}", _scores_of_each, each=each)
    tables, sphere = zip(*measured, strict=True)

    def column(place: int) -> dict[str, np.ndarray]:
        if place >= len(tables[0]):
            return {name: np.zeros((len(tables), 0)) for name in CONTRASTIVE_SCORES}
        return {name: np.stack([scores[place][name] for scores in tables]) for name in CONTRASTIVE_SCORES}

    return RetrievalResult(
        runs=evidence.infos,
        batch_size=settings.batch_size,
        alignment=np.array([one["alignment"] for one in sphere]),
        uniformity={part: np.array([one[part] for one in sphere]) for part in ("phi", "psi")},
        shared=column(0),
        on_policy=column(1),
        part_batch_size=part_batch,
        shared_own=column(2),
        shared_others=column(3),
    )


def _seeded(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _power_of_two(most: int) -> int:
    """The largest power of two that is not above ``most``; 0 where batches would be so small that chance is large."""
    return 1 << (most.bit_length() - 1) if most >= _SMALLEST_BATCH else 0


def _scores_of_each(
    agent: EmbeddingAgent, batches: Sequence[Pairs]
) -> tuple[list[dict[str, np.ndarray]], dict[str, float]]:
    """The scores of every set of pairs, and how the embeddings of the first, the shared pairs, lie on the sphere."""
    embedded = [(encode_phi(agent, pairs.states, pairs.actions), encode_psi(agent, pairs.goals)) for pairs in batches]
    scores = [
        _scores(energies_by_batch(agent, phi, psi, pairs.batch_size))
        for pairs, (phi, psi) in zip(batches, embedded, strict=True)
    ]
    return scores, _on_sphere(*embedded[0])


def _on_sphere(phi: Float[np.ndarray, "points dim"], psi: Float[np.ndarray, "points dim"]) -> dict[str, float]:
    return {
        "alignment": or_nan(metrics.alignment, phi, psi),
        "phi": or_nan(metrics.uniformity, phi),
        "psi": or_nan(metrics.uniformity, psi),
    }


def _scores(batches: Float[np.ndarray, "batches rows columns"]) -> dict[str, Float[np.ndarray, " batches"]]:
    return {
        name: np.array([or_nan(score, energies) for energies in batches]) for name, score in CONTRASTIVE_SCORES.items()
    }


PROBE = Probe(
    name="retrieval",
    order=80,
    command="retrieval",
    title="Contrastive quality",
    help="Does the critic find the goal that a state-action led to?",
    settings=RetrievalSettings,
    result=RetrievalResult,
    run=run,
    metrics=(*CONTRASTIVE_SCORES, "alignment", "uniformity"),
    agent=EmbeddingAgent,
    records=("episodes", "shared"),
    before_training=True,
    reading=lambda result: (
        f"The critic's own task on fresh episodes: among {result.batch_size} goals, find the one that this "
        f"state-action led to (chance is 1 in {result.batch_size})."
    ),
    finding=lambda found: found.ends("retrieval_accuracy", "shared", "Accuracy of picking the true goal is {}"),
    charts=(*CONTRASTIVE_SCORES, "alignment", "uniformity"),
    references=lambda result: {"chance": {"retrieval_accuracy": 1.0 / result.batch_size, "infonce_bound": 0.0}},
    tables=(
        NumberTable((*CONTRASTIVE_SCORES, "alignment", "uniformity"), "shared", "shared probe set"),
        NumberTable(tuple(CONTRASTIVE_SCORES), "on-policy", "own episodes"),
        NumberTable(tuple(CONTRASTIVE_SCORES), "shared-own", "own points of the set"),
        NumberTable(tuple(CONTRASTIVE_SCORES), "shared-others", "others' points of the set"),
    ),
    notes=lambda result: (
        (
            "The last two tables are about equally many points of the set for every agent, in batches of "
            f"{result.part_batch_size} (chance is 1 in {result.part_batch_size}).",
        )
        if result.part_batch_size
        else ()
    ),
)
