"""Settings that go together: for a quick test, for a laptop, and those of the paper."""

from collections.abc import Mapping
from typing import Any, Final

from crl_train.errors import ConfigError

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    # The whole path, start to finish: on two cores under a minute on a point maze, minutes where physics is compiled.
    "smoke": {
        "total_env_steps": 20_000,
        "num_epochs": 2,
        "num_envs": 32,
        "unroll_length": 50,
        "updates_per_unroll": 4,
        "width": 32,
        "batch_size": 64,
        "max_replay_size": 1_000,
        "min_replay_size": 100,
        "num_eval_episodes": 16,
    },
    # A depth-4 agent in five minutes on two cores, a depth-16 agent in about fifteen; see docs/performance.md.
    "laptop": {
        "total_env_steps": 5_000_000,
        "num_epochs": 25,
        "num_envs": 256,
        "unroll_length": 50,
        "updates_per_unroll": 80,
        "width": 128,
        "batch_size": 256,
        "prefill": "uniform",
        "entropy_lr": 1e-3,
        "min_replay_size": 1_000,
        "max_replay_size": 10_000,
    },
    # The reference trainer's values, which are the defaults above.
    "paper": {},
}

# Physics that takes as long as the updates of thousands of steps: fewer environments in parallel, so that more updates
# come from the same steps, and a smaller budget.
_SLOW_PHYSICS: Final = {
    "num_envs": 64,
    "total_env_steps": 400_000,
    "num_epochs": 10,
    "num_eval_episodes": 32,
    "min_replay_size": 500,
}

LAPTOP_OF_ROBOTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "pusher": _SLOW_PHYSICS,
    "arm": {"total_env_steps": 2_000_000, "num_epochs": 20, "num_eval_episodes": 64},
    "ant": {"total_env_steps": 3_000_000, "num_eval_episodes": 64},
    "humanoid": {"total_env_steps": 1_500_000, "num_epochs": 15, "num_eval_episodes": 64},
}
"""What ``laptop`` sets otherwise, by the first word of an environment's name."""


def preset_values(preset: str, env: Any = None) -> dict[str, Any]:
    """The settings of a preset, for an environment if that is known.

    Raises:
        ConfigError: If there is no such preset.

    Example:
        >>> preset_values("laptop", "cheetah")["num_envs"], preset_values("laptop", "reacher")["num_envs"]
        (64, 256)
    """
    if preset not in PRESETS:
        raise ConfigError(f"unknown preset {preset!r}: there are {', '.join(PRESETS)}.")
    of_robot = LAPTOP_OF_ROBOTS.get(env.partition("_")[0], {}) if preset == "laptop" and isinstance(env, str) else {}
    return {**PRESETS[preset], **of_robot}
