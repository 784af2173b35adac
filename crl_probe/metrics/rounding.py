"""What counts as zero in numbers of a network that computes in single precision.

Two embeddings that should be equal differ by rounding, and a metric that divides by their spread would measure the
rounding. Whether there is a spread is therefore asked here alone.
"""

from typing import Final

import numpy as np
from jaxtyping import Shaped

from crl_probe.metrics._checks import MetricError
from crl_probe.metrics._points import length, spread

Points = Shaped[np.ndarray, "points ..."]

ROUNDING: Final = 8 * float(np.finfo(np.float32).eps)
"""Relative size of rounding in the output of a network, about 1e-6.

An output is a sum of n products in single precision. Their rounding errors add up to about sqrt(n) / 2 times the
machine epsilon of float32, relative to the size of the output: to 8 times for a layer of 256 units. Numbers in double
precision count the same, because they come from such networks.
"""


def rounding_of(points: Points) -> float:
    """Size of rounding in the points, in their unit.

    Args:
        points: One point a row, finite, at least one. (points, ...)
    """
    return ROUNDING * length(points)


def has_spread(points: Points) -> bool:
    """Whether points differ by more than rounding.

    If each point is off by at most ``ROUNDING`` times its length, then the root mean square distance of all to their
    centroid is at most ``ROUNDING`` times their root mean square length, whatever the number of points and dimensions.
    There is a spread above that.

    Args:
        points: One point a row, finite, at least one. (points, ...), any unit.

    Example:
        >>> has_spread(np.array([[1.0, 2.0], [1.0, 2.001]]))
        True
        >>> has_spread(np.array([[1.0, 2.0], [1.0, np.nextafter(np.float32(2.0), np.float32(3.0))]]))
        False
    """
    return spread(points) > rounding_of(points)


def require_spread(consequence: str, **named_points: Points) -> None:
    """Refuse points that differ by no more than rounding.

    Args:
        consequence: What does not work without a spread, as the end of a sentence.
        named_points: Points by the name that the error gives them.

    Raises:
        MetricError: If points have no spread. It names the first such array.
    """
    for name, points in named_points.items():
        if not has_spread(points):
            raise MetricError(f"there is no spread beyond rounding in {name}: {consequence}.")
