"""The mazes of reference trainers, where they differ from ours."""

from typing import Final

from crl_train.envs.maze_geometry import Maze, maze_of
from crl_train.envs.maze_layouts import BIG_MAZE_EVAL_WITH_TEN_GOALS
from crl_train.errors import ConfigError

COMMON_LAYOUTS: Final = ("u_maze", "u_maze_eval", "big_maze", "big_maze_eval", "hardest_maze")
"""Layouts that jaxgcrl has of every robot, and scaling-crl of its humanoid."""


def reference_maze(
    layout: str, text: str | None, cell_size: float, reference: str | None, of_ant: bool = False
) -> Maze:
    """The maze of a layout, or of a text that the layout names, as a reference trainer has it.

    Args:
        layout: Its name.
        text: Its rows, if it is given as text.
        cell_size: Width of a cell, metres.
        reference: The trainer; None for the mazes of this project.
        of_ant: Whether it is the maze of an ant, of which scaling-crl has more layouts, and one of its own.

    Raises:
        ConfigError: If the trainer does not have it.
    """
    if reference is None or text is not None or (reference == "scaling-crl" and of_ant):
        return maze_of(layout, text, cell_size)
    if layout not in COMMON_LAYOUTS:
        raise ConfigError(
            f"reference={reference!r} is not usable with the layout {layout!r}: {reference} has "
            f"{', '.join(COMMON_LAYOUTS)} of this robot."
        )
    if layout == "big_maze_eval":
        return Maze(layout, BIG_MAZE_EVAL_WITH_TEN_GOALS, cell_size)
    return maze_of(layout, None, cell_size)
