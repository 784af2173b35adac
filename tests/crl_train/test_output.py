"""Output that cannot be written stops nothing: a closed pipe, a full disk, a terminal that ended, a closed stream."""

import os
import pty
import signal
import subprocess
import sys
import threading

import pytest
from rich.console import Console
from rich.live import Live

from crl_train.output import expendable, occupy_closed_descriptors


def closed_pipe():
    """The end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def full_disk():
    return os.open("/dev/full", os.O_WRONLY)


def ended_terminal():
    mine, theirs = pty.openpty()
    os.close(mine)
    return theirs


def read_only():
    return os.open(os.devnull, os.O_RDONLY)


@pytest.mark.parametrize("make", [closed_pipe, full_disk, ended_terminal, read_only], ids=lambda make: make.__name__)
def test_work_goes_on_when_output_is_lost_which_is_said_once(make, monkeypatch, capsys):
    stream = os.fdopen(make(), "w")
    monkeypatch.setattr(sys, "stdout", stream)
    with expendable("stdout", "the work goes on."):
        for _ in range(3):
            print("a line", "x" * 10_000, flush=True)
        thread = threading.Thread(target=print, args=("from a thread",), kwargs={"flush": True})
        thread.start()
        thread.join()
    assert sys.stdout is stream
    stream.close()  # as Python does at exit: nothing may be left that cannot be written
    assert capsys.readouterr().err.count("\n") == 1


def test_note_names_stream_and_cause(monkeypatch, capsys):
    with os.fdopen(full_disk(), "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with expendable("stdout", "the work goes on."):
            print("a line")
    assert capsys.readouterr().err == (
        "note: nothing can be written to stdout (No space left on device): the work goes on.\n"
    )


def test_what_was_written_before_the_loss_has_arrived(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with expendable("stdout"):
            print("first φ")
            assert os.read(reading, 100) == "first φ\n".encode()
            os.close(reading)
            print("second")


def test_pipe_that_does_not_block_is_waited_for(monkeypatch):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    received = []

    def read():
        while data := os.read(reading, 65536):
            received.append(data)

    reader = threading.Thread(target=read)
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with expendable("stdout"):
            threading.Timer(0.05, reader.start).start()
            print("x" * 300_000)
    reader.join()
    os.close(reading)
    assert sum(map(len, received)) == 300_001


def test_signal_s_handler_may_print_while_something_is_printed(monkeypatch):
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    monkeypatch.setattr(sys, "stdout", stream)
    before = signal.signal(signal.SIGALRM, lambda *_: print("from the handler", flush=True))
    received = []

    def read():
        while data := os.read(reading, 65536):
            received.append(data)

    reader = threading.Thread(target=read)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    threading.Timer(0.3, reader.start).start()
    with expendable("stdout"):
        print("x" * 300_000, flush=True)  # the pipe is full when the signal arrives
    signal.signal(signal.SIGALRM, before)
    stream.close()
    reader.join()
    os.close(reading)
    text = b"".join(received).decode()
    assert text.count("x") == 300_000
    assert "from the handler" in text


def test_loss_during_a_live_display_is_told_beside_it(monkeypatch, capsys):
    with os.fdopen(ended_terminal(), "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with expendable("stdout", "the work goes on."):
            console = Console(force_terminal=True)
            with Live("live", console=console, refresh_per_second=50):
                console.print("a line")
    assert capsys.readouterr().err.count("the work goes on.") == 1


def test_stream_in_memory_is_left_alone(capsys):
    before = sys.stdout
    with expendable("stdout"):
        assert sys.stdout is before
        print("kept")
    assert capsys.readouterr().out == "kept\n"


@pytest.mark.parametrize("closed", ["1", "2", "0 1 2"])
def test_closed_streams_are_occupied_before_a_file_takes_their_number(closed, tmp_path):
    kept = tmp_path / "kept"
    code = (
        "import os, sys\nfrom crl_train.output import *\n"
        f"for one in {closed.split()}: os.close(int(one))\n"
        "occupy_closed_descriptors()\n"
        f"file = os.open({str(kept)!r}, os.O_CREAT | os.O_WRONLY)\n"
        "assert file > 2, file\n"
        "os.write(1, b'noise'); os.write(2, b'noise')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
    assert kept.read_bytes() == b""


def test_stream_that_was_closed_before_python_began_takes_everything(monkeypatch, capsys):
    occupy_closed_descriptors()
    monkeypatch.setattr(sys, "stdout", None)
    with expendable("stdout", "the work goes on."):
        print("a line")
        assert sys.stdout is not None
    assert sys.stdout is None
    assert "note: nothing can be written to stdout (it is closed): the work goes on." in capsys.readouterr().err
