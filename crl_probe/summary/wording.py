"""Numbers with their intervals as people read them, one way everywhere on a page."""

from collections.abc import Sequence
from typing import Final

from crl_probe.metrics import Estimate
from crl_probe.summary.formats import cell_texts, decimals_of

_MOST_DECIMALS: Final = 4


def interval_text(estimate: Estimate, column: Sequence[Estimate] = ()) -> str:
    """The number and its 95 % interval, to three digits; the number alone where nothing could be resampled.

    Args:
        estimate: The number.
        column: Others that stand below each other with it, and get as many decimals.

    Example:
        >>> interval_text(Estimate(value=0.4375, low=0.41, high=0.484, unit="seeds", count=3))
        '0.438 [0.410, 0.484]'
    """
    decimals = decimals_of([estimate, *column])
    if decimals > _MOST_DECIMALS:
        # A column of next to nothing: zeros and a few small numbers.
        low, value, high = (f"{number:.2g}" for number in (estimate.low, estimate.value, estimate.high))
        return f"{value} [{low}, {high}]" if estimate.count > 1 else value
    return " ".join(filter(None, cell_texts(estimate, decimals)))
