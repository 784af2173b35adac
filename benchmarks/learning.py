"""How fast a shallow agent learns the smallest maze: success on fresh goals over time, including compilation.

The limit is success_rate ≥ 0.8 within 180 seconds on two cores; the last line says PASS or MISS.
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
from crl_train.run_dir import RunDir
from crl_train.run_record import create_run
from crl_train.training import Stopped, train

SUCCESS, LIMIT_SECONDS = 0.8, 180.0


class UntilLearned(PlainDisplay):
    """Prints every epoch, and stops the run when the success rate or the time limit is reached."""

    reached_after: float | None = None
    over = False

    def epoch_ended(self, row: Mapping[str, Any]) -> None:
        super().epoch_ended(row)
        if row["eval/success_rate"] >= SUCCESS and self.reached_after is None:
            self.reached_after = row["time/seconds"]
        self.over = self.reached_after is not None or row["time/seconds"] > LIMIT_SECONDS

    def wants_stop(self) -> bool:
        return self.over


def main() -> int:
    """Train until the success rate is reached, and print the time that it took."""
    config = make_config({"env": "point_u_maze", "num_eval_episodes": 512}, preset="laptop")
    with tempfile.TemporaryDirectory() as folder:
        run = RunDir(Path(folder) / config.name)
        create_run(run, config, "cpu", "benchmarks/learning.py")
        display = UntilLearned(run, Console(highlight=False))
        with contextlib.suppress(Stopped):
            train(run, display)
    after = display.reached_after
    verdict = "PASS" if after is not None and after <= LIMIT_SECONDS else "MISS"
    when = f"{after:.0f} s" if after is not None else "never"
    print(
        f"{verdict}: depth {config.critic_depth} on {config.env} reached success_rate {SUCCESS} after {when} "
        f"(bar: {LIMIT_SECONDS:.0f} s on two cores; {len(os.sched_getaffinity(0))} cores here)"
    )
    return 0 if verdict == "PASS" else 1


if __name__ == "__main__":
    sys.exit(main())
