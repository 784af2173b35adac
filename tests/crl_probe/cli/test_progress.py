"""What a terminal shows while probes run: read off as plain text."""

import io
import logging
import os
import pty
import sys
import time

import pytest
from rich.console import Console

from crl_probe.cli import progress as cli_progress
from crl_probe.cli.progress import ProbeView, StatusLine, duration, shown


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def view(clock):
    return ProbeView(clock=clock)


def seen(view, width=100):
    """The lines of the view, without the sign that turns."""
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(view)
    return [line.strip().lstrip("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏").strip() for line in console.file.getvalue().splitlines()]


def test_every_probe_has_a_line_that_says_what_became_of_it(view, clock):
    view.planned("point_u_maze", ["success", "geometry", "retrieval", "depth lens"])
    assert seen(view) == [
        "point_u_maze  0 s",
        "·  success     waiting",
        "·  geometry    waiting",
        "·  retrieval   waiting",
        "·  depth lens  waiting",
    ]
    view.began("success")
    view.computing()
    view("rolling out", 4, 9)
    clock.seconds += 12.34
    line = seen(view)[1]
    assert line.startswith("success")
    assert line.endswith("4 of 9 runs  rolling out")
    view.ended("success")
    view.began("geometry")
    view.ended("geometry")
    view.began("retrieval")
    view.computing()
    view.ended("retrieval", "no goal was reached. Train longer.")
    view.began("depth lens")
    view.computing()
    view("pairing states")
    assert seen(view) == [
        "point_u_maze  12 s",
        "✓  success     12.3 s",
        "✓  geometry    from cache",
        "–  retrieval   not available: no goal was reached. Train longer.",
        "depth lens  pairing states",
    ]


def test_an_environment_that_is_done_shrinks_to_a_line(view, clock):
    view.planned("first", ["success"])
    clock.seconds += 200
    view.planned("second", ["geometry"])
    assert seen(view) == ["✓ first  3 min 20 s", "second  0 s", "·  geometry  waiting"]


def test_what_is_done_between_probes_has_a_line_of_its_own(view):
    assert seen(view)[-1] == "opening runs"
    view("opening runs", 2, 4)
    assert seen(view)[-1].startswith("━━━━━━━━ ")
    assert seen(view)[-1].endswith(" 2 of 4  opening runs")
    view.planned("maze", ["success"])
    assert len(seen(view)) == 2
    view("writing the page")
    assert seen(view)[-1] == "writing the page"


def test_no_line_is_wider_than_the_terminal(view):
    view.planned("maze", ["embedding trajectories", "success"])
    view.began("embedding trajectories")
    view.computing()
    view("a very long description of what is under way, " * 3, 1, 2)
    assert all(len(line) <= 60 for line in seen(view, width=60))
    view.ended("embedding trajectories", "a very long reason why it could not be done, " * 3)
    lines = seen(view, width=60)
    assert len(lines) == 3
    assert all(len(line) <= 60 for line in lines)
    assert lines[1].endswith("…")


def test_one_line_says_how_far_a_single_probe_is():
    status = Console(file=io.StringIO()).status("")
    line = StatusLine(status)
    line("rolling out", 3, 9)
    assert str(status.status) == "rolling out: 3 of 9"
    line.began("geometry")
    assert str(status.status) == "geometry"


@pytest.mark.parametrize("by_probe", [False, True])
def test_a_log_file_gets_notes_alone_and_quiet_gets_nothing(capsys, by_probe):
    for quiet in (False, True):
        with shown(quiet, by_probe=by_probe) as progress:
            progress.planned("maze", ["success"])
            progress("rolling out", 1, 2)
            logging.getLogger("crl_probe.probes.registry").warning("[success] cannot be measured: no [episodes].")
    assert capsys.readouterr() == ("", "note: [success] cannot be measured: no [episodes].\n")


def test_a_terminal_is_left_with_notes_alone(monkeypatch):
    screen = io.StringIO()
    terminal = Console(file=screen, width=80, height=30, force_terminal=True, legacy_windows=False)
    monkeypatch.setattr(cli_progress, "make_console", lambda **_: terminal)
    with shown(by_probe=True) as progress:
        progress.planned("maze", ["success"])
        logging.getLogger("crl_probe.probes.registry").warning("success cannot be measured.")
    assert "waiting" in screen.getvalue()
    assert screen.getvalue().count("note: success cannot be measured.") == 1
    after = screen.getvalue().rpartition("waiting")[2]
    assert after.count("\x1b[2K") == 2  # both lines are erased
    assert "\x1b[?25h" in after  # the cursor is back


@pytest.mark.parametrize("by_probe", [False, True], ids=["line", "probes"])
@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_a_terminal_of_any_encoding_shows_progress_and_notes(monkeypatch, encoding, by_probe):
    monkeypatch.setenv("TERM", "xterm")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding=encoding) as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with shown(by_probe=by_probe) as progress:
            progress.planned("maze[lr=0.001]", ["success", "[red]geometry"])
            progress.began("success")
            progress.computing()
            progress("rolling out", 1, 3)
            logging.getLogger("crl_probe").warning("[red]x[/red]\x1b[2J – ψ is undefined.")
            progress.ended("success")
            progress.began("[red]geometry")
            progress("\x07maze", 1, 3)
            time.sleep(0.3)  # until it is drawn again
        seen = os.read(master, 100_000).decode(encoding)
    os.close(master)
    note = r"note: [red]x[/red]\x1b[2J – ψ is undefined."
    assert (note if encoding == "utf-8" else note.replace("–", "-").replace("ψ", r"\u03c8")) in seen
    assert r"\x07maze" in seen
    assert "\x07" not in seen
    if by_probe:
        assert "maze[lr=0.001]" in seen
        assert ("✓" if encoding == "utf-8" else "+") in seen


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (3_599.6, "60 min 0 s")]
)
def test_stretches_of_time(seconds, text):
    assert duration(seconds) == text
