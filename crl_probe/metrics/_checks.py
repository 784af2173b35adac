"""Input checks that the metrics share."""

from typing import Any, Final

import numpy as np
from jaxtyping import Shaped

from crl_train.array_likes import takes_array_likes


class MetricError(ValueError):
    """A metric is not defined for this input: too few points, values that are not finite, or no variation.

    Code that computes many metrics catches this error and shows the number as missing. Any other error is a mistake in
    the call.
    """


array_likes: Final = takes_array_likes(MetricError)
"""At the door of every public metric: it takes lists and other arrays too."""


def require_finite(**named_arrays: Shaped[np.ndarray, "..."] | float) -> None:
    """Refuse NaN and infinity.

    Raises:
        MetricError: If an array holds one. It names the first such array and counts the values.
    """
    for name, array in named_arrays.items():
        bad = int(np.count_nonzero(~np.isfinite(array)))
        if bad:
            raise MetricError(f"{name} holds {bad} values that are NaN or infinite: a metric needs finite input.")


def require_not_negative(**named_arrays: Shaped[np.ndarray, "..."]) -> None:
    """Refuse to form a ratio of a metric that can be negative.

    Raises:
        MetricError: If a value is below 0. It names the first such array.
    """
    for name, array in named_arrays.items():
        if (array < 0).any():
            raise MetricError(
                f"{name} has the value {array.min():g}: ratios and jumps are for metrics that are never negative. "
                "Compare differences."
            )


def require_at_least(minimum: int, what: str, count: int) -> None:
    """Refuse a sample that is too small.

    Raises:
        MetricError: If ``count`` is below ``minimum``.
    """
    if count < minimum:
        raise MetricError(f"{what}={count} is too few: this metric needs at least {minimum}. Collect more.")


def require_same_length(**named_arrays: Shaped[np.ndarray, "..."] | Any) -> None:
    """Refuse arrays that do not describe the same points.

    Raises:
        MetricError: If lengths differ. It lists all of them.
    """
    lengths = {name: len(array) for name, array in named_arrays.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise MetricError(f"lengths differ ({listed}): row i of each must describe the same point.")


def require_same_shape(**named_arrays: Shaped[np.ndarray, "..."]) -> None:
    """Refuse arrays that do not match entry by entry.

    Raises:
        MetricError: If shapes differ. It lists all of them.
    """
    shapes = {name: array.shape for name, array in named_arrays.items()}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name}: {shape}" for name, shape in shapes.items())
        raise MetricError(f"shapes differ ({listed}): entry i of each must describe the same thing.")


def require_mask(**named_masks: Shaped[np.ndarray, "..."]) -> None:
    """Refuse a mask of numbers: as an index it would select rows 0 and 1 instead of the marked rows.

    Raises:
        MetricError: If a mask is not boolean. It names the first one.
    """
    for name, mask in named_masks.items():
        if mask.dtype != np.bool_:
            raise MetricError(f"{name} is of type {mask.dtype}: a mask is boolean. Use {name}.astype(bool).")
