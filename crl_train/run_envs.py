"""The environments of a run: the one it trains on, the one it is evaluated on, and how long their episodes are."""

import dataclasses
import os
from typing import TYPE_CHECKING

from crl_train.config import LARGEST_MAZE, TrainConfig
from crl_train.envs.options import EnvOptions
from crl_train.envs.registry import make_env
from crl_train.errors import ConfigError
from crl_train.local_path import local_path
from crl_train.parsing import read_bounded

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv


def read_maze(robot: str, path: str | os.PathLike[str]) -> dict[str, str]:
    """Read a maze from a text file.

    Args:
        robot: What moves through it, such as ``ant``.
        path: The file; its name without the ending becomes the maze's.

    Returns:
        The settings ``env`` and ``maze`` of a run in it.
    Raises:
        ConfigError: If the file cannot be read.

    Example:
        >>> read_maze("ant", "spiral.txt")["env"]
        'ant_spiral'
    """
    path = local_path(path, "maze file")
    source = f"maze file {str(path)!r}"
    try:
        text = read_bounded(path, LARGEST_MAZE, source).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{source} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{source} is no text: a maze is rows of #, ., R and G.") from None
    return {"env": f"{robot}_{path.stem}", "maze": text}


def env_options(config: TrainConfig) -> EnvOptions:
    """What the config says of an environment beside its name."""
    return EnvOptions(reference=config.reference, backend=config.backend, maze=config.maze)


def training_env(config: TrainConfig) -> "GoalEnv":
    """The environment that a run trains on.

    Raises:
        ConfigError: If there is none of its name, or it does not have an option that is set.
    """
    return make_env(config.env, env_options(config))


def evaluation_env(config: TrainConfig) -> "GoalEnv":
    """The environment that a run is evaluated on: ``eval_env`` if that is set, else the one it trains on.

    It has the same options, but not a maze given as text.

    Raises:
        ConfigError: If an environment is unknown, or the two differ in the size of state, goal or action.
    """
    env = training_env(config)
    if config.eval_env in (None, config.env):
        return env
    other = make_env(config.eval_env, dataclasses.replace(env_options(config), maze=None))
    sizes = {
        "state": (other.state_dim, env.state_dim),
        "goal": (other.goal_dim, env.goal_dim),
        "action": (other.action_dim, env.action_dim),
    }
    differ = [f"{part} {there} and {here}" for part, (there, here) in sizes.items() if there != here]
    if differ:
        raise ConfigError(
            f"eval_env={config.eval_env!r} is not usable with env={config.env!r}: an agent acts only where all sizes "
            f"are its own, and these differ ({', '.join(differ)}). Evaluate on another layout of the same task."
        )
    return other


def episode_steps(config: TrainConfig, env: "GoalEnv") -> int:
    """Steps of an episode: as configured, else as the environment has it."""
    return config.episode_length or env.spec.episode_length
