"""Print numbers and verdicts: as tables that fit the terminal, or as CSV, JSON and LaTeX."""

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from crl_probe.cli.options import command_line
from crl_probe.cli.tables import GAP, fitting
from crl_probe.summary import provenance
from crl_probe.summary.formats import csv_text, document
from crl_probe.summary.latex import latex_text
from crl_probe.summary.rows import Row
from crl_probe.summary.tables import Table, interval_words, tables_of
from crl_probe.summary.verdicts import Verdict
from crl_train.atomic_file import write_text_atomically
from crl_train.console import make_console, printable, write

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

_NO_LIMIT: Final = 100_000  # columns if the output is not a terminal: lines are not wrapped or cut then
VERDICT_COLOURS: Final = {
    "supported": "green",
    "suggestive": "cyan",
    "contradicted": "red",
    "undecided": "yellow",
    "not learned": "dim",
    "not enough data": "dim",
}


def print_numbers(
    rows: Sequence[Row],
    form: str,
    *,
    settings: Mapping[str, Any],
    verdicts: Mapping[str, Sequence[Verdict]] | None = None,
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
    if form == "table":
        tables = tables_of(rows, together=together)
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
        write(text)
    else:
        write_text_atomically(out, text)


def provenance_of(opened: Iterable["Evidence"]) -> dict[str, Any]:
    """Settings of the runs and the evidence, as plain values for JSON."""
    return provenance.provenance_of(opened, command_line())


def print_drawn(draw: Callable[[Console], None]) -> None:
    """Let ``draw`` print to stdout; if it is not a terminal, without line breaks, colours and trailing spaces."""
    terminal = make_console()
    if terminal.is_terminal:
        draw(terminal)
    else:
        write(_plain(draw))


def _plain(draw: Callable[[Console], None]) -> str:
    content = io.StringIO()
    draw(make_console(file=content, width=_NO_LIMIT, force_terminal=False))
    return "".join(f"{line.rstrip()}\n" for line in content.getvalue().splitlines())


def _print_all(console: Console, tables: Sequence[Table], verdicts: Mapping[str, Sequence[Verdict]]) -> None:
    for env, group in verdicts.items():
        _print_verdicts(console, env, group)
        console.print()
    for part in (part for table in tables for part in fitting(table, console.width)):
        console.print(part)
        console.print()
    for words in filter(None, (interval_words(tables), *map(_run_words, tables))):
        console.print(Text(words, style="dim"))


def _print_verdicts(console: Console, env: str, verdicts: Sequence[Verdict]) -> None:
    console.print(Text(f"{printable(env)}: verdicts", style="bold"))
    grid = RichTable.grid(padding=(0, GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for verdict in verdicts:
        text = Text.assemble((verdict.claim, "bold"), " ", verdict.sentence, " ", (printable(verdict.basis), "dim"))
        grid.add_row(Text(verdict.word, style=VERDICT_COLOURS[verdict.word]), text)
    console.print(grid)


def _run_words(table: Table) -> str:
    """Which runs the lines of seeds are about; empty where there are none."""
    if not any(line.seeds for section in table.sections for line in section.lines):
        return ""
    return "\n".join(f"{column.label}: {', '.join(map(printable, column.runs))}" for column in table.columns)
