"""``crl-train sweep``: bring every run to its end, beside other processes that do the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from crl_train.cli_train import Sitting, start, train_to_the_end
from crl_train.config import TrainConfig
from crl_train.console import echo
from crl_train.errors import NonFiniteError, RunExistsError, RunLockedError
from crl_train.run_dir import RunDir
from crl_train.sweep import Place, place_of, require_same_settings, runs_of

Outcome: TypeAlias = Literal["complete", "diverged", "held by another process"]


def train_sweep(out: Path, configs: Sequence[TrainConfig], sitting: Sitting) -> None:
    """Train every run that is not complete and that no other process is training.

    Runs that others hold are tried again at the end: they may have been left unfinished.

    Raises:
        ConfigError: If a run exists with other settings; before anything is trained.
        NonFiniteError: If runs diverged; after the others were trained.
        SystemExit: If a signal asked to stop.
    """
    runs = runs_of(out, configs)
    held, waiting, diverged = list(runs), list[RunDir](), list[RunDir]()
    while len(held) != len(waiting):  # until a whole pass has found nothing free
        waiting, held = held, []
        for index, run in enumerate(waiting):
            place = place_of(run, runs, waiting[index + 1 :])
            outcome = _train_one(run, runs[run], place, sitting)
            if outcome == "held by another process":
                held.append(run)
                if len(waiting) == len(runs):  # said once
                    sitting.say(f"{place}: {run.path} is being trained by another process; skipped for now.")
            elif outcome == "diverged":
                diverged.append(run)
    if held:
        sitting.say(f"Other processes are training {len(held)} of {len(runs)} runs: {_names(held)}.")
    if diverged:
        raise NonFiniteError(f"{len(diverged)} of {len(runs)} runs diverged and were left out: {_names(diverged)}.")


def _train_one(run: RunDir, config: TrainConfig, place: Place, sitting: Sitting) -> Outcome:
    from crl_train.training import is_complete

    try:
        if not run.is_run:
            try:
                start(run, config)
            except RunExistsError:
                if not run.is_run:  # it is no run that has this place
                    raise
        require_same_settings(run, config)  # another process may have made it since the sweep began
        if is_complete(run):
            sitting.say(f"{place}: {run.path} is complete; skipped.")
        else:
            train_to_the_end(run, sitting, place)
        return "complete"
    except RunLockedError:
        return "held by another process"
    except NonFiniteError as error:
        echo(f"{run.path} diverged: {error}", err=True)
        return "diverged"


def _names(runs: Sequence[RunDir]) -> str:
    return ", ".join(run.path.name for run in runs)
