"""The first screen of a report: what was compared, what was found and how sure it is."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from crl_probe.metrics import holm, verdict
from crl_probe.metrics.comparison import MINIMUM_SEEDS, SUGGESTIVE, SUPPORTED
from crl_probe.render.by_level import level_charts
from crl_probe.render.page.content import Headline, number_table
from crl_probe.render.page.effect_bar import effect_bar
from crl_probe.runs.factors import factor_word
from crl_probe.runs.run_info import RunInfo, levels_in_order, place_in_order
from crl_probe.summary.estimates import LevelEstimate, difference_text, estimate_text, level_difference
from crl_probe.summary.verdicts import Verdict

HEADLINE_METRICS: Final = (
    ("success_rate", "on-policy"),
    ("time_at_goal", "on-policy"),
    ("geodesic_rank", "grid"),
    ("geodesic_advantage", "grid"),
    ("ascent_success", "grid"),
    ("goal_resolution", "shared"),
)
HEADLINE_CHARTS: Final = ("success_rate", "time_at_goal")


def headline(
    runs: Sequence[RunInfo],
    estimates: Sequence[LevelEstimate],
    verdicts: Sequence[Verdict],
    *,
    before: Sequence[LevelEstimate] = (),
    training: str = "",
    episodes: int | None = None,
    problem: str = "",
) -> Headline:
    """Everything that a reader who stops after the first screen has seen.

    Args:
        runs: The agents.
        estimates: All numbers by depth.
        verdicts: The claims judged on them.
        before: Numbers of the same agents before training.
        training: Whether agents were still learning, in a sentence.
        episodes: On-policy episodes of each run that success is about; None where it was not measured.
        problem: Why it was not, if it should have been.
    """
    factor = factor_word(runs[0].factors)
    rates = sorted((e for e in estimates if e.metric == "success_rate"), key=lambda e: place_in_order(e.runs[0]))
    success = f"Success could not be measured: {problem}" if problem else _success_sentence(rates, factor)
    return Headline(
        compared=_compared(runs, episodes),
        sentence=" ".join(filter(None, (training, success))),
        basis=_basis(rates or estimates, factor),
        chart=level_charts(estimates, HEADLINE_CHARTS, before=before),
        table=number_table(estimates, HEADLINE_METRICS, before=before),
        verdicts=tuple((verdict, effect_bar(verdict)) for verdict in verdicts),
    )


def _compared(runs: Sequence[RunInfo], episodes: int | None) -> tuple[str, ...]:
    seeds = sorted({run.seed for run in runs})
    steps = sorted({run.env_steps for run in runs})
    trained = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,} to {steps[-1]:,}"
    levels = levels_in_order(runs)
    depths = [level.removeprefix("depth ") for level in levels]
    same_kind = all(level.startswith("depth ") for level in levels)
    return (
        runs[0].env,
        f"depth{'s' if len(levels) > 1 else ''} {', '.join(depths)}" if same_kind else ", ".join(levels),
        f"seed{'s' if len(seeds) > 1 else ''} {_ranges(seeds)}",
        f"{len(runs)} checkpoint{'s' if len(runs) > 1 else ''} at {trained} env steps",
        *((f"{episodes} episodes each",) if episodes else ()),
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers, three or more in a row as from–to."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(f"{s[0]}–{s[-1]}" if len(s) > 2 else ", ".join(map(str, s)) for s in spans)


def _basis(estimates: Sequence[LevelEstimate], factor: str) -> str:
    # Success is defined for every run; other metrics leave out runs where they are not.
    seeds = sorted({len(e.runs) for e in estimates})
    if not seeds:
        return "No probe gave a number."
    if seeds == [1]:
        return (
            f"One seed at each {factor}: intervals (95 %) are over this run's episodes or goals and say nothing about "
            f"another training. Train more seeds before concluding that {factor} made a difference."
        )
    counts = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    single = f" A {factor} with one seed has its interval over episodes or goals." if seeds[0] == 1 else ""
    few = ""
    if seeds[0] < MINIMUM_SEEDS:
        few = " Fewer than three seeds are not enough for a verdict."
    elif seeds[0] == MINIMUM_SEEDS:  # measured by benchmarks/interval_coverage.py
        few = " Over three seeds they are too narrow: they hold the truth in 64 to 76 of 100 studies, not in 95."
    return f"{counts} seeds at each {factor}: intervals (95 %) are over seeds.{single}{few}"


def _success_sentence(rates: Sequence[LevelEstimate], factor: str) -> str:
    """Which level has the highest success rate, and whether these runs can tell."""
    if not rates:
        return ""
    best = max(rates, key=lambda e: e.estimate.value)
    if len(rates) == 1:
        return f"{_capital(best.label)} reached {estimate_text(best)} of its goals."
    if len({estimate_text(e) for e in rates}) == 1:
        return f"All {factor}s reached {estimate_text(best)} of their goals."
    other = rates[-1] if best is rates[0] else rates[0]
    ends = f"{estimate_text(best)}, against {estimate_text(other)} at {other.label}"
    has_most = f"{_capital(best.label)} has the highest success rate, {ends}"
    fewest = min(len(e.runs) for e in rates)
    if fewest < MINIMUM_SEEDS:
        seeds = "One seed" if fewest == 1 else f"{fewest} seeds"
        return f"{seeds} at a {factor}: no conclusion on {factor}. {has_most}."
    told = f"{has_most}: a difference of {difference_text(best, other)}."
    above = [level_difference(best, e) for e in rates if e is not best]
    p_value = float(np.max(holm([effect.p_value for effect in above])))  # of the least sure of them
    word = verdict(min(effect.estimate.value for effect in above), p_value, fewest)
    if word == SUPPORTED:
        return f"{told} It is above every other {factor}."
    if word == SUGGESTIVE:
        return f"{told} That suggests that it is the best {factor}; {fewest} seeds cannot show it."
    return f"No {factor} is clearly best. {told}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
