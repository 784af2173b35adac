"""The mazes of reference trainers, where they differ from ours."""

from crl_train.envs.maze_geometry import Maze, maze_of
from crl_train.envs.maze_layouts import BIG_MAZE_EVAL_WITH_TEN_GOALS


def reference_maze(
    layout: str, text: str | None, cell_size: float, body_radius: float, reference: str | None, of_ant: bool = False
) -> Maze:
    """The maze of a layout, or of a text that the layout names, as a reference trainer has it.

    Args:
        layout: Its name.
        text: Its rows, if it is given as text.
        cell_size: Width of a cell, metres.
        body_radius: How far the centre of the body keeps from walls on geodesics, metres.
        reference: The trainer; None for the mazes of this project.
        of_ant: Whether it is the maze of an ant, of which scaling-crl has another form of one layout.
    """
    has_ten_goals = reference is not None and not (of_ant and reference == "scaling-crl")
    if text is None and layout == "big_maze_eval" and has_ten_goals:
        return Maze(layout, BIG_MAZE_EVAL_WITH_TEN_GOALS, cell_size, body_radius)
    return maze_of(layout, text, cell_size, body_radius)
