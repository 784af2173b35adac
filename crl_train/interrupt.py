"""Ctrl-C and SIGTERM while a block of a command runs; what they do there is up to the command."""

import contextlib
import signal
import types
from collections.abc import Callable, Iterator
from typing import Final

INTERRUPTED: Final = 130  # exit code of a command that Ctrl-C ended, by the convention of shells


@contextlib.contextmanager
def on_interrupt(handler: Callable[[int, types.FrameType | None], None]) -> Iterator[None]:
    """Call ``handler`` for Ctrl-C and SIGTERM until the block ends; then the handlers of before are back.

    Args:
        handler: Called in the main thread between two instructions of it, with the signal and the frame.
    """
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
