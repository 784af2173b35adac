"""Step many environments side by side: episode limit, automatic reset and trajectory ids live here.

Every reset draws a fresh start state and a fresh commanded goal. (The reference trainer puts each parallel
environment back to its first start and goal for the whole run; see docs/algorithm.md.)
"""

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from crl_train.envs.goal_env import EnvState, GoalEnv, batched_reset
from crl_train.policy import ActFn


@struct.dataclass
class Slots:
    """Parallel environments, each somewhere within an episode.

    Attributes:
        env_state: Environment states; every leaf has a leading axis of ``num_envs``.
        episode_step: Steps taken in the current episode.
        trajectory_id: Episodes finished before this one in the same slot; never resets.
    """

    env_state: EnvState
    episode_step: Int[Array, " num_envs"]
    trajectory_id: Int[Array, " num_envs"]


@struct.dataclass
class Transition:
    """What the replay keeps of a step: where the agent was and what it did there.

    Attributes:
        state: State before the step, without the goal.
        action: Action taken.
        trajectory_id: Episode of the slot that the state belongs to.
    """

    state: Float[Array, "*batch state_dim"]
    action: Float[Array, "*batch action_dim"]
    trajectory_id: Int[Array, "*batch"]


def reset_slots(env: GoalEnv, key: PRNGKeyArray, num_envs: int) -> Slots:
    """Start ``num_envs`` fresh episodes."""
    zeros = jnp.zeros(num_envs, jnp.int32)
    return Slots(env_state=batched_reset(env, key, num_envs), episode_step=zeros, trajectory_id=zeros)


def step_slots(
    env: GoalEnv,
    slots: Slots,
    action: Float[Array, "num_envs action_dim"],
    reset_key: PRNGKeyArray,
    episode_length: int,
) -> Slots:
    """Advance every slot by one step; a slot whose episode is over starts a fresh one."""
    env_state = jax.vmap(env.step)(slots.env_state, action)
    episode_step = slots.episode_step + 1
    over = (episode_step >= episode_length) | (env_state.done > 0)
    num_envs = episode_step.shape[0]
    # Resets are rare and can be dear (robots), so none is computed while no episode ends.
    env_state = jax.lax.cond(
        jnp.any(over),
        lambda: _select(over, batched_reset(env, reset_key, num_envs), env_state),
        lambda: env_state,
    )
    return Slots(
        env_state=env_state,
        episode_step=jnp.where(over, 0, episode_step),
        trajectory_id=slots.trajectory_id + over.astype(jnp.int32),
    )


def _select(mask: Bool[Array, " num_envs"], if_true: EnvState, if_false: EnvState) -> EnvState:
    def pick(a: Array, b: Array) -> Array:
        return jnp.where(mask.reshape(mask.shape + (1,) * (a.ndim - 1)), a, b)

    return jax.tree.map(pick, if_true, if_false)


def unroll(
    env: GoalEnv, act: ActFn, slots: Slots, key: PRNGKeyArray, num_steps: int, episode_length: int
) -> tuple[Slots, Transition]:
    """Act for ``num_steps`` steps in every slot.

    Returns:
        The slots afterwards, and the transitions, every leaf (num_steps, num_envs, ...).
    """

    def step(slots: Slots, step_key: PRNGKeyArray) -> tuple[Slots, Transition]:
        action_key, reset_key = jax.random.split(step_key)
        state, goal = env.split_observation(slots.env_state.obs)
        action = act(state, goal, action_key)
        transition = Transition(state=state, action=action, trajectory_id=slots.trajectory_id)
        return step_slots(env, slots, action, reset_key, episode_length), transition

    return jax.lax.scan(step, slots, jax.random.split(key, num_steps))
