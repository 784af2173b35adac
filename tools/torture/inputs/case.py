"""One malformed input: how it is laid out, the command that meets it, and what that command may do."""

import dataclasses
import json
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tools.torture.findings import tail
from tools.torture.judge import EITHER, Right
from tools.torture.programs import Ended, Process, run, wait_for
from tools.torture.runs import Ending, differences, ending_of, settings, train_command

EPOCHS: Final = 4
EVAL: Final = ("--episodes", "4", "--format", "json")
PROBING: Final = ("--episodes", "4", "--goals", "2", "--workers", "1")
_SECONDS: Final = 600.0


@dataclasses.dataclass(frozen=True)
class Base:
    """What cases are made from; only copies are changed.

    Attributes:
        folder: Holds ``victim`` and ``healthy``, two finished runs, ``unfinished``, a run with the victim's settings
            that was stopped after its first epoch, ``set.npz``, a probe set, ``report``, and ``cache``, filled by the
            commands of the cases.
        variables: The environment of all commands.
        rows: What ``crl-probe eval`` prints of both finished runs.
        ending: How the victim ended, and so must the unfinished run.
    """

    folder: Path
    variables: Mapping[str, str]
    rows: Mapping[str, Mapping[str, Any]]
    ending: Ending

    def copy(self, name: str, place: Path) -> Path:
        """A copy of a file or folder of the base."""
        source = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place)
        else:
            shutil.copyfile(source, place)
        return place


@dataclasses.dataclass(frozen=True)
class Case:
    """A trial.

    Attributes:
        door: Where the input enters; a row of the table.
        name: What is wrong with the input.
        lay_out: Makes the input in an empty folder.
        command: What is typed in that folder.
        right: What is right then.
        trains: False leaves training out, so that only what comes before it is tried.
        seconds: Time bound.
        variables: Changes to the environment.
        is_alone: Whether it needs a process of its own, because more than its arguments is odd.
    """

    door: str
    name: str
    lay_out: Callable[[Path], object]
    command: tuple[str, ...]
    right: Right = EITHER
    trains: bool = True
    seconds: float = 180.0  # far more than any takes, on a machine that does other things besides
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    is_alone: bool = False


def make_base(folder: Path, variables: Mapping[str, str]) -> Base:
    """Train the runs and make the files that cases are made from."""
    folder.mkdir(parents=True)
    variables = {**variables, "CRL_PROBE_CACHE": str(folder / "cache")}
    victim, healthy = settings(EPOCHS, seed=0), settings(EPOCHS, seed=1)
    _succeed(train_command("victim", victim, "."), folder, variables)
    _succeed(train_command("healthy", healthy, "."), folder, variables)
    started = Process(train_command("unfinished", victim, "."), folder, variables)
    lines = folder / "unfinished" / "metrics.jsonl"
    wait_for(lambda: lines.is_file() and lines.stat().st_size > 0, _SECONDS, started)
    started.popen.send_signal(signal.SIGTERM)
    started.wait(_SECONDS)
    both = ("victim", "healthy")
    printed = _succeed(("crl-probe", "eval", *both, *EVAL), folder, variables)
    _succeed(("crl-probe", "probe-set", *both, *PROBING, "--out", "set.npz"), folder, variables)
    report = ("--out", "report", "--sections", "success,geometry", "--quiet")
    _succeed(("crl-probe", "report", *both, *PROBING, *report), folder, variables)
    rows = {row["run"]: row for row in json.loads(printed.stdout)}
    return Base(folder, variables, rows, ending_of(folder / "victim"))


def _succeed(command: tuple[str, ...], folder: Path, variables: Mapping[str, str]) -> Ended:
    ended = run(command, folder, variables, _SECONDS)
    if ended.code != 0:
        raise RuntimeError(f"{' '.join(command)} fails on good input: {tail(ended.output)}")
    return ended


def others_are_shown(base: Base) -> Callable[[Path, Ended], str]:
    """A check of ``eval``: the healthy run has its numbers, and the other its own or none."""

    def check(folder: Path, ended: Ended) -> str:
        if ended.code != 0:
            return ""
        try:
            rows = {row["run"]: row for row in json.loads(ended.stdout)}
        except ValueError:
            return f"wrong: what is printed is not JSON: {ended.stdout[:80]!r}"
        if rows.get("healthy") != base.rows["healthy"]:
            return "lost: the healthy run is not shown with its numbers"
        other = {name: row for name, row in rows.items() if name != "healthy"}
        if not other and "skipped" not in ended.stderr:
            return "silent: a run is left out without a word"
        for row in other.values():
            if {**row, "run": "victim"} != base.rows["victim"]:
                return "accepted: a damaged run is shown with other numbers than its own"
        return ""

    return check


def ends_as_planned(base: Base, path: str) -> Callable[[Path, Ended], str]:
    """A check of ``resume``: if it says that it succeeded, the run ended as one that was never interrupted."""

    def check(folder: Path, ended: Ended) -> str:
        difference = differences(folder / path, base.ending) if ended.code == 0 else ""
        return f"accepted: resumed to another end: {difference}" if difference else ""

    return check


def keeps(base: Base, name: str, place: str) -> Callable[[Path, Ended], str]:
    """A check that everything of the base's folder ``name`` is still below ``place``, byte for byte."""

    def check(folder: Path, ended: Ended) -> str:
        for source in (base.folder / name).rglob("*"):
            copy = folder / place / source.relative_to(base.folder / name)
            if source.is_file() and (not copy.is_file() or copy.read_bytes() != source.read_bytes()):
                return f"lost: {place}/{source.relative_to(base.folder / name)} was changed"
        return ""

    return check


def linked(base: Base | None = None, *names: str) -> Callable[[Path], object]:
    """Lay out links to runs of the base, for cases that only read them; none for cases that need no run."""

    def lay_out(folder: Path) -> None:
        for name in names:
            assert base is not None
            (folder / name).symlink_to(base.folder / name)

    return lay_out
