"""On-policy evidence: whole episodes of each agent, all from the same starts to the same commanded goals."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Int

from crl_probe.runs.agent import Agent, SamplingAgent
from crl_probe.runs.run_info import RunInfo
from crl_probe.store.showing import Shown


@dataclasses.dataclass(frozen=True, repr=False)
class OnPolicyEpisodes(Shown):
    """Recorded episodes of one agent acting with its mean action.

    Attributes:
        run: The agent.
        states: States before the first step and after every step. (episodes, steps + 1, state_dim)
        actions: Actions taken. (episodes, steps, action_dim)
        commanded_goals: Goal of each episode. (episodes, goal_dim)
        distances: Distance after each step to the commanded goal. (episodes, steps), environment's unit.
        reached: Whether the environment counts the goal as reached after each step. (episodes, steps)
        active: True for steps before the environment ended the episode. (episodes, steps)
        tolerance: Distance below which a goal counts as reached, unless the environment defines success differently.
    """

    run: RunInfo
    states: Float[np.ndarray, "episodes steps_and_start state_dim"]
    actions: Float[np.ndarray, "episodes steps action_dim"]
    commanded_goals: Float[np.ndarray, "episodes goal_dim"]
    distances: Float[np.ndarray, "episodes steps"]
    reached: Bool[np.ndarray, "episodes steps"]
    active: Bool[np.ndarray, "episodes steps"]
    tolerance: float

    @property
    def steps_taken(self) -> Int[np.ndarray, " episodes"]:
        """Steps of each episode until it ended. (episodes,)"""
        return self.active.sum(axis=1)


def collect_on_policy(
    agent: Agent, info: RunInfo, num_episodes: int, episode_length: int, seed: int
) -> OnPolicyEpisodes:
    """Roll out one agent; the same seed gives every agent of an environment the same starts and goals."""
    from crl_train.evaluation import collect_episodes
    from crl_train.numerics import random_key

    # Probes act without noise; an agent that cannot act with it has no use for the random key.
    act = agent.policy() if isinstance(agent, SamplingAgent) else lambda state, goal, _key: agent.act(state, goal)
    episodes = collect_episodes(agent.env, act, random_key(seed), num_episodes, episode_length)
    return OnPolicyEpisodes(run=info, tolerance=float(agent.env.spec.tolerance), **vars(episodes))
