"""Ctrl-C and SIGTERM end a long command calmly: everything tidied up, one line, no traceback, wherever they fall."""

import _thread
import contextlib
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import click

from crl_probe.runs.progress import Progress

INTERRUPTED: Final = 130  # exit code, as shells have it
_SECONDS_TO_TIDY_UP: Final = 2.0  # far more than it takes


class Interruption:
    """Whether the user has asked to stop.

    The signal raises ``KeyboardInterrupt``. Some libraries swallow that, or wrap it, or are in a callback that lets no
    exception out: what was asked is therefore kept, said again after a while, and heeded at the next chance.
    """

    def __init__(self) -> None:
        self.asked = False
        self._waits = False
        self._again: threading.Timer | None = None

    def interrupt(self, signum: int, frame: types.FrameType | None) -> None:
        """Handle the signal."""
        self.asked = True
        if self._waits:
            return
        self._again = threading.Timer(_SECONDS_TO_TIDY_UP, _thread.interrupt_main)
        self._again.daemon = True
        self._again.start()
        raise KeyboardInterrupt

    def heed(self) -> None:
        """Stop here if that was asked for.

        Raises:
            KeyboardInterrupt: If so.
        """
        if self.asked:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def waits(self) -> Iterator[None]:
        """Let the signal wait for the end of the block, or for a step of it that heeds it.

        For what must not be torn apart and is short: storage libraries complain at length.
        """
        self._waits = True
        try:
            yield
        finally:
            self._waits = False
        self.heed()

    def over(self) -> None:
        """Everything has ended: say nothing again."""
        if self._again is not None:
            self._again.cancel()


class Heeding(Progress):
    """Tells a listener what is under way, unless that should have stopped.

    Args:
        listener: Who shows it.
        interruption: Whether to go on.
    """

    def __init__(self, listener: Progress, interruption: Interruption) -> None:
        self._listener = listener
        self._interruption = interruption

    def __call__(self, words: str, done: int = 0, total: int = 0) -> None:
        self._interruption.heed()
        self._listener(words, done, total)

    def planned(self, heading: str, titles: Sequence[str]) -> None:
        self._interruption.heed()
        self._listener.planned(heading, titles)

    def began(self, title: str) -> None:
        self._interruption.heed()
        self._listener.began(title)

    def computing(self) -> None:
        self._interruption.heed()
        self._listener.computing()

    def ended(self, title: str, problem: str = "") -> None:
        self._interruption.heed()
        self._listener.ended(title, problem)


class Interrupted(SystemExit):
    """The program ends because it was asked to."""


class Program(click.Group):
    """The command line as a whole, which ends at once when it was interrupted.

    Threads of libraries may be in the middle of anything then. Python would take itself apart around them, and they
    would complain at length, or crash.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except Interrupted as end:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(int(end.code or 0))


@contextlib.contextmanager
def interruptible(last_words: Callable[[], tuple[str, int]]) -> Iterator[Interruption]:
    """Let Ctrl-C and SIGTERM end the block, say one line, and exit.

    Args:
        last_words: Asked for the line and the exit code when it has happened.
    """
    interruption = Interruption()
    signals = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(one, interruption.interrupt) for one in signals]
    hook, sys.unraisablehook = sys.unraisablehook, _all_but_interrupts
    try:
        try:
            yield interruption
        finally:
            interruption.over()
    except BaseException as error:
        if not (interruption.asked or isinstance(error, KeyboardInterrupt)):
            raise
        line, code = last_words()
        if line:
            click.echo(line, err=bool(code))
        raise Interrupted(code) from None
    finally:
        sys.unraisablehook = hook
        for one, handler in zip(signals, handlers, strict=True):
            signal.signal(one, handler)


def _all_but_interrupts(ignored: "sys.UnraisableHookArgs") -> None:
    if not issubclass(ignored.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)
