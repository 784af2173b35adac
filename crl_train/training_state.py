"""Everything that changes while a run trains, and the two pure steps that change it."""

import dataclasses

import jax
from flax import struct
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from crl_train.config import TrainConfig
from crl_train.envs.goal_env import GoalEnv
from crl_train.initial_params import start_keys
from crl_train.networks import Networks
from crl_train.policy import make_act, uniform_act
from crl_train.relabel import sample_batch
from crl_train.replay import Replay, init_replay, insert
from crl_train.rollout import Slots, reset_slots, unroll
from crl_train.update import LearnerState, Metrics, init_learner, update


@struct.dataclass
class TrainingState:
    """A run between two unrolls; with the config, all that a bit-exact continuation needs.

    Attributes:
        learner: Parameters and optimiser moments.
        slots: Parallel environments.
        replay: What they went through.
        key: Source of all randomness to come.
    """

    learner: LearnerState
    slots: Slots
    replay: Replay
    key: PRNGKeyArray


def init_training_state(config: TrainConfig, env: GoalEnv, networks: Networks, seed_key: PRNGKeyArray) -> TrainingState:
    """The state before the first step; the key, made from the run's seed, decides all that is random."""
    keys = start_keys(seed_key)
    return TrainingState(
        learner=init_learner(config, networks, env, keys.learner),
        slots=reset_slots(env, keys.slots, config.num_envs),
        replay=init_replay(config.max_replay_size, config.num_envs, env.state_dim, env.action_dim, config.replay_dtype),
        key=keys.training,
    )


def collect(
    config: TrainConfig,
    env: GoalEnv,
    networks: Networks,
    episode_length: int,
    state: TrainingState,
    uniform: Bool[Array, ""] | bool,
) -> TrainingState:
    """Unroll in all environments and keep what happened.

    Args:
        config: The run's.
        env: Its training environment.
        networks: Its networks.
        episode_length: Steps of an episode.
        state: Of the run.
        uniform: Whether actions are drawn uniformly, whatever the policy: an untrained actor is almost deterministic,
            so before the first update they see far more of an environment. A value of the program, because physics
            takes long to compile.
    """
    policy = make_act(networks, state.learner.params, config.energy, config.exploration)
    draw_uniformly = uniform_act(env.action_dim)

    def act(states: Array, goals: Array, key: PRNGKeyArray) -> Array:
        return jax.lax.cond(uniform, draw_uniformly, policy, states, goals, key)

    unroll_key, key = jax.random.split(state.key)
    slots, transitions = unroll(env, act, state.slots, unroll_key, config.unroll_length, episode_length)
    return dataclasses.replace(state, slots=slots, replay=insert(state.replay, transitions), key=key)


def learn(
    config: TrainConfig, env: GoalEnv, networks: Networks, state: TrainingState
) -> tuple[TrainingState, dict[str, Float[Array, " updates"]]]:
    """Make ``updates_per_unroll`` updates from the replay.

    Returns:
        The state afterwards, and every metric of every update, leaves (updates_per_unroll,).
    """
    updates_key, key = jax.random.split(state.key)

    def one_update(learner: LearnerState, update_key: PRNGKeyArray) -> tuple[LearnerState, Metrics]:
        batch_key, action_key = jax.random.split(update_key)
        batch = sample_batch(state.replay, env, batch_key, config.batch_size, config.discount)
        return update(config, networks, env, learner, batch, action_key)

    learner, metrics = jax.lax.scan(one_update, state.learner, jax.random.split(updates_key, config.updates_per_unroll))
    return dataclasses.replace(state, learner=learner, key=key), metrics
