"""Train a run, or several seeds of one in one program, from the config to the last checkpoint.

A run is a loop over epochs; an epoch is a loop over unrolls, each followed by updates, then an evaluation, a line of
metrics and checkpoints. The loop is on the host so that it can report, stop and save between any two unrolls. Seeds
that train together go through it in step, and each has a folder of its own.
"""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import jax
from jax.sharding import Mesh

from crl_train.compiled_steps import CompiledSteps, compiled_steps
from crl_train.config import TrainConfig
from crl_train.device_mesh import num_devices
from crl_train.errors import ConfigError, NonFiniteError, RunLockedError
from crl_train.file_lock import require_locks
from crl_train.goal_metrics import summarise_success
from crl_train.numeric_flags import check_flags
from crl_train.numerics import random_key, single_precision
from crl_train.progress import Clock, Progress, after_unroll, check_finite_parameters, metrics_row
from crl_train.resuming import has_policy, keys_of, restore_or_start, save_resume_points, save_run_policy
from crl_train.run_dir import RunDir
from crl_train.run_record import append_metrics, exclusive, read_metrics, read_record
from crl_train.run_size import check_size
from crl_train.seed_groups import SeedGroup, alone, seed_groups
from crl_train.sharding import require_shardable
from crl_train.step_counts import StepCounts, step_counts
from crl_train.training_state import TrainingState

# Separates the keys of evaluations from those of training. JAX's split(key, n)[i] is fold_in(key, i), so this must be
# no index of the split that starts the training state.
_EVALUATION_STREAM = 2**31


@runtime_checkable
class Observer(Protocol):
    """Whoever wants to follow a run; the command line's progress display is one."""

    def started(self, counts: StepCounts, progress: Progress) -> None:
        """Training begins or goes on from ``progress``."""

    def phase(self, name: str) -> None:
        """What is going on now: compiling, prefill, training, evaluating or saving."""

    def unrolled(self, progress: Progress) -> None:
        """One more unroll and its updates are done."""

    def epoch_ended(self, run: RunDir, row: Mapping[str, Any]) -> None:
        """A run's line of metrics of an epoch has been written."""

    def diverged(self, run: RunDir, error: NonFiniteError) -> None:
        """A run trains no longer; the others of its program do."""

    def wants_stop(self) -> bool:
        """Whether to save and stop after this unroll."""


class Stopped(Exception):
    """The observer asked to stop; the run was saved where it stands."""


@single_precision
def train(run: RunDir, observer: Observer, mesh: Mesh | None = None) -> None:
    """Train the run, from its newest resume point if it has one, until its budget is spent.

    Interrupted at any moment, also by a kill, and called again, it ends with the same parameters and metrics as if it
    had never stopped (on a CPU bit for bit; an accelerator's own nondeterminism stays). A run may go on on another
    number of devices: its results are then equal up to rounding.

    Args:
        run: The run.
        observer: Who follows it.
        mesh: The devices that share the run, if there are several.

    Raises:
        NonFiniteError: If a training metric becomes NaN or infinite; the last good checkpoint stays.
        CheckpointError: If a checkpoint cannot be written or read, or config.json or metrics.jsonl is damaged.
        ConfigError: If the run was begun under flags of JAX that give other numbers than those of now, or the devices
            cannot share it.
        RunExistsError: If another process is training it.
        Stopped: If the observer asked to stop; the run is saved.
    """
    with exclusive(run):
        for error in _train(alone(run), observer, mesh).values():
            raise error


@single_precision
def train_seeds(group: SeedGroup, observer: Observer) -> dict[RunDir, NonFiniteError]:
    """Train runs that differ in seed alone in one program, as :func:`train` does one.

    A run that diverges stops alone.

    Args:
        group: One of those that :func:`crl_train.seed_groups.seed_groups` finds.
        observer: Follows all of them.

    Returns:
        Why runs diverged, by run.
    Raises:
        ConfigError: If the runs differ in more than their seeds.
        CrlError: As :func:`train`, but for divergence.
    """
    runs = list(group.runs.values())
    with contextlib.ExitStack() as locks:
        for run in runs:
            locks.enter_context(exclusive(run))
        if seed_groups(runs) != [group]:
            raise RunLockedError(f"another process has trained {str(runs[0].path)!r} and others meanwhile.")
        return _train(group, observer)


class _Lanes:
    """The runs of a program that still train.

    Attributes:
        progress: How far each has come; they go in step.
        diverged: Why the others stopped.
    """

    def __init__(self, progress: Mapping[RunDir, Progress], observer: Observer) -> None:
        self.progress, self.diverged = dict(progress), dict[RunDir, NonFiniteError]()
        self._observer = observer

    def __iter__(self) -> Iterator[RunDir]:
        return iter(list(self.progress))

    @property
    def now(self) -> Progress | None:
        """How far all have come; None if no run is left."""
        return next(iter(self.progress.values()), None)

    def set(self, run: RunDir, **changes: Any) -> None:
        """Change a run's progress."""
        self.progress[run] = dataclasses.replace(self.progress[run], **changes)

    @contextlib.contextmanager
    def left_if_it_diverges(self, run: RunDir) -> Iterator[None]:
        """Let a run whose numbers are no longer finite train no more."""
        try:
            yield
        except NonFiniteError as error:
            del self.progress[run]
            self.diverged[run] = error
            self._observer.diverged(run, error)


def _train(group: SeedGroup, observer: Observer, mesh: Mesh | None = None) -> dict[RunDir, NonFiniteError]:
    configs = {run: _checked_config(run) for run in group.runs.values()}
    config = _common_config(configs)
    require_shardable(config, num_devices(mesh))
    # Again: a run may go on upon another machine.
    check_size(config, len(group.seeds), devices=num_devices(mesh), begun=True)
    counts, steps = step_counts(config), compiled_steps(config, not group.is_alone, mesh)

    clock = Clock()
    if group.env_steps < counts.total_env_steps:
        observer.phase("compiling")
        steps.compile(keys_of(group))
    observer.phase("starting")
    state, progress = restore_or_start(group, configs, steps)
    lanes = _Lanes(progress, observer)
    begin = next(iter(progress.values()))
    observer.started(counts, begin)
    clock.add(begin.seconds)

    if not begin.env_steps:
        observer.phase("prefill")
        for _ in range(counts.prefill_unrolls):
            state = steps.collect(state, config.prefill == "uniform")
        for run in lanes:
            lanes.set(run, env_steps=counts.prefill_env_steps)

    observer.phase("training")
    while (now := lanes.now) and now.epoch < config.num_epochs:
        while (now := lanes.now) and now.unroll < counts.unrolls_per_epoch:
            state, metrics = steps.learn(steps.collect(state, False))
            metrics = jax.device_get(metrics)
            for run in lanes:
                with lanes.left_if_it_diverges(run):
                    own, before = group.lane_of(run, metrics), lanes.progress[run]
                    lanes.progress[run] = after_unroll(before, config, counts, own, clock.seconds(), run)
            if now := lanes.now:
                observer.unrolled(now)
                # At an epoch's end the stop waits for its evaluation, so that no two resume points share a step.
                if observer.wants_stop() and now.unroll < counts.unrolls_per_epoch:
                    observer.phase("saving")
                    save_resume_points(group, configs, state, lanes.progress)
                    raise Stopped
        for run in lanes:
            with lanes.left_if_it_diverges(run):
                check_finite_parameters(group.lane_of(run, state.learner.params), lanes.progress[run], run)
        if lanes.now:
            _end_epoch(group, configs, counts, steps, state, lanes, clock, observer)
    return lanes.diverged


def _end_epoch(
    group: SeedGroup,
    configs: Mapping[RunDir, TrainConfig],
    counts: StepCounts,
    steps: CompiledSteps,
    state: TrainingState,
    lanes: _Lanes,
    clock: Clock,
    observer: Observer,
) -> None:
    """Evaluate and save every run that trains."""
    config = next(iter(configs.values()))
    observer.phase("evaluating")
    rows = {}
    for run, progress in lanes.progress.items():
        key = jax.random.fold_in(random_key(configs[run].seed), _EVALUATION_STREAM)
        params = group.lane_of(run, state.learner.params)
        outcomes = steps.evaluate(params, jax.random.fold_in(key, progress.epoch))
        distances, reached, active = jax.device_get(outcomes)
        success = summarise_success(distances, None, reached=reached, active=active)
        rows[run] = metrics_row(progress, counts, success, clock)
    observer.phase("saving")
    for run, row in rows.items():
        append_metrics(run, row)
        lanes.set(run, epoch=row["epoch"], unroll=0, metric_sums={})
    epoch = next(iter(lanes.progress.values())).epoch
    is_last = epoch == config.num_epochs
    stops_here = observer.wants_stop() and not is_last
    if is_last or stops_here or epoch % config.resume_every == 0:
        for run in lanes:
            lanes.set(run, seconds=clock.seconds())
        save_resume_points(group, configs, state, lanes.progress)
    for run, row in rows.items():
        # After the resume point, from which it can be made again: a run with its last policy has all it ever will.
        if has_policy(config, lanes.progress[run]):
            save_run_policy(run, configs[run], group.lane_of(run, state.learner), lanes.progress[run])
        observer.epoch_ended(run, row)
    if stops_here:
        raise Stopped


def is_complete(run: RunDir) -> bool:
    """Whether a run has trained its whole budget: its last policy is there."""
    config, _ = read_record(run)
    return step_counts(config).total_env_steps in run.policy_steps()


def _checked_config(run: RunDir) -> TrainConfig:
    """The config of a run that can be trained here and now."""
    config, record = read_record(run)
    require_locks(run.config)  # those of the storage library as well: the run may have come here from elsewhere
    check_flags(record["flags"], str(run.path))
    read_metrics(run)  # a damaged line is told before any work
    return config


def _common_config(configs: Mapping[RunDir, TrainConfig]) -> TrainConfig:
    """The settings of all runs of a program; the seed is that of the first.

    Raises:
        ConfigError: If they differ in more than their seeds.
    """
    (first, config), *others = configs.items()
    for run, other in others:
        same = other.model_copy(update={"seed": config.seed})
        different = [name for name in TrainConfig.model_fields if getattr(same, name) != getattr(config, name)]
        if different:
            raise ConfigError(
                f"runs {str(first.path)!r} and {str(run.path)!r} differ in {', '.join(different)}: one program trains "
                "runs that differ in their seeds alone."
            )
    return config
