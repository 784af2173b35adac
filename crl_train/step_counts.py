"""The integers that follow from a config: how often what is repeated."""

import dataclasses
import math

from crl_train.config import TrainConfig, make_config
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

    @property
    def prefill_env_steps(self) -> int:
        """Environment steps before the first update."""
        return self.prefill_unrolls * self.env_steps_per_unroll

    @property
    def env_steps_per_epoch(self) -> int:
        """Environment steps between two evaluations."""
        return self.unrolls_per_epoch * self.env_steps_per_unroll


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


def with_budget(config: TrainConfig, total_env_steps: int, trained: int = 0) -> TrainConfig:
    """The config of the same run with more or fewer epochs, each as long as before.

    Nothing that a run computes depends on how many epochs are still to come. So a run that is continued under this
    config, even after its end, equals one that was planned with it: the same parameters after the same environment
    steps, and the same evaluations. One thing can differ: the last epoch of the shorter plan has left a policy
    checkpoint, which the longer plan makes only if ``policy_every`` does.

    Args:
        config: Settings of the run.
        total_env_steps: Environment steps in all; the config gets what whole epochs make of it.
        trained: Environment steps that the run has taken already.

    Raises:
        ConfigError: If the budget ends before the first epoch's end after ``trained``.

    Example:
        >>> config = make_config({"env": "point_u_maze"}, preset="smoke")      # 2 epochs of 8,000 steps after 3,200
        >>> with_budget(config, 40_000).num_epochs
        4
    """
    counts = step_counts(config)
    prefill, epoch = counts.prefill_env_steps, counts.env_steps_per_epoch
    num_epochs = (total_env_steps - prefill) // epoch
    if total_env_steps == config.total_env_steps or num_epochs == config.num_epochs:
        return config
    fewest = max(0, trained - prefill) // epoch + 1
    if num_epochs < fewest:
        raise ConfigError(
            f"total_env_steps={total_env_steps} is too small: {trained} steps are trained, and a run ends with a whole "
            f"epoch of {epoch}. Give {prefill + fewest * epoch} or more."
        )
    changes = {"total_env_steps": prefill + num_epochs * epoch, "num_epochs": num_epochs}
    return make_config({**config.model_dump(), **changes})
