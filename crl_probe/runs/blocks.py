"""Looking inside very deep networks: which blocks to keep, and how many points fit into memory at once."""

import numpy as np
from jaxtyping import Int

_MOST_NUMBERS = 2**26  # of one array; 268 MB in single precision


def evenly_spaced_blocks(blocks: int, most: int) -> Int[np.ndarray, " kept"]:
    """Counts of blocks from 0 to all of them, both ends always.

    Args:
        blocks: Residual blocks of the network.
        most: How many counts to keep, at least 2; all of them where there are fewer.

    Returns:
        Ascending. (kept,)

    Example:
        >>> evenly_spaced_blocks(256, 5).tolist(), evenly_spaced_blocks(1, 5).tolist()
        ([0, 64, 128, 192, 256], [0, 1])
    """
    return np.linspace(0, blocks, min(most, blocks + 1)).round().astype(int)


def points_that_fit(blocks: int, width: int) -> int:
    """For how many points at once the residual stream may be held: 1 + ``blocks`` rows of ``width`` for each.

    Example:
        >>> points_that_fit(blocks=256, width=256)
        1020
    """
    return max(1, _MOST_NUMBERS // ((1 + blocks) * width))
