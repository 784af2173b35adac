"""Five claims of the paper on depth, each judged on these runs: a word, an effect with its interval, a sentence.

The words are those of :func:`crl_probe.metrics.verdict`. Every number rests on seeds; where those do not suffice,
the sentence says what is missing. Source of the claims: arXiv 2503.14858.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from jaxtyping import Float

from crl_probe.metrics import DEFINITIONS, comparison
from crl_probe.metrics._checks import MetricError
from crl_probe.metrics.comparison import MINIMUM_DEPTHS, MINIMUM_SEEDS, NOT_ENOUGH_DATA, UNDECIDED, Word
from crl_probe.metrics.statistics import Estimate, interquartile_mean
from crl_probe.probes.samples import MetricSamples
from crl_probe.runs.factors import DEPTH, depth_words
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.numbers import NumberFormat, format_column, number_format

FEW_SEEDS: Final = (  # measured by benchmarks/interval_coverage.py
    "With 3 seeds at a depth the interval is too narrow: two equal depths are told apart by chance up to one time in "
    "five."
)
"""What the basis of a verdict ends with if it rests on a depth with three seeds."""
_DEPTHS: Final = {DEPTH, "actor_depth", "critic_depth"}
_CHECKPOINTS_ALIKE: Final = 1.1  # the largest ratio of environment steps that passes without a word

Depths: TypeAlias = tuple[int, int]  # actor, critic
Group: TypeAlias = Sequence[MetricSamples]


@dataclasses.dataclass(frozen=True, repr=False)
class Verdict:
    """One claim and what these runs say about it.

    Attributes:
        key: Short name of the claim, for files.
        claim: The claim in words.
        word: ``supported``, ``contradicted``, ``undecided`` or ``not enough data``.
        effect: The number behind the word; None where there is not enough data or the effect is undefined.
        effect_name: What the effect is, with its unit if it has one.
        sentence: The finding with its numbers, or what is missing.
        basis: Metric, depths and seeds it rests on, and what to keep in mind.
    """

    key: str
    claim: str
    word: Word
    effect: Estimate | None
    effect_name: str
    sentence: str
    basis: str

    def __repr__(self) -> str:
        return f"Verdict({self.claim} {self.word})"

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON file, which knows no infinity: an infinite ratio is None there."""
        plain = dataclasses.asdict(self)
        if self.effect is not None:
            ends = {name: getattr(self.effect, name) for name in ("value", "low", "high")}
            plain["effect"].update({name: None for name, end in ends.items() if not math.isfinite(end)})
        return plain


@dataclasses.dataclass(frozen=True)
class _Claim:
    """What a claim is about: one metric, measured on one kind of evidence."""

    key: str
    text: str
    metric: str
    source: str
    effect_name: str
    unit: str = ""

    @property
    def title(self) -> str:
        return DEFINITIONS[self.metric].title

    def verdict(self, word: Word, effect: Estimate | None, sentence: str, basis: str) -> Verdict:
        return Verdict(self.key, self.text, word, effect, self.effect_name, sentence, basis)


_MORE_SUCCESS: Final = _Claim(
    "more_success",
    "Deeper agents reach the goal more.",
    "time_at_goal",
    "on-policy",
    "time at goal, deepest minus shallowest (steps)",
    " steps",
)
_JUMP: Final = _Claim(
    "jump",
    "The gain comes as a jump: a step in depth at least doubles time at goal.",
    "time_at_goal",
    "on-policy",
    "largest ratio of time at goal between neighbouring depths",
)
_FOLLOWS_MAZE: Final = _Claim(
    "follows_maze",
    "Landscapes of deeper critics follow the maze rather than the straight line.",
    "topology_gain",
    "grid",
    "topology gain, deepest minus shallowest",
)
_SPREADS: Final = _Claim(
    "spreads",
    "Embeddings near the goal spread wider with depth.",
    "spread_ratio",
    "shared",
    "spread ratio, deepest minus shallowest",
)
_CRITIC_OVER_ACTOR: Final = _Claim(
    "critic_over_actor",
    "The critic's depth matters more than the actor's.",
    "time_at_goal",
    "on-policy",
    "time at goal, deep critic minus deep actor (steps)",
    " steps",
)


def judge(samples: Sequence[MetricSamples]) -> tuple[Verdict, ...]:
    """Judge the five claims on the runs of one environment.

    All but the last rest on the runs whose actor and critic are equally deep.

    Args:
        samples: Metrics of all runs, one checkpoint a run.

    Returns:
        One verdict for each claim, always all five and in the same order; none for runs that are compared by anything
        but depth.

    Raises:
        MetricError: If the samples are of several environments, or a seed appears twice at a depth.
    """
    if any(not set(entry.run.factors) <= _DEPTHS for entry in samples):
        return ()  # the claims are about depth, and these runs are compared by something else
    envs = sorted({entry.run.env for entry in samples})
    if len(envs) > 1:
        raise MetricError(f"samples are of several environments ({', '.join(envs)}): judge one at a time.")
    return (
        _judge_ends(_MORE_SUCCESS, samples),
        _judge_jump(_JUMP, samples),
        _judge_ends(_FOLLOWS_MAZE, samples),
        _judge_ends(_SPREADS, samples),
        _judge_exchange(_CRITIC_OVER_ACTOR, samples),
    )


def _judge_ends(claim: _Claim, samples: Sequence[MetricSamples]) -> Verdict:
    """The deepest minus the shallowest."""
    depths = _equal_depths(samples)
    return _judge_difference(claim, samples, (*depths[-1:], *depths[:1]))


def _judge_jump(claim: _Claim, samples: Sequence[MetricSamples]) -> Verdict:
    """Every depth against the next shallower one."""
    groups = {depths: _group(claim, samples, depths) for depths in _equal_depths(samples)}
    basis = _basis(claim, groups, samples)
    # Where a depth has no value, its neighbours are not neighbours of each other: no step can be judged.
    by_depth = {depths[0]: _values(group) for depths, group in groups.items()} if all(groups.values()) else {}
    jump_at = comparison.critical_depth(by_depth) if by_depth else None
    missing = _missing(claim, groups)
    if missing and jump_at is None:
        return claim.verdict(NOT_ENOUGH_DATA, None, missing, basis)
    if not any(values.any() for values in by_depth.values()):
        return claim.verdict(UNDECIDED, None, "No agent spent a step at its goal: there is no gain to judge.", basis)
    basis += f" {missing}" if missing else ""
    ratios = {
        (shallow, deep): comparison.aggregate_ratio(by_depth[deep], by_depth[shallow])
        for shallow, deep in itertools.pairwise(by_depth)
        if min(len(by_depth[deep]), len(by_depth[shallow])) >= MINIMUM_SEEDS
    }
    largest = max(ratios, key=lambda step: ratios[step].value)
    word: Word = UNDECIDED
    opening = "Whether a step between neighbouring depths doubles time at goal is open"
    if jump_at is not None:
        word = comparison.SUPPORTED
        opening = _jump_opening(by_depth, next(step for step in ratios if step[1] == jump_at))
    elif all(_is_below_double(by_depth, step, len(by_depth) - 1) for step in ratios):
        word = comparison.CONTRADICTED
        opening = "No step between neighbouring depths doubles time at goal"
    ratio = _interval(ratios[largest], number_format([ratios[largest]]))
    told = f"the largest ratio is {ratio}, from depth {largest[0]} to depth {largest[1]}"
    return claim.verdict(word, ratios[largest], f"{opening}; {told}.", basis)


def _is_below_double(by_depth: Mapping[int, Float[np.ndarray, " _"]], step: tuple[int, int], comparisons: int) -> bool:
    shallow, deep = (by_depth[depth] for depth in step)
    confidence = comparison.corrected_confidence(comparisons)
    return comparison.aggregate_ratio(deep, shallow, confidence).high < comparison.JUMP_RATIO


def _judge_exchange(claim: _Claim, samples: Sequence[MetricSamples]) -> Verdict:
    """A deep critic with a shallow actor, minus the same depths exchanged."""
    unequal = {depths for depths in _all_depths(samples) if depths[0] != depths[1]}
    if not unequal:
        missing = "No runs whose actor and critic differ in depth; a verdict needs both ways around."
        return claim.verdict(NOT_ENOUGH_DATA, None, missing, _basis(claim, {}, samples))
    pairs = {(min(depths), max(depths)) for depths in unequal}
    complete = {(low, high) for low, high in pairs if {(low, high), (high, low)} <= unequal}
    low, high = max(complete or pairs, key=lambda pair: (pair[1] / pair[0], pair[1]))
    note = f" The most extreme of {len(complete)} pairs of depths." if len(complete) > 1 else ""
    return _judge_difference(claim, samples, ((low, high), (high, low)), note)


def _judge_difference(
    claim: _Claim, samples: Sequence[MetricSamples], compared: Iterable[Depths], note: str = ""
) -> Verdict:
    """The first of two depths minus the second."""
    groups = {depths: _group(claim, samples, depths) for depths in compared}
    basis = _basis(claim, groups, samples) + note
    missing = _missing(claim, groups)
    if missing:
        return claim.verdict(NOT_ENOUGH_DATA, None, missing, basis)
    first, second = (_values(group) for group in groups.values())
    effect = comparison.aggregate_difference(first, second)
    form = number_format([effect])
    ends = " and ".join(
        f"{form.number(_aggregate(_values(group)))}{claim.unit} at {_label(depths)}" for depths, group in groups.items()
    )
    success = _success_rates(samples, groups) if claim is _MORE_SUCCESS else ""
    sentence = f"{claim.title} is {ends}: a difference of {_interval(effect, form, claim.unit)}{success}."
    return claim.verdict(comparison.verdict(effect.low, effect.high), effect, sentence, basis)


def _group(claim: _Claim, samples: Sequence[MetricSamples], depths: Depths) -> Group:
    """The claim's metric of every seed of a depth, ordered by seed."""
    group = [
        entry
        for entry in samples
        if (entry.metric, entry.source, entry.part) == (claim.metric, claim.source, "") and _depths(entry.run) == depths
    ]
    group.sort(key=lambda entry: entry.run.seed)
    for one, other in itertools.pairwise(group):
        if one.run.seed == other.run.seed:
            raise MetricError(
                f"seed {one.run.seed} appears twice at {_label(depths)} ({one.run.name}, {other.run.name}): it would "
                "count as two seeds. Judge one checkpoint a run."
            )
    return group


def _missing(claim: _Claim, groups: Mapping[Depths, Group]) -> str:
    """What a verdict would still need, in a sentence; empty if nothing."""
    if not groups:
        return "No runs whose actor and critic are equally deep."
    if not any(groups.values()):
        return f"No run has {claim.metric} ({claim.source}): it was not measured, or it is undefined here."
    if len(groups) < MINIMUM_DEPTHS:
        return f"There is only {_label(next(iter(groups)))}; a verdict needs {MINIMUM_DEPTHS} depths."
    few = [
        f"{len(group)} seed{'' if len(group) == 1 else 's'} at {_label(depths)}"
        for depths, group in groups.items()
        if len(group) < MINIMUM_SEEDS
    ]
    return f"{' and '.join(few)}; a verdict needs {MINIMUM_SEEDS}." if few else ""


def _basis(claim: _Claim, groups: Mapping[Depths, Group], samples: Sequence[MetricSamples]) -> str:
    """Metric, depths and seeds, and what a reader must know about them."""
    used = [entry.run for group in groups.values() for entry in group]
    if not used:
        return f"{claim.metric} ({claim.source}): no runs."
    told = [
        f"{_label(depths)} (seeds {', '.join(str(entry.run.seed) for entry in group)})"
        for depths, group in groups.items()
        if group
    ]
    basis = f"{claim.metric} ({claim.source}): {', '.join(told)}."
    without = sorted({e.run.name for e in samples if _depths(e.run) in groups} - {run.name for run in used})
    if without:
        basis += f" Not measured or undefined for {', '.join(without)}."
    steps = [run.env_steps for run in used]
    if max(steps) > _CHECKPOINTS_ALIKE * min(steps):
        basis += f" Checkpoints differ in training: {min(steps):,} to {max(steps):,} environment steps."
    if MINIMUM_SEEDS in map(len, groups.values()):
        basis += f" {FEW_SEEDS}"
    return basis


def _jump_opening(by_depth: Mapping[int, np.ndarray], step: tuple[int, int]) -> str:
    ends = " to ".join(format_column([_aggregate(by_depth[depth]) for depth in step]))
    return f"Time at goal first at least doubles from depth {step[0]} to depth {step[1]} ({ends} steps)"


def _success_rates(samples: Sequence[MetricSamples], compared: Iterable[Depths]) -> str:
    success = dataclasses.replace(_MORE_SUCCESS, metric="success_rate")
    groups = [_group(success, samples, depths) for depths in compared]
    if not all(groups):
        return ""
    rates = format_column([_aggregate(_values(group)) for group in groups], share=True)
    return f"; success rates are {' and '.join(rates)}"


def _depths(run: RunInfo) -> Depths:
    return run.actor_depth, run.critic_depth


def _all_depths(samples: Sequence[MetricSamples]) -> list[Depths]:
    return sorted({_depths(entry.run) for entry in samples})


def _equal_depths(samples: Sequence[MetricSamples]) -> list[Depths]:
    return [depths for depths in _all_depths(samples) if depths[0] == depths[1]]


def _values(group: Group) -> Float[np.ndarray, " seeds"]:
    return np.array([entry.value for entry in group])


def _label(depths: Depths) -> str:
    return depth_words(*depths)


def _aggregate(values: Float[np.ndarray, " seeds"]) -> float:
    return float(interquartile_mean(values))


def _interval(estimate: Estimate, form: NumberFormat, unit: str = "") -> str:
    ends = form.ends(estimate.low, estimate.high)
    return f"{form.number(estimate.value)}{unit} (95 % interval {ends})"
