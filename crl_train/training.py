"""Train one run from its config to its last checkpoint; the only module that sees all of the others.

A run is a loop over epochs; an epoch is a loop over unrolls, each followed by updates, then an evaluation, a line of
metrics and checkpoints. The loop is on the host so that it can report, stop and save between any two unrolls.
"""

import dataclasses
import functools
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias, runtime_checkable

import jax
import numpy as np
import pydantic
from jaxtyping import Array, Bool, Float

from crl_train.checkpoint import remove_leftovers, restore_resume_point, save_policy, save_resume_point
from crl_train.config import TrainConfig
from crl_train.errors import CheckpointError, NonFiniteError
from crl_train.evaluation import roll_out_episodes
from crl_train.file_lock import require_locks
from crl_train.goal_metrics import summarise_success
from crl_train.networks import make_networks
from crl_train.numeric_flags import check_flags
from crl_train.numerics import key_from_data, random_key, single_precision
from crl_train.parsing import shortened
from crl_train.policy import make_act
from crl_train.run_dir import RunDir
from crl_train.run_envs import episode_steps, evaluation_env, training_env
from crl_train.run_record import append_metrics, exclusive, read_metrics, read_record, truncate_metrics
from crl_train.run_size import check_size
from crl_train.step_counts import StepCounts, step_counts
from crl_train.training_state import TrainingState, collect, init_training_state, learn

# Separates the keys of evaluations from those of training. JAX's split(key, n)[i] is fold_in(key, i), so this must be
# no index of the split that starts the training state.
_EVALUATION_STREAM = 2**31


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a run has come; saved beside every resume point.

    Attributes:
        epoch: Finished epochs.
        unroll: Finished unrolls of the current epoch.
        env_steps: Environment steps taken, prefill included.
        updates: Gradient updates made.
        seconds: Time spent training, evaluating and saving, over all sittings.
        metric_sums: Sum over the current epoch's updates of every training metric.
    """

    __pydantic_config__ = pydantic.ConfigDict(strict=True, extra="forbid")

    epoch: int = 0
    unroll: int = 0
    env_steps: int = 0
    updates: int = 0
    seconds: float = 0.0
    metric_sums: Mapping[str, float] = dataclasses.field(default_factory=dict)


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


_Outcomes: TypeAlias = tuple[
    Float[Array, "episodes steps"], Bool[Array, "episodes steps"], Bool[Array, "episodes steps"]
]


@dataclasses.dataclass(frozen=True)
class CompiledSteps:
    """The jitted functions of a run. States are donated: an old one must not be used again.

    Attributes:
        init: From the key of the run's seed to a training state.
        collect: From a state, and whether actions are uniform, to a state.
        learn: From a state to a state and the metrics of every update.
        evaluate: From parameters and a key to distances, reached and active, each (episodes, steps).
    """

    init: Callable[..., Any]
    collect: Callable[..., Any]
    learn: Callable[..., Any]
    evaluate: Callable[..., Any]


# Settings that no compiled function depends on: runs that differ in nothing else share theirs, as the seeds of a sweep.
_ON_THE_HOST = ("seed", "prefill", "total_env_steps", "num_epochs", "policy_every", "resume_every")


def compiled_steps(config: TrainConfig) -> CompiledSteps:
    """The compiled functions of a run, shared with runs of this process that need the same."""
    defaults = {name: TrainConfig.model_fields[name].default for name in _ON_THE_HOST}
    return _compile_steps(config.model_copy(update=defaults))


@functools.lru_cache(maxsize=8)
def _compile_steps(config: TrainConfig) -> CompiledSteps:
    return new_steps(config)


def new_steps(config: TrainConfig) -> CompiledSteps:
    """Functions of a run that share nothing with others that were compiled before."""
    env = training_env(config)
    networks = make_networks(config, env.action_dim)
    length = episode_steps(config, env)
    eval_env = evaluation_env(config)

    def evaluate(params: Any, key: Array) -> _Outcomes:
        act = make_act(networks, params, config.energy, config.evaluation)
        num_steps = episode_steps(config, eval_env)
        episodes = roll_out_episodes(eval_env, act, key, config.num_eval_episodes, num_steps)
        return episodes.distances, episodes.reached, episodes.active

    return CompiledSteps(
        init=env.jit(functools.partial(init_training_state, config, env, networks)),
        collect=env.jit(functools.partial(collect, config, env, networks, length), donate_argnums=0),
        learn=jax.jit(functools.partial(learn, config, env, networks), donate_argnums=0),
        evaluate=eval_env.jit(evaluate),
    )


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
    clock = _Clock(progress.seconds)

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
            progress = _after_unroll(progress, config, counts, jax.device_get(metrics), clock.seconds(), run)
            observer.unrolled(progress)
            observer.phase("training")
            # At an epoch's end the stop waits for its evaluation, so that no two resume points share a step.
            if observer.wants_stop() and progress.unroll < counts.unrolls_per_epoch:
                observer.phase("saving")
                _save_resume_point(run, config, state, progress)
                raise Stopped
        _check_finite_parameters(state, progress, run)
        observer.phase("evaluating")
        key = jax.random.fold_in(seed_key, _EVALUATION_STREAM)
        outcomes = steps.evaluate(state.learner.params, jax.random.fold_in(key, progress.epoch))
        distances, reached, active = jax.device_get(outcomes)
        success = summarise_success(distances, None, reached=reached, active=active)
        row = _metrics_row(progress, counts, success, clock)
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


class _Clock:
    """Seconds of work, going on from an earlier sitting."""

    def __init__(self, seconds_before: float) -> None:
        self._start = time.perf_counter() - seconds_before

    def seconds(self) -> float:
        return time.perf_counter() - self._start


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
    return dataclasses.replace(state, key=key_from_data(state.key)), _progress_of(saved, run, env_steps)


def _progress_of(saved: Mapping[str, Any], run: RunDir, env_steps: int) -> Progress:
    """Check what stands beside a resume point; manifests of older versions have no hash of their own."""
    try:
        # As JSON, where a mapping is a strict value of a dataclass; the numbers stay those that were read.
        pydantic.TypeAdapter(Progress).validate_json(json.dumps(saved))
        progress = Progress(**saved)
    except ValueError:
        progress = None
    if progress is None or progress.env_steps != env_steps or min(progress.epoch, progress.unroll) < 0:
        path = run.resume / str(env_steps)
        raise CheckpointError(
            f"checkpoint {str(path)!r} is corrupt: its manifest has progress={shortened(saved)}. Start again under "
            f"another --name, or probe the policies in {str(run.policy)!r}, which are untouched."
        )
    return progress


def _save_policy(run: RunDir, config: TrainConfig, state: TrainingState, progress: Progress) -> None:
    learner = state.learner
    save_policy(run, config, progress.env_steps, learner.params, learner.log_entropy_coefficient)


def _save_resume_point(run: RunDir, config: TrainConfig, state: TrainingState, progress: Progress) -> None:
    save_resume_point(run, config, progress.env_steps, _with_key_data(state), dataclasses.asdict(progress))


def _with_key_data(state: TrainingState) -> TrainingState:
    """Checkpoints hold plain arrays; a typed key is turned into its words."""
    return dataclasses.replace(state, key=jax.random.key_data(state.key))


def _after_unroll(
    progress: Progress,
    config: TrainConfig,
    counts: StepCounts,
    metrics: Mapping[str, Float[np.ndarray, " updates"]],
    seconds: float,
    run: RunDir,
) -> Progress:
    """Add an unroll's metrics to the epoch's sums, refusing any that is not finite."""
    env_steps = progress.env_steps + counts.env_steps_per_unroll
    _check_finite(metrics, progress.updates, env_steps, run)
    # Summed one by one in float64, so that the result does not depend on where an epoch was interrupted.
    sums = {
        name: math.fsum((progress.metric_sums.get(name, 0.0), float(np.sum(values, dtype=np.float64))))
        for name, values in metrics.items()
    }
    return dataclasses.replace(
        progress,
        unroll=progress.unroll + 1,
        env_steps=env_steps,
        updates=progress.updates + config.updates_per_unroll,
        seconds=seconds,
        metric_sums=sums,
    )


def _check_finite(
    metrics: Mapping[str, Float[np.ndarray, " updates"]], updates_before: int, env_steps: int, run: RunDir
) -> None:
    first = {
        name: int(np.argmin(np.isfinite(values))) for name, values in metrics.items() if not np.isfinite(values).all()
    }
    if first:
        name = min(first, key=lambda name: first[name])
        what = f"{name} became {metrics[name][first[name]]}"
        raise _diverged(what, updates_before + first[name] + 1, env_steps, run)


def _check_finite_parameters(state: TrainingState, progress: Progress, run: RunDir) -> None:
    """Refuse to evaluate or save networks that an epoch's last update has ruined: its own metrics precede it."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(state.learner.params):
        if not np.isfinite(jax.device_get(leaf)).all():
            name = jax.tree_util.keystr(path, simple=True, separator="/")
            raise _diverged(f"parameter {name} became NaN or infinite", progress.updates, progress.env_steps, run)


def _diverged(what: str, update: int, env_steps: int, run: RunDir) -> NonFiniteError:
    policies = run.policy_steps()
    newest = run.policy / str(policies[-1]) if policies else None
    kept = f"The last good checkpoint is {str(newest)!r}" if newest else "No checkpoint was made yet"
    return NonFiniteError(
        f"{what} at update {update} (env step {env_steps}): training cannot go on from there. "
        f"{kept}. Try smaller learning rates or keep --layer-norm on."
    )


def _metrics_row(
    progress: Progress, counts: StepCounts, success: Mapping[str, float | None], clock: _Clock
) -> dict[str, Any]:
    """The line of metrics.jsonl that ends an epoch; everything under time/ depends on the machine."""
    seconds = clock.seconds()
    return {
        "epoch": progress.epoch + 1,
        "env_steps": progress.env_steps,
        "updates": progress.updates,
        **{name: total / counts.updates_per_epoch for name, total in sorted(progress.metric_sums.items())},
        **{f"eval/{name}": value for name, value in success.items()},
        "time/seconds": round(seconds, 3),
        "time/env_steps_per_second": round(progress.env_steps / seconds, 1),
    }
