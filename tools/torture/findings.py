"""What was tried and what went wrong: one row for each kind of trial, one finding for each failure."""

import contextlib
import dataclasses
import datetime
import json
import os
import platform
import resource
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click

_TAIL_LINES, _TAIL_WIDTH = 12, 300
_MOST_KEPT, _MOST_TOLD = 20, 10  # of one kind: inputs that are kept, and lines on the terminal; the rest is in the file
_SECONDS_BETWEEN_LINES = 30.0


@dataclasses.dataclass(frozen=True)
class Finding:
    """One failure, with all that is needed to see it again.

    Attributes:
        part: Part of the program that found it.
        kind: Kind of trial; a row of the table.
        case: Which trial of this kind.
        wrong: What happened and what would have been right.
        reproduce: A command for a shell, or the seed and the number of the trial.
        tail: The end of what was printed.
        kept: Folder with the input, below the folder of results; empty if the command needs none.
    """

    part: str
    kind: str
    case: str
    wrong: str
    reproduce: str
    tail: str = ""
    kept: str = ""


@dataclasses.dataclass
class _Row:
    part: str
    kind: str
    wanted: int
    tried: int = 0
    wrong: int = 0


class Record:
    """Counts trials and keeps findings; trials of several threads may be added at the same time.

    Args:
        out: Folder of the results.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.findings: list[Finding] = []
        self._rows: dict[tuple[str, str], _Row] = {}
        self._seconds: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._told = time.monotonic()
        shutil.rmtree(out / "findings", ignore_errors=True)
        out.mkdir(parents=True, exist_ok=True)

    def plan(self, part: str, kind: str, wanted: int) -> None:
        """Announce how many trials of a kind there are to be: fewer are a failure."""
        with self._lock:
            self._row(part, kind).wanted += wanted

    def add(self, part: str, kind: str, finding: Finding | None = None, *, input_folder: Path | None = None) -> None:
        """Count one trial, and keep what it found together with a copy of its input."""
        with self._lock:
            row = self._row(part, kind)
            row.tried += 1
            self._tell(part)
            if finding is None:
                return
            row.wrong += 1
            if input_folder is not None and row.wrong <= _MOST_KEPT:
                kept = self.out / "findings" / f"{len(self.findings) + 1:03}"
                with contextlib.suppress(OSError, shutil.Error):  # a copy of what is damaged on purpose
                    shutil.copytree(input_folder, kept, symlinks=True, ignore=_no_pipes)
                finding = dataclasses.replace(finding, kept=str(kept.relative_to(self.out)))
            self.findings.append(finding)
        if row.wrong <= _MOST_TOLD:
            click.echo(f"  {click.style('wrong', fg='red')} {finding.kind}, {finding.case}: {shown(finding.wrong)}")

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time one part of the program: seconds on the wall, and of the CPU in this process and its children."""
        click.echo(f"{time.strftime('%H:%M:%S')}  {name}")
        wall, cpu = time.monotonic(), _cpu_seconds()
        try:
            yield
        finally:
            self._seconds[name] = (time.monotonic() - wall, _cpu_seconds() - cpu)

    @property
    def failed(self) -> bool:
        """Whether anything went wrong or was not tried as often as planned."""
        return bool(self.findings) or any(row.tried < row.wanted for row in self._rows.values())

    def table(self) -> str:
        """All rows as a table in Markdown, with a line on when and where they were made."""
        lines = ["| part | tried | times | wrong | minutes | CPU minutes |", "|---|---|--:|--:|--:|--:|"]
        timed: set[str] = set()
        for row in self._rows.values():
            short = f" of {row.wanted:,}" if row.tried < row.wanted else ""
            wall, cpu = self._seconds.get(row.part, (0.0, 0.0))
            times = "" if row.part in timed else f"{wall / 60:.1f} | {cpu / 60:.1f}"
            lines.append(f"| {row.part} | {row.kind} | {row.tried:,}{short} | {row.wrong:,} | {times or ' | '} |")
            timed.add(row.part)
        machine = f"{len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"
        date = datetime.datetime.now(datetime.UTC).date().isoformat()
        tried, wrong = (sum(getattr(row, name) for row in self._rows.values()) for name in ("tried", "wrong"))
        lines.append(f"\n{date}, {machine}: {tried:,} trials, {wrong:,} wrong.")
        return "\n".join(lines) + "\n"

    def close(self) -> None:
        """Write ``figures.md`` and ``findings.json``."""
        (self.out / "figures.md").write_text(self.table(), encoding="utf-8")
        found = [dataclasses.asdict(finding) for finding in self.findings]
        (self.out / "findings.json").write_text(json.dumps(found, indent=1), encoding="utf-8")

    def _tell(self, part: str) -> None:
        """A line from time to time, so that whoever waits sees that it goes on."""
        if time.monotonic() - self._told < _SECONDS_BETWEEN_LINES:
            return
        self._told = time.monotonic()
        tried, wrong = (
            sum(getattr(row, name) for row in self._rows.values() if row.part == part) for name in ("tried", "wrong")
        )
        click.echo(f"{time.strftime('%H:%M:%S')}  {part}: {tried:,} tried, {wrong:,} wrong")

    def _row(self, part: str, kind: str) -> _Row:
        return self._rows.setdefault((part, kind), _Row(part, kind, 0))


def tail(text: str) -> str:
    """The last lines of what was printed, with control characters made visible."""
    return "\n".join(shown(line) for line in text.splitlines()[-_TAIL_LINES:])


def shown(text: str) -> str:
    """One line of text that a terminal can take, cut to a readable length."""
    visible = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    visible = visible.encode("utf-8", "backslashreplace").decode()
    return visible if len(visible) <= _TAIL_WIDTH else f"{visible[:_TAIL_WIDTH]}… ({len(visible):,} characters)"


def _no_pipes(folder: str, names: list[str]) -> list[str]:
    """Named pipes cannot be copied: whoever opens one waits."""
    return [name for name in names if (Path(folder) / name).is_fifo()]


def _cpu_seconds() -> float:
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)
