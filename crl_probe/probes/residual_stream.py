"""The effect of every residual block on the residual stream, in all three networks of each agent."""

import dataclasses
import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from crl_probe import metrics
from crl_probe.evidence.places import achieved_goals
from crl_probe.probes.declaration import NumberTable, Probe
from crl_probe.probes.geometry import cka_between
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.samples import MetricSamples, metric_samples, or_nan
from crl_probe.runs.agent import LayeredAgent
from crl_probe.runs.blocks import evenly_spaced_blocks, points_that_fit
from crl_probe.runs.run_info import RunInfo
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

NETWORKS = ("phi", "psi", "actor")

ByBlock = Float[np.ndarray, " _"]


@dataclasses.dataclass(frozen=True)
class ResidualStreamSettings:
    """Settings of the probe.

    Attributes:
        points: Number of shared points that the networks are evaluated on; fewer if there are fewer, or if the stream
            of a deep network would not fit into memory.
        kept_blocks: Number of blocks that are compared with each other, evenly spaced from the first to the last.
    """

    points: int = 1_024
    kept_blocks: int = 17

    def __post_init__(self) -> None:
        if self.kept_blocks < 2:
            raise ConfigError(
                f"kept_blocks={self.kept_blocks} is not usable: the first and the last are always kept. Use 2 or more."
            )


@dataclasses.dataclass(frozen=True, repr=False)
class ResidualStreamResult(ProbeResult):
    """Numbers by block; NaN where one is undefined.

    Attributes:
        runs: The agents.
        dormant: For each name in ``NETWORKS`` and each agent the share of dormant units in every block. (blocks,)
        contribution: The same for the residual contribution of every block; (0,) without residual connections.
            (blocks,)
        kept_blocks: For each agent the blocks of φ that are compared; 0 is the stream before the first. (kept,)
        block_cka: For each agent the similarity of the stream of φ after these blocks. (kept, kept)
    """

    runs: tuple[RunInfo, ...]
    dormant: dict[str, tuple[ByBlock, ...]]
    contribution: dict[str, tuple[ByBlock, ...]]
    kept_blocks: tuple[Int[np.ndarray, " _"], ...]
    block_cka: tuple[Float[np.ndarray, "_ _"], ...]

    def samples(self) -> tuple[MetricSamples, ...]:
        """Dormant units and contributions of every run, by network and block."""
        return tuple(
            entry
            for name, table in (("dormant_fraction", self.dormant), ("residual_contribution", self.contribution))
            for network, by_run in table.items()
            for run, by_block in zip(self.runs, by_run, strict=True)
            for entry in metric_samples(run, name, "shared", "blocks", by_block, network)
        )


class _ByBlock(NamedTuple):
    """The fields of the result for one agent."""

    dormant: dict[str, ByBlock]
    contribution: dict[str, ByBlock]
    kept_blocks: Int[np.ndarray, " kept"]
    block_cka: Float[np.ndarray, "kept kept"]


def run(evidence: "Evidence", settings: ResidualStreamSettings, rng: np.random.Generator) -> ResidualStreamResult:
    """Evaluate every network on shared points, and measure each of its blocks.

    Args:
        evidence: The agents and their records.
        settings: Number of points and blocks.
        rng: Chooses the points, the same for every agent.
    """
    points = evidence.probe_set.points
    count = min(settings.points, len(points), *(_points_that_fit(agent) for agent in evidence.layered_agents))
    chosen = points.rows(np.sort(rng.choice(len(points), size=count, replace=False)))
    inputs = {
        "phi": (chosen.states, chosen.actions),
        "psi": (achieved_goals(evidence.env, chosen.states),),
        "actor": (chosen.states, chosen.commanded_goals),
    }
    of_runs = evidence.of_each_run("measuring the residual stream", _measure_blocks, inputs, settings.kept_blocks)
    return ResidualStreamResult(
        runs=evidence.infos,
        dormant={name: tuple(one.dormant[name] for one in of_runs) for name in NETWORKS},
        contribution={name: tuple(one.contribution[name] for one in of_runs) for name in NETWORKS},
        kept_blocks=tuple(one.kept_blocks for one in of_runs),
        block_cka=tuple(one.block_cka for one in of_runs),
    )


def _points_that_fit(agent: LayeredAgent) -> int:
    return points_that_fit(max(map(agent.num_blocks, NETWORKS)), agent.width)


def _measure_blocks(agent: LayeredAgent, inputs: dict[str, tuple[np.ndarray, ...]], most_kept: int) -> _ByBlock:
    kept = evenly_spaced_blocks(agent.critic_blocks, most_kept)
    return _ByBlock(
        dormant={name: _dormant(agent, name, arrays) for name, arrays in inputs.items()},
        contribution={name: _contribution(agent, name, arrays) for name, arrays in inputs.items()},
        kept_blocks=kept,
        block_cka=cka_between(list(np.asarray(agent.residual_stream("phi", *inputs["phi"]))[kept])),
    )


def _dormant(agent: LayeredAgent, network: str, inputs: tuple[np.ndarray, ...]) -> ByBlock:
    activations = np.asarray(agent.mean_activations(network, *inputs))
    return np.array([or_nan(metrics.dormant_fraction, of_block) for of_block in activations])


def _contribution(agent: LayeredAgent, network: str, inputs: tuple[np.ndarray, ...]) -> ByBlock:
    if not agent.has_residual_stream:
        return np.zeros(0)
    stream = np.asarray(agent.residual_stream(network, *inputs))
    return np.array([or_nan(metrics.residual_contribution, *around) for around in itertools.pairwise(stream)])


PROBE = Probe(
    name="residual_stream",
    order=70,
    command="stream",
    title="Residual stream",
    help="Dormant units, and the contribution of each residual block.",
    settings=ResidualStreamSettings,
    result=ResidualStreamResult,
    run=run,
    metrics=("dormant_fraction", "residual_contribution"),
    agent=LayeredAgent,
    records=("shared",),
    reading=lambda _: (
        "What each residual block adds to the residual stream: blocks that add almost nothing, or whose units are "
        "dormant, are depth that this agent does not use."
    ),
    finding=lambda found: found.ends(
        "residual_contribution", "shared", "A block of φ changes its stream by {} of the stream's length", "phi"
    ),
    tables=(NumberTable(("residual_contribution", "dormant_fraction"), "shared"),),
    page="crl_probe.render.page.panels:residual_stream",
    paper="crl_probe.render.paper.figures:residual_stream_figure",
)
