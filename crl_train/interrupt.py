"""Signals that ask a command to stop: Ctrl-C, a terminal that closes, and what schedulers send before they kill."""

import contextlib
import signal
import types
from collections.abc import Callable, Iterator
from typing import Final

INTERRUPTED: Final = 130  # exit code of a command that Ctrl-C ended, by the convention of shells
SAVED: Final = 75  # exit code of training that another signal ended, saved: EX_TEMPFAIL of sysexits.h, "try again"

# Slurm, PBS, LSF, SGE and HTCondor send one of these, by default or as their users ask, some time before SIGKILL.
STOP_SIGNALS: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGXCPU,
)


@contextlib.contextmanager
def on_interrupt(handler: Callable[[int, types.FrameType | None], None]) -> Iterator[None]:
    """Call ``handler`` for every stop signal until the block ends; then the handlers of before are back.

    A signal that is ignored when the block begins stays ignored, as SIGHUP under ``nohup``.

    Args:
        handler: Called in the main thread between two instructions of it, with the signal and the frame.
    """
    heard = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, previous in before.items():
            # None: it was set by a library in C, and Python cannot set it again.
            signal.signal(number, signal.SIG_DFL if previous is None else previous)


class StopRequest:
    """Whether a signal has asked a command to stop.

    Ctrl-C stops at once where nothing can be saved, and at any time when it is pressed again. Other signals never do:
    schedulers send a second one while the first is still being answered.

    Attributes:
        signal: The first one; None if there was none.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._announce: Callable[[signal.Signals], None] | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """Exit code of a command that has saved its work because of this request."""
        return INTERRUPTED if self.signal is signal.SIGINT else SAVED

    def handle(self, signum: int, frame: types.FrameType | None) -> None:
        """Handle a signal.

        Raises:
            KeyboardInterrupt: If Ctrl-C was pressed again, or outside of :meth:`deferred`.
        """
        is_first = self.signal is None
        if signum == signal.SIGINT and (self._announce is None or not is_first):
            raise KeyboardInterrupt
        if is_first:
            self.signal = signal.Signals(signum)
            if self._announce is not None:
                self._announce(self.signal)

    @contextlib.contextmanager
    def deferred(self, announce: Callable[[signal.Signals], None]) -> Iterator[None]:
        """Let the block see to the request, that of a first Ctrl-C as well.

        Args:
            announce: Called with the first signal, as soon as it arrives.
        """
        self._announce = announce
        try:
            yield
        finally:
            self._announce = None


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the stop signals of the block into a request that it looks at."""
    stop = StopRequest()
    with on_interrupt(stop.handle):
        yield stop
