"""One look for all figures: colours that survive colour blindness, light and dark pages, and print."""

import numpy as np
import plotly.graph_objects as go

from crl_probe.render.palette import WALL_COLOUR

VALUE_SCALE = "Viridis"  # brighter is nearer to the goal
DISTANCE_SCALE = "Viridis_r"
INK = "#5a6270"  # readable on light and dark until the page sets its own
GRID = "rgba(128,136,148,0.25)"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def chart(x_title: str = "") -> go.Figure:
    """An empty chart in the common style."""
    figure = _bare()
    title = {"standoff": 8, "font": {"size": 12}}
    axis = {"gridcolor": GRID, "zeroline": False, "linecolor": GRID, "automargin": True, "title": title}
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis=axis | {"showgrid": False, "tickangle": 0},
        yaxis=axis,
        showlegend=False,
    )
    figure.update_xaxes(title_text=x_title)
    return figure


def plane() -> go.Figure:
    """An empty picture of a plane: equal scales, no axes."""
    figure = _bare()
    figure.update_layout(margin={"l": 2, "r": 2, "t": 2, "b": 2}, showlegend=False)
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x", constrain="domain")
    return figure


def add_walls(figure: go.Figure, xs: np.ndarray, ys: np.ndarray, free: np.ndarray) -> None:
    """Draw walls over what is there already."""
    figure.add_heatmap(
        x=_float32(xs),
        y=_float32(ys),
        z=np.where(free, np.nan, 1.0).astype(np.float32).T,
        colorscale=[[0, WALL_COLOUR], [1, WALL_COLOUR]],
        showscale=False,
        hoverinfo="skip",
    )


def crop_to_floor(figure: go.Figure, xs: np.ndarray, ys: np.ndarray, free: np.ndarray, margin: float) -> float:
    """Show the floor and so much of the walls around it, and return width over height of what is shown."""
    sizes = []
    for axis, places, used in (("xaxis", xs, free.any(axis=1)), ("yaxis", ys, free.any(axis=0))):
        half = float(places[1] - places[0]) / 2 if len(places) > 1 else 0.5
        low, high = float(places[used][0]) - half - margin, float(places[used][-1]) + half + margin
        figure.update_layout({axis: {"range": [low, high]}})
        sizes.append(high - low)
    return sizes[0] / sizes[1]


def faded(colour: str, opacity: float) -> str:
    """The colour, partly transparent."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _bare() -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": INK},
        autosize=True,
        hoverlabel={"font": {"family": FONT, "size": 13}},
    )
    return figure


def _float32(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=np.float32)
