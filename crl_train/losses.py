"""The losses of contrastive RL as pure functions of logits, log-probabilities and energies.

Logits are a square matrix: row i is state-action i, column j is goal j, positives stand on the diagonal.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

Scalar = Float[Array, ""]


def forward_infonce(logits: Float[Array, "batch batch"]) -> Scalar:
    """Cross-entropy of picking each state-action's goal among all goals (softmax along rows), in nats.

    −(1/B) Σ_i [L_ii − logsumexp_j L_ij]. Source: arXiv 2503.14858 equation 1; van den Oord et al. 2018.

    Example:
        >>> import jax.numpy as jnp
        >>> bool(jnp.isclose(forward_infonce(jnp.zeros((4, 4))), jnp.log(4.0)))
        True
    """
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - jnp.diagonal(logits))


def backward_infonce(logits: Float[Array, "batch batch"]) -> Scalar:
    """Cross-entropy of picking each goal's state-action among all state-actions (softmax along columns), in nats."""
    return forward_infonce(logits.T)


def symmetric_infonce(logits: Float[Array, "batch batch"]) -> Scalar:
    """Mean of forward and backward InfoNCE, so that its scale is that of either."""
    return 0.5 * (forward_infonce(logits) + backward_infonce(logits))


def binary_nce(logits: Float[Array, "batch batch"]) -> Scalar:
    """Logistic loss of telling positives (diagonal) from negatives, averaged over all pairs, in nats.

    Source: Eysenbach et al. 2022, arXiv 2206.07568, equation 3.
    """
    return jnp.mean(optax.sigmoid_binary_cross_entropy(logits, jnp.eye(logits.shape[0])))


CONTRASTIVE_LOSSES: Mapping[str, Callable[[Array], Array]] = {
    "forward_infonce": forward_infonce,
    "backward_infonce": backward_infonce,
    "symmetric_infonce": symmetric_infonce,
    "binary_nce": binary_nce,
}


def logsumexp_penalty(logits: Float[Array, "batch batch"]) -> Scalar:
    """Mean squared log-partition over rows; it pins the offset that InfoNCE leaves free in each row.

    (1/B) Σ_i (logsumexp_j L_ij)². Source: arXiv 2503.14858's reference trainer, coefficient 0.1.
    """
    return jnp.mean(jnp.square(jax.nn.logsumexp(logits, axis=1)))


def categorical_accuracy(logits: Float[Array, "batch batch"]) -> Scalar:
    """Share of rows whose own goal has the largest logit; of equal ones the first column counts, as for ``argmax``.

    Counting what beats the diagonal vectorises on CPUs, where ``argmax`` takes ten times as long.
    """
    row, column = jnp.indices(logits.shape, sparse=True)
    own = jnp.diagonal(logits)[:, None]
    beaten = (logits > own) | ((logits == own) & (column < row))
    return jnp.mean((jnp.sum(beaten, axis=1) == 0).astype(jnp.float32))


def mean_off_diagonal(logits: Float[Array, "batch batch"]) -> Scalar:
    """Mean energy of the negatives."""
    batch = logits.shape[0]
    return (jnp.sum(logits) - jnp.trace(logits)) / (batch * (batch - 1))


def actor_loss(energy: Float[Array, " batch"], log_prob: Float[Array, " batch"], entropy_coefficient: Scalar) -> Scalar:
    """What the actor minimises: entropy coefficient times log-probability, minus critic energy.

    Source: arXiv 2503.14858 equation 2 with the entropy term of its reference trainer; Haarnoja et al. 2018.
    """
    return jnp.mean(entropy_coefficient * log_prob - energy)


def entropy_coefficient_loss(
    log_entropy_coefficient: Scalar, log_prob: Float[Array, " batch"], target_entropy: float
) -> Scalar:
    """Loss whose descent raises the coefficient while entropy is below its target and lowers it while above.

    exp(log α) · mean(−log π − target), with no gradient through log π. Source: Haarnoja et al. 2018, arXiv 1812.05905.
    """
    surplus = jax.lax.stop_gradient(jnp.mean(-log_prob - target_entropy))
    return jnp.exp(log_entropy_coefficient) * surplus
