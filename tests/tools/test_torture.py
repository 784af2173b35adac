"""A small dose of every part of ``make torture``, so that it still runs on the day when somebody needs it."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.crl_train.helpers import train_until
from tools.torture import kills, mutations, writers
from tools.torture.__main__ import PARTS, main
from tools.torture.findings import Finding, Record
from tools.torture.inputs import trials
from tools.torture.inputs.case import Base
from tools.torture.judge import DONE, EITHER, REFUSED, Right, complaint
from tools.torture.programs import Ended, Process, as_typed, environment
from tools.torture.runs import ending_of
from tools.torture.worker import Worker

FOREVER = float("inf")


@pytest.fixture
def record(tmp_path):
    return Record(tmp_path / "out")


@pytest.fixture(scope="module")
def variables(tmp_path_factory):
    """Commands use the programs that the tests have compiled."""
    shared = {name: os.environ[name] for name in ("JAX_COMPILATION_CACHE_DIR", "NUMBA_CACHE_DIR")}
    return environment(tmp_path_factory.mktemp("surroundings"), **shared)


# --- right and wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ended", "right", "word"),
    [
        (Ended(0, "fine", "", 1), EITHER, ""),
        (Ended(2, "", "error: x is wrong: y. Do z.\n", 1), EITHER, ""),
        (Ended(None, "", "", 60), EITHER, "hang"),
        (Ended(-6, "", "", 1), EITHER, "abort: ended by SIGABRT"),
        (Ended(1, "", "Traceback (most recent call last):\nKeyError: 'x'\n", 1), EITHER, "traceback: KeyError: 'x'"),
        (Ended(0, "fine", "", 1), REFUSED, "accepted"),
        (Ended(2, "", "error: x\n", 1), DONE, "refused"),
        (Ended(2, "", "x\n", 1), EITHER, "unclear: 0 lines"),
        (Ended(2, "", "error: x\nerror: y\n", 1), EITHER, "unclear: 2 lines"),
        (Ended(2, "", f"error: {'x' * 5000}\n", 1), EITHER, "unclear: a line of 5,007"),
        (Ended(0, "\x1b[31m", "", 1), EITHER, "control characters"),
        (Ended(0, "", "", 1), Right(shows=("skipped",)), "silent: 'skipped'"),
        (Ended(0, "corrupt", "", 1), Right(hides=("corrupt",)), "wrong: 'corrupt'"),
        (Ended(0, "", "", 1), Right(check=lambda folder, ended: "lost: all"), "lost: all"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_end_is_right_or_named_wrong(tmp_path, ended, right, word):
    found = complaint(ended, right, tmp_path)
    assert found.startswith(word)
    assert bool(found) == bool(word)


@pytest.mark.slow
def test_a_worker_survives_what_ends_its_process(tmp_path, variables):
    with Worker(variables, tmp_path / "log") as worker:
        (tmp_path / "a.yaml").write_text("widht: 1\n")
        refused = worker.run(("readers", "settings", "a.yaml"), tmp_path)
        assert (refused.code, refused.stderr.count("\n")) == (2, 1)
        worker._process.kill()
        assert worker.run(("readers", "settings", "a.yaml"), tmp_path).code == -9
        assert worker.run(("readers", "settings", "a.yaml"), tmp_path).stderr == refused.stderr


def test_a_command_that_never_ends_is_ended(tmp_path, variables):
    ended = Process(("bash", "-c", "echo here; sleep 600"), tmp_path, variables).wait(0.5)
    assert (ended.code, ended.stdout) == (None, "here\n")


def test_figures_count_what_was_not_tried(record):
    record.plan("part", "kind", 3)
    with record.part("part"):
        record.add("part", "kind")
        record.add("part", "kind", Finding("part", "kind", "case", "lost: a | b", "command"))
    record.close()
    assert record.failed
    assert "| part | kind | 2 of 3 | 1 |" in (record.out / "figures.md").read_text()
    assert json.loads((record.out / "findings.json").read_text())[0]["wrong"] == "lost: a | b"


# --- every part once -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base(tmp_path_factory, variables, finished_run, second_run):
    """What cases are made from, of the runs that the tests have trained anyway."""
    from crl_probe.cli import main as probe

    folder = tmp_path_factory.mktemp("base")
    shutil.copytree(finished_run.path, folder / "victim")
    shutil.copytree(second_run.path, folder / "healthy")
    train_until(_started(finished_run, folder / "unfinished"), unrolls=5)
    runs = [str(folder / name) for name in ("victim", "healthy")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRL_PROBE_CACHE", str(folder / "cache"))
        printed = CliRunner().invoke(probe, ["eval", *runs, "--episodes", "4", "--format", "json"])
        options = ("--episodes", "4", "--goals", "2", "--workers", "1")
        assert (
            CliRunner().invoke(probe, ["probe-set", *runs, *options, "--out", str(folder / "set.npz")]).exit_code == 0
        )
    rows = {row["run"]: row for row in json.loads(printed.stdout)}
    return Base(folder, {**variables, "CRL_PROBE_CACHE": str(folder / "cache")}, rows, ending_of(folder / "victim"))


def _started(run, path):
    """A run with the same config that has not begun."""
    from crl_train.run_dir import RunDir

    path.mkdir()
    shutil.copyfile(run.config, path / "config.json")
    return RunDir(path)


def tried(record, part):
    rows = [row for row in record._rows.values() if row.part == part]
    return {row.kind: row.tried for row in rows}


@pytest.mark.slow
def test_kills_end_in_the_same_run(record, tmp_path, variables, monkeypatch):
    monkeypatch.setattr(kills, "environment", lambda work: variables)
    monkeypatch.setattr(kills, "EPOCHS", 4)
    kills.torture(record, tmp_path, kills=1, seed=1, until=FOREVER)
    found = tried(record, kills.PART)
    assert sum(count for kind, count in found.items() if kind.startswith("killed")) >= 1
    assert found["runs continued to their end: policies and metrics equal to the bit"] >= 1
    assert not [finding for finding in record.findings if "equal" in finding.kind]


@pytest.mark.slow
def test_inputs_are_tried_and_judged(record, base, tmp_path, monkeypatch):
    monkeypatch.setattr(trials, "_DOORS", trials._DOORS[:2])
    monkeypatch.setattr(trials, "_FEWEST", 2)
    monkeypatch.setattr(trials.surroundings, "cases", lambda base: iter(()))
    trials.torture(record, base, tmp_path / "work", count=10, seed=0, until=FOREVER)
    assert sum(tried(record, trials.PART).values()) >= 10
    assert all(row.tried >= row.wanted for row in record._rows.values())
    assert all(finding.reproduce.startswith(("crl-", "CRL_")) for finding in record.findings)


@pytest.mark.slow
def test_mutations_are_read_or_explained(record, base, tmp_path, monkeypatch):
    names = {reader: mutations._NAMES[reader] for reader in ("json", "manifest")}
    monkeypatch.setattr(mutations, "_NAMES", names)
    mutations.torture(record, base, tmp_path / "work", count=30, seed=0, until=FOREVER)
    assert tried(record, mutations.PART) == dict.fromkeys(names.values(), 30)


@pytest.mark.slow
def test_writers_meet(record, base, tmp_path, monkeypatch):
    name = "two replace one folder 100 times each, with pauses"
    monkeypatch.setattr(writers, "_TRIALS", {name: writers._TRIALS[name]})
    writers.torture(record, base, tmp_path / "work", rounds=1, until=FOREVER)
    assert tried(record, writers.PART) == {name: 1}


def test_every_case_of_every_door_can_be_laid_out(base, tmp_path, monkeypatch):
    """Lays out a sample and runs nothing: a case that cannot be made is a case that is never tried."""
    monkeypatch.setattr(trials.archives, "run", lambda *args: Ended(0, "", "", 0))
    (base.folder / "report").mkdir(exist_ok=True)
    made = [case for cases in trials._DOORS for case in cases(base)]
    assert len(made) >= 500
    assert len({(case.door, case.name) for case in made}) == len(made)
    for number, case in enumerate(made[::40]):
        if case.door != "report folders":
            folder = tmp_path / str(number)
            folder.mkdir()
            case.lay_out(folder)
            assert as_typed(case.command)


def test_the_page_of_promises_names_tests_and_parts_that_are_there(record):
    root = Path(__file__).parents[2]
    text = (root / "docs" / "reliability.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:crl_train|crl_probe|tests)/[\w/]+\.py)`", text))
    assert len(named) > 10
    assert not [name for name in named if not (root / name).exists() and not (root / "tests" / name).exists()]
    assert all(f"| {part} |" in text for part in PARTS)
    assert record.table().splitlines()[0] in text


def test_help_says_what_there_is():
    printed = CliRunner().invoke(main, ["--help"]).output
    assert all(option in printed for option in ("--kills", "--mutations", "--minutes", "--only", "--out"))
