"""Ctrl-C and SIGTERM end a long command calmly: everything tidied up, one line, no traceback, wherever they fall."""

import contextlib
import signal
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import click

from crl_probe.progress import Progress

INTERRUPTED: Final = 130  # as shells have it


class Interruption:
    """Whether the user has asked to stop.

    The signal raises ``KeyboardInterrupt``. Some libraries swallow that, or wrap it, or are in a callback that lets no
    exception out: what was asked is therefore kept, and heeded at the next chance.
    """

    def __init__(self) -> None:
        self.asked = False

    def interrupt(self, signum: int, frame: types.FrameType | None) -> None:
        """Handle the signal."""
        self.asked = True
        raise KeyboardInterrupt

    def heed(self) -> None:
        """Stop here if that was asked for.

        Raises:
            KeyboardInterrupt: If so.
        """
        if self.asked:
            raise KeyboardInterrupt


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
        yield interruption
    except BaseException as error:
        if not (interruption.asked or isinstance(error, KeyboardInterrupt)):
            raise
        line, code = last_words()
        if line:
            click.echo(line, err=bool(code))
        raise SystemExit(code) from None
    finally:
        sys.unraisablehook = hook
        for one, handler in zip(signals, handlers, strict=True):
            signal.signal(one, handler)


def _all_but_interrupts(ignored: "sys.UnraisableHookArgs") -> None:
    if not issubclass(ignored.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)
