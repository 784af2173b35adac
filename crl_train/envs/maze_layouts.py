"""Every maze of the project as a text grid: the one place where walls, starts and goals are written down.

Legend: ``#`` wall, ``.`` free, ``R`` start, ``G`` goal-eligible; start and goals are free. Row i, column j; rows run
along x. A training layout offers a goal in every free cell but the start. Its ``_eval`` form has the same walls and
keeps only the goals far from the start; the hardest maze has none. Mazes with a ball have their goals for the ball, and
the places where it can start are marked ``B``, which are free.

Source: layouts of the ant mazes of arXiv 2503.14858 and arXiv 2408.11052.
"""

from types import MappingProxyType
from typing import Final

WALL: Final = "#"
FREE: Final = "."
START: Final = "R"
GOAL: Final = "G"
BALL: Final = "B"

LAYOUTS: Final = MappingProxyType[str, tuple[str, ...]](
    {
        "u_maze": (
            "#####",
            "#RGG#",
            "###G#",
            "#GGG#",
            "#####",
        ),
        "u_maze_eval": (
            "#####",
            "#R..#",
            "###.#",
            "#GGG#",
            "#####",
        ),
        "u2_maze": (
            "######",
            "#RGGG#",
            "####G#",
            "#GGGG#",
            "######",
        ),
        "u2_maze_eval": (
            "######",
            "#R...#",
            "####.#",
            "#GGGG#",
            "######",
        ),
        "u3_maze": (
            "#######",
            "#RGGGG#",
            "#####G#",
            "#GGGGG#",
            "#######",
        ),
        "u3_maze_eval": (
            "#######",
            "#R....#",
            "#####.#",
            "#GGGGG#",
            "#######",
        ),
        "u4_maze": (
            "#####",
            "#GGG#",
            "#R#G#",
            "###G#",
            "#G#G#",
            "#GGG#",
            "#####",
        ),
        "u4_maze_eval": (
            "#####",
            "#...#",
            "#R#.#",
            "###.#",
            "#G#.#",
            "#GGG#",
            "#####",
        ),
        "u5_maze": (
            "########",
            "#GGGGGG#",
            "#R####G#",
            "######G#",
            "#G####G#",
            "#GGGGGG#",
            "########",
        ),
        "u5_maze_eval": (
            "########",
            "#......#",
            "#R####.#",
            "######.#",
            "#G####G#",
            "#GGGGGG#",
            "########",
        ),
        "u6_maze": (
            "#######",
            "#GGGGG#",
            "#R###G#",
            "#####G#",
            "#G###G#",
            "#GGGGG#",
            "#######",
        ),
        "u6_maze_eval": (
            "#######",
            "#.....#",
            "#R###.#",
            "#####.#",
            "#G###G#",
            "#GGGGG#",
            "#######",
        ),
        "u7_maze": (
            "######",
            "#GGGG#",
            "#R##G#",
            "####G#",
            "#G##G#",
            "#GGGG#",
            "######",
        ),
        "u7_maze_eval": (
            "######",
            "#....#",
            "#R##.#",
            "####.#",
            "#G##G#",
            "#GGGG#",
            "######",
        ),
        "big_maze": (
            "########",
            "#RG##GG#",
            "#GG#GGG#",
            "##GGG###",
            "#GG#GGG#",
            "#G#GG#G#",
            "#GGG#GG#",
            "########",
        ),
        "big_maze_eval": (
            "########",
            "#R.##GG#",
            "#..#..G#",
            "##...###",
            "#..#...#",
            "#.#G.#G#",
            "#.GG#GG#",
            "########",
        ),
        "hardest_maze": (
            "############",
            "#RGGG#GGGGG#",
            "#G##G#G#G#G#",
            "#GGGGGG#GGG#",
            "#G####G###G#",
            "#GG#G#GGGGG#",
            "##G#G#G#G###",
            "#GG#GGG#GGG#",
            "############",
        ),
    }
)

EVAL_VARIANTS: Final = MappingProxyType[str, tuple[str, ...]](
    {
        "u_maze_single_eval": (
            "#####",
            "#R..#",
            "###.#",
            "#G..#",
            "#####",
        ),
        "u_maze_eval_1f2f3f4f5f": (
            "#####",
            "#RGG#",
            "###G#",
            "#.GG#",
            "#####",
        ),
        "u_maze_eval_1f2f3f4f": (
            "#####",
            "#RGG#",
            "###G#",
            "#..G#",
            "#####",
        ),
        "u_maze_eval_1f2f3f": (
            "#####",
            "#RGG#",
            "###G#",
            "#...#",
            "#####",
        ),
        "u_maze_eval_5f6f": (
            "#####",
            "#R..#",
            "###.#",
            "#GG.#",
            "#####",
        ),
        "u3_maze_single_eval": (
            "#######",
            "#R....#",
            "#####.#",
            "#G....#",
            "#######",
        ),
        "u5_maze_single_eval": (
            "########",
            "#......#",
            "#R####.#",
            "######.#",
            "#G####.#",
            "#......#",
            "########",
        ),
    }
)
"""More evaluation forms, which scaling-crl has of its ant alone: one goal at the far end of the corridor, or the goals
at the distances from the start that the name gives in cells (``5f6f``: five or six)."""

KNOWN_LAYOUTS: Final = MappingProxyType[str, tuple[str, ...]]({**LAYOUTS, **EVAL_VARIANTS})
"""All that a maze can be asked for by name."""

BALL_LAYOUTS: Final = MappingProxyType[str, tuple[str, ...]](
    {
        "u_maze": (
            "#####",
            "#RGB#",
            "###G#",
            "#GGG#",
            "#####",
        ),
        "big_maze": (
            "########",
            "#R.##GG#",
            "#..#GGG#",
            "##BGB###",
            "#GG#GGG#",
            "#G#GG#G#",
            "#GGG#GG#",
            "########",
        ),
    }
)
"""The mazes through which an ant pushes a ball: walls of the layouts of these names, and goals in other cells."""

BIG_MAZE_EVAL_WITH_TEN_GOALS: Final = (
    "########",
    "#R.##GG#",
    "#..#.GG#",
    "##...###",
    "#..#...#",
    "#.#G.#G#",
    "#.GG#GG#",
    "########",
)
"""``big_maze_eval`` of jaxgcrl, and of the humanoid of scaling-crl, whose ant lacks the goal at row 2, column 5."""

COMMON_LAYOUTS: Final = ("u_maze", "u_maze_eval", "big_maze", "big_maze_eval", "hardest_maze")
"""Layouts that jaxgcrl has of every robot, and scaling-crl of its humanoid."""

CORRIDORS: Final = ("u_maze", "u2_maze", "u3_maze", "u4_maze", "u5_maze")
"""Layouts without branches from the start, used to ask which distances an agent generalizes to."""


def corridor_layout(name: str) -> tuple[str, ...]:
    """The corridor of a layout: the same walls and start, and one goal at its other end."""
    rows = [row.replace(GOAL, FREE) for row in LAYOUTS[name]]
    row, column = _CORRIDOR_ENDS[name]
    rows[row] = rows[row][:column] + GOAL + rows[row][column + 1 :]
    return tuple(rows)


_CORRIDOR_ENDS: Final = {"u_maze": (3, 1), "u2_maze": (3, 1), "u3_maze": (3, 1), "u4_maze": (4, 1), "u5_maze": (4, 1)}
