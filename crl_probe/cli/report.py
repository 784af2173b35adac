"""``crl-probe report``: one page that compares runs, written once, or again for every new checkpoint."""

import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from crl_probe.cli.interrupt import InterruptibleProgress, Interruption, interruptible
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
from crl_train.console import echo, printable
from crl_train.errors import ConfigError
from crl_train.interrupt import INTERRUPTED
from crl_train.output import expendable
from crl_train.parsing import read_bounded

if TYPE_CHECKING:
    from crl_probe.report import Report
    from crl_probe.runs.loaded_run import LoadedRun

DEFAULT_OUT: Final = Path("reports")
RELOAD_SECONDS: Final = 30  # of a page that follows training
INCOMPLETE: Final = 1  # exit code: the report is written, and parts of it failed unexpectedly
MOST_CHECKPOINTS: Final = 8  # of each run, on a slider over training
_LONGEST_NOTE: Final = 100_000  # bytes
# On Linux a browser can open a window only if one of these is set.
_DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")


@click.command("report")
@probing_options(PROBE_SET)
@click.option("--out", type=FILE, help="Folder of the report; reports/<environment> if not given.")
@click.option("--title", help="Title of the page.")
@click.option("--note", type=FILE, help="Markdown file whose text is printed below the title.")
@click.option(
    "--sections",
    metavar="NAME,...",
    help="Only these sections, such as success,landscape,lens; only their probes are run.",
)
@click.option("--figures/--no-figures", default=True, help="Also save figures for papers, as PDF and SVG.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--watch",
    is_flag=True,
    help="Keep running, and write the report again for new checkpoints and runs; quote patterns.",
)
@click.option("--quiet", is_flag=True, help="Print only errors.")
def command(
    options: ProbeOptions,
    out: Path | None,
    title: str | None,
    note: Path | None,
    sections: str | None,
    figures: bool,
    open_page: bool,
    watch: bool,
    quiet: bool,
) -> None:
    """Write one HTML page that compares RUNS by depth, with its numbers, tables and figures beside it.

    With --step all, landscapes and embeddings get a slider over training.
    """
    folders: list[Path] = []  # the folder of the report, once it is written

    def final_message() -> tuple[str, int]:
        if folders:
            line = f"Stopped{' watching' if watch else ''}. The report is {folders[0] / 'index.html'}."
            return "" if quiet else line, 0 if watch else INTERRUPTED
        resume = " Run the same command again to continue." if options.cache else ""
        return f"Stopped: no report was written and none replaced.{resume}", INTERRUPTED

    lost = expendable("stdout", "the report is written all the same.")
    with explained(), lost, interruptible(final_message) as interruption:
        wanted = None if sections is None else parse_sections(sections)
        text = "" if note is None else _read_note(note)
        step = parse_step(options.step)
        request = _Request(options, step, out, title, text, wanted, figures, watch, quiet, interruption)
        if watch:
            _follow_training(request, open_page, folders)
        elif _write_first(request, open_page, folders).failures:
            raise SystemExit(INCOMPLETE)


@dataclasses.dataclass(frozen=True)
class _Request:
    """The options of the command, and the user's request to stop."""

    options: ProbeOptions
    step: Step
    out: Path | None
    title: str | None
    note: str
    sections: tuple[str, ...] | None
    figures: bool
    watch: bool
    quiet: bool
    interruption: Interruption

    def write(self) -> "_Written":
        """Open the runs and write the report."""
        started = time.monotonic()
        with watched(self.quiet, by_probe=True) as shown:
            progress = InterruptibleProgress(shown, self.interruption)
            from crl_probe.report import ReportSettings, write_report
            from crl_probe.runs.comparability import group_by_env
            from crl_probe.runs.workers import usable_workers

            settings, probe_set = evidence_settings(self.options), given_probe_set(self.options)
            with self.interruption.deferred():
                newest = None if self.step == "all" else self.step
                runs, skipped = open_runs(self.options.patterns, newest, progress)
                by_env = group_by_env(runs, self.options.factors)  # checked before earlier checkpoints are opened
                earlier: list[LoadedRun] = []
                if self.step == "all":
                    earlier, more = open_earlier(runs, MOST_CHECKPOINTS, progress)
                    skipped += more
            out = self.out or DEFAULT_OUT / "_and_".join(by_env)
            with _nothing_replaced(out):
                made = write_report(
                    runs,
                    out,
                    ReportSettings(
                        evidence=settings,
                        by=self.options.factors,
                        sections=self.sections,
                        figures=self.figures,
                        use_cache=self.options.cache,
                        workers=self.options.workers or usable_workers(len(runs)),
                        command=command_line(),
                        note=self.note,
                        skipped=tuple(skipped),
                        reload_seconds=RELOAD_SECONDS if self.watch else 0,
                    ),
                    earlier=earlier,
                    probe_set=probe_set,
                    title=self.title,
                    progress=progress,
                )
        if made.failures:
            from crl_probe.report.errors_log import ERRORS_LOG

            log = made.index.with_name(ERRORS_LOG)
            failed = f"{', '.join(made.failures)} failed unexpectedly, and the report is written without"
            echo(f"{failed}. See {log}.", err=True, label="error:")
        return _Written(made, tuple(skipped), time.monotonic() - started)

    def print(self, text: str) -> None:
        """Print a line, unless ``--quiet`` is given."""
        if not self.quiet:
            echo(text)


@dataclasses.dataclass(frozen=True)
class _Written:
    """A report, one line for each skipped checkpoint, and the seconds that it took to make."""

    report: "Report"
    skipped: tuple[str, ...]
    seconds: float


def _read_note(path: Path) -> str:
    """The text of a note.

    Raises:
        ConfigError: If it is no text of a reasonable size.
        OSError: If it cannot be read.
    """
    source = f"--note {printable(str(path))}"
    try:
        return read_bounded(path, _LONGEST_NOTE, source).decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{source} is no text: it is not UTF-8. Save it as UTF-8.") from None


@contextlib.contextmanager
def _nothing_replaced(out: Path) -> Iterator[None]:
    """Say of a file that cannot be written which one of the report it is, and what is kept.

    Raises:
        OSError: In place of that of the block.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        # A report is written beside the old one, in a folder whose name begins in this way.
        _, _, inside = (error.filename or "").partition(f"{os.sep}.{out.resolve().name}.")
        file = out / inside.partition(os.sep)[2] if inside else error.filename or out
        reason = (error.strerror or type(error).__name__).partition(";")[0]
        raise OSError(error.errno, f"{reason}; no report was written and none replaced", str(file)) from error


def _write_first(request: _Request, open_page: bool, folders: list[Path]) -> "Report":
    """Write the report, print its summary, and open the page if requested.

    Args:
        request: Options of the report.
        open_page: Whether to open it.
        folders: Its folder is appended as soon as it is written.
    """
    written = request.write()
    folders.append(written.report.index.parent)
    if not request.quiet:
        from crl_probe.cli.report_summary import print_summary

        print_summary(written.report, written.skipped, written.seconds)
    page = written.report.index
    if open_page and not _opened(page):
        echo(f"The page was not opened: no browser could be started here. Open {page} yourself.", err=True)
    return written.report


def _follow_training(request: _Request, open_page: bool, folders: list[Path]) -> None:
    """Write the report, and again for every new checkpoint or run, until interrupted.

    Args:
        request: Options of the report.
        open_page: Whether to open the first report.
        folders: The folder of the first report is appended.
    """
    from crl_probe.cli.progress import duration
    from crl_probe.cli.watch import follow, take_snapshot
    from crl_probe.runs.workers import stop_workers

    def render(news: str) -> None:
        if folders:
            again = dataclasses.replace(request, out=folders[0]).write()
            request.print(f"{time.strftime('%H:%M:%S')}  {news}: written again in {duration(again.seconds)}")
        else:
            _write_first(request, open_page, folders)
            request.print("Watching the runs. Ctrl-C ends it; the report stays.")
        stop_workers()  # they would keep every checkpoint they opened in memory

    def sleep(seconds: float) -> None:
        request.interruption.check()
        time.sleep(seconds)

    follow(lambda: take_snapshot(request.options.patterns, request.step), render, notify=request.print, sleep=sleep)


def _opened(page: Path) -> bool:
    """Open the page in the browser; False if no browser can be opened."""
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in _DISPLAYS):
        return False
    return click.launch(page.absolute().as_uri()) == 0
