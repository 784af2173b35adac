"""The one table of environments: it feeds the factory, the choices of both command lines and the tests.

A factory runs only when its environment is asked for, and imports what it needs then: listing names costs no JAX.
"""

import difflib
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from crl_train.envs.maze_layouts import LAYOUTS
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv

EnvFactory: TypeAlias = Callable[[], "GoalEnv"]

_FACTORIES: dict[str, EnvFactory] = {}


def register_env(name: str, factory: EnvFactory) -> None:
    """Add an environment under a new name.

    Args:
        name: What users type, such as ``point_u_maze``.
        factory: Builds the environment; called once for every ``make_env(name)``.
    Raises:
        ConfigError: If the name is taken.
    Source: ours.
    """
    if name in _FACTORIES:
        raise ConfigError(f"environment {name!r} is already registered: a name means one thing. Choose another name.")
    _FACTORIES[name] = factory


def make_env(name: str) -> "GoalEnv":
    """Build the environment registered under a name.

    Raises:
        ConfigError: If there is no such environment; the message offers the nearest names.
    Source: ours.
    """
    if name not in _FACTORIES:
        nearest = difflib.get_close_matches(name, _FACTORIES, n=3)
        hint = f"Did you mean {' or '.join(map(repr, nearest))}? " if nearest else ""
        raise ConfigError(f"unknown environment {name!r}: no such name is registered. {hint}See: crl-train envs.")
    return _FACTORIES[name]()


def list_envs() -> tuple[str, ...]:
    """Names of all environments, in the order of registration."""
    return tuple(_FACTORIES)


def _make_point_maze(layout: str) -> "GoalEnv":
    from crl_train.envs.maze_geometry import Maze
    from crl_train.envs.point_maze import CELL_SIZE, PointMaze

    return PointMaze(Maze.from_layout(layout, cell_size=CELL_SIZE))


for _layout in LAYOUTS:
    register_env(f"point_{_layout}", functools.partial(_make_point_maze, _layout))
