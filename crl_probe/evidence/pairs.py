"""Held-out pairs of a state-action and a goal that its own episode achieved later, in batches of one size.

The contrastive loss classifies which goal of a batch belongs to which state-action. These batches test the same task
on data that the agents were not trained on.
"""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from crl_probe.evidence.episodes import OnPolicyEpisodes
from crl_probe.evidence.places import achieved_goals
from crl_probe.evidence.probe_set import Points
from crl_probe.runs.agent import EmbeddingAgent
from crl_probe.runs.errors import ProbeError
from crl_probe.store.showing import Shown

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv


@dataclasses.dataclass(frozen=True, repr=False)
class Pairs(Shown):
    """Full batches of pairs, one pair a row, batch after batch.

    Attributes:
        states: (pairs, state_dim)
        actions: Taken in these states. (pairs, action_dim)
        goals: Goals that the same episode achieved later. (pairs, goal_dim)
        batch_size: Pairs in a batch.
    """

    states: Float[np.ndarray, "pairs state_dim"]
    actions: Float[np.ndarray, "pairs action_dim"]
    goals: Float[np.ndarray, "pairs goal_dim"]
    batch_size: int

    def __len__(self) -> int:
        return len(self.states)


def shared_pairs(points: Points, batch_size: int, rng: np.random.Generator) -> Pairs:
    """Shuffle the shared points and split them into full batches; the rest is dropped.

    Raises:
        ProbeError: If they do not fill one batch.
    """
    batches = len(points) // batch_size
    if not batches:
        raise ProbeError(
            f"{len(points)} shared points do not fill a batch of {batch_size} pairs: all batches must have this size. "
            f"Record more episodes, or set batch_size to {len(points)} or less."
        )
    chosen = points.rows(rng.permutation(len(points))[: batches * batch_size])
    return Pairs(chosen.states, chosen.actions, chosen.future_goals, batch_size)


def own_pairs(
    env: "GoalEnv",
    record: OnPolicyEpisodes,
    count: int,
    batch_size: int,
    discount: float,
    rng: np.random.Generator,
) -> Pairs:
    """Draw pairs uniformly from an agent's own steps, with replacement only if there are fewer steps than pairs.

    Args:
        env: Gives the achieved goal of a state.
        record: The agent's episodes.
        count: Pairs to draw, a multiple of ``batch_size``.
        batch_size: Pairs in a batch.
        discount: γ: a goal k steps later has P ∝ γ^k.
        rng: Random generator. Generators of one seed draw the same steps from every agent, so that agents differ by
            their behaviour and not by the sample.
    """
    import jax.numpy as jnp

    from crl_train.relabel import future_offset

    taken = np.flatnonzero(record.active)
    rows = taken[rng.choice(len(taken), size=count, replace=count > len(taken))]
    episode, time = np.divmod(rows, record.active.shape[1])
    uniform = jnp.asarray(rng.random(count, dtype=np.float32))
    num_later = jnp.asarray(record.steps_taken[episode] - time)
    later = time + np.asarray(future_offset(uniform, num_later, discount))
    return Pairs(
        states=record.states[episode, time],
        actions=record.actions[episode, time],
        goals=achieved_goals(env, record.states[episode, later]),
        batch_size=batch_size,
    )


def energies_by_batch(
    agent: EmbeddingAgent,
    phi: Float[np.ndarray, "pairs repr_dim"],
    psi: Float[np.ndarray, "pairs repr_dim"],
    batch_size: int,
) -> Float[np.ndarray, "batches rows columns"]:
    """Energy of every state-action (rows) with every goal (columns) of its own batch.

    Args:
        agent: Whose energy it is.
        phi: Embeddings of the state-actions, batch after batch. (pairs, repr_dim)
        psi: Embeddings of their goals. (pairs, repr_dim)
        batch_size: Pairs in a batch; divides their number.

    Returns:
        Own goals on the diagonals. (batches, batch_size, batch_size)
    """
    shape = (batch_size, batch_size, phi.shape[1])
    energies = []
    for at in range(0, len(phi), batch_size):
        rows, columns = phi[at : at + batch_size, None], psi[None, at : at + batch_size]
        # Pair by pair: the matrix product of the training loss has an error of 1e-5, which would decide between goals
        # at almost the same position.
        energies.append(np.asarray(agent.energy_between(np.broadcast_to(rows, shape), np.broadcast_to(columns, shape))))
    return np.stack(energies)
