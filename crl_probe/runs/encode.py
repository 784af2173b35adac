"""Embeddings, energies and actions of any number of points, in chunks of one size, as NumPy arrays.

The last chunk is padded: with one shape there is one compilation, and the device memory in use stays constant.
"""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from jaxtyping import Float

from crl_probe.runs.agent import Agent, EmbeddingAgent, SamplingAgent

if TYPE_CHECKING:
    import jax

CHUNK = 2_048

Rows: TypeAlias = Float[np.ndarray, "points _"]


def in_chunks(
    function: Callable[..., object], *arrays: Rows, chunk: int = CHUNK, threads: int = 2
) -> Float[np.ndarray, "points ..."]:
    """Apply a function of batches to long arrays, ``chunk`` rows at a time.

    A network often uses one core, so two threads save about a tenth of the time (docs/performance.md).

    Args:
        function: Maps arrays (chunk, ...) to one array (chunk, ...).
        arrays: Inputs of equal length. (points, ...), points >= 1.
        chunk: Rows of every call.
        threads: Number of calls in parallel; 1 for a function that must be called in order.

    Raises:
        ValueError: If the arrays are empty or their lengths differ.
    """
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"inputs have lengths {[len(array) for array in arrays]}: need equal lengths of at least 1.")
    total = lengths.pop()

    def piece(start: int) -> np.ndarray:
        rows = np.minimum(np.arange(start, start + chunk), total - 1)
        return np.asarray(function(*(array[rows] for array in arrays)), dtype=np.float32)

    starts = range(0, total, chunk)
    if threads == 1 or len(starts) == 1:
        return np.concatenate([piece(start) for start in starts])[:total]
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(piece, starts)))[:total]


def encode_phi(agent: EmbeddingAgent, state: Rows, action: Rows) -> Float[np.ndarray, "points repr_dim"]:
    """State-action embeddings. (points, repr_dim)"""
    return in_chunks(agent.phi, _float32(state), _float32(action))


def encode_psi(agent: EmbeddingAgent, goal: Rows) -> Float[np.ndarray, "points repr_dim"]:
    """Goal embeddings. (points, repr_dim)"""
    return in_chunks(agent.psi, _float32(goal))


def energy_of(
    agent: EmbeddingAgent, phi: Float[np.ndarray, "points repr_dim"], psi: Float[np.ndarray, "points repr_dim"]
) -> Float[np.ndarray, " points"]:
    """Critic energy of given embeddings. (points,)"""
    return in_chunks(agent.energy_between, phi, psi)


def acting(agent: Agent, mode: str = "mean", seed: int = 0) -> Callable[[Rows, Rows], Rows]:
    """The agent's policy: a function of states (points, state_dim) and goals (points, goal_dim) to actions.

    Args:
        agent: The agent; modes other than ``mean`` need a :class:`~crl_probe.runs.agent.SamplingAgent`.
        mode: ``mean``, ``sample`` or ``best_of_K``.
        seed: Seeds the random modes; every call draws new samples.
    """
    if mode == "mean":
        return lambda state, goal: in_chunks(agent.act, _float32(state), _float32(goal))
    assert isinstance(agent, SamplingAgent), f"{agent.name} cannot sample actions"
    return _drawing(agent, mode, seed)


def _drawing(agent: SamplingAgent, mode: str, seed: int) -> Callable[[Rows, Rows], Rows]:
    import jax

    from crl_train.numerics import random_key

    act, key, number = jax.jit(agent.policy(mode)), random_key(seed), itertools.count()

    def draw(state: Any, goal: Any) -> "jax.Array":
        return act(state, goal, jax.random.fold_in(key, next(number)))

    return lambda state, goal: in_chunks(draw, _float32(state), _float32(goal), threads=1)


def _float32(array: Rows) -> Rows:
    return np.asarray(array, dtype=np.float32)
