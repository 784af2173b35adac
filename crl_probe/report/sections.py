"""What each section of the report says: a sentence on how to read it, figures, and a table of numbers."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from crl_probe.evidence import Evidence
from crl_probe.figures.by_depth import depth_panels
from crl_probe.figures.embedding_trajectory import trajectory_panels
from crl_probe.figures.learning_curves import learning_curve_panels
from crl_probe.figures.panels import FigureGroup
from crl_probe.figures.q_landscape import landscape_panels
from crl_probe.metrics import DEFINITIONS, Estimate
from crl_probe.probe_set import ProbeSet
from crl_probe.probes.embedding_trajectory import MEASURES, EmbeddingTrajectoryResult
from crl_probe.probes.goal_clusters import GoalClustersResult
from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.probes.q_landscape import SCORES, QLandscapeResult
from crl_probe.probes.success import SuccessResult
from crl_probe.results import RunInfo
from crl_probe.samples import DepthEstimate


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of text; the first cell of each row names it.

    Attributes:
        head: Column titles.
        rows: Cells, as many as ``head``.
        notes: For each column a longer text shown on hover, or an empty one.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Section:
    """One section.

    Attributes:
        key: Identifies it on the page.
        title: Heading.
        reading: One sentence on how to read it.
        groups: Figures.
        tables: Numbers.
        paragraphs: More text.
        problem: Why there is nothing to show, if so.
        legend: Whether to explain the colours of landscapes.
    """

    key: str
    title: str
    reading: str
    groups: tuple[FigureGroup, ...] = ()
    tables: tuple[Table, ...] = ()
    paragraphs: tuple[str, ...] = ()
    problem: str = ""
    legend: tuple[str, str] | None = None


@dataclasses.dataclass(frozen=True)
class Headline:
    """The first screen: what was found, in a sentence and a table."""

    sentence: str
    basis: str
    table: Table


_TITLES = {
    "success": "Success by depth",
    "learning_curves": "Learning curves",
    "q_landscape": "Q-landscapes",
    "embedding_trajectory": "Embedding trajectories",
    "goal_clusters": "Spread around the goal",
}
_HEADLINE_METRICS = (
    ("success_rate", "on-policy"),
    ("time_at_goal", "on-policy"),
    ("geodesic_rank", "grid"),
    ("topology_gain", "grid"),
    ("ascent_success", "grid"),
    ("goal_resolution", "shared"),
)


def missing(key: str, reason: str) -> Section:
    """A section that could not be made, and why."""
    return Section(key, _TITLES[key], "This part is missing.", problem=reason)


def headline(estimates: Sequence[DepthEstimate]) -> Headline:
    """The most telling numbers by depth, and one sentence on success at the two ends."""
    rates = [e for e in estimates if e.metric == "success_rate"]
    return Headline(_success_sentence(rates), _basis(estimates), _table(estimates, _HEADLINE_METRICS))


def success(result: SuccessResult, estimates: Sequence[DepthEstimate]) -> Section:
    """Success and time at goal by depth, every seed a dot."""
    names = ("success_rate", "final_success_rate", "time_at_goal", "time_to_goal", "final_distance")
    episodes = result.first_arrival.shape[1]
    return Section(
        "success",
        _TITLES["success"],
        f"Each agent acts without noise on the same {episodes} starts and goals for {result.episode_length} steps; a "
        "large marker is the aggregate with its 95 % interval, a small dot is one seed.",
        (depth_panels(estimates, ("success_rate", "time_at_goal", "final_distance")),),
        (_table(estimates, tuple((name, "on-policy") for name in names)),),
    )


def learning_curves(result: LearningCurvesResult, estimates: Sequence[DepthEstimate]) -> Section:
    """What training logged."""
    return Section(
        "learning_curves",
        _TITLES["learning_curves"],
        "What the trainer measured after each epoch: a curve that still rises at its end was stopped early, and its "
        "depth is judged too harshly below.",
        (learning_curve_panels(result),),
    )


def q_landscape(result: QLandscapeResult, estimates: Sequence[DepthEstimate]) -> Section:
    """Landscapes of the same goals at every depth."""
    return Section(
        "q_landscape",
        _TITLES["q_landscape"],
        "Colour is the critic's energy for the agent at rest at each place and one goal (star): a critic that knows "
        "the maze looks like the first panel, one that does not shines through walls.",
        (landscape_panels(result),),
        (_table(estimates, tuple((name, "grid") for name in SCORES)),),
        paragraphs=(
            f"Scores are means over {len(result.goals)} goals on a grid of {int(result.free.sum())} free cells. "
            "Energies of two networks share no unit, so colour is the rank within one landscape unless energy is "
            "chosen.",
        ),
        legend=("farthest", "nearest to the goal"),
    )


def embedding_trajectory(result: EmbeddingTrajectoryResult, estimates: Sequence[DepthEstimate]) -> Section:
    """Shared episodes in every embedding space."""
    names = (*((name, "on-policy") for name in MEASURES), ("trustworthiness", "shared"))
    return Section(
        "embedding_trajectory",
        _TITLES["embedding_trajectory"],
        "The same states embedded by every agent, goals as stars: click a point to follow its episode in every panel, "
        "double-click to see all again.",
        (trajectory_panels(result),),
        (_table(estimates, names),),
        paragraphs=(
            f"Pictures: {result.method} of {len(result.time)} states pooled evenly from all agents. Distances in a "
            "picture mean little; every number is measured in the full embedding space, on each agent's own episodes "
            "up to first arrival.",
        ),
        legend=("far from the goal", "near"),
    )


def goal_clusters(result: GoalClustersResult, estimates: Sequence[DepthEstimate]) -> Section:
    """Spread of embeddings near goals."""
    names = ("spread_ratio", "goal_resolution", "near_dimension", "goal_offset")
    used = int((result.near_shared > 0).sum())
    return Section(
        "goal_clusters",
        _TITLES["goal_clusters"],
        "How much of the representation is spent on what is near a goal: goal resolution above 1 means more per metre "
        "there than elsewhere.",
        (depth_panels(estimates, names),),
        (
            _table(estimates, tuple((name, "shared") for name in names), "shared probe set"),
            _table(estimates, tuple((name, "on-policy") for name in names), "own episodes"),
        ),
        paragraphs=(
            f"Near means within {result.radius:g} m on foot. {used} of {len(result.goals)} goals have near states in "
            f"the shared set ({', '.join(map(str, result.near_shared))}); goals with too few are left out. Shared "
            "numbers compare representations on the same states; own episodes also reflect where each agent goes.",
        ),
    )


def methods(infos: Sequence[RunInfo], evidence: Evidence, probe_set: ProbeSet | None) -> Section:
    """What was measured how, on which checkpoints."""
    checkpoints = Table(
        ("run", "depth", "seed", "checkpoint, env steps", "content hash"),
        tuple(
            (info.name, info.label, str(info.seed), f"{info.env_steps:,}", str(info.content_hash)[:12])
            for info in infos
        ),
    )
    definitions = Table(
        ("metric", "name in files", "definition", "unit"),
        tuple((d.title, d.name, d.text, d.unit) for d in DEFINITIONS.values()),
    )
    env, e = evidence.env, evidence.settings
    shared = (
        f"{len(np.unique(probe_set.episode))} episodes in the shared probe set, {len(probe_set.goals)} shared goals"
        if probe_set
        else "no shared probe set"
    )
    return Section(
        "methods",
        "Methods",
        "Everything needed to make these numbers again.",
        tables=(checkpoints, definitions),
        paragraphs=(
            f"Environment {env.name}: a goal counts as reached within {env.spec.tolerance:g} {env.spec.unit}; "
            f"episodes of {evidence.episode_length} steps. {e.episodes} on-policy episodes a run, "
            f"{shared}, seed {e.seed}.",
            "Aggregates are interquartile means over seeds (means below 4 seeds) with 95 % percentile bootstrap "
            "intervals over seeds, 2,000 resamples. With one seed the interval is over that run's episodes or goals: "
            "it says how well this agent was measured, not what another training would give.",
        ),
    )


def _table(estimates: Sequence[DepthEstimate], columns: Sequence[tuple[str, str]], first_title: str = "depth") -> Table:
    found = {(e.metric, e.evidence, e.label): e for e in estimates}
    used = [column for column in columns if any(key[:2] == column for key in found)]
    labels = list(dict.fromkeys(e.label for e in sorted(estimates, key=lambda e: (e.depths, e.label))))
    rows = []
    for label in labels:
        cells = [found.get((metric, evidence, label)) for metric, evidence in used]
        rows.append((label, *(_cell(cell.estimate) if cell else "–" for cell in cells)))
    return Table(
        (first_title, *(DEFINITIONS[metric].title for metric, _ in used)),
        tuple(rows),
        ("", *(f"{DEFINITIONS[metric].text} ({DEFINITIONS[metric].unit})" for metric, _ in used)),
    )


def _cell(e: Estimate) -> str:
    if e.count < 2:
        return f"{e.value:.3g}"
    return f"{e.value:.3g} [{e.low:.3g}, {e.high:.3g}]"


def _basis(estimates: Sequence[DepthEstimate]) -> str:
    # Success is defined for every run; other metrics leave out runs where they are not.
    rates = [e for e in estimates if e.metric == "success_rate"]
    seeds = sorted({len(e.runs) for e in rates or estimates})
    if not seeds:
        return "No probe gave a number."
    if seeds == [1]:
        return (
            "One seed at each depth: intervals (95 %) are over this run's episodes or goals and say nothing about "
            "another training. Train more seeds before concluding that depth made a difference."
        )
    counts = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    single = " A depth with one seed has its interval over episodes or goals." if seeds[0] == 1 else ""
    few = " Fewer than three seeds are not enough for a verdict." if seeds[0] < 3 else ""
    return f"{counts} seeds at each depth: intervals (95 %) are over seeds.{single}{few}"


def _success_sentence(rates: Sequence[DepthEstimate]) -> str:
    if not rates:
        return "Success could not be measured."
    ordered = sorted(rates, key=lambda e: (e.depths, e.label))
    best = max(ordered, key=lambda e: e.estimate.value)
    if len(ordered) == 1:
        return f"{_capital(best.label)} reaches {_percent(best)} of its goals."
    shallow, deep = ordered[0], ordered[-1]
    ends = f"Success goes from {_percent(shallow)} at {shallow.label} to {_percent(deep)} at {deep.label}"
    clear = deep.estimate.low > shallow.estimate.high or deep.estimate.high < shallow.estimate.low
    verdict = "; the intervals do not overlap." if clear else "; the intervals overlap."
    peak = "" if best in (shallow, deep) else f" The best is {best.label} with {_percent(best)}."
    return ends + verdict + peak


def _percent(e: DepthEstimate) -> str:
    return f"{100 * e.estimate.value:.0f} % [{100 * e.estimate.low:.0f}, {100 * e.estimate.high:.0f}]"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
