"""Training goes on without output, to another budget, and stops by signals with a code that says how."""

import shlex
import shutil
import signal
import subprocess

import pytest

from crl_train.run_dir import RunDir
from crl_train.run_record import read_record
from crl_train.training import is_complete
from tests.crl_train.helpers import (
    assert_same_run,
    crl_train,
    invoke,
    new_run,
    refused,
    stop_training_by,
    tiny_config,
    train_run,
    train_until,
)

# --- another budget --------------------------------------------------------------------------------------


def test_finished_run_trains_on_and_equals_one_that_was_planned_that_long(tmp_path, finished_run):
    run = RunDir(shutil.copytree(finished_run.path, tmp_path / "run"))
    result = invoke("resume", run.path, "--total-env-steps", 2000)
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert "is now 1,760 env steps in 5 epochs, as --total-env-steps 1760 --num-epochs 5 would have" in result.stdout
    planned = train_run(tmp_path / "planned", tiny_config(total_env_steps=1760, num_epochs=5))
    assert_same_run(run, planned)
    assert read_record(run)[0] == read_record(planned)[0]
    assert "is complete" in refused("resume", run.path, "--total-env-steps", 2000)


def test_unfinished_run_goes_on_to_another_budget(tmp_path, finished_run):
    run = new_run(tmp_path / "run", tiny_config(total_env_steps=1760, num_epochs=5))
    train_until(run, 6)  # in the middle of its second epoch
    assert invoke("resume", run.path, "--total-env-steps", 1120, "--quiet").exit_code == 0
    assert_same_run(run, finished_run)


# --- stopped ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ([signal.SIGUSR1], 75),
        ([signal.SIGHUP], 75),
        ([signal.SIGTERM], 75),
        ([signal.SIGXCPU], 75),
        ([signal.SIGINT], 130),
    ],
    ids=str,
)
def test_signal_saves_and_its_code_says_that_the_run_goes_on(tmp_path, tiny_file, monkeypatch, signals, code):
    stop_training_by(monkeypatch, *signals)
    result = invoke("run", "point_u_maze", "--depth", 4, "--config", tiny_file, "--out", tmp_path)
    assert result.exit_code == code
    run = RunDir(tmp_path / "point_u_maze_d4_s0")
    assert run.resume_steps() == (240,)
    assert result.stdout.splitlines()[-1] == f"Saved. Continue with: crl-train resume {run.path}"


def test_second_ctrl_c_ends_at_once_with_130(tmp_path, tiny_file, monkeypatch):
    def twice(*args):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("crl_train.training.after_unroll", twice)
    result = invoke("run", "point_u_maze", "--depth", 4, "--config", tiny_file, "--out", tmp_path)
    assert result.exit_code == 130
    assert "Aborted" not in result.output
    assert RunDir(tmp_path / "point_u_maze_d4_s0").resume_steps() == ()


# --- output that is lost ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["| head -1", ">&- 2>&- <&-"])
def test_training_goes_on_when_its_output_is_lost(tmp_path, tiny_file, lost):
    args = ("run", "point_u_maze", "--depth", 4, "--config", tiny_file, "--out", tmp_path)
    script = f"{shlex.join(crl_train(*args))} {lost}; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert is_complete(RunDir(tmp_path / "point_u_maze_d4_s0"))
    if lost != ">&- 2>&- <&-":
        assert ended.stderr.startswith("note: nothing can be written to stdout (")
        assert ended.stderr.endswith("training goes on; metrics.jsonl in the run's folder says how far it is.\n")
        assert ended.stderr.count("\n") == 1
