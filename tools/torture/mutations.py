"""Thousands of damaged versions of every file that is read: each is read, or explained in one line.

What carries a hash must be more: a damaged version that is read has the content of the good one.
The versions are made by ``tests/mutations.py``. Readers run in processes of their own, which report each version before
the next, so that a hang or an abort is put down to the version that caused it.
"""

import dataclasses
import itertools
import json
import logging
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.mutations import archive_mutations, mutations, reads_or_explains
from tools.torture.findings import Finding, Record, shown
from tools.torture.inputs.case import Base
from tools.torture.programs import on_all_cores
from tools.torture.readers import READERS, digest_of

PART: Final = "mutations"
_SECONDS: Final = 30.0  # for one version; those of the readers themselves are shorter
_SECONDS_TO_START: Final = 180.0

_NAMES: Final = {
    "config": "config.json",
    "metrics": "metrics.jsonl",
    "yaml": "settings, YAML",
    "json": "settings, JSON",
    "probe-set": "probe set",
    "cache-entry": "cache entry",
    "manifest": "manifest of a checkpoint",
    "arrays": "arrays of a checkpoint",
}

_READ: Final = {"yaml": "settings", "json": "settings", "manifest": "policy", "arrays": "policy"} | {
    name: name for name in ("config", "metrics", "probe-set", "cache-entry")
}


def torture(record: Record, base: Base, work: Path, *, count: int, seed: int, until: float) -> None:
    """Try ``count`` versions with every reader.

    Args:
        record: Receives counts and findings.
        base: Where good files come from.
        work: Folder for damaged ones.
        count: Versions for each reader.
        seed: Seeds the versions.
        until: Time of the monotonic clock after which no version is tried.
    """
    for reader in _NAMES if count else ():
        record.plan(PART, _NAMES[reader], count)
    list(on_all_cores(lambda reader: _try(record, base, work, reader, count, seed, until), _NAMES if count else ()))


def _try(record: Record, base: Base, work: Path, reader: str, count: int, seed: int, until: float) -> None:
    done = 0
    while done < count and time.monotonic() < until:
        child = _Child(base, work / reader, reader, seed, done, count)
        for number, wrong in child.answers(until):
            finding = None
            if wrong:
                again = f"put the kept file in its place, then: python -m tools.torture.readers {_READ[reader]} PATH"
                finding = Finding(PART, _NAMES[reader], f"number {number} of seed {seed}", shown(wrong), again)
            kept = work / reader / f"wrong-{number}"
            record.add(PART, _NAMES[reader], finding, input_folder=kept if kept.exists() else work / reader / "now")
            done = number + 1


@dataclasses.dataclass
class _Child:
    """A process that tries versions from one number on, and tells of each."""

    base: Base
    folder: Path
    reader: str
    seed: int
    first: int
    count: int

    def answers(self, until: float) -> Iterator[tuple[int, str]]:
        """Number of each version that was tried, and what is wrong, until all are tried or one ends the process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        words = [self.reader, "--seed", str(self.seed), "--first", str(self.first), "--count", str(self.count)]
        with (self.folder / "log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "tools.torture.mutations", *words],
                env={**self.base.variables, "TORTURE_BASE": str(self.base.folder), "TORTURE_FOLDER": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,  # select() sees no lines that Python has already taken into a buffer
            )
        number, seconds = self.first, _SECONDS_TO_START
        assert child.stdout is not None
        try:
            while number < self.count and time.monotonic() < until:
                if not select.select([child.stdout], [], [], seconds)[0]:
                    yield number, f"hang: no answer after {seconds:.0f} s"
                    return
                line = child.stdout.readline()
                if not line:
                    yield number, f"abort: the process ended with code {child.wait()}"
                    return
                if line != b"ready\n":
                    yield number, json.loads(line)
                    number += 1
                seconds = _SECONDS
        finally:
            child.kill()
            child.wait()


# --- in the child --------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Door:
    """How one reader meets bytes.

    Attributes:
        versions: Damaged versions without end, each with the file that it stands in for.
        read: Reads whatever is there; raises ``CrlError`` to explain it.
    """

    versions: Iterator[tuple[Path, bytes]]
    read: Callable[[], object]


def _door(reader: str, base: Path, folder: Path, seed: int) -> _Door:
    if reader in ("config", "metrics"):
        place = _copied(base, folder) / {"config": "config.json", "metrics": "metrics.jsonl"}[reader]
        return _Door(_at(place, mutations(place.read_bytes(), seed)), lambda: READERS[reader](place.parent))
    if reader in ("yaml", "json"):
        place = folder / f"settings.{reader}"
        return _Door(_at(place, mutations(_settings(reader), seed)), lambda: READERS["settings"](place))
    if reader == "probe-set":
        place = folder / "set.npz"
        versions = archive_mutations((base / "set.npz").read_bytes(), seed)
        return _Door(_at(place, versions), lambda: READERS["probe-set"](place))
    if reader == "cache-entry":
        return _cache_door(folder, seed)
    return _checkpoint_door(reader, _copied(base, folder), seed)


def _at(place: Path, versions: Iterator[bytes]) -> Iterator[tuple[Path, bytes]]:
    return ((place, version) for version in versions)


def _copied(base: Path, folder: Path) -> Path:
    shutil.rmtree(folder / "victim", ignore_errors=True)
    shutil.copytree(base / "victim", folder / "victim")
    return folder / "victim"


def _settings(suffix: str) -> bytes:
    """A file with most settings of the smoke preset, and a comment where there are any."""
    values = {"seed": 3, "actor_depth": 8, "energy": "cosine", "discount": 0.95, "layer_norm": False, "critic_lr": 3e-4}
    values |= {"evaluation": "best_of_4", "num_envs": 16, "eval_env": None}
    if suffix == "json":
        return json.dumps(values, indent=2).encode()
    return ("# A study.\n" + "".join(f"{name}: {json.dumps(value)}\n" for name, value in values.items())).encode()


def _cache_door(folder: Path, seed: int) -> _Door:
    """A damaged entry is computed again, so that what comes out is always what was once put in."""
    import numpy as np

    from crl_probe.evidence.episodes import OnPolicyEpisodes
    from crl_probe.runs.run_info import RunInfo
    from crl_probe.store.cache import cached

    os.environ["CRL_PROBE_CACHE"] = str(folder / "cache")
    logging.getLogger("crl_probe").setLevel(logging.CRITICAL)
    info = RunInfo("name", "depth 4", "point_u_maze", 4, 4, 0, 480, "0" * 64)
    draw = np.random.default_rng(0)
    shapes = {"states": (2, 6, 4), "actions": (2, 5, 2), "commanded_goals": (2, 2), "distances": (2, 5)}
    arrays = {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    flags = {name: draw.random((2, 5)) < 0.5 for name in ("reached", "active")}
    good = OnPolicyEpisodes(run=info, tolerance=0.5, **arrays, **flags)
    cached("entry", OnPolicyEpisodes, [info], {}, lambda: good)
    (entry,) = (folder / "cache" / "results").glob("entry-*.npz")
    expected = digest_of(good)

    def read() -> None:
        found = cached("entry", OnPolicyEpisodes, [info], {}, lambda: good)
        assert digest_of(found) == expected, "accepted: a damaged entry gives other numbers"

    return _Door(_at(entry, archive_mutations(entry.read_bytes(), seed)), read)


def _checkpoint_door(reader: str, run_path: Path, seed: int) -> _Door:
    from crl_train.run_dir import RunDir
    from tools.torture.runs import hash_of

    logging.getLogger("absl").setLevel(logging.CRITICAL)
    run = RunDir(run_path)
    step = run.policy_steps()[-1]
    expected = hash_of(run, step)
    files = sorted(path for path in (run.policy / str(step)).rglob("*") if path.is_file())
    chosen = [path for path in files if (path.parent.name == "manifest") == (reader == "manifest")]
    contents = {path: path.read_bytes() for path in chosen}
    versions = {path: mutations(content, seed + number) for number, (path, content) in enumerate(contents.items())}

    def read() -> None:
        assert hash_of(run, step) == expected, "accepted: a damaged checkpoint has another content hash"

    return _Door(((path, next(versions[path])) for path in itertools.cycle(chosen)), read)


def _main(reader: str, seed: int, first: int, count: int) -> None:
    base, folder = Path(os.environ["TORTURE_BASE"]), Path(os.environ["TORTURE_FOLDER"])
    door = _door(reader, base, folder, seed)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever libraries print goes to the log
    print("ready", file=answers)
    for number, (place, version) in enumerate(itertools.islice(door.versions, first, count), first):
        good = place.read_bytes() if place.is_file() else b""
        place.write_bytes(version)
        _keep(folder / "now", place, version)
        wrong = ""
        try:
            reads_or_explains(lambda _: door.read(), b"")
        except AssertionError as error:
            wrong = str(error).removeprefix("input  (0 bytes: b'')").lstrip(": ")
            (folder / "now").rename(folder / f"wrong-{number}")
        place.write_bytes(good)
        print(json.dumps(wrong), file=answers)


def _keep(folder: Path, place: Path, version: bytes) -> None:
    """Keep what is tried next, so that it is still there if it ends the process."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / place.name).write_bytes(version)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description="Try damaged versions with one reader.")
    parser.add_argument("reader", choices=list(_NAMES))
    for option in ("--seed", "--first", "--count"):
        parser.add_argument(option, type=int, default=0)
    _main(**vars(parser.parse_args()))
