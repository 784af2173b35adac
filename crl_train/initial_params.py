"""The parameters that a run starts from: its seed decides them, so they are kept nowhere and can be drawn again."""

import functools
from typing import NamedTuple

import jax
from jaxtyping import PRNGKeyArray

from crl_train.envs.goal_env import GoalEnv
from crl_train.networks import Networks, Params, Sizes, init_params, sizes_of
from crl_train.numerics import random_key


class StartKeys(NamedTuple):
    """What a run's seed is split into.

    Attributes:
        learner: Draws the networks' parameters.
        slots: Draws the first starts and goals.
        training: Source of all later randomness.
    """

    learner: PRNGKeyArray
    slots: PRNGKeyArray
    training: PRNGKeyArray


def start_keys(seed_key: PRNGKeyArray) -> StartKeys:
    """Split the key of a run's seed."""
    return StartKeys(*jax.random.split(seed_key, 3))


def initial_params(networks: Networks, env: GoalEnv, seed: int) -> dict[str, Params]:
    """Parameters of actor, state_action_encoder and goal_encoder before the first update, up to rounding.

    Args:
        networks: The run's.
        env: An environment with its sizes of states, actions and goals.
        seed: The run's.
    """
    return _drawn(networks, sizes_of(env), start_keys(random_key(seed)).learner)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _drawn(networks: Networks, sizes: Sizes, key: PRNGKeyArray) -> dict[str, Params]:
    return init_params(networks, sizes, key)
