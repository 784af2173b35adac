"""One look for paper figures: sized for a two-column page, readable at print size, and without global state.

Figures are made without pyplot, so that none stays open and no backend is chosen. A plot on axes that are given keeps
their look; one on axes of its own takes this look, whatever the caller has set.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from crl_probe.render.charts import TICK
from crl_probe.render.paper.fitting import FONT, legend_columns, size_of

COLUMN_WIDTH = 3.3  # inches
PAGE_WIDTH = 6.9  # inches
CHART_HEIGHT = 2.0  # inches
INK = "#222222"
SOFT_INK = "#7a818c"
DISTANCE_MAP = "viridis_r"
VALUE_MAP = "viridis"  # brighter is nearer to the goal

_TEXT_SIZE = 8.0  # points
TICK_SIZE = 7.0
_GRID = "#e4e6ea"
_LINE = 0.6
_WIDENED = 0.25  # by the layout, about; inches
MARKERS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "pentagon": "p", "hexagon": "h", TICK: "_"}

STYLE: dict[str, Any] = {
    "font.family": FONT,
    "font.size": _TEXT_SIZE,
    "axes.titlesize": _TEXT_SIZE,
    "axes.labelsize": _TEXT_SIZE,
    "axes.titlepad": 4.0,
    "axes.labelpad": 2.0,
    "figure.titlesize": _TEXT_SIZE,
    "figure.labelsize": _TEXT_SIZE,
    "legend.fontsize": TICK_SIZE,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": _LINE,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "text.color": INK,
    "lines.linewidth": 1.4,
    "figure.constrained_layout.w_pad": 0.05,
    "figure.constrained_layout.h_pad": 0.03,
}
# Ticks are made when they are first needed, which may be after the style has been put away: it is told to each axis.
_TICKS: dict[str, Any] = {
    "labelsize": TICK_SIZE,
    "labelfontfamily": FONT,
    "labelcolor": INK,
    "color": INK,
    "width": _LINE,
    "length": 2.5,
    "pad": 2.0,
    "grid_color": _GRID,
    "grid_linewidth": _LINE,
}


@contextlib.contextmanager
def in_style() -> Iterator[None]:
    """Make figures in the common look inside, and leave the caller's ``rcParams`` as they were."""
    with matplotlib.style.context(["default", STYLE]):
        yield


@contextlib.contextmanager
def axes_for(
    ax: Axes | None, width: float = COLUMN_WIDTH, height: float = CHART_HEIGHT, layout: str = "constrained"
) -> Iterator[Axes]:
    """The axes to draw on: those given as they are, or those of a new figure in the common look.

    Args:
        ax: Axes that the caller has, or None.
        width: Width of a new figure, inches.
        height: Its height, inches.
        layout: Its layout engine; ``compressed`` suits pictures of fixed shape.
    """
    if ax is not None:
        yield ax
        return
    with in_style():
        (axes,) = new_figure(1, 1, width, height, layout)[1].flat
        yield axes


def new_figure(
    rows: int, columns: int, width: float, height: float, layout: str = "constrained"
) -> tuple[Figure, np.ndarray]:
    """A figure with a grid of empty axes; call it inside :func:`in_style`.

    Args:
        rows: Rows of the grid.
        columns: Columns of the grid.
        width: Inches.
        height: Inches.
        layout: Layout engine.

    Returns:
        The figure, and its axes. (rows, columns)
    """
    figure = Figure(figsize=(width, height), layout=layout)  # type: ignore[arg-type]
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.tick_params(**_TICKS)
    return figure, grid


def add_colourbar(axes: Axes | Sequence[Axes], colours: ScalarMappable, words: str) -> None:
    """Draw the scale of a picture beside its axes, or beside several that share it."""
    figure = (axes if isinstance(axes, Axes) else axes[0]).get_figure(root=True)
    assert figure is not None  # of axes that were removed
    bar = figure.colorbar(colours, ax=axes, shrink=0.85, aspect=25, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.tick_params(**_TICKS | {"length": 0})
    bar.set_label(words)


def add_legend(axes: Axes, handles: Sequence[Artist]) -> None:
    """Draw a legend above the axes, where it covers no number."""
    size = FontProperties(size=matplotlib.rcParams["legend.fontsize"]).get_size_in_points()
    columns = legend_columns([str(handle.get_label()) for handle in handles], size_of(axes)[0] + _WIDENED, size)
    axes.legend(handles=list(handles), loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, frameon=False)
