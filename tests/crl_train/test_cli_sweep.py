"""Sweeps finish what they find, mix no settings, and share a folder with other processes."""

import contextlib
import shutil
import signal

import pytest
from click.testing import CliRunner

from crl_train.cli import main
from crl_train.errors import RunExistsError
from crl_train.run_dir import RunDir
from crl_train.run_record import exclusive
from crl_train.training import is_complete
from tests.crl_train.helpers import invoke, new_run, refused, stop_training_by, tiny_config, train_until


@pytest.mark.parametrize("text", ["4;16", "deep", "16-4", ""])
def test_bad_depths_of_a_sweep_are_refused(tmp_path, text):
    assert "is neither a number nor a range" in refused("sweep", "point_u_maze", "--depths", text, "--out", tmp_path)


@pytest.mark.parametrize("option", ["--seed", "--actor-depth", "--critic-depth"])
def test_sweep_refuses_what_it_sets_itself(tmp_path, option):
    result = CliRunner().invoke(main, ["sweep", "point_u_maze", option, "4", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert f"No such option '{option}'" in result.output


@pytest.mark.parametrize("make_too_many", [("--depths", "4,8,12", "--seeds", "0-5000"), ("--seeds", "0-20000")])
def test_sweep_of_more_runs_than_anyone_trains_is_refused_before_it_is_listed(tmp_path, make_too_many):
    assert "10,000" in refused("sweep", "point_u_maze", *make_too_many, "--out", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_sweep_skips_what_is_complete_and_goes_on_with_what_is_not(tmp_path, tiny_file, finished_run):
    shutil.copytree(finished_run.path, tmp_path / "point_u_maze_d4_s0")
    interrupted = new_run(tmp_path / "point_u_maze_d4_s1", tiny_config(seed=1))
    train_until(interrupted, 5)
    result = invoke("sweep", "point_u_maze", "--depths", 4, "--seeds", "0-1", "--config", tiny_file, "--out", tmp_path)
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert f"{tmp_path / 'point_u_maze_d4_s0'} is complete; skipped." in result.stdout
    assert f"Continuing {interrupted.path}" in result.stdout
    assert is_complete(interrupted)


def test_sweep_does_not_mix_settings(tmp_path, tiny_file):
    new_run(tmp_path / "point_u_maze_d8_s0", tiny_config(width=24))
    message = refused("sweep", "point_u_maze", "--depths", "4,8", "--config", tiny_file, "--out", tmp_path)
    assert "exists with other settings (" in message
    assert "width=24 there" in message
    assert [path.name for path in tmp_path.iterdir()] == ["point_u_maze_d8_s0"]  # not even the first was trained


def test_sweep_leaves_to_other_processes_what_they_train(tmp_path, tiny_file, finished_run):
    shutil.copytree(finished_run.path, tmp_path / "point_u_maze_d4_s0")
    held = [new_run(tmp_path / f"point_u_maze_d4_s{seed}", tiny_config(seed=seed)) for seed in (1, 3)]
    args = ("sweep", "point_u_maze", "--depths", 4, "--seeds", "1,0,2,3", "--config", tiny_file, "--out", tmp_path)
    with exclusive(held[0]), exclusive(held[1]):
        result = invoke(*args)
        assert result.exit_code == 0, result.output + repr(result.exception)
        lines = result.stdout.splitlines()
        assert lines[0] == f"run 1 of 4: {held[0].path} is being trained by another process; skipped for now."
        assert result.stdout.count("skipped for now") == 2  # though both were tried again at the end
        assert "run 3 of 4, left in all: about " in result.stdout
        assert lines[-1] == ("Other processes are training 2 of 4 runs: point_u_maze_d4_s1, point_u_maze_d4_s3.")
        assert invoke(*args, "--quiet").output == ""
    assert is_complete(RunDir(tmp_path / "point_u_maze_d4_s2"))
    assert not held[0].policy_steps()


def test_sweep_takes_up_what_another_process_has_let_go_meanwhile(tmp_path, tiny_file, finished_run):
    freed = new_run(tmp_path / "point_u_maze_d4_s1", tiny_config(seed=1))
    with contextlib.ExitStack() as held, pytest.MonkeyPatch.context() as patch:
        held.enter_context(exclusive(freed))
        patch.setattr("crl_train.cli_sweep.start", lambda run, config, mesh: (new_run(run.path, config), held.close()))
        args = ("--depths", 4, "--seeds", "1,2", "--config", tiny_file, "--out", tmp_path)
        result = invoke("sweep", "point_u_maze", *args)
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert is_complete(freed)
    assert "Other processes" not in result.stdout


def test_sweep_whose_run_another_process_makes_first_leaves_it_to_that(tmp_path, tiny_file, monkeypatch):
    """It was not there when the sweep looked, and is there and locked when the sweep makes it."""
    with contextlib.ExitStack() as held:

        def other_is_first(run, config, mesh):
            held.enter_context(exclusive(new_run(run.path, config)))
            raise RunExistsError("exists")

        monkeypatch.setattr("crl_train.cli_sweep.start", other_is_first)
        result = invoke("sweep", "point_u_maze", "--depths", 4, "--config", tiny_file, "--out", tmp_path)
        assert result.exit_code == 0, result.output + repr(result.exception)
        assert result.stdout.endswith("Other processes are training 1 of 1 runs: point_u_maze_d4_s0.\n")


# --- stopped ---------------------------------------------------------------------------------------------


def test_sweep_that_a_signal_stops_names_itself_as_the_way_on_and_starts_nothing_more(tmp_path, tiny_file, monkeypatch):
    monkeypatch.setattr("sys.argv", ["crl-train", "sweep", "point_u_maze", "--out", "here it is"])
    stop_training_by(monkeypatch, signal.SIGUSR1)
    args = ("--depths", 4, "--seeds", "0-1", "--config", tiny_file, "--out", tmp_path)
    result = invoke("sweep", "point_u_maze", *args)
    assert result.exit_code == 75
    assert result.stdout.endswith("Saved. Continue with: crl-train sweep point_u_maze --out 'here it is'\n")
    assert [path.name for path in tmp_path.iterdir()] == ["point_u_maze_d4_s0"]


def test_signal_between_two_runs_of_a_sweep_stops_it_before_the_next_trains(tmp_path, tiny_file, monkeypatch):
    def start(run, config, mesh):
        new_run(run.path, config)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("crl_train.cli_sweep.start", start)
    result = invoke("sweep", "point_u_maze", "--depths", 4, "--config", tiny_file, "--out", tmp_path)
    assert result.exit_code == 75
    assert [path.name for path in (tmp_path / "point_u_maze_d4_s0").iterdir()] == ["config.json"]
