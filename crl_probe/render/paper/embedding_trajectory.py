"""The shared episodes in an agent's embedding space, and the places they are at."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D

from crl_probe.probes.embedding_trajectory import EmbeddingTrajectoryResult
from crl_probe.render.palette import depth_colours
from crl_probe.render.paper._checks import one_of, run_place
from crl_probe.render.paper.plane import clear_plane, crop_to_floor, draw_goals, draw_walls
from crl_probe.render.paper.style import COLUMN_WIDTH, DISTANCE_MAP, add_colourbar, axes_for
from crl_probe.runs.run_info import labels_in_order
from crl_probe.summary.numbers import format_number

COLOURS = {"distance": "walking distance to its own goal", "time": "step of the episode", "source": "who acted"}
_MAPS = {"distance": DISTANCE_MAP, "time": "cividis"}
_THREAD = "#cdd1d7"


def plot_trajectory(
    result: EmbeddingTrajectoryResult,
    ax: Axes | None = None,
    *,
    run: int | str = 0,
    colour: str = "distance",
    colourbar: bool = True,
) -> Axes:
    """Draw the picture of one agent: a dot is a state, a thread an episode, a numbered star a goal.

    Distances in the picture mean little; every number is measured in all dimensions.

    Args:
        result: What the embedding trajectory probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        run: Which of ``result.runs``, by its place or name, or ``map`` for the places of the same states.
        colour: ``distance`` to the goal commanded, ``time`` or ``source`` (whose episode it is).
        colourbar: Whether to explain the colours.

    Returns:
        The axes.

    Raises:
        ConfigError: If there is no such run or colour.
    """
    run = run_place(result.runs, run, "map")
    one_of("colour", colour, COLOURS)
    states = len(result.time)
    with axes_for(ax, COLUMN_WIDTH, 0.9 * COLUMN_WIDTH, "compressed") as axes:
        if not isinstance(run, str):
            points, goals = result.picture[run, :states], result.picture[run, states:]
            axes.set_title(result.runs[run].label)
            axes.set_xlabel(f"trustworthiness {format_number(float(result.trustworthiness[run]), share=True)}")
        else:
            points, goals = result.positions, result.goals[:, :2]
            axes.set_title("where they are")
            if result.map_free.size:
                draw_walls(axes, result.map_xs, result.map_ys, result.map_free)
                axes.set_xlabel("in the maze")
        _draw_states(axes, result, points, colour)
        draw_goals(axes, goals, numbers=True)
        clear_plane(axes)
        if run == "map" and result.map_free.size:
            crop_to_floor(axes, result.map_xs, result.map_ys, result.map_free)
        else:
            axes.set_aspect("equal", adjustable="datalim")
        if colourbar:
            explain_colours(axes, result, colour)
        return axes


def explain_colours(axes: Axes | Sequence[Axes], result: EmbeddingTrajectoryResult, colour: str) -> None:
    """Draw the scale of ``colour`` beside some axes, or name the depths beside the last of them for ``source``."""
    if colour != "source":
        add_colourbar(axes, ScalarMappable(_norm(result, colour), _MAPS[colour]), COLOURS[colour])
        return
    last = axes if isinstance(axes, Axes) else axes[-1]
    colours = depth_colours(labels_in_order(result.runs))
    handles = [Line2D([], [], ls="", marker="o", ms=3.5, color=c, label=label) for label, c in colours.items()]
    last.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1.0), title="episodes of")


def _draw_states(axes: Axes, result: EmbeddingTrajectoryResult, points: np.ndarray, colour: str) -> None:
    # One line with gaps between the episodes, under the dots.
    ends = np.flatnonzero(np.diff(result.episode)) + 1
    gapped = np.insert(points.astype(np.float64), ends, np.nan, axis=0)
    axes.plot(*gapped.T, color=_THREAD, lw=0.4, zorder=1.5)
    if colour == "source":
        colours = depth_colours(labels_in_order(result.runs))
        axes.scatter(
            points[:, 0], points[:, 1], s=3.5, lw=0, c=[colours[result.actors[i].label] for i in result.source]
        )
        return
    axes.scatter(
        points[:, 0],
        points[:, 1],
        s=3.5,
        lw=0,
        c=getattr(result, colour),
        cmap=_MAPS[colour],
        norm=_norm(result, colour),
    )


def _norm(result: EmbeddingTrajectoryResult, colour: str) -> Normalize:
    values = result.distance if colour == "distance" else result.time
    return Normalize(0.0, float(values.max()))
