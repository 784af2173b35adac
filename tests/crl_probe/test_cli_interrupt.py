"""Ctrl-C and SIGTERM: one line, a code, and everything as it was, wherever they fall."""

import os
import signal
import sys

import pytest

from crl_probe.cli_interrupt import Heeding, Interruption, interruptible
from tests.crl_probe.recorder import Recorder


def last_words():
    return "Stopped.", 130


def ended_by(block, words=last_words):
    """Run a block that is interrupted, and return its exit code."""
    with pytest.raises(SystemExit) as ended, interruptible(words) as interruption:
        block(interruption)
    return ended.value.code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_block_with_a_line(capsys, number):
    def work(_):
        os.kill(os.getpid(), number)
        pytest.fail("went on")

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), sys.unraisablehook
    assert ended_by(work) == 130
    assert capsys.readouterr() == ("", "Stopped.\n")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), sys.unraisablehook) == before


def test_a_signal_that_a_library_wraps_is_no_error_of_the_library(capsys):
    def compile_network(_):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise RuntimeError("compilation failed") from error

    assert ended_by(compile_network) == 130
    assert capsys.readouterr().err == "Stopped.\n"


class Swallowing:
    """What Python calls while it collects garbage may raise nothing."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


def test_a_signal_that_is_swallowed_is_heeded_at_the_next_step(capsys):
    listener = Recorder()

    def work(interruption):
        progress = Heeding(listener, interruption)
        progress("rolling out", 1, 2)
        Swallowing()
        assert interruption.asked
        progress("rolling out", 2, 2)
        pytest.fail("went on")

    assert ended_by(work) == 130
    assert listener.heard == [("rolling out", 1, 2)]
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize("tell", [lambda p: p("x"), lambda p: p.planned("x", []), lambda p: p.began("x"),
                                  lambda p: p.computing(), lambda p: p.ended("x")])  # fmt: skip
def test_every_step_is_a_chance_to_stop(tell):
    interruption = Interruption()
    listener = Recorder()
    tell(Heeding(listener, interruption))
    assert len(listener.heard) == 1
    interruption.asked = True
    with pytest.raises(KeyboardInterrupt):
        tell(Heeding(listener, interruption))
    assert len(listener.heard) == 1


def test_what_goes_wrong_by_itself_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), interruptible(last_words):
        1 / 0  # noqa: B018


def test_a_calm_end_is_no_error(capsys):
    assert ended_by(lambda _: signal.raise_signal(signal.SIGINT), lambda: ("Enough seen.", 0)) == 0
    assert capsys.readouterr() == ("Enough seen.\n", "")
