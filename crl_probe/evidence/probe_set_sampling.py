"""Draw the shared probe set from recorded episodes: points, whole episodes and goals, evenly from all agents."""

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe.evidence.episodes import OnPolicyEpisodes
from crl_probe.evidence.places import geodesic_distances
from crl_probe.evidence.probe_set import Points, ProbeSet
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv

_GOAL_CANDIDATES = 512
_STRATA = 256  # approximate number of boxes that the bounding box of all achieved goals is divided into
_STRATIFIED_AXES = 3  # of goals with more entries, the first three


def build_probe_set(
    env: "GoalEnv",
    episodes: Sequence[OnPolicyEpisodes],
    goals: Float[np.ndarray, "goals goal_dim"],
    *,
    num_points: int,
    num_paths: int,
    discount: float,
    seed: int,
) -> ProbeSet:
    """Draw points and episodes evenly from all agents.

    Args:
        env: Their environment.
        episodes: One record for each agent.
        goals: Shared goals. (goals, goal_dim)
        num_points: Largest total number of points, the same number from each agent; fewer if fewer were recorded.
        num_paths: Total number of episodes, rounded up to the same number from each agent.
        discount: γ of the future goals.
        seed: Seeds the sampling.

    Raises:
        ConfigError: If the agents are of several environments or have too few episodes.
    """
    names = sorted({record.run.env for record in episodes})
    if len(names) != 1:
        raise ConfigError(f"runs of {', '.join(names) or 'no environment'}: a probe set is of one environment.")
    paths_each = -(-num_paths // len(episodes))
    fewest = min(len(record.states) for record in episodes)
    if paths_each > fewest:
        raise ConfigError(f"num_paths={num_paths} needs {paths_each} episodes a run: there are {fewest}. Record more.")
    generator = np.random.default_rng(seed)
    recorded = [_table_of(env, record, number, discount, generator) for number, record in enumerate(episodes)]
    places = [table.states[:, list(env.goal_indices)] for table in recorded]
    box = np.concatenate(places)
    strata = [_strata(own, box) for own in places]
    points_each = min(max(1, num_points // len(episodes)), *map(len, recorded))
    points, paths = [], []
    for table, stratum in zip(recorded, strata, strict=True):
        points.append(table.rows(stratified(stratum, points_each, generator)))
        numbers = np.unique(table.episode)
        paths.append(table.rows(np.isin(table.episode, generator.permutation(numbers)[:paths_each])))
    return ProbeSet(
        env=names[0],
        sources=tuple(record.run for record in episodes),
        points=_joined(points),
        paths=_joined(paths),
        goals=goals,
        recipe={
            "seed": seed,
            "discount": discount,
            "episodes_recorded_of_each_run": fewest,
            "points_of_each_run": points_each,
            "paths_of_each_run": paths_each,
        },
    )


def stratified(strata: Int[np.ndarray, " n"], count: int, generator: np.random.Generator) -> Int[np.ndarray, " count"]:
    """Draw rows as evenly as possible from all strata: one row of each, then a second of each, and so on.

    Args:
        strata: Stratum of each row. (n,)
        count: Rows to draw, at most n.
        generator: Shuffles the rows of each stratum.

    Returns:
        Indices, ascending. (count,)
    """
    shuffled = generator.permutation(len(strata))
    by_stratum = shuffled[np.argsort(strata[shuffled], kind="stable")]
    ordered = strata[by_stratum]
    draw_round = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    # Random order within a round, so that an incomplete last round prefers no stratum.
    first = np.lexsort((generator.random(len(draw_round)), draw_round))[:count]
    return np.sort(by_stratum[first])


def along_paths(
    paths: Points, places: Float[np.ndarray, "points goal_dim"], wanted: Bool[np.ndarray, " points"], max_points: int
) -> Int[np.ndarray, " chosen"]:
    """Choose at most ``max_points`` of the wanted rows, evenly spaced along the path of every episode.

    The next row of an episode is the first at least one spacing away from the previous choice, however many steps that
    takes. So an agent that is stuck at one position contributes few points there.

    Args:
        paths: Whole episodes, in order of episode and time.
        places: Achieved goal of each point. (points, goal_dim), environment's unit.
        wanted: Points that may be chosen. (points,)
        max_points: Largest number of points; at least one is chosen for each episode.
    """
    candidates = np.flatnonzero(wanted)
    episodes, coordinates = paths.episode[candidates].tolist(), places[candidates].tolist()
    most = max(max_points, len(set(episodes)))
    if len(candidates) <= most:
        return candidates
    spacing = 1e-3 * float(np.ptp(places, axis=0).max())
    while True:
        chosen = _spaced(episodes, coordinates, spacing)
        if len(chosen) <= most:
            return candidates[chosen]
        spacing = 1.1 * spacing + 1e-9


def _spaced(episodes: Sequence[int], places: Sequence[Sequence[float]], spacing: float) -> list[int]:
    chosen = [0]
    for row, (episode, place) in enumerate(zip(episodes, places, strict=True)):
        last = chosen[-1]
        if episode != episodes[last] or math.dist(place, places[last]) > spacing:
            chosen.append(row)
    return chosen


def choose_goals(env: "GoalEnv", count: int, seed: int) -> Float[np.ndarray, "goals goal_dim"]:
    """Choose goals that are far from each other; the first is the farthest from the start.

    In a maze with planar goals they are centres of goal cells, and far refers to geodesic distance. Elsewhere they are
    chosen among goals that the environment commands. Fewer are returned if there are fewer candidates.

    Source: farthest-point sampling, Gonzalez 1985.
    """
    candidates, from_start = _goal_candidates(env, seed)
    nearest = np.where(np.isfinite(from_start), from_start, 0.0)
    chosen: list[int] = []
    for _ in range(min(count, len(candidates))):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, geodesic_distances(env, candidates, candidates[chosen[-1:]])[0])
        nearest[chosen] = -1.0
    return candidates[chosen]


def _goal_candidates(
    env: "GoalEnv", seed: int
) -> tuple[Float[np.ndarray, "candidates goal_dim"], Float[np.ndarray, " candidates"]]:
    """Possible goals, and their distances from the start of episodes."""
    from crl_train.envs.goal_env import batched_reset
    from crl_train.numerics import random_key, single_precision

    if env.maze is not None and env.goal_dim == 2:
        centres = env.maze.goal_centres
        return np.asarray(centres, dtype=np.float32), env.maze.geodesic(centres, env.maze.start_xy)
    start = single_precision(batched_reset)(env, random_key(seed), _GOAL_CANDIDATES)
    states, commanded = env.split_observation(start.obs)
    middle = np.asarray(env.achieved_goal(states)).mean(axis=0)
    return np.asarray(commanded), np.linalg.norm(np.asarray(commanded) - middle, axis=1)


def _table_of(
    env: "GoalEnv", record: OnPolicyEpisodes, source: int, discount: float, generator: np.random.Generator
) -> Points:
    """All active steps of an agent, each with a future goal of the same episode."""
    import jax.numpy as jnp

    from crl_train.relabel import future_offset

    count, steps, _ = record.actions.shape
    rows = np.flatnonzero(record.active)
    episode, time = np.divmod(rows, steps)
    uniform = generator.random(count * steps).astype(np.float32)[rows]
    num_later = record.steps_taken[episode] - time
    offset = np.asarray(future_offset(jnp.asarray(uniform), jnp.asarray(num_later), discount))
    achieved = record.states[:, :, list(env.goal_indices)]
    return Points(
        states=record.states[episode, time],
        actions=record.actions[episode, time],
        commanded_goals=record.commanded_goals[episode],
        future_goals=achieved[episode, time + offset],
        episode=episode + source * count,
        time=time,
        source=np.full(len(rows), source),
    )


def _strata(places: Float[np.ndarray, "points goal_dim"], box: np.ndarray) -> Int[np.ndarray, " points"]:
    """Index of the box of each position, for about ``_STRATA`` equal boxes that divide the bounding box of ``box``."""
    low, high = box.min(axis=0)[:_STRATIFIED_AXES], box.max(axis=0)[:_STRATIFIED_AXES]
    extent = np.maximum(high - low, 1e-6)
    side = (np.prod(extent) / _STRATA) ** (1 / len(extent))
    number = np.maximum(np.ceil(extent / side), 1).astype(int)
    index = np.clip(((places[:, :_STRATIFIED_AXES] - low) / extent * number).astype(int), 0, number - 1)
    return np.ravel_multi_index(tuple(index.T), tuple(number))


def _joined(tables: Sequence[Points]) -> Points:
    return Points(
        **{
            field.name: np.concatenate([getattr(table, field.name) for table in tables])
            for field in dataclasses.fields(Points)
        }
    )
