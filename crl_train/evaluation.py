"""Fresh episodes under a policy, recorded whole: what evaluation counts and what on-policy probes look at."""

import dataclasses
import functools
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Bool, Float, Key, PRNGKeyArray

from crl_train.config import num_candidates
from crl_train.device import free_memory
from crl_train.device_mesh import by_device
from crl_train.envs.goal_env import EnvState, GoalEnv, batched_reset
from crl_train.memory import require_memory
from crl_train.numerics import single_precision
from crl_train.policy import ActFn, Policy

# What a step records: state after it, action, distance, whether the goal is reached, whether the step was taken.
_Record: TypeAlias = tuple[Array, Array, Array, Array, Array]


@struct.dataclass
class EpisodeArrays:
    """Recorded episodes as they leave the device; ``Episodes`` is the same in NumPy."""

    states: Float[Array, "episodes steps_and_start state_dim"]
    actions: Float[Array, "episodes steps action_dim"]
    commanded_goals: Float[Array, "episodes goal_dim"]
    distances: Float[Array, "episodes steps"]
    reached: Bool[Array, "episodes steps"]
    active: Bool[Array, "episodes steps"]


@dataclasses.dataclass(frozen=True)
class Episodes:
    """Recorded episodes of equal length.

    Attributes:
        states: States before the first step and after every step. (episodes, steps + 1, state_dim)
        actions: Actions taken. (episodes, steps, action_dim)
        commanded_goals: Goal of each episode. (episodes, goal_dim)
        distances: Distance of the state after each step to the commanded goal. (episodes, steps), environment's unit.
        reached: Whether ``env.success`` holds after each step. (episodes, steps)
        active: Whether each step was really taken. (episodes, steps); the step with which the environment ends an
            episode is active, later ones only repeat its state.
    """

    states: Float[np.ndarray, "episodes steps_and_start state_dim"]
    actions: Float[np.ndarray, "episodes steps action_dim"]
    commanded_goals: Float[np.ndarray, "episodes goal_dim"]
    distances: Float[np.ndarray, "episodes steps"]
    reached: Bool[np.ndarray, "episodes steps"]
    active: Bool[np.ndarray, "episodes steps"]


def roll_out_episodes(
    env: GoalEnv, act: ActFn, key: PRNGKeyArray, num_episodes: int, episode_length: int
) -> EpisodeArrays:
    """Roll out whole episodes from fresh starts under fresh commanded goals; to be jitted by the caller.

    The same key gives the same starts and goals to every policy. An environment that ends an episode by itself is
    held in the state it ended in; the steps after that are not active.
    """
    reset_key, action_key = jax.random.split(key)
    start = batched_reset(env, reset_key, num_episodes)
    first_state, commanded_goals = env.split_observation(start.obs)

    def step(env_state: EnvState, step_key: PRNGKeyArray) -> tuple[EnvState, _Record]:
        state, goal = env.split_observation(env_state.obs)
        action = act(state, goal, step_key)
        stepped = by_device(jax.vmap(env.step))(env_state, action)
        ended = env_state.done > 0
        after = jax.tree.map(
            lambda held, new: jnp.where(ended.reshape(ended.shape + (1,) * (new.ndim - 1)), held, new),
            env_state,
            stepped,
        )
        next_state, _ = env.split_observation(after.obs)
        distance, reached = env.goal_distance(next_state, goal), env.success(next_state, goal)
        return after, (next_state, action, distance, reached, ~ended)

    steps = _scan_until_nothing_is_active(step, start, jax.random.split(action_key, episode_length))
    states, actions, distances, reached, active = (jnp.swapaxes(recorded, 0, 1) for recorded in steps)
    return EpisodeArrays(
        states=jnp.concatenate([first_state[:, None], states], axis=1),
        actions=actions,
        commanded_goals=commanded_goals,
        distances=distances,
        reached=reached,
        active=active,
    )


def _scan_until_nothing_is_active(
    step: Callable[[EnvState, PRNGKeyArray], tuple[EnvState, _Record]], start: EnvState, keys: Key[Array, " steps"]
) -> _Record:
    """What ``jax.lax.scan`` records, without the steps after the first in which every episode is over.

    That one stands for the rest, because nothing changes any more. An untrained humanoid falls after some 90 steps of
    1,000.
    """
    num_steps = len(keys)
    rows = jax.eval_shape(lambda: step(start, keys[0])[1])
    empty = jax.tree.map(lambda row: jnp.zeros((num_steps, *row.shape), row.dtype), rows)

    def some_are_active(carry: tuple[Array, Array, EnvState, _Record]) -> Array:
        count, active, _, _ = carry
        return (count < num_steps) & active

    def one_more(carry: tuple[Array, Array, EnvState, _Record]) -> tuple[Array, Array, EnvState, _Record]:
        count, _, env_state, record = carry
        env_state, row = step(env_state, keys[count])
        record = jax.tree.map(lambda whole, new: whole.at[count].set(new), record, row)
        return count + 1, jnp.any(row[-1]), env_state, record

    begin = (jnp.zeros((), jnp.int32), jnp.ones((), bool), start, empty)
    count, _, _, record = jax.lax.while_loop(some_are_active, one_more, begin)
    return jax.tree.map(lambda whole: whole[jnp.minimum(jnp.arange(num_steps), count - 1)], record)


def to_numpy(arrays: EpisodeArrays) -> Episodes:
    """Bring recorded episodes to the host."""
    return Episodes(**{name: np.asarray(array) for name, array in vars(arrays).items()})


def record_size(env: GoalEnv, num_episodes: int, episode_length: int) -> int:
    """Bytes of recorded episodes."""
    each_step = 4 * (env.state_dim + env.action_dim + 1) + 2  # float32 each; reached and active take a byte
    return num_episodes * (each_step * episode_length + 4 * (env.state_dim + env.goal_dim))


@single_precision
def collect_episodes(env: GoalEnv, act: ActFn, key: PRNGKeyArray, num_episodes: int, episode_length: int) -> Episodes:
    """Roll out episodes and bring them to the host.

    Args:
        env: Environment to act in.
        act: (state, goal, key) to action; see ``policy.make_act``. Agents of one architecture share what is compiled
            for a ``Policy``; any other function is compiled anew in every call.
        key: Decides starts, commanded goals and the policy's draws.
        num_episodes: Episodes, side by side.
        episode_length: Steps of each.
    Raises:
        ConfigError: If the record cannot fit into memory.
    """
    sizes = {"episodes": record_size(env, num_episodes, episode_length)}
    if isinstance(act, Policy) and num_candidates(act.mode) > 1:
        width = act.networks.state_action_encoder.width
        sizes["K of best_of_K or episodes"] = 4 * num_candidates(act.mode) * num_episodes * width
    require_memory(f"a record of {num_episodes:,} episodes", sizes, free_memory())
    if isinstance(act, Policy):
        return to_numpy(_policy_program(env)(act, key, num_episodes, episode_length))
    roll_out = functools.partial(roll_out_episodes, env, act, num_episodes=num_episodes, episode_length=episode_length)
    return to_numpy(env.jit(roll_out)(key))


@functools.cache
def _policy_program(env: GoalEnv) -> Callable[[Policy, PRNGKeyArray, int, int], EpisodeArrays]:
    """One compiled function for all policies of an architecture: their parameters are an argument."""
    roll_out = functools.partial(roll_out_episodes, env)
    program: Callable[[Policy, PRNGKeyArray, int, int], EpisodeArrays] = env.jit(roll_out, static_argnums=(2, 3))
    return program
