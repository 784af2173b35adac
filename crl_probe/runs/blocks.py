"""Measuring very deep networks within the memory: a selection of blocks, and the number of points in one batch."""

import numpy as np
from jaxtyping import Int

_MOST_NUMBERS = 2**26  # of one array; 268 MB in single precision


def evenly_spaced_blocks(blocks: int, most: int) -> Int[np.ndarray, " kept"]:
    """Numbers of blocks from 0 to all of them, evenly spaced; both ends are always included.

    Args:
        blocks: Residual blocks of the network.
        most: Largest number of entries, at least 2.

    Returns:
        Ascending. (kept,)

    Example:
        >>> evenly_spaced_blocks(256, 5).tolist(), evenly_spaced_blocks(1, 5).tolist()
        ([0, 64, 128, 192, 256], [0, 1])
    """
    return np.linspace(0, blocks, min(most, blocks + 1)).round().astype(int)


def points_that_fit(blocks: int, width: int) -> int:
    """Number of points whose residual streams fit into memory together: 1 + ``blocks`` rows of ``width`` for each.

    Example:
        >>> points_that_fit(blocks=256, width=256)
        1020
    """
    return max(1, _MOST_NUMBERS // ((1 + blocks) * width))
