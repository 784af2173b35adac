"""Critic energies: how well a state-action's representation φ matches a goal's ψ; larger means closer.

Each energy is written once for pairs and once for all pairs of a batch. The paper's is ``norm``.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def _safe_sqrt(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Square root with gradient 0 at 0, where coincident representations would otherwise give NaN; NaN stays NaN."""
    zero = x <= 0
    return jnp.where(zero, 0.0, jnp.sqrt(jnp.where(zero, 1.0, x)))


def _squared_distance(
    phi: Float[Array, "*batch repr_dim"], psi: Float[Array, "*batch repr_dim"]
) -> Float[Array, "*batch"]:
    return jnp.sum(jnp.square(phi - psi), axis=-1)


def _all_squared_distances(
    phi: Float[Array, "rows repr_dim"], psi: Float[Array, "columns repr_dim"]
) -> Float[Array, "rows columns"]:
    """‖φ‖² + ‖ψ‖² − 2 φ·ψ, one matrix product instead of a rows × columns × repr_dim array.

    Distances ignore a common shift, so both sides are centred first: it keeps the cancellation, and with it the
    float32 error, as small as the spread of the batch rather than as large as its distance from the origin. That is
    still too large for a positive pair, which is much closer than the batch is wide: where there are as many rows as
    columns, the pairs of the diagonal are computed from differences. At a distance of 0.1 in a batch of standard
    deviation 30, the gradient of the loss would have an error of 60 % otherwise.
    """
    centre = jax.lax.stop_gradient(jnp.mean(psi, axis=0))
    left, right = phi - centre, psi - centre
    products = jnp.matmul(left, right.T, precision=jax.lax.Precision.HIGHEST)
    squares = jnp.sum(jnp.square(left), axis=-1)[:, None] + jnp.sum(jnp.square(right), axis=-1)[None, :]
    distances = jnp.maximum(squares - 2 * products, 0.0)
    if len(phi) != len(psi):
        return distances
    return jnp.where(jnp.eye(len(phi), dtype=bool), _squared_distance(phi, psi)[:, None], distances)


def _unit(x: Float[Array, "*batch repr_dim"]) -> Float[Array, "*batch repr_dim"]:
    return x / jnp.maximum(_safe_sqrt(jnp.sum(jnp.square(x), axis=-1, keepdims=True)), 1e-6)


def _dot(phi: Float[Array, "*batch repr_dim"], psi: Float[Array, "*batch repr_dim"]) -> Float[Array, "*batch"]:
    return jnp.sum(phi * psi, axis=-1)


def _all_dots(
    phi: Float[Array, "rows repr_dim"], psi: Float[Array, "columns repr_dim"]
) -> Float[Array, "rows columns"]:
    return jnp.matmul(phi, psi.T, precision=jax.lax.Precision.HIGHEST)


_PAIRED: Mapping[str, Callable[[Array, Array], Array]] = {
    "norm": lambda phi, psi: -_safe_sqrt(_squared_distance(phi, psi)),
    "l2": lambda phi, psi: -_squared_distance(phi, psi),
    "dot": _dot,
    "cosine": lambda phi, psi: _dot(_unit(phi), _unit(psi)),
}

_ALL_PAIRS: Mapping[str, Callable[[Array, Array], Array]] = {
    "norm": lambda phi, psi: -_safe_sqrt(_all_squared_distances(phi, psi)),
    "l2": lambda phi, psi: -_all_squared_distances(phi, psi),
    "dot": _all_dots,
    "cosine": lambda phi, psi: _all_dots(_unit(phi), _unit(psi)),
}


def paired_energy(
    kind: str, phi: Float[Array, "*batch repr_dim"], psi: Float[Array, "*batch repr_dim"]
) -> Float[Array, "*batch"]:
    """Energy of each φ with the ψ at the same place.

    ``norm`` is −‖φ − ψ‖₂, ``l2`` is −‖φ − ψ‖₂², ``dot`` is φ·ψ, ``cosine`` is φ·ψ / (‖φ‖ ‖ψ‖), row by row.

    Args:
        kind: One of norm, l2, dot, cosine.
        phi: State-action representations. (*batch, repr_dim)
        psi: Goal representations. (*batch, repr_dim)
    Returns:
        Energies. (*batch,)
    Source: arXiv 2503.14858 section 3 (norm); Eysenbach et al. 2022, arXiv 2206.07568 (dot).

    Example:
        >>> import jax.numpy as jnp
        >>> float(paired_energy("norm", jnp.array([3.0, 0.0]), jnp.array([0.0, 4.0])))
        -5.0
    """
    return _PAIRED[kind](phi, psi)


def all_pairs_energy(
    kind: str, phi: Float[Array, "rows repr_dim"], psi: Float[Array, "columns repr_dim"]
) -> Float[Array, "rows columns"]:
    """Energy of every φ (rows) with every ψ (columns): the logits of the contrastive loss.

    Source: as ``paired_energy``.
    """
    return _ALL_PAIRS[kind](phi, psi)
