"""What each agent's critic knows after its first blocks: its own head is applied to the stream after some of them.

The head was trained on the output of the last block. It can be applied earlier because all blocks add to one residual
stream. Without residual connections, scores before the last block are close to chance.
"""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from crl_probe import metrics
from crl_probe.evidence.pairs import Pairs, energies_by_batch, shared_pairs
from crl_probe.evidence.places import floor_of
from crl_probe.probes.declaration import NumberTable, Probe
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs.agent import LayeredAgent
from crl_probe.runs.blocks import evenly_spaced_blocks, points_that_fit
from crl_probe.runs.encode import acting, in_chunks
from crl_probe.runs.run_info import RunInfo
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence
    from crl_train.envs.goal_env import GoalEnv

SOURCES = {"retrieval_accuracy": "shared", "geodesic_rank": "grid"}
"""The scores of the depth lens, and the source of each."""

_CHUNK = 512
_NOT_ABOVE_CHANCE = "These critics are not clearly above chance even whole: no readable depth is defined."


@dataclasses.dataclass(frozen=True)
class DepthLensSettings:
    """Settings of the probe.

    Attributes:
        kept: Number of blocks after which the head is applied, evenly spaced from before the first to the last.
        batch_size: Pairs in a batch; chance is 1 / batch_size.
        fine_cells: Approximate number of grid cells along the long side of the floor.
    """

    kept: int = 33
    batch_size: int = 256
    fine_cells: int = 25

    def __post_init__(self) -> None:
        if self.kept < 2:
            raise ConfigError(
                f"kept={self.kept} is not usable: no block and all blocks are always kept. Use 2 or more."
            )


@dataclasses.dataclass(frozen=True, repr=False)
class DepthLensResult(ProbeResult):
    """Scores of each critic after its first blocks; NaN where one is undefined.

    Attributes:
        runs: The agents.
        batch_size: Pairs in a batch; chance is 1 / batch_size.
        total_blocks: Residual blocks of each agent's encoders. (runs,)
        blocks: For each agent the numbers of blocks after which its head was applied, from 0 to all. (kept,)
        retrieval_accuracy: For each agent its score on every batch of shared pairs. (kept, batches)
        geodesic_rank: For each agent its score for every shared goal; (kept, 0) without a floor. (kept, goals)
        readable: For each name in ``SOURCES`` the share of blocks from which on the critic has 90 % of its final score
            above chance; NaN where the whole critic is not clearly above chance. (runs,)
    """

    runs: tuple[RunInfo, ...]
    batch_size: int
    total_blocks: Int[np.ndarray, " runs"]
    blocks: tuple[Int[np.ndarray, " _"], ...]
    retrieval_accuracy: tuple[Float[np.ndarray, "_ batches"], ...]
    geodesic_rank: tuple[Float[np.ndarray, "_ goals"], ...]
    readable: dict[str, np.ndarray]

    @property
    def chance(self) -> dict[str, float]:
        """What a critic scores that knows nothing, for each name in ``SOURCES``."""
        return {"retrieval_accuracy": 1.0 / self.batch_size, "geodesic_rank": 0.0}

    def samples(self) -> tuple[MetricSamples, ...]:
        """The readable depth of every run, for each score."""
        return tuple(
            entry
            for score, by_run in self.readable.items()
            for run, share in zip(self.runs, by_run, strict=True)
            for entry in metric_samples(run, "readable_depth", SOURCES[score], "lenses", np.array([share]), score)
        )


def run(evidence: "Evidence", settings: DepthLensSettings, rng: np.random.Generator) -> DepthLensResult:
    """Score every critic as if it ended after its first blocks; the actor is not cut.

    Args:
        evidence: The agents and their records.
        settings: Number of prefixes, batch size and grid.
        rng: Shuffles the shared pairs, as in the retrieval probe.

    Raises:
        ProbeError: If there are too few shared points for one batch.
    """
    agents = evidence.layered_agents
    pairs = shared_pairs(evidence.probe_set.points, settings.batch_size, rng)
    blocks = [evenly_spaced_blocks(agent.critic_blocks, settings.kept) for agent in agents]
    retrieval = evidence.of_each_run("retrieving goals block by block", _retrieval, pairs, each=[(b,) for b in blocks])
    ranks = [np.zeros((len(b), 0)) for b in blocks]
    if evidence.env.floor is not None:
        common = _grid(evidence.env, evidence.goals, settings.fine_cells)
        ranks = evidence.of_each_run("landscapes block by block", _ranks, *common, each=[(b,) for b in blocks])
    chance = 1.0 / settings.batch_size
    is_known = [_is_above_chance(scores[-1], settings.batch_size) for scores in retrieval]
    return DepthLensResult(
        runs=evidence.infos,
        batch_size=settings.batch_size,
        total_blocks=np.array([agent.critic_blocks for agent in agents]),
        blocks=tuple(blocks),
        retrieval_accuracy=tuple(retrieval),
        geodesic_rank=tuple(ranks),
        readable={
            "retrieval_accuracy": np.array(
                [_readable(*lens, chance) for lens in zip(retrieval, blocks, is_known, strict=True)]
            ),
            "geodesic_rank": np.array(
                [_readable(scores, b, _is_positive(scores[-1]), 0.0) for scores, b in zip(ranks, blocks, strict=True)]
            ),
        },
    )


def _readable(
    scores: Float[np.ndarray, "kept samples"], blocks: Int[np.ndarray, " kept"], is_known: bool, chance: float
) -> float:
    # Of a critic that knows nothing there is no block that knows nine tenths of it.
    return or_nan(metrics.readable_depth, scores.mean(axis=1), blocks, chance) if is_known else float("nan")


def _is_above_chance(accuracies: Float[np.ndarray, " batches"], batch_size: int) -> bool:
    """Whether the lower end of Wilson's interval over all pairs is above 1 / batch_size."""
    if not np.isfinite(accuracies).all():
        return False
    pairs = batch_size * len(accuracies)
    is_right = np.arange(pairs) < round(float(accuracies.mean()) * pairs)
    return metrics.estimate_over_seeds([is_right], "pairs").low > 1.0 / batch_size


def _is_positive(ranks: Float[np.ndarray, " goals"]) -> bool:
    """Whether the interval of the mean over goals is above 0; without two goals that is not known."""
    known = ranks[np.isfinite(ranks)]
    return len(known) > 1 and metrics.mean_effect(known).estimate.low > 0


def _retrieval(
    agent: LayeredAgent, blocks: Int[np.ndarray, " kept"], pairs: Pairs
) -> Float[np.ndarray, "kept batches"]:
    phi = _phi_after(agent, blocks, pairs.states, pairs.actions)
    psi = _psi_after(agent, blocks, pairs.goals)
    scores = []
    for one, other in zip(phi, psi, strict=True):
        batches = energies_by_batch(agent, one, other, pairs.batch_size)
        scores.append([or_nan(metrics.retrieval_accuracy, energies) for energies in batches])
    return np.array(scores)


def _ranks(
    agent: LayeredAgent,
    blocks: Int[np.ndarray, " kept"],
    states: Float[np.ndarray, "cells state_dim"],
    goals: Float[np.ndarray, "goals goal_dim"],
    geodesic: Float[np.ndarray, "goals cells"],
) -> Float[np.ndarray, "kept goals"]:
    # Only the critic is cut: actions come from the whole actor.
    cells = np.tile(states, (len(goals), 1))
    actions = acting(agent)(cells, np.repeat(goals, len(states), axis=0))
    phi = np.split(_phi_after(agent, blocks, cells, actions), len(goals), axis=1)
    psi = np.swapaxes(_psi_after(agent, blocks, goals), 0, 1)
    ranks = [_ranks_for_goal(agent, *of_goal) for of_goal in zip(phi, psi, geodesic, strict=True)]
    return np.stack(ranks, axis=1)


def _ranks_for_goal(
    agent: LayeredAgent,
    phi: Float[np.ndarray, "kept cells repr_dim"],
    psi: Float[np.ndarray, "kept repr_dim"],
    geodesic: Float[np.ndarray, " cells"],
) -> list[float]:
    energies = agent.energy_between(phi, np.broadcast_to(psi[:, None], phi.shape))
    free = np.ones((1, len(geodesic)), dtype=bool)
    landscapes = np.asarray(energies, dtype=np.float64)[:, None]
    return [or_nan(metrics.geodesic_rank, values, geodesic[None], free) for values in landscapes]


def _phi_after(
    agent: LayeredAgent,
    blocks: Int[np.ndarray, " kept"],
    state: Float[np.ndarray, "points state_dim"],
    action: Float[np.ndarray, "points action_dim"],
) -> Float[np.ndarray, "kept points repr_dim"]:
    return np.swapaxes(in_chunks(lambda s, a: agent.phi_after(s, a, blocks), state, action, chunk=_chunk(agent)), 0, 1)


def _psi_after(
    agent: LayeredAgent, blocks: Int[np.ndarray, " kept"], goal: Float[np.ndarray, "points goal_dim"]
) -> Float[np.ndarray, "kept points repr_dim"]:
    return np.swapaxes(in_chunks(lambda g: agent.psi_after(g, blocks), goal, chunk=_chunk(agent)), 0, 1)


def _chunk(agent: LayeredAgent) -> int:
    return min(_CHUNK, points_that_fit(agent.critic_blocks, agent.width))


def _grid(
    env: "GoalEnv", goals: Float[np.ndarray, "goals goal_dim"], fine_cells: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nominal states in the free cells of the floor, the goals, and the geodesic distances between them."""
    assert env.floor is not None
    _, places, states = floor_of(env, fine_cells)
    return states, goals, env.floor.geodesics(places, np.asarray(env.in_plane(goals)))


PROBE = Probe(
    name="depth_lens",
    order=90,
    command="lens",
    title="Depth lens",
    help="What the critic already knows after its first blocks.",
    settings=DepthLensSettings,
    result=DepthLensResult,
    run=run,
    metrics=("readable_depth",),
    agent=LayeredAgent,
    records=("goals", "shared"),
    notes=lambda result: () if result.samples() else (_NOT_ABOVE_CHANCE,),
    reading=lambda _: (
        "Both encoders are cut after each block and followed by their own head: after the block where a curve reaches "
        "its final height, further blocks add nothing to this score."
    ),
    finding=lambda found: found.ends(
        "readable_depth",
        "shared",
        "Retrieval accuracy keeps 90 % of its final height above chance after {} of the blocks",
        "retrieval_accuracy",
    ),
    tables=(NumberTable(("readable_depth",), "shared"), NumberTable(("readable_depth",), "grid")),
    without_numbers=_NOT_ABOVE_CHANCE,
    page="crl_probe.render.page.panels:depth_lens",
    paper="crl_probe.render.paper.figures:depth_lens_figure",
)
