"""Progress in the terminal: one changing line, or a line for each probe, and notes that stay."""

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.status import Status
from rich.table import Table
from rich.text import Text

from crl_probe.runs.progress import ProgressListener
from crl_train.console import make_console, printable, spinner_name

_BAR: Final = 16  # columns


@contextlib.contextmanager
def shown(quiet: bool = False, *, by_probe: bool = False) -> Iterator[ProgressListener]:
    """Show progress on stderr, which disappears at the end, and notes as lines that stay.

    If stderr is not a terminal, only notes are shown, so that a log file holds no changing lines.

    Args:
        quiet: Show neither progress nor notes.
        by_probe: Show a line for each probe instead of one for all.
    """
    console = make_console(stderr=True, quiet=quiet)
    with _notes_printed(console):
        if quiet or not console.is_terminal:
            yield ProgressListener()
        elif by_probe:
            view = ProbeView(spinner_name(console))
            with Live(view, console=console, transient=True, refresh_per_second=8):
                yield view
        else:
            with console.status(Text("opening runs"), spinner=spinner_name(console)) as status:
                yield StatusLine(status)


class StatusLine(ProgressListener):
    """The current work in one changing line."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def __call__(self, words: str, done: int = 0, total: int = 0) -> None:
        self._status.update(Text(printable(f"{words}: {done} of {total}" if total else words)))

    def began(self, title: str) -> None:
        self(title)


@dataclasses.dataclass
class _Line:
    """The state of one probe, or of the work between probes."""

    title: str
    state: Literal["waiting", "running", "done", "from cache", "missing"] = "waiting"
    words: str = ""
    done: int = 0
    total: int = 0
    begun: float = 0.0
    seconds: float = 0.0
    problem: str = ""

    def step(self, words: str, done: int, total: int) -> None:
        self.words, self.done, self.total = printable(words), done, total


class ProbeView(ProgressListener):
    """A line for each probe of the current environment, and one line for each finished environment.

    Args:
        spinner: Name of the sign that turns beside the running probe.
        clock: Returns the time in seconds.
    """

    def __init__(self, spinner: str = "dots", clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._finished: list[_Line] = []
        self._heading: _Line | None = None
        self._probes: list[_Line] = []
        self._running: _Line | None = None
        self._between = _Line("", "running", "opening runs")
        self._spinner = Spinner(spinner)

    def __call__(self, words: str, done: int = 0, total: int = 0) -> None:
        (self._running or self._between).step(words, done, total)

    def planned(self, heading: str, titles: Sequence[str]) -> None:
        if self._heading is not None:
            self._heading.seconds = self._clock() - self._heading.begun
            self._finished.append(self._heading)
        self._heading = _Line(printable(heading), begun=self._clock())
        self._probes = [_Line(title) for title in titles]
        self._between.step("", 0, 0)

    def began(self, title: str) -> None:
        self._running = next(line for line in self._probes if line.title == title)
        self._running.state, self._running.begun = "from cache", self._clock()

    def computing(self) -> None:
        if self._running is not None:
            self._running.state = "running"

    def ended(self, title: str, problem: str = "") -> None:
        line, self._running = self._running, None
        assert line is not None, f"{title} ended before it began"
        line.seconds, line.problem = self._clock() - line.begun, printable(problem)
        if problem:
            line.state = "missing"
        elif line.state == "running":
            line.state = "done"

    def __rich__(self) -> RenderableType:
        """The current content of the terminal."""
        parts: list[RenderableType] = [
            Text.assemble(("✓ ", "green"), line.title, (f"  {duration(line.seconds)}", "dim"))
            for line in self._finished
        ]
        if self._heading is not None:
            elapsed = duration(self._clock() - self._heading.begun, decimals=0)
            parts.append(Text.assemble((self._heading.title, "bold"), (f"  {elapsed}", "dim")))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, ratio=1, overflow="ellipsis")
        for line in self._probes:
            table.add_row(*self._cells(line))
        parts.append(table)
        if self._between.words:
            parts.append(self._current_step(self._between))
        return Group(*parts)

    def _cells(self, line: _Line) -> tuple[RenderableType, ...]:
        if line.state == "waiting":
            return Text("·", style="dim"), Text(line.title, style="dim"), Text("waiting", style="dim")
        if line is self._running:
            return self._spinner_frame(), Text(line.title, style="bold"), self._current_step(line)
        if line.state == "missing":
            return (
                Text("–", style="yellow"),
                Text(line.title),
                Text(f"not available: {line.problem}", style="yellow", overflow="ellipsis", no_wrap=True),
            )
        outcome = "from cache" if line.state == "from cache" else duration(line.seconds)
        return Text("✓", style="green"), Text(line.title), Text(outcome, style="dim")

    def _current_step(self, line: _Line) -> RenderableType:
        table = Table.grid(padding=(0, 2, 0, 0))
        cells: list[RenderableType] = []
        if line is self._between:
            cells.append(self._spinner_frame())
        if line.total:
            cells.append(ProgressBar(total=line.total, completed=line.done, width=_BAR))
            cells.append(Text(f"{line.done} of {line.total}{' runs' if line is self._running else ''}", no_wrap=True))
        cells.append(Text(line.words, style="dim", no_wrap=True, overflow="ellipsis"))
        table.add_row(*cells)
        return table

    def _spinner_frame(self) -> RenderableType:
        return self._spinner.render(time.monotonic())


def duration(seconds: float, decimals: int = 1) -> str:
    """A duration in words.

    Args:
        seconds: The duration.
        decimals: Digits after the decimal point for less than a minute.

    Example:
        >>> duration(0.04), duration(7.24), duration(7.24, decimals=0), duration(200)
        ('0.0 s', '7.2 s', '7 s', '3 min 20 s')
    """
    if round(seconds, decimals) < 60:
        return f"{seconds:.{decimals}f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


@contextlib.contextmanager
def _notes_printed(console: Console) -> Iterator[None]:
    """Print warnings of the probes, such as why a result is missing, as plain lines in the terminal."""
    handler = _Notes(console)
    logger = logging.getLogger("crl_probe")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


class _Notes(logging.Handler):
    """Prints through the console of the progress display, so that neither breaks the lines of the other."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        self.console.print(printable(f"note: {record.getMessage()}"), soft_wrap=True)
