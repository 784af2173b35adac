"""A ring of the newest steps of every slot, and for each trajectory the place of its last step.

Rows are counted from the start of training and written at ``row % capacity``; nothing is ever shifted. Because the
last row of every trajectory is looked up rather than searched, a hindsight goal costs the same at any episode length.

States and actions may be kept in float16, in half the memory; they come out as float32. float16 has 11 bits: it keeps
a position of 20 m to 8 mm, one of 40 m to 16 mm, and an action to 0.00025 (docs/algorithm.md).
"""

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

from crl_train.rollout import Transition


@struct.dataclass
class Replay:
    """The replay buffer; every array has the axes (capacity, num_envs, ...).

    Attributes:
        transitions: The steps themselves, states and actions as they are stored.
        last_row: At [trajectory_id % capacity, slot]: the newest row written of that trajectory. Live trajectories
            of a slot have consecutive ids and at least one row each, so at most ``capacity`` live side by side and
            no two share an entry.
        rows_written: Rows ever written to each slot.
    """

    transitions: Transition
    last_row: Int[Array, "capacity num_envs"]
    rows_written: Int[Array, ""]

    @property
    def capacity(self) -> int:
        return self.last_row.shape[0]

    @property
    def num_envs(self) -> int:
        return self.last_row.shape[1]


@struct.dataclass
class Anchors:
    """Where sampled steps stand in the replay.

    Attributes:
        slot: Slot of each step.
        row: Row of each step, counted from the start of training.
        num_later: How many later steps of the same trajectory the replay holds.
    """

    slot: Int[Array, " batch"]
    row: Int[Array, " batch"]
    num_later: Int[Array, " batch"]


def init_replay(capacity: int, num_envs: int, state_dim: int, action_dim: int, dtype: str = "float32") -> Replay:
    """An empty replay of ``capacity`` steps for each of ``num_envs`` slots.

    Args:
        capacity: Rows.
        num_envs: Slots.
        state_dim: Entries of a state.
        action_dim: Entries of an action.
        dtype: Type that states and actions are stored in: float32 or float16.
    """
    return Replay(
        transitions=Transition(
            state=jnp.zeros((capacity, num_envs, state_dim), dtype),
            action=jnp.zeros((capacity, num_envs, action_dim), dtype),
            trajectory_id=jnp.zeros((capacity, num_envs), jnp.int32),
        ),
        last_row=jnp.full((capacity, num_envs), -1, jnp.int32),
        rows_written=jnp.zeros((), jnp.int32),
    )


def insert(replay: Replay, transitions: Transition) -> Replay:
    """Write an unroll's transitions, leaves (steps, num_envs, ...), over the oldest rows.

    ``steps`` must not exceed the capacity (``TrainConfig`` sees to it).
    """
    num_steps, num_envs = transitions.trajectory_id.shape
    rows = replay.rows_written + jnp.arange(num_steps, dtype=jnp.int32)
    places = rows % replay.capacity
    trajectory_places = transitions.trajectory_id % replay.capacity
    every_slot = jnp.broadcast_to(jnp.arange(num_envs), (num_steps, num_envs))
    return Replay(
        transitions=jax.tree.map(
            lambda ring, new: ring.at[places].set(as_stored(new, ring.dtype), unique_indices=True),
            replay.transitions,
            transitions,
        ),
        # Rows only grow, so the maximum also overwrites what an expired trajectory left at the same entry.
        last_row=replay.last_row.at[trajectory_places, every_slot].max(
            jnp.broadcast_to(rows[:, None], every_slot.shape)
        ),
        rows_written=replay.rows_written + num_steps,
    )


def as_stored(values: Shaped[Array, "*shape"], dtype: jnp.dtype) -> Shaped[Array, "*shape"]:
    """Round numbers to the type that they are stored in.

    A number beyond the range of float16 becomes its largest, 65,504, with the sign it had. NaN and infinities stay what
    they are: only a simulation or a network that has diverged puts them out, and training tells that.

    Example:
        >>> import jax.numpy as jnp
        >>> as_stored(jnp.array([20.005, -1e6, jnp.inf]), jnp.dtype("float16")).tolist()
        [20.0, -65504.0, inf]
    """
    if values.dtype == dtype:
        return values
    largest = float(jnp.finfo(dtype).max)
    return jnp.where(jnp.isinf(values), values, jnp.clip(values, -largest, largest)).astype(dtype)


def sample_anchors(replay: Replay, key: PRNGKeyArray, batch_size: int) -> Anchors:
    """Draw steps uniformly from everything the replay holds, with replacement."""
    slot_key, row_key = jax.random.split(key)
    slot = jax.random.randint(slot_key, (batch_size,), 0, replay.num_envs)
    oldest = jnp.maximum(replay.rows_written - replay.capacity, 0)
    row = jax.random.randint(row_key, (batch_size,), oldest, replay.rows_written)
    trajectory_id = replay.transitions.trajectory_id[row % replay.capacity, slot]
    num_later = replay.last_row[trajectory_id % replay.capacity, slot] - row
    return Anchors(slot=slot, row=row, num_later=num_later)


def states_at(replay: Replay, slot: Int[Array, " batch"], row: Int[Array, " batch"]) -> Float[Array, "batch state_dim"]:
    """Look up states by slot and row, as float32."""
    return replay.transitions.state[row % replay.capacity, slot].astype(jnp.float32)


def actions_at(
    replay: Replay, slot: Int[Array, " batch"], row: Int[Array, " batch"]
) -> Float[Array, "batch action_dim"]:
    """Look up actions by slot and row, as float32."""
    return replay.transitions.action[row % replay.capacity, slot].astype(jnp.float32)
