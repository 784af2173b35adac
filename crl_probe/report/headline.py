"""The first screen of a report: what was found, in a sentence, a table and the verdicts on the paper's claims."""

import dataclasses
from collections.abc import Sequence

from crl_probe.report.content import Table, number_table
from crl_probe.samples import DepthEstimate, place_in_order
from crl_probe.verdicts import Verdict


@dataclasses.dataclass(frozen=True)
class Headline:
    """The first screen: what was found, in a sentence and a table."""

    sentence: str
    basis: str
    table: Table
    verdicts: tuple[Verdict, ...]


_HEADLINE_METRICS = (
    ("success_rate", "on-policy"),
    ("time_at_goal", "on-policy"),
    ("geodesic_rank", "grid"),
    ("topology_gain", "grid"),
    ("ascent_success", "grid"),
    ("goal_resolution", "shared"),
)


def headline(estimates: Sequence[DepthEstimate], verdicts: Sequence[Verdict]) -> Headline:
    """The most telling numbers by depth, one sentence on success at the two ends, and the verdicts."""
    rates = [e for e in estimates if e.metric == "success_rate"]
    table = number_table(estimates, _HEADLINE_METRICS)
    return Headline(_success_sentence(rates), _basis(estimates), table, tuple(verdicts))


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
    ordered = sorted(rates, key=lambda e: place_in_order(e.runs[0]))
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
