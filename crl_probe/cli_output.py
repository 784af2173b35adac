"""Numbers and verdicts as ``crl-probe`` prints them: tables that fit the terminal, or CSV, JSON and LaTeX."""

import dataclasses
import io
import json
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console, Group
from rich.table import Table as RichTable
from rich.text import Text

from crl_probe.table_formats import cell_texts, csv_text, decimals_of, details_of, document, interval_words, latex_text
from crl_probe.tables import Column, Line, Row, Table, tables_of
from crl_train.atomic_file import write_text_atomically

if TYPE_CHECKING:
    from crl_probe.evidence import Evidence
    from crl_probe.verdicts import Verdict

_NO_LIMIT: Final = 100_000  # columns of what is no terminal: nothing is wrapped or cut there
_GAP: Final = 2
_COLOURS: Final = {"supported": "green", "contradicted": "red", "undecided": "yellow", "not enough data": "dim"}


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
        rows: Numbers of runs and depths.
        form: ``table``, ``csv``, ``json`` or ``latex``.
        settings: What was looked at, for JSON.
        verdicts: For each environment the judged claims, for tables and JSON.
        together: Whether all metrics share one table, where ``form`` has tables.
        out: File to write; None prints.
    """
    tables = tables_of(rows, together=together)
    if form == "table" and out is None and stdout_console().is_terminal:
        _print_all(stdout_console(), tables, verdicts or {})
        return
    if form == "table":
        text = _plain(tables, verdicts or {})
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
    """What numbers are about, as plain values for JSON."""
    return {
        "command": shlex.join(["crl-probe", *sys.argv[1:]]),
        "evidence": {evidence.env.name: dataclasses.asdict(evidence.settings) for evidence in opened},
        "checkpoints": [dataclasses.asdict(info) for evidence in opened for info in evidence.infos],
    }


def stdout_console() -> Console:
    """Where tables go; what is no terminal gets no colour and lines as long as they are."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=_NO_LIMIT, no_color=True)


def _plain(tables: Sequence[Table], verdicts: Mapping[str, Sequence["Verdict"]]) -> str:
    """What the terminal shows, without colour, lines as long as they are."""
    content = io.StringIO()
    _print_all(Console(file=content, width=_NO_LIMIT, force_terminal=False, highlight=False), tables, verdicts)
    return "".join(f"{line.rstrip()}\n" for line in content.getvalue().splitlines())


def _print_all(console: Console, tables: Sequence[Table], verdicts: Mapping[str, Sequence["Verdict"]]) -> None:
    for number, part in enumerate(part for table in tables for part in _fitting(table, console.width)):
        if number:
            console.print()
        console.print(part)
    words = interval_words(tables)
    if words:
        console.print()
        console.print(Text(words, style="dim"))
    _print_verdicts(console, verdicts)


def _fitting(table: Table, width: int) -> Iterable[Group]:
    """The table under its title, its columns spread over several where they do not fit beside each other."""
    names = [_name(line) for line in table.lines]
    room = width - max(map(len, names))
    columns = [
        _Shown.of(column, details_of(column, table), [(line.cells[i], line) for line in table.lines])
        for i, column in enumerate(table.columns)
    ]
    while columns:
        count, used = 0, 0
        while count < len(columns) and (count == 0 or used + columns[count].width + _GAP <= room):
            used += columns[count].width + _GAP
            count += 1
        yield Group(Text(table.title, style="bold"), _rich_table(table, names, columns[:count]))
        columns = columns[count:]


@dataclasses.dataclass(frozen=True)
class _Shown:
    """A column as text: heading and cells padded to one width, so that numbers stand below each other."""

    heading: Text
    cells: tuple[Text, ...]
    width: int

    @classmethod
    def of(cls, column: Column, details: Sequence[str], cells: Sequence[tuple[Row | None, Line]]) -> "_Shown":
        decimals = decimals_of(row for row, _ in cells)
        texts = [cell_texts(row, decimals, line.rests_on_one_seed(row)) for row, line in cells]
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
        style = "bold" if line.level == "depth" else ""
        shown.add_row(Text(name), *(column.cells[number] for column in columns), style=style)
    return shown


def _name(line: Line) -> str:
    return line.name if line.level == "depth" else f"  {line.name}"


def _print_verdicts(console: Console, verdicts: Mapping[str, Sequence["Verdict"]]) -> None:
    for env, group in verdicts.items():
        console.print()
        console.print(Text(f"{env}: verdicts", style="bold"))
        grid = RichTable.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column()
        for verdict in group:
            said = Text.assemble((verdict.claim, "bold"), " ", verdict.sentence, " ", (verdict.basis, "dim"))
            grid.add_row(Text(verdict.word, style=_COLOURS[verdict.word]), said)
        console.print(grid)
