"""What every residual block does to the points that pass through it, in all three networks of each agent."""

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
        points: How many shared points pass through the networks; fewer if there are fewer, or if a network is so deep
            that its stream would not fit into memory.
        kept_blocks: How many blocks are compared with each other, evenly spaced from the first to the last.
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
        dormant: For each name in ``NETWORKS``, and each agent, the share of dormant units of every block. (blocks,)
        contribution: The same for what every block adds; empty for networks whose blocks do not add. (blocks,)
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


class _Inside(NamedTuple):
    """What one agent shows: the fields of the result, without its runs."""

    dormant: dict[str, ByBlock]
    contribution: dict[str, ByBlock]
    kept_blocks: Int[np.ndarray, " kept"]
    block_cka: Float[np.ndarray, "kept kept"]


def run(evidence: "Evidence", settings: ResidualStreamSettings, rng: np.random.Generator) -> ResidualStreamResult:
    """Send shared points through every network and look at what happens in each block.

    Args:
        evidence: The agents, and what is recorded of them.
        settings: How many points and blocks.
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
    insides = evidence.of_each_run("looking inside the networks", _look_inside, inputs, settings.kept_blocks)
    return ResidualStreamResult(
        runs=evidence.infos,
        dormant={name: tuple(inside.dormant[name] for inside in insides) for name in NETWORKS},
        contribution={name: tuple(inside.contribution[name] for inside in insides) for name in NETWORKS},
        kept_blocks=tuple(inside.kept_blocks for inside in insides),
        block_cka=tuple(inside.block_cka for inside in insides),
    )


def _points_that_fit(agent: LayeredAgent) -> int:
    return points_that_fit(max(map(agent.num_blocks, NETWORKS)), agent.width)


def _look_inside(agent: LayeredAgent, inputs: dict[str, tuple[np.ndarray, ...]], most_kept: int) -> _Inside:
    kept = evenly_spaced_blocks(agent.critic_blocks, most_kept)
    return _Inside(
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
    help="Dormant units, and what each residual block adds.",
    settings=ResidualStreamSettings,
    result=ResidualStreamResult,
    run=run,
    metrics=("dormant_fraction", "residual_contribution"),
    agent=LayeredAgent,
    records=("shared",),
    reading=lambda _: (
        "What each residual block adds to the stream that passes through it: blocks that add next to nothing, or whose "
        "units are dormant, are depth that this agent does not use."
    ),
    finding=lambda found: found.ends(
        "residual_contribution", "shared", "A block of φ changes its stream by {} of the stream's length", "phi"
    ),
    tables=(NumberTable(("residual_contribution", "dormant_fraction"), "shared"),),
    page="crl_probe.render.page.panels:residual_stream",
    paper="crl_probe.render.paper.figures:residual_stream_figure",
)
