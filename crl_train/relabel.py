"""Hindsight goals: replace the commanded goal by what the same trajectory achieved a geometric time later."""

import math

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, Int, PRNGKeyArray

from crl_train.device_mesh import divide, share
from crl_train.envs.goal_env import GoalEnv
from crl_train.replay import Anchors, Replay, actions_at, sample_anchors, states_at


@struct.dataclass
class ContrastiveBatch:
    """Aligned state-actions and goals; row i of each belongs together, every other pairing is a negative."""

    state: Float[Array, "batch state_dim"]
    action: Float[Array, "batch action_dim"]
    goal: Float[Array, "batch goal_dim"]


def future_offset(
    uniform: Float[Array, "*batch"], num_later: Int[Array, "*batch"], discount: float
) -> Int[Array, "*batch"]:
    """Turn a uniform number into an offset k with P(k) ∝ γ^k on 1..num_later, in O(1).

    The distribution function of the truncated geometric law is (1 − γ^k) / (1 − γ^n); it is inverted in closed form.
    A step with no later one (num_later = 0) gets offset 0: it becomes its own goal.

    Args:
        uniform: In [0, 1).
        num_later: Later steps in the same trajectory, ≥ 0.
        discount: γ in (0, 1).
    Source: the law is that of arXiv 2503.14858's reference trainer; the inversion is ours.

    Example:
        With γ = 1/2 and n = 2 the law is (2/3, 1/3), so uniform numbers below 2/3 give offset 1:

        >>> import jax.numpy as jnp
        >>> future_offset(jnp.array([0.0, 0.66, 0.67, 0.99]), jnp.array([2, 2, 2, 2]), 0.5).tolist()
        [1, 1, 2, 2]
    """
    # In Python's double precision: the float32 logarithm of a discount next to 1 is 0.
    log_discount = math.log(discount)
    # log1p and expm1 keep the small differences from 1 that γ close to 1 lives on.
    mass = -jnp.expm1(num_later.astype(jnp.float32) * log_discount)
    offset = jnp.ceil(jnp.log1p(-uniform * mass) / log_discount).astype(jnp.int32)
    return jnp.clip(offset, jnp.minimum(num_later, 1), num_later)


def sample_batch(replay: Replay, env: GoalEnv, key: PRNGKeyArray, batch_size: int, discount: float) -> ContrastiveBatch:
    """Draw state-actions uniformly from the replay and a future achieved goal for each."""
    anchor_key, offset_key = jax.random.split(key)
    anchors: Anchors = sample_anchors(replay, anchor_key, batch_size)
    offset = future_offset(jax.random.uniform(offset_key, (batch_size,)), anchors.num_later, discount)
    future_state = states_at(replay, anchors.slot, anchors.row + offset)
    batch = ContrastiveBatch(
        state=states_at(replay, anchors.slot, anchors.row),
        action=actions_at(replay, anchors.slot, anchors.row),
        goal=env.achieved_goal(future_state),
    )
    # The draw is that of one device, so a device's rows can lie anywhere: what each finds among its slots is added up.
    return divide(share(batch))
