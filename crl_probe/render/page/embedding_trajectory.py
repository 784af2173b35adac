"""The shared episodes in every agent's embedding space, beside the plane they happened in."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Int

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.embedding_trajectory import METHODS, EmbeddingTrajectoryResult
from crl_probe.render.page.views import (
    UNEVEN_SEEDS,
    View,
    ViewControl,
    ViewPanel,
    aspect_of,
    checkpoint_control,
    in_16_bits,
    limits_around,
    maze_of,
    run_data,
    seed_choice,
    seeds_are_uneven,
)
from crl_probe.render.palette import depth_colours
from crl_probe.runs.run_info import levels_in_order
from crl_probe.summary.estimates import LevelEstimate, estimate_text
from crl_probe.summary.numbers import format_number

_SCORES: Final = ("trustworthiness", "straightness", "embedding_path_length", "energy_monotonicity")
# Tol's vibrant set: common kinds of colour blindness tell these apart, and so do light and dark pages.
_EPISODE_COLOURS: Final = ("#0077bb", "#ee7733", "#009988", "#ee3377", "#33bbee", "#cc3311")
_METHOD_WORDS: Final = {
    "AlignedUMAP": "AlignedUMAP pictures all agents together and ties each state to itself: the same state is in about "
    "the same place in every panel.",
    "UMAP": "UMAP pictures each agent by itself: places in two panels cannot be compared.",
    "PCA": "The flat picture is each agent's two directions of most variance: places in two panels cannot be compared.",
}
_SOLID_WORDS: Final = (
    "The 3-D picture is each agent's three directions of most variance, turned onto those of the first agent and "
    "brought to one size."
)
_COLLAPSED: Final = "this agent embeds all states alike"


def trajectory_view(
    result: EmbeddingTrajectoryResult,
    estimates: Sequence[LevelEstimate],
    over_training: EmbeddingTrajectoryResult | None = None,
) -> View:
    """The places of the shared states, then their picture at each depth; an episode can be followed in all of them.

    Args:
        result: Of the agents compared.
        estimates: Their numbers by depth.
        over_training: The same states pictured at several checkpoints of each agent, which are shown instead.

    Raises:
        ValueError: If ``over_training`` pictures other states.
    """
    shown = over_training or result
    if not np.array_equal(shown.episode, result.episode) or not np.array_equal(shown.time, result.time):
        raise ValueError(
            f"over_training holds {len(shown.time)} states that are not the {len(result.time)} of the result: an "
            "episode is followed through both. Make them from one probe set."
        )
    maze = maze_of(result.map_xs, result.map_ys, result.map_free)
    places = np.concatenate([_in_plane(result.positions), _in_plane(result.goals)])
    limits = maze["limits"] if maze else limits_around(places)
    depths = levels_in_order(shown.runs)
    spaces = _spaces(shown)
    checkpoints = checkpoint_control(shown.runs)
    _, episode = np.unique(result.episode, return_inverse=True)
    episodes = [_episode_text(result, episode, number) for number in range(1, episode.max() + 2)]
    return View(
        "trajectory",
        (_map_panel(result, aspect_of(limits)), *(_depth_panel(result, shown, estimates, depth) for depth in depths)),
        (
            ViewControl(
                "colour",
                "Colour",
                (("distance", "distance to goal"), ("time", "time"), ("episode", "episode"), ("actor", "who acted")),
            ),
            dataclasses.replace(seed_choice(shown.runs), title="Embedding of seed"),
            ViewControl("space", "Picture", tuple((key, space["text"]) for key, space in spaces.items())),
            ViewControl(
                "episode",
                "Follow",
                (("", "all episodes"), *((str(number), text) for number, text in enumerate(episodes, start=1))),
                form="select",
            ),
            *checkpoints,
        ),
        {
            "maze": maze,
            "limits": limits,
            "places": _packed(places[None]),
            "spaces": spaces,
            "distance": result.distance.astype(np.float32),
            "time": result.time.astype(np.int32),
            "episode": episode.astype(np.uint16),
            "actor": result.source.astype(np.uint16),
            "episodes": episodes,
            "episode_colours": list(_EPISODE_COLOURS),
            "actors": [{"text": f"{run.level}, seed {run.seed}", "depth": run.level} for run in result.actors],
            "depth_colours": depth_colours(levels_in_order((*result.runs, *result.actors))),
            "runs": _runs(shown),
        },
        hint="Point at a state to see its episode in every panel, click to keep it, step along it with the arrow keys; "
        "drag a 3-D picture to turn it.",
        caption=" ".join(
            (
                _METHOD_WORDS[shown.method],
                _SOLID_WORDS,
                *((UNEVEN_SEEDS,) if seeds_are_uneven(shown.runs) else ()),
                *(("Scores are those of the last checkpoint.",) if checkpoints else ()),
            )
        ),
    )


def _map_panel(result: EmbeddingTrajectoryResult, aspect: float) -> ViewPanel:
    where = "in the maze" if result.map_free.size else "in the plane"
    alt = f"Map of {_amount(result)}, and of {len(result.goals)} goals, {where}"
    return ViewPanel("Where they are", alt, kind="map", aspect=aspect)


def _depth_panel(
    result: EmbeddingTrajectoryResult, shown: EmbeddingTrajectoryResult, estimates: Sequence[LevelEstimate], depth: str
) -> ViewPanel:
    # Estimates come from early to late checkpoints, so the last one stays.
    found = {e.metric: e for e in estimates if e.runs[0].level == depth}
    scores = [
        # With as many decimals as at the other depths, which stand beside it.
        (DEFINITIONS[name].title, estimate_text(found[name], [e for e in estimates if e.metric == name]))
        for name in _SCORES
        # Over training another picture is shown; how far that one can be trusted stands below it.
        if name in found and not (name == "trustworthiness" and shown is not result)
    ]
    explained = [share for run, share in zip(result.runs, result.explained, strict=True) if run.level == depth]
    if np.isfinite(explained).any():
        scores.append(("Variance seen in 3-D", format_number(float(np.nanmean(explained)), share=True)))
    alt = f"{shown.method} picture of {_amount(result)}, as {depth} embeds them. "
    return ViewPanel(
        depth, alt + "; ".join(f"{title} {text}" for title, text in scores), "depth", depth, 1.0, tuple(scores)
    )


def _amount(result: EmbeddingTrajectoryResult) -> str:
    return f"{len(result.time)} states of {len(np.unique(result.episode))} episodes"


def _episode_text(result: EmbeddingTrajectoryResult, episode: Int[np.ndarray, " points"], number: int) -> str:
    rows = np.flatnonzero(episode == number - 1)
    run = result.actors[result.source[rows[0]]]
    first, last = map(_metres, result.distance[rows[[0, -1]]].tolist())
    return f"episode {number} · {run.level}, seed {run.seed} · {first} → {last} m to its goal"


def _metres(distance: float) -> str:
    return f"{distance:.2f}" if distance < 1 else f"{distance:.1f}"


def _runs(shown: EmbeddingTrajectoryResult) -> list[dict[str, Any]]:
    """Each run with how far its pictures can be trusted, in words."""
    said = [
        {
            "flat": f"trustworthiness of this picture: {format_number(float(trust), share=True)}"
            if np.isfinite(trust)
            else _COLLAPSED,
            "solid": f"this picture has {format_number(float(share), share=True)} of the variance"
            if np.isfinite(share)
            else _COLLAPSED,
        }
        for trust, share in zip(shown.trustworthiness, shown.explained, strict=True)
    ]
    return [{**run, "said": words} for run, words in zip(run_data(shown.runs), said, strict=True)]


def _spaces(shown: EmbeddingTrajectoryResult) -> dict[str, dict[str, Any]]:
    """Pictures by the value of their control; those that are drawn together have one scale."""
    together = shown.method == METHODS["aligned"]
    scales = None if together else [(run.level, run.seed) for run in shown.runs]
    flat = METHODS["pca"] if shown.method == METHODS["pca"] else METHODS["umap"]
    solid, radius = _centred(shown.linear)
    # However it is turned, a picture stays within the ball.
    ball = np.broadcast_to(np.array([-radius, radius]), (len(solid), 3, 2))
    return {
        "flat": {"text": f"{flat}, flat", **_packed(shown.picture, _box(shown.picture, scales))},
        "solid": {"text": "PCA, in 3-D", **_packed(solid, ball)},
    }


def _centred(points: Float[np.ndarray, "pictures rows dims"]) -> tuple[Float[np.ndarray, "pictures rows dims"], float]:
    """Points around the middle of all they take up, and the radius of the ball that holds them."""
    middle = (points.min(axis=(0, 1)) + points.max(axis=(0, 1))) / 2
    radius = float(np.linalg.norm(points - middle, axis=-1).max())
    return points - middle, radius or 1.0


def _packed(
    points: Float[np.ndarray, "pictures rows dims"], limits: Float[np.ndarray, "pictures dims 2"] | None = None
) -> dict[str, np.ndarray]:
    """Coordinates in 16 bits.

    Args:
        points: Pictures. (pictures, rows, dims)
        limits: Lower and upper limit of each coordinate; None takes those of all pictures. (pictures, dims, 2)

    Returns:
        ``shares`` of the way from the lower limit (0) to the upper (65,535), and ``limits``.
    """
    limits = _box(points) if limits is None else limits
    low, high = limits[:, None, :, 0], limits[:, None, :, 1]
    return {"shares": in_16_bits(points, low, high), "limits": limits.astype(np.float32)}


def _box(
    points: Float[np.ndarray, "pictures rows dims"], scales: Sequence[object] | None = None
) -> Float[np.ndarray, "pictures dims 2"]:
    """Limits of pictures; those of one scale share theirs, and without scales all do."""
    scales = [None] * len(points) if scales is None else scales
    limits = np.empty((len(points), points.shape[-1], 2))
    for scale in set(scales):
        mine = [i for i, other in enumerate(scales) if other == scale]
        low, high = points[mine].min(axis=(0, 1)), points[mine].max(axis=(0, 1))
        flat = low == high  # all in one place: any width will do
        limits[mine] = np.stack([low - 0.5 * flat, high + 0.5 * flat], axis=-1)
    return limits


def _in_plane(points: Float[np.ndarray, "rows _"]) -> Float[np.ndarray, "rows 2"]:
    return np.pad(points[:, :2], ((0, 0), (0, max(0, 2 - points.shape[1]))))
