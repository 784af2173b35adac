"""What both programs print: any text in any encoding, never read as markup, control characters shown and not obeyed.

Every rich console is made by :func:`make_console`; every other line goes through :func:`echo`.
"""

import codecs
import contextlib
import errno
import io
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

STDOUT_IS_CLOSED: Final = "stdout is closed: a command prints its result there. Send it to a file or to /dev/null."

# What a terminal obeys, what cannot be written (bytes of a file name that are no text), and what turns around the
# direction of the text behind it.
_NOT_PRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BYTES: Final = range(0xDC80, 0xDD00)  # where Python keeps the bytes of a file name that are no text (PEP 383)

STAND_IN: Final = "stand-in"
"""Error handler for encoding text: what an encoding cannot take is written as Python escapes it, or spelled out."""

_STAND_INS: Final = {"·": "-", "–": "-", "−": "-", "×": "x", "∞": "inf", "…": "~", "†": "*", "✓": "+"}
_SUPERSCRIPTS: Final = dict(zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True))


def printable(text: str) -> str:
    r"""The text in one line, with what a terminal would obey or cannot take written as Python escapes it.

    For names and messages that come from files and folders. It cannot be undone: a backslash stays as it is.

    Example:
        >>> print(printable("maze\x1b[31m\n"), printable("tiefe_ä"))
        maze\x1b[31m\n tiefe_ä
    """
    return _NOT_PRINTABLE.sub(lambda match: _escaped(match[0]), text)


def make_console(
    *,
    stderr: bool = False,
    file: io.StringIO | io.TextIOWrapper | None = None,
    width: int | None = None,
    **options: Any,
) -> "Console":
    """A console that prints strings as they are: brackets are no markup, ``:name:`` is no emoji.

    Characters that the encoding of its stream cannot take get stand-ins. Names still go through :func:`printable`.

    Args:
        stderr: Whether it prints to stderr instead of stdout.
        file: Stream to print to instead.
        width: Columns; those of the terminal if not given.
        options: Further arguments of :class:`rich.console.Console`.
    """
    from rich.console import Console

    accept_any_text(file or (sys.stderr if stderr else sys.stdout))
    return Console(stderr=stderr, file=file, width=width, markup=False, emoji=False, highlight=False, **options)


def spinner_name(console: "Console") -> str:
    """The spinner that the console's encoding can show."""
    try:
        "⠋".encode(console.encoding)
    except UnicodeEncodeError:
        return "line"
    return "dots"


def echo(line: str, *, err: bool = False, label: str = "") -> None:
    """Print one line to stdout, through :func:`printable`.

    Args:
        line: What to print.
        err: Whether to print it to stderr instead.
        label: Printed in front of it, in bold red where there are colours.
    """
    label = f"{click.style(label, fg='red', bold=True)} " if label else ""
    write(f"{label}{printable(line)}\n", err=err)


def write(text: str, *, err: bool = False) -> None:
    """Print a text of several lines as it is, such as the content of a file.

    Raises:
        OSError: If it cannot be written. The error names the stream.
        ConfigError: If stdout is closed.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None and not err:
        raise ConfigError(STDOUT_IS_CLOSED)
    accept_any_text(stream)
    try:
        # Without the stream, click would write UTF-8 where the encoding is ASCII.
        click.echo(text, file=stream, nl=False)
    except OSError as error:
        if error.errno != errno.EPIPE:  # which click ends quietly
            error.filename = "stderr" if err else "stdout"
            _discard(stream)
        raise


def accept_any_text(stream: object) -> None:
    """Let a stream write stand-ins for what its encoding cannot take, instead of an error."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors != STAND_IN:
        stream.reconfigure(errors=STAND_IN)


def _discard(stream: Any) -> None:
    """Let what a stream still holds go nowhere: Python writes it at exit, and would fail again."""
    with contextlib.suppress(OSError):  # a stream in memory has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _with_stand_ins(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    written = [_stand_in(error.object, place) for place in range(error.start, error.end)]
    return "".join(written), error.end


def _stand_in(text: str, place: int) -> str:
    """What is written for one character of the text: 10⁻⁵ becomes 10^-5."""
    char = text[place]
    if char in _SUPERSCRIPTS:
        begins = place == 0 or text[place - 1] not in _SUPERSCRIPTS
        return f"{'^' if begins else ''}{_SUPERSCRIPTS[char]}"
    return _STAND_INS.get(char) or _escaped(char)


def _escaped(char: str) -> str:
    if ord(char) in _BYTES:
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")


codecs.register_error(STAND_IN, _with_stand_ins)
