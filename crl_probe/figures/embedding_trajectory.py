"""The shared episodes in every agent's embedding space, beside the maze they happened in."""

import numpy as np
import plotly.graph_objects as go

from crl_probe.figures.panels import Control, FigureGroup, Panel, seed_control, with_defaults
from crl_probe.figures.style import DISTANCE_SCALE, INK, add_walls, crop_to_floor, plane
from crl_probe.palette import depth_colours
from crl_probe.probes.embedding_trajectory import EmbeddingTrajectoryResult
from crl_probe.samples import depth_order

_THREAD = "rgba(128,136,148,0.35)"


def trajectory_panels(result: EmbeddingTrajectoryResult) -> FigureGroup:
    """The places of the shared states, then a picture for each depth, with controls for colour and seed."""
    labels = depth_order(result.runs)
    seeds, caption = seed_control(result.runs)
    controls = (
        Control("colour", "Colour", (("distance", "distance to goal"), ("time", "time"), ("source", "who acted"))),
        seeds,
    )
    places = plane()
    aspect = 1.0
    if result.map_free.size:
        add_walls(places, result.map_xs, result.map_ys, result.map_free)
        aspect = crop_to_floor(places, result.map_xs, result.map_ys, result.map_free, margin=1.0)
    _add_episodes(places, result, result.positions, {})
    _add_goals(places, result.goals[:, :2], {})
    panels = [
        Panel(
            "Where they are", places, alt="Places of the shared episodes in the maze", note="in the maze", aspect=aspect
        )
    ]
    num_points = len(result.time)
    for label in labels:
        figure = plane()
        trust = []
        for run, picture, score in zip(result.runs, result.picture, result.trustworthiness, strict=True):
            if run.label == label:
                meta = {"seed": str(run.seed)}
                _add_episodes(figure, result, picture[:num_points], meta)
                _add_goals(figure, picture[num_points:], meta)
                trust.append(float(score))
        note = f"trustworthiness {np.mean(trust):.2f}"
        panels.append(
            Panel(label, figure, alt=f"{result.method} picture of embeddings, {label}; {note}", note=note, aspect=1.0)
        )
    return with_defaults(panels, controls, pick_episodes=True, caption=caption)


def _add_episodes(figure: go.Figure, result: EmbeddingTrajectoryResult, xy: np.ndarray, meta: dict[str, str]) -> None:
    xy = np.asarray(xy, dtype=np.float32)
    # One line with gaps between the episodes, under the points.
    ends = np.flatnonzero(np.diff(result.episode)) + 1
    gapped = np.insert(xy, ends, np.nan, axis=0)
    figure.add_scatter(
        x=gapped[:, 0], y=gapped[:, 1], mode="lines", line={"width": 1, "color": _THREAD}, hoverinfo="skip", meta=meta
    )
    labels = depth_order(result.runs)
    colours = depth_colours(labels)
    of_source = np.array([colours[run.label] for run in result.runs])
    markers = {
        "distance": {"color": result.distance.astype(np.float32), "colorscale": DISTANCE_SCALE},
        "time": {"color": result.time.astype(np.float32), "colorscale": "Cividis"},
        "source": {"color": of_source[result.source].tolist()},
    }
    for colour, marker in markers.items():
        figure.add_scatter(
            x=xy[:, 0],
            y=xy[:, 1],
            mode="markers",
            marker={"size": 5, **marker},
            customdata=result.episode.tolist(),  # a list, which scripts can read; arrays are packed
            text=[f"{d:.1f} m to goal, step {t}" for d, t in zip(result.distance, result.time, strict=True)],
            hovertemplate="%{text}<br>episode %{customdata}<extra></extra>",
            unselected={"marker": {"opacity": 0.07}},
            selected={"marker": {"size": 7}},
            meta=meta | {"colour": colour},
        )


def _add_goals(figure: go.Figure, xy: np.ndarray, meta: dict[str, str]) -> None:
    figure.add_scatter(
        x=np.asarray(xy[:, 0], np.float32),
        y=np.asarray(xy[:, 1], np.float32),
        mode="markers+text",
        marker={"size": 13, "symbol": "star", "color": "#ffffff", "line": {"width": 1.5, "color": "#111111"}},
        text=[str(j + 1) for j in range(len(xy))],
        textposition="top center",
        textfont={"color": INK, "size": 13},
        hovertemplate="goal %{text}<extra></extra>",
        meta=meta,
    )
