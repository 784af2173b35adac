"""A metric by level: the aggregate with its interval, and every seed as a dot beside it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.declaration import Probe
from crl_probe.render.axes import place_axis, value_axis
from crl_probe.render.charts import RULES, TICK, Chart, ChartGroup, Dot, Fill, LegendEntry, Line, Mark, Reference
from crl_probe.render.palette import REFERENCE_COLOUR, depth_colours, depth_symbols
from crl_probe.runs.factors import level_ticks
from crl_probe.runs.run_info import RunInfo, labels_in_order
from crl_probe.summary.estimates import PART_WORDS, LevelEstimate, estimate_text
from crl_probe.summary.fairness import whole_evidence
from crl_probe.summary.numbers import format_count, format_estimate, format_number

Kind = tuple[str, str]  # source, part
References: TypeAlias = Mapping[str, tuple[Reference, ...]]
"""By metric the levels that its values are held against."""

BEFORE_TRAINING: Final = "before training"

_KIND_WORDS: Final = {**PART_WORDS, "shared": "shared set", "on-policy": "own episodes"}
_FILLS: Final[tuple[Fill, ...]] = ("full", "open", "left", "bottom")
_SPREAD: Final = 0.16  # of the kinds of a level around its place
_SEED_OFFSET: Final = 0.09
_SEED_STEP: Final = 0.016  # so that equal values stay two dots
_SEEDS_WIDTH: Final = 0.16


def level_charts(
    estimates: Sequence[LevelEstimate],
    metrics: Sequence[str],
    references: References | None = None,
    before: Sequence[LevelEstimate] = (),
) -> ChartGroup:
    """A chart for each metric that has estimates.

    Args:
        estimates: What to choose from.
        metrics: Names, in reading order.
        references: By metric, levels that the definition does not know because they depend on a setting.
        before: The same numbers of the same agents before training.
    """
    measured = {metric: [e for e in whole_evidence(estimates) if e.metric == metric] for metric in metrics}
    return ChartGroup(
        tuple(
            level_chart(mine, (references or {}).get(metric, ()), [e for e in before if e.metric == metric])
            for metric, mine in measured.items()
            if mine
        )
    )


def references_of(probe: Probe, result: Any) -> References:
    """The levels that a probe holds its values against, which may depend on the result's settings."""
    by_metric: dict[str, tuple[Reference, ...]] = {}
    for symbol, (words, values) in zip(RULES, probe.references(result).items(), strict=False):
        for metric, value in values.items():
            by_metric[metric] = (*by_metric.get(metric, ()), Reference(value, words, symbol))
    return by_metric


def level_chart(
    estimates: Sequence[LevelEstimate],
    references: Sequence[Reference] = (),
    before: Sequence[LevelEstimate] = (),
) -> Chart:
    """One metric by level; kinds of source and parts stand side by side at each level, told apart by their fill.

    Args:
        estimates: Of one metric, at least one.
        references: Levels to hold values against; none takes the metric's chance level, if it has one.
        before: The same metric of the same agents before training.
    """
    estimates, before = whole_evidence(estimates), whole_evidence(before)
    definition = DEFINITIONS[estimates[0].metric]
    if not references and definition.chance is not None:
        references = (Reference(definition.chance, "chance"),)
    runs = [run for e in estimates for run in e.runs]
    labels = labels_in_order(runs)
    kinds = list(dict.fromkeys((e.source, e.part) for e in estimates))
    shifts = [0.0] if len(kinds) == 1 else [float(shift) for shift in np.linspace(-_SPREAD, _SPREAD, len(kinds))]
    marks = tuple(
        _mark(e, labels, labels.index(e.label) + shifts[kind], _FILLS[kind % len(_FILLS)], _name(kinds[kind], kinds))
        for e in estimates
        for kind in [kinds.index((e.source, e.part))]
    )
    ticks = _before_marks(before, estimates, labels, kinds, shifts)
    marks += ticks
    tick_labels, title = run_ticks(runs)
    numbers = [end for e in estimates for end in (e.estimate.value, e.estimate.low, e.estimate.high, *e.values)]
    numbers += [mark.value for mark in ticks]
    return Chart(
        title=definition.title,
        x=place_axis(title, list(tick_labels.values())),
        y=value_axis(definition, [*numbers, *(one.value for one in references)]),
        alt=f"{definition.title} by {title}: {'; '.join(mark.text for mark in marks)}",
        lines=_threads(estimates, labels, kinds, shifts),
        marks=marks,
        references=tuple(references),
        legend=(
            *_kind_entries(kinds),
            *((LegendEntry(BEFORE_TRAINING, TICK),) if ticks else ()),
            *(LegendEntry(one.text, one.symbol) for one in references),
        ),
        note=interval_note(estimates),
    )


def interval_note(estimates: Sequence[LevelEstimate]) -> str:
    """What the intervals of some estimates are over, in a few words."""
    counts: dict[str, list[int]] = {}
    for entry in estimates:
        counts.setdefault(entry.estimate.unit, []).append(entry.estimate.count)
    spans = [f"{_span(numbers)} {unit}" for unit, numbers in counts.items() if max(numbers) > 1]
    return f"95 % interval, {' or '.join(spans)}" if spans else "one seed, no interval"


def run_ticks(runs: Sequence[RunInfo]) -> tuple[dict[str, str], str]:
    """Short words for the labels of runs, as tick labels need them, and what they are.

    Args:
        runs: The agents.

    Returns:
        For each label, in order, its tick label; and the title of the axis.

    Example:
        >>> run_ticks([RunInfo("run", "depth 16", "point_u_maze", 16, 16, 0, 5_000, "")])
        ({'depth 16': '16'}, 'depth')
    """
    of_label = {label: next(run for run in runs if run.label == label) for label in labels_in_order(runs)}
    levels, title = level_ticks([run.factors for run in of_label.values()])
    texts = dict(zip(of_label, levels, strict=True))
    if len(set(levels)) == len(levels):
        return texts, title
    # Several checkpoints of a level: its stages are told apart by their steps.
    steps = {label: format_count(run.env_steps) for label, run in of_label.items()}
    if len(set(levels)) == 1:
        return steps, f"environment steps at {title} {levels[0]}"
    return {label: f"{text}\n{steps[label]}" for label, text in texts.items()}, f"{title}, environment steps"


def _mark(entry: LevelEstimate, labels: Sequence[str], place: float, fill: Fill, kind: str) -> Mark:
    estimate, share = entry.estimate, DEFINITIONS[entry.metric].is_share
    step = min(_SEED_STEP, _SEEDS_WIDTH / len(entry.values))
    over = f", {estimate.count} {estimate.unit}" if estimate.count > 1 else ""
    interval = estimate.count > 1
    return Mark(
        place=place,
        value=estimate.value,
        colour=depth_colours(labels)[entry.label],
        symbol=depth_symbols(labels)[entry.label],
        text=f"{entry.label}{f' ({kind})' if kind else ''}: {format_estimate(estimate, share=share)}{over}",
        low=estimate.low if interval else None,
        high=estimate.high if interval else None,
        fill=fill,
        seeds=tuple(
            Dot(place + _SEED_OFFSET + i * step, value, f"{run.name}: {format_number(value, share=share)}")
            for i, (run, value) in enumerate(zip(entry.runs, entry.values, strict=True))
        )
        if len(entry.values) > 1
        else (),
    )


def _before_marks(
    before: Sequence[LevelEstimate],
    estimates: Sequence[LevelEstimate],
    labels: Sequence[str],
    kinds: Sequence[Kind],
    shifts: Sequence[float],
) -> tuple[Mark, ...]:
    """A tick for each number before training, at the place of its level."""
    label_of = {run.level: run.label for e in estimates for run in e.runs}
    return tuple(
        Mark(
            place=labels.index(label_of[e.runs[0].level]) + shifts[kinds.index((e.source, e.part))],
            value=e.estimate.value,
            colour=REFERENCE_COLOUR,
            symbol=TICK,
            text=f"{e.label}: {estimate_text(e)}",
        )
        for e in before
        if e.runs[0].level in label_of and (e.source, e.part) in kinds
    )


def _threads(
    estimates: Sequence[LevelEstimate], labels: Sequence[str], kinds: Sequence[Kind], shifts: Sequence[float]
) -> tuple[Line, ...]:
    """Join the aggregates, so that jumps are seen; levels are no scale, and a thread says nothing between them."""
    threads = []
    for kind, shift in zip(kinds, shifts, strict=True):
        mine = [e for e in estimates if (e.source, e.part) == kind]
        if len(mine) > 1:
            x = np.array([labels.index(e.label) + shift for e in mine], dtype=np.float64)
            y = np.array([e.estimate.value for e in mine], dtype=np.float64)
            threads.append(Line(x, y, weight="thread", dashed=kind != kinds[0]))
    return tuple(threads)


def _kind_entries(kinds: Sequence[Kind]) -> tuple[LegendEntry, ...]:
    if len(kinds) == 1:
        return ()
    return tuple(
        LegendEntry(_name(kind, kinds), "circle", fill=_FILLS[i % len(_FILLS)]) for i, kind in enumerate(kinds)
    )


def _name(kind: Kind, kinds: Sequence[Kind]) -> str:
    """Only what tells the kinds apart: the part, the source, or both."""
    if len(kinds) == 1:
        return ""
    telling = next((i for i in (1, 0) if len({other[i] for other in kinds}) == len(kinds)), None)
    return ", ".join(_KIND_WORDS.get(word, word) for word in (kind if telling is None else [kind[telling]]) if word)


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low}–{high}"
