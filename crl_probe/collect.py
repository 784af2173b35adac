"""On-policy evidence: whole episodes of each agent, on the same starts and commanded goals for all of them."""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import jax
import numpy as np
from jaxtyping import Float

from crl_probe.results import RunInfo
from crl_train.envs.goal_env import GoalEnv
from crl_train.evaluation import collect_episodes

if TYPE_CHECKING:
    from crl_probe.loading import LoadedRun


@dataclasses.dataclass(frozen=True)
class OnPolicyEpisodes:
    """Recorded episodes of one agent acting with its mean action.

    Attributes:
        run: The agent.
        states: States before the first step and after every step. (episodes, steps + 1, state_dim)
        actions: Actions taken. (episodes, steps, action_dim)
        commanded_goals: Goal of each episode. (episodes, goal_dim)
        distances: Distance after each step to the commanded goal. (episodes, steps), environment's unit.
        tolerance: Distance below which a goal counts as reached, same unit.
    """

    run: RunInfo
    states: Float[np.ndarray, "episodes steps_and_start state_dim"]
    actions: Float[np.ndarray, "episodes steps action_dim"]
    commanded_goals: Float[np.ndarray, "episodes goal_dim"]
    distances: Float[np.ndarray, "episodes steps"]
    tolerance: float


def run_infos(runs: Sequence["LoadedRun"]) -> tuple[RunInfo, ...]:
    """Name agents for results and tables; where some have several checkpoints, all carry their steps."""
    several = len({run.path for run in runs}) < len(runs)
    return tuple(_run_info(run, several) for run in runs)


def _run_info(run: "LoadedRun", several: bool) -> RunInfo:
    return RunInfo(
        name=f"{run.name}@{run.env_steps}" if several else run.name,
        label=f"{run.label} · {run.env_steps:,} steps" if several else run.label,
        env=run.config.env,
        actor_depth=int(run.config.actor_depth),
        critic_depth=int(run.config.critic_depth),
        seed=int(run.config.seed),
        env_steps=int(run.env_steps),
        content_hash=str(run.content_hash),
        config_hash=hashlib.sha256(repr(sorted(vars(run.config).items())).encode()).hexdigest()[:16],
    )


def collect_on_policy(
    run: "LoadedRun", info: RunInfo, num_episodes: int, episode_length: int, seed: int
) -> OnPolicyEpisodes:
    """Roll out one agent; the same seed gives every agent of an environment the same starts and goals."""
    episodes = collect_episodes(
        run.env,
        # Probes act without noise, so the key that sampling policies need is not used.
        lambda state, goal, _key: run.act(state, goal),
        jax.random.key(seed),
        num_episodes,
        episode_length,
    )
    return OnPolicyEpisodes(
        run=info,
        states=episodes.states,
        actions=episodes.actions,
        commanded_goals=episodes.commanded_goals,
        distances=episodes.distances,
        tolerance=float(run.env.spec.tolerance),
    )


def achieved_goals(env: GoalEnv, states: Float[np.ndarray, "points state_dim"]) -> Float[np.ndarray, "points goal_dim"]:
    """What each state has reached, on the host. (points, goal_dim), environment's unit."""
    return states[:, list(env.goal_indices)]


def walking_distances(
    env: GoalEnv, achieved: Float[np.ndarray, "points goal_dim"], goals: Float[np.ndarray, "goals goal_dim"]
) -> Float[np.ndarray, "goals points"]:
    """How far achieved goals are from each of several goals: shortest free path in a maze, else straight line.

    A body's centre may overlap a wall by a hair, where no free path starts: the straight line stands in there.

    Args:
        env: Decides whether there is a maze; its first two goal entries are then the plane.
        achieved: What states have reached. (points, goal_dim), environment's unit.
        goals: (goals, goal_dim), same unit.

    Returns:
        Distances. (goals, points), environment's unit.

    Raises:
        ConfigError: If a goal is in a wall.
    """
    straight = np.linalg.norm(achieved - goals[:, None], axis=-1)
    if env.maze is None:
        return straight
    walking = env.maze.geodesics(np.asarray(achieved[:, :2], np.float64), np.asarray(goals[:, :2], np.float64))
    return np.where(np.isfinite(walking), walking, straight)
