"""Try all cases: in worker processes, a sample also as the real command in a process of its own."""

import queue
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tools.torture.findings import Finding, Record, tail
from tools.torture.inputs import (
    archives,
    checkpoints,
    command_lines,
    places,
    report_folders,
    run_files,
    settings_files,
    surroundings,
)
from tools.torture.inputs.case import Base, Case
from tools.torture.judge import complaint
from tools.torture.programs import Ended, as_typed, on_all_cores, run
from tools.torture.worker import Worker

PART: Final = "inputs"
_REAL_EVERY: Final = 25
_FEWEST: Final = 20  # cases of a door
_REAL: Final = "a sample of these as real processes: the same code and last line"
_DOORS: Final[tuple[Callable[[Base], Iterator[Case]], ...]] = (
    run_files.cases,
    settings_files.cases,
    archives.cases,
    checkpoints.cases,
    places.cases,
    report_folders.cases,
    command_lines.cases,
)


def torture(record: Record, base: Base, work: Path, *, count: int, seed: int, until: float) -> None:
    """Try some of the cases at every door.

    Args:
        record: Receives counts and findings.
        base: What cases are made from.
        work: Folder for the cases.
        count: About how many, of each door the same part and at least a few.
        seed: Seeds which.
        until: Time of the monotonic clock after which no case is begun.
    """
    if not count:
        return
    made = [case for cases in (*_DOORS, surroundings.cases) for case in cases(base)]
    numbered = list(enumerate(_some(made, count, seed)))
    chosen = [(number, case) for number, case in numbered if not case.is_alone]
    alone = [(number, case) for number, case in numbered if case.is_alone]
    for door, count in Counter(case.door for _, case in (*chosen, *alone)).items():
        record.plan(PART, door, count)
    workers: queue.Queue[Worker] = queue.Queue()

    def try_one(numbered: tuple[int, Case]) -> None:
        if time.monotonic() > until:
            return
        number, case = numbered
        # A worker stays with its core, for what its threads are: whichever thread asks, both keep the CPU busy.
        worker = _free(workers, base, work)
        try:
            _try(record, base, worker, case, work / f"{number:04}", real=number % _REAL_EVERY == 0)
        finally:
            workers.put(worker)

    try:
        list(on_all_cores(try_one, chosen))
    finally:
        while not workers.empty():
            workers.get().stop()
    list(on_all_cores(lambda numbered: _try_alone(record, base, work, *numbered, until), alone))


def _some(cases: Sequence[Case], count: int, seed: int) -> Iterator[Case]:
    """The same part of the cases of each door, and at least a few."""
    rng = random.Random(seed)
    for door in dict.fromkeys(case.door for case in cases):
        there = [case for case in cases if case.door == door]
        wanted = max(_FEWEST, round(count * len(there) / len(cases)))
        kept = sorted(rng.sample(range(len(there)), min(wanted, len(there))))
        yield from (there[place] for place in kept)


def _free(workers: "queue.Queue[Worker]", base: Base, work: Path) -> Worker:
    try:
        return workers.get_nowait()
    except queue.Empty:
        work.mkdir(parents=True, exist_ok=True)
        return Worker(base.variables, work / f"log-{time.monotonic_ns()}")


def _try(record: Record, base: Base, worker: Worker, case: Case, folder: Path, *, real: bool) -> None:
    folder.mkdir(parents=True)
    case.lay_out(folder)
    ended = worker.run(case.command, folder, variables=case.variables, trains=case.trains, seconds=case.seconds)
    _judge(record, case, ended, folder)
    shutil.rmtree(folder, ignore_errors=True)
    # What is accepted would really be trained; what is refused costs no more than the start of a process.
    if real and (ended.code == 2 or case.command[0] != "crl-train"):
        folder.mkdir()
        case.lay_out(folder)
        again = run(case.command, folder, {**base.variables, **case.variables}, 2 * case.seconds)
        same = again.code == ended.code and again.stderr.splitlines()[-1:] == ended.stderr.splitlines()[-1:]
        wrong = "" if same else f"exit code {again.code} instead of {ended.code}, or another last line"
        record.add(PART, _REAL, _finding(case, wrong, again, _REAL), input_folder=folder)
        shutil.rmtree(folder, ignore_errors=True)


def _try_alone(record: Record, base: Base, work: Path, number: int, case: Case, until: float) -> None:
    if time.monotonic() > until:
        return
    folder = work / f"{number:04}"
    folder.mkdir(parents=True)
    case.lay_out(folder)
    ended = run(case.command, folder, {**base.variables, **case.variables}, case.seconds)
    _judge(record, case, ended, folder)
    shutil.rmtree(folder, ignore_errors=True)


def _judge(record: Record, case: Case, ended: Ended, folder: Path) -> None:
    try:
        wrong = complaint(ended, case.right, folder, case.command)
    except Exception as error:  # a check that stumbles over what it finds is a failure of that case, not of the others
        wrong = f"the check fails: {type(error).__name__}: {error}"
    record.add(PART, case.door, _finding(case, wrong, ended, case.door), input_folder=folder)


def _finding(case: Case, wrong: str, ended: Ended, kind: str) -> Finding | None:
    if not wrong:
        return None
    return Finding(PART, kind, case.name, wrong, as_typed(case.command, **case.variables), tail(ended.output))
