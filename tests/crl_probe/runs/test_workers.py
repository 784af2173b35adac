"""One function over all agents: in order, here or in other processes, and honest about those that die."""

import dataclasses
import multiprocessing
import os
import signal
import time

import pytest

from crl_probe.runs.errors import ProbeError
from crl_probe.runs.loading import load_run
from crl_probe.runs.workers import map_calls, map_runs, no_stragglers, usable_workers


@pytest.fixture(scope="module")
def stages(finished_run):
    return [load_run(finished_run.path, step) for step in (480, 800, 1120)]


def scaled_steps(run, factor):
    return factor * run.env_steps


def process_of(_run):
    return os.getpid()


def die(_run):
    os.kill(os.getpid(), signal.SIGKILL)


def touch_after(path, seconds):
    time.sleep(seconds)
    path.touch()


def stumble(run):
    raise ProbeError(f"no {run.env_steps}. Try another.")


def test_results_come_in_the_order_of_the_runs(stages):
    arguments = [(1,), (10,), (100,)]
    assert list(map_runs(scaled_steps, stages, arguments, workers=1)) == [480, 8_000, 112_000]


def test_calls_are_made_when_their_results_are_taken():
    called = []
    results = map_calls(lambda number: called.append(number) or 2 * number, [(1,), (2,)], workers=1)
    assert called == []
    assert next(results) == 2
    assert called == [1]


def test_workers_are_cores_at_most_and_one_for_one_run():
    assert usable_workers(1) == 1
    assert 1 <= usable_workers(100) <= (os.cpu_count() or 1)


@pytest.mark.slow
def test_other_processes_do_the_same_and_are_used_again(stages):
    arguments = [(1,), (10,), (100,)]
    assert list(map_runs(scaled_steps, stages, arguments, workers=2)) == [480, 8_000, 112_000]
    first, again = (set(map_runs(process_of, stages, [()] * 3, workers=2)) for _ in range(2))
    assert os.getpid() not in first
    assert len(first | again) <= 2


@pytest.mark.slow
def test_what_goes_wrong_in_a_process_is_said_here(stages):
    with pytest.raises(ProbeError, match=r"no 480\. Try another"):
        list(map_runs(stumble, stages, [()] * 3, workers=2))
    with pytest.raises(ProbeError, match="a worker process was killed: most likely there was not enough memory"):
        list(map_runs(die, stages, [()] * 3, workers=2))
    assert list(map_runs(scaled_steps, stages, [(1,)] * 3, workers=2)) == [480, 800, 1120]


def fail_once_there(early, late):
    with no_stragglers():
        # Late enough for a busy machine: the process that would touch it is ended long before.
        map_calls(touch_after, [(early, 0.0), (late, 20.0)], workers=2)
        deadline = time.monotonic() + 60
        while not early.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        raise KeyboardInterrupt


@pytest.mark.slow
def test_workers_begin_at_once_and_none_outlives_a_failure(tmp_path):
    early, late = tmp_path / "early", tmp_path / "late"
    with pytest.raises(KeyboardInterrupt):
        fail_once_there(early, late)
    assert early.exists()
    assert not multiprocessing.active_children()
    assert not late.exists()


@pytest.mark.slow
def test_workers_never_answer_for_another_checkpoint(stages):
    replaced = [dataclasses.replace(run, content_hash="0" * 64) for run in stages]
    with pytest.raises(ProbeError, match=r"checkpoint 480 of .* was replaced while it was probed"):
        list(map_runs(scaled_steps, replaced, [(1,)] * 3, workers=2))


def test_an_agent_cut_in_memory_is_measured_here(stages):
    cut = [run.prefix(0) for run in stages]
    assert set(map_runs(process_of, cut, [()] * 3, workers=2)) == {os.getpid()}
