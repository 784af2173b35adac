"""The file of a report that holds what failed unexpectedly, and how the page refers to it."""

from collections.abc import Mapping
from typing import Final

from crl_probe.runs.failures import Failure
from crl_probe.summary.formats import versions

ERRORS_LOG: Final = "errors.log"


def errors_text(failures: Mapping[str, Failure], command: str = "") -> str:
    """What whoever mends the mistake needs to know: where each exception was raised, and by which versions.

    Args:
        failures: What failed, by the part of the report that is missing.
        command: The command that made the report.
    """
    used = ", ".join(f"{name} {version}" for name, version in versions().items())
    head = f"Parts of this report that failed unexpectedly; the others are whole.\nVersions: {used}\n"
    made_by = f"Command: {command}\n" if command else ""
    told = (f"\n{part}: {failure.summary}\n\n{failure.traceback}" for part, failure in failures.items())
    return f"{head}{made_by}{''.join(told)}"


def reason_of(failure: Failure) -> str:
    """Why a part is missing, for its section of the page."""
    return f"{failure.summary.rstrip('.')}, see {ERRORS_LOG}."
