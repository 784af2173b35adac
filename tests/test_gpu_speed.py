"""The table for an accelerator is whole whatever happens to its rows, and never takes longer than it may."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.sh"
MEASURED = {
    "device": "gpu, a test",
    "compile_seconds": 3.0,
    "update_ms": 1.5,
    "update_gflops": 9000.0,
    "collect_steps_per_second": 50000.0,
}
TRAINER = f"""#!/bin/bash
echo "$2" >> calls
case "$*" in
  *"--depths 64 "*) echo 'out of memory' >&2; exit 1 ;;
  *"--depths 16 "*) exec sleep 60 ;;
esac
while [ "$1" != --json ]; do shift; done
echo '[{json.dumps(MEASURED)}]' > "$2"
"""


def table(folder: Path, **settings: str) -> tuple[list[str], dict[str, str], list[str]]:
    """Run the script with a stand-in for the trainer: what it printed, how rows ended, and the calls there were."""
    (folder / "crl-train").write_text(TRAINER)
    (folder / "crl-train").chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    common = {"PATH": path, "PYTHON": sys.executable, "ENVS": "ant", "PRECISIONS": "float32", "PLAIN_DEPTHS": ""}
    done = subprocess.run(
        [SCRIPT, "out"],
        env={**os.environ, **common, **settings},
        cwd=folder,
        timeout=60,
        check=True,
        capture_output=True,
        text=True,
    )
    rows = json.loads((folder / "out" / "gpu.json").read_text())
    calls = folder / "calls"
    called = calls.read_text().splitlines() if calls.exists() else []
    return done.stdout.splitlines(), {row["row"]: row["status"] for row in rows}, called


def test_rows_that_fail_or_take_too_long_are_written_down_and_the_others_go_on(tmp_path):
    printed, rows, _ = table(tmp_path, DEPTHS="64 16 4", ROW_TIME="1", LEAST="1")
    assert rows == {
        "ant_d64_float32": "failed with exit code 1",
        "ant_d16_float32": "stopped after 1 s",
        "ant_d4_float32": "measured",
    }
    assert printed[-2].split(maxsplit=1) == [
        "ant_d4_float32",
        "compiled in 3 s, update 1.5 ms, 9,000 GFLOP/s, collecting 50,000 env steps/s",
    ]
    assert printed[-1] == "on gpu, a test: out/gpu.json"
    assert "out of memory" in (tmp_path / "out" / "ant_d64_float32.log").read_text()


def test_time_that_is_over_leaves_rows_for_the_next_call(tmp_path):
    started = time.monotonic()
    _, rows, _ = table(tmp_path, DEPTHS="4 16 256", TIME="8", LEAST="2")
    assert time.monotonic() - started < 20
    assert rows["ant_d4_float32"] == "measured"
    assert rows["ant_d16_float32"].startswith("stopped after ")
    assert rows["ant_d256_float32"] == "no time left"
    _, rows, calls = table(tmp_path, DEPTHS="4 256")
    assert set(rows.values()) == {"measured"}
    assert len(calls) == 3  # what had its number is not measured again
