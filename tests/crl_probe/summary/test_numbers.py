"""Numbers as people read them: digits follow the interval, shares are per cents, signs are signs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.metrics import Estimate
from crl_probe.summary.numbers import (
    MINUS,
    NumberFormat,
    format_count,
    format_estimate,
    format_number,
    latex_number,
    number_format,
)


def estimate(low, value, high, count=3):
    return Estimate(value, low, high, "seeds", count)


@pytest.mark.parametrize(
    ("low", "value", "high", "text"),
    [
        (0.410, 0.4375, 0.484, "0.438 [0.410, 0.484]"),  # half-width 0.037
        (30.0, 40.0, 52.0, "40 [30, 52]"),  # 11
        (3.0, 4.0, 5.5, "4.0 [3.0, 5.5]"),  # 1.25
        (900.0, 1234.5, 1500.0, "1,234 [900, 1,500]"),  # 300: nothing behind the point, and half to even
        (-0.5, -0.25, 0.1, f"{MINUS}0.25 [{MINUS}0.50, 0.10]"),
        (0.4, 0.5, 0.6, "0.50 [0.40, 0.60]"),  # a half-width just below 0.1 in binary
        (1.5, 3.0, math.inf, "3.00 [1.50, ∞]"),  # no width: three digits of the largest that is finite
        (0.0, 8e-5, 2.4e-5, "8.0×10⁻⁵ [0, 2.4×10⁻⁵]"),
        (-0.0001, -0.00001, 0.6, "0.00 [0.00, 0.60]"),  # no minus zero
    ],
)
def test_the_half_width_decides_the_digits(low, value, high, text):
    assert format_estimate(estimate(low, value, high)) == text


@pytest.mark.parametrize(
    ("low", "value", "high", "text"),
    [
        (0.41, 0.4375, 0.48, "44 % [41, 48]"),
        (0.981, 0.99, 0.998, "99.0 % [98.1, 99.8]"),  # below a point: one digit behind the point
        (0.0, 0.0, 0.0, "0 % [no spread]"),
        (1.0, 1.0, 1.0, "100 % [no spread]"),
        (0.0, 1.0, 1.0, "100 % [0, 100]"),
        (0.9, 0.9, 0.9, "90 % [no spread]"),
    ],
)
def test_shares_are_per_cents(low, value, high, text):
    assert format_estimate(estimate(low, value, high), share=True) == text


def test_numbers_without_an_interval_have_three_digits():
    assert format_estimate(estimate(0.4375, 0.4375, 0.4375, count=1)) == "0.438"
    assert [format_number(value) for value in (0.0, 2.0, -12.345, 1e6)] == ["0", "2.00", f"{MINUS}12.3", "1,000,000"]
    assert [format_number(value, share=True) for value in (0.5, 1.0, 1 / 256)] == ["50.0 %", "100 %", "0.391 %"]
    assert [format_number(value) for value in (0.9999, math.inf, math.nan)] == ["1.00", "∞", "–"]
    assert format_number(-math.inf) == f"{MINUS}∞"
    assert format_estimate(None) == "–"


def test_a_column_shares_its_decimals():
    column = [estimate(1.0, 1.5, 2.0), estimate(120.0, 130.0, 140.0), None]
    # The first alone would have two decimals, the second none; with one, the largest number has four digits.
    form = number_format(column)
    assert [form.text(entry) for entry in column] == ["1.5 [1.0, 2.0]", "130.0 [120.0, 140.0]", "–"]
    assert form.cell(column[0]) == ("1.5", "[1.0, 2.0]")
    assert format_estimate(column[0], column=column[1:]) == "1.5 [1.0, 2.0]"
    # What needs more than four digits on its own gets them.
    assert number_format([estimate(1234.561, 1234.567, 1234.573)]).decimals == 4
    assert number_format([]).decimals == 0
    assert number_format([estimate(2.0, 2.0, 2.0), estimate(0.1, 0.2, 0.3)]).decimals == 2


def test_ends_in_a_sentence():
    assert NumberFormat(0, share=True).ends(-0.05, 0.48) == f"{MINUS}5 to 48 %"
    assert NumberFormat(1).ends(1.5, math.inf) == "1.5 to ∞"


def test_counts_on_an_axis():
    assert [format_count(n) for n in (0, 64, 2_500, 250_000, 1_500_000, -3e9)] == [
        "0", "64", "2.5k", "250k", "1.5M", f"{MINUS}3G",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "math_mode"),
    [
        (f"{MINUS}0.25 [{MINUS}0.50, 0.10]", "-0.25 [-0.50, 0.10]"),
        ("1,234 [900, 1,500]", "1{,}234 [900, 1{,}500]"),
        ("44 % [41, 48]", r"44\,\% [41, 48]"),
        ("3.00 [1.50, ∞]", r"3.00 [1.50, \infty]"),
        ("8.0×10⁻⁵", r"8.0\times 10^{-5}"),
        ("–", "--"),
    ],
)
def test_latex_writes_the_same_number_in_math_mode(text, math_mode):
    assert latex_number(text) == math_mode


@given(st.floats(-1e6, 1e6), st.floats(1e-2, 1e6), st.booleans())
def test_the_last_digit_is_a_tenth_of_the_half_width_at_most(value, half, share):
    form = number_format([estimate(value - half, value, value + half)], share=share)
    scaled, wide = (100 * value, 100 * half) if share else (value, half)
    last = 10.0**-form.decimals
    assert form.decimals == 0 or last <= 1.01 * wide / (1 if share else 10)
    written = float(form.number(value).replace(",", "").replace(MINUS, "-").removesuffix(" %"))
    assert abs(written - scaled) <= 0.5 * last + 1e-12 * abs(scaled)
