"""Five claims of the paper on depth, and what the seeds of these runs say to each: an effect and its p-values.

Source of the claims: arXiv 2503.14858. A claim rests on depths with three seeds or more; others are left out and named.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from crl_probe.metrics.comparison import (
    CONTRADICTED,
    JUMP_RATIO,
    MINIMUM_DEPTHS,
    NOT_ENOUGH_DATA,
    NOT_LEARNED,
    SUGGESTIVE,
    SUPPORTED,
    UNDECIDED,
    Word,
    corrected_confidence,
    is_jump,
    step_ratio,
)
from crl_probe.metrics.significance import mean_difference, mean_effect
from crl_probe.metrics.statistics import Estimate
from crl_probe.summary.claim_samples import (
    Claim,
    Depths,
    Groups,
    Samples,
    all_depths,
    by_run,
    equal_depths,
    group_of,
    label_of,
    qualified,
    success_of,
    values_of,
)
from crl_probe.summary.claim_words import (
    basis_words,
    difference_words,
    missing_words,
    success_words,
)
from crl_probe.summary.numbers import format_column, number_format

_BLIND_CONTRAST: Final = 1.0  # the wall contrast of a landscape that ignores walls


@dataclasses.dataclass(frozen=True)
class Case:
    """What the runs say to a claim, before it is weighed against the others.

    Attributes:
        claim: The claim.
        sentence: The finding with its numbers, or what is missing.
        basis: Metric, depths and seeds it rests on, and what to keep in mind.
        effect: The number; None where there is not enough data or the effect is undefined.
        p_for: Two-sided p-value on the claimed side; NaN where there is nothing to test.
        p_against: The same on the other side.
        seeds: The fewest at any depth compared.
        word: A word that no p-value can change; None if they decide.
        openings: What the sentence begins with under some words.
    """

    claim: Claim
    sentence: str
    basis: str
    effect: Estimate | None = None
    p_for: float = math.nan
    p_against: float = math.nan
    seeds: int = 0
    word: Word | None = None
    openings: Mapping[Word, str] = dataclasses.field(default_factory=dict)


MORE_SUCCESS: Final = Claim(
    "more_success",
    "Deeper agents reach the goal more.",
    "time_at_goal",
    "on-policy",
    "time at goal, deepest minus shallowest (steps)",
    " steps",
)
JUMP: Final = Claim(
    "jump",
    "The gain comes as a jump: a step in depth at least doubles time at goal.",
    "time_at_goal",
    "on-policy",
    "largest ratio of time at goal between neighbouring depths",
    null=JUMP_RATIO,
)
FOLLOWS_MAZE: Final = Claim(
    "follows_maze",
    "Landscapes of deeper critics follow the maze rather than the straight line.",
    "geodesic_advantage",
    "grid",
    "geodesic advantage, deepest minus shallowest",
    on_representation=True,
)
SPREADS: Final = Claim(
    "spreads",
    "Embeddings near the goal spread wider with depth.",
    "spread_ratio",
    "shared",
    "spread ratio, deepest minus shallowest",
    on_representation=True,
)
CRITIC_OVER_ACTOR: Final = Claim(
    "critic_over_actor",
    "The critic's depth matters more than the actor's.",
    "time_at_goal",
    "on-policy",
    "time at goal, deep critic minus deep actor (steps)",
    " steps",
)


def examine(samples: Samples, untrained: Samples = ()) -> tuple[Case, ...]:
    """What the runs of one environment say to each claim, in order.

    Args:
        samples: Metrics of all runs, one checkpoint a run.
        untrained: Success of the same runs' networks before training, on the same starts and goals.
    """
    return (
        _more_success(samples),
        _jump(samples),
        _maze(samples, untrained),
        _ends(SPREADS, samples, untrained),
        _exchange(samples),
    )


# --- claims -----------------------------------------------------------------------------------------------


def _more_success(samples: Samples) -> Case:
    """The deepest minus the shallowest, told with success rates."""
    case = _ends(MORE_SUCCESS, samples)
    if case.word is not None:
        return case
    success = success_words(samples, _two_ends(_groups(MORE_SUCCESS, samples)))
    return dataclasses.replace(case, sentence=f"{case.sentence.removesuffix('.')}{success}.")


def _ends(claim: Claim, samples: Samples, untrained: Samples = ()) -> Case:
    """The deepest minus the shallowest."""
    groups = _groups(claim, samples)
    basis = basis_words(claim, groups, samples)
    if len(qualified(groups)) < MINIMUM_DEPTHS:
        return Case(claim, missing_words(claim, groups), basis, word=NOT_ENOUGH_DATA)
    case = _difference(claim, {depths: groups[depths] for depths in _two_ends(groups)}, basis)
    return _if_learned(case, samples, untrained)


def _jump(samples: Samples) -> Case:
    """Every depth against the next shallower one."""
    claim = JUMP
    groups = _groups(claim, samples)
    basis = basis_words(claim, groups, samples)
    values = {depths: values_of(groups[depths]) for depths in qualified(groups)}
    if len(values) < MINIMUM_DEPTHS:
        return Case(claim, missing_words(claim, groups), basis, word=NOT_ENOUGH_DATA)
    if not any(one.any() for one in values.values()):
        sentence = "No agent spent a step at its goal: there is no gain to judge."
        return Case(claim, sentence, basis, word=UNDECIDED)
    fewest = min(map(len, values.values()))
    steps = list(itertools.pairwise(values))
    ratios = {(shallow, deep): step_ratio(values[deep], values[shallow], len(steps)) for shallow, deep in steps}
    shallow, deep = largest = max(ratios, key=lambda step: ratios[step].estimate.value)
    effect = ratios[largest].estimate
    told = number_format([effect]).over_seeds(effect, confidence=corrected_confidence(len(steps)))
    sentence = f"the largest ratio is {told}, from {label_of(shallow)} to {label_of(deep)}."
    doubled = next((step for step in ratios if is_jump(ratios[step], fewest)), largest)
    means = " to ".join(format_column([float(values[depths].mean()) for depths in doubled]))
    doubles = (
        f"Time at goal first at least doubles from {label_of(doubled[0])} to {label_of(doubled[1])} ({means} steps)"
    )
    return Case(
        claim,
        sentence,
        basis,
        effect,
        # The largest of several ratios is large by chance; that none is large, each of them must show.
        p_for=_capped(2 * len(steps) * functools.reduce(np.fmin, (ratio.p_above for ratio in ratios.values()))),
        p_against=_capped(2 * np.max([ratio.p_below for ratio in ratios.values()])),
        seeds=fewest,
        openings={
            SUPPORTED: f"{doubles}; ",
            SUGGESTIVE: f"{doubles}; ",
            CONTRADICTED: "No step between neighbouring depths doubles time at goal; ",
            UNDECIDED: "No doubling of time at goal between neighbouring depths is shown, nor that there is none; ",
        },
    )


def _maze(samples: Samples, untrained: Samples) -> Case:
    """The deepest against the shallowest, and against what no walls explain.

    Less wrong is not right: the deepest itself must follow the maze, by every index.
    """
    claim = FOLLOWS_MAZE
    case = _ends(claim, samples, untrained)
    if case.word is not None or not case.p_for < case.p_against:
        return case
    groups = _groups(claim, samples)
    deepest, shallowest = _two_ends(groups)
    ranks, blind = by_run("geodesic_rank", samples, deepest), by_run("wall_blind_rank", samples, deepest)
    contrast, of_shallowest = (by_run("wall_contrast", samples, depths) for depths in (deepest, shallowest))
    if not (ranks and contrast and of_shallowest) or set(ranks) != set(blind):
        why = "Wall contrast or wall-blind rank is undefined here, so nothing confirms it."
        return dataclasses.replace(case, word=UNDECIDED, sentence=f"{case.sentence} {why}")
    level = mean_effect(values_of(groups[deepest]))
    rank = mean_effect(np.array(list(ranks.values())))
    beyond = mean_effect(np.array([ranks[run] - blind[run] for run in ranks]))
    at_deepest = f"At {label_of(deepest)} it is {number_format([level.estimate]).over_seeds(level.estimate)}"
    if not level.estimate.low > 0:
        told = f"{at_deepest}: closer to the maze than {label_of(shallowest)}, and not shown to be above 0."
    elif not rank.estimate.low > 0:
        told = f"{at_deepest}, and places nearer to the goal are not shown to be valued more."
    elif not beyond.estimate.low > 0:
        told = f"{at_deepest}, and a straight line with one axis stretched explains the values as well."
    else:
        told = f"{at_deepest}, above 0."
    high, low = (float(np.mean(list(one.values()))) for one in (contrast, of_shallowest))
    agrees = high > max(_BLIND_CONTRAST, low)
    told += (
        f" Wall contrast {'agrees' if agrees else 'disagrees'}: it is {high:.2f} at {label_of(deepest)} and {low:.2f} "
        f"at {label_of(shallowest)}, where 1 is blind to walls."
    )
    # All of them must hold: the claim is as sure as the least sure of them.
    p_for = _capped(np.max([case.p_for, *(2 * index.p_above for index in (level, rank, beyond))]))
    return dataclasses.replace(
        case, sentence=f"{case.sentence} {told}", p_for=p_for, word=None if agrees else UNDECIDED
    )


def _exchange(samples: Samples) -> Case:
    """A deep critic with a shallow actor, minus the same depths exchanged."""
    claim = CRITIC_OVER_ACTOR
    groups = {
        depths: group_of(claim.metric, claim.source, samples, depths)
        for depths in all_depths(samples)
        if depths[0] != depths[1]
    }
    if not groups:
        missing = "No runs whose actor and critic differ in depth; a verdict needs both ways around."
        return Case(claim, missing, basis_words(claim, {}, samples), word=NOT_ENOUGH_DATA)
    pairs = {(min(depths), max(depths)) for depths in groups}
    complete = {(low, high) for low, high in pairs if {(low, high), (high, low)} <= set(qualified(groups))}
    low, high = max(complete or pairs, key=lambda pair: (pair[1] / pair[0], pair[1]))
    compared = {depths: groups.get(depths, ()) for depths in ((low, high), (high, low))}
    note = f" The most extreme of {len(complete)} pairs of depths." if len(complete) > 1 else ""
    basis = basis_words(claim, compared, samples) + note
    if not complete:
        return Case(claim, missing_words(claim, compared), basis, word=NOT_ENOUGH_DATA)
    return _difference(claim, compared, basis)


def _difference(claim: Claim, compared: Groups, basis: str) -> Case:
    """The first of two depths minus the second."""
    first, second = (values_of(group) for group in compared.values())
    effect = mean_difference(first, second)
    sentence = f"{claim.title} is {difference_words(claim, compared, effect)}."
    return Case(
        claim,
        sentence,
        basis,
        effect.estimate,
        p_for=_capped(2 * effect.p_above),
        p_against=_capped(2 * effect.p_below),
        seeds=min(len(first), len(second)),
    )


def _groups(claim: Claim, samples: Samples) -> Groups:
    """The claim's metric at every depth whose actor and critic are equally deep."""
    return {depths: group_of(claim.metric, claim.source, samples, depths) for depths in equal_depths(samples)}


def _two_ends(groups: Groups) -> tuple[Depths, Depths]:
    """The deepest and the shallowest depth that qualify."""
    depths = qualified(groups)
    return depths[-1], depths[0]


def _if_learned(case: Case, samples: Samples, untrained: Samples) -> Case:
    """The case, or that there is none where the claim is about what agents learn and these have not."""
    if not case.claim.on_representation:
        return case
    rates: dict[Depths, tuple[Estimate, Estimate]] = {}
    for depths in equal_depths(samples):
        trained, before = success_of(samples, depths), success_of(untrained, depths)
        if trained is not None and before is not None:
            rates[depths] = trained, before
    if not rates:
        unknown = "Whether these agents have learned is open: their networks before training are not known."
        return dataclasses.replace(case, basis=f"{case.basis} {unknown}")
    if any(trained.low > before.high for trained, before in rates.values()):
        return case
    form = number_format([estimate for pair in rates.values() for estimate in pair], share=True)
    told = ", ".join(
        f"{form.number(trained.value)} at {label_of(depths)} (untrained {form.number(before.value)})"
        for depths, (trained, before) in rates.items()
    )
    sentence = f"These agents have not learned the task: success is {told}."
    return dataclasses.replace(case, word=NOT_LEARNED, sentence=sentence)


def _capped(p_value: float | np.floating) -> float:
    """A probability; NaN stays."""
    return float(np.minimum(1.0, p_value))
