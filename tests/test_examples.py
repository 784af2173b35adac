"""The example scripts run on runs that are really trained, as a reader would type them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def runs(finished_run, second_run, tmp_path_factory):
    """Two seeds of the tiny run, and a cache for what both scripts record."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "tiny_d4_s0").symlink_to(finished_run.path)
    (folder / "tiny_d4_s1").symlink_to(second_run.path)
    return folder


def run_example(name, runs, *options) -> str:
    command = [sys.executable, EXAMPLES / name, runs / "tiny_*", "--episodes", 8, *options]
    environment = {"CRL_PROBE_CACHE": str(runs / "cache")}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_run_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"depth_figure.py", "depth_table.py"}


def test_the_figure_is_drawn(runs, tmp_path):
    out = tmp_path / "figure.svg"
    assert run_example("depth_figure.py", runs, "--out", out) == f"figure: {out}\n"
    drawing = out.read_text()
    assert "Time at goal" in drawing
    assert drawing.count("geodesic rank") == 1  # one landscape a depth, whatever the number of seeds
    assert "geodesic distance" in drawing


def test_the_table_is_printed_with_verdicts(runs):
    printed = run_example("depth_table.py", runs)
    assert printed.count(r"\begin{tabularx}") == printed.count(r"\end{tabularx}") == 1
    assert " & depth 4 \\\\\n & 2 seeds \\\\\n" in printed
    assert "Time at goal" in printed
    assert "% not enough data: Deeper agents reach the goal more." in printed
    rest = [line for line in printed.split(r"\endgroup")[-1].splitlines() if line]
    assert all(line.startswith("% ") for line in rest)
    assert len([line for line in rest if line.startswith("% not enough data: ")]) == 5
