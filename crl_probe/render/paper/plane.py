"""Pictures of a plane: equal scales, no axes, walls, and what stands on the floor."""

import numpy as np
from jaxtyping import Bool, Float
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.image import AxesImage
from matplotlib.patheffects import withStroke

from crl_probe.render.floor import edges_of, floor_limits
from crl_probe.render.palette import WALL_COLOUR

_LABEL_DISTANCE = 7.0  # points from a star to its number
_LABEL_REACH = 0.07  # about the same, as a share of what is shown
_ANGLES = np.pi / 4 * np.array([1, 3, 7, 5, 0, 4, 2, 6])  # above on the right first
_SIDES = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_HALO = (withStroke(linewidth=1.5, foreground="white"),)


def clear_plane(axes: Axes) -> None:
    """Equal scales and nothing around: ticks of a map say little and cost room."""
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def draw_field(
    axes: Axes,
    xs: Float[np.ndarray, " nx"],
    ys: Float[np.ndarray, " ny"],
    values: Float[np.ndarray, "nx ny"],
    colours: str,
    low: float,
    high: float,
) -> AxesImage:
    """Draw values on a grid; what is NaN is wall.

    Args:
        axes: Drawn on.
        xs: Centres of the cells along x. (nx,)
        ys: The same along y. (ny,)
        values: One a cell. (nx, ny)
        colours: Name of the colour map.
        low: Value at its low end.
        high: Value at its high end.
    """
    colour_map = colormaps[colours].with_extremes(bad=WALL_COLOUR)
    # Sharp cells in every viewer: with "none" some of them blur a picture inside a PDF file.
    return axes.imshow(
        np.ma.masked_invalid(values.T),
        extent=(*edges_of(xs), *edges_of(ys)),
        origin="lower",
        cmap=colour_map,
        vmin=low,
        vmax=high,
        interpolation="nearest",
    )


def draw_walls(
    axes: Axes, xs: Float[np.ndarray, " nx"], ys: Float[np.ndarray, " ny"], free: Bool[np.ndarray, "nx ny"]
) -> None:
    """Draw the walls alone."""
    axes.imshow(
        np.where(free, np.nan, 1.0).T,
        extent=(*edges_of(xs), *edges_of(ys)),
        origin="lower",
        cmap=ListedColormap([WALL_COLOUR]),
        interpolation="nearest",
    )


def crop_to_floor(
    axes: Axes, xs: Float[np.ndarray, " nx"], ys: Float[np.ndarray, " ny"], free: Bool[np.ndarray, "nx ny"]
) -> None:
    """Show the floor and a rim of the walls around it."""
    left, right, bottom, top = floor_limits(xs, ys, free)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)


def draw_start(axes: Axes, place: Float[np.ndarray, "2"]) -> None:
    """A ring where episodes start."""
    axes.plot(*place, marker="o", ms=5.5, mfc="none", mec="black", mew=2.2, ls="")
    axes.plot(*place, marker="o", ms=5.5, mfc="none", mec="white", mew=1.1, ls="")


def draw_goals(axes: Axes, places: Float[np.ndarray, "goals 2"], numbers: bool = False) -> None:
    """A star at each goal, and its number from 1 if ``numbers``, on the side where no other star or number is."""
    axes.plot(*places.T, marker="*", ms=8.0, mfc="white", mec="black", mew=0.6, ls="")
    for number, (place, side) in enumerate(zip(places, _free_sides(places), strict=True) if numbers else (), start=1):
        axes.annotate(
            f"{number}",
            place,
            xytext=(_LABEL_DISTANCE * side[0], _LABEL_DISTANCE * side[1]),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize="small",
            path_effects=_HALO,
        )


def _free_sides(places: Float[np.ndarray, "goals 2"]) -> Float[np.ndarray, "goals 2"]:
    """For each star the direction in which its number is farthest from other stars and from the numbers before it."""
    reach = _LABEL_REACH * float(np.ptp(places, axis=0).max() or 1.0)
    taken, sides = [*places], []
    for number, place in enumerate(places):
        others = np.array([other for i, other in enumerate(taken) if i != number]).reshape(-1, 2)
        ends = place + reach * _SIDES
        gaps = np.linalg.norm(ends[:, None] - others, axis=-1).min(axis=1, initial=np.inf)
        best = int(np.argmax(np.minimum(gaps, 3 * reach)))
        sides.append(_SIDES[best])
        taken.append(ends[best])
    return np.array(sides)
