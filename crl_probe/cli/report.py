"""``crl-probe report``: one page that compares runs, written once or again whenever training has gone on."""

import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from crl_probe.cli.interrupt import INTERRUPTED, Heeding, Interruption, interruptible
from crl_probe.cli.opening import evidence_settings, given_probe_set, open_earlier, open_runs, watched
from crl_probe.cli.options import (
    FILE,
    PROBE_SET,
    ProbeOptions,
    Step,
    command_line,
    parse_sections,
    parse_step,
    probing_options,
)
from crl_train.cli_options import explained

if TYPE_CHECKING:
    from crl_probe.report import Report
    from crl_probe.runs.loading import LoadedRun

DEFAULT_OUT: Final = Path("reports")
RELOAD_SECONDS: Final = 30  # of a page that follows training
MOST_CHECKPOINTS: Final = 8  # of a run that a slider over training stops at
# One of these is set wherever a browser could open a window under Linux.
_DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")


@click.command("report")
@probing_options(PROBE_SET)
@click.option("--out", type=FILE, help="Folder of the report; reports/<environment> if not given.")
@click.option("--title", help="Title of the page.")
@click.option(
    "--sections",
    metavar="NAME,...",
    help="Only these parts, such as success,landscape,lens; their probes alone are run.",
)
@click.option("--figures/--no-figures", default=True, help="Draw the figures for papers, as PDF and SVG.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
@click.option("--watch", is_flag=True, help="Stay, and write it again when checkpoints or runs land; quote patterns.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    options: ProbeOptions,
    out: Path | None,
    title: str | None,
    sections: str | None,
    figures: bool,
    open_page: bool,
    watch: bool,
    quiet: bool,
) -> None:
    """Write one HTML page that compares RUNS by depth, with its numbers, tables and figures beside it.

    With --step all, landscapes and embeddings get a slider over training.
    """
    folders: list[Path] = []  # of the report, once it is there

    def last_words() -> tuple[str, int]:
        if folders:
            line = f"Stopped{' watching' if watch else ''}. The report is {folders[0] / 'index.html'}."
            return "" if quiet else line, 0 if watch else INTERRUPTED
        kept = " The same command goes on from there." if options.cache else ""
        return f"Stopped: no report was written and none replaced.{kept}", INTERRUPTED

    with explained(), interruptible(last_words) as interruption:
        wanted = None if sections is None else parse_sections(sections)
        order = _Order(options, parse_step(options.step), out, title, wanted, figures, watch, quiet, interruption)
        if watch:
            _follow_training(order, open_page, folders)
        else:
            _write_first(order, open_page, folders)


@dataclasses.dataclass(frozen=True)
class _Order:
    """What is to be written; the fields are those of the command."""

    options: ProbeOptions
    step: Step
    out: Path | None
    title: str | None
    sections: tuple[str, ...] | None
    figures: bool
    watch: bool
    quiet: bool
    interruption: Interruption

    def write(self) -> "_Written":
        """Open the runs, and write the report on them."""
        started = time.monotonic()
        with watched(self.quiet, by_probe=True) as listener:
            progress = Heeding(listener, self.interruption)
            from crl_probe.report import ReportSettings, write_report
            from crl_probe.runs.comparability import group_by_env
            from crl_probe.runs.workers import usable_workers

            settings, probe_set = evidence_settings(self.options), given_probe_set(self.options)
            with self.interruption.waits():
                newest = None if self.step == "all" else self.step
                runs, skipped = open_runs(self.options.patterns, newest, progress)
                by_env = group_by_env(runs, self.options.factors)  # refused before more is opened
                earlier: list[LoadedRun] = []
                if self.step == "all":
                    earlier, more = open_earlier(runs, MOST_CHECKPOINTS, progress)
                    skipped += more
            made = write_report(
                runs,
                self.out or DEFAULT_OUT / "_and_".join(by_env),
                ReportSettings(
                    evidence=settings,
                    by=self.options.factors,
                    sections=self.sections,
                    figures=self.figures,
                    use_cache=self.options.cache,
                    workers=self.options.workers or usable_workers(len(runs)),
                    command=command_line(),
                    skipped=tuple(skipped),
                    reload_seconds=RELOAD_SECONDS if self.watch else 0,
                ),
                earlier=earlier,
                probe_set=probe_set,
                title=self.title,
                progress=progress,
            )
        return _Written(made, tuple(skipped), time.monotonic() - started)

    def say(self, text: str) -> None:
        """Print a line, unless nothing is to be said."""
        if not self.quiet:
            click.echo(text)


@dataclasses.dataclass(frozen=True)
class _Written:
    """A report, what was skipped for it, a line each, and how long it took from opening the runs."""

    report: "Report"
    skipped: tuple[str, ...]
    seconds: float


def _write_first(order: _Order, open_page: bool, folders: list[Path]) -> None:
    """Write the report, say what is in it, and open it if asked to.

    Args:
        order: What is to be written.
        open_page: Whether to open it.
        folders: Takes its folder as soon as it is there.
    """
    written = order.write()
    folders.append(written.report.index.parent)
    if not order.quiet:
        from crl_probe.cli.report_summary import print_summary

        print_summary(written.report, written.skipped, written.seconds)
    page = written.report.index
    if open_page and not _opened(page):
        click.echo(f"The page was not opened: no browser could be started here. Open {page} yourself.", err=True)


def _follow_training(order: _Order, open_page: bool, folders: list[Path]) -> None:
    """Write the report, and again whenever something landed, until interrupted.

    Args:
        order: What is to be written.
        open_page: Whether to open the first.
        folders: Takes the folder of the first.
    """
    from crl_probe.cli.progress import duration
    from crl_probe.cli.watch import follow, take_snapshot
    from crl_probe.runs.workers import stop_workers

    def render(news: str) -> None:
        if folders:
            again = dataclasses.replace(order, out=folders[0]).write()
            order.say(f"{time.strftime('%H:%M:%S')}  {news}: written again in {duration(again.seconds)}")
        else:
            _write_first(order, open_page, folders)
            order.say("Watching the runs. Ctrl-C ends it; the report stays.")
        stop_workers()  # they would keep every checkpoint that they ever opened

    def sleep(seconds: float) -> None:
        order.interruption.heed()
        time.sleep(seconds)

    follow(lambda: take_snapshot(order.options.patterns, order.step), render, say=order.say, sleep=sleep)


def _opened(page: Path) -> bool:
    """Open the page in the browser; False if there is none to open it in."""
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in _DISPLAYS):
        return False
    return click.launch(page.absolute().as_uri()) == 0
