"""Draw plans of the environments: walls, and where starts and goals are, drawn from the environments themselves.

Run it from the root of the project as:

    python -m tools.draw_environments docs/images/environments

One picture a family, of 300 episodes that begin, and one of all layouts of the mazes.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import jax
import mujoco
import numpy as np
from jaxtyping import Float

from crl_probe.plots import save_figure
from crl_train.envs import make_env
from crl_train.envs.goal_env import GoalEnv
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.maze_layouts import LAYOUTS
from crl_train.envs.robot import Robot

# isort: split
# After crl_probe, which copes with an MPLBACKEND that is not installed here, such as that of a notebook.
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

PICTURES: Mapping[str, tuple[str, ...]] = {
    "point": ("point_u_maze", "point_hardest_maze"),
    "reacher": ("reacher",),
    "pusher": ("pusher_easy", "pusher_hard"),
    "cheetah": ("cheetah",),
    "ant": ("ant", "ant_random_start"),
    "ant_mazes": ("ant_u4_maze", "ant_u4_maze_gen_1f3f"),
    "ant_ball": ("ant_ball", "ant_ball_u_maze"),
    "ant_push": ("ant_push",),
    "arm": ("arm_reach", "arm_push_easy", "arm_binpick_easy"),
    "simple": ("simple_u_maze", "simple_big_maze"),
    "humanoid": ("humanoid", "humanoid_big_maze"),
}
"""The environments that each picture shows."""

EPISODES = 300
CELL = 4.0  # metres, of the layouts
WALL, FRAME, START, BODY, GOAL = "#3b4252", "#c8ccd4", "#0072b2", "#7a818c", "#d55e00"
INCHES = 3.0


def main(folder: Path) -> None:
    """Draw and save all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, members in PICTURES.items():
        figure, panels = panels_of(len(members), len(members))
        for axes, member in zip(panels, members, strict=True):
            draw_env(axes, make_env(member))
        legend(figure, panels[0])
        save_figure(figure, folder / f"{name}.svg")
    save_figure(layouts(), folder / "layouts.svg")


def draw_env(axes: Axes, env: GoalEnv) -> None:
    """Walls, starts and goals of one environment."""
    keys = jax.random.split(jax.random.key(0), EPISODES)
    observations = jax.jit(jax.vmap(lambda key: env.reset(key).obs))(keys)
    states, goals = map(np.asarray, env.split_observation(observations))
    starts = states[:, list(env.goal_indices)]
    axes.set_title(env.name, fontsize=9)
    if env.spec.plane is None:  # one axis
        draw_line(axes, starts[:, 0], goals[:, 0], env.spec.tolerance)
        return
    if env.maze is not None:
        draw_walls(axes, env.maze)
    elif isinstance(env, Robot):
        draw_boxes(axes, env)
    starts, goals = env.in_plane(starts), env.in_plane(goals)
    if env.spec.goal_segment == "ball":
        dots(axes, states[:, :2], BODY, "start of the ant")
    dots(axes, goals, GOAL, "goals")
    dots(axes, starts, START, "starts of the ball" if env.spec.goal_segment == "ball" else "starts")
    centre = np.unique(goals, axis=0)[0]
    axes.add_patch(Circle((float(centre[0]), float(centre[1])), env.spec.tolerance, fill=False, color=GOAL, lw=0.8))
    finish(axes)


def draw_walls(axes: Axes, maze: Maze) -> None:
    """The solid cells of a maze."""
    half = maze.cell_size / 2
    for row, column in np.argwhere(maze.walls):
        corner = (row * maze.cell_size - half, column * maze.cell_size - half)
        axes.add_patch(Rectangle(corner, 2 * half, 2 * half, color=WALL, lw=0.3))
    x_min, x_max, y_min, y_max = maze.extent
    axes.set_xlim(x_min, x_max)
    axes.set_ylim(y_min, y_max)


def draw_boxes(axes: Axes, env: Robot) -> None:
    """What stands in a robot's way: boxes of its model that are part of the world, and those that can be pushed."""
    model = env.physics.system.mj_model
    for box in np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_BOX):
        body = model.geom_bodyid[box]
        if body and model.body(body).name != "box":
            continue  # part of the robot, or the cube, which the dots show
        half = model.geom_size[box, :2]
        corner = model.body_pos[body, :2] + model.geom_pos[box, :2] - half
        look = {"fill": False, "ec": WALL, "lw": 0.8, "ls": "--"} if body else {"color": WALL, "lw": 0.3}
        axes.add_patch(Rectangle(tuple(corner), *(2 * half), **look))


def draw_line(axes: Axes, starts: Float[np.ndarray, " n"], goals: Float[np.ndarray, " n"], tolerance: float) -> None:
    """Starts and goals along one axis."""
    axes.axhline(0, color=FRAME, lw=1, zorder=0)
    for places, colour, label in ((goals, GOAL, "goals"), (starts, START, "starts")):
        dots(axes, np.column_stack([places, np.zeros(len(places))]), colour, label)
    axes.add_patch(Circle((float(goals[0]), 0.0), tolerance, fill=False, color=GOAL, lw=0.8))
    axes.set_yticks([])
    axes.set_ylim(-1.5, 1.5)
    finish(axes)


def dots(axes: Axes, places: Float[np.ndarray, "n 2"], colour: str, label: str) -> None:
    """One dot for each place that differs from the others."""
    places = np.unique(np.round(places, 3), axis=0)
    axes.scatter(places[:, 0], places[:, 1], s=9, color=colour, alpha=0.7, lw=0, label=label)


def finish(axes: Axes) -> None:
    """Equal scales, and quiet axes in metres."""
    axes.set_aspect("equal")
    axes.tick_params(labelsize=7, color=FRAME)
    for spine in axes.spines.values():
        spine.set_color(FRAME)
    axes.set_xlabel("x (m)", fontsize=8)
    axes.set_ylabel("y (m)" if axes.get_yticks().size else "", fontsize=8)


def legend(figure: Figure, axes: Axes) -> None:
    """What the colours of all panels mean, said once below them."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8, frameon=False, handletextpad=0.1)


def layouts() -> Figure:
    """All layouts: where training puts goals, and which of them the form for evaluation keeps."""
    names = [name for name in LAYOUTS if not name.endswith("_eval")]
    figure, panels = panels_of(len(names), 5, inches=2.1)
    for axes, name in zip(panels, names, strict=True):
        maze = Maze.from_layout(name, CELL)
        draw_walls(axes, maze)
        axes.scatter(
            maze.goal_centres[:, 0],
            maze.goal_centres[:, 1],
            s=14,
            facecolors="none",
            edgecolors=GOAL,
            lw=0.9,
            label="goals",
        )
        if f"{name}_eval" in LAYOUTS:
            far = Maze.from_layout(f"{name}_eval", CELL).goal_centres
            axes.scatter(far[:, 0], far[:, 1], s=14, color=GOAL, lw=0.9, label="goals of the _eval form")
        axes.scatter(maze.start_xy[0], maze.start_xy[1], s=22, color=START, label="start")
        axes.set_title(name, fontsize=9)
        axes.set_aspect("equal")
        axes.set_axis_off()
    legend(figure, panels[0])
    return figure


def panels_of(count: int, columns: int, inches: float = INCHES) -> tuple[Figure, list[Axes]]:
    """An empty figure of that many panels."""
    rows = -(-count // columns)
    figure = Figure(figsize=(inches * columns, (inches + 0.35) * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axes in grid[count:]:
        axes.remove()
    return figure, grid[:count]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
