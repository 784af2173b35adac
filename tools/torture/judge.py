"""What a command may do with bad input: succeed, or say in one line what is wrong and end with code 2."""

import dataclasses
import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.torture.programs import Ended

_LONGEST_LINE = 2_000
_RAISED = re.compile(
    r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Warning|Exit)\b"
)  # the line of a traceback that says what
_STARTS = ("error:", "Error:")


@dataclasses.dataclass(frozen=True)
class Right:
    """What is right for a command.

    Attributes:
        codes: Exit codes.
        shows: Text that must be printed.
        hides: Text that must not be.
        any_characters: Whether control characters may be printed, as colours are in a terminal.
        check: Looks at the folder afterwards and returns a complaint, or nothing.
    """

    codes: tuple[int, ...] = (0, 2)
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    any_characters: bool = False
    check: Callable[[Path, Ended], str] | None = None


EITHER = Right()
REFUSED = Right(codes=(2,))
DONE = Right(codes=(0,))


def complaint(ended: Ended, right: Right, folder: Path, typed: Sequence[str] = ()) -> str:
    """What is wrong with the way a command ended; empty if nothing.

    Messages may repeat what was typed, however long it is.
    """
    if ended.code is None:
        return f"hang: still running after {ended.seconds:.0f} s"
    if ended.code < 0:
        return f"abort: ended by {signal.Signals(-ended.code).name}"
    if "Traceback (most recent call last)" in ended.output:
        raised = [line for line in ended.output.splitlines() if _RAISED.match(line)]
        return f"traceback: {raised[-1] if raised else _last_line(ended.output)}"
    if ended.code not in right.codes:
        return f"{_unexpected(ended.code, right)}: {_last_line(ended.output)}"
    if ended.code == 2:
        explained = [line for line in ended.stderr.splitlines() if line.startswith(_STARTS)]
        if len(explained) != 1:
            return f"unclear: {len(explained)} lines that explain the error instead of one"
        if ended.stderr.splitlines()[-1] != explained[0]:
            return f"unclear: the explanation is followed by {_last_line(ended.stderr)!r}"
    longest = max(map(len, _without(typed, ended.stderr).splitlines()), default=0)
    if longest > _LONGEST_LINE:
        return f"unclear: a line of {longest:,} characters"
    control = [char for char in ended.output if not char.isprintable() and char not in "\n\t\r"]
    if control and not right.any_characters:
        return f"control characters reach the terminal: {control[0]!r}"
    for text in right.shows:
        if text not in ended.output:
            return f"silent: {text!r} is not printed"
    for text in right.hides:
        if text in ended.output:
            return f"wrong: {text!r} is printed"
    return right.check(folder, ended) if right.check else ""


def _unexpected(code: int, right: Right) -> str:
    if code == 0:
        return "accepted: exit code 0, and 2 with an explanation would be right"
    if code == 2 and 0 in right.codes:
        return "refused: exit code 2, and to go on would be right"
    return f"exit code {code}, where {' or '.join(map(str, right.codes))} would be right"


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "nothing is printed")


def _without(typed: Sequence[str], text: str) -> str:
    for word in typed:
        if len(word) > _LONGEST_LINE // 10:
            text = text.replace(word, "…")
    return text
