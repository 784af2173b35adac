"""How the robots move: their bodies from the same starts to the same goals."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from crl_probe.evidence.body_motion import BodyShapes, replayed, shapes_of, without_body
from crl_probe.evidence.places import achieved_goals, distance_to_own_goal
from crl_probe.probes.declaration import Probe
from crl_probe.probes.result import ProbeResult
from crl_probe.probes.rollouts import arrival_of, near_to_far
from crl_probe.runs.run_info import RunInfo
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence


_SEEN = 0.2  # of the tolerance: what is farther from the record is worth a word


@dataclasses.dataclass(frozen=True)
class BodiesSettings:
    """Settings of the probe.

    Attributes:
        pairs: Number of pairs of start and goal.
        frames: The most moments that are kept of an episode.
    """

    pairs: int = 2
    frames: int = 400

    def __post_init__(self) -> None:
        if self.pairs < 1:
            raise ConfigError(f"pairs={self.pairs} is not usable: there must be at least 1 start and goal. Use 2.")
        if self.frames < 2:
            raise ConfigError(f"frames={self.frames} is not usable: a motion has at least 2 moments. Use 400.")


@dataclasses.dataclass(frozen=True, repr=False)
class BodiesResult(ProbeResult):
    """Where all parts of every agent are, for the same pairs of start and goal.

    Attributes:
        runs: The agents.
        shapes: What bodies are made of, and what stands around them.
        steps: Step of each moment; 0 is the start. (frames,)
        seconds: That an environment step takes.
        way: Distance from start to goal of each pair, as of ``rollouts``. (pairs,), environment's unit.
        goals: Place of each goal; NaN along axes that it does not have. (pairs, 3), metres.
        tolerance: Distance below which a goal counts as reached, environment's unit.
        positions: Of every body. (runs, pairs, frames, bodies, 3), metres.
        rotations: Quaternions w, x, y, z. (runs, pairs, frames, bodies, 4)
        distances: To the goal at each moment, in all entries. (runs, pairs, frames), environment's unit.
        arrival: Steps until the goal is first reached, 0 if never. (runs, pairs)
        taken: Steps that the episode took: later moments repeat the last one. (runs, pairs)
        drift: How far what is shown goes away from the record at most. (runs,), environment's unit.
    """

    runs: tuple[RunInfo, ...]
    shapes: BodyShapes
    steps: Int[np.ndarray, " frames"]
    seconds: float
    way: Float[np.ndarray, " pairs"]
    goals: Float[np.ndarray, "pairs 3"]
    tolerance: float
    positions: Float[np.ndarray, "runs pairs frames bodies 3"]
    rotations: Float[np.ndarray, "runs pairs frames bodies 4"]
    distances: Float[np.ndarray, "runs pairs frames"]
    arrival: Int[np.ndarray, "runs pairs"]
    taken: Int[np.ndarray, "runs pairs"]
    drift: Float[np.ndarray, " runs"]


def run(evidence: "Evidence", settings: BodiesSettings, rng: np.random.Generator) -> BodiesResult:
    """Choose recorded episodes from the nearest to the farthest goal, and take their actions again.

    Args:
        evidence: The agents and their records.
        settings: How much is kept.
        rng: Not used: the evidence has its own seed.
    """
    env, records = evidence.env, evidence.episodes
    shared = records[0]  # starts and goals are those of every agent
    starts = achieved_goals(env, shared.states[:, 0])
    straight = np.linalg.norm(starts - shared.commanded_goals, axis=-1)
    way = straight if env.spec.plane is None else distance_to_own_goal(env, starts, shared.commanded_goals)
    chosen = near_to_far(way, settings.pairs)
    num_episodes = len(shared.distances)
    longest = max(int(record.steps_taken[chosen].max()) for record in records)
    steps = np.linspace(0, longest, min(settings.frames, longest + 1)).round().astype(int)
    positions, rotations, distances, drift = [], [], [], []
    for done, record in enumerate(records):
        evidence.progress("replaying", done, len(records))
        moments = np.minimum(steps, record.steps_taken[chosen][:, None])  # (pairs, frames)
        pair = np.arange(len(chosen))[:, None]
        again = replayed(env, evidence.settings.seed, num_episodes, chosen, record.actions[chosen])
        positions.append(again.positions[pair, moments].astype(np.float32))
        rotations.append(again.rotations[pair, moments].astype(np.float32))
        recorded = record.states[chosen][..., list(env.goal_indices)]
        drift.append(float(np.linalg.norm((again.achieved - recorded)[pair, moments], axis=-1).max()))
        all_distances = np.concatenate([straight[chosen, None], record.distances[chosen]], axis=1)
        distances.append(all_distances[pair, moments].astype(np.float32))
    return BodiesResult(
        runs=evidence.infos,
        shapes=shapes_of(env),
        steps=steps,
        seconds=float(env.spec.dt),
        way=way[chosen],
        goals=goal_places(env.spec.goal_axes, shared.commanded_goals[chosen]),
        tolerance=shared.tolerance,
        positions=np.stack(positions),
        rotations=np.stack(rotations),
        distances=np.stack(distances),
        arrival=np.stack([arrival_of(record, chosen) for record in records]),
        taken=np.stack([record.steps_taken[chosen] for record in records]),
        drift=np.array(drift),
    )


def goal_places(axes: tuple[str, ...], goals: Float[np.ndarray, "pairs goal_dim"]) -> Float[np.ndarray, "pairs 3"]:
    """Goals as places; NaN along what they do not say."""
    places = np.full((len(goals), 3), np.nan, np.float32)
    for entry, axis in enumerate(axes):
        if axis in "xyz":
            places[:, "xyz".index(axis)] = goals[:, entry]
    return places


def _drift_words(result: BodiesResult) -> tuple[str, ...]:
    """What to know where bodies go another way than the record."""
    farthest = float(result.drift.max())
    if farthest <= _SEEN * result.tolerance:
        return ()
    return (
        "Bodies are seen by taking the recorded actions again. In this physics rounding leads them elsewhere: they are "
        f"up to {farthest:.2g} m from where the record, which the numbers are about, has them.",
    )


PROBE = Probe(
    name="bodies",
    order=16,
    command="bodies",
    title="Bodies in motion",
    help="The bodies of all agents from the same starts to the same goals, to be watched from all sides.",
    settings=BodiesSettings,
    result=BodiesResult,
    run=run,
    environment=without_body,
    where_possible=True,
    records=("episodes",),
    reading=lambda result: f"The same {len(result.way)} starts and goals for every agent, from near to far.",
    notes=_drift_words,
    page="crl_probe.render.page.panels:bodies",
)
