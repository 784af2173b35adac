"""Kill training with SIGKILL at any moment, saves above all, continue it, and compare the end bit for bit."""

import dataclasses
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from crl_train.errors import CrlError
from crl_train.run_dir import RunDir
from tools.torture.findings import Finding, Record, tail
from tools.torture.programs import Ended, Process, as_typed, environment, on_all_cores, run, wait_for
from tools.torture.runs import Ending, differences, ending_of, leftovers, policy_hash, settings, train_command

PART: Final = "kills"
EPOCHS: Final = 24
_KILLS_OF_A_RUN: Final = 8
_LATEST: Final = 0.05  # seconds between what was waited for and the kill
_SECONDS: Final = 600.0  # far more than any takes, on a machine that does other things besides

# What is saved, and when, differs between them; compiled programs do not, but for one.
_VARIANTS: Final[Sequence[Mapping[str, Any]]] = (
    {},
    {"seed": 1, "policy_every": 3, "resume_every": 2},
    {"seed": 2, "prefill": "uniform", "resume_every": 5},
    {"seed": 3, "policy_every": 5},
)

_ENDED_EQUAL: Final = "runs continued to their end: policies and metrics equal to the bit"
_STOPPED: Final = "stopped by SIGINT, SIGTERM, SIGHUP or SIGUSR1: saved, and how to go on is said"
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
_READABLE: Final = "newest checkpoint read after a kill"
_CLEAN: Final = "nothing left over at the end"


@dataclasses.dataclass(frozen=True)
class Aim:
    """When a process is killed.

    Attributes:
        kind: Row of the table.
        wait: Called with the process, its run and a generator; returns when it is time.
    """

    kind: str
    wait: Callable[[Process, Path, random.Random], None]


def _at_any_moment(process: Process, path: Path, rng: random.Random) -> None:
    wait_for(lambda: False, rng.uniform(0.0, 6.0), process)


def _around_a_save(process: Process, path: Path, rng: random.Random) -> None:
    folder = RunDir(path).policy if rng.random() < 0.5 else RunDir(path).resume
    for _ in range(rng.randint(1, 4)):
        wait_for(lambda: not _saving(folder), _SECONDS, process)
        wait_for(lambda: _saving(folder), _SECONDS, process)
    time.sleep(rng.uniform(0.0, _LATEST))


def _around_a_line_of_metrics(process: Process, path: Path, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 4)):
        before = _state(RunDir(path).metrics)
        wait_for(lambda: _state(RunDir(path).metrics) != before, _SECONDS, process)  # noqa: B023  # called at once
    time.sleep(rng.uniform(0.0, _LATEST))


def _saving(folder: Path) -> bool:
    try:
        return any(".unfinished" in name for name in os.listdir(folder))
    except FileNotFoundError:
        return False


def _state(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_ino, found.st_size)


_AIMS: Final = (
    Aim("killed at any moment", _at_any_moment),
    Aim("killed while a checkpoint is written", _around_a_save),
    Aim("killed around a line of metrics", _around_a_line_of_metrics),
)
_BEFORE_A_CHANGE: Final = "killed before a chosen change to the run's folder"
_WEIGHTS: Final = (3, 6, 3, 4)
_CHANGES_OF_A_LIFE: Final = 400


def torture(record: Record, work: Path, *, kills: int, seed: int, until: float) -> None:
    """Kill at least ``kills`` times, over as many runs as that takes, and report all that went wrong.

    Args:
        record: Receives counts and findings.
        work: Folder for the runs.
        kills: Number of kills.
        seed: Seeds all choices; moments depend on the machine all the same.
        until: Time of the monotonic clock after which no run is begun.
    """
    if not kills:
        return
    variants = _VARIANTS[: max(1, min(len(_VARIANTS), kills // _KILLS_OF_A_RUN))]
    variables = environment(work)
    expected = dict(
        on_all_cores(lambda number: (number, _uninterrupted(number, work, variables)), range(len(variants)))
    )
    share = kills / sum(_WEIGHTS)
    for kind, weight in zip((*(aim.kind for aim in _AIMS), _BEFORE_A_CHANGE), _WEIGHTS, strict=True):
        record.plan(PART, kind, int(share * weight * 0.5))  # chance decides: at least half of the expected number
    done, begun = 0, 0
    while done < kills and begun < 3 * kills and time.monotonic() < until:
        each = min(_KILLS_OF_A_RUN, kills)
        numbers = range(begun, begun + -(-(kills - done) // each))
        victims = [_Victim(record, work, variables, expected, seed, number, each) for number in numbers]
        done += sum(on_all_cores(lambda victim: victim.torment(until), victims))
        begun = numbers.stop
    if done < kills:
        record.plan(PART, "further kills", kills - done)


def _uninterrupted(variant: int, work: Path, variables: Mapping[str, str]) -> Ending:
    folder = work / "uninterrupted"
    folder.mkdir(parents=True, exist_ok=True)
    command = train_command(f"v{variant}", settings(EPOCHS, **_VARIANTS[variant]))
    ended = run(command, folder, variables, _SECONDS)
    if ended.code != 0:
        raise RuntimeError(f"a run that nobody interrupts fails: {tail(ended.output)}")
    return ending_of(folder / "runs" / f"v{variant}")


@dataclasses.dataclass(frozen=True)
class _Victim:
    """A run that is killed again and again."""

    record: Record
    work: Path
    variables: Mapping[str, str]
    expected: Mapping[int, Ending]
    seed: int
    number: int
    kills: int

    @property
    def variant(self) -> int:
        return self.number % len(self.expected)

    @property
    def folder(self) -> Path:
        return self.work / "killed" / f"{self.number:03}"

    @property
    def path(self) -> Path:
        return self.folder / "runs" / f"v{self.variant}"

    def torment(self, until: float) -> int:
        """Kill it some times, continue it to its end, and compare; returns the number of kills."""
        if time.monotonic() > until:
            return 0
        self.folder.mkdir(parents=True)
        rng = random.Random(f"{self.seed}/{self.number}")
        story: list[str] = []
        kills, stop_at = 0, rng.randint(0, self.kills // 2)
        while kills < self.kills and time.monotonic() < until:
            ended = self._one_life(rng, story)
            if ended is not None:  # it came to its end before the moment had come
                if not _is_over(ended):
                    self._wrong(_ENDED_EQUAL, story, f"exit code {ended.code} when continued", ended)
                    return kills
                break
            kills += 1
            self._read(story)
            if kills == stop_at:
                self._stop(rng, story)
        self._finish(story)
        return kills

    def _one_life(self, rng: random.Random, story: list[str]) -> Ended | None:
        command = self._command()
        which = rng.choices(range(len(_WEIGHTS)), _WEIGHTS)[0]
        if which < len(_AIMS):
            aim = _AIMS[which]
            process = Process(command, self.folder, self.variables)
            aim.wait(process, self.path, rng)
            process.kill()
            kind = aim.kind
        else:
            kind, change = _BEFORE_A_CHANGE, rng.randint(1, _CHANGES_OF_A_LIFE)
            command = ("dies_at", str(change), "runs", *command[1:])
            process = Process(command, self.folder, self.variables)
        ended = process.wait(_SECONDS)
        story.append(f"{as_typed(command)}  # {kind}, after {ended.seconds:.3f} s")
        if ended.code == -9:
            self.record.add(PART, kind)
            return None
        return ended

    def _stop(self, rng: random.Random, story: list[str]) -> None:
        """Ask a life politely to end, as terminals and schedulers do, some time after its first line of metrics."""
        command, sent = self._command(), rng.choice(_SIGNALS)
        process = Process(command, self.folder, self.variables)
        before = _state(RunDir(self.path).metrics)
        wait_for(lambda: _state(RunDir(self.path).metrics) != before, _SECONDS, process)
        time.sleep(rng.uniform(0.0, 5 * _LATEST))
        process.popen.send_signal(sent)
        ended = process.wait(_SECONDS)
        story.append(f"{as_typed(command)}  # {sent.name} after {ended.seconds:.3f} s")
        if ended.code is not None and ended.code > 0 and "crl-train resume" in ended.output:
            self.record.add(PART, _STOPPED)
        elif not _is_over(ended):
            self._wrong(_STOPPED, story, f"{sent.name}: exit code {ended.code} and no word on how to go on", ended)

    def _command(self) -> tuple[str, ...]:
        if RunDir(self.path).is_run:
            return ("crl-train", "resume", str(self.path.relative_to(self.folder)))
        return train_command(self.path.name, settings(EPOCHS, **_VARIANTS[self.variant]))

    def _read(self, story: Sequence[str]) -> None:
        """What a probe sees of the run just after a kill: its newest checkpoint, or that there is none."""
        if not RunDir(self.path).policy_steps():
            return
        try:
            policy_hash(self.path)
        except CrlError as error:
            self._wrong(_READABLE, story, f"a checkpoint that is listed cannot be read: {error}")
        else:
            self.record.add(PART, _READABLE)

    def _finish(self, story: list[str]) -> None:
        command = self._command()
        ended = run(command, self.folder, self.variables, _SECONDS)
        story.append(as_typed(command))
        if not _is_over(ended):
            self._wrong(_ENDED_EQUAL, story, f"exit code {ended.code} when continued", ended)
            return
        difference = differences(self.path, self.expected[self.variant])
        if difference:
            self._wrong(_ENDED_EQUAL, story, difference, ended)
            return
        self.record.add(PART, _ENDED_EQUAL)
        remains = leftovers(self.folder / "runs")
        if remains:
            self._wrong(_CLEAN, story, f"left over: {', '.join(remains[:4])}", ended)
        else:
            self.record.add(PART, _CLEAN)
        shutil.rmtree(self.folder)

    def _wrong(self, kind: str, story: Sequence[str], wrong: str, ended: Ended | None = None) -> None:
        finding = Finding(
            PART,
            kind,
            f"run {self.number} of seed {self.seed}",
            wrong,
            "\n".join(story),
            tail(ended.output) if ended else "",
        )
        self.record.add(PART, kind, finding, input_folder=self.folder)


def _is_over(ended: Ended) -> bool:
    """Whether training ended, in this process or, killed after its last checkpoint, in an earlier one."""
    return ended.code == 0 or (ended.code == 2 and "is complete" in ended.output)
