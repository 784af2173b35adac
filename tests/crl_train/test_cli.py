"""What users type: bad input gets one line and exit code 2, nothing is overwritten, and what is typed is trained."""

import json
import os
import re
import shlex
import subprocess
import sys
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.config import TrainConfig
from crl_train.envs import list_envs, list_families, register_env, register_family
from crl_train.envs.maze_layouts import LAYOUTS
from crl_train.run_dir import RunDir
from crl_train.run_record import read_record
from crl_train.training import is_complete
from tests.crl_train.helpers import (
    crl_train,
    invoke,
    new_run,
    refused,
    timeless_metrics,
    tiny_config,
)
from tests.crl_train.test_rollout import Counter

# --- bad input -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_unknown_environment_gets_the_nearest_names(tmp_path, command):
    message = refused(command, "point_umaze", "--out", tmp_path)
    assert message.startswith(
        "unknown environment 'point_umaze': no such name is registered. Did you mean 'point_u_maze'"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("depth", "usable"), [(6, "4 or 8"), (13, "12 or 16"), (2, "4"), (0, "4")])
def test_a_depth_that_is_none_is_refused_under_its_option_with_the_reason(tmp_path, depth, usable):
    assert refused("run", "point_u_maze", "--depth", depth, "--out", tmp_path) == (
        f"--depth {depth} is not usable: a residual block holds 4 Dense layers, so depth must be a positive multiple "
        f"of 4. Use {usable}.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_help_is_printed_in_any_encoding():
    program = "import sys; from crl_train.cli import main; main(sys.argv[1:], prog_name='crl-train')"
    for encoding in ("latin-1", "cp1252", "koi8-r"):
        for command in ("run", "sweep"):
            shown = subprocess.run(
                [sys.executable, "-c", program, command, "--help"],
                env={**os.environ, "PYTHONIOENCODING": encoding},
                capture_output=True,
                check=True,
            )
            assert "--discount" in shown.stdout.decode(encoding)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--num-envs", -1), "num_envs=-1 is not usable"),
        (("--batch-size", 2_000, "--num-envs", 1), "more than the replay holds"),
        (("--total-env-steps", 5), "total_env_steps=5 is too small"),
        (("--name", "a/b"), "it names one folder inside --out"),
        (("--name", ".."), "it names one folder inside --out"),
        (("--eval-env", "point_umaze"), "unknown environment 'point_umaze'"),
        (("--config", "nowhere.yaml"), "config file 'nowhere.yaml' cannot be read"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_bad_setting_is_refused_before_anything_is_written(tmp_path, args, words):
    assert words in refused("run", "point_u_maze", "--out", tmp_path, *args)
    assert list(tmp_path.iterdir()) == []


def test_unknown_key_in_a_file_is_refused(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("widht: 3\n")
    assert "unknown setting 'widht'" in refused("run", "point_u_maze", "--config", path, "--out", tmp_path / "out")


def test_environment_of_the_file_must_not_contradict(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("env: point_u4_maze\n")
    assert "contradicts ENV='point_u_maze'" in refused(
        "run", "point_u_maze", "--config", path, "--out", tmp_path / "out"
    )


def test_evaluation_environment_of_other_sizes_is_refused_before_anything_is_written(tmp_path, own_registry):
    register_env("counter", Counter)
    message = refused("run", "point_u_maze", "--eval-env", "counter", "--out", tmp_path)
    assert message.startswith("eval_env='counter' is not usable with env='point_u_maze'")
    assert list(tmp_path.iterdir()) == []


def test_run_that_exists_is_refused_with_the_way_on(tmp_path, tiny_file):
    run = new_run(tmp_path / "point_u_maze_d4_s0", tiny_config())
    before = run.config.read_text()
    message = refused("run", "point_u_maze", "--config", tiny_file, "--out", tmp_path)
    assert f"Continue it with `crl-train resume {run.path}`" in message
    assert run.config.read_text() == before


def test_resume_of_what_is_no_run_or_is_complete_is_refused(tmp_path, finished_run):
    assert "does not exist" in refused("resume", tmp_path / "nowhere")
    assert "has no config.json" in refused("resume", tmp_path)
    (tmp_path / "run").symlink_to(finished_run.path)
    for command in ("resume", "info"):
        assert f"It holds 1 run: give one, such as '{tmp_path / 'run'}'." in refused(command, tmp_path)
    assert "is complete: there is nothing left to train" in refused("resume", finished_run.path)
    less = refused("resume", finished_run.path, "--total-env-steps", 1000)
    assert less.startswith("total_env_steps=1000 is too small: 1120 steps are trained")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("null", "is None"),
        ('{"env_steps": 480, "critic/loss": NaN}', "is not valid JSON: NaN is no number"),
        ("{}", "has no env_"),
    ],
)
def test_a_damaged_line_is_told_before_any_work(tmp_path, line, reason):
    run = new_run(tmp_path / "run", tiny_config())
    run.metrics.write_text(f"{line}\n")
    for command in ("resume", "info"):
        message = refused(command, run.path)
        assert f"{run.metrics}, line 1, {reason}" in message
        assert "Mend or remove that line: no checkpoint depends on it." in message
    assert sorted(entry.name for entry in run.path.iterdir()) == ["config.json", "metrics.jsonl"]
    assert run.metrics.read_text() == f"{line}\n"


def test_info_is_content_with_what_a_line_holds(tmp_path):
    run = new_run(tmp_path / "run", tiny_config())
    run.metrics.write_text('{"env_steps": 480, "eval/success_rate": null, "updates": 12}\n')
    assert "epoch ?/3     480 steps      12 updates       ? steps/s  success ?" in invoke("info", run.path).stdout


def test_info_shows_control_characters_and_sends_none(tmp_path):
    run = new_run(tmp_path / "run", tiny_config())
    run.config.write_text(run.config.read_text().replace('"a test"', r'"\u001b[2J\u0007"'))
    told = invoke("info", run.path).stdout
    assert r"\x1b[2J\x07" in told
    assert not {"\x1b", "\x07"} & set(told)


@settings(max_examples=20)
@given(st.integers(-100, 100).filter(lambda depth: depth < 4 or depth % 4))
def test_no_depth_but_whole_blocks_is_taken(depth):
    assert "must be a positive multiple of 4" in refused("run", "point_u_maze", "--depth", depth, "--out", "nowhere")


# --- what works ------------------------------------------------------------------------------------------


def test_run_trains_as_typed_and_prints_a_line_an_epoch(tmp_path, tiny_file, finished_run):
    result = invoke("run", "point_u_maze", "--depth", 4, "--seed", 0, "--config", tiny_file, "--out", tmp_path)
    assert result.exit_code == 0, result.output + repr(result.exception)
    run = RunDir(tmp_path / "point_u_maze_d4_s0")
    assert is_complete(run)
    assert timeless_metrics(run) == timeless_metrics(finished_run)
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"Training {run.path} on cpu: actor depth 4")  # named once
    assert [line.split()[:2] for line in lines[1:4]] == [["epoch", f"{epoch}/3"] for epoch in (1, 2, 3)]
    assert lines[4].startswith("Done in ")


def test_options_win_over_the_file_and_the_file_over_the_preset(tmp_path, tiny_file, monkeypatch):
    monkeypatch.setattr("crl_train.training.train", lambda *args: None)
    args = ("--config", tiny_file, "--width", 24, "--no-residual", "--critic-depth", 8, "--quiet", "--name", "mine")
    args = (*args, "--eval-env", "point_u_maze_eval")
    result = invoke("run", "point_u_maze", *args, "--preset", "smoke", "--out", tmp_path)
    assert (result.exit_code, result.output) == (0, "")
    config, _ = read_record(RunDir(tmp_path / "mine"))
    assert config == tiny_config(width=24, residual=False, critic_depth=8, eval_env="point_u_maze_eval")


@pytest.mark.parametrize(
    "args",
    [
        ("--preset", "smoke"),
        ("--width", 24, "--no-residual", "--critic-depth", 8, "--eval-env", "point_u_maze_eval"),
        ("--actor-lr", "1e-7", "--exploration", "best_of_4", "--seed", 2**32 - 1),
    ],
    ids=lambda args: " ".join(map(str, args)),
)
def test_settings_that_are_shown_are_those_that_a_file_of_them_gives(tmp_path, args, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = invoke("run", "point_u_maze", *args, "--show-config")
    assert (shown.exit_code, shown.stderr, list(tmp_path.iterdir())) == (0, "", [])
    (tmp_path / "shown.yaml").write_text(shown.stdout)
    again = invoke("run", "point_u_maze", "--config", "shown.yaml", "--preset", "paper", "--show-config")
    assert again.stdout == shown.stdout
    assert set(yaml.safe_load(shown.stdout)) == set(TrainConfig.model_fields)


def test_settings_of_a_sweep_are_shown_without_what_it_sets(tmp_path, tiny_file, monkeypatch):
    monkeypatch.chdir(tmp_path)
    args = ("sweep", "point_u_maze", "--depths", "4,8", "--seeds", "0-1", "--show-config")
    shown = invoke(*args, "--config", tiny_file)
    names = "point_u_maze_d4_s0, point_u_maze_d8_s0, point_u_maze_d4_s1, point_u_maze_d8_s1"
    assert shown.stdout.splitlines()[0] == f"# 4 runs, each with its seed and depth: {names}"
    assert yaml.safe_load(shown.stdout) == tiny_config().model_dump(exclude={"seed", "actor_depth", "critic_depth"})
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "shown.yaml").write_text(shown.stdout)
    assert invoke(*args, "--config", "shown.yaml").stdout == shown.stdout


def test_info_says_what_a_run_is(finished_run):
    text = " ".join(invoke("info", finished_run.path).stdout.split())
    assert "point_u_maze" in text
    assert "1,120 of 1,120 env steps, 3 of 3 epochs" in text
    assert "3, newest at step 1,120" in text


def not_to_be_built(**parameters):
    raise AssertionError(f"listing built an environment with {parameters}")


def table(*args):
    """The headings and rows that ``crl-train envs`` prints, each a list of cells."""
    heading, *rows = invoke("envs", *args).stdout.partition("\n\n")[0].splitlines()
    return re.split(r"  +", heading), [re.split(r"  +", row.strip()) for row in rows]


def test_envs_is_a_table_of_families():
    headings, rows = table()
    assert headings == [
        "environment",
        "names",
        "state",
        "goal",
        "action",
        "steps",
        "dt",
        "tolerance",
        "physics",
        "as in",
    ]
    assert rows[0] == ["point_<layout>", "17", "4", "2", "2", "300", "0.125 s", "0.5 m"]
    assert ["humanoid", "1", "246", "3", "17", "1000", "0.015 s", "0.5 m", "spring", "scaling-crl, jaxgcrl"] in rows
    assert [row[0] for row in rows] == [family.form for family in list_families()]


def test_envs_with_a_pattern_is_a_table_of_names():
    assert [row[0] for row in table("*")[1]] == list(list_envs())
    assert [row[0] for row in table("point_u[45]_maze")[1]] == ["point_u4_maze", "point_u5_maze"]
    assert [row[0] for row in table("point_<layout>")[1]] == [name for name in list_envs() if name.startswith("point_")]


def test_envs_as_json_has_all_facts_also_of_the_references():
    (facts,) = json.loads(invoke("envs", "humanoid", "--json").stdout)
    assert (facts["facts"]["state_dim"], facts["facts"]["goal_axes"]) == (246, ["x", "y", "z"])
    assert sum(facts["facts"]["state"].values()) == 246
    assert facts["as_in"]["scaling-crl"]["state_dim"] == 268
    assert [one["name"] for one in json.loads(invoke("envs", "--json").stdout)] == list(list_envs())


def test_envs_builds_nothing_and_is_quick_with_hundreds_of_names(own_registry):
    names = [f"wolf_u4_maze_gen_R{number}" for number in range(500)]
    parameters = {"layout": "u4_maze", "config": r"R\d+"}
    register_family("wolf_<layout>_gen_<config>", not_to_be_built, names, "a wolf in a maze", parameters)
    register_env("bare", not_to_be_built)
    started = time.perf_counter()
    rows = table()[1]
    assert time.perf_counter() - started < 1
    assert [row[:3] for row in rows[-2:]] == [["wolf_<layout>_gen_<config>", "500", "?"], ["bare", "1", "?"]]
    assert [row[0] for row in table("wolf_*")[1]] == names
    assert json.loads(invoke("envs", "bare", "--json").stdout)[0]["facts"] is None


def test_envs_with_a_pattern_of_nothing_offers_the_nearest_names():
    message = "no environment matches 'humanoyd_u*': no listed name does. Near it: humanoid, humanoid_u_maze"
    assert message in refused("envs", "humanoyd_u*")


def test_envs_with_a_name_says_what_that_one_is_made_of():
    facts, _, plan = invoke("envs", "point_u_maze").stdout.partition("\n\n")
    assert plan.split() == list(LAYOUTS["u_maze"])
    assert dict(re.split(r"  +", line, maxsplit=1) for line in facts.splitlines()) == {
        "environment": "point_u_maze",
        "": "a point is pushed through a maze; in pure JAX, with exact geodesic distances",
        "state": "4 (position 2, velocity 2)",
        "goal": "2 (x, y)",
        "action": "2",
        "steps": "300 of 0.125 s",
        "tolerance": "0.5 m",
        "goal cells": "6",
        "farthest goal": "16.6 m by geodesic distance",
    }


def test_envs_with_a_name_of_an_environment_without_a_maze(own_registry):
    register_env("counter", Counter)
    assert "farthest" not in invoke("envs", "counter").stdout
    assert "unknown environment 'countre': no such name is registered. Did you mean 'counter'?" in refused(
        "envs", "countre"
    )


# --- as a process ----------------------------------------------------------------------------------------


def test_exit_codes_of_the_process(tmp_path):
    refused = subprocess.run(
        crl_train("run", "point_u_maze", "--depth", 6, "--out", tmp_path), capture_output=True, text=True
    )
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert subprocess.run(crl_train("--version"), capture_output=True).returncode == 0


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"], ["sweep", "--help"], ["envs"]], ids=" ".join)
def test_help_and_the_list_of_environments_are_quick_and_import_no_physics(args):
    heavy = {"jax", "flax", "brax", "mujoco", "orbax", "optax", "matplotlib", "scipy", "numpy", "rich"}
    code = (
        "import sys\nfrom crl_train.cli import main\n"
        f"try:\n    main({args}, prog_name='crl-train')\n"
        f"finally:\n    print(*({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    started = time.perf_counter()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.perf_counter() - started < 5  # generous, for busy machines; docs/performance.md has what it takes
    assert result.stderr.strip() == ""
    assert ("point_<layout>" if args == ["envs"] else "Usage: crl-train") in result.stdout


@pytest.mark.parametrize(
    ("to", "told"),
    [
        (">/dev/full", "error: stdout cannot be used: No space left on device.\n"),
        (">&-", "error: stdout is closed: a command prints its result there. Send it to a file or to /dev/null.\n"),
    ],
    ids=["full", "closed"],
)
@pytest.mark.parametrize("args", [("envs",), ("info", "RUN"), ("run", "point_u_maze", "--show-config")], ids=" ".join)
def test_a_result_that_cannot_be_printed_is_told(finished_run, args, to, told):
    line = shlex.join(crl_train(*(finished_run.path if arg == "RUN" else arg for arg in args)))
    ended = subprocess.run(["bash", "-c", f"{line} {to}"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (2, told)
