"""On-policy evidence: whole episodes of each agent, on the same starts and commanded goals for all of them."""

import dataclasses
from typing import TYPE_CHECKING

import jax
import numpy as np
from jaxtyping import Float

from crl_probe.runs.run_info import RunInfo
from crl_train.evaluation import collect_episodes

if TYPE_CHECKING:
    from crl_probe.runs.loading import LoadedRun


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
