"""What a user of ``crl-probe`` types, sees, and is told."""

import copy
import csv
import dataclasses
import errno
import io
import json
import os
import re
import shutil
from pathlib import Path

import click
import jax
import jax.numpy as jnp
import pytest
from click.testing import CliRunner

from crl_probe.cli import eval as cli_eval
from crl_probe.cli import main
from crl_probe.cli.options import check_metrics, parse_by, parse_goal, parse_step
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.evidence.probe_set import load_probe_set, save_probe_set
from crl_probe.metrics import DEFINITIONS
from crl_probe.probes import embedding_trajectory
from crl_probe.probes.embedding_trajectory import EmbeddingTrajectorySettings
from crl_probe.probes.q_landscape import QLandscapeSettings
from crl_probe.probes.registry import PROBES, run_probe
from crl_probe.render.learning_curves import learning_chart
from crl_probe.runs.loading import load_run
from crl_probe.store import cache
from crl_train.checkpoint import save_policy
from crl_train.console import make_console
from crl_train.errors import ConfigError
from crl_train.run_dir import RunDir
from tests.crl_probe.fakes import FakeRun
from tests.crl_train.helpers import new_run, tiny_config

QUICK = ("--episodes", 40, "--goals", 2, "--workers", 1)


@pytest.fixture(scope="module", autouse=True)
def one_cache(tmp_path_factory):
    """Commands ask about the same two runs over and over: what one has recorded serves the next."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(one_cache, monkeypatch):
    monkeypatch.setenv("CRL_PROBE_CACHE", str(one_cache))
    return one_cache


def probe(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


def refused(*args) -> str:
    result = probe(*args)
    assert result.exit_code == 2, result.output
    assert result.output.count("\n") == 1
    return result.output


def printed(*args) -> str:
    result = probe(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_eval_prints_the_same_numbers_in_every_format(finished_run):
    options = ("eval", finished_run.path, "--episodes", 3)
    row = json.loads(probe(*options, "--format", "json").output)[0]
    assert (row["env"], row["env_steps"], row["episodes"]) == ("point_u_maze", 1120, 3)
    (line,) = csv.DictReader(io.StringIO(probe(*options, "--format", "csv").output))
    assert float(line["final_distance"]) == row["final_distance"]
    table = probe(*options).output
    assert f"{row['final_distance']:.1f}" in table
    assert "finished" in table


def test_eval_acts_as_told(finished_run):
    def distance(policy):
        output = probe("eval", finished_run.path, "--episodes", 3, "--policy", policy, "--format", "json").output
        return json.loads(output)[0]["final_distance"]

    assert len({distance("mean"), distance("sample"), distance("best_of_3")}) == 3


def test_run_without_a_checkpoint_is_skipped_beside_others_and_refused_alone(finished_run, tmp_path):
    young = new_run(tmp_path / "young", tiny_config(seed=1))
    result = probe("eval", young.path, finished_run.path, "--episodes", 2)
    assert result.exit_code == 0
    assert "skipped: no checkpoint found in" in result.output
    assert "no checkpoint found in" in refused("eval", young.path)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE], ids=errno.errorcode.get)
@pytest.mark.parametrize("unreadable", ["policy", "config.json", "."])
def test_run_that_cannot_be_read_is_skipped_beside_others_and_refused_alone(
    finished_run, tmp_path, monkeypatch, number, unreadable
):
    """As on a disk that fails, or where permissions are wrong, which a test that runs as root cannot make."""
    closed = tmp_path / "closed"
    shutil.copytree(finished_run.path, closed)
    place = closed / unreadable

    def failing(method):
        def may_fail(path, *args, **options):
            if path == place or (unreadable == "." and place in path.parents):
                raise OSError(number, os.strerror(number), str(path))
            return method(path, *args, **options)

        return may_fail

    for name in ("stat", "open", "iterdir"):
        monkeypatch.setattr(Path, name, failing(getattr(Path, name)))
    result = probe("eval", closed, finished_run.path, "--episodes", 2)
    assert result.exit_code == 0
    told = rf"{re.escape(str(place))} cannot be read: {os.strerror(number)}\. Mend its permissions or its file system\."
    assert re.search(f"^skipped: {told}$", result.stderr, re.MULTILINE)
    assert re.fullmatch(f"error: {told}\n", refused("eval", closed))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--policy", "greedy"), "policy mode 'greedy' is not usable: acting is mean, sample or best_of_K"),
        (("--step", 7), "no checkpoint at step 7 in"),
    ],
)
def test_bad_option_is_refused_in_one_line(finished_run, args, message):
    assert message in refused("eval", finished_run.path, *args)


def test_what_is_no_run_is_refused_in_one_line(tmp_path):
    assert "matches nothing" in refused("report", tmp_path / "humanoid_*")
    assert "is not a run" in refused("report", tmp_path)


@pytest.mark.parametrize(
    "command", [("metrics",), ("report",), ("eval",), ("geometry",), ("probe-set", "--out", "a.npz")]
)
def test_a_folder_of_runs_is_answered_with_the_pattern_of_them(finished_run, tmp_path, command):
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(finished_run.path)
    assert f"It holds 2 runs: use '{tmp_path}/*'." in refused(*command, tmp_path)


def test_metrics_have_one_row_a_run_and_one_a_depth(finished_run, second_run):
    options = ("metrics", finished_run.path, second_run.path, *QUICK, "--metric", "success_rate", "--format")
    rows = list(csv.DictReader(io.StringIO(printed(*options, "csv"))))
    assert [(row["level"], row["run"], row["seed"]) for row in rows] == [
        ("depth", "", ""),
        ("seed", "finished", "0"),
        ("seed", "second", "1"),
    ]
    # Neither seed, or each of them, ever succeeds.
    assert (rows[0]["interval_over"], rows[0]["count"]) == ("pooled episodes", "80")
    assert (rows[1]["interval_over"], rows[1]["count"]) == ("episodes", "40")
    content = json.loads(printed(*options, "json"))
    assert content["by_depth"]["point_u_maze"][0]["value"] == float(rows[0]["value"])
    assert content["settings"]["evidence"]["point_u_maze"]["episodes"] == 40
    assert [run["name"] for run in content["settings"]["checkpoints"]] == ["finished", "second"]
    assert r"Success rate & \withinterval{$" in printed(*options, "latex")
    only_depths = printed(*options, "csv", "--by", "depth")
    assert [row["level"] for row in csv.DictReader(io.StringIO(only_depths))] == ["depth"]


def test_metrics_that_were_picked_run_their_probes_alone(finished_run, monkeypatch):
    monkeypatch.setattr(Evidence, "probe_set", None)  # success looks at no shared set
    table = printed("metrics", finished_run.path, *QUICK, "--metric", "success_rate", "--metric", "final_distance")
    assert "success_rate" in table
    assert "time_at_goal" not in table
    assert "verdicts" not in table


def test_all_numbers_come_with_verdicts_and_what_is_missing_is_said(finished_run, second_run, tmp_path, monkeypatch):
    # UMAP compiles for longer than everything else takes.
    monkeypatch.setattr(embedding_trajectory, "draw", lambda spaces, *_, **__: [space[:, :2] for space in spaces])
    long = tmp_path / ("point_" + 60 * "x")
    long.symlink_to(second_run.path)
    result = probe("metrics", finished_run.path, long, *QUICK, "--each-run")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    # What is judged comes first, then a line for each metric and, as requested, each of its seeds.
    assert lines[0] == "point_u_maze: verdicts"
    success = next(number for number, line in enumerate(lines) if line.startswith("success_rate"))
    assert [line.split()[:2] for line in lines[success + 1 : success + 3]] == [["seed", "0"], ["seed", "1"]]
    # In a pipe nothing is cut, wrapped or coloured.
    assert f"depth 4: finished, {long.name}" in lines
    assert "\x1b" not in result.stdout
    assert "…" not in result.stdout
    assert not any(line != line.rstrip() for line in result.stdout.splitlines())
    verdicts = [line for line in result.stdout.splitlines() if line.startswith("not enough data")]
    assert len(verdicts) == 5
    assert "bootstrap over its 2 seeds" in result.stdout
    # Agents this young visit no goal, and the spread around one is told to be missing, once, beside the numbers.
    assert all(line.startswith("note: ") for line in result.stderr.splitlines())


def test_tables_have_seeds_on_request_and_files_always(finished_run, second_run):
    options = ("success", finished_run.path, second_run.path, *QUICK)
    assert "seed 1" not in printed(*options)
    assert "seed 1" not in printed(*options, "--format", "latex")
    for asked in (("--each-run",), ("--by", "depth,seed")):
        assert "  seed 1 " in printed(*options, *asked)
        assert r"\quad seed 1 & " in printed(*options, *asked, "--format", "latex")
    assert {row["level"] for row in csv.DictReader(io.StringIO(printed(*options, "--format", "csv")))} == {
        "depth",
        "seed",
    }


@pytest.mark.parametrize("name", ["maze[lr=0.001]", "[red]x", "[bold]a[b]", ":smile:", "[link=x]"])
def test_names_with_brackets_are_whole_wherever_they_are_printed(finished_run, tmp_path, name):
    run = tmp_path / name
    run.symlink_to(finished_run.path)
    assert name in printed("eval", run, "--episodes", 2)
    assert name in printed("success", run, *QUICK, "--format", "csv")
    assert name in refused("success", run / "below", *QUICK)
    assert name in refused("eval", run, "--step", 7)


def test_a_name_that_is_longer_than_the_terminal_is_folded_and_not_cut():
    name = "maze[lr=0.001]_" + 20 * "long"
    metrics = ("success_rate", "final_success_rate", "time_at_goal", "time_to_goal", "final_distance")
    row = {"run": name, "env": "maze", "env_steps": 1000, "episodes": 2, **dict.fromkeys(metrics, 0.5)}
    content = io.StringIO()
    cli_eval._draw(make_console(file=content, width=80), [row])
    lines = content.getvalue().splitlines()
    begin = next(number for number, line in enumerate(lines) if "maze[" in line)
    assert "".join(line.split()[0] for line in lines[begin:-1]) == name
    assert max(map(len, lines)) <= 80


def test_control_characters_of_names_do_not_reach_the_terminal(finished_run, tmp_path):
    run = tmp_path / "maze\x1b[31m\x07\nfoo"
    run.symlink_to(finished_run.path)
    shown = r"maze\x1b[31m\x07\nfoo"
    assert shown in printed("eval", run, "--episodes", 2)
    for result in (probe("eval", run, "--step", 7), probe("success", run / "below", *QUICK)):
        assert result.exit_code == 2
        assert result.output.count("\n") == 1
        assert "\x1b" not in result.output
        assert "\x07" not in result.output


def test_numbers_can_be_written_to_a_file(finished_run, tmp_path):
    out = tmp_path / "new" / "numbers.csv"
    options = ("metrics", finished_run.path, *QUICK, "--metric", "success_rate", "--format", "csv")
    assert printed(*options, "--out", out) == ""
    assert out.read_text() == printed(*options)


@pytest.mark.parametrize(
    ("command", "metric", "options"),
    [
        ("landscape", "geodesic_rank", ("--grid", 15, "--action", "0.5,-1")),
        ("trajectories", "straightness", ("--method", "pca", "--points", 100)),
        ("geometry", "effective_rank", ()),
        ("stream", "dormant_fraction", ()),
        ("retrieval", "retrieval_accuracy", ()),
        ("lens", "readable_depth", ()),
    ],
)
def test_one_probe_alone_prints_its_numbers_and_draws_its_figure(finished_run, tmp_path, command, metric, options):
    figure = tmp_path / "figure.svg"
    result = probe(command, finished_run.path, *QUICK, *options, "--save", figure)
    assert result.exit_code == 0, result.output
    table = result.output
    # So short a training gives no critic that knows anything, of which some block knows nine tenths.
    assert (metric if command != "lens" else "no readable depth is defined") in table
    assert "success_rate" not in table
    assert figure.read_text().startswith("<?xml")


def test_a_probe_without_numbers_draws_its_figure(finished_run, tmp_path):
    figure = tmp_path / "figure.svg"
    assert probe("rollouts", finished_run.path, *QUICK, "--save", figure).exit_code == 0
    assert figure.read_text().startswith("<?xml")


@pytest.mark.parametrize("unnamed", [1, 2])
def test_checkpoints_that_do_not_name_their_run_are_said_to(finished_run, second_run, monkeypatch, unnamed):
    runs = [load_run(finished_run.path), load_run(second_run.path)]
    runs = [dataclasses.replace(run, names_its_run=number >= unnamed) for number, run in enumerate(runs)]
    monkeypatch.setattr("crl_probe.runs.loading.load_checkpoints", lambda *_: [runs.pop(0)])
    result = probe("eval", finished_run.path, second_run.path, "--episodes", 2)
    assert result.exit_code == 0, result.output
    assert f"note: {unnamed} of 2 checkpoints do not say which run they are of" in result.stderr


def test_a_probe_that_cannot_be_done_alone_is_refused(finished_run):
    assert "no goal has 20 states within" in refused("spread", finished_run.path, *QUICK)


def test_every_checkpoint_can_be_a_row(finished_run):
    rows = csv.DictReader(
        io.StringIO(printed("geometry", finished_run.path, *QUICK, "--step", "all", "--format", "csv", "--by", "seed"))
    )
    assert {row["run"] for row in rows if row["metric"] == "effective_rank"} == {
        "finished@480",
        "finished@800",
        "finished@1120",
    }
    table = printed("metrics", finished_run.path, *QUICK, "--step", "all", "--metric", "success_rate")
    assert [line.split() for line in table.splitlines()[1:3]] == [
        ["depth", "4"] * 3,
        ["480", "steps", "800", "steps", "1,120", "steps"],
    ]


def test_a_probe_set_asks_other_runs_the_same(finished_run, second_run, tmp_path):
    file = tmp_path / "set.npz"
    told = printed(
        "probe-set", finished_run.path, "--out", file, "--goal", "4,4", "--points", 300, "--paths", 5, "--workers", 1
    )
    assert "300 states, 5 episodes and 1 goals of point_u_maze, evenly from 1 run " in told
    made = load_probe_set(file)
    assert made.goals.tolist() == [[4.0, 4.0]]
    table = printed("geometry", second_run.path, "--probe-set", file, "--workers", 1, "--format", "json")
    assert json.loads(table)["settings"]["evidence"]["point_u_maze"]["given_probe_set"]


def test_the_cache_says_what_it_holds_and_forgets_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CRL_PROBE_CACHE", str(tmp_path))
    none = f"{tmp_path}/programs: 0 programs, 0.0 MB\n"
    assert printed("cache", "info") == f"{tmp_path}/results: 0 results and figures, 0.0 MB\n{none}"
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "success-1.npz").write_bytes(bytes(2_000_000))
    program = tmp_path / "programs" / "0123456789ab" / "jit_learn-1-cache"
    program.parent.mkdir(parents=True)
    program.write_bytes(bytes(3_000_000))
    one = f"{tmp_path}/programs: 1 programs, 3.0 MB\n"
    assert printed("cache", "info") == f"{tmp_path}/results: 1 results and figures, 2.0 MB\n{one}"
    assert printed("cache", "clear") == "deleted 1 results and figures, and what is kept compiled\n"
    assert printed("cache", "info") == f"{tmp_path}/results: 0 results and figures, 0.0 MB\n{none}"
    assert cache.clear_cache() == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("metrics", "--metric", "sucess_rate"), "unknown metric 'sucess_rate': no such name is defined. Did you mean"),
        (("metrics", "--by", "widht"), "--by 'widht' is not usable: no setting of"),
        (("metrics", "--by", "depth,actor_depth"), "depth stands for actor_depth and critic_depth"),
        (("rollouts",), "--save is missing: rollouts has no numbers to print, only a figure"),
        (("metrics", "--goal", "100,100"), "goal 100,100 is not usable: it is in a wall of point_u_maze"),
        (("metrics", "--goal", "4,4,4"), "goal 4,4,4 is not usable: a goal of point_u_maze has 2 finite numbers"),
        (("metrics", "--goal", "here"), "--goal 'here' is not usable: give numbers separated by commas"),
        (("spread", "--goal", "4,4", "--goals", 3), "--goal and --goals exclude each other"),
        (("landscape", "--action", "1,2,3"), "action"),
        (("landscape", "--action", "boldly"), "action='boldly' is not usable: it is mean, sample, best_of_K, or"),
        (("metrics", "--goal", "nan,4"), "--goal 'nan,4' is not usable: give numbers separated by commas"),
        (("metrics", "--goal", "4,1e999"), "--goal '4,1e999' is not usable: give numbers separated by commas"),
        (("metrics", "--step", "9" * 5_000), "is not usable: give a checkpoint's environment steps, or all"),
        (("metrics", "--step", "١١٢٠"), "is not usable: give a checkpoint's environment steps, or all"),
        (
            ("trajectories", "--points", 10**9),
            "points=1000000000 is not usable: a projection holds 1 to 100,000",
        ),
        (
            ("landscape", "--action", "best_of_1000000000"),
            "action='best_of_1000000000' is not usable: it is mean",
        ),
        (("landscape", "--grid", 100_000), "fine_cells=100000 is not usable: a side of the grid has 1 to 2,000 cells"),
        (("metrics", "--out", "/"), "--out '/' is not usable: it is a folder"),
        (("geometry", "--save", "/etc/passwd/a.pdf"), "/etc/passwd is a file and not a folder"),
        (("probe-set", "--out", "set.txt"), "--out 'set.txt' is not usable: a probe set is a file that ends in .npz"),
        (("landscape", "--save", "figure.bmp"), "--save 'figure.bmp' is not usable: a figure ends in .pdf, .svg, .png"),
        (
            ("trajectories", "--method", "tsne"),
            "method='tsne' is not usable: projections are made by aligned, umap, pca",
        ),
        (("geometry", "--step", "newest"), "--step 'newest' is not usable: give a checkpoint's environment steps"),
        (("geometry", "--probe-set", "no.npz"), "--probe-set 'no.npz' does not exist"),
        (
            ("report", "--sections", "sucess"),
            "--sections 'sucess' is not usable: there is no such section. Did you mean",
        ),
        (("report", "--step", "newest"), "--step 'newest' is not usable: give a checkpoint's environment steps"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(finished_run, args, message):
    assert message in refused(args[0], finished_run.path, "--workers", 1, *args[1:])


def test_a_probe_set_of_another_environment_is_refused(finished_run, tmp_path):
    evidence = Evidence([load_run(finished_run.path)], EvidenceSettings(episodes=2), use_cache=False)
    other = copy.copy(evidence.probe_set)
    object.__setattr__(other, "env", "humanoid")
    save_probe_set(other, tmp_path / "set.npz")
    options = ("--probe-set", tmp_path / "set.npz", "--workers", 1)
    assert "the probe set is of humanoid and the runs are of point_u_maze" in refused(
        "geometry", finished_run.path, *options
    )
    (tmp_path / "set.npz").write_bytes(b"no archive")
    assert "cannot be read" in refused("geometry", finished_run.path, *options)


def test_a_landscape_without_a_maze_is_refused(finished_run, monkeypatch):
    def open_field(self):
        env = copy.copy(self.runs[0].env)
        env.maze = None
        return env

    monkeypatch.setattr(Evidence, "env", property(open_field))
    assert "environment 'point_u_maze' cannot be probed this way: it has neither a maze" in refused(
        "landscape", finished_run.path, "--goal", "4,4"
    )


def test_a_network_of_nan_is_refused_and_the_rest_goes_on(finished_run, tmp_path):
    copied = RunDir(shutil.copytree(finished_run.path, tmp_path / "broken"))
    run = load_run(copied.path)
    nan = jax.tree.map(lambda leaf: jnp.full_like(leaf, jnp.nan), run.params["goal_encoder"])
    save_policy(copied, run.config, run.env_steps, {**run.params, "goal_encoder": nan}, jnp.zeros(()))
    assert "holds NaN or infinite numbers in goal_encoder/" in refused("landscape", copied.path, *QUICK)
    result = probe("eval", finished_run.path, copied.path, "--episodes", "2")
    assert result.exit_code == 0
    assert "skipped: checkpoint" in result.output


def damaged(run, path, file, change):
    """A copy of a run with one of its text files changed."""
    copied = shutil.copytree(run.path, path)
    (copied / file).write_text(change((copied / file).read_text()))
    return copied


def test_a_damaged_log_and_a_damaged_record_are_told_and_the_rest_goes_on(finished_run, second_run, tmp_path):
    odd_line = damaged(second_run, tmp_path / "odd_line", "metrics.jsonl", lambda text: text + "[1]\n")
    no_text = damaged(finished_run, tmp_path / "no_text", "config.json", lambda text: text.replace('"a test"', "null"))
    result = probe("eval", finished_run.path, odd_line, no_text, "--episodes", 2, "--format", "json")
    assert result.exit_code == 0
    assert [row["run"] for row in json.loads(result.stdout)] == ["finished", "odd_line"]
    assert result.stderr.splitlines() == [
        f"skipped: {no_text}/config.json has device=None (input should be a valid string): was it edited?",
        f"skipped: The learning curve of odd_line is missing: {odd_line}/metrics.jsonl, line 4, is [1]: a line is an "
        "object of numbers. Mend or remove that line: no checkpoint depends on it.",
    ]
    assert "config.json has device=None" in refused("eval", no_text)


def test_other_curves_are_drawn_where_one_log_is_damaged(finished_run, second_run, tmp_path):
    odd_line = damaged(second_run, tmp_path / "odd_line", "metrics.jsonl", lambda text: "null\n" + text)
    evidence = Evidence([load_run(finished_run.path), load_run(odd_line)], EvidenceSettings(), use_cache=False)
    result = run_probe(PROBES["learning_curves"], evidence)
    assert [len(curve) for curve in result.curves["eval/success_rate"]] == [3, 0]
    (note,) = PROBES["learning_curves"].notes(result)
    assert note.startswith(f"The learning curve of odd_line is missing: {odd_line}/metrics.jsonl, line 1, is None")
    assert len(learning_chart(result, "eval/success_rate").lines) == 1
    result = probe("curves", finished_run.path, odd_line, "--save", tmp_path / "curves.svg")
    assert result.exit_code == 0, result.output
    assert "skipped: The learning curve of odd_line is missing" in result.stderr
    alone = probe("curves", odd_line, "--save", tmp_path / "a.svg")
    assert alone.exit_code == 2
    assert "error: metrics.jsonl of these runs holds none of eval/success_rate" in alone.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--episodes", 10**15),
        ("--goals", 10**9),
        ("--workers", 10**9),
        ("--episodes", 10**30),
        ("--goals", "9" * 5_000),
    ],
)
def test_counts_have_a_largest_value(finished_run, option, value):
    result = probe("metrics", finished_run.path, option, value)
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.output


def test_a_record_of_episodes_that_cannot_fit_is_refused_before_it_is_made(finished_run, monkeypatch):
    for module in ("crl_train.evaluation.free_memory", "crl_probe.evidence.evidence.free_host_memory"):
        monkeypatch.setattr(module, lambda: 10**6)
    rest = "of memory and 1.0 MB are free. Lower episodes, or use a machine with more memory."
    assert f"a record of 100,000 episodes needs at least 47.4 MB {rest}" in refused(
        "eval", finished_run.path, "--episodes", 100_000
    )
    assert f"a record of 100,000 episodes of each of 1 runs needs at least 47.4 MB {rest}" in refused(
        "success", finished_run.path, "--episodes", 100_000, "--workers", 1
    )


def test_environments_do_not_share_a_figure_or_a_probe_set(tmp_path, monkeypatch):
    both = [Evidence([FakeRun(env)], EvidenceSettings()) for env in ("point_u_maze", "point_u4_maze")]
    for module in ("probes", "probe_set"):
        monkeypatch.setattr(f"crl_probe.cli.{module}.open_evidence", lambda *_, **__: both)
    for command in (("geometry", "--save", tmp_path / "a.pdf"), ("probe-set", "--out", tmp_path / "a.npz")):
        assert "runs of point_u_maze, point_u4_maze" in refused(command[0], "runs", *command[1:])
    assert list(tmp_path.iterdir()) == []


def options_of(name):
    return main.get_command(click.Context(main), name).params


def test_defaults_in_help_are_those_of_the_settings():
    options = {param.name: param.help for param in options_of("metrics") if hasattr(param, "help")}
    options |= {param.name: param.help for param in options_of("probe-set") if hasattr(param, "help")}
    for name in ("episodes", "goals", "points", "paths"):
        assert f"{getattr(EvidenceSettings(), name)} if not given" in options[name]
    own = {param.name: param.help for param in options_of("landscape") if hasattr(param, "help")}
    assert f"{QLandscapeSettings().fine_cells} if not given" in own["fine_cells"]
    assert f"{QLandscapeSettings().action} if not given" in own["action"]
    own = {param.name: param.help for param in options_of("trajectories") if hasattr(param, "help")}
    assert f"{EmbeddingTrajectorySettings().points} if not given" in own["points"]
    assert f"{EmbeddingTrajectorySettings().method} if not given" in own["method"]


def test_text_becomes_values():
    assert (parse_step(None), parse_step("all"), parse_step("480")) == (None, "all", 480)
    assert parse_goal("4,-0.5") == (4.0, -0.5)
    assert parse_by("seed, depth") == (("depth",), ("level", "run"))
    assert parse_by("critic_depth,actor_depth") == (("critic_depth", "actor_depth"), ("level",))
    check_metrics(["cka"], DEFINITIONS)
    with pytest.raises(ConfigError, match="Did you mean 'geodesic_rank'"):
        check_metrics(["geodesic"], DEFINITIONS)
    with pytest.raises(ConfigError, match="Metrics are success_rate, final_success_rate"):
        check_metrics(["zzz"], DEFINITIONS)


def test_a_metric_that_these_runs_cannot_have_is_named(finished_run):
    asked = ("metrics", finished_run.path, *QUICK, "--metric", "cka")
    assert "no number of cka is defined for these runs" in refused(*asked)
    result = probe(*asked, "--metric", "success_rate")
    assert result.exit_code == 0
    assert "note: cka is not defined for these runs" in result.output


def test_runs_are_compared_by_any_setting(monkeypatch, tmp_path):
    runs = [FakeRun(width=width, seed=seed, name=f"w{width}_s{seed}") for width in (64, 16) for seed in (0, 1)]
    monkeypatch.setattr("crl_probe.cli.opening.open_runs", lambda *_, **__: (list(runs), []))
    monkeypatch.setattr("crl_probe.cli.report.open_runs", lambda *_, **__: (list(runs), []))
    quick = ("runs", "--episodes", 4, "--workers", 1, "--no-cache")
    assert "also differ in width (width=" in refused("success", *quick)
    assert "Add --by depth,width, or compare" in refused("success", *quick)
    rows = list(csv.DictReader(io.StringIO(printed("success", *quick, "--by", "width", "--format", "csv"))))
    rates = [row for row in rows if row["metric"] == "success_rate"]
    assert [(row["level"], row["label"], row["width"], row["count"]) for row in rates] == [
        ("width", "width 16", "16", "2"),
        ("width", "width 64", "64", "2"),
    ]
    both = printed("success", *quick, "--by", "width,seed", "--format", "csv")
    assert {row["level"] for row in csv.DictReader(io.StringIO(both))} == {"width", "seed"}
    out = tmp_path / "report"
    made = probe("report", *quick, "--by", "width", "--sections", "success", "--no-figures", "--out", out)
    assert made.exit_code == 0, made.output
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "width 16" in page
    assert "judged on these runs" not in page  # the claims are about depth
