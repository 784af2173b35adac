"""A run goes from its config to its last checkpoint; stopped or killed on the way, it loses nothing."""

import dataclasses
import itertools
import json
import math
import shutil
import signal
import subprocess
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from crl_train.checkpoint import restore_resume_point, save_policy, save_resume_point
from crl_train.compiled_steps import _compile_steps, compiled_steps
from crl_train.envs import make_env, register_env
from crl_train.envs.point_maze import PointMaze
from crl_train.errors import CheckpointError, ConfigError, RunExistsError
from crl_train.evaluation import roll_out_episodes
from crl_train.goal_metrics import summarise_success
from crl_train.progress import Progress, progress_of
from crl_train.run_dir import RunDir
from crl_train.run_record import exclusive, read_metrics
from crl_train.training import is_complete, train
from tests.crl_train.helpers import (
    FakeObserver,
    assert_same_run,
    crl_train,
    invoke,
    new_run,
    policy_of,
    refused,
    timeless_metrics,
    tiny_config,
    train_run,
    train_until,
)
from tests.crl_train.test_rollout import Counter

# --- a whole run -----------------------------------------------------------------------------------------


def test_run_keeps_a_policy_and_a_line_for_every_epoch(finished_run):
    # 2 unrolls of prefill and 4 an epoch, of 80 steps each: epochs end after 6, 10 and 14 unrolls.
    assert finished_run.policy_steps() == (480, 800, 1120)
    assert finished_run.resume_steps() == (1120,)
    assert is_complete(finished_run)
    rows = read_metrics(finished_run)
    assert [(row["epoch"], row["env_steps"], row["updates"]) for row in rows] == [
        (1, 480, 12),
        (2, 800, 24),
        (3, 1120, 36),
    ]


def test_line_of_metrics_has_every_number_and_only_finite_ones(finished_run):
    row = read_metrics(finished_run)[-1]
    assert {"critic/loss", "actor/loss", "entropy/coefficient", "eval/success_rate", "time/seconds"} < set(row)
    assert all(value is None or math.isfinite(value) for value in row.values())
    assert [name for name, value in row.items() if value is None] in ([], ["eval/time_to_goal"])


def test_compiled_functions_depend_on_nothing_that_runs_may_share_them_over():
    # As many steps and unrolls an epoch; the seed reaches a program as the key it is called with.
    schedule = {
        "seed": 7,
        "prefill": "uniform",
        "total_env_steps": 2080,
        "num_epochs": 6,
        "policy_every": 3,
        "resume_every": 2,
    }
    one, other = tiny_config(), tiny_config(**schedule)
    assert compiled_steps(one) is compiled_steps(other)
    assert compiled_steps(one) is not compiled_steps(tiny_config(discount=0.9))
    programs = [_compile_steps.__wrapped__(config, False, None) for config in (one, other)]
    key = jax.random.key(0)
    state = jax.eval_shape(programs[0].init, key)
    params = state.learner.params
    for name, args in {"init": (key,), "collect": (state, False), "evaluate": (params, key)}.items():
        first, second = (getattr(steps, name).lower(*args).as_text() for steps in programs)
        assert first == second, name
    # Tracing an update takes longest, and its lowered text repeats it.
    first, second = (str(jax.make_jaxpr(steps.learn)(state)) for steps in programs)
    assert first == second


def test_steps_write_the_replay_in_place():
    """A state's memory is that of the next; beside it a program needs far less than a second replay."""
    steps = compiled_steps(tiny_config(max_replay_size=20_000))
    state = jax.eval_shape(steps.init, jax.random.key(0))
    replay = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(state.replay))
    for name, args in {"collect": (state, False), "learn": (state,)}.items():
        memory = getattr(steps, name).lower(*args).compile().memory_analysis()
        assert memory.alias_size_in_bytes > replay, name
        assert memory.temp_size_in_bytes < replay / 20, name


def test_complete_run_is_left_alone(finished_run, tmp_path):
    copy = RunDir(shutil.copytree(finished_run.path, tmp_path / "copy"))
    observer = FakeObserver()
    train(copy, observer)
    assert observer.num_unrolls == 0
    assert observer.started_at == 1120
    assert_same_run(copy, finished_run)


def test_observer_is_told_everything_in_order(tmp_path):
    observer = FakeObserver()
    train_run(tmp_path / "run", tiny_config(num_epochs=1, total_env_steps=480), observer)
    phases = [phase for phase, _ in itertools.groupby(observer.phases)]
    assert phases == ["compiling", "starting", "prefill", "training", "evaluating", "saving"]
    assert (observer.started_at, observer.num_unrolls, len(observer.rows)) == (0, 4, 1)


@pytest.mark.parametrize("prefill", ["policy", "uniform"])
def test_actions_are_uniform_in_the_prefill_alone_and_if_configured(prefill, tmp_path, monkeypatch):
    config = tiny_config(prefill=prefill, num_epochs=1, total_env_steps=480)
    steps, uniform = compiled_steps(config), []

    def collect(state, draw_uniformly):
        uniform.append(draw_uniformly)
        return steps.collect(state, draw_uniformly)

    monkeypatch.setattr(
        "crl_train.training.compiled_steps", lambda *_, **__: dataclasses.replace(steps, collect=collect)
    )
    train_run(tmp_path / "run", config)
    assert uniform == [prefill == "uniform"] * 2 + [False] * 4


def test_checkpoints_are_kept_as_often_as_configured(tmp_path):
    run = train_run(tmp_path / "run", tiny_config(policy_every=2, resume_every=5))
    assert run.policy_steps() == (800, 1120)  # every second epoch, and the last
    assert run.resume_steps() == (1120,)


class FallsAtOnce(PointMaze):
    """Every goal is reached wherever the point is, and the first step ends the episode."""

    def success(self, state, goal):
        return self.goal_distance(state, goal) >= 0

    def step(self, env_state, action):
        return dataclasses.replace(super().step(env_state, action), done=jnp.ones(()))


def test_evaluation_counts_by_the_environments_rule_and_only_until_it_ends_an_episode(tmp_path, own_registry):
    maze = make_env("point_u_maze").maze
    register_env("falls_at_once", lambda: FallsAtOnce(maze))
    config = tiny_config(eval_env="falls_at_once", num_epochs=1, total_env_steps=480)
    row = read_metrics(train_run(tmp_path / "run", config))[-1]
    # Of 15 steps one is taken; the goal is reached after it.
    assert (row["eval/success_rate"], row["eval/final_success_rate"], row["eval/time_to_goal"]) == (1.0, 1.0, 1.0)
    assert (row["eval/time_at_goal"], row["eval/time_at_goal_share"]) == (1.0, 1 / 15)


def test_evaluation_rolls_out_in_the_environment_named_for_it(tmp_path, monkeypatch):
    rolled_out = []

    def record(env, *args):
        rolled_out.append((env.name, args[-1]))
        return roll_out_episodes(env, *args)

    monkeypatch.setattr("crl_train.compiled_steps.roll_out_episodes", record)
    # Another test may have trained this config, and then nothing would be traced again.
    monkeypatch.setattr("crl_train.compiled_steps._compile_steps", _compile_steps.__wrapped__)
    config = tiny_config(num_epochs=1, total_env_steps=480, eval_env="point_u_maze_eval")
    train_run(tmp_path / "run", config)
    assert rolled_out == [("point_u_maze_eval", 15)]


def test_evaluation_environment_of_other_sizes_stops_a_run_at_the_door(tmp_path, own_registry):
    register_env("counter", Counter)
    observer = FakeObserver()
    with pytest.raises(ConfigError, match="eval_env='counter' is not usable with env='point_u_maze'"):
        train_run(tmp_path / "run", tiny_config(eval_env="counter"), observer)
    assert observer.phases == []


# --- interrupted -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("unrolls", [(1,), (4,), (2, 4, 3)], ids=str)
def test_stopped_and_resumed_ends_as_if_it_had_never_stopped(finished_run, tmp_path, unrolls):
    # Epochs have four unrolls: 4 stops at the very end of the first, 2 + 4 in the middle of the second.
    run = new_run(tmp_path / "run", tiny_config())
    for some_more in unrolls:
        train_until(run, some_more)
        assert not is_complete(run)
    train(run, FakeObserver())
    assert_same_run(run, finished_run)


def test_stop_at_the_end_of_an_epoch_waits_for_its_evaluation(tmp_path):
    run = new_run(tmp_path / "run", tiny_config(resume_every=5))
    train_until(run, 4)
    assert [row["epoch"] for row in read_metrics(run)] == [1]
    assert run.resume_steps() == run.policy_steps() == (480,)


@pytest.mark.parametrize(
    ("save", "kept"), [(save_resume_point, 480), (save_policy, 800)], ids=["resume point", "policy"]
)
def test_crash_between_two_saves_of_an_epoch_leaves_nothing_twice_and_nothing_out(
    finished_run, tmp_path, monkeypatch, save, kept
):
    """The worst moments: metrics of an epoch are written, its resume point or its policy is not."""
    run = new_run(tmp_path / "run", tiny_config())

    def save_first_only(run_, config, env_steps, *args):
        if env_steps > 480:
            raise KeyboardInterrupt
        save(run_, config, env_steps, *args)

    with monkeypatch.context() as patch:
        patch.setattr(f"crl_train.resuming.{save.__name__}", save_first_only)
        with pytest.raises(KeyboardInterrupt):
            train(run, FakeObserver())
    assert run.policy_steps() == (480,)
    assert run.resume_steps() == (kept,)
    train(run, FakeObserver())
    assert_same_run(run, finished_run)


def test_finished_run_gets_a_lost_policy_back_from_its_resume_point(finished_run, tmp_path):
    run = RunDir(shutil.copytree(finished_run.path, tmp_path / "run"))
    shutil.rmtree(run.policy)
    assert not is_complete(run)
    observer = FakeObserver()
    train(run, observer)
    assert observer.num_unrolls == 0
    assert run.policy_steps() == (1120,)
    assert policy_of(run, 1120).content_hash == policy_of(finished_run, 1120).content_hash
    assert timeless_metrics(run) == timeless_metrics(finished_run)


@pytest.mark.parametrize("lost", ["policy", "policy/1120"])
def test_resume_writes_a_lost_policy_again_and_then_has_nothing_to_do(finished_run, tmp_path, lost):
    run = RunDir(shutil.copytree(finished_run.path, tmp_path / "run"))
    shutil.rmtree(run.path / lost)
    assert invoke("resume", run.path).exit_code == 0
    assert policy_of(run, 1120).content_hash == policy_of(finished_run, 1120).content_hash
    assert "is complete: there is nothing left to train" in refused("resume", run.path)


@pytest.mark.parametrize(
    "progress", [{"colour": 1}, {"epoch": "one"}, {"env_steps": 7}, {"metric_sums": [1]}, {"epoch": -1}], ids=str
)
def test_progress_that_cannot_be_is_damage(finished_run, tmp_path, monkeypatch, progress):
    run = RunDir(shutil.copytree(finished_run.path, tmp_path / "run"))
    shutil.rmtree(run.policy)

    def with_other_progress(*args):
        state, saved = restore_resume_point(*args)
        return state, {**saved, **progress}

    monkeypatch.setattr("crl_train.resuming.restore_resume_point", with_other_progress)
    with pytest.raises(CheckpointError, match=r"resume/1120' is corrupt: its manifest has progress="):
        train(run, FakeObserver())


def test_run_is_complete_only_by_the_policy_of_its_last_step(finished_run, tmp_path):
    run = RunDir(shutil.copytree(finished_run.path, tmp_path / "run"))
    assert is_complete(run)
    (run.policy / "1120").rename(run.policy / "9999")
    assert not is_complete(run)


# An epoch of 200 unrolls takes about a second, long enough to be killed in; three of them follow 2 unrolls of prefill.
LONGER = {"total_env_steps": (2 + 3 * 200) * 80}


@pytest.mark.slow
def test_run_killed_in_the_middle_of_an_epoch_ends_as_if_it_had_never_been(tmp_path):
    config = tiny_config(**LONGER)
    unbroken = train_run(tmp_path / "unbroken", config)
    settings_file = tmp_path / "settings.json"
    settings_file.write_text(config.model_dump_json(exclude={"env"}))
    run = RunDir(tmp_path / "killed")

    child = subprocess.Popen(
        crl_train("run", config.env, "--config", settings_file, "--out", tmp_path, "--name", "killed", "--quiet")
    )
    deadline = time.monotonic() + 120
    while not run.resume_steps() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.4)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert not is_complete(run)
    assert run.resume_steps()

    assert invoke("resume", run.path, "--quiet").exit_code == 0
    assert is_complete(run)
    assert_same_run(run, unbroken)


# --- not writable ----------------------------------------------------------------------------------------


def test_checkpoint_that_cannot_be_saved_leaves_the_older_ones(tmp_path, monkeypatch):
    run = new_run(tmp_path / "run", tiny_config())
    train_until(run, 4)
    monkeypatch.setattr("crl_train.resuming.save_policy", _disk_full)
    with pytest.raises(CheckpointError, match="No space left"):
        train(run, FakeObserver())
    assert run.policy_steps() == (480,)
    assert run.resume_steps() == (800,)  # from which the policy is made once there is room
    assert policy_of(run, 480)


def _disk_full(run, *args):
    raise CheckpointError(f"checkpoint in {str(run.path)!r} could not be written: No space left on device.")


# --- learning --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_agent_of_depth_4_learns_to_reach_goals_of_the_u_maze(tmp_path):
    config = tiny_config(
        episode_length=100,
        total_env_steps=400_000,
        num_epochs=1,
        num_envs=64,
        unroll_length=50,
        updates_per_unroll=40,
        width=64,
        repr_dim=32,
        batch_size=128,
        max_replay_size=2_000,
        min_replay_size=200,
        num_eval_episodes=256,
        actor_lr=1e-3,
        critic_lr=1e-3,
        entropy_lr=1e-3,
        prefill="uniform",
    )
    row = read_metrics(train_run(tmp_path / "run", config))[-1]
    steps = compiled_steps(config)
    untrained = steps.init(jax.random.key(0)).learner.params
    distances, reached, active = jax.device_get(steps.evaluate(untrained, jax.random.key(1)))
    before = summarise_success(distances, None, reached=reached, active=active)["success_rate"]
    # Measured with three seeds: 0.61, 0.66 and 0.70 after training, 0 before.
    assert row["eval/success_rate"] > before + 0.4
    # A mean over all of training, measured as 0.17; a critic that knows nothing picks 1 goal of 128.
    assert row["critic/categorical_accuracy"] > 10 / 128


def test_progress_survives_json():
    alone = Progress(epoch=1, unroll=2, env_steps=3, updates=4, seconds=0.1 + 0.2, metric_sums={"a": 1 / 3})
    for progress in (alone, dataclasses.replace(alone, seeds=(4, 2), idle=(2,))):
        assert progress_of(json.loads(json.dumps(progress.plain())), RunDir(Path("run")), 3) == progress
    assert "seeds" not in alone.plain()


def test_two_processes_do_not_train_the_same_run(tmp_path):
    run = new_run(tmp_path / "run", tiny_config())
    with exclusive(run), pytest.raises(RunExistsError, match="is being trained by another process"):
        train(run, FakeObserver())
