"""The integers that follow from a config: how often what is repeated."""

import dataclasses
import math

from crl_train.config import TrainConfig
from crl_train.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class StepCounts:
    """Derived numbers of a run.

    Attributes:
        env_steps_per_unroll: Environment steps of one unroll, over all environments.
        prefill_unrolls: Unrolls before the first update.
        unrolls_per_epoch: Unrolls, each followed by updates, between two evaluations.
        updates_per_epoch: Gradient updates between two evaluations.
        total_env_steps: Environment steps that the run really takes: the budget, rounded down to whole epochs.
        total_updates: Gradient updates in all.
    """

    env_steps_per_unroll: int
    prefill_unrolls: int
    unrolls_per_epoch: int
    updates_per_epoch: int
    total_env_steps: int
    total_updates: int


def step_counts(config: TrainConfig) -> StepCounts:
    """Derive the counts.

    Raises:
        ConfigError: If the budget does not cover the prefill and one unroll per epoch.
    Source: arXiv 2503.14858's reference trainer: prefill in whole unrolls, epochs of equal length, remainder unused.
    """
    per_unroll = config.num_envs * config.unroll_length
    prefill_unrolls = math.ceil(config.min_replay_size / config.unroll_length)
    unrolls_per_epoch = (config.total_env_steps - prefill_unrolls * per_unroll) // (config.num_epochs * per_unroll)
    if unrolls_per_epoch < 1:
        needed = (prefill_unrolls + config.num_epochs) * per_unroll
        raise ConfigError(
            f"total_env_steps={config.total_env_steps} is too small: prefill and {config.num_epochs} epochs of one "
            f"unroll each take {needed} steps. Raise it, or lower num_epochs, num_envs or unroll_length."
        )
    num_unrolls = config.num_epochs * unrolls_per_epoch
    return StepCounts(
        env_steps_per_unroll=per_unroll,
        prefill_unrolls=prefill_unrolls,
        unrolls_per_epoch=unrolls_per_epoch,
        updates_per_epoch=unrolls_per_epoch * config.updates_per_unroll,
        total_env_steps=(prefill_unrolls + num_unrolls) * per_unroll,
        total_updates=num_unrolls * config.updates_per_unroll,
    )
