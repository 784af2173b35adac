"""The shared probe set: the same states, actions and goals for every agent, pooled evenly from all of them.

Numbers on an agent's own episodes mix what it does with how it represents; numbers on a shared set isolate the
representation. The set consists of whole episodes, so that ways through embedding space can be followed in it.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe.collect import OnPolicyEpisodes
from crl_probe.results import RunInfo, load_result, save_result
from crl_train.envs.goal_env import GoalEnv, batched_reset
from crl_train.errors import ConfigError

_GOAL_CANDIDATES = 512


@dataclasses.dataclass(frozen=True)
class ProbeSet:
    """Points of whole episodes, in order of episode and time, and goals that all agents are asked about.

    Attributes:
        env: Name of the environment.
        sources: The agents whose episodes were pooled.
        states: (points, state_dim)
        actions: Taken in these states by the agent that was there. (points, action_dim)
        commanded_goals: Goal of the episode. (points, goal_dim)
        episode: Number of the episode, from 0. (points,)
        time: Step within the episode, from 0. (points,)
        source: Index into ``sources``. (points,)
        goals: Shared goals, spread over where goals can be. (goals, goal_dim)
        seed: Seed with which the set was drawn.
    """

    env: str
    sources: tuple[RunInfo, ...]
    states: Float[np.ndarray, "points state_dim"]
    actions: Float[np.ndarray, "points action_dim"]
    commanded_goals: Float[np.ndarray, "points goal_dim"]
    episode: Int[np.ndarray, " points"]
    time: Int[np.ndarray, " points"]
    source: Int[np.ndarray, " points"]
    goals: Float[np.ndarray, "goals goal_dim"]
    seed: int

    def along_paths(
        self, places: Float[np.ndarray, "points goal_dim"], wanted: Bool[np.ndarray, " points"], max_points: int
    ) -> Int[np.ndarray, " chosen"]:
        """Rows among the wanted ones, evenly spaced along the way of every episode: at most ``max_points``.

        Spacing by way and not by time keeps an agent that got stuck from filling a picture with one place.

        Args:
            places: What each point has achieved. (points, goal_dim), environment's unit.
            wanted: Points that may be chosen. (points,)
            max_points: Most points to choose, at least one for each episode.
        """
        steps = np.linalg.norm(np.diff(places, axis=0, prepend=places[:1]), axis=1)
        starts = np.diff(self.episode, prepend=-1) != 0
        steps[starts] = 0.0
        walked = np.cumsum(steps)
        walked -= np.maximum.accumulate(np.where(starts, walked, 0.0))
        spacing = max(float(steps[wanted].sum()) / max_points, 1e-9)
        while True:
            marks = np.floor(walked / spacing)
            chosen = np.flatnonzero(wanted & (starts | (np.diff(marks, prepend=-1) > 0)))
            if len(chosen) <= max(max_points, int(starts.sum())):
                return chosen
            spacing *= 1.05


def build_probe_set(
    env: GoalEnv, episodes: Sequence[OnPolicyEpisodes], num_episodes: int, num_goals: int, seed: int
) -> ProbeSet:
    """Draw whole episodes evenly from all agents.

    Args:
        env: Their environment.
        episodes: One record for each agent.
        num_episodes: Episodes in all; rounded up to the same number from each agent.
        num_goals: Shared goals.
        seed: Decides which episodes are drawn.

    Raises:
        ConfigError: If the agents are of several environments or have too few episodes.
    """
    names = sorted({record.run.env for record in episodes})
    if len(names) != 1:
        raise ConfigError(f"runs of {', '.join(names) or 'no environment'}: a probe set is of one environment.")
    per_run = -(-num_episodes // len(episodes))
    fewest = min(len(record.states) for record in episodes)
    if per_run > fewest:
        raise ConfigError(
            f"num_episodes={num_episodes} needs {per_run} episodes a run: there are {fewest}. Record more."
        )
    generator = np.random.default_rng(seed)
    chosen = [np.sort(generator.permutation(len(record.states))[:per_run]) for record in episodes]
    steps = episodes[0].actions.shape[1]
    pooled = range(len(episodes))
    return ProbeSet(
        env=names[0],
        sources=tuple(record.run for record in episodes),
        states=np.concatenate([_flat(episodes[i].states[chosen[i], :-1]) for i in pooled]),
        actions=np.concatenate([_flat(episodes[i].actions[chosen[i]]) for i in pooled]),
        commanded_goals=np.concatenate([np.repeat(episodes[i].commanded_goals[chosen[i]], steps, 0) for i in pooled]),
        episode=np.repeat(np.arange(per_run * len(episodes)), steps),
        time=np.tile(np.arange(steps), per_run * len(episodes)),
        source=np.repeat(np.arange(len(episodes)), per_run * steps),
        goals=choose_goals(env, num_goals, seed),
        seed=seed,
    )


def choose_goals(env: GoalEnv, count: int, seed: int) -> Float[np.ndarray, "goals goal_dim"]:
    """Pick goals that lie far from each other, the first being the farthest from the start.

    In a maze with planar goals they are centres of goal cells, and far means a long way to walk. Elsewhere they
    are picked from what the environment commands. Fewer come back where there are fewer to pick from.

    Source: farthest-point sampling, Gonzalez 1985.
    """
    start = batched_reset(env, jax.random.key(seed), _GOAL_CANDIDATES)
    states, commanded = env.split_observation(start.obs)
    if env.maze is not None and env.goal_dim == 2:
        candidates = np.asarray(env.maze.goal_centres, dtype=np.float32)
        from_start = env.maze.geodesic(env.maze.goal_centres, env.maze.start_xy)
    else:
        candidates = np.asarray(commanded)
        from_start = np.linalg.norm(candidates - np.asarray(env.achieved_goal(states)).mean(axis=0), axis=1)
    nearest = np.where(np.isfinite(from_start), from_start, 0.0)
    chosen: list[int] = []
    for _ in range(min(count, len(candidates))):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, _distances(env, candidates, candidates[chosen[-1]]))
        nearest[chosen] = -1.0
    return candidates[chosen]


def save_probe_set(probe_set: ProbeSet, path: Path) -> None:
    """Write the set to one ``.npz`` file."""
    save_result(probe_set, path)


def load_probe_set(path: Path) -> ProbeSet:
    """Read a set that :func:`save_probe_set` wrote.

    Raises:
        ResultError: If the file is not a probe set.
    """
    return load_result(path, ProbeSet)


def _flat(array: Float[np.ndarray, "episodes steps dim"]) -> Float[np.ndarray, "points dim"]:
    return array.reshape(-1, array.shape[-1])


def _distances(env: GoalEnv, candidates: np.ndarray, goal: np.ndarray) -> np.ndarray:
    if env.maze is not None and env.goal_dim == 2:
        return env.maze.geodesic(candidates.astype(np.float64), goal.astype(np.float64))
    return np.linalg.norm(candidates - goal, axis=1)
