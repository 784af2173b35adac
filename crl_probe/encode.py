"""Embeddings and energies of any number of points, in pieces of one size, as NumPy arrays.

The last piece is padded: one shape means one compilation, and memory does not grow with the number of points.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    from crl_probe.loading import LoadedRun

CHUNK = 2_048

Points = Float[np.ndarray, "points _"]


def in_chunks(function: Callable[..., object], *arrays: Points, chunk: int = CHUNK) -> Float[np.ndarray, "points ..."]:
    """Apply a function of batches to long arrays, ``chunk`` rows at a time.

    Args:
        function: Maps arrays (chunk, ...) to one array (chunk, ...).
        arrays: Inputs of equal length. (points, ...), points >= 1.
        chunk: Rows of every call.

    Raises:
        ValueError: If the arrays are empty or their lengths differ.
    """
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"inputs have lengths {[len(array) for array in arrays]}: need equal lengths of at least 1.")
    total = lengths.pop()
    pieces = []
    for start in range(0, total, chunk):
        rows = np.minimum(np.arange(start, start + chunk), total - 1)
        pieces.append(np.asarray(function(*(jnp.asarray(array[rows]) for array in arrays)), dtype=np.float32))
    return np.concatenate(pieces)[:total]


def encode_phi(run: "LoadedRun", state: Points, action: Points) -> Float[np.ndarray, "points repr_dim"]:
    """State-action embeddings. (points, repr_dim)"""
    return in_chunks(run.phi, _float32(state), _float32(action))


def encode_psi(run: "LoadedRun", goal: Points) -> Float[np.ndarray, "points repr_dim"]:
    """Goal embeddings. (points, repr_dim)"""
    return in_chunks(run.psi, _float32(goal))


def mean_action(run: "LoadedRun", state: Points, goal: Points) -> Float[np.ndarray, "points action_dim"]:
    """The actor's mean action for each state and commanded goal. (points, action_dim)"""
    return in_chunks(run.act, _float32(state), _float32(goal))


def energy(run: "LoadedRun", state: Points, action: Points, goal: Points) -> Float[np.ndarray, " points"]:
    """Critic energy of each state-action for its goal. (points,); higher is closer."""
    return in_chunks(run.energy, _float32(state), _float32(action), _float32(goal))


def energy_of(
    run: "LoadedRun", phi: Float[np.ndarray, "points repr_dim"], psi: Float[np.ndarray, "points repr_dim"]
) -> Float[np.ndarray, " points"]:
    """Critic energy of embeddings that are at hand already. (points,)"""
    from crl_train.energy import paired_energy

    return in_chunks(lambda one, other: paired_energy(run.config.energy, one, other), phi, psi)


def _float32(array: Points) -> Points:
    return np.asarray(array, dtype=np.float32)
