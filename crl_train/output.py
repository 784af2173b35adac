"""Output that a command can do without: that nobody reads it any more must not stop the command's work.

A reader that has left, a full disk or a terminal that has ended make every write fail. Python ignores SIGPIPE, so each
of them is an ``OSError``, raised wherever something is printed, in threads and at exit too.
"""

import contextlib
import errno
import io
import os
import select
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TextIO

_DESCRIPTORS: Final = {"stdout": 1, "stderr": 2}


class ExpendableFile(io.FileIO):
    """The bytes of a stream; from the first failure on they are dropped.

    Args:
        descriptor: Where they go; it stays open.
        on_loss: Called once, with the failure.
    """

    def __init__(self, descriptor: int, on_loss: Callable[[OSError], object]) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._on_loss = on_loss
        self._is_lost = False

    def write(self, data: Any, /) -> int:
        """Write all of the bytes, or drop them."""
        left = memoryview(data).cast("B")
        total = len(left)
        while len(left) and not self._is_lost:
            try:
                written = super().write(left)
                if written is None:  # a pipe that does not block is full
                    select.select([], [self], [])
                left = left[written or 0 :]
            except OSError as error:
                self._is_lost = True
                self._on_loss(error)
        return total


@contextlib.contextmanager
def expendable(name: Literal["stdout", "stderr"], note: str = "") -> Iterator[None]:
    """Let the block print to ``sys.stdout`` or ``sys.stderr`` without ever failing to.

    Args:
        name: The stream.
        note: What stderr says once output is lost, after the cause. Empty says nothing.
    """
    stream: TextIO | None = getattr(sys, name)
    told = sys.stderr  # a live display takes its place for a while, and shows everything on stdout

    def say(error: OSError) -> None:
        if note:
            told.write(f"note: nothing can be written to {name} ({error.strerror}): {note}\n")
            told.flush()

    if stream is None:  # it was closed before Python began
        say(OSError(errno.EBADF, "it is closed"))
    try:
        file = ExpendableFile(stream.fileno() if stream else _DESCRIPTORS[name], say)
    except (OSError, ValueError):  # a test or a notebook keeps it in memory
        yield
        return
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.flush()
    # No buffer of bytes lies between: it could not be written from a signal's handler while it is being written.
    replaced = io.TextIOWrapper(
        file,
        encoding=stream.encoding if stream else "utf-8",
        errors=stream.errors if stream else None,
        line_buffering=True,
    )
    setattr(sys, name, replaced)
    try:
        yield
    finally:
        replaced.flush()
        setattr(sys, name, stream)


def occupy_closed_descriptors() -> None:
    """Open the null device as every standard stream that is closed.

    The next file that is opened would take its number otherwise, and then hold what libraries print.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
