"""Landscapes side by side: the maze's own distances first, then one panel for each depth.

Energies of two networks share no scale, so colour shows the percentile rank among the free cells of one landscape
unless energies are chosen, which then have a range of their own in every panel.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from crl_probe.metrics import DEFINITIONS
from crl_probe.metrics.landscape import steepest_ascent
from crl_probe.probes.q_landscape import QLandscapeResult, percentile_ranks
from crl_probe.render.page.views import (
    UNEVEN_SEEDS,
    View,
    ViewControl,
    ViewPanel,
    aspect_of,
    checkpoint_control,
    choice,
    maze_of,
    run_data,
    seed_choice,
    seeds_are_uneven,
)
from crl_probe.runs.run_info import levels_in_order
from crl_probe.summary.estimates import LevelEstimate
from crl_probe.summary.numbers import NumberFormat, number_format

SCORES = ("geodesic_rank", "geodesic_advantage", "ascent_success", "wall_contrast", "spurious_maxima")

_REFERENCE_ALT = "Map coloured by how near each place is to the goal by geodesic distance"


def landscape_view(
    result: QLandscapeResult, estimates: Sequence[LevelEstimate], over_training: QLandscapeResult | None = None
) -> View:
    """The map of geodesic distances and a panel for each depth, for every goal, seed and checkpoint.

    Args:
        result: Landscapes of the agents compared.
        estimates: Their scores by depth.
        over_training: The same probe on several checkpoints of each agent, with the same goals, to follow training.

    Raises:
        ValueError: If ``over_training`` has other goals.
    """
    shown = over_training or result
    if not np.array_equal(shown.goals, result.goals):
        raise ValueError(
            f"over_training has {len(shown.goals)} goals, which are not the {len(result.goals)} of the result: scores "
            "and maps must be of the same. Make both with one seed and one number of goals."
        )
    maze = maze_of(shown.xs, shown.ys, shown.free)
    assert maze is not None, "a landscape needs a maze"
    aspect = aspect_of(maze["limits"])
    panels = [ViewPanel("Geodesic distance", _REFERENCE_ALT, kind="map", aspect=aspect)]
    for depth in levels_in_order(shown.runs):
        scores = _scores(estimates, depth)
        told = "; ".join(f"{title} {with_interval}" for title, _, with_interval in scores)
        alt = f"Q-landscape of {depth}. {told}" if told else f"Q-landscape of {depth}"
        means = tuple((title, mean) for title, mean, _ in scores)
        panels.append(ViewPanel(depth, alt, depth=depth, aspect=aspect, scores=means))
    checkpoints = checkpoint_control(shown.runs)
    visited = shown.goals_visited
    captions = (
        "Hatched: floor where no state of the shared set lies." if _has_unvisited(shown) else "",
        "Hollow stars: goals on such floor." if not visited.all() else "",
        UNEVEN_SEEDS if seeds_are_uneven(shown.runs) else "",
        "Scores over all goals and seeds are those of the last checkpoint." if checkpoints else "",
    )
    goals = tuple((str(j), str(j + 1)) for j in range(len(shown.goals)))
    # Of a place that agents know: elsewhere a landscape is what a network makes of a place that it has never seen.
    first = str(int(visited.argmax()))
    return View(
        "landscape",
        tuple(panels),
        (
            choice("goal", "Goal", goals, first),
            seed_choice(shown.runs),
            ViewControl("scale", "Colour", (("rank", "rank"), ("energy", "energy"))),
            ViewControl("arrows", "Arrows", (("", ""), ("on", "arrows of steepest ascent")), form="switch"),
            *checkpoints,
        ),
        {"maze": maze, "start": _float32(shown.start), "goals": _float32(shown.goals[:, :2]), **_of_cells(shown)},
        marks="Ring: where episodes start. Stars: goals. Dots beside arrows: where ascent stops short of the goal. "
        "Rank 100 %: the place that the critic takes for the nearest.",
        hint="Point at a place to read it in every panel; pick a star to change the goal.",
        caption=" ".join(filter(None, captions)),
    )


def _of_cells(result: QLandscapeResult) -> dict[str, Any]:
    """Numbers of the free cells alone, in the order of the grid: walls have none, and the page stays small."""
    free = result.free
    nearness = result.geodesic_landscape
    way = np.stack([steepest_ascent(one, free) for one in nearness])
    return {
        "runs": run_data(result.runs),
        "metres": _float32(result.geodesic[:, free]),
        "nearness": np.stack([_ranks(one, free) for one in nearness]),
        "way": _among_free(way, free),
        "values": _float32(result.values[..., free]),
        "ranks": np.stack([[_ranks(one, free) for one in of_run] for of_run in result.values]),
        "ascent": _among_free(result.ascent, free),
        "goal_cells": result.goal_cells.astype(np.int32),
        "goals_visited": result.goals_visited.astype(np.uint8),
        "visited": result.visited[free].astype(np.uint8),
        "scores": {DEFINITIONS[name].title: _score_texts(name, result.scores[name]) for name in SCORES},
    }


def _score_texts(name: str, scores: Float[np.ndarray, "runs goals"]) -> list[list[str]]:
    """The score of every map as a text; with two digits behind the point, or whole per cents."""
    form = NumberFormat(0 if DEFINITIONS[name].is_share else 2, DEFINITIONS[name].is_share)
    return [[form.number(float(score)) for score in of_run] for of_run in scores]


def _has_unvisited(result: QLandscapeResult) -> bool:
    return bool((result.free & ~result.visited).any())


def _ranks(values: Float[np.ndarray, "nx ny"], free: Bool[np.ndarray, "nx ny"]) -> UInt8[np.ndarray, " cells"]:
    return percentile_ranks(values, free)[free].round().astype(np.uint8)


def _among_free(
    target: Int[np.ndarray, "*landscapes nx ny"], free: Bool[np.ndarray, "nx ny"]
) -> np.ndarray[Any, np.dtype[Any]]:
    """Flat indices into the grid as indices into the free cells, for the free cells. (*landscapes, cells)"""
    place = np.cumsum(free) - 1
    return place[target[..., free]].astype(np.uint16 if free.sum() <= 2**16 else np.int32)


def _scores(estimates: Sequence[LevelEstimate], depth: str) -> tuple[tuple[str, str, str], ...]:
    """Title, mean over goals and seeds, and the same with its interval, of every score of a depth."""
    # Estimates come from early to late checkpoints, so the last one stays.
    found = {e.metric: e for e in estimates if e.runs[0].level == depth}
    told = []
    for name in SCORES:
        if name in found:
            # With as many decimals as at the other depths, which stand beside it.
            column = [e.estimate for e in estimates if e.metric == name]
            form = number_format(column, share=DEFINITIONS[name].is_share)
            told.append(
                (DEFINITIONS[name].title, form.number(found[name].estimate.value), form.text(found[name].estimate))
            )
    return tuple(told)


def _float32(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=np.float32)
