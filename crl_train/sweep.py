"""The runs of a sweep, program after program: which is next, and how long the others will take."""

import dataclasses
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from crl_train.config import TrainConfig
from crl_train.errors import CheckpointError, ConfigError
from crl_train.run_dir import RunDir
from crl_train.run_record import read_metrics, read_record
from crl_train.step_counts import step_counts

Depths: TypeAlias = tuple[int, int]
"""Depths of actor and critic."""


@dataclasses.dataclass(frozen=True)
class TimeLeft:
    """How long some runs will take, as far as runs of their depths have been timed.

    Attributes:
        seconds: Of those whose depths have been timed.
        untimed: Number of the others.
    """

    seconds: float = 0.0
    untimed: int = 0


@dataclasses.dataclass(frozen=True)
class Place:
    """Which run of a sweep is being trained.

    Attributes:
        number: Counted from 1.
        total: All runs of the sweep.
        own: This run, from its beginning.
        after: Those that are still to come.
        beside: Numbers of the runs that are trained in the same program.
    """

    number: int
    total: int
    own: TimeLeft = TimeLeft()
    after: TimeLeft = TimeLeft()
    beside: tuple[int, ...] = ()

    def __str__(self) -> str:
        if not self.beside:
            return f"run {self.number} of {self.total}"
        numbers = sorted((self.number, *self.beside))
        in_a_row = numbers == list(range(numbers[0], numbers[-1] + 1))
        return f"runs {f'{numbers[0]}-{numbers[-1]}' if in_a_row else ', '.join(map(str, numbers))} of {self.total}"


def runs_of(out: Path, configs: Iterable[TrainConfig]) -> dict[RunDir, TrainConfig]:
    """The runs of a sweep, in order.

    Raises:
        ConfigError: If one exists with other settings.
    """
    runs = {RunDir(out / config.name): config for config in configs}
    for run, config in runs.items():
        if run.is_run:
            require_same_settings(run, config)
    return runs


def require_same_settings(run: RunDir, config: TrainConfig) -> None:
    """Refuse a run that exists with other settings than a sweep asks for.

    Raises:
        ConfigError: If it does.
    """
    existing, _ = read_record(run)
    different = [name for name in TrainConfig.model_fields if getattr(existing, name) != getattr(config, name)]
    if not different:
        return
    there = ", ".join(f"{name}={getattr(existing, name)!r} there" for name in different)
    longer = (
        f" To train it longer: crl-train resume {run.typed} --total-env-steps {config.total_env_steps}."
        if set(different) <= {"total_env_steps", "num_epochs"} and existing.total_env_steps < config.total_env_steps
        else ""
    )
    raise ConfigError(
        f"run {str(run.path)!r} exists with other settings ({there}): a sweep does not mix them. Choose another --out."
        f"{longer}"
    )


def place_of(program: Sequence[RunDir], runs: Mapping[RunDir, TrainConfig], later: Sequence[Sequence[RunDir]]) -> Place:
    """Where a sweep stands when it comes to a run, or to several that are trained in one program.

    Args:
        program: The run, or the runs.
        runs: All runs of the sweep, in order.
        later: Programs that it will come to afterwards; complete runs among them take no time.
    """
    complete = {each: row for each, config in runs.items() if (row := _last_row_of_complete(each, config))}
    times: dict[Depths, list[float]] = {}
    for each, row in complete.items():
        taken = row.get("time/seconds")  # a line must have no number but its steps
        if taken is not None and taken > 0:
            times.setdefault(depths_of(runs[each]), []).append(taken)
    numbers = {each: number for number, each in enumerate(runs, start=1)}
    seconds = {depths: statistics.mean(values) for depths, values in times.items()}
    to_come = [[runs[each] for each in others if each not in complete] for others in later]
    return Place(
        number=numbers[program[0]],
        total=len(runs),
        own=time_left([[runs[each] for each in program]], seconds),
        after=time_left(to_come, seconds),
        beside=tuple(numbers[each] for each in program[1:]),
    )


def time_left(programs: Sequence[Sequence[TrainConfig]], seconds_by_depths: Mapping[Depths, float]) -> TimeLeft:
    """How long programs take, each of which trains runs that differ in seed alone.

    A depth's time says little about that of another, which depends on the device; so such runs are counted instead.
    The runs of a program end together: each has taken the time of all.

    Example:
        >>> from crl_train.config import make_config
        >>> programs = [[make_config({"env": "maze", "actor_depth": depth})] for depth in (4, 4, 16)]
        >>> time_left(programs, {(4, 4): 100.0})
        TimeLeft(seconds=200.0, untimed=1)
    """
    left = TimeLeft()
    for configs in filter(None, programs):
        if depths_of(configs[0]) in seconds_by_depths:
            left = dataclasses.replace(left, seconds=left.seconds + seconds_by_depths[depths_of(configs[0])])
        else:
            left = dataclasses.replace(left, untimed=left.untimed + len(configs))
    return left


def _last_row_of_complete(run: RunDir, config: TrainConfig) -> dict[str, Any] | None:
    """The last line of metrics of a complete run; None if it is not complete or its metrics cannot be read."""
    try:
        rows = read_metrics(run)
    except CheckpointError:  # an estimate is no reason to stop
        return None
    is_complete = bool(rows) and rows[-1]["env_steps"] >= step_counts(config).total_env_steps
    return rows[-1] if is_complete else None


def by_depths(runs: Mapping[RunDir, TrainConfig]) -> list[list[RunDir]]:
    """The runs of each pair of depths, which differ in seed alone."""
    levels: dict[Depths, list[RunDir]] = {}
    for run, config in runs.items():
        levels.setdefault(depths_of(config), []).append(run)
    return list(levels.values())


def depths_of(config: TrainConfig) -> Depths:
    """Depths of actor and critic."""
    return config.actor_depth, config.critic_depth
