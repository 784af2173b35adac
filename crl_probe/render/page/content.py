"""What a report is made of, before it is a page: sections of text, figures and tables."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from crl_probe.metrics import DEFINITIONS
from crl_probe.render.charts import ChartGroup
from crl_probe.render.page.effect_bar import EffectBar
from crl_probe.render.page.views import View
from crl_probe.runs.run_info import labels_in_order
from crl_probe.summary.estimates import LevelEstimate, estimate_text, titled
from crl_probe.summary.numbers import UNDEFINED, number_format
from crl_probe.summary.verdicts import Verdict


@dataclasses.dataclass(frozen=True)
class TextTable:
    """Rows of text; the first cell of each row names it.

    Attributes:
        head: Column titles.
        rows: Cells, as many as ``head``.
        notes: For each column a longer text shown on hover, or an empty one.
        title: Says what the rows are; where it is given, the table is folded under it.
        references: How many of the last rows are what the others are held against.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    title: str = ""
    references: int = 0


@dataclasses.dataclass(frozen=True)
class Section:
    """One section.

    Attributes:
        key: Identifies it on the page.
        title: Heading.
        reading: One sentence on how to read it.
        finding: One sentence on what these runs show, with its numbers; empty if there is nothing to say.
        views: Maps and point clouds that can be explored.
        groups: Charts.
        tables: Numbers.
        paragraphs: More text.
        problem: Why there is nothing to show, if so.
        legend: What the two ends of the value scale mean, where views use it.
        metrics: Names of the metrics that it is about, as in ``metrics.csv``.
        figure: Name of its figure for papers, without ending; empty if none is drawn.
        code: Lines of Python that make its result and figure, before and after the run and goal that are shown.
    """

    key: str
    title: str
    reading: str
    finding: str = ""
    views: tuple[View, ...] = ()
    groups: tuple[ChartGroup, ...] = ()
    tables: tuple[TextTable, ...] = ()
    paragraphs: tuple[str, ...] = ()
    problem: str = ""
    legend: tuple[str, str] | None = None
    metrics: tuple[str, ...] = ()
    figure: str = ""
    code: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Headline:
    """The first screen.

    Attributes:
        compared: What was compared, fact by fact.
        sentence: Whether agents were still learning, which depth did best, and how sure that is; empty where none of it
            was measured.
        basis: What the intervals rest on.
        chart: Performance by depth.
        table: The most telling numbers by depth.
        verdicts: The claims judged, each with a drawing of its effect if it has one.
    """

    compared: tuple[str, ...]
    sentence: str
    basis: str
    chart: ChartGroup
    table: TextTable
    verdicts: tuple[tuple[Verdict, EffectBar | None], ...]


def number_table(
    estimates: Sequence[LevelEstimate],
    columns: Sequence[tuple[str, str]],
    first_title: str = "",
    *,
    before: Sequence[LevelEstimate] = (),
    references: Mapping[str, Mapping[str, float]] | None = None,
) -> TextTable:
    """Aggregates with their intervals: a row for each level, a column for each metric and part of it.

    Below them stand the rows that they are held against.

    Args:
        estimates: What to choose from.
        columns: Pairs of metric and kind of evidence; those without estimates are left out.
        first_title: Heading of the column of levels; the factors if empty.
        before: The same numbers of the same agents before training.
        references: Other values: by what they are, then by metric. They are about no part of a metric.
    """
    found = {(e.metric, e.source, e.part, e.label): e for e in (*estimates, *before)}
    used = [
        (metric, evidence, part)
        for metric, evidence in columns
        for part in dict.fromkeys(e.part for e in estimates if (e.metric, e.source) == (metric, evidence))
    ]
    rows, num_levels = [], 0
    for group in (estimates, before):
        for label in labels_in_order(run for e in group for run in e.runs):
            cells = [found.get((*column, label)) for column in used]
            if group is estimates or any(cells):
                rows.append((label, *(_cell(cell, found.values()) for cell in cells)))
        num_levels = num_levels or len(rows)
    for words, values in (references or {}).items():
        texts = [
            _reference(metric, values.get(metric), found.values()) if not part else UNDEFINED
            for metric, _, part in used
        ]
        if any(text != UNDEFINED for text in texts):
            rows.append((words, *texts))
    factors = ", ".join(dict.fromkeys(name.replace("_", " ") for e in estimates for name in e.runs[0].factors))
    return TextTable(
        (first_title or factors, *(titled(metric, part) for metric, _, part in used)),
        tuple(rows),
        ("", *(f"{DEFINITIONS[metric].text} ({DEFINITIONS[metric].unit_text})" for metric, *_ in used)),
        references=len(rows) - num_levels,
    )


def _cell(cell: LevelEstimate | None, estimates: Iterable[LevelEstimate]) -> str:
    """A number with as many decimals as the others of its column."""
    if cell is None:
        return UNDEFINED
    column = [e for e in estimates if (e.metric, e.source, e.part) == (cell.metric, cell.source, cell.part)]
    return estimate_text(cell, column)


def _reference(metric: str, value: float | None, estimates: Iterable[LevelEstimate]) -> str:
    """A value without an interval, with the decimals of its column."""
    if value is None:
        return UNDEFINED
    column = [e.estimate for e in estimates if e.metric == metric]
    return number_format(column, share=DEFINITIONS[metric].is_share).number(value)
