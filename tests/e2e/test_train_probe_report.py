"""Both command lines as a user types them: train two depths, evaluate them, write a report."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crl_train.helpers import TINY

BIN = Path(sys.executable).parent


def run(*args) -> str:
    done = subprocess.run([BIN / args[0], *map(str, args[1:])], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    # No library may chatter; notes are ours, such as that agents this young visit no goal often enough to measure.
    assert all(line.startswith("note: ") for line in done.stderr.splitlines()), done.stderr
    return done.stdout


@pytest.mark.slow
def test_from_nothing_to_a_report_of_two_depths(tmp_path, monkeypatch):
    monkeypatch.setenv("CRL_PROBE_CACHE", str(tmp_path / "cache"))
    settings = tmp_path / "settings.yaml"
    settings.write_text("\n".join(f"{name}: {value}" for name, value in TINY.items() if name != "env"))
    sweep = ("crl-train", "sweep", "point_u_maze", "--config", settings, "--depths", "4,8", "--out", tmp_path / "runs")

    printed = run(*sweep)
    assert "critic depth 4, 1,120 env steps, 36 updates" in printed
    assert printed.count("epoch 3/3") == 2
    assert run(*sweep).count("is complete; skipped.") == 2

    info = run("crl-train", "info", tmp_path / "runs" / "point_u_maze_d8_s0")
    assert "1,120 of 1,120 env steps, 3 of 3 epochs" in info

    runs = tmp_path / "runs" / "point_u_maze_*"
    table = run("crl-probe", "eval", runs, "--episodes", 4)
    assert "point_u_maze_d4_s0" in table
    assert "point_u_maze_d8_s0" in table

    out = tmp_path / "reports" / "mine"
    assert str(out / "index.html") in run("crl-probe", "report", runs, "--out", out, "--episodes", 8)
    page = (out / "index.html").read_text()
    assert "depth 4" in page
    assert "depth 8" in page
    numbers = json.loads((out / "metrics.json").read_text())
    assert numbers
