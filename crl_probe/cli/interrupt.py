"""Stop signals end a long command cleanly at any time: with one line, clean-up and no traceback."""

import _thread
import contextlib
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Final

from crl_probe.runs.progress import ForwardingProgress, ProgressListener
from crl_train.console import echo
from crl_train.interrupt import on_interrupt

_SECONDS_TO_CLEAN_UP: Final = 2.0  # far more than clean-up takes


class Interruption:
    """Whether the user has requested to stop.

    The signal raises ``KeyboardInterrupt``. Some libraries suppress or wrap it, or are in a callback that cannot raise
    exceptions. Therefore the request is stored, raised again after a while, and checked at each step of the work.
    """

    def __init__(self) -> None:
        self.requested = False
        self._deferred = False
        self._has_ended = False
        self._repeat: threading.Timer | None = None

    def interrupt(self, signum: int, frame: types.FrameType | None) -> None:
        """Handle the signal."""
        self.requested = True
        if self._deferred:
            return
        if not self._has_ended:
            self._repeat = threading.Timer(_SECONDS_TO_CLEAN_UP, _thread.interrupt_main, [signum])
            self._repeat.daemon = True
            self._repeat.start()
        raise KeyboardInterrupt

    def check(self) -> None:
        """Stop here if the user has requested it.

        Raises:
            KeyboardInterrupt: If so.
        """
        if self.requested:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """Defer the signal to the end of the block, or to a step of it that calls :meth:`check`.

        For short work in libraries that print long errors when they are interrupted, such as reading checkpoints.
        """
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        self.check()

    def cancel_repeat(self) -> None:
        """Do not raise the signal again, nor a later one: the work has ended."""
        self._has_ended = True
        if self._repeat is not None:
            self._repeat.cancel()


class InterruptibleProgress(ForwardingProgress):
    """Passes progress reports on, after checking whether the user has requested to stop.

    Args:
        shown: Receives the reports.
        interruption: The user's request.
    """

    def __init__(self, shown: ProgressListener, interruption: Interruption) -> None:
        super().__init__(shown)
        self._interruption = interruption

    @property
    def listener(self) -> ProgressListener:
        """Who receives the reports.

        Raises:
            KeyboardInterrupt: If the user has requested to stop.
        """
        self._interruption.check()
        return super().listener


class Interrupted(SystemExit):
    """The program exits because the user interrupted it."""


@contextlib.contextmanager
def interruptible(final_message: Callable[[], tuple[str, int]]) -> Iterator[Interruption]:
    """Let Ctrl-C, a terminal that closes and the signals of schedulers end the block, print one line, and exit.

    Args:
        final_message: Returns the line and the exit code. It is called after the interruption.
    """
    interruption = Interruption()
    hook, sys.unraisablehook = sys.unraisablehook, _all_but_interrupts
    with on_interrupt(interruption.interrupt):
        try:
            try:
                yield interruption
            finally:
                interruption.cancel_repeat()
        except BaseException as error:
            if not (interruption.requested or isinstance(error, KeyboardInterrupt)):
                raise
            line, code = final_message()
            if line:
                echo(line, err=bool(code))
            raise Interrupted(code) from None
        finally:
            sys.unraisablehook = hook


def _all_but_interrupts(ignored: "sys.UnraisableHookArgs") -> None:
    if not issubclass(ignored.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)
