"""Where axes begin and end, and what is written along them: one rule for every chart, on the page and on paper."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from crl_probe.metrics import MetricDefinition
from crl_probe.render.charts import Axis
from crl_probe.summary.numbers import NumberFormat, format_count

_MOST_STEPS: Final = 5  # between ticks
_MANTISSAS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_MARGIN_BELOW: Final = 0.03  # of the range, so that a mark at zero is whole
_MARGIN_ABOVE: Final = 0.05
_LEAST_SHARE: Final = 0.05  # a chart of shares reaches so high at least: one unit among hundreds is no mountain
_LARGE: Final = 10_000  # ticks from here on are written 10k
_MOST_DECIMALS: Final = 4


def value_axis(definition: MetricDefinition, values: Iterable[float]) -> Axis:
    """The y axis of a metric.

    It starts at 0 unless something is below, and ends at the metric's upper bound if values exceed half of it; a
    bounded number that stays below has a scale of its own, on which differences can be seen.

    Args:
        definition: The metric.
        values: Everything drawn, ends of intervals and references included; what is not finite is left out.
    """
    low, high = value_range(definition, values)
    ticks = nice_ticks(low, high, share=definition.is_share)
    return Axis(definition.title, low, high, ticks, definition.unit)


def value_range(definition: MetricDefinition, values: Iterable[float]) -> tuple[float, float]:
    """Both ends of the y axis; see :func:`value_axis`.

    Example:
        >>> from crl_probe.metrics import DEFINITIONS
        >>> value_range(DEFINITIONS["success_rate"], [0.25, 0.75])
        (-0.03, 1.05)
        >>> value_range(DEFINITIONS["time_at_goal"], [10.0, 40.0])
        (-1.2, 42.0)
    """
    known = [value for value in values if math.isfinite(value)]
    bottom, top = min(known, default=0.0), max(known, default=0.0)
    if bottom < 0.0:
        room = (top - bottom) or abs(bottom)
        return bottom - _MARGIN_ABOVE * room, top + _MARGIN_ABOVE * room
    if definition.high is not None and top > definition.high / 2:
        top = max(definition.high, top)
    if definition.is_share:
        top = max(top, _LEAST_SHARE)
    top = top or 1.0
    return -_MARGIN_BELOW * top, (1 + _MARGIN_ABOVE) * top


def share_axis(title: str) -> Axis:
    """An axis of shares of one."""
    return Axis(title, -_MARGIN_BELOW, 1 + _MARGIN_BELOW, nice_ticks(0.0, 1.0, share=True))


def count_axis(title: str, values: Iterable[float]) -> Axis:
    """An axis of counts, such as environment steps, from 0 to the largest."""
    top = max((value for value in values if math.isfinite(value)), default=0.0) or 1.0
    return Axis(title, -_MARGIN_BELOW * top, (1 + _MARGIN_BELOW) * top, nice_ticks(0.0, top))


def place_axis(title: str, texts: Sequence[str]) -> Axis:
    """An axis of places side by side, such as depths: the first is at 0, the next at 1."""
    return Axis(title, -0.5, len(texts) - 0.5, tuple((float(place), text) for place, text in enumerate(texts)))


def nice_ticks(low: float, high: float, *, share: bool = False) -> tuple[tuple[float, str], ...]:
    """Round numbers between two ends, at most six, with their texts.

    Example:
        >>> nice_ticks(0.0, 0.5, share=True)[-2:]
        ((0.4, '40 %'), (0.5, '50 %'))
        >>> [text for _, text in nice_ticks(-0.3, 1_050_000.0)]
        ['0', '250k', '500k', '750k', '1M']
    """
    step = _nice_step((high - low) / _MOST_STEPS)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = [round(index * step, 12) + 0.0 for index in range(first, last + 1)]
    if max(abs(low), abs(high)) >= _LARGE:
        return tuple((place, format_count(place)) for place in places)
    decimals = _decimals_of(100 * step if share else step)
    written = NumberFormat(decimals if decimals <= _MOST_DECIMALS else None, share)
    return tuple((place, written.number(place)) for place in places)


def _nice_step(least: float) -> float:
    size = 10.0 ** math.floor(math.log10(least))
    return next(mantissa * size for mantissa in _MANTISSAS if mantissa * size >= least * (1 - 1e-9))


def _decimals_of(step: float) -> int:
    """Digits behind the point that write a step exactly."""
    return next((digits for digits in range(12) if abs(round(step, digits) - step) < 1e-6 * step), 12)
