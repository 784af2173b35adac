"""The sentences of verdicts: what was found, what it rests on, and what is missing."""

from collections.abc import Iterable
from typing import Final

from crl_probe.metrics.comparison import MINIMUM_DEPTHS, MINIMUM_SEEDS
from crl_probe.metrics.significance import Effect, mean_effect
from crl_probe.summary.claim_samples import (
    Claim,
    Depths,
    Groups,
    Samples,
    depths_of,
    group_of,
    label_of,
    qualified,
    values_of,
)
from crl_probe.summary.numbers import number_format

_CHECKPOINTS_ALIKE: Final = 1.1  # the largest ratio of environment steps that passes without a word


def missing_words(claim: Claim, groups: Groups) -> str:
    """What a verdict would still need, in a sentence."""
    if not groups:
        return "No runs whose actor and critic are equally deep."
    if not any(groups.values()):
        return f"No run has {claim.metric} ({claim.source}): it was not measured, or it is undefined here."
    if len(groups) < MINIMUM_DEPTHS:
        return f"There is only {label_of(next(iter(groups)))}; a verdict needs {MINIMUM_DEPTHS} depths."
    return f"{too_few_words(groups)}; a verdict needs {MINIMUM_SEEDS}."


def too_few_words(groups: Groups) -> str:
    """The depths that have too few seeds."""
    return " and ".join(
        f"{len(group)} seed{'' if len(group) == 1 else 's'} at {label_of(depths)}"
        for depths, group in groups.items()
        if len(group) < MINIMUM_SEEDS
    )


def basis_words(claim: Claim, groups: Groups, samples: Samples) -> str:
    """Metric, depths and seeds, and what a reader must know about them."""
    used = [entry.run for group in groups.values() for entry in group]
    if not used:
        return f"{claim.metric} ({claim.source}): no runs."
    told = [
        f"{label_of(depths)} (seeds {', '.join(str(entry.run.seed) for entry in group)})"
        for depths, group in groups.items()
        if group
    ]
    basis = f"{claim.metric} ({claim.source}): {', '.join(told)}."
    basis += _left_out_words([entry for group in groups.values() for entry in group])
    without = sorted({e.run.name for e in samples if depths_of(e.run) in groups} - {run.name for run in used})
    if without:
        basis += f" Not measured or undefined for {', '.join(without)}."
    if len(qualified(groups)) >= MINIMUM_DEPTHS and too_few_words(groups):
        basis += f" Left out: {too_few_words(groups)}; a verdict needs {MINIMUM_SEEDS}."
    steps = [run.env_steps for run in used]
    if max(steps) > _CHECKPOINTS_ALIKE * min(steps):
        basis += f" Checkpoints differ in training: {min(steps):,} to {max(steps):,} environment steps."
    return basis


def _left_out_words(entries: Samples) -> str:
    """Which shared goals the number of some run is not about, because it is undefined there."""
    by_goal = [entry for entry in entries if entry.sample_unit == "goals"]
    num_goals = max((entry.num_units for entry in by_goal), default=0)
    kept = [set(entry.index.tolist()) for entry in by_goal if entry.index is not None]
    absent = [goal for goal in range(num_goals) if not all(goal in goals for goals in kept)]
    if not absent:
        return ""
    goals = f"Goal{'' if len(absent) == 1 else 's'} {', '.join(str(goal + 1) for goal in absent)} of {num_goals}"
    return f" {goals} left out, of some or all of these runs: the number is undefined there."


def difference_words(claim: Claim, compared: Groups, effect: Effect) -> str:
    """Both means and their difference."""
    form = number_format([effect.estimate])
    ends = " and ".join(
        f"{form.number(float(values_of(group).mean()))}{claim.unit} at {label_of(depths)}"
        for depths, group in compared.items()
    )
    return f"{ends}: a difference of {form.over_seeds(effect.estimate, unit=claim.unit)}"


def success_words(samples: Samples, compared: Iterable[Depths]) -> str:
    """The mean success rates of some depths, as the end of a sentence; empty where they were not measured."""
    groups = [group_of("success_rate", "on-policy", samples, depths) for depths in compared]
    if not all(groups):
        return ""
    form = number_format([mean_effect(values_of(group)).estimate for group in groups], share=True)
    rates = [form.number(float(values_of(group).mean())) for group in groups]
    return f"; success rates are {' and '.join(rates)}"
