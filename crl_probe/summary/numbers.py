"""How numbers are written for people: one way on the page, in the terminal and in LaTeX.

An interval says how far a number is known, so it decides the digits: two significant ones of its half-width. CSV and
JSON files keep the raw numbers.
"""

import dataclasses
import math
import re
from collections.abc import Iterable
from typing import Final, Protocol, runtime_checkable

from crl_probe.metrics.statistics import CONFIDENCE

UNDEFINED: Final = "–"
INFINITY: Final = "∞"
MINUS: Final = "\u2212"
NO_SPREAD: Final = "no spread"
"""In place of an interval over seeds that are equal."""

_DIGITS_ALONE: Final = 3
_DIGITS_OF_HALF_WIDTH: Final = 2
_DIGITS_OF_LARGEST: Final = 4  # a column with a narrow interval must not write out its largest number in full
_MOST_DECIMALS: Final = 4
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN_DIGITS: Final = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@runtime_checkable
class WithInterval(Protocol):
    """A number with its interval: an estimate, or a row of a table."""

    @property
    def value(self) -> float:
        """The number."""

    @property
    def low(self) -> float:
        """Lower end of its interval."""

    @property
    def high(self) -> float:
        """Upper end."""

    @property
    def count(self) -> int:
        """How many samples the interval rests on; 1 where there is none."""


@dataclasses.dataclass(frozen=True)
class NumberFormat:
    """How the numbers of one column are written.

    Attributes:
        decimals: Digits behind the point; None writes powers of ten, for numbers close to zero.
        share: Whether they are shares of one, which are written as per cent.
    """

    decimals: int | None
    share: bool = False

    def number(self, value: float) -> str:
        """One number, with its per cent sign if it is a share.

        Example:
            >>> NumberFormat(1).number(-1234.56), NumberFormat(0, share=True).number(0.44)
            ('−1,234.6', '44 %')
        """
        return self._with_sign(value, self._digits(value))

    def interval(self, low: float, high: float) -> str:
        """Both ends in brackets, as behind a number.

        Example:
            >>> NumberFormat(0, share=True).interval(0.41, 0.48)
            '[41, 48]'
        """
        return f"[{self._digits(low)}, {self._digits(high)}]"

    def ends(self, low: float, high: float) -> str:
        """Both ends in a sentence.

        Example:
            >>> NumberFormat(0, share=True).ends(0.41, 0.48), NumberFormat(1).ends(2.0, math.inf)
            ('41 to 48 %', '2.0 to ∞')
        """
        return self._with_sign(high, f"{self._digits(low)} to {self._digits(high)}")

    def over_seeds(self, entry: WithInterval, *, unit: str = "", confidence: float = CONFIDENCE) -> str:
        """A number and its interval over seeds in a sentence.

        Args:
            entry: Both; an interval without width says that the seeds have no spread.
            unit: That follows the number, with a space before it.
            confidence: Of the interval.

        Example:
            >>> from crl_probe.metrics import Estimate
            >>> NumberFormat(1).over_seeds(Estimate(2.0, 1.5, 2.5, "seeds", 6), unit=" steps")
            '2.0 steps (95 % interval 1.5 to 2.5)'
        """
        number = f"{self.number(entry.value)}{unit}"
        if entry.low == entry.high:
            return f"{number} (no spread between seeds)"
        return f"{number} ({100 * confidence:.4g} % interval {self.ends(entry.low, entry.high)})"

    def cell(self, entry: WithInterval | None) -> tuple[str, str]:
        """A number and its interval apart; the second is empty where nothing could be resampled.

        An interval over seeds that has no width says that the seeds have no spread. One over episodes or goals has none
        where their median is the same in nearly every resample, too.
        """
        if entry is None:
            return UNDEFINED, ""
        if entry.count < 2:
            return self.number(entry.value), ""
        over = getattr(entry, "interval_over", getattr(entry, "unit", ""))  # of a row, of an estimate
        has_none = over == "seeds" and entry.low == entry.high
        return self.number(entry.value), f"[{NO_SPREAD}]" if has_none else self.interval(entry.low, entry.high)

    def text(self, entry: WithInterval | None) -> str:
        """A number and its interval in one text."""
        return " ".join(filter(None, self.cell(entry)))

    def within(self, width: int, entries: Iterable[WithInterval | None]) -> "NumberFormat":
        """The same with as many decimals fewer as numbers and intervals need to have ``width`` characters each.

        Example:
            >>> from crl_probe.metrics import Estimate
            >>> NumberFormat(3).within(12, [Estimate(0.7681, 0.7413, 0.8042, "seeds", 3)])
            NumberFormat(decimals=2, share=False)
        """
        entries = list(entries)
        form = self
        while form.decimals and any(len(text) > width for entry in entries for text in form.cell(entry)):
            form = dataclasses.replace(form, decimals=form.decimals - 1)
        return form

    def _digits(self, value: float) -> str:
        if math.isnan(value):
            return UNDEFINED
        if math.isinf(value):
            return INFINITY if value > 0 else MINUS + INFINITY
        scaled = 100.0 * value if self.share else value
        if self.decimals is None:
            return _power_of_ten(scaled)
        # Adding zero turns the minus zero that rounding may leave into zero.
        return f"{round(scaled, self.decimals) + 0.0:,.{self.decimals}f}".replace("-", MINUS)

    def _with_sign(self, value: float, digits: str) -> str:
        return f"{digits} %" if self.share and math.isfinite(value) else digits


def number_format(column: Iterable[WithInterval | None], *, share: bool = False) -> NumberFormat:
    """The format of numbers that stand below each other, or of one alone.

    Decimals show two significant digits of the half-width of the narrowest interval, as far as they leave the largest
    number of the column four digits. Where no interval has a width, the largest number has three significant digits.
    Per cents with an interval show one digit fewer: ``44 % [41, 48]``.

    Args:
        column: The numbers; None where one is undefined.
        share: Whether they are shares of one, see :attr:`crl_probe.metrics.MetricDefinition.is_share`.
    """
    known = [entry for entry in column if entry is not None]
    scale = 100.0 if share else 1.0
    sizes = [scale * abs(end) for entry in known for end in (entry.value, entry.low, entry.high)]
    largest = max(filter(math.isfinite, sizes), default=0.0)
    half_widths = [scale * (entry.high - entry.low) / 2 for entry in known if entry.count > 1]
    digits = _DIGITS_OF_HALF_WIDTH - (1 if share else 0)
    needed = [_decimals(half, digits) for half in half_widths if math.isfinite(half) and half > 0]
    if needed:
        decimals = max(min(needed), min(max(needed), _decimals(largest, _DIGITS_OF_LARGEST)), 0)
    else:
        decimals = max(_decimals(largest, _DIGITS_ALONE - (1 if share and half_widths else 0)), 0)
    return NumberFormat(decimals if decimals <= _MOST_DECIMALS else None, share)


def format_estimate(
    entry: WithInterval | None, *, share: bool = False, column: Iterable[WithInterval | None] = ()
) -> str:
    """A number with its interval, or alone where nothing could be resampled.

    Args:
        entry: The number; None where it is undefined.
        share: Whether it is a share of one.
        column: Others that it stands below, and shares its decimals with.

    Example:
        >>> from crl_probe.metrics import Estimate
        >>> format_estimate(Estimate(value=0.4375, low=0.41, high=0.484, unit="seeds", count=3), share=True)
        '44 % [41, 48]'
        >>> format_estimate(Estimate(value=0.4375, low=0.41, high=0.484, unit="seeds", count=3))
        '0.438 [0.410, 0.484]'
    """
    return number_format([entry, *column], share=share).text(entry)


def format_number(value: float, *, share: bool = False) -> str:
    """A number without an interval, to three significant digits.

    Example:
        >>> format_number(0.4375), format_number(12345.6), format_number(1 / 256, share=True)
        ('0.438', '12,346', '0.391 %')
    """
    return number_format([_Alone(value, value, value)], share=share).number(value)


def format_column(values: Iterable[float | None], *, share: bool = False) -> list[str]:
    """Numbers without intervals that stand below each other; None is undefined.

    Example:
        >>> format_column([1.25, None, 30.0])
        ['1.2', '–', '30.0']
    """
    entries = [None if value is None else _Alone(value, value, value) for value in values]
    form = number_format(entries, share=share)
    return [form.text(entry) for entry in entries]


def format_count(number: int | float) -> str:
    """A count as the tick of an axis has room for.

    Example:
        >>> format_count(250_000), format_count(1_500_000), format_count(64)
        ('250k', '1.5M', '64')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.4g}{letter}".replace("-", MINUS)
    return f"{number:.4g}".replace("-", MINUS)


def latex_number(text: str) -> str:
    """The inside of ``$…$`` for a text that this module wrote.

    Example:
        >>> print(latex_number("−1,234.5"), latex_number("44 % [41, 48]"), latex_number("2.4×10⁻⁵"))
        -1{,}234.5 44\\,\\% [41, 48] 2.4\\times 10^{-5}
    """
    text = re.sub(r",(?=\d)", "{,}", text.replace(MINUS, "-"))
    text = re.sub("×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda power: rf"\times 10^{{{power[1].translate(_PLAIN_DIGITS)}}}", text)
    text = text.replace(NO_SPREAD, rf"\mathrm{{{NO_SPREAD.replace(' ', '~')}}}")
    return text.replace(" %", r"\,\%").replace(INFINITY, r"\infty").replace(UNDEFINED, "--")


@dataclasses.dataclass(frozen=True)
class _Alone:
    value: float
    low: float
    high: float
    count: int = 1


def _decimals(size: float, digits: int) -> int:
    """Digits behind the point that show that many significant ones of a size; below 0 left of the point."""
    if size == 0.0:
        return 0
    return digits - 1 - int(f"{size:.{digits - 1}e}".partition("e")[2])


def _power_of_ten(value: float) -> str:
    if value == 0.0:
        return "0"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPTS)}".replace("-", MINUS)
