"""How well a critic finds the goal that a state-action led to, and how many blocks it needs to find it.

``energies`` holds the energy of every state-action with every goal of a batch of held-out pairs: row i is a
state-action, column j a goal, and the diagonal holds each state-action with its own goal. Larger is closer.
"""

import numpy as np
from jaxtyping import Float, Int

from crl_probe.metrics._checks import MetricError, array_likes, require_at_least, require_finite, require_same_length

Energies = Float[np.ndarray, "pairs pairs"]

_READABLE_SHARE = 0.9


@array_likes
def retrieval_accuracy(energies: Energies) -> float:
    """Share of state-actions whose own goal has the highest energy among all goals of the batch.

    If k goals share the highest energy and the own goal is one of them, the row counts 1 / k. Chance is 1 / pairs, so
    compare on batches of one size.

    Args:
        energies: f of each state-action for each goal, own goals on the diagonal. (pairs, pairs), any unit.

    Returns:
        A share in [0, 1]; exactly 1 / pairs if all energies are equal.

    Raises:
        MetricError: If energies is not square, not finite, or has fewer than 2 pairs.

    Example:
        >>> retrieval_accuracy(np.array([[-1.0, -5.0], [-2.0, -3.0]]))
        0.5

    Source: top-1 accuracy of contrastive learning, van den Oord et al. 2018, arXiv 1807.03748; ties are ours.
    """
    _check_energies(energies)
    highest = energies == energies.max(axis=1, keepdims=True)
    return float((np.diag(highest) / highest.sum(axis=1)).mean())


@array_likes
def infonce_bound(energies: Energies) -> float:
    """Lower bound on the mutual information of state-actions and their goals, in nats: log pairs - InfoNCE.

    InfoNCE is the mean over rows of logsumexp(row) - own energy. The bound cannot exceed log pairs, however good the
    critic is. Unlike :func:`retrieval_accuracy` it depends on the scale of the energies.

    Args and Raises: as :func:`retrieval_accuracy`.

    Returns:
        Nats, at most log pairs; 0 if all energies are equal, negative for a critic that is confident and wrong.

    Example:
        >>> infonce_bound(np.zeros((4, 4)))
        0.0
        >>> round(infonce_bound(100.0 * np.eye(4)), 4)  # log 4, the largest possible for four pairs
        1.3863

    Source: van den Oord et al. 2018, arXiv 1807.03748; Poole et al. 2019, arXiv 1905.06922.
    """
    _check_energies(energies)
    rows = energies.astype(np.float64)
    from_own = rows - np.diag(rows)[:, None]
    # A row's highest difference is at least 0, that of its own goal, and its term in the sum is 1: no loss is below 0.
    highest = from_own.max(axis=1, keepdims=True)
    loss = highest[:, 0] + np.log(np.exp(from_own - highest).sum(axis=1))
    return float((np.log(len(rows)) - loss).mean())


@array_likes
def readable_depth(
    values: Float[np.ndarray, " prefixes"], blocks: Int[np.ndarray, " prefixes"] | None = None, chance: float = 0.0
) -> float:
    """Share of a network's blocks from which on its score has 90 % of what the whole network has above chance.

    Each value is the score of the network's head applied after only its first blocks. A small share means that the
    later blocks change this score little. A score that falls again after some block counts only from where it stays.

    Args:
        values: Score after the first b blocks, for b from 0 to all of them. (prefixes,), any unit, larger is better.
        blocks: The b of each value, ascending; the last counts as the whole network. None means 0, 1, 2 and so on.
            (prefixes,)
        chance: Score of a network that knows nothing.

    Returns:
        A share of blocks in [0, 1].

    Raises:
        MetricError: If a value is not finite, lengths differ, there are fewer than 2 values, blocks does not ascend
            from 0 or more, or the score of the whole network is not above chance.

    Example:
        >>> readable_depth(np.array([0.1, 0.9, 0.4, 0.76, 0.8]))
        0.75

    Source: ours.
    """
    blocks = np.arange(len(values)) if blocks is None else blocks
    require_finite(values=values)
    require_same_length(values=values, blocks=blocks)
    require_at_least(2, "number of values", len(values))
    if blocks[0] < 0 or (np.diff(blocks) <= 0).any():
        raise MetricError(f"blocks={blocks.tolist()} does not ascend from 0 or more: it counts the blocks in use.")
    if values[-1] <= chance:
        raise MetricError(
            f"the whole network scores {values[-1]:g}: readable_depth needs a score above chance, {chance:g}."
        )
    # Rounded, so that 0.72 / 0.8 counts as 90 % in floating point too.
    above = values.astype(np.float64) - chance
    reached = np.round(above / above[-1], 6) >= _READABLE_SHARE
    first = len(reached) - int(reached[::-1].argmin()) if not reached.all() else 0
    return float(blocks[first] / blocks[-1])


def _check_energies(energies: Float[np.ndarray, "..."]) -> None:
    if energies.ndim != 2 or energies.shape[0] != energies.shape[1]:
        raise MetricError(f"energies has shape {energies.shape}: it needs one row and one column for every pair.")
    require_finite(energies=energies)
    require_at_least(2, "number of pairs", len(energies))
