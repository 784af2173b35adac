"""Train one run from its config to its last checkpoint; the only module that sees all of the others.

A run is a loop over epochs; an epoch is a loop over unrolls, each followed by updates, then an evaluation, a line of
metrics and checkpoints. The loop is on the host so that it can report, stop and save between any two unrolls.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import jax
from jaxtyping import Array

from crl_train.checkpoint import remove_leftovers, restore_resume_point, save_policy, save_resume_point
from crl_train.compiled_steps import CompiledSteps, compiled_steps
from crl_train.config import TrainConfig
from crl_train.file_lock import require_locks
from crl_train.goal_metrics import summarise_success
from crl_train.numeric_flags import check_flags
from crl_train.numerics import key_from_data, random_key, single_precision
from crl_train.progress import Clock, Progress, after_unroll, check_finite_parameters, metrics_row, progress_of
from crl_train.run_dir import RunDir
from crl_train.run_record import append_metrics, exclusive, read_metrics, read_record, truncate_metrics
from crl_train.run_size import check_size
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

    def epoch_ended(self, row: Mapping[str, Any]) -> None:
        """An epoch's line of metrics has been written."""

    def wants_stop(self) -> bool:
        """Whether to save and stop after this unroll."""


class Stopped(Exception):
    """The observer asked to stop; the run was saved where it stands."""


@single_precision
def train(run: RunDir, observer: Observer) -> None:
    """Train the run, from its newest resume point if it has one, until its budget is spent.

    Interrupted at any moment, also by a kill, and called again, it ends with the same parameters and metrics as if it
    had never stopped (on a CPU bit for bit; an accelerator's own nondeterminism stays).

    Raises:
        NonFiniteError: If a training metric becomes NaN or infinite; the last good checkpoint stays.
        CheckpointError: If a checkpoint cannot be written or read, or config.json or metrics.jsonl is damaged.
        ConfigError: If the run was begun under flags of JAX that give other numbers than those of now.
        RunExistsError: If another process is training it.
        Stopped: If the observer asked to stop; the run is saved.
    """
    with exclusive(run):
        _train(run, observer)


def _train(run: RunDir, observer: Observer) -> None:
    config, record = read_record(run)
    require_locks(run.config)  # those of the storage library as well: the run may have come here from elsewhere
    check_flags(record["flags"], str(run.path))
    read_metrics(run)  # a damaged line is told before any work
    check_size(config)  # again: a run may go on upon another machine
    counts = step_counts(config)
    steps = compiled_steps(config)
    seed_key = random_key(config.seed)

    observer.phase("starting")
    state, progress = _restore_or_start(run, config, steps, seed_key)
    observer.started(counts, progress)
    clock = Clock(progress.seconds)

    if not progress.env_steps:
        observer.phase("prefill")
        for _ in range(counts.prefill_unrolls):
            state = steps.collect(state, config.prefill == "uniform")
            progress = dataclasses.replace(progress, env_steps=progress.env_steps + counts.env_steps_per_unroll)

    # The first calls of a sitting compile, which takes longer than many unrolls.
    observer.phase("compiling")
    while progress.epoch < config.num_epochs:
        while progress.unroll < counts.unrolls_per_epoch:
            state, metrics = steps.learn(steps.collect(state, False))
            progress = after_unroll(progress, config, counts, jax.device_get(metrics), clock.seconds(), run)
            observer.unrolled(progress)
            observer.phase("training")
            # At an epoch's end the stop waits for its evaluation, so that no two resume points share a step.
            if observer.wants_stop() and progress.unroll < counts.unrolls_per_epoch:
                observer.phase("saving")
                _save_resume_point(run, config, state, progress)
                raise Stopped
        check_finite_parameters(state.learner.params, progress, run)
        observer.phase("evaluating")
        key = jax.random.fold_in(seed_key, _EVALUATION_STREAM)
        outcomes = steps.evaluate(state.learner.params, jax.random.fold_in(key, progress.epoch))
        distances, reached, active = jax.device_get(outcomes)
        success = summarise_success(distances, None, reached=reached, active=active)
        row = metrics_row(progress, counts, success, clock)
        observer.phase("saving")
        append_metrics(run, row)
        progress = dataclasses.replace(progress, epoch=progress.epoch + 1, unroll=0, metric_sums={})
        is_last = progress.epoch == config.num_epochs
        stops_here = observer.wants_stop() and not is_last
        if is_last or stops_here or progress.epoch % config.resume_every == 0:
            progress = dataclasses.replace(progress, seconds=clock.seconds())
            _save_resume_point(run, config, state, progress)
        # After the resume point, from which it can be made again: a run with its last policy has all it ever will.
        if _has_policy(config, progress):
            _save_policy(run, config, state, progress)
        observer.epoch_ended(row)
        if stops_here:
            raise Stopped


def is_complete(run: RunDir) -> bool:
    """Whether a run has trained its whole budget: its last policy is there."""
    config, _ = read_record(run)
    return step_counts(config).total_env_steps in run.policy_steps()


def _restore_or_start(
    run: RunDir, config: TrainConfig, steps: CompiledSteps, seed_key: Array
) -> tuple[TrainingState, Progress]:
    """Go back to the newest resume point, or to the very beginning; what came after it will be made again."""
    resume_steps = run.resume_steps()
    env_steps = resume_steps[-1] if resume_steps else 0
    if resume_steps:
        state, progress = _restore(run, config, env_steps, jax.eval_shape(steps.init, seed_key))
    else:
        state, progress = steps.init(seed_key), Progress()
    remove_leftovers(run)
    truncate_metrics(run, env_steps)
    if _has_policy(config, progress) and env_steps not in run.policy_steps():
        _save_policy(run, config, state, progress)
    return state, progress


def _has_policy(config: TrainConfig, progress: Progress) -> bool:
    """Whether a policy checkpoint belongs to where the run stands."""
    is_last = progress.epoch == config.num_epochs
    return progress.epoch > 0 and progress.unroll == 0 and (is_last or progress.epoch % config.policy_every == 0)


def _restore(run: RunDir, config: TrainConfig, env_steps: int, like: TrainingState) -> tuple[TrainingState, Progress]:
    state, saved = restore_resume_point(run, config, env_steps, jax.eval_shape(_with_key_data, like))
    return dataclasses.replace(state, key=key_from_data(state.key)), progress_of(saved, run, env_steps)


def _save_policy(run: RunDir, config: TrainConfig, state: TrainingState, progress: Progress) -> None:
    learner = state.learner
    save_policy(run, config, progress.env_steps, learner.params, learner.log_entropy_coefficient)


def _save_resume_point(run: RunDir, config: TrainConfig, state: TrainingState, progress: Progress) -> None:
    save_resume_point(run, config, progress.env_steps, _with_key_data(state), dataclasses.asdict(progress))


def _with_key_data(state: TrainingState) -> TrainingState:
    """Checkpoints hold plain arrays; a typed key is turned into its words."""
    return dataclasses.replace(state, key=jax.random.key_data(state.key))
