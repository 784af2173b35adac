"""What training shows: that and why it stops, which run of a sweep it is, and how long all of it will take."""

import io
import re
import signal

import pytest
from rich.console import Console
from rich.text import Text

from crl_train.cli_display import LiveDisplay, PlainDisplay, _duration, epoch_line, make_display, place_line
from crl_train.interrupt import STOP_SIGNALS, StopRequest, stop_on_signals
from crl_train.progress import Progress
from crl_train.step_counts import step_counts
from crl_train.sweep import Place, TimeLeft
from tests.crl_train.helpers import new_run, tiny_config


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "plain"])
@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_first_signal_waits_for_the_unroll_and_says_so(tmp_path, capsys, quiet, number):
    before = signal.getsignal(number)
    run = new_run(tmp_path / "run", tiny_config())
    with stop_on_signals() as stop, make_display([run], quiet=quiet, stop=stop) as display:
        assert not display.wants_stop()
        signal.raise_signal(number)
        assert display.wants_stop()
        display.stopped("crl-train resume it")
    assert signal.getsignal(number) is before
    first, second = capsys.readouterr().out.splitlines()
    if number == signal.SIGINT:
        assert first.startswith("Stopping after this unroll, then saving. Press Ctrl-C again")
    else:
        assert first == f"{number.name}: Stopping after this unroll, then saving."
    assert second == "Saved. Continue with: crl-train resume it"


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (
            Place(3, 9, TimeLeft(300.0), TimeLeft(900.0, 2)),
            "run 3 of 9, left in all: about 20m 00s + 2 runs not timed yet",
        ),
        (Place(1, 2, TimeLeft(untimed=1), TimeLeft(untimed=1)), "run 1 of 2, left in all: 2 runs not timed yet"),
        (Place(9, 9, TimeLeft(4000.0)), "run 9 of 9, left in all: about 1h 06m"),
        (Place(9, 9, TimeLeft(untimed=1)), "run 9 of 9, left in all: 1 run not timed yet"),
    ],
    ids=str,
)
def test_line_of_a_sweep_says_which_run_and_how_long(place, line):
    assert place_line(place) == line


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (59.4, "59s"), (60.0, "1m 00s"), (3599.6, "1h 00m"), (90000.0, "25h 00m")]
)
def test_durations(seconds, text):
    assert _duration(seconds) == text


def live(tmp_path, width, place):
    """A live display on a terminal in memory, in the middle of its first epoch."""
    console = Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False)
    run = new_run(tmp_path / "run", tiny_config())
    display = LiveDisplay([run], console, StopRequest(), place)
    display.started(step_counts(tiny_config()), Progress())
    display._scores = ("success 0.52", "at goal 110")
    display.phase("evaluating")
    for unrolls in (1, 2, 3):
        display.unrolled(Progress(env_steps=160 + 80 * unrolls, updates=3 * unrolls, seconds=1.0))
    return display, console


def test_live_line_leaves_nothing_behind(tmp_path):
    display, console = live(tmp_path, 80, Place(3, 9))
    with display:
        display.phase("saving")
    after = console.file.getvalue().rpartition("saving")[2]
    assert "\x1b[2K" in after  # the line is erased
    assert not re.sub(r"\x1b\[[0-9?;]*[A-Za-z]|\s", "", after.partition("\x1b[2K")[2])


def drawn(display, console):
    with console.capture() as capture:
        console.print(display._bar.get_renderable())
    return Text.from_ansi(capture.get()).plain.rstrip("\n")


@pytest.mark.parametrize("width", [80, 100, 120, 160])
@pytest.mark.parametrize("place", [None, Place(3, 9, after=TimeLeft(900.0, 2)), Place(12, 12)], ids=str)
def test_live_line_fits_the_terminal_and_loses_nothing_that_matters(tmp_path, width, place):
    text = drawn(*live(tmp_path, width, place))
    assert "\n" not in text
    assert "…" not in text
    assert "evaluating" in text
    assert "success 0.52" in text or (width == 80 and place is not None)
    if place is not None:
        assert str(place) in text
        assert "in all" in text


def test_live_line_adds_the_runs_to_come(tmp_path):
    display, _ = live(tmp_path, 120, Place(3, 9, after=TimeLeft(900.0, 2)))
    assert display._in_all(60.0) == "· 16m 00s + 2 runs in all"
    assert display._in_all(None) == ""


ROW = {
    "epoch": 3,
    "env_steps": 1_234_567,
    "updates": 12_345,
    "time/env_steps_per_second": 20_000.0,
    "time/seconds": 4000.0,
    "eval/success_rate": 0.5,
    "eval/time_at_goal": 112.25,
    "critic/categorical_accuracy": 0.25,
}


def test_line_of_an_epoch_is_whole_in_files_and_fits_terminals():
    whole = epoch_line(ROW, 25)
    assert whole == (
        "epoch  3/25   1.23M steps   12.3k updates     20k steps/s  success 0.50  time at goal  112.2  accuracy 0.25"
        "   1h 06m"
    )
    for width in (60, 80, 100, 120):
        line = epoch_line(ROW, 25, width)
        assert len(line) <= width
        assert line.startswith("epoch  3/25   1.23M steps")
        assert "success 0.50" in line
    assert epoch_line(ROW, 25, 120) == whole


def test_line_for_log_files_names_a_cpu_once(tmp_path, capsys):
    run = new_run(tmp_path / "run", tiny_config())
    PlainDisplay([run], Console(width=200), StopRequest(), Place(2, 3, TimeLeft(10.0))).started(
        step_counts(tiny_config()), Progress()
    )
    assert capsys.readouterr().out.startswith("run 2 of 3, left in all: about 10s\nTraining ")
