"""What every metric refuses, said the same way each time."""

from typing import Any

import numpy as np
from jaxtyping import Shaped


def require_finite(**named_arrays: Shaped[np.ndarray, "..."] | float) -> None:
    """Refuse NaN and infinity.

    Raises:
        ValueError: Naming the first array that holds one, and how many.
    """
    for name, array in named_arrays.items():
        bad = int(np.count_nonzero(~np.isfinite(array)))
        if bad:
            raise ValueError(f"{name} holds {bad} values that are NaN or infinite: a metric needs finite input.")


def require_at_least(minimum: int, what: str, count: int) -> None:
    """Refuse too small a sample.

    Raises:
        ValueError: If ``count`` is below ``minimum``.
    """
    if count < minimum:
        raise ValueError(f"{what}={count} is too few: this metric needs at least {minimum}. Collect more.")


def require_same_length(**named_arrays: Shaped[np.ndarray, "..."] | Any) -> None:
    """Refuse arrays that do not describe the same points.

    Raises:
        ValueError: Listing every length if they differ.
    """
    lengths = {name: len(array) for name, array in named_arrays.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise ValueError(f"lengths differ ({listed}): row i of each must describe the same point.")
