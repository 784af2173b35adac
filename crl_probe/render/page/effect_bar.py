"""Where an effect and its interval lie, as places along a line: the small drawing on a verdict's card."""

import dataclasses
import math

from crl_probe.summary.verdicts import Verdict

_MARGIN = 0.12  # of the line, free at either end


@dataclasses.dataclass(frozen=True)
class EffectBar:
    """Places in percent of the line, from its left end.

    Attributes:
        low: Lower end of the interval.
        value: The effect.
        high: Upper end of the interval.
        null: Its size if the claim does not hold.
    """

    low: float
    value: float
    high: float
    null: float


def effect_bar(verdict: Verdict) -> EffectBar | None:
    """The drawing of an effect, held against its null; None where there is nothing to show.

    An infinite ratio has no place on a line.
    """
    e, null = verdict.effect, verdict.null
    if e is None or not all(map(math.isfinite, (e.low, e.value, e.high))):
        return None
    low, high = min(e.low, null), max(e.high, null)
    extent = (high - low) or 1.0

    def percent(effect: float) -> float:
        return 100 * (_MARGIN + (1 - 2 * _MARGIN) * ((effect - low) / extent))

    return EffectBar(percent(e.low), percent(e.value), percent(e.high), percent(null))
