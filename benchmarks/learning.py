"""How fast a shallow agent learns an easy task: success on fresh goals over time, including compilation.

The limits, on two cores: success_rate 0.8 on the smallest maze within 180 seconds, 0.5 on the reacher within 15
minutes, and 0.5 with the arm that reaches within 20. A line for each says PASS or MISS.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from crl_train.cli_display import PlainDisplay
from crl_train.config import make_config
from crl_train.interrupt import StopRequest
from crl_train.run_dir import RunDir
from crl_train.run_record import create_run
from crl_train.training import Stopped, train

TASKS = {
    "point_u_maze": (0.8, 180.0),
    "reacher": (0.5, 900.0),
    "arm_reach": (0.5, 1200.0),
}  # success rate, and seconds until it is reached


class UntilLearned(PlainDisplay):
    """Prints every epoch, and stops the run when the success rate or the time limit is reached."""

    def __init__(self, run: RunDir, success: float, limit: float) -> None:
        super().__init__([run], Console(highlight=False), StopRequest())
        self._success, self._limit = success, limit
        self.reached_after: float | None = None
        self.over = False

    def epoch_ended(self, run: RunDir, row: Mapping[str, Any]) -> None:
        super().epoch_ended(run, row)
        if row["eval/success_rate"] >= self._success and self.reached_after is None:
            self.reached_after = row["time/seconds"]
        self.over = self.reached_after is not None or row["time/seconds"] > self._limit

    def wants_stop(self) -> bool:
        return self.over


def learns(env: str, success: float, limit: float) -> bool:
    """Train until the success rate is reached, and print the time that it took."""
    config = make_config({"env": env, "num_eval_episodes": 512}, preset="laptop")
    with tempfile.TemporaryDirectory() as folder:
        run = RunDir(Path(folder) / config.name)
        create_run(run, config, "cpu", "benchmarks/learning.py")
        display = UntilLearned(run, success, limit)
        with contextlib.suppress(Stopped):
            train(run, display)
    after = display.reached_after
    in_time = after is not None and after <= limit
    when = f"{after:.0f} s" if after is not None else "never"
    print(
        f"{'PASS' if in_time else 'MISS'}: depth {config.critic_depth} on {env} reached success_rate {success} after "
        f"{when} (bar: {limit:.0f} s on two cores; {len(os.sched_getaffinity(0))} cores here)"
    )
    return in_time


def main() -> int:
    """Train on every task."""
    outcomes = [learns(env, *limits) for env, limits in TASKS.items()]
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
