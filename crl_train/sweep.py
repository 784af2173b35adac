"""The runs of a sweep, one after the other: which is next, and how long the others will take."""

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
    """

    number: int
    total: int
    own: TimeLeft = TimeLeft()
    after: TimeLeft = TimeLeft()

    def __str__(self) -> str:
        return f"run {self.number} of {self.total}"


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


def place_of(run: RunDir, runs: Mapping[RunDir, TrainConfig], later: Sequence[RunDir]) -> Place:
    """Where a sweep stands when it comes to a run.

    Args:
        run: The run.
        runs: All runs of the sweep, in order.
        later: Those that it will come to afterwards; complete ones among them take no time.
    """
    complete = {each: row for each, config in runs.items() if (row := _last_row_of_complete(each, config))}
    by_depths: dict[Depths, list[float]] = {}
    for each, row in complete.items():
        taken = row.get("time/seconds")  # a line must have no number but its steps
        if taken is not None and taken > 0:
            by_depths.setdefault(depths_of(runs[each]), []).append(taken)
    seconds = {depths: statistics.mean(values) for depths, values in by_depths.items()}
    return Place(
        number=list(runs).index(run) + 1,
        total=len(runs),
        own=time_left([runs[run]], seconds),
        after=time_left([runs[each] for each in later if each not in complete], seconds),
    )


def time_left(configs: Sequence[TrainConfig], seconds_by_depths: Mapping[Depths, float]) -> TimeLeft:
    """How long runs take.

    A depth's time says little about that of another, which depends on the device; so such runs are counted instead.

    Example:
        >>> from crl_train.config import make_config
        >>> configs = [make_config({"env": "maze", "actor_depth": depth}) for depth in (4, 4, 16)]
        >>> time_left(configs, {(4, 4): 100.0})
        TimeLeft(seconds=200.0, untimed=1)
    """
    known = [seconds_by_depths[depths_of(config)] for config in configs if depths_of(config) in seconds_by_depths]
    return TimeLeft(sum(known, 0.0), len(configs) - len(known))


def _last_row_of_complete(run: RunDir, config: TrainConfig) -> dict[str, Any] | None:
    """The last line of metrics of a complete run; None if it is not complete or its metrics cannot be read."""
    try:
        rows = read_metrics(run)
    except CheckpointError:  # an estimate is no reason to stop
        return None
    is_complete = bool(rows) and rows[-1]["env_steps"] >= step_counts(config).total_env_steps
    return rows[-1] if is_complete else None


def depths_of(config: TrainConfig) -> Depths:
    """Depths of actor and critic."""
    return config.actor_depth, config.critic_depth
