"""Print numbers and verdicts: as tables that fit the terminal, or as CSV, JSON and LaTeX."""

import dataclasses
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console, Group
from rich.table import Table as RichTable
from rich.text import Text

from crl_probe.cli.options import command_line
from crl_probe.summary import provenance
from crl_probe.summary.formats import (
    cell_texts,
    csv_text,
    details_of,
    document,
    format_of,
    interval_words,
    latex_text,
)
from crl_probe.summary.tables import Column, Line, Row, Table, tables_of
from crl_train.atomic_file import write_text_atomically

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence
    from crl_probe.summary.verdicts import Verdict

_NO_LIMIT: Final = 100_000  # columns if the output is not a terminal: lines are not wrapped or cut then
_GAP: Final = 2
VERDICT_COLOURS: Final = {"supported": "green", "contradicted": "red", "undecided": "yellow", "not enough data": "dim"}


def print_numbers(
    rows: Sequence[Row],
    form: str,
    *,
    settings: Mapping[str, Any],
    verdicts: Mapping[str, Sequence["Verdict"]] | None = None,
    together: bool = False,
    out: Path | None = None,
) -> None:
    """Print rows, or write them to a file.

    Args:
        rows: Numbers of runs and levels.
        form: ``table``, ``csv``, ``json`` or ``latex``.
        settings: Settings of the runs and the evidence, for JSON.
        verdicts: For each environment the verdicts on the claims, for tables and JSON.
        together: Whether all metrics share one table, for ``table`` and ``latex``.
        out: File to write; None prints.
    """
    tables = tables_of(rows, together=together)
    if form == "table":
        if out is None:
            print_drawn(lambda console: _print_all(console, tables, verdicts or {}))
            return
        text = _plain(lambda console: _print_all(console, tables, verdicts or {}))
    elif form == "csv":
        text = csv_text(rows)
    elif form == "latex":
        text = latex_text(rows, together=together)
    else:
        text = json.dumps(document(rows, settings, verdicts), indent=1, allow_nan=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        write_text_atomically(out, text)


def settings_of(opened: Iterable["Evidence"]) -> dict[str, Any]:
    """Settings of the runs and the evidence, as plain values for JSON."""
    return provenance.settings_of(opened, command_line())


def stdout_console() -> Console:
    """The console for tables on stdout; without colours and line breaks if stdout is not a terminal."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=_NO_LIMIT, no_color=True)


def print_drawn(draw: Callable[[Console], None]) -> None:
    """Let ``draw`` print to stdout; if it is not a terminal, without line breaks, colours and trailing spaces."""
    terminal = Console(highlight=False)
    if terminal.is_terminal:
        draw(terminal)
    else:
        click.echo(_plain(draw), nl=False)


def _plain(draw: Callable[[Console], None]) -> str:
    content = io.StringIO()
    draw(Console(file=content, width=_NO_LIMIT, force_terminal=False, highlight=False))
    return "".join(f"{line.rstrip()}\n" for line in content.getvalue().splitlines())


def _print_all(console: Console, tables: Sequence[Table], verdicts: Mapping[str, Sequence["Verdict"]]) -> None:
    for number, part in enumerate(part for table in tables for part in fitting(table, console.width)):
        if number:
            console.print()
        console.print(part)
    words = interval_words(tables)
    if words:
        console.print()
        console.print(Text(words, style="dim"))
    _print_verdicts(console, verdicts)


def fitting(table: Table, width: int, *, title_once: bool = False) -> Iterator[Group]:
    """The table with its title, split by columns into several tables if it is too wide.

    Args:
        table: The table.
        width: Columns of the terminal.
        title_once: Whether only the first of several tables has the title.
    """
    names = [_name(line) for line in table.lines]
    room = width - max(map(len, names))
    columns = [
        _Shown.of(column, details_of(column, table), [(line.cells[i], line) for line in table.lines])
        for i, column in enumerate(table.columns)
    ]
    title = [Text(table.title, style="bold")]
    while columns:
        count, used = 0, 0
        while count < len(columns) and (count == 0 or used + columns[count].width + _GAP <= room):
            used += columns[count].width + _GAP
            count += 1
        yield Group(*title, _rich_table(table, names, columns[:count]))
        columns = columns[count:]
        title = [] if title_once else title


@dataclasses.dataclass(frozen=True)
class _Shown:
    """A column as text: heading and cells padded to one width, so that numbers are aligned."""

    heading: Text
    cells: tuple[Text, ...]
    width: int

    @classmethod
    def of(cls, column: Column, details: Sequence[str], cells: Sequence[tuple[Row | None, Line]]) -> "_Shown":
        form = format_of(column, [row for row, _ in cells])
        texts = [cell_texts(row, form, line.rests_on_one_seed(row)) for row, line in cells]
        value_width, interval_width = (max(map(len, parts)) for parts in zip(*texts, strict=True))
        detail = ", ".join(details)
        interval_width += 1 if interval_width else 0
        width = max(len(column.metric), len(detail), value_width + interval_width)
        shown = (
            Text.assemble(value.rjust(width - interval_width), (interval.rjust(interval_width), "not bold dim"))
            for value, interval in texts
        )
        heading = Text.assemble(column.metric.rjust(width), "\n", (detail.rjust(width), "not bold dim"))
        return cls(heading, tuple(shown), width)


def _rich_table(table: Table, names: Sequence[str], columns: Sequence[_Shown]) -> RichTable:
    shown = RichTable(box=None, padding=(0, _GAP, 0, 0), pad_edge=False)
    shown.add_column("", no_wrap=True, overflow="fold")
    for column in columns:
        shown.add_column(column.heading, no_wrap=True)
    for number, (line, name) in enumerate(zip(table.lines, names, strict=True)):
        style = "" if line.is_run else "bold"
        shown.add_row(Text(name), *(column.cells[number] for column in columns), style=style)
    return shown


def _name(line: Line) -> str:
    return f"  {line.name}" if line.is_run else line.name


def _print_verdicts(console: Console, verdicts: Mapping[str, Sequence["Verdict"]]) -> None:
    for env, group in verdicts.items():
        console.print()
        console.print(Text(f"{env}: verdicts", style="bold"))
        grid = RichTable.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column()
        for verdict in group:
            text = Text.assemble((verdict.claim, "bold"), " ", verdict.sentence, " ", (verdict.basis, "dim"))
            grid.add_row(Text(verdict.word, style=VERDICT_COLOURS[verdict.word]), text)
        console.print(grid)
