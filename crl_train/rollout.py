"""Step many environments side by side: episode limit, automatic reset and trajectory ids live here.

Every episode begins with a fresh start state and a fresh commanded goal. They are drawn for a whole unroll beforehand,
so that no step pays for a reset: under ``vmap`` every branch of a step is computed. An environment that reproduces a
reference trainer's goes back to its first start and goal for the whole run instead; see docs/algorithm.md.
"""

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from crl_train.device_mesh import by_device, share
from crl_train.envs.goal_env import EnvState, GoalEnv, batched_reset
from crl_train.policy import ActFn


@struct.dataclass
class Slots:
    """Parallel environments, each somewhere within an episode.

    Attributes:
        env_state: Environment states; every leaf has a leading axis of ``num_envs``.
        episode_step: Steps taken in the current episode.
        trajectory_id: Episodes finished before this one in the same slot; never resets.
        first: Where every episode of a slot begins, if ``spec.fixed_starts``; else None.
    """

    env_state: EnvState
    episode_step: Int[Array, " num_envs"]
    trajectory_id: Int[Array, " num_envs"]
    first: EnvState | None = None


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


@struct.dataclass
class ResetPool:
    """First states of the episodes that will begin during one unroll.

    Attributes:
        rounds: First states; every leaf (num_rounds, num_envs, ...). There are as many rounds as episodes of full
            length can end in a slot, so none of those shares its start.
        first_id: Trajectory id of each slot when the pool was drawn.
    """

    rounds: EnvState
    first_id: Int[Array, " num_envs"]

    def entries(self, trajectory_id: Int[Array, " num_envs"]) -> EnvState:
        """Take the first state of the episode that follows the current one, for every slot.

        A slot goes through the rounds in its own column. One whose episodes the environment ends early may use all
        of them up: it goes on in the next column, so that no two episodes in a row start alike.
        """
        num_rounds, num_envs = self.rounds.done.shape
        num_taken = trajectory_id - self.first_id
        column = (jnp.arange(num_envs) + num_taken // num_rounds) % num_envs
        return jax.tree.map(lambda leaf: leaf[num_taken % num_rounds, column], self.rounds)


@struct.dataclass
class FixedStarts:
    """The first state of every slot, which all its episodes begin with."""

    first: EnvState

    def entries(self, trajectory_id: Int[Array, " num_envs"]) -> EnvState:
        """As :meth:`ResetPool.entries`."""
        return self.first


def draw_resets(env: GoalEnv, slots: Slots, key: PRNGKeyArray, num_steps: int, episode_length: int) -> ResetPool:
    """Draw what ``num_steps`` steps of all slots need in resets."""
    num_rounds = -(-num_steps // episode_length)
    draw = jax.vmap(lambda round_key: batched_reset(env, round_key, slots.trajectory_id.shape[0]))
    # Any slot may begin with any entry: gathered once, so that no step has to ask other devices.
    rounds = share(draw(jax.random.split(key, num_rounds)))
    return ResetPool(rounds=rounds, first_id=slots.trajectory_id)


def reset_slots(env: GoalEnv, key: PRNGKeyArray, num_envs: int) -> Slots:
    """Start ``num_envs`` fresh episodes."""
    zeros = jnp.zeros(num_envs, jnp.int32)
    start = batched_reset(env, key, num_envs)
    first = start if env.spec.fixed_starts else None
    return Slots(env_state=start, episode_step=zeros, trajectory_id=zeros, first=first)


def step_slots(
    env: GoalEnv,
    slots: Slots,
    action: Float[Array, "num_envs action_dim"],
    pool: ResetPool | FixedStarts,
    episode_length: int,
) -> Slots:
    """Advance every slot by one step; a slot whose episode is over starts the next one from the pool."""
    env_state = by_device(jax.vmap(env.step))(slots.env_state, action)
    episode_step = slots.episode_step + 1
    over = (episode_step >= episode_length) | (env_state.done > 0)
    # Episodes end rarely, so nothing is copied while none does.
    env_state = jax.lax.cond(
        jnp.any(over),
        lambda: _select(over, pool.entries(slots.trajectory_id), env_state),
        lambda: env_state,
    )
    return Slots(
        env_state=env_state,
        episode_step=jnp.where(over, 0, episode_step),
        trajectory_id=slots.trajectory_id + over.astype(jnp.int32),
        first=slots.first,
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

    pool_key, action_key = jax.random.split(key)
    pool: ResetPool | FixedStarts
    if slots.first is not None:
        pool = FixedStarts(slots.first)
    else:
        pool = draw_resets(env, slots, pool_key, num_steps, episode_length)

    def step(slots: Slots, step_key: PRNGKeyArray) -> tuple[Slots, Transition]:
        state, goal = env.split_observation(slots.env_state.obs)
        action = act(state, goal, step_key)
        transition = Transition(state=state, action=action, trajectory_id=slots.trajectory_id)
        return step_slots(env, slots, action, pool, episode_length), transition

    return jax.lax.scan(step, slots, jax.random.split(action_key, num_steps))
