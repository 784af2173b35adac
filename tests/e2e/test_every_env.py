"""Every environment trains as a user types it, and a report compares what was trained."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from crl_probe.cli.program import main as crl_probe
from crl_train.run_dir import RunDir
from crl_train.run_record import read_metrics
from tests.browser.reports import quick_pictures
from tests.crl_train.helpers import invoke


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def train(env_name, seed, runs):
    run = RunDir(runs / f"{env_name}_d4_s{seed}")
    if not run.path.exists():
        done = invoke("run", env_name, "--depth", 4, "--seed", seed, "--preset", "smoke", "--out", runs)
        assert done.exit_code == 0, done.output
    return run


@pytest.mark.slow
def test_a_run_trains_and_is_evaluated(trained_env, runs):
    rows = read_metrics(train(trained_env, 0, runs))
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[-1]["updates"] >= 8
    for row in rows:
        numbers = [value for value in row.values() if value is not None]
        assert np.isfinite(numbers).all()


@pytest.mark.slow
def test_a_report_compares_two_robots_runs(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("CRL_PROBE_CACHE", str(tmp_path / "cache"))
    for seed in (0, 1):  # of one depth, so that every program is compiled once
        train("reacher", seed, runs)
    out = tmp_path / "report"
    with quick_pictures():
        done = CliRunner().invoke(
            crl_probe, ["report", str(runs / "reacher_*"), "--out", str(out), "--episodes", "8", "--goals", "3"]
        )
    assert done.exit_code == 0, done.output
    assert json.loads((out / "metrics.json").read_text())
    page = (out / "index.html").read_text()
    assert "depth 4" in page
    assert "2 seeds" in page
