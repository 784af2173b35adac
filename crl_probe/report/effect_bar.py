"""Where an effect and its interval lie, as places along a line: the small picture on a verdict's card."""

import dataclasses
import math
from collections.abc import Callable

from crl_probe.metrics.comparison import JUMP_RATIO
from crl_probe.verdicts import Verdict

_MARGIN = 0.12  # of the line, free at either end


@dataclasses.dataclass(frozen=True)
class EffectBar:
    """Places in percent of the line, from its left end.

    Attributes:
        low: Lower end of the interval.
        value: The effect.
        high: Upper end of the interval.
        null: The effect that the claim has to be told apart from.
        null_text: That effect in words.
        unbounded: Whether the interval goes on beyond the right end.
    """

    low: float
    value: float
    high: float
    null: float
    null_text: str
    unbounded: bool


def effect_bar(verdict: Verdict) -> EffectBar | None:
    """The picture of a verdict's effect; None where it has none, or one that no line can show.

    Differences are held against zero; the ratio of a jump against doubling, on a logarithmic line.
    """
    if verdict.effect is None:
        return None
    is_ratio = verdict.key == "jump"
    null = JUMP_RATIO if is_ratio else 0.0
    place: Callable[[float], float] = (lambda ratio: math.log(max(ratio, 1e-3))) if is_ratio else float
    e = verdict.effect
    if not (math.isfinite(e.value) and math.isfinite(e.low)):
        return None
    unbounded = not math.isfinite(e.high)
    high = max(4 * e.value, 4 * null) if unbounded else e.high
    low_end, high_end = min(place(e.low), place(null)), max(place(high), place(null))
    extent = (high_end - low_end) or 1.0

    def percent(effect: float) -> float:
        return 100 * (_MARGIN + (1 - 2 * _MARGIN) * (place(effect) - low_end) / extent)

    return EffectBar(
        low=percent(e.low),
        value=percent(e.value),
        high=100.0 if unbounded else percent(high),
        null=percent(null),
        null_text=f"×{null:g}" if is_ratio else "0",
        unbounded=unbounded,
    )
