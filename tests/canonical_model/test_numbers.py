"""Decimals, quantities and money: exact, the store's limits, conversions and the one division."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical_model.codes.currencies import CURRENCIES
from canonical_model.decimals import ROUNDINGS, decimal_text, parse_decimal, ratio, to_scaled
from canonical_model.money import Money, Price, extend, from_minor, minor_digits, to_minor
from canonical_model.problems import Cause, Hold
from canonical_model.quantity import PackRatio, Quantity, convert, from_millionths, to_millionths

ints = st.integers(-(2**63), 2**63 - 1)


@pytest.mark.parametrize("text", ["0", "12.000", "-3.50", "9000000000000", "0.000001", "123456.789012", "99999999999999.99"])
def test_canonical_texts_keep_their_scale(text: str) -> None:
    assert decimal_text(parse_decimal(text)) == text


@pytest.mark.parametrize(
    "text", ["", "1e3", "+1", "01", "1.", ".5", "1,5", "NaN", "Infinity", " 1", "1\n", "１", "٣", "1_000", "-", "9" * 61]
)
def test_other_texts_are_refused_by_name(text: str) -> None:
    with pytest.raises(Hold) as refused:
        parse_decimal(text)
    assert refused.value.problems[0].cause is Cause.INVALID_VALUE


@pytest.mark.parametrize(("value", "text"), [("1E+3", "1000"), ("1E-7", "0.0000001"), ("-0", "0"), ("-0.00", "0.00"), ("12.30", "12.30")])
def test_decimal_text_has_no_exponent_and_no_negative_zero(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused_everywhere(value: str) -> None:
    for refuse in (decimal_text, to_millionths, lambda number: to_minor(number, "CNY")):
        with pytest.raises(Hold):
            refuse(Decimal(value))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_texts_round_trip(value: Decimal) -> None:
    text = decimal_text(value)
    assert parse_decimal(text) == value
    assert parse_decimal(text).as_tuple().exponent == value.as_tuple().exponent


@pytest.mark.parametrize(
    ("value", "millionths"),
    [
        ("9000000000000", 9_000_000_000_000_000_000),
        ("123456.789012", 123_456_789_012),
        ("0.000001", 1),
        ("1E+3", 1_000_000_000),
        ("12.0000000000", 12_000_000),
        ("-0.0", 0),
        ("0E+500", 0),
        ("9223372036854.775807", 2**63 - 1),
        ("-9223372036854.775808", -(2**63)),
    ],
)
def test_quantities_that_fit(value: str, millionths: int) -> None:
    assert to_millionths(Decimal(value)) == millionths
    assert from_millionths(millionths) == Decimal(value)


@pytest.mark.parametrize(
    ("value", "why"),
    [("0.0000001", "more than 6"), ("9223372036854.775808", "beyond"), ("-9223372036854.775809", "beyond"), ("1E+50", "beyond")],
)
def test_quantities_that_do_not_fit_are_refused_by_name(value: str, why: str) -> None:
    with pytest.raises(Hold, match=why) as refused:
        to_millionths(Decimal(value))
    assert refused.value.problems[0].fix


@pytest.mark.parametrize("value", ["1E+999999", "1E-999999", "123E-400"])
def test_absurd_exponents_are_refused_at_once(value: str) -> None:
    assert to_scaled(Decimal(value), 6) is None
    with pytest.raises(Hold):
        to_millionths(Decimal(value))


@given(ints)
def test_millionths_round_trip(scaled: int) -> None:
    assert to_millionths(from_millionths(scaled)) == scaled


@given(ints, st.sampled_from([code for code, digits in CURRENCIES.items() if digits is not None]))
def test_minor_units_round_trip(minor: int, currency: str) -> None:
    amount = from_minor(minor, currency)
    assert to_minor(amount, currency) == minor
    assert -int(amount.as_tuple().exponent) == minor_digits(currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("99999999999999.99", "CNY", 9_999_999_999_999_999),
        ("92233720368547758.07", "CNY", 2**63 - 1),
        ("1050", "JPY", 1050),
        ("1.005", "KWD", 1005),
        ("1.0005", "CLF", 10005),
        ("10.5", "CNY", 1050),
    ],
)
def test_amounts_that_fit(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        ("0.001", "CNY", "finer"),
        ("0.5", "JPY", "finer"),
        ("92233720368547758.08", "CNY", "too large"),
        ("1", "XAU", "not a currency"),
        ("1", "RMB", "not a currency"),
    ],
)
def test_amounts_that_do_not_fit_are_refused_by_name(amount: str, currency: str, why: str) -> None:
    with pytest.raises(Hold, match=why):
        to_minor(Decimal(amount), currency)


def test_the_three_limits_pass_the_whole_way() -> None:
    body = {"value": "9000000000000", "unit": "EA"}
    assert Quantity.from_body(body).millionths() == 9 * 10**18
    money = Money.from_body({"amount": "99999999999999.99", "currency": "CNY"})
    assert money.minor_units() == 9_999_999_999_999_999
    assert money.to_body() == {"amount": "99999999999999.99", "currency": "CNY"}


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**12), st.integers(0, 8), st.sampled_from(sorted(ROUNDINGS)), st.booleans())
def test_ratio_is_the_exact_quotient_rounded_once(n: int, d: int, scale: int, rounding: str, negative: bool) -> None:
    """Against the decimal module at a precision that holds every digit that can matter."""
    bottom = -d if negative else d
    with decimal.localcontext(prec=200):
        expected = (Decimal(n) / Decimal(bottom)).quantize(Decimal(1).scaleb(-scale), rounding=rounding)
        exact = Fraction(n, bottom) * 10**scale
        if exact.denominator != 1 and (2 * exact).denominator == 1:
            expected = Decimal(n * 10 ** (scale + 1) // bottom).scaleb(-scale - 1).quantize(Decimal(1).scaleb(-scale), rounding=rounding)
    got = ratio(n, bottom, scale, rounding)
    assert got == expected
    assert int(got.as_tuple().exponent) == -scale


@pytest.mark.parametrize(
    ("rounding", "up", "down"),
    [
        ("ROUND_HALF_UP", "3", "-3"),
        ("ROUND_HALF_EVEN", "2", "-2"),
        ("ROUND_HALF_DOWN", "2", "-2"),
        ("ROUND_CEILING", "3", "-2"),
        ("ROUND_FLOOR", "2", "-3"),
        ("ROUND_UP", "3", "-3"),
        ("ROUND_DOWN", "2", "-2"),
    ],
)
def test_ratio_at_one_half(rounding: str, up: str, down: str) -> None:
    assert (ratio(5, 2, 0, rounding), ratio(-5, 2, 0, rounding)) == (Decimal(up), Decimal(down))


def test_division_by_zero_is_a_hold_and_an_unknown_rounding_a_fault_of_the_program() -> None:
    with pytest.raises(Hold, match="zero"):
        ratio(1, 0, 2, "ROUND_HALF_UP")
    with pytest.raises(ValueError, match="ROUND_05"):
        ratio(1, 1, 2, "ROUND_05UP")


packs = st.builds(PackRatio, st.integers(1, 10_000), st.integers(1, 10_000))


@given(st.integers(-(10**6), 10**6), packs)
def test_conversion_there_and_back_loses_nothing(count: int, pack: PackRatio) -> None:
    cases = Quantity(value=Decimal(count * pack.denominator), unit="CS")
    pieces = convert(cases, pack, "EA")
    assert pieces.value == count * pack.numerator
    assert convert(pieces, pack.inverse(), "CS").value == cases.value


@given(packs, packs)
def test_pack_ratios_multiply_as_fractions(first: PackRatio, second: PackRatio) -> None:
    both = first.times(second)
    assert Fraction(both.numerator, both.denominator) == Fraction(first.numerator, first.denominator) * Fraction(
        second.numerator, second.denominator
    )
    assert both == second.times(first)


def test_an_inexact_conversion_needs_scale_and_rounding() -> None:
    three = PackRatio(1, 3)
    with pytest.raises(Hold, match="not a whole number of millionths"):
        convert(Quantity(value=Decimal(1), unit="EA"), three, "CS")
    rounded = convert(Quantity(value=Decimal(1), unit="EA"), three, "CS", scale=2, rounding="ROUND_HALF_UP")
    assert rounded.to_body() == {"value": "0.33", "unit": "CS"}
    with pytest.raises(ValueError, match="both"):
        convert(Quantity(value=Decimal(1), unit="EA"), three, "CS", scale=2)


def test_a_conversion_that_leaves_the_store_is_refused() -> None:
    with pytest.raises(Hold, match="beyond"):
        convert(Quantity(value=Decimal(9_000_000_000_000), unit="CS"), PackRatio(24, 1), "EA")


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 1), (1, 0), (-1, 1)])
def test_pack_ratios_are_positive(numerator: int, denominator: int) -> None:
    with pytest.raises(Hold, match="not positive"):
        PackRatio(numerator, denominator)


def test_extend_rounds_once_to_the_minor_unit() -> None:
    price = Price(amount=Decimal("99.80"), currency="CNY", per=Quantity(value=Decimal(12), unit="EA"))
    assert extend(price, Quantity(value=Decimal(7), unit="EA"), "ROUND_HALF_EVEN").to_body() == {"amount": "58.22", "currency": "CNY"}
    yen = Price(amount=Decimal(100), currency="JPY", per=Quantity(value=Decimal(3), unit="EA"))
    assert extend(yen, Quantity(value=Decimal(1), unit="EA"), "ROUND_HALF_EVEN").to_body() == {"amount": "33", "currency": "JPY"}
    with pytest.raises(Hold, match="per EA"):
        extend(yen, Quantity(value=Decimal(1), unit="CS"), "ROUND_HALF_EVEN")
