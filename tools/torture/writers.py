"""Two processes in every shared place: one run, one folder of runs, one report, one cache, one file."""

import contextlib
import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from crl_train.run_dir import RunDir
from tools.torture.findings import Finding, Record, tail
from tools.torture.inputs.case import EPOCHS, EVAL, PROBING, Base
from tools.torture.programs import Ended, Process, as_typed, wait_for
from tools.torture.runs import ENV, curve_of, differences, leftovers, options, settings, train_command

PART: Final = "writers"
_SECONDS: Final = 600.0
_RUNS: Final = ("victim", "healthy")
_REPORT: Final = (
    "crl-probe",
    "report",
    *_RUNS,
    *PROBING,
    "--sections",
    "success,geometry",
    "--quiet",
    "--out",
    "report",
)
_CSV: Final = ("crl-probe", "geometry", *_RUNS, *PROBING, "--format", "csv")
_SET: Final = ("crl-probe", "probe-set", *_RUNS, *PROBING, "--out", "set.npz")
_SWEPT: Final = {name: value for name, value in settings(3).items() if name != "seed"}
_SWEEP: Final = ("crl-train", "sweep", ENV, "--depths", "4", "--seeds", "0-3", "--out", "runs", *options(_SWEPT))


@dataclasses.dataclass(frozen=True)
class _Round:
    """One trial: an empty folder with links to two finished runs, and a cache of its own.

    Attributes:
        base: Good runs.
        folder: Where the trial happens.
        number: Which round of its kind.
    """

    base: Base
    folder: Path
    number: int

    def start(self, command: Sequence[str]) -> Process:
        """Start a command."""
        return Process(command, self.folder, {**self.base.variables, "CRL_PROBE_CACHE": str(self.folder / "cache")})

    def both(self, one: Sequence[str], other: Sequence[str]) -> tuple[Ended, Ended]:
        """Start two commands and wait for both. The second starts a little later, in each round another little."""
        first = self.start(one)
        time.sleep(0.4 * self.number)
        second = self.start(other)
        return first.wait(_SECONDS), second.wait(_SECONDS)


def torture(record: Record, base: Base, work: Path, *, rounds: int, until: float) -> None:
    """Let two processes meet in every shared place, several times.

    Args:
        record: Receives counts and findings.
        base: Good runs.
        work: Folder for the trials.
        rounds: Trials of each kind.
        until: Time of the monotonic clock after which no trial is begun.
    """
    for kind in _TRIALS if rounds else ():
        record.plan(PART, kind, rounds)
    for kind, (trial, commands) in _TRIALS.items():
        for number in range(rounds):
            if time.monotonic() > until:
                break
            folder = work / trial.__name__.strip("_") / str(number)
            folder.mkdir(parents=True)
            for name in _RUNS:
                (folder / name).symlink_to(base.folder / name)
            wrong, ends = trial(_Round(base, folder, number))
            printed = "\n".join(tail(ended.output) for ended in ends)
            typed = " & ".join(map(as_typed, commands))
            finding = Finding(PART, kind, f"round {number}", wrong, typed, printed) if wrong else None
            record.add(PART, kind, finding, input_folder=folder)


# Each returns what is wrong, or nothing, and how the commands ended.
_Answer = tuple[str, Sequence[Ended]]


def _one_run(at: _Round) -> _Answer:
    """Two resume one run: one trains it to its end, the other is told so."""
    at.base.copy("unfinished", at.folder / "unfinished")
    resume = ("crl-train", "resume", "unfinished")
    ends = at.both(resume, resume)
    codes = sorted(ended.code or 0 for ended in ends)
    told = all(ended.code == 0 or "another process" in ended.stderr or "is complete" in ended.stderr for ended in ends)
    if codes not in ([0, 2], [0, 0]) or not told:
        return f"exit codes {codes}: one of them is to train, and the other to say that it is being trained", ends
    return differences(at.folder / "unfinished", at.base.ending), ends


def _one_name(at: _Round) -> _Answer:
    """Two begin a run of one name: one makes it, the other finds it there."""
    train = train_command("r", settings(EPOCHS, seed=0), "runs")
    first = at.start(train)
    time.sleep(0.02 * at.number)  # the place is taken in the same moment
    second = at.start(train)
    ends = first.wait(_SECONDS), second.wait(_SECONDS)
    codes = sorted(ended.code or 0 for ended in ends)
    if codes != [0, 2]:
        return f"exit codes {codes}: one of them is to train, and the other to say that the run exists", ends
    difference = differences(at.folder / "runs" / "r", at.base.ending)
    remains = leftovers(at.folder / "runs")
    return difference or (f"left over: {', '.join(remains)}" if remains else ""), ends


def _one_sweep(at: _Round) -> _Answer:
    """Two sweep the same seeds in one folder: they share the work, and all runs are whole."""
    ends = at.both(_SWEEP, _SWEEP)
    codes = [ended.code for ended in ends]
    if codes != [0, 0]:
        return f"exit codes {codes}: each is to take the next run that nobody trains", ends
    runs = [at.folder / "runs" / f"{ENV}_d4_s{seed}" for seed in range(4)]
    short = [path.name for path in runs if len(curve_of(path)) != 3 or not RunDir(path).policy_steps()]
    remains = leftovers(at.folder / "runs")
    wrong = f"not whole: {', '.join(short)}" if short else ""
    return wrong or (f"left over: {', '.join(remains)}" if remains else ""), ends


def _one_report(at: _Round) -> _Answer:
    """Two write one report while somebody reads it: the page is always there and whole."""
    first = at.start(_REPORT).wait(_SECONDS)
    with _read_meanwhile(lambda: _page_is_whole(at.folder / "report")) as problems:
        ends = at.both(_REPORT, _REPORT)
    codes = [ended.code for ended in (first, *ends)]
    if codes != [0, 0, 0]:
        return f"exit codes {codes}", ends
    remains = [path.name for path in at.folder.iterdir() if path.name.startswith(".")]
    return (problems[0] if problems else "") or (f"left over: {', '.join(remains)}" if remains else ""), ends


def _one_cache(at: _Round) -> _Answer:
    """Two probes fill one empty cache: both print the numbers of a probe alone, and so does the next."""
    ends = at.both(_CSV, _CSV)
    next_one = at.start(_CSV).wait(_SECONDS)
    printed = {ended.stdout for ended in (*ends, next_one)}
    return ("" if len(printed) == 1 and ends[0].code == 0 else "they print different numbers"), [*ends, next_one]


def _one_file(at: _Round) -> _Answer:
    """Two write one probe set: it is missing or whole at any time, and can be used."""
    from crl_probe.evidence.probe_set import load_probe_set

    def is_whole() -> str:
        try:
            load_probe_set(at.folder / "set.npz")
        except FileNotFoundError:
            return ""
        except Exception as error:  # whatever it is, the file was not whole
            return f"the file could not be read meanwhile: {error}"
        return ""

    with _read_meanwhile(is_whole) as problems:
        ends = at.both(_SET, _SET)
    remains = [path.name for path in at.folder.iterdir() if path.name.startswith(".")]
    codes = [ended.code for ended in ends]
    wrong = f"exit codes {codes}" if codes != [0, 0] else problems[0] if problems else ""
    return wrong or (f"left over: {', '.join(remains)}" if remains else ""), ends


def _cleared_cache(at: _Round) -> _Answer:
    """The cache is cleared again and again while a report is written: the report is whole all the same."""
    report = at.start(_REPORT)
    clears: list[Ended] = []
    while report.is_running:
        clears.append(at.start(("crl-probe", "cache", "clear")).wait(_SECONDS))
    ended = report.wait(_SECONDS)
    failed = [clear for clear in clears if clear.code != 0]
    if ended.code != 0 or failed:
        return f"exit codes {ended.code} and {[clear.code for clear in clears]}", [ended, *failed]
    return _page_is_whole(at.folder / "report"), [ended]


def _read_while_trained(at: _Round) -> _Answer:
    """A run is probed while it is trained: its newest whole checkpoint is shown, or that there is none yet."""
    training = at.start(train_command("r", settings(40, seed=at.number), "runs"))
    wait_for(RunDir(at.folder / "runs" / "r").config.is_file, _SECONDS, training)
    ends: list[Ended] = []
    while training.is_running:
        ends.append(at.start(("crl-probe", "eval", "runs/r", *EVAL)).wait(_SECONDS))
    trained = training.wait(_SECONDS)
    unclear = [e for e in ends if e.code not in (0, 2) or (e.code == 2 and "no checkpoint found" not in e.stderr)]
    if trained.code != 0:
        return f"training ended with exit code {trained.code}", [trained]
    return (f"a probe ended with exit code {unclear[0].code}" if unclear else ""), unclear


def _swapped_folder(at: _Round) -> _Answer:
    """Two replace one folder a hundred times each, with pauses between their steps: it is never missing."""
    page = at.folder / "report" / "index.html"
    page.parent.mkdir()
    page.write_text("0")
    with _read_meanwhile(lambda: "" if page.is_file() else "the page is missing") as problems:
        ends = at.both(_SWAPS, _SWAPS)
    codes = [ended.code for ended in ends]
    wrong = f"exit codes {codes}" if codes != [0, 0] else ""
    wrong = wrong or (f"{len(problems)} times: {problems[0]}" if problems else "")
    remains = [path.name for path in at.folder.iterdir() if path.name.startswith(".")]
    return wrong or (f"left over: {', '.join(remains[:4])}" if remains else ""), ends


_SWAPS: Final = ("swaps", "report", "100")
_TRIALS: Final[Mapping[str, tuple[Callable[[_Round], _Answer], Sequence[Sequence[str]]]]] = {
    "two resume one run": (_one_run, [("crl-train", "resume", "unfinished")] * 2),
    "two begin a run of one name": (_one_name, [train_command("r", settings(EPOCHS, seed=0))] * 2),
    "two sweeps in one folder": (_one_sweep, [_SWEEP] * 2),
    "two reports into one folder, read meanwhile": (_one_report, [_REPORT] * 2),
    "two probes fill one cache": (_one_cache, [_CSV] * 2),
    "two probe sets into one file, read meanwhile": (_one_file, [_SET] * 2),
    "the cache is cleared beside a report": (_cleared_cache, [_REPORT, ("crl-probe", "cache", "clear")]),
    "a run is probed while it is trained": (_read_while_trained, [("crl-probe", "eval", "runs/r", *EVAL)]),
    "two replace one folder 100 times each, with pauses": (_swapped_folder, [_SWAPS] * 2),
}


@contextlib.contextmanager
def _read_meanwhile(complaint: Callable[[], str]) -> Iterator[list[str]]:
    """Ask again and again, in a thread, what is wrong with something that is written, and collect the answers."""
    problems: list[str] = []
    over = threading.Event()

    def read() -> None:
        while not over.wait(0.0005):
            if found := complaint():
                problems.append(found)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield problems
    finally:
        over.set()
        thread.join()


def _page_is_whole(report: Path) -> str:
    try:
        page, numbers = (report / "index.html").read_text(), (report / "metrics.json").read_text()
    except FileNotFoundError as error:
        return f"a reader misses {Path(str(error.filename)).name}"
    try:
        json.loads(numbers)
    except ValueError:
        return "metrics.json was cut short"
    return "" if page.rstrip().endswith("</html>") else "index.html was cut short"
