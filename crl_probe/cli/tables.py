"""Tables of numbers that fit the terminal: a line for each metric, a column for each level."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from crl_probe.summary.tables import Column, Line, Section, Table, details_of, format_of, line_texts
from crl_train.console import printable

GAP: Final = 2
_NARROWEST: Final = 12  # characters of a column: those of [0.74, 0.80]


def fitting(table: Table, width: int) -> Iterator[Group]:
    """The sections of a table, the first below the name of its environment; what does not fit follows in further ones.

    An interval stands beside its number, or below it where that is too wide. Four levels fit 80 columns; numbers whose
    interval is too wide even so have fewer decimals.

    Args:
        table: The table.
        width: Columns of the terminal.
    """
    most = len(table.columns)
    while most > 1 and not all(_layout(part, width).fits for part in table.in_parts(most)):
        most -= 1
    above = [Text(printable(table.env), style="bold")]
    for part in table.in_parts(most):
        layout = _layout(part, width)
        for number, section in enumerate(part.sections):
            yield Group(*above, _drawn(section, part.columns, layout, with_seeds=number == 0))
            above = []


@dataclasses.dataclass(frozen=True)
class _Layout:
    """Widths of a table, in characters.

    Attributes:
        label: Of the names of metrics.
        number: Of the numbers, if every interval stands beside its own; else 0.
        cell: Of a number with its interval.
        fits: Whether the table is as wide as the terminal at most.
    """

    label: int
    number: int
    cell: int
    fits: bool


def _layout(table: Table, width: int) -> _Layout:
    """The layout that puts everything in one line if that fits, else one that puts below what is too wide."""
    count = len(table.columns)
    lines = [(line, details_of(line, section)) for section in table.sections for line in section.lines]
    texts = [text for line, _ in lines for _, row in line_texts(line, format_of(line), table.columns) for text in row]
    number, interval = (max(map(len, part)) for part in zip(*texts, strict=True))
    head = max(len(word) for column in table.columns for word in _head(column, with_seeds=True))
    titles = [section.title for section in table.sections]
    seeds = [f"  {printable(name)}" for line, _ in lines for name, _ in line.seeds]
    label = max(map(len, [*titles, *seeds, *(", ".join([line.metric, *details]) for line, details in lines)]))
    cell = max(head, number + (1 + interval if interval else 0))
    if label + count * (GAP + cell) <= width:
        return _Layout(label, number, cell, fits=True)
    label = max(map(len, [*titles, *(text for line, details in lines for text in (line.metric, ", ".join(details)))]))
    room = (width - label) // count - GAP
    return _Layout(label, 0, max(min(room, cell), 1), fits=room >= max(head, _NARROWEST))


def _head(column: Column, *, with_seeds: bool) -> list[str]:
    return [*printable(column.label).split(" · "), *([column.seeds_text] if with_seeds else [])]


def _drawn(section: Section, columns: Sequence[Column], layout: _Layout, *, with_seeds: bool) -> RichTable:
    shown = RichTable(box=None, show_header=False, padding=(0, GAP, 0, 0), pad_edge=False)
    shown.add_column(width=layout.label, overflow="fold")
    for _ in columns:
        shown.add_column(width=layout.cell, no_wrap=True, justify="left" if layout.number else "right")
    heads = (_head(column, with_seeds=with_seeds) for column in columns)
    shown.add_row(
        section.title, *("\n".join(word.rjust(layout.number) for word in head) for head in heads), style="bold"
    )
    for line in section.lines:
        lines = line_texts(line, format_of(line).within(layout.cell, line.all_cells), columns)
        in_one_line = all(len(" ".join(filter(None, text))) <= layout.cell for _, texts in lines for text in texts)
        for name, texts in lines:
            label = Text(f"  {printable(name)}", style="dim") if name else _label(line, section, layout)
            shown.add_row(label, *(_cell(*text, layout, in_one_line) for text in texts))
    return shown


def _label(line: Line, section: Section, layout: _Layout) -> Text:
    details = ", ".join(details_of(line, section))
    if not details:
        return Text(line.metric)
    beside = len(f"{line.metric}, {details}") <= layout.label
    return Text.assemble(line.metric, (", " if beside else "\n", "dim"), (printable(details), "dim"))


def _cell(number: str, interval: str, layout: _Layout, in_one_line: bool) -> Text:
    between = " " if in_one_line else "\n"
    return Text.assemble(number.rjust(layout.number), between if interval else "", (interval, "dim"))
