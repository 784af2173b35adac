"""Stop signals at any time: one line, an exit code, and the handlers as they were."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from crl_probe.cli import interrupt as cli_interrupt
from crl_probe.cli.interrupt import InterruptibleProgress, Interruption, interruptible
from crl_train.interrupt import STOP_SIGNALS
from tests.crl_probe.recorder import Recorder


def final_message():
    return "Stopped.", 130


def ended_by(block, words=final_message):
    """Run a block that is interrupted, and return its exit code."""
    with pytest.raises(SystemExit) as ended, interruptible(words) as interruption:
        block(interruption)
    return ended.value.code


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_ends_the_block_with_a_line(capsys, number):
    def work(_):
        os.kill(os.getpid(), number)
        pytest.fail("went on")

    before = [signal.getsignal(one) for one in STOP_SIGNALS], sys.unraisablehook
    assert ended_by(work) == 130
    assert capsys.readouterr() == ("", "Stopped.\n")
    assert ([signal.getsignal(one) for one in STOP_SIGNALS], sys.unraisablehook) == before


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_that_was_ignored_stays_ignored_as_under_nohup(number):
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with interruptible(final_message) as interruption:
            os.kill(os.getpid(), number)
        assert not interruption.requested
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_a_signal_that_a_library_wraps_is_no_error_of_the_library(capsys):
    def compile_network(_):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise RuntimeError("compilation failed") from error

    assert ended_by(compile_network) == 130
    assert capsys.readouterr().err == "Stopped.\n"


class Swallowing:
    """Python suppresses every exception of ``__del__``."""

    def __init__(self, number=signal.SIGINT):
        self.number = number

    def __del__(self):
        signal.raise_signal(self.number)


def test_a_signal_that_is_swallowed_stops_the_next_step(capsys):
    listener = Recorder()

    def work(interruption):
        progress = InterruptibleProgress(listener, interruption)
        progress("rolling out", 1, 2)
        Swallowing()
        assert interruption.requested
        progress("rolling out", 2, 2)
        pytest.fail("went on")

    assert ended_by(work) == 130
    assert listener.heard == [("rolling out", 1, 2)]
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_that_is_swallowed_comes_again(monkeypatch, number):
    monkeypatch.setattr(cli_interrupt, "_SECONDS_TO_CLEAN_UP", 0.01)

    def work(_):
        Swallowing(number)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            time.sleep(0.01)
        pytest.fail("went on")

    assert ended_by(work) == 130


def test_a_signal_is_deferred_to_the_end_of_a_protected_block():
    done = []

    def work(interruption):
        with interruption.deferred():
            signal.raise_signal(signal.SIGINT)
            done.append("the block")
        pytest.fail("went on")

    assert ended_by(work) == 130
    assert done == ["the block"]


@pytest.mark.parametrize("report", [lambda p: p("x"), lambda p: p.planned("x", []), lambda p: p.began("x"),
                                  lambda p: p.computing(), lambda p: p.ended("x")])  # fmt: skip
def test_every_step_is_a_chance_to_stop(report):
    interruption = Interruption()
    listener = Recorder()
    report(InterruptibleProgress(listener, interruption))
    assert len(listener.heard) == 1
    interruption.requested = True
    with pytest.raises(KeyboardInterrupt):
        report(InterruptibleProgress(listener, interruption))
    assert len(listener.heard) == 1


def test_what_goes_wrong_by_itself_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), interruptible(final_message):
        1 / 0  # noqa: B018


def test_a_calm_end_is_no_error(capsys):
    assert ended_by(lambda _: signal.raise_signal(signal.SIGINT), lambda: ("Enough seen.", 0)) == 0
    assert capsys.readouterr() == ("Enough seen.\n", "")


def test_the_program_ends_at_once_whatever_libraries_are_doing():
    """A thread that never ends stands for them. Only the program exits despite it; a test runner gets an exception."""
    script = """
        import threading, signal, click
        from crl_probe.cli.ending import Program
        from crl_probe.cli.interrupt import interruptible

        @click.group(cls=Program)
        def main(): ...

        @main.command()
        def work():
            threading.Thread(target=threading.Event().wait).start()
            with interruptible(lambda: ("Stopped.", 130)):
                print("partly done")
                signal.raise_signal(signal.SIGINT)

        main(["work"])
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "partly done\n", "Stopped.\n")
