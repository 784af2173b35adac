"""Seeds that are trained in one program: as one alone up to rounding, resumed to the bit, each with its own fate."""

import dataclasses
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.checkpoint import save_resume_point
from crl_train.compiled_steps import compiled_steps
from crl_train.errors import CheckpointError, ConfigError, RunLockedError
from crl_train.numerics import random_key, single_precision
from crl_train.progress import Progress
from crl_train.run_dir import RunDir
from crl_train.run_record import exclusive
from crl_train.seed_groups import Plan, SeedGroup, alone, plans, seed_groups
from crl_train.training import Stopped, is_complete, train, train_seeds
from tests.crl_train.helpers import (
    FakeObserver,
    assert_same_run,
    invoke,
    new_run,
    refused,
    timeless_metrics,
    tiny_config,
    train_run,
    train_until,
)

SEEDS = (3, 0, 7)


def new_runs(folder, **changes) -> list[RunDir]:
    return [new_run(folder / f"s{seed}", tiny_config(seed=seed, **changes)) for seed in SEEDS]


def train_together(runs, stop_at=None) -> FakeObserver:
    """Train what is left of runs, in as many programs as they fall into."""
    observer = FakeObserver(stop_at)
    for group in seed_groups([run for run in runs if not is_complete(run)]):
        try:
            train_seeds(group, observer)
        except Stopped:
            return observer
    return observer


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """Three seeds that were trained in one program without interruption. Read only."""
    runs = new_runs(tmp_path_factory.mktemp("together"))
    train_together(runs)
    return runs


# --- what is computed ------------------------------------------------------------------------------------


@single_precision
def test_a_lane_computes_what_a_run_alone_does():
    config = tiny_config()
    one, several = compiled_steps(config), compiled_steps(config, several_seeds=True)
    keys = [random_key(seed) for seed in SEEDS]
    lanes, metrics = several.learn(several.collect(several.init(jnp.stack(keys)), False))
    for lane, key in enumerate(keys):
        state, own_metrics = one.learn(one.collect(one.init(key), False))
        # Three Adam steps of 3e-4 amplify float32's rounding (6e-8) of sums over at most 16 units and 16 rows.
        for name, values in own_metrics.items():
            np.testing.assert_allclose(metrics[name][lane], values, rtol=1e-4, atol=1e-5, err_msg=name)
        for own, shared in zip(
            jax.tree.leaves(state.learner.params), jax.tree.leaves(lanes.learner.params), strict=True
        ):
            np.testing.assert_allclose(shared[lane], own, atol=1e-4)


def test_every_seed_has_the_folder_that_it_would_have_alone(together, finished_run):
    for run in together:
        assert run.policy_steps() == finished_run.policy_steps()
        assert run.resume_steps() == finished_run.resume_steps()
        for row, of_one in zip(timeless_metrics(run), timeless_metrics(finished_run), strict=True):
            assert list(row) == list(of_one)
    # Seed 0 was trained alone by the fixture; the first epoch's means differ by rounding.
    first, of_one = timeless_metrics(together[SEEDS.index(0)])[0], timeless_metrics(finished_run)[0]
    assert first["critic/loss"] == pytest.approx(of_one["critic/loss"], rel=1e-3)
    assert first["critic/loss"] != timeless_metrics(together[0])[0]["critic/loss"]


# --- interrupted -----------------------------------------------------------------------------------------


def test_stopped_and_resumed_they_end_as_if_they_had_never_stopped(together, tmp_path):
    runs = new_runs(tmp_path)
    for some_more in (2, 4):
        train_together(runs, stop_at=some_more)
        assert not any(map(is_complete, runs))
        (group,) = seed_groups(runs[::-1])
        assert group.seeds == SEEDS
    train_together(runs)
    for run, unbroken in zip(runs, together, strict=True):
        assert_same_run(run, unbroken)


@pytest.mark.parametrize(("steps", "goes_on_from"), [(480, 0), (800, 480)])
def test_killed_between_two_of_their_saves_they_go_on_from_the_point_that_all_have(
    together, tmp_path, monkeypatch, steps, goes_on_from
):
    runs = new_runs(tmp_path)

    def killed_at_the_second(run, config, env_steps, *args):
        if (run.path.name, env_steps) == ("s0", steps):
            raise KeyboardInterrupt
        save_resume_point(run, config, env_steps, *args)

    with monkeypatch.context() as patch:
        patch.setattr("crl_train.resuming.save_resume_point", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            train_together(runs)
    assert steps in runs[0].resume_steps()
    assert [group.env_steps for group in seed_groups(runs)] == [goes_on_from]
    train_together(runs)
    for run, unbroken in zip(runs, together, strict=True):
        assert_same_run(run, unbroken)


def test_one_of_them_can_go_on_alone_and_the_others_without_it(together, tmp_path):
    runs = new_runs(tmp_path)
    train_together(runs, stop_at=6)
    assert invoke("resume", runs[1].path, "--quiet").exit_code == 0
    assert is_complete(runs[1])
    assert timeless_metrics(runs[1])[0] == timeless_metrics(together[1])[0]
    (group,) = seed_groups([runs[0], runs[2]])
    assert (group.seeds, list(group.runs)) == (SEEDS, [3, 7])
    train_together(runs)
    for index in (0, 2):
        assert_same_run(runs[index], together[index])


# --- diverged --------------------------------------------------------------------------------------------


def test_a_seed_that_diverges_stops_alone_and_the_others_are_not_touched(together, tmp_path, monkeypatch):
    def spoiled(config, several_seeds, mesh):
        steps = compiled_steps(config, several_seeds, mesh)

        def learn(state):
            state, metrics = steps.learn(state)
            if several_seeds and state.replay.rows_written[0] >= 80:  # the second epoch's second unroll
                metrics = {**metrics, "critic/loss": metrics["critic/loss"].at[1, 2].set(np.nan)}
            return state, metrics

        return dataclasses.replace(steps, learn=learn)

    monkeypatch.setattr("crl_train.training.compiled_steps", spoiled)
    runs, observer = new_runs(tmp_path), FakeObserver()
    (group,) = seed_groups(runs)
    (lost,) = train_seeds(group, observer).items()
    assert lost[0] == runs[1] == observer.lost[0]
    assert "critic/loss became nan at update 18 (env step 640)" in str(lost[1])
    assert "s0/policy/480" in str(lost[1])
    assert runs[1].policy_steps() == (480,)
    assert len(timeless_metrics(runs[1])) == 1
    for index in (0, 2):
        assert_same_run(runs[index], together[index])


def test_others_of_one_that_has_diverged_resume_to_the_bit(together, tmp_path, monkeypatch):
    runs = new_runs(tmp_path)
    train_together(runs, stop_at=6)
    shutil.rmtree(runs[1].resume)  # as if it had diverged long ago
    point = Progress(epoch=1, unroll=2, env_steps=640, seeds=SEEDS, idle=(0,))
    assert plans({3: {640: point}, 0: {}, 7: {640: point}}) == [Plan(SEEDS, (3, 7), 640), Plan((0,), (0,), 0)]
    train_seeds(SeedGroup(SEEDS, {3: runs[0], 7: runs[2]}, 640), FakeObserver())
    for index in (0, 2):
        assert_same_run(runs[index], together[index])


# --- planned ---------------------------------------------------------------------------------------------


def test_those_that_were_trained_alone_go_on_alone():
    in_program = {100: Progress(env_steps=100, seeds=(1, 2))}
    assert plans({0: {50: Progress(env_steps=50)}, 1: in_program, 2: in_program, 3: {}, 4: {}}) == [
        Plan((1, 2), (1, 2), 100),
        Plan((3, 4), (3, 4), 0),
        Plan((0,), (0,), 50),
    ]


@settings(max_examples=200)
@given(st.data())
def test_every_seed_is_planned_once_and_from_a_point_that_it_has(data):
    programs = data.draw(st.sampled_from([[(0, 1, 2, 3)], [(0, 1), (2, 3)], [(0, 1, 2), (3,)]]))
    points = {}
    for program in programs:
        idle = tuple(data.draw(st.sets(st.sampled_from(program), max_size=len(program) - 1)))
        for seed in program:
            steps = data.draw(st.sets(st.sampled_from([50, 100, 150]), max_size=2))
            together = data.draw(st.booleans()) and len(program) > 1
            points[seed] = {
                step: Progress(env_steps=step, seeds=program if together else (), idle=idle if together else ())
                for step in steps
            }
    found = plans(points)
    assert sorted(seed for plan in found for seed in plan.training) == [0, 1, 2, 3]
    for plan in found:
        assert set(plan.training) <= set(plan.program)
        for seed in plan.training:
            assert plan.env_steps == 0 or plan.env_steps in points[seed]


def test_runs_of_other_settings_do_not_fit_into_one_program(tmp_path):
    runs = [new_run(tmp_path / f"s{seed}", tiny_config(seed=seed, discount=0.9 + seed / 100)) for seed in (0, 1)]
    with pytest.raises(ConfigError, match=r"s0' and '.*s1' differ in discount: one program trains runs that differ in"):
        train_seeds(SeedGroup((0, 1), {0: runs[0], 1: runs[1]}, 0), FakeObserver())


def test_group_that_another_process_holds_or_has_trained_is_left_to_it(tmp_path):
    runs = new_runs(tmp_path)
    (group,) = seed_groups(runs)
    with exclusive(runs[2]), pytest.raises(RunLockedError, match="is being trained by another process"):
        train_seeds(group, FakeObserver())
    train_until(runs[1], 4)
    with pytest.raises(RunLockedError, match="meanwhile"):
        train_seeds(group, FakeObserver())


def test_damaged_resume_point_of_a_group_is_told(tmp_path):
    run = train_run(tmp_path / "s0", tiny_config(num_epochs=1, total_env_steps=480))
    shutil.rmtree(run.resume / "480" / "manifest")
    with pytest.raises(CheckpointError, match=r"resume/480' is corrupt: .* Start again under another --name"):
        seed_groups([run])


def test_a_run_alone_is_a_group_of_one(finished_run):
    group = alone(finished_run)
    assert group.is_alone
    assert group == seed_groups([finished_run])[0]
    assert group.lane_of(finished_run, "whatever it is") == "whatever it is"


# --- the command -----------------------------------------------------------------------------------------


def test_sweep_trains_the_seeds_of_a_depth_in_one_program(tmp_path, tiny_file):
    args = ("sweep", "point_u_maze", "--depths", 4, "--seeds", "0-2", "--config", tiny_file, "--out", tmp_path)
    result = invoke(*args, "--vectorize")
    assert result.exit_code == 0, result.output + repr(result.exception)
    lines = result.stdout.splitlines()
    assert lines[0] == "runs 1-3 of 3, left in all: 3 runs not timed yet"
    assert f"Training {tmp_path / 'point_u_maze_d4_s0'}, point_u_maze_d4_s1, point_u_maze_d4_s2 on " in result.stdout
    assert "36 updates each" in " ".join(lines)
    begins = [f"seed {seed}  epoch {epoch}/" for epoch in "123" for seed in "012"]
    assert [line[:16] for line in lines if line.startswith("seed ")] == begins
    assert lines[-1].startswith("Done in ")
    assert lines[-1].endswith(f": {tmp_path / 'point_u_maze_d4_s0'}, point_u_maze_d4_s1, point_u_maze_d4_s2")
    assert all(is_complete(RunDir(tmp_path / f"point_u_maze_d4_s{seed}")) for seed in range(3))
    assert invoke(*args, "--vectorize").stdout.count("is complete; skipped.") == 3


def test_several_seeds_and_several_devices_are_not_combined(tmp_path, tiny_file, monkeypatch):
    monkeypatch.setattr("crl_train.cli.mesh_of", lambda devices, configs: "a mesh")
    args = ("sweep", "point_u_maze", "--depths", 4, "--seeds", "0-1", "--config", tiny_file, "--out", tmp_path)
    assert "--vectorize is not usable with --devices 2: " in refused(*args, "--vectorize", "--devices", 2)


def test_memory_of_all_seeds_is_told_before_the_first_begins(tmp_path, tiny_file, monkeypatch):
    monkeypatch.setattr("crl_train.run_size.free_memory", lambda: 3_000_000)
    args = ("sweep", "point_u_maze", "--depths", 4, "--seeds", "0-99", "--config", tiny_file, "--out", tmp_path)
    assert "a program of 100 seeds of this run needs at least" in refused(*args, "--vectorize")
    assert list(tmp_path.iterdir()) == []
    train(new_run(tmp_path / "one", tiny_config(num_epochs=1, total_env_steps=480)), FakeObserver())
