"""The ways an agent takes from the shared starts to the shared goals."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from crl_probe.probes.rollouts import RolloutsResult
from crl_probe.render.paper._checks import index_of_run, within
from crl_probe.render.paper.plane import clear_plane, crop_to_floor, draw_goals, draw_walls
from crl_probe.render.paper.style import COLUMN_WIDTH, axes_for

# Line and end differ with the colour, so that colour is never the only sign.
_REACHED = {"color": "#0072b2", "ls": "-", "marker": ""}
_MISSED = {"color": "#d55e00", "ls": (0, (3.0, 1.2)), "marker": "X"}
_LOOK = {"lw": 1.1, "ms": 4.5, "mec": "white", "mew": 0.5, "solid_capstyle": "round"}


def plot_rollouts(
    result: RolloutsResult, ax: Axes | None = None, *, run: int | str = 0, pair: int | None = None, legend: bool = True
) -> Axes:
    """Draw the paths of one agent from starts (rings) to goals (stars).

    A path that reaches its goal is a solid line up to its first arrival; one that does not is dashed, and ends in a
    cross where the episode ends.

    Args:
        result: What the rollouts probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        run: Which of ``result.runs``, by its place or name.
        pair: Which of its starts and goals; None draws all.
        legend: Whether to explain the lines.

    Returns:
        The axes.

    Raises:
        ConfigError: If there is no such run or pair.
    """
    run = index_of_run(result.runs, run)
    if pair is not None:
        within("pair", pair, len(result.goals))
    shown = list(range(len(result.goals))) if pair is None else [pair]
    with axes_for(ax, COLUMN_WIDTH, 0.9 * COLUMN_WIDTH, "compressed") as axes:
        if result.map_free.size:
            draw_walls(axes, result.map_xs, result.map_ys, result.map_free)
        for one in shown:
            _draw_path(axes, result.positions[run, one], int(result.arrival[run, one]))
        # Starts lie close together: they get small rings.
        axes.plot(*result.starts[shown].T, marker="o", ms=2.8, mfc="white", mec="black", mew=0.6, ls="")
        draw_goals(axes, result.goals[shown])
        clear_plane(axes)
        if result.map_free.size:
            crop_to_floor(axes, result.map_xs, result.map_ys, result.map_free)
        else:
            axes.set_aspect("equal", adjustable="datalim")
        axes.set_title(result.runs[run].label)
        axes.set_xlabel(_outcome(result, run, pair))
        if legend:
            explain_paths(axes)
        return axes


def explain_paths(axes: Axes) -> None:
    """Name the two kinds of path beside the axes."""
    kinds = {"reached": _REACHED, "not reached": _MISSED}
    handles = [Line2D([], [], label=label, **_LOOK, **look) for label, look in kinds.items()]  # type: ignore[arg-type]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1.0), title="goal")


def _draw_path(axes: Axes, places: Float[np.ndarray, "steps_and_start 2"], arrival: int) -> None:
    until = places[: arrival + 1] if arrival else places
    axes.plot(*until.T, markevery=[-1], **_LOOK, **(_REACHED if arrival else _MISSED))  # type: ignore[arg-type]


def _outcome(result: RolloutsResult, run: int, pair: int | None) -> str:
    arrival = result.arrival[run]
    if pair is None:
        return f"reached {np.count_nonzero(arrival)} of {len(arrival)}"
    if arrival[pair]:
        return f"reached at step {arrival[pair]:,}"
    return f"not reached in {result.distances.shape[-1]:,} steps"
