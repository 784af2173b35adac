"""Whether landscapes follow the maze, on maps whose answer is known, in every layout: none blind to walls may."""

import functools

import numpy as np
import pytest

from crl_probe import metrics
from crl_probe.probes.samples import MetricSamples
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.verdicts import judge
from crl_train.envs import make_env
from crl_train.envs.maze_layouts import LAYOUTS

pytestmark = pytest.mark.slow

SCORES = ("geodesic_advantage", "geodesic_rank", "wall_blind_rank", "wall_contrast")
SEEDS = 5
WORST = dict(
    zip(SCORES, (-1.0, -1.0, -1.0, 0.0), strict=True)
)  # of the shallow depth: the deep one gains whatever it is

BLIND = {
    "straight line": lambda offsets, geodesic: -norm(offsets),
    "straight line with a trace of the maze": lambda offsets, geodesic: -norm(offsets) - 0.02 * geodesic,
    "city blocks": lambda offsets, geodesic: -np.abs(offsets).sum(axis=-1),
    "stretched along x": lambda offsets, geodesic: -norm(offsets * [2, 1]),
    "stretched along y": lambda offsets, geodesic: -norm(offsets * [1, 2]),
    "bowl to the right": lambda offsets, geodesic: -norm(offsets - [2, 0]),
    "bowl to the left": lambda offsets, geodesic: -norm(offsets - [-2, 0]),
    "bowl above": lambda offsets, geodesic: -norm(offsets - [0, 2]),
    "bowl below": lambda offsets, geodesic: -norm(offsets - [0, -2]),
    "the farther the better": lambda offsets, geodesic: norm(offsets),
}


def norm(offsets):
    return np.linalg.norm(offsets, axis=-1)


@functools.cache
def places(layout):
    """Mask, offsets to each of a few goals, and geodesic distances, on a grid over the maze."""
    maze = make_env(f"point_{layout}").maze
    grid = maze.fine_grid(20)
    free = np.asarray(grid.free)
    goals = np.asarray(maze.goal_centres)
    goals = goals[np.random.default_rng(0).permutation(len(goals))[:3]]
    geodesic = np.zeros((len(goals), *free.shape))
    geodesic[:, free] = maze.geodesics(grid.points[free.reshape(-1)], goals)
    offsets = grid.points.reshape(*free.shape, 2) - goals[:, None, None]
    return free, offsets, geodesic


def scores_of(layout, landscape):
    """Means over goals, as those of a run."""
    free, offsets, geodesic = places(layout)
    rows = []
    for one_offsets, one_geodesic in zip(offsets, geodesic, strict=True):
        values, euclidean = landscape(one_offsets, one_geodesic), norm(one_offsets)
        rows.append(
            (
                metrics.geodesic_advantage(values, one_geodesic, euclidean, free),
                metrics.geodesic_rank(values, one_geodesic, free),
                metrics.wall_blind_rank(values, one_offsets, free),
                metrics.wall_contrast(values, euclidean, free),
            )
        )
    return dict(zip(SCORES, np.mean(rows, axis=0), strict=True))


def word(of_seeds):
    """The word for deep runs with these scores."""
    samples = []
    for depth, scores in ((64, of_seeds), (4, [WORST] * SEEDS)):
        for seed, one in enumerate(scores):
            run = RunInfo(f"d{depth}_s{seed}", f"depth {depth}", "maze", depth, depth, seed, 1, "")
            # A little spread between seeds, without which there is no word.
            samples += [
                MetricSamples(run, name, "grid", "goals", np.array([value + 1e-4 * place * seed]))
                for place, (name, value) in enumerate(one.items(), start=1)
            ]
    (found,) = [verdict for verdict in judge(samples) if verdict.key == "follows_maze"]
    return found.word


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_map_that_is_blind_to_walls_follows_the_maze(layout):
    words = {name: word([scores_of(layout, landscape)] * SEEDS) for name, landscape in BLIND.items()}
    assert words == dict.fromkeys(BLIND, "undecided")


@pytest.mark.parametrize("noise", [0.0, 4.0])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_geodesic_distance_follows_the_maze_also_under_noise(layout, noise):
    generator = np.random.default_rng(0)

    def landscape(offsets, geodesic):
        return -geodesic + noise * generator.normal(size=geodesic.shape)

    assert word([scores_of(layout, landscape) for _ in range(SEEDS)]) == "supported"
