"""The study for an accelerator trains in pieces: the run that has come least far goes first, and reports come last."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu_study.sh"
TRAINER = """#!/bin/bash
echo "train $2 $4" >> calls
if [ "$2 $4" = "$UNFINISHED" ]; then trap 'exit 75' USR1; while true; do sleep 0.05; done; fi
exit "$CODE"
"""


def piece(folder: Path, unfinished: str = "", code: int = 0, **settings: str) -> tuple[int, list[str]]:
    """Run a piece with stand-ins for both programs: exit code, and the calls they got."""
    for name, text in {"crl-train": TRAINER, "crl-probe": '#!/bin/bash\necho "report $2" >> calls\n'}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "UNFINISHED": unfinished, "CODE": str(code), **settings}
    done = subprocess.run([SCRIPT, "runs"], env=environment, cwd=folder, timeout=60, check=False)
    calls = folder / "calls"
    return done.returncode, calls.read_text().splitlines() if calls.exists() else []


def trained(folder: Path, run: str, steps: int) -> None:
    (folder / "runs" / run).mkdir(parents=True)
    (folder / "runs" / run / "metrics.jsonl").write_text(f'{{"epoch": 1, "env_steps": {steps}, "updates": 9}}\n')


def test_the_run_that_has_come_least_far_goes_first_and_is_stopped_in_time(tmp_path):
    for run, steps in (("ant_u4_maze_d4_s0", 900), ("ant_u4_maze_d16_s0", 1000), ("humanoid_d4_s0", 800)):
        trained(tmp_path, run, steps)
    settings = {"PIECE": "2", "DEPTHS": "4 16"}
    assert piece(tmp_path, "humanoid 16", **settings) == (75, ["train humanoid 16"])


def test_what_is_complete_leaves_its_time_to_the_next_and_reports_end_the_study(tmp_path):
    code, calls = piece(tmp_path, PIECE="60")
    assert code == 0
    runs = [f"train {env} {depth}" for depth in (4, 16, 64) for env in ("ant_u4_maze", "humanoid")]
    assert calls == [*runs, "report runs/ant_u4_maze_d*", "report runs/humanoid_d*"]


@pytest.mark.parametrize("code", [2, 130])
def test_an_error_ends_the_study(tmp_path, code):
    assert piece(tmp_path, code=code, PIECE="60") == (code, ["train ant_u4_maze 4"])
