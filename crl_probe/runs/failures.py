"""An unexpected exception of one part of a report, kept so that the other parts go on."""

import dataclasses
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from crl_probe.metrics import MetricError
from crl_train.errors import CrlError

Made = TypeVar("Made")

_LONGEST = 200  # characters of a summary


@dataclasses.dataclass(frozen=True)
class Failure:
    """An unexpected exception.

    Attributes:
        summary: What was raised, in one line.
        traceback: Where it was raised, in the words of Python.
    """

    summary: str
    traceback: str


def attempt(make: Callable[..., Made], *arguments: Any) -> Made | Failure:
    """Call ``make(*arguments)``; an exception that nobody expects is returned as a :class:`Failure`.

    Raises:
        CrlError: If the function raises one; it explains itself, so the caller knows what to do. So does
            :class:`~crl_probe.metrics.MetricError`.

    Example:
        >>> attempt(int, "5")
        5
        >>> attempt(int, "five").summary
        "unexpected ValueError: invalid literal for int() with base 10: 'five'"
    """
    try:
        return make(*arguments)
    except (CrlError, MetricError):
        raise
    # A mistake in one probe or figure, ours or a library's, may raise anything, and must not cost the work of all
    # others. It is not hidden: whoever asks for the part gets the failure with its traceback.
    except Exception as error:
        return failure_of(error)


def failure_of(error: Exception) -> Failure:
    """What there is to say of an exception."""
    words = next(iter(str(error).splitlines()), "")
    summary = f"unexpected {type(error).__name__}: {words}".removesuffix(": ")
    shown = summary if len(summary) <= _LONGEST else f"{summary[: _LONGEST - 1]}…"
    return Failure(shown, "".join(traceback.format_exception(error)))
