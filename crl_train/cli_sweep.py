"""``crl-train sweep``: bring every run to its end, beside other processes that do the same."""

from collections.abc import Sequence
from pathlib import Path

from crl_train.cli_train import Sitting, start, train_group_to_the_end, train_to_the_end
from crl_train.config import TrainConfig
from crl_train.console import echo
from crl_train.errors import NonFiniteError, RunExistsError, RunLockedError
from crl_train.run_dir import RunDir
from crl_train.sweep import by_depths, place_of, require_same_settings, runs_of


def train_sweep(out: Path, configs: Sequence[TrainConfig], sitting: Sitting, *, vectorize: bool = False) -> None:
    """Train every run that is not complete and that no other process is training.

    Runs that others hold are tried again at the end: they may have been left unfinished.

    Args:
        out: Folder for runs.
        configs: What is trained.
        sitting: What the command shares.
        vectorize: Whether the seeds of each pair of depths are trained in one program.

    Raises:
        ConfigError: If a run exists with other settings; before anything is trained.
        NonFiniteError: If runs diverged; after the others were trained.
        SystemExit: If a signal asked to stop.
    """
    runs = runs_of(out, configs)
    programs = by_depths(runs) if vectorize else [[run] for run in runs]
    held, waiting, diverged = programs, list[list[RunDir]](), list[RunDir]()
    while len(held) != len(waiting):  # until a whole pass has found nothing free
        waiting, held = held, []
        for index, together in enumerate(waiting):
            later = waiting[index + 1 :]
            try:
                for run, error in _train_together(together, runs, later, sitting).items():
                    echo(f"{run.path} diverged: {error}", err=True)
                    diverged.append(run)
            except RunLockedError:
                held.append(together)
                if len(waiting) == len(programs):  # said once
                    place = place_of(together, runs, later)
                    sitting.say(f"{place}: {_paths(together)} is being trained by another process; skipped for now.")
    if held:
        left = [run for together in held for run in together]
        sitting.say(f"Other processes are training {len(left)} of {len(runs)} runs: {_names(left)}.")
    if diverged:
        raise NonFiniteError(f"{len(diverged)} of {len(runs)} runs diverged and were left out: {_names(diverged)}.")


def _train_together(
    together: Sequence[RunDir], runs: dict[RunDir, TrainConfig], later: Sequence[Sequence[RunDir]], sitting: Sitting
) -> dict[RunDir, NonFiniteError]:
    """Train runs that differ in seed alone to their end.

    Returns:
        Why runs diverged, by run.
    Raises:
        RunLockedError: If another process is training one of them.
    """
    from crl_train.seed_groups import alone, seed_groups
    from crl_train.training import is_complete

    unfinished, diverged = [], dict[RunDir, NonFiniteError]()
    for run in together:
        _make(run, runs[run], sitting)
        if is_complete(run):
            sitting.say(f"{place_of([run], runs, later)}: {run.path} is complete; skipped.")
        else:
            unfinished.append(run)
    for group in seed_groups(unfinished) if len(together) > 1 else map(alone, unfinished):
        training = list(group.runs.values())
        place = place_of(training, runs, later)
        if group.is_alone:
            try:
                train_to_the_end(training[0], sitting, place)
            except NonFiniteError as error:
                diverged[training[0]] = error
        else:
            diverged |= train_group_to_the_end(group, sitting, place)
    return diverged


def _make(run: RunDir, config: TrainConfig, sitting: Sitting) -> None:
    """Make a run's folder if there is none, and refuse one that has other settings."""
    if not run.is_run:
        try:
            start(run, config, sitting.mesh)
        except RunExistsError:
            if not run.is_run:  # it is no run that has this place
                raise
    require_same_settings(run, config)  # another process may have made it since the sweep began


def _names(runs: Sequence[RunDir]) -> str:
    return ", ".join(run.path.name for run in runs)


def _paths(runs: Sequence[RunDir]) -> str:
    return ", ".join(str(run.path) for run in runs)
