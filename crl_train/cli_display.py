"""How training looks in a terminal, in a log file, and not at all (``--quiet``)."""

import contextlib
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import rich.progress
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crl_train.console import make_console, printable, spinner_name
from crl_train.interrupt import on_interrupt
from crl_train.run_dir import RunDir
from crl_train.run_record import read_metrics, read_record
from crl_train.step_counts import StepCounts, step_counts
from crl_train.training import Progress


class QuietDisplay:
    """An observer that shows nothing; Ctrl-C still stops a run cleanly."""

    def __init__(self, run: RunDir, console: Console) -> None:
        self.run = run
        self.console = console
        self._stop = False

    def started(self, counts: StepCounts, progress: Progress) -> None:
        """Nothing to show."""

    def phase(self, name: str) -> None:
        """Nothing to show."""

    def unrolled(self, progress: Progress) -> None:
        """Nothing to show."""

    def epoch_ended(self, row: Mapping[str, Any]) -> None:
        """Nothing to show."""

    def wants_stop(self) -> bool:
        return self._stop

    def request_stop(self, signum: int, frame: types.FrameType | None) -> None:
        """Ask to stop after this unroll; asking twice stops at once."""
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True
        self._say("Stopping after this unroll, then saving. Press Ctrl-C again to stop at once, without saving.")

    def stopped(self) -> None:
        """Say how to go on."""
        self._say(f"Saved. Continue with: crl-train resume {self.run.path}")

    def _say(self, text: str) -> None:
        self.console.print(printable(text), soft_wrap=True)


class PlainDisplay(QuietDisplay):
    """One line per epoch, for log files and pipes."""

    def started(self, counts: StepCounts, progress: Progress) -> None:
        config, record = read_record(self.run)
        self._counts = counts
        self._num_epochs = config.num_epochs
        verb = "Continuing" if progress.env_steps else "Training"
        self._say(
            f"{verb} {self.run.path} on {record['device']}: actor depth {config.actor_depth}, critic depth "
            f"{config.critic_depth}, {counts.total_env_steps:,} env steps, {counts.total_updates:,} updates"
        )

    def epoch_ended(self, row: Mapping[str, Any]) -> None:
        self._say(epoch_line(row, self._num_epochs))
        if row["epoch"] == self._num_epochs:
            self._say(f"Done in {_duration(row['time/seconds'])}: {self.run.path}")


class LiveDisplay(PlainDisplay):
    """A progress bar under the lines of the finished epochs."""

    def __init__(self, run: RunDir, console: Console) -> None:
        super().__init__(run, console)
        self._bar = rich.progress.Progress(
            rich.progress.SpinnerColumn(spinner_name(console)),
            rich.progress.TextColumn("{task.description}", markup=False),
            rich.progress.BarColumn(bar_width=None),
            rich.progress.TaskProgressColumn(),
            rich.progress.TextColumn("{task.fields[facts]}", markup=False),
            rich.progress.TextColumn("left", style="dim", markup=False),
            rich.progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task("starting", total=None, facts="")
        self._scores = ""

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
        self._bar.update(self._task, description=name)

    def unrolled(self, progress: Progress) -> None:
        self._bar.update(self._task, completed=progress.env_steps)
        rate = self._bar.tasks[self._task].speed or progress.env_steps / progress.seconds
        facts = f"{_count(progress.env_steps)} steps · {_count(progress.updates)} updates · {_count(rate)} steps/s"
        self._bar.update(self._task, facts=facts + self._scores)

    def epoch_ended(self, row: Mapping[str, Any]) -> None:
        self._scores = _scores(row)
        super().epoch_ended(row)


@contextlib.contextmanager
def make_display(run: RunDir, quiet: bool) -> Iterator[QuietDisplay]:
    """Choose the display that fits the terminal, and let Ctrl-C and SIGTERM stop training cleanly while it is up."""
    console = make_console()
    display: QuietDisplay
    if quiet:
        display = QuietDisplay(run, console)
    elif console.is_terminal:
        display = LiveDisplay(run, console)
    else:
        display = PlainDisplay(run, console)
    bar = display if isinstance(display, LiveDisplay) else contextlib.nullcontext()
    with on_interrupt(display.request_stop), bar:
        yield display


def epoch_line(row: Mapping[str, Any], num_epochs: int) -> str:
    """The line that an epoch leaves behind in the terminal."""
    epoch = f"{_logged(row, 'epoch', str):>{len(str(num_epochs))}}/{num_epochs}"
    return (
        f"epoch {epoch}  {_count(row['env_steps']):>6} steps  {_logged(row, 'updates', _count):>6} updates  "
        f"{_logged(row, 'time/env_steps_per_second', _count):>6} steps/s  "
        f"success {_logged(row, 'eval/success_rate', '{:.2f}'.format)}  "
        f"time at goal {_logged(row, 'eval/time_at_goal', '{:.1f}'.format):>6}  "
        f"accuracy {_logged(row, 'critic/categorical_accuracy', '{:.2f}'.format)}  "
        f"{_logged(row, 'time/seconds', _duration):>7}"
    )


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
    console = make_console()
    console.print(table)
    if rows:
        console.print(Text(epoch_line(rows[-1], config.num_epochs)), soft_wrap=True)


def _scores(row: Mapping[str, Any]) -> str:
    success, at_goal = (
        _logged(row, "eval/success_rate", "{:.2f}".format),
        _logged(row, "eval/time_at_goal", "{:.0f}".format),
    )
    return f" · success {success} · at goal {at_goal}"


def _logged(row: Mapping[str, Any], name: str, shown: Callable[[Any], str]) -> str:
    """A logged number as text; a line must have none of them but ``env_steps``."""
    return "?" if row.get(name) is None else shown(row[name])


def _count(number: int | float) -> str:
    """Shorten a count to three digits and a suffix."""
    for bound, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= bound:
            return f"{number / bound:.3g}{suffix}"
    return f"{number:.0f}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"
