"""Landscapes side by side: the maze's own distances first, then one panel for each depth.

Energies of two networks share no scale, so colour shows the percentile rank among the free cells of one landscape
unless raw values are chosen, which then have a scale of their own in every panel.
"""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from crl_probe.figures.panels import Control, FigureGroup, Panel, seed_control, with_defaults
from crl_probe.figures.style import VALUE_SCALE, add_walls, crop_to_floor, plane
from crl_probe.probes.q_landscape import QLandscapeResult, percentile_ranks
from crl_probe.samples import depth_order

_WALL_RANK = 0
_WALL_MARGIN = 1.0  # metres of outer wall that are shown


def landscape_panels(result: QLandscapeResult) -> FigureGroup:
    """The geodesic map and a panel for each depth, with controls for goal, seed and scale."""
    labels = depth_order(result.runs)
    seeds, caption = seed_control(result.runs)
    controls = (
        Control("goal", "Goal", tuple((str(j), str(j + 1)) for j in range(len(result.goals)))),
        seeds,
        Control("scale", "Colour", (("rank", "rank"), ("raw", "energy"))),
    )
    reference = _geodesic(result)
    aspect = _add_maze(reference, result)
    panels = [Panel("Walking distance", reference, alt=_GEODESIC_ALT, note="the reference", aspect=aspect)]
    for label in labels:
        mine = [i for i, run in enumerate(result.runs) if run.label == label]
        figure = plane()
        for i in mine:
            for j in range(len(result.goals)):
                meta = {"goal": str(j), "seed": str(result.runs[i].seed)}
                _add_landscape(figure, result, result.values[i, j], meta, "energy")
        _add_maze(figure, result)
        mean = {name: float(np.nanmean(scores[mine])) for name, scores in result.scores.items() if _any(scores[mine])}
        note = " · ".join(f"{text} {mean[name]:.2f}" for name, text in _NOTES if name in mean)
        alt = f"Q-landscape of {label}; mean over goals and seeds: {note}"
        panels.append(Panel(label, figure, alt=alt, note=note, aspect=aspect))
    return with_defaults(panels, controls, caption=caption)


_GEODESIC_ALT = "Map of the maze coloured by how near each place is to the goal on foot"
_NOTES = (
    ("geodesic_rank", "maze"),
    ("euclidean_rank", "straight line"),
    ("ascent_success", "ascent"),
)


def _geodesic(result: QLandscapeResult) -> go.Figure:
    figure = plane()
    for j, distance in enumerate(result.geodesic):
        _add_landscape(figure, result, -distance, {"goal": str(j)}, "minus metres")
    return figure


def _add_landscape(
    figure: go.Figure, result: QLandscapeResult, values: np.ndarray, meta: dict[str, str], unit: str
) -> None:
    shown: dict[str, tuple[np.ndarray, dict[str, Any], str]] = {
        "rank": (_rank_bytes(values, result.free), {"zmin": 0, "zmax": 100, "showscale": False}, "rank"),
        "raw": (
            values.astype(np.float32),
            {"colorbar": {"thickness": 8, "len": 0.9, "outlinewidth": 0, "tickfont": {"size": 11}}},
            unit,
        ),
    }
    for scale, (z, options, word) in shown.items():
        figure.add_heatmap(
            x=result.xs.astype(np.float32),
            y=result.ys.astype(np.float32),
            z=z.T,
            colorscale=VALUE_SCALE,
            meta=meta | {"scale": scale},
            hovertemplate=f"x %{{x:.1f}} m, y %{{y:.1f}} m<br>{word} %{{z:.3g}}<extra></extra>",
            **options,
        )


def _rank_bytes(values: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Percentile ranks as bytes: a page of landscapes stays small."""
    return np.nan_to_num(np.round(percentile_ranks(values, free)), nan=_WALL_RANK).astype(np.uint8)


def _add_maze(figure: go.Figure, result: QLandscapeResult) -> float:
    """Draw walls, start and goals; returns width over height."""
    add_walls(figure, result.xs, result.ys, result.free)
    figure.add_scatter(
        x=[result.start[0]],
        y=[result.start[1]],
        mode="markers",
        marker={"size": 12, "symbol": "circle-open", "color": "#ffffff", "line": {"width": 3}},
        hovertemplate="start<extra></extra>",
    )
    for j, goal in enumerate(result.goals):
        figure.add_scatter(
            x=[float(goal[0])],
            y=[float(goal[1])],
            mode="markers",
            marker={"size": 15, "symbol": "star", "color": "#ffffff", "line": {"width": 1.5, "color": "#111111"}},
            hovertemplate=f"goal {j + 1}<extra></extra>",
            meta={"goal": str(j)},
        )
    return crop_to_floor(figure, result.xs, result.ys, result.free, margin=_WALL_MARGIN)


def _any(scores: np.ndarray) -> bool:
    return bool(np.isfinite(scores).any())
