"""Training states on disk: where the runs of a program go on from, and what is saved of each."""

import dataclasses
from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array

from crl_train.checkpoint import (
    drop_other_resume_points,
    remove_leftovers,
    restore_resume_point,
    save_policy,
    save_resume_point,
)
from crl_train.compiled_steps import CompiledSteps, compiled_steps
from crl_train.config import TrainConfig
from crl_train.numerics import key_from_data, random_key
from crl_train.progress import Progress, progress_of
from crl_train.run_dir import RunDir
from crl_train.run_record import truncate_metrics
from crl_train.seed_groups import SeedGroup
from crl_train.training_state import TrainingState
from crl_train.update import LearnerState


def restore_or_start(
    group: SeedGroup, configs: Mapping[RunDir, TrainConfig], steps: CompiledSteps
) -> tuple[TrainingState, dict[RunDir, Progress]]:
    """Go back to the group's resume point, or to the very beginning; what came after it will be made again.

    Returns:
        The state of all lanes, and the progress of every run.
    """
    seeds = () if group.is_alone else group.seeds
    if group.env_steps:
        one = compiled_steps(next(iter(configs.values())))
        like = jax.eval_shape(one.init, random_key(0))
        restored = {run: _restore(run, config, group.env_steps, like, steps.layout) for run, config in configs.items()}
        progress = {run: dataclasses.replace(each, seeds=seeds, idle=()) for run, (_, each) in restored.items()}
        lanes = [
            # An idle lane computes anything.
            restored[group.runs[seed]][0] if seed in group.runs else one.init(random_key(seed))
            for seed in group.seeds
        ]
        state = lanes[0] if group.is_alone else jax.tree.map(lambda *leaves: jnp.stack(leaves), *lanes)
    else:
        state = steps.init(keys_of(group))
        progress = dict.fromkeys(configs, Progress(seeds=seeds))
    for run, config in configs.items():
        remove_leftovers(run, group.env_steps)
        truncate_metrics(run, group.env_steps)
        if has_policy(config, progress[run]) and group.env_steps not in run.policy_steps():
            save_run_policy(run, config, group.lane_of(run, state.learner), progress[run])
    return state, progress


def keys_of(group: SeedGroup) -> Array:
    """What training states are made from: the key of the seed, or those of several."""
    keys = [random_key(seed) for seed in group.seeds]
    return keys[0] if group.is_alone else jnp.stack(keys)


def has_policy(config: TrainConfig, progress: Progress) -> bool:
    """Whether a policy checkpoint belongs to where a run stands."""
    is_last = progress.epoch == config.num_epochs
    return progress.epoch > 0 and progress.unroll == 0 and (is_last or progress.epoch % config.policy_every == 0)


def save_run_policy(run: RunDir, config: TrainConfig, learner: LearnerState, progress: Progress) -> None:
    """Save the networks of a run's own lane."""
    save_policy(run, config, progress.env_steps, learner.params, learner.log_entropy_coefficient)


def save_resume_points(
    group: SeedGroup, configs: Mapping[RunDir, TrainConfig], state: TrainingState, progress: Mapping[RunDir, Progress]
) -> None:
    """Save where all runs that train stand; their older resume points are dropped once all have the new one."""
    idle = () if group.is_alone else tuple(s for s in group.seeds if group.runs.get(s) not in progress)
    for run, each in progress.items():
        own, saved = _with_key_data(group.lane_of(run, state)), dataclasses.replace(each, idle=idle).plain()
        save_resume_point(run, configs[run], each.env_steps, own, saved)
    for run, each in progress.items():
        drop_other_resume_points(run, each.env_steps)


def _restore(
    run: RunDir, config: TrainConfig, env_steps: int, like: TrainingState, layout: TrainingState | None
) -> tuple[TrainingState, Progress]:
    state, saved = restore_resume_point(run, config, env_steps, jax.eval_shape(_with_key_data, like), layout)
    progress = progress_of(saved, run, env_steps)
    return dataclasses.replace(state, key=key_from_data(state.key)), progress


def _with_key_data(state: TrainingState) -> TrainingState:
    """Checkpoints hold plain arrays; a typed key is turned into its words."""
    return dataclasses.replace(state, key=jax.random.key_data(state.key))
