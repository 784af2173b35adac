"""What a user of ``crl-probe`` types, sees, and is told."""

import csv
import io
import json
import shutil

import pytest
from click.testing import CliRunner

from crl_probe.cli import main
from tests.crl_train.helpers import new_run, tiny_config


def probe(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


def refused(*args) -> str:
    result = probe(*args)
    assert result.exit_code == 2, result.output
    assert result.output.count("\n") == 1
    return result.output


def test_eval_prints_the_same_numbers_in_every_format(finished_run):
    options = ("eval", finished_run.path, "--episodes", 3)
    row = json.loads(probe(*options, "--format", "json").output)[0]
    assert (row["env"], row["env_steps"], row["episodes"]) == ("point_u_maze", 1120, 3)
    (line,) = csv.DictReader(io.StringIO(probe(*options, "--format", "csv").output))
    assert float(line["final_distance"]) == row["final_distance"]
    table = probe(*options).output
    assert f"{row['final_distance']:.2f}" in table
    assert "finished" in table


def test_eval_acts_as_told(finished_run):
    def distance(policy):
        output = probe("eval", finished_run.path, "--episodes", 3, "--policy", policy, "--format", "json").output
        return json.loads(output)[0]["final_distance"]

    assert len({distance("mean"), distance("sample"), distance("best_of_3")}) == 3


def test_run_without_a_checkpoint_is_passed_over_beside_others_and_refused_alone(finished_run, tmp_path):
    young = new_run(tmp_path / "young", tiny_config(seed=1))
    result = probe("eval", young.path, finished_run.path, "--episodes", 2)
    assert result.exit_code == 0
    assert "passed over: no checkpoint found in" in result.output
    assert "no checkpoint found in" in refused("eval", young.path)


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


def test_report_never_replaces_a_folder_that_is_not_a_report(finished_run, tmp_path):
    own = tmp_path / "thesis"
    own.mkdir()
    (own / "chapter.tex").write_text("mine")
    copy = shutil.copytree(finished_run.path, tmp_path / "run")
    assert "thesis" in refused("report", copy, "--out", own, "--quiet")
    assert (own / "chapter.tex").read_text() == "mine"
