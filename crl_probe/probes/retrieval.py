"""Whether each critic finds the goal that a state-action led to among the goals of a batch."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from crl_probe import metrics
from crl_probe.evidence.pairs import Pairs, energies_by_batch, own_pairs, shared_pairs
from crl_probe.probes.declaration import NumberTable, Probe
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs.agent import EmbeddingAgent
from crl_probe.runs.encode import encode_phi, encode_psi
from crl_probe.runs.run_info import RunInfo

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

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
    """

    runs: tuple[RunInfo, ...]
    batch_size: int
    shared: dict[str, np.ndarray]
    on_policy: dict[str, np.ndarray]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Every score of every run, by batch and source."""
        return tuple(
            entry
            for evidence, table in (("shared", self.shared), ("on-policy", self.on_policy))
            for name, values in table.items()
            for run, by_batch in zip(self.runs, values, strict=True)
            for entry in metric_samples(run, name, evidence, "batches", by_batch)
        )


def run(evidence: "Evidence", settings: RetrievalSettings, rng: np.random.Generator) -> RetrievalResult:
    """Score the retrieval of every critic on shared pairs, and on pairs from its own episodes.

    Args:
        evidence: The agents and their records.
        settings: Size of a batch.
        rng: Shuffles the shared pairs and draws the agents' own.

    Raises:
        ProbeError: If there are too few shared points for one batch.
    """
    shared = shared_pairs(evidence.probe_set.points, settings.batch_size, rng)
    seed = int(rng.integers(2**31))
    own = [
        (own_pairs(evidence.env, record, len(shared), settings.batch_size, agent.discount, _seeded(seed)),)
        for agent, record in zip(evidence.embedding_agents, evidence.episodes, strict=True)
    ]
    words = f"retrieving goals among {settings.batch_size}"
    tables = evidence.of_each_run(words, _shared_and_own_scores, shared, each=own)
    return RetrievalResult(
        runs=evidence.infos,
        batch_size=settings.batch_size,
        shared={name: np.stack([of_shared[name] for of_shared, _ in tables]) for name in CONTRASTIVE_SCORES},
        on_policy={name: np.stack([of_own[name] for _, of_own in tables]) for name in CONTRASTIVE_SCORES},
    )


def _seeded(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _shared_and_own_scores(
    agent: EmbeddingAgent, own: Pairs, shared: Pairs
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    return _scores(agent, shared), _scores(agent, own)


def _scores(agent: EmbeddingAgent, pairs: Pairs) -> dict[str, Float[np.ndarray, " batches"]]:
    phi, psi = encode_phi(agent, pairs.states, pairs.actions), encode_psi(agent, pairs.goals)
    batches = energies_by_batch(agent, phi, psi, pairs.batch_size)
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
    metrics=tuple(CONTRASTIVE_SCORES),
    agent=EmbeddingAgent,
    records=("episodes", "shared"),
    before_training=True,
    reading=lambda result: (
        f"The critic's own task on fresh episodes: among {result.batch_size} goals, find the one that this "
        f"state-action led to (chance is 1 in {result.batch_size})."
    ),
    finding=lambda found: found.ends("retrieval_accuracy", "shared", "Critics pick the right goal with a share of {}"),
    charts=tuple(CONTRASTIVE_SCORES),
    references=lambda result: {"chance": {"retrieval_accuracy": 1.0 / result.batch_size, "infonce_bound": 0.0}},
    tables=(
        NumberTable(tuple(CONTRASTIVE_SCORES), "shared", "shared probe set"),
        NumberTable(tuple(CONTRASTIVE_SCORES), "on-policy", "own episodes"),
    ),
)
