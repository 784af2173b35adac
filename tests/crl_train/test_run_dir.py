"""Where things are in a run directory."""

import glob
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.run_dir import RunDir, not_a_run, run_name


def test_names_by_hand():
    assert run_name("humanoid", 16, 16, 0) == "humanoid_d16_s0"
    assert run_name("humanoid", 4, 64, 1) == "humanoid_a4c64_s1"


def test_paths_are_those_of_the_format():
    run = RunDir(Path("checkpoints/x"))
    names = [path.relative_to(run.path).as_posix() for path in (run.config, run.metrics, run.policy, run.resume)]
    assert names == ["config.json", "metrics.jsonl", "policy", "resume"]


def runs_in(folder, *names):
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").touch()
    return folder


@pytest.mark.parametrize(
    ("names", "pattern", "count"),
    [(("a", "b"), "*", "2 runs"), (("only",), "*", "1 run"), (("x/a", "x/b", "y/c"), "*/*", "3 runs")],
)
@pytest.mark.parametrize("name", ["checkpoints", "of [mine]"])
def test_a_folder_of_runs_says_how_to_give_them(tmp_path, names, pattern, count, name):
    folder = runs_in(tmp_path / name, *names)
    (folder / "README.md").touch()
    told = f"'{folder}' is not a run: it has no config.json. It holds {count}: "
    error = str(not_a_run(folder, takes_patterns=True))
    assert error.startswith(f"{told}use ")
    given = error.removeprefix(f"{told}use '").removesuffix("'.")
    assert {Path(path).parent for path in glob.glob(f"{given}/config.json")} == {folder / name for name in names}
    assert given.endswith(pattern)
    assert str(not_a_run(folder)) == f"{told}give one, such as '{folder / names[0]}'."


def test_a_folder_without_runs_has_nothing_to_offer(tmp_path):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c" / "config.json").touch()
    for folder in (tmp_path, tmp_path / "a" / "b" / "c"):
        assert str(not_a_run(folder, takes_patterns=True)) == f"'{folder}' is not a run: it has no config.json."


@settings(max_examples=30)
@given(st.sets(st.integers(0, 10**10), max_size=5))
def test_steps_are_numbers_in_ascending_order(tmp_path_factory, steps):
    run = RunDir(tmp_path_factory.mktemp("run"))
    for step in steps:
        (run.policy / str(step)).mkdir(parents=True)
    assert run.policy_steps() == tuple(sorted(steps))


@pytest.mark.parametrize(
    "name", ["100.orbax-checkpoint-tmp-1", "best", "-5", "1e5", ".DS_Store", "0100", "١٠٠", "+5", "1" * 30]
)
def test_other_folders_are_no_checkpoints(tmp_path, name):
    run = RunDir(tmp_path)
    (run.policy / name).mkdir(parents=True)
    assert run.policy_steps() == ()


def test_file_named_like_a_step_is_no_checkpoint(tmp_path):
    run = RunDir(tmp_path)
    run.policy.mkdir()
    (run.policy / "100").touch()
    assert run.policy_steps() == run.resume_steps() == ()


def test_folder_becomes_a_run_with_its_config(tmp_path):
    run = RunDir(tmp_path)
    assert not run.is_run
    run.config.touch()
    assert run.is_run


def test_fields_cannot_be_changed():
    with pytest.raises(AttributeError, match="path"):
        RunDir(Path("x")).path = Path("y")
