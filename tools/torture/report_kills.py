"""Kill ``crl-probe report`` while it writes: the report of before stays whole, and the next one leaves no remains."""

import json
import os
import random
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.torture.findings import Finding, Record, tail
from tools.torture.kills import PART
from tools.torture.programs import Process, as_typed, environment, on_all_cores, run, wait_for
from tools.torture.runs import settings, train_command

_KILLED: Final = "report killed while it is written: the one of before is whole"
_NEXT: Final = "report after a killed one: whole, nothing left over"
_ORPHANS: Final = "report killed: its worker processes end"
_COMMAND: Final = ("crl-probe", "report", "runs/*", "--out", "report", "--sections", "success,geometry")
_QUICK: Final = ("--episodes", "4", "--goals", "2", "--quiet")
_SECONDS: Final = 600.0
_SECONDS_TO_END: Final = 20.0


def torture(record: Record, work: Path, *, kills: int, seed: int, until: float) -> None:
    """Kill reports at random moments of their writing.

    Args: as of :func:`tools.torture.kills.torture`.
    """
    if not kills:
        return
    record.plan(PART, _KILLED, kills)
    folders = [work / "reports" / str(number) for number in range(min(2, kills))]
    variables = environment(work)
    first = folders[0]
    first.mkdir(parents=True)
    for seed_of_run in range(2):
        run(train_command(f"s{seed_of_run}", settings(2, seed=seed_of_run)), first, variables, _SECONDS)
    written = run((*_COMMAND, *_QUICK), first, variables, _SECONDS)
    if written.code != 0:
        raise RuntimeError(f"a report that nobody interrupts fails: {tail(written.output)}")
    for other in folders[1:]:
        shutil.copytree(first, other)
    shares = [(folder, len(range(number, kills, len(folders)))) for number, folder in enumerate(folders)]
    list(on_all_cores(lambda share: _torment(record, *share, variables, seed, until), shares))


def _torment(record: Record, folder: Path, kills: int, variables: Mapping[str, str], seed: int, until: float) -> None:
    rng = random.Random(f"{seed}/{folder.name}")
    for number in range(kills):
        if time.monotonic() > until:
            return
        # Without the cache a report is measured and drawn; with it, most of the time goes into writing.
        command = (*_COMMAND, *_QUICK, *(("--no-cache",) if rng.random() < 0.3 else ()))
        before = _content(folder / "report")
        process = Process(command, folder, variables)
        page_first = rng.random() < 0.5
        wait_for(lambda: _is_writing(folder, "index.html" if page_first else ""), _SECONDS, process)  # noqa: B023
        time.sleep(rng.uniform(0.0, 0.02 if page_first else 2.0))
        process.kill()
        orphaned = not wait_for(lambda: not _others_run(process), _SECONDS_TO_END)  # noqa: B023
        process.kill_session()
        ended = process.wait(_SECONDS)
        told = {"case": f"report {folder.name}, kill {number} of seed {seed}", "tail": tail(ended.output)}
        typed = f"{as_typed(command)}  # kill -9 after {ended.seconds:.2f} s"
        wrong = _damage(folder / "report", before)
        _add(record, _KILLED, wrong, typed, told, folder)
        _add(record, _ORPHANS, "its workers run on" if orphaned else "", typed, told, None)
        ended = run((*_COMMAND, *_QUICK), folder, variables, _SECONDS)
        remains = [path.name for path in folder.iterdir() if path.name.startswith(".")]
        wrong = f"exit code {ended.code}" if ended.code else _damage(folder / "report", None)
        wrong = wrong or (f"left over beside the report: {', '.join(remains)}" if remains else "")
        _add(record, _NEXT, wrong, f"{typed}\n{as_typed((*_COMMAND, *_QUICK))}", told, folder)
        for name in remains:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).unlink(missing_ok=True)


def _add(record: Record, kind: str, wrong: str, typed: str, told: Mapping[str, str], folder: Path | None) -> None:
    finding = Finding(PART, kind, told["case"], wrong, typed, told["tail"]) if wrong else None
    record.add(PART, kind, finding, input_folder=folder)


def _is_writing(folder: Path, file: str) -> bool:
    """Whether a new report is on its way beside the old one, and has this file."""
    return any((entry / file).exists() for entry in folder.iterdir() if entry.name.startswith("."))


def _others_run(process: Process) -> bool:
    """Whether anything of the killed process's session still runs."""
    session = process.popen.pid
    for entry in os.listdir("/proc"):
        if not entry.isdecimal() or int(entry) == session:
            continue
        try:
            fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            return True
    return False


def _content(report: Path) -> dict[str, int]:
    return {str(path.relative_to(report)): path.stat().st_size for path in report.rglob("*") if path.is_file()}


def _damage(report: Path, before: Mapping[str, int] | None) -> str:
    """What is wrong with a report; with the old one's files given, it must be that or a new one of the same files."""
    try:
        page, numbers = (report / "index.html").read_text(), (report / "metrics.json").read_text()
    except OSError as error:
        return f"a file is missing: {error}"
    if not page.rstrip().endswith("</html>"):
        return "index.html is cut short"
    try:
        json.loads(numbers)
    except ValueError:
        return "metrics.json is cut short"
    if before is not None and set(_content(report)) != set(before):
        return f"files differ: {sorted(set(before) ^ set(_content(report)))[:4]}"
    return ""
