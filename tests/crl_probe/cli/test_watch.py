"""Following training: what counts as news, what is printed, and which errors do not end it. No test waits."""

import errno
import os
from pathlib import Path

import pytest

from crl_probe.cli.watch import SECONDS_BETWEEN_SNAPSHOTS, Snapshot, follow, news, take_snapshot
from crl_train.errors import CheckpointError, ConfigError, NotARunError


def make_checkpoint(run, steps, written=1):
    folder = run / "policy" / str(steps)
    folder.mkdir(parents=True)
    (run / "config.json").touch()
    os.utime(folder, (written, written))


class Enough(Exception):
    """Raised instead of sleeping once there is nothing left to see."""


class Trip:
    """A world that changes while ``follow`` sleeps, and the messages and reports it gets meanwhile."""

    def __init__(self, *sights, failures=()):
        self.sights = list(sights)
        self.failures = dict(failures)
        self.notified, self.rendered, self.slept = [], [], []

    def look(self):
        return self.sights[0]

    def render(self, told):
        self.rendered.append(told)
        if told in self.failures:
            raise self.failures[told]

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.sights.pop(0)
        if not self.sights:
            raise Enough

    def go(self):
        with pytest.raises(Enough):
            follow(self.look, self.render, notify=self.notified.append, sleep=self.sleep)
        return self


def at(*steps):
    return Snapshot({Path("runs/maze_d4_s0"): [(one, 1) for one in steps]})


def test_a_report_is_written_for_each_new_checkpoint_and_not_otherwise():
    trip = Trip(at(80), at(80), at(80, 160), at(80, 160)).go()
    assert trip.rendered == ["maze_d4_s0 at 80 steps", "maze_d4_s0 at 160 steps"]
    assert trip.slept == [SECONDS_BETWEEN_SNAPSHOTS] * 4
    assert trip.notified == []


def test_it_waits_for_the_first_checkpoint_and_says_so_once():
    none = Snapshot({}, "'maze_*' matches nothing.")
    trip = Trip(none, none, Snapshot({}, "no checkpoint yet in maze_d4_s0."), at(80)).go()
    assert trip.notified == ["Waiting: 'maze_*' matches nothing.", "Waiting: no checkpoint yet in maze_d4_s0."]
    assert trip.rendered == ["maze_d4_s0 at 80 steps"]


@pytest.mark.parametrize("names", [("a", "b"), ("only",), ()], ids=len)
def test_a_folder_of_runs_is_refused_and_not_waited_for(tmp_path, names):
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    for name in names:
        make_checkpoint(folder / name, 80)
    trip = Trip(take_snapshot([str(folder)], None))
    with pytest.raises(NotARunError, match=f"'{folder}' is not a run" + (".* It holds .*: use '" if names else "")):
        follow(trip.look, trip.render, notify=trip.notified.append, sleep=trip.sleep)
    assert (trip.notified, trip.rendered, trip.slept) == ([], [], [])


def test_a_folder_that_comes_later_and_is_no_run_ends_nothing(tmp_path):
    make_checkpoint(tmp_path / "run", 80)
    first = take_snapshot([str(tmp_path / "*")], None)
    (tmp_path / "notes").mkdir()
    second = take_snapshot([str(tmp_path / "*")], None)
    trip = Trip(first, second, first).go()
    assert trip.rendered == ["run at 80 steps"] * 2
    assert trip.notified == [f"Waiting: '{tmp_path / 'notes'}' is not a run: it has no config.json."]


def test_a_run_that_cannot_be_read_now_is_waited_for(tmp_path, monkeypatch):
    make_checkpoint(tmp_path / "run", 80)

    def fail(path):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))

    monkeypatch.setattr(Path, "iterdir", fail)
    assert take_snapshot([str(tmp_path / "run")], None) == Snapshot({}, "no checkpoint yet in run.")


def test_later_errors_are_printed_and_watching_continues(capsys):
    failures = {
        "maze_d4_s0 at 160 steps": CheckpointError("checkpoint '160' is corrupt."),
        "maze_d4_s0 at 240 steps": ConfigError("runs differ."),
        "maze_d4_s0 at 320 steps": OSError(28, "No space left on device"),
    }
    trip = Trip(at(80), at(160), at(240), at(320), at(400), failures=failures).go()
    assert trip.rendered[-1] == "maze_d4_s0 at 400 steps"
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in told] == ["no new report"] * 3
    assert "checkpoint '160' is corrupt." in told[0]


def test_what_cannot_be_asked_is_refused_at_once_and_half_a_run_is_waited_for(capsys):
    wrong = Trip(at(80), failures={"maze_d4_s0 at 80 steps": ConfigError("out holds a thesis.")})
    with pytest.raises(ConfigError, match="thesis"):
        follow(wrong.look, wrong.render, notify=wrong.notified.append, sleep=wrong.sleep)
    half = Trip(at(80), at(160), failures={"maze_d4_s0 at 80 steps": CheckpointError("corrupt.")}).go()
    assert half.rendered == ["maze_d4_s0 at 80 steps", "maze_d4_s0 at 160 steps"]
    assert "no new report: corrupt." in capsys.readouterr().err


def test_a_look_sees_whole_checkpoints_of_the_runs_there_are_now(tmp_path):
    patterns = [str(tmp_path / "maze_*")]
    assert "matches nothing" in take_snapshot(patterns, None).problem
    first, second = tmp_path / "maze_d4_s0", tmp_path / "maze_d4_s1"
    first.mkdir()
    (first / "config.json").touch()
    assert take_snapshot(patterns, None) == Snapshot({}, "no checkpoint yet in maze_d4_s0.")
    make_checkpoint(first, 80)
    make_checkpoint(first, 160)
    (first / "policy" / "240.orbax-checkpoint-tmp-7").mkdir()
    assert take_snapshot(patterns, None).runs == {first: ((160, 10**9),)}
    assert take_snapshot(patterns, 80).runs == {first: ((80, 10**9),)}
    assert take_snapshot(patterns, "all").runs == {first: ((80, 10**9), (160, 10**9))}
    assert take_snapshot(patterns, 240).problem == "no checkpoint yet in maze_d4_s0."
    before = take_snapshot(patterns, None)
    make_checkpoint(second, 80)
    assert news(before, take_snapshot(patterns, None)) == "maze_d4_s1 at 80 steps"


def test_a_checkpoint_that_was_made_again_is_news(tmp_path):
    make_checkpoint(tmp_path / "run", 80)
    before = take_snapshot([str(tmp_path / "run")], None)
    os.utime(tmp_path / "run" / "policy" / "80", (2, 2))
    assert news(before, take_snapshot([str(tmp_path / "run")], None)) == "run at 80 steps"


def test_news_of_many_runs_fit_a_line():
    runs = {Path(f"d{depth}"): [(1_000, 1)] for depth in (4, 8, 16, 32, 64)}
    assert news(Snapshot({}), Snapshot(runs)) == "d4 at 1,000 steps, d8 at 1,000 steps, d16 at 1,000 steps and 2 more"
    assert news(Snapshot(runs), Snapshot({path: runs[path] for path in list(runs)[:4]})) == "d64 is gone"
