"""How every command ends: with its result, or with at most one line and an exit code."""

import errno
import os
import signal
import sys
from typing import Any, Final

import click

from crl_probe.cli.interrupt import Interrupted
from crl_train.cli_options import AnyEncoding
from crl_train.console import STDOUT_IS_CLOSED, echo
from crl_train.interrupt import INTERRUPTED

_TO_MEND: Final = 2  # exit code of what the user must mend, as of every error that is explained
# A file may not become larger (ulimit -f, quotas of some file systems), a disk fails.
_CANNOT_WRITE: Final = (errno.EFBIG, errno.EIO)


class Program(AnyEncoding):
    """A command line whose commands end in one way.

    =====================================  =========  ==============================
    what happened                          exit code  what is printed
    =====================================  =========  ==============================
    Ctrl-C, pressed any number of times    130        a line, or nothing
    output cannot be written               2          what cannot be written, and why
    stdout is closed                       2          a line, before any work
    the reader of a pipe left (``| head``)  1          nothing
    =====================================  =========  ==============================
    """

    def main(self, *args: Any, **options: Any) -> Any:
        if sys.stdout is None:
            # Its descriptor would be that of the next file opened, which whatever is printed would then destroy.
            echo(STDOUT_IS_CLOSED, err=True, label="error:")
            raise SystemExit(_TO_MEND)
        return super().main(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted(INTERRUPTED) from None
        except SystemExit as end:
            if end.code == INTERRUPTED:
                raise Interrupted(INTERRUPTED) from None
            raise
        except OSError as error:
            if error.errno not in _CANNOT_WRITE:
                raise
            echo(f"{error.filename or 'a file'} cannot be used: {error.strerror}.", err=True, label="error:")
            raise SystemExit(_TO_MEND) from None

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run the command line, and exit at once after an interruption.

        Threads of libraries may still be running then. A normal exit of Python would stop them at any point, and they
        could print long errors or crash.
        """
        try:
            return super().__call__(*args, **options)
        except (Interrupted, KeyboardInterrupt) as end:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(int(getattr(end, "code", INTERRUPTED) or 0))
