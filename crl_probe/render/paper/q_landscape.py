"""Q-landscapes: what a critic thinks of every place in the maze, and the walking distances it should know."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from crl_probe.probes.q_landscape import QLandscapeResult, percentile_ranks
from crl_probe.render.paper._checks import one_of, run_place, within
from crl_probe.render.paper.plane import clear_plane, crop_to_floor, draw_field, draw_goals, draw_start
from crl_probe.render.paper.style import COLUMN_WIDTH, VALUE_MAP, add_colourbar, axes_for
from crl_probe.summary.numbers import format_number

SCALES = {"rank": "energy, percentile of the floor", "raw": "energy"}


def plot_landscape(
    result: QLandscapeResult,
    ax: Axes | None = None,
    *,
    run: int | str = 0,
    goal: int = 0,
    scale: str = "rank",
    colourbar: bool = True,
) -> Axes:
    """Draw the landscape of one agent and goal, with walls, start (ring) and goal (star).

    Energies of two networks share no scale, so colour is by default the percentile rank among the free cells.

    Args:
        result: What the Q-landscape probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        run: Which of ``result.runs``, by its place or name, or ``geodesic`` for the reference: minus the walking
            distance to the goal.
        goal: Which of ``result.goals``.
        scale: ``rank``, or ``raw`` for energies (metres, in the reference) on a scale of their own.
        colourbar: Whether to draw the scale beside.

    Returns:
        The axes.

    Raises:
        ConfigError: If there is no such run, goal or scale.
    """
    run = run_place(result.runs, run, "geodesic")
    within("goal", goal, len(result.goals))
    one_of("scale", scale, SCALES)
    values = landscape_values(result, run, goal, scale)
    low, high = (0.0, 100.0) if scale == "rank" else (float(np.nanmin(values)), float(np.nanmax(values)))
    with axes_for(ax, COLUMN_WIDTH, 0.9 * COLUMN_WIDTH, "compressed") as axes:
        image = draw_field(axes, result.xs, result.ys, values, VALUE_MAP, low, high)
        draw_start(axes, result.start)
        draw_goals(axes, result.goals[goal : goal + 1, :2])
        crop_to_floor(axes, result.xs, result.ys, result.free)
        clear_plane(axes)
        if not isinstance(run, str):
            axes.set_title(result.runs[run].label)
            score = result.scores["geodesic_rank"][run, goal]
            axes.set_xlabel(
                f"geodesic rank {format_number(float(score))}" if np.isfinite(score) else "geodesic rank undefined"
            )
        else:
            axes.set_title("walking distance")
            axes.set_xlabel("the reference")
        if colourbar:
            words = "minus metres" if (run, scale) == ("geodesic", "raw") else SCALES[scale]
            add_colourbar(axes, image, words)
        return axes


def landscape_values(result: QLandscapeResult, run: int | str, goal: int, scale: str) -> Float[np.ndarray, "nx ny"]:
    """What :func:`plot_landscape` colours; NaN in walls."""
    values = -result.geodesic[goal] if isinstance(run, str) else result.values[run, goal]
    values = values.astype(np.float64)
    return percentile_ranks(values, result.free) if scale == "rank" else values
