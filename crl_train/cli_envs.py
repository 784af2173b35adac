"""What ``crl-train envs`` prints: all environments by family, or what one of them is made of."""

import shutil
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from crl_train.console import echo, write
from crl_train.envs.registry import EnvFamily

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv


def print_families(families: Iterable[EnvFamily]) -> None:
    """A line about every family, and the names of its members below it."""
    width = min(110, shutil.get_terminal_size().columns)
    for family in families:
        echo(f"{family.form}: {family.summary}" if family.summary else family.form)
        if family.names != (family.form,):
            names = textwrap.wrap("  ".join(family.names), width - 2, break_on_hyphens=False, break_long_words=False)
            write(textwrap.indent("\n".join(names), "  ") + "\n")


def print_env(env: "GoalEnv") -> None:
    """Sizes and tasks of one environment, one a line."""
    spec, maze = env.spec, env.maze
    facts = {
        "environment": spec.name,
        "state": f"{env.state_dim} ({', '.join(f'{name} {size}' for name, size in spec.layout.segments.items())})",
        "goal": f"{env.goal_dim} ({', '.join(spec.goal_axes)})",
        "action": str(env.action_dim),
        "steps": f"{spec.episode_length} of {spec.dt:g} s",
        "tolerance": f"{spec.tolerance:g} {spec.unit}",
    }
    if maze is not None:
        facts["goal cells"] = str(len(maze.goal_cells))
        facts["farthest goal"] = f"{maze.farthest_goal_distance:.1f} m by geodesic distance"
    for name, value in facts.items():
        echo(f"{name:<15}{value}")
