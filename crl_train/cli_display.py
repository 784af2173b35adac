"""How training looks in a terminal, in a log file, and not at all (``--quiet``)."""

import contextlib
import io
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import rich.progress
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crl_train.console import make_console, printable, spinner_name, write
from crl_train.errors import NonFiniteError
from crl_train.interrupt import StopRequest
from crl_train.progress import Progress
from crl_train.run_dir import RunDir
from crl_train.run_record import read_metrics, read_record
from crl_train.step_counts import StepCounts, step_counts
from crl_train.sweep import Place

# Columns of a live line for its spinner, a short bar, the share done and the time left.
_BESIDE_WORDS: Final = 32


class QuietDisplay:
    """An observer that shows nothing but that and how a run stops.

    Args:
        runs: The run, or those that are trained in one program.
        console: Where it is shown.
        stop: Whether a signal asks to stop.
        place: Which run of a sweep it is.
    """

    def __init__(self, runs: Sequence[RunDir], console: Console, stop: StopRequest, place: Place | None = None) -> None:
        self.runs, self.run = tuple(runs), runs[0]
        self.console = console
        self.place = place
        self._stop = stop

    def started(self, counts: StepCounts, progress: Progress) -> None:
        """Nothing to show."""

    def phase(self, name: str) -> None:
        """Nothing to show."""

    def unrolled(self, progress: Progress) -> None:
        """Nothing to show."""

    def epoch_ended(self, run: RunDir, row: Mapping[str, Any]) -> None:
        """Nothing to show."""

    def diverged(self, run: RunDir, error: NonFiniteError) -> None:
        """Nothing to show: whoever trains it is told as well."""

    def wants_stop(self) -> bool:
        return bool(self._stop)

    def stopping(self, by: signal.Signals) -> None:
        """Say what a signal has set off."""
        why, again = "", " Press Ctrl-C again to stop at once, without saving."
        if by is not signal.SIGINT:
            why, again = f"{by.name}: ", ""
        self._say(f"{why}Stopping after this unroll, then saving.{again}")

    def stopped(self, go_on: str) -> None:
        """Say how to go on."""
        self._say(f"Saved. Continue with: {go_on}")

    def _say(self, text: str, *, one_line: bool = True) -> None:
        """Print a text; broken between words only in a terminal, and only if nobody copies it."""
        self.console.print(printable(text), soft_wrap=one_line or not self.console.is_terminal)


class PlainDisplay(QuietDisplay):
    """One line per epoch, for log files and pipes."""

    def __init__(self, runs: Sequence[RunDir], console: Console, stop: StopRequest, place: Place | None = None) -> None:
        super().__init__(runs, console, stop, place)
        self._done, self._lost = list[RunDir](), list[RunDir]()

    def started(self, counts: StepCounts, progress: Progress) -> None:
        config, record = read_record(self.run)
        self._num_epochs = config.num_epochs
        verb = "Continuing" if progress.env_steps else "Training"
        if self.place is not None:
            self._say(place_line(self.place))
        others = [run.path.name for run in self.runs[1:]]
        each = " each" if others else ""
        self._say(
            f"{verb} {', '.join([str(self.run.path), *others])} on {record['device']}: actor depth "
            f"{config.actor_depth}, critic depth {config.critic_depth}, {counts.total_env_steps:,} env steps, "
            f"{counts.total_updates:,} updates{each}",
            one_line=False,
        )

    def epoch_ended(self, run: RunDir, row: Mapping[str, Any]) -> None:
        seed = f"{self._seed(run)}  " if len(self.runs) > 1 else ""
        width = self.console.width - len(seed) if self.console.is_terminal else None
        self._say(seed + epoch_line(row, self._num_epochs, width))
        if row["epoch"] == self._num_epochs:
            self._done.append(run)
        if len(self._done) + len(self._lost) == len(self.runs):  # the runs of a program end together
            paths = ", ".join([str(self._done[0].path), *(other.path.name for other in self._done[1:])])
            self._say(f"Done in {_duration(row['time/seconds'])}: {paths}")

    def diverged(self, run: RunDir, error: NonFiniteError) -> None:
        self._lost.append(run)

    def _seed(self, run: RunDir) -> str:
        """Which of the runs of a program a line is about; all of one width."""
        seeds = {each: str(read_record(each)[0].seed) for each in self.runs}
        return f"seed {seeds[run]:>{max(map(len, seeds.values()))}}"


class LiveDisplay(PlainDisplay):
    """A progress bar under the lines of the finished epochs."""

    def __init__(self, runs: Sequence[RunDir], console: Console, stop: StopRequest, place: Place | None = None) -> None:
        super().__init__(runs, console, stop, place)
        self._bar = rich.progress.Progress(
            rich.progress.SpinnerColumn(spinner_name(console)),
            rich.progress.TextColumn("{task.description}", markup=False),
            rich.progress.BarColumn(bar_width=None),
            rich.progress.TaskProgressColumn(),
            rich.progress.TextColumn("{task.fields[facts]}", markup=False),
            rich.progress.TextColumn("left", style="dim", markup=False),
            rich.progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            rich.progress.TextColumn("{task.fields[in_all]}"),
            console=console,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task("starting", total=None, facts="", in_all="")
        self._scores: tuple[str, ...] = ()

    def __enter__(self) -> "LiveDisplay":
        self._bar.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._bar.stop()

    def started(self, counts: StepCounts, progress: Progress) -> None:
        super().started(counts, progress)
        self._bar.update(self._task, total=counts.total_env_steps, completed=progress.env_steps)
        rows = read_metrics(self.run)
        if rows:
            self._scores = _scores(rows[-1])

    def phase(self, name: str) -> None:
        self._bar.update(self._task, description=name if self.place is None else f"{self.place} · {name}")

    def unrolled(self, progress: Progress) -> None:
        self._bar.update(self._task, completed=progress.env_steps)
        task = self._bar.tasks[self._task]
        rate = task.speed or progress.env_steps / progress.seconds
        in_all = self._in_all(task.time_remaining)
        facts = [
            *self._scores,
            f"{_count(progress.env_steps)} steps",
            f"{_count(rate)} steps/s",
            f"{_count(progress.updates)} updates",
        ]
        room = self.console.width - _BESIDE_WORDS - len(task.description) - len(in_all)
        while len(" · ".join(facts)) > max(0, room):
            facts.pop()
        self._bar.update(self._task, facts=" · ".join(facts), in_all=in_all)

    def _in_all(self, own: int | float | None) -> str:
        """Time left of the whole sweep."""
        if self.place is None or own is None:
            return ""
        after = self.place.after
        runs = f" + {_runs(after.untimed)}" if after.untimed else ""
        return f"· {_duration(own + after.seconds)}{runs} in all"

    def epoch_ended(self, run: RunDir, row: Mapping[str, Any]) -> None:
        if run == self.run:
            self._scores = _scores(row)
        super().epoch_ended(run, row)


@contextlib.contextmanager
def make_display(
    runs: Sequence[RunDir], *, quiet: bool, stop: StopRequest, place: Place | None = None
) -> Iterator[QuietDisplay]:
    """Choose the display that fits the terminal, and let signals stop training cleanly while it is up."""
    console = make_console()
    kind = QuietDisplay if quiet else LiveDisplay if console.is_terminal else PlainDisplay
    display = kind(runs, console, stop, place)
    bar = display if isinstance(display, LiveDisplay) else contextlib.nullcontext()
    with stop.deferred(display.stopping), bar:
        yield display


def place_line(place: Place) -> str:
    """Which run of a sweep comes next, and what is left of the sweep.

    Example:
        >>> place_line(Place(3, 9, own=TimeLeft(300.0), after=TimeLeft(900.0, untimed=2)))
        'run 3 of 9, left in all: about 20m 00s + 2 runs not timed yet'
    """
    seconds, untimed = place.own.seconds + place.after.seconds, place.own.untimed + place.after.untimed
    times = [f"about {_duration(seconds)}"] if seconds else []
    runs = [f"{_runs(untimed)} not timed yet"] if untimed else []
    return f"{place}, left in all: {' + '.join(times + runs)}"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def epoch_line(row: Mapping[str, Any], num_epochs: int, width: int | None = None) -> str:
    """The line that an epoch leaves behind in the terminal; of one that is too narrow, what matters most."""
    parts = {
        "epoch": f"epoch {_logged(row, 'epoch', str):>{len(str(num_epochs))}}/{num_epochs}",
        "steps": f"{_count(row['env_steps']):>6} steps",
        "updates": f"{_logged(row, 'updates', _count):>6} updates",
        "speed": f"{_logged(row, 'time/env_steps_per_second', _count):>6} steps/s",
        "success": f"success {_logged(row, 'eval/success_rate', '{:.2f}'.format)}",
        "time at goal": f"time at goal {_logged(row, 'eval/time_at_goal', '{:.1f}'.format):>6}",
        "accuracy": f"accuracy {_logged(row, 'critic/categorical_accuracy', '{:.2f}'.format)}",
        "time": f"{_logged(row, 'time/seconds', _duration):>7}",
    }
    for name in ("updates", "speed", "accuracy", "time at goal"):
        if width is not None and len("  ".join(parts.values())) > width:
            del parts[name]
    return "  ".join(parts.values())


def print_info(run: RunDir) -> None:
    """What a run is, how far it has come, and what was set."""
    config, record = read_record(run)
    counts, rows = step_counts(config), read_metrics(run)
    steps = run.policy_steps()
    done = rows[-1]["env_steps"] if rows else 0
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in {
        "run": str(run.path),
        "environment": config.env,
        "depth": f"actor {config.actor_depth}, critic {config.critic_depth}, width {config.width}",
        "progress": f"{done:,} of {counts.total_env_steps:,} env steps, {len(rows)} of {config.num_epochs} epochs",
        "checkpoints": f"{len(steps)}, newest at step {steps[-1]:,}" if steps else "none yet",
        "device": record["device"],
        "made with": ", ".join(f"{name} {version}" for name, version in record["versions"].items()),
        "command": record["command"],
    }.items():
        table.add_row(name, Text(printable(value)))
    terminal, text = make_console(), io.StringIO()
    console = make_console(file=text, width=terminal.width, force_terminal=terminal.is_terminal)
    console.print(table)
    if rows:
        console.print(Text(epoch_line(rows[-1], config.num_epochs)), soft_wrap=True)
    write(text.getvalue())


def _scores(row: Mapping[str, Any]) -> tuple[str, ...]:
    success = _logged(row, "eval/success_rate", "{:.2f}".format)
    return f"success {success}", f"at goal {_logged(row, 'eval/time_at_goal', '{:.0f}'.format)}"


def _logged(row: Mapping[str, Any], name: str, shown: Callable[[Any], str]) -> str:
    """A logged number as text; a line must have none of them but ``env_steps``."""
    return "?" if row.get(name) is None else shown(row[name])


def _count(number: int | float) -> str:
    """Shorten a count to three digits and a suffix."""
    for bound, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= bound:
            return f"{number / bound:.3g}{suffix}"
    return f"{number:.0f}"


def _duration(seconds: int | float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60}h {minutes % 60:02d}m"
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"
