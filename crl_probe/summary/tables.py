"""Tables of numbers, as the terminal and LaTeX show them: a line for each metric, a column for each level."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from crl_probe.metrics import DEFINITIONS
from crl_probe.metrics.statistics import POOLED
from crl_probe.summary.numbers import NumberFormat, number_format
from crl_probe.summary.rows import Row, level_place, natural, place

ONE_SEED: Final = "†"


@dataclasses.dataclass(frozen=True)
class Column:
    """One level of a table.

    Attributes:
        label: The level in words.
        num_seeds: Seeds that its numbers are about.
        runs: Names of its runs, where the table has a line for each seed.
    """

    label: str
    num_seeds: int
    runs: tuple[str, ...] = ()

    @property
    def seeds_text(self) -> str:
        """How many seeds its numbers are about, in words."""
        return "1 seed" if self.num_seeds == 1 else f"{self.num_seeds} seeds"

    def rests_on_one_seed(self, cell: Row | None) -> bool:
        """Whether an aggregate over several seeds is defined for one of them alone."""
        if cell is None or cell.is_run or cell.interval_over.startswith(POOLED):
            return False
        return self.num_seeds > 1 and cell.interval_over not in ("seeds", "comparison")


Cells: TypeAlias = tuple[Row | None, ...]
"""One number for each column; None where the metric is undefined."""


@dataclasses.dataclass(frozen=True)
class Line:
    """One metric of a table, or one part of it, from one source.

    Attributes:
        metric: Its name.
        part: As in :class:`Row`.
        source: As in :class:`Row`.
        cells: The number of each level: an aggregate, or that of its only run.
        seeds: Below it a line for each seed, with its name; empty where the table has none.
    """

    metric: str
    part: str
    source: str
    cells: Cells
    seeds: tuple[tuple[str, Cells], ...] = ()

    @property
    def all_cells(self) -> tuple[Row | None, ...]:
        """Every number of the metric; they are written in one format."""
        return (*self.cells, *(cell for _, cells in self.seeds for cell in cells))


@dataclasses.dataclass(frozen=True)
class Section:
    """Metrics of one subject from one source; of several where metrics were picked.

    Attributes:
        title: Subject and source in words.
        lines: Metrics, in the order of the definitions.
    """

    title: str
    lines: tuple[Line, ...]

    @property
    def is_mixed(self) -> bool:
        """Whether its numbers are from several sources, so that each says its own."""
        return len({line.source for line in self.lines}) > 1


@dataclasses.dataclass(frozen=True)
class Table:
    """Levels side by side: a line for each metric of one environment.

    Attributes:
        env: Name of the environment.
        columns: In the order of levels.
        sections: In the order of the definitions.
    """

    env: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]

    def in_parts(self, columns: int) -> "list[Table]":
        """The same lines in tables of about as many columns each, of which none has more than a limited number."""
        count = -(-len(self.columns) // columns)
        ends = [round(part * len(self.columns) / count) for part in range(count + 1)]
        return [self._part(slice(start, end)) for start, end in itertools.pairwise(ends)]

    def _part(self, kept: slice) -> "Table":
        def cut(line: Line) -> Line:
            seeds = tuple((name, cells[kept]) for name, cells in line.seeds if any(cells[kept]))
            return dataclasses.replace(line, cells=line.cells[kept], seeds=seeds)

        sections = (Section(section.title, tuple(map(cut, section.lines))) for section in self.sections)
        return Table(self.env, self.columns[kept], tuple(sections))


def tables_of(rows: Iterable[Row], *, together: bool = False) -> list[Table]:
    """Put levels side by side, in a table for each environment with a section for each subject and source.

    Where a level has one run, that run's number stands for the level.

    Args:
        rows: Numbers of runs and levels.
        together: Whether a table has a single section: for a few metrics that were picked.
    """
    by_env: dict[str, list[Row]] = {}
    for row in sorted(rows, key=place):
        by_env.setdefault(row.env, []).append(row)
    return [_table(env, group, together) for env, group in by_env.items()]


def format_of(line: Line) -> NumberFormat:
    """How the numbers of a metric are written."""
    return number_format(line.all_cells, share=DEFINITIONS[line.metric].is_share)


def cell_texts(cell: Row | None, form: NumberFormat, column: Column) -> tuple[str, str]:
    """The number and its interval as text; the second is empty where nothing could be resampled.

    Args:
        cell: The number; None where it is undefined.
        form: That of its metric.
        column: Its level. A number of a single seed is marked where the level has several.
    """
    value, interval = form.cell(cell)
    return value, interval + (ONE_SEED if column.rests_on_one_seed(cell) else "")


def line_texts(line: Line, form: NumberFormat, columns: Sequence[Column]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The cells of a line as text, then those of each seed below it, with its name.

    What is undefined is a dash. A line has an empty cell where another line of the metric has the number of that level.
    """
    lines = (("", line.cells), *line.seeds)
    defined = [any(column) for column in zip(*(cells for _, cells in lines), strict=True)]
    return [
        (
            name,
            [
                ("", "") if cell is None and (name or known) else cell_texts(cell, form, column)
                for cell, column, known in zip(cells, columns, defined, strict=True)
            ],
        )
        for name, cells in lines
    ]


def details_of(line: Line, section: Section) -> list[str]:
    """What a line says beside its name: the part, the source where the section mixes them, the unit."""
    texts = (line.part, line.source if section.is_mixed else "", DEFINITIONS[line.metric].unit)
    return [text for text in texts if text]


def interval_words(tables: Iterable[Table]) -> str:
    """What the intervals of these tables are, in a sentence or two: readers must not take episodes for seeds."""
    over: dict[str, set[int]] = {}
    marked = False
    for table in tables:
        for line in (line for section in table.sections for line in section.lines):
            cells = (line.cells, *(cells for _, cells in line.seeds))
            marked |= any(map(Column.rests_on_one_seed, table.columns, line.cells))
            for cell in itertools.chain.from_iterable(cells):
                if cell is not None and cell.count > 1:
                    over.setdefault(cell.interval_over, set()).add(cell.count)
    sentences = []
    seeds = over.pop("seeds", set())
    pooled = [over.pop(unit) for unit in list(over) if unit.startswith(POOLED)]
    if seeds:
        counts = f"{min(seeds)}" if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)}"
        sentences.append(f"Intervals of a depth (95 %) are a bootstrap over its {counts} seeds.")
    if pooled:
        sentences.append(
            "Where no seed ever or every seed always succeeds, Wilson's interval is over all their episodes."
        )
    if over:
        *others, last = sorted(over)
        what = f"{', '.join(others)} or {last}" if others else last
        sentences.append(
            f"Intervals of one run (95 %) are over its own {what}: they say how well this agent was measured, not what "
            "another training would give."
        )
    if marked:
        sentences.append(f"{ONE_SEED} defined for one seed alone.")
    return " ".join(sentences)


def _table(env: str, rows: Sequence[Row], together: bool) -> Table:
    by_level: dict[str, list[Row]] = {}
    for row in sorted(rows, key=level_place):
        by_level.setdefault(row.label, []).append(row)
    columns = tuple(_column(label, group) for label, group in by_level.items())
    # A seed says which run it is, unless a level has two runs of it.
    of_seed = {(row.label, row.seed, row.run) for row in rows if row.is_run}
    by_name = len({(label, seed) for label, seed, _ in of_seed}) < len(of_seed)
    sections: dict[str, dict[tuple[str, str, str], list[Row]]] = {}
    for row in rows:
        title = "" if together else f"{DEFINITIONS[row.metric].group} ({row.source})"
        sections.setdefault(title, {}).setdefault((row.metric, row.part, row.source), []).append(row)
    return Table(
        env,
        columns,
        tuple(
            Section(title, tuple(_line(*key, group, columns, by_name) for key, group in lines.items()))
            for title, lines in sections.items()
        ),
    )


def _column(label: str, rows: Sequence[Row]) -> Column:
    runs = tuple(dict.fromkeys(row.run for row in rows if row.is_run))
    over_seeds = [row.count for row in rows if not row.is_run and row.interval_over == "seeds"]
    return Column(label, max([1, len(runs), *over_seeds]), runs)


def _line(metric: str, part: str, source: str, rows: Sequence[Row], columns: Sequence[Column], by_name: bool) -> Line:
    levels = {row.label: row for row in rows if not row.is_run}
    seeds: dict[str, dict[str, Row]] = {}
    for row in rows:
        column = next(column for column in columns if column.label == row.label)
        if row.is_run and len(column.runs) == 1:
            levels.setdefault(row.label, row)
        elif row.is_run:
            seeds.setdefault(row.run if by_name else f"seed {row.seed}", {})[row.label] = row

    def cells(of: Mapping[str, Row]) -> Cells:
        return tuple(of.get(column.label) for column in columns)

    lines = ((name, cells(of)) for name, of in sorted(seeds.items(), key=lambda item: natural(item[0])))
    return Line(metric, part, source, cells(levels), tuple(lines))
