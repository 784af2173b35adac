"""The summary that ``crl-probe report`` prints at its end: headline numbers, verdicts, and the written files."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crl_probe.cli.options import listed
from crl_probe.cli.output import VERDICT_COLOURS, print_drawn
from crl_probe.cli.progress import duration
from crl_probe.cli.tables import GAP, fitting
from crl_probe.probes.registry import PROBES
from crl_probe.report import EnvFindings, Report
from crl_probe.report.headline import HEADLINE_METRICS
from crl_probe.summary.estimates import estimate_by_level
from crl_probe.summary.rows import level_rows
from crl_probe.summary.tables import Table as NumberTable
from crl_probe.summary.tables import interval_words, tables_of
from crl_train.console import printable


def print_summary(report: Report, skipped: Sequence[str], seconds: float) -> None:
    """Print the headline numbers by depth, the verdicts, what is missing, and what was written.

    Args:
        report: A finished report.
        skipped: One line for each skipped run or checkpoint that says why.
        seconds: Duration from opening the runs to the finished report.
    """
    print_drawn(lambda console: _draw(console, report, skipped, seconds))


def _draw(console: Console, report: Report, skipped: Sequence[str], seconds: float) -> None:
    for findings in report.findings:
        _draw_findings(console, findings)
        console.print()
    for line in skipped:
        console.print(Text.assemble(("skipped: ", "yellow"), printable(line)), soft_wrap=True)
    folder = report.index.parent
    console.print(Text.assemble("Report: ", (printable(str(report.index)), "bold")), soft_wrap=True)
    beside = f"with {listed(_beside(folder))}; made in {duration(seconds)}"
    console.print(Text(f"{_size(report.index)}, {beside}", style="dim"))


def _draw_findings(console: Console, findings: EnvFindings) -> None:
    for table in _headline(findings):
        for number, part in enumerate(fitting(table, console.width)):
            if number:
                console.print()
            console.print(part)
        console.print(Text(interval_words([table]), style="dim"))
        console.print()
    if findings.training_words:
        console.print(Text(findings.training_words, style="yellow"))
        console.print()
    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for verdict in findings.verdicts:
        grid.add_row(Text(verdict.word, style=VERDICT_COLOURS[verdict.word]), Text(verdict.claim))
    for name in findings.measured.missing:
        grid.add_row(Text("not available", style="yellow"), Text(f"{PROBES[name].title}; the report says why."))
    console.print(grid)


def _headline(findings: EnvFindings) -> list[NumberTable]:
    """The numbers of the report's first screen; empty if none of them is defined."""
    shown = [
        sample
        for sample in findings.measured.samples
        if (sample.metric, sample.source) in HEADLINE_METRICS and not sample.part
    ]
    return tables_of(level_rows(estimate_by_level(shown)), together=True)


def _beside(folder: Path) -> list[str]:
    """The files in the report's folder other than the page."""
    files = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and entry.name != "index.html")
    figures = len(list(folder.glob("figures/*.pdf")))
    return [*files, *([f"{figures} figure{'' if figures == 1 else 's'} as PDF and SVG"] if figures else [])]


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
