"""Functions on numbers: exact decimals, never a float; a division that does not come out asks for scale and rounding."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from canonical_model.decimals import ratio as exact_ratio
from canonical_model.problems import Hold
from mappings.language.functions.values import EXACT, as_decimal, decimal_of, exactly
from mappings.language.registry import NUMBERS, TEXTS, Failed, Parameter, Type, function

_ROUNDINGS: Final = {
    "half_even": "ROUND_HALF_EVEN", "half_up": "ROUND_HALF_UP", "half_down": "ROUND_HALF_DOWN",
    "up": "ROUND_UP", "down": "ROUND_DOWN", "ceiling": "ROUND_CEILING", "floor": "ROUND_FLOOR",
}  # fmt: skip


@function("int", NUMBERS, Type.INT, examples=[("'0010' | int", 10), ("'1.5' | int", "invalid_value"), ("'12-' | int", -12)])
def int_(value: Any) -> int:
    """A whole number. A fraction that is not zero is refused."""
    number = as_decimal(value)
    whole = int(number)
    if whole != number:
        raise Failed(f"{value!r} is not a whole number", "use decimal", value)
    return whole


@function(
    "decimal",
    NUMBERS,
    Type.DECIMAL,
    parameters=[
        Parameter("mark", static="word", required=False, default="."),
        Parameter("thousands", static="word", required=False, default=""),
        Parameter("implied", static="int", required=False, default=0),
    ],
    examples=[
        ("'0012.500' | decimal", "12.500"),
        ("'12.50-' | decimal", "-12.50"),
        ("'1.234,50' | decimal(mark=',', thousands='.')", "1234.50"),
        ("'12345' | decimal(implied=2)", "123.45"),
        ("'1e5' | decimal", "invalid_value"),
    ],
)
def decimal(mark: str, thousands: str, implied: int) -> Callable[[Any], Decimal]:
    """An exact number; its scale is kept. `mark` and `thousands` name other marks, `implied` decimals without a mark (X12 N2)."""
    if len(mark) != 1 or thousands == mark or not 0 <= implied <= 30:
        raise ValueError("mark is one character, thousands another one, implied at most 30")
    if mark == "." and not thousands and not implied:
        return as_decimal

    def parsed(value: Any) -> Decimal:
        text = value
        if isinstance(value, str):
            if mark != "." and "." in value and thousands != ".":
                raise Failed(f"{value[:80]!r} has a '.', its decimal mark is {mark!r}", "name it: thousands='.'", value)
            text = (value.replace(thousands, "") if thousands else value).replace(mark, ".")
        number = as_decimal(text)
        if implied and number != int(number):
            raise Failed(f"{value!r} has a decimal mark where {implied} decimals are implied", "leave out implied=", value)
        return number.scaleb(-implied, EXACT) if implied else number

    return parsed


@function("negate", NUMBERS, Type.DECIMAL, examples=[("'5.0' | negate", "-5.0")])
def negate(value: Any) -> Decimal:
    """With the other sign."""
    return as_decimal(value).copy_negate()


@function("abs", NUMBERS, Type.DECIMAL, examples=[("'5.0-' | abs", "5.0")])
def abs_(value: Any) -> Decimal:
    """Without its sign."""
    return as_decimal(value).copy_abs()


@function("plus", NUMBERS, Type.DECIMAL, parameters=[Parameter("other", NUMBERS)], examples=[("'1.50' | plus('2')", "3.50")])
def plus(value: Any, other: Any) -> Decimal:
    """The exact sum of two numbers."""
    return exactly(lambda: EXACT.add(as_decimal(value), as_decimal(other)), value)


@function("minus", NUMBERS, Type.DECIMAL, parameters=[Parameter("other", NUMBERS)], examples=[("'10' | minus('2.5')", "7.5")])
def minus(value: Any, other: Any) -> Decimal:
    """The exact difference of two numbers, e.g. ordered minus confirmed."""
    return exactly(lambda: EXACT.subtract(as_decimal(value), as_decimal(other)), value)


@function("mul", NUMBERS, Type.DECIMAL, parameters=[Parameter("other", NUMBERS)], examples=[("'1.5' | mul(3)", "4.5")])
def mul(value: Any, other: Any) -> Decimal:
    """The exact product of two numbers."""
    return exactly(lambda: EXACT.multiply(as_decimal(value), as_decimal(other)), value)


@function("div", NUMBERS, Type.DECIMAL, parameters=[Parameter("other", NUMBERS)], examples=[
    ("'000010' | div(10)", "1"), ("'1' | div(3)", "invalid_value"), ("'1' | div(0)", "invalid_value"),
])  # fmt: skip
def div(value: Any, other: Any) -> Decimal:
    """The quotient, where it comes out exactly; else it is refused: `ratio` says how to round."""
    return exactly(lambda: EXACT.divide(as_decimal(value), as_decimal(other)), value)


@function(
    "ratio",
    NUMBERS,
    Type.DECIMAL,
    parameters=[
        Parameter("n", NUMBERS),
        Parameter("d", NUMBERS),
        Parameter("scale", static="int"),
        Parameter("rounding", static="word", required=False, default="half_even"),
    ],
    examples=[("'100' | ratio(1, 3, scale=2)", "33.33"), ("'1' | ratio(2, 3, scale=0, rounding=down)", "0")],
)
def ratio(scale: int, rounding: str) -> Callable[[Any, Any, Any], Decimal]:
    """The value times n over d, rounded once to `scale` decimals: half_even, half_up, half_down, up, down, ceiling or floor."""
    if rounding not in _ROUNDINGS or not 0 <= scale <= 30:
        raise ValueError(f"rounding is one of {', '.join(_ROUNDINGS)}; scale at most 30")
    mode = _ROUNDINGS[rounding]

    def rounded(value: Any, n: Any, d: Any) -> Decimal:
        product = exactly(lambda: EXACT.multiply(as_decimal(value), as_decimal(n)), value)
        try:
            return exact_ratio(product, as_decimal(d), scale, mode)
        except Hold as hold:
            raise Failed(hold.problems[0].fact, hold.problems[0].fix, value) from None

    return rounded


@function(
    "fixed",
    NUMBERS,
    Type.TEXT,
    parameters=[
        Parameter("scale", static="int"),
        Parameter("rounding", static="word", required=False, default=""),
        Parameter("minus", static="word", required=False, default="leading"),
    ],
    examples=[
        ("'5' | fixed(3)", "5.000"),
        ("'5.25' | fixed(1)", "invalid_value"),
        ("'5.25' | fixed(1, rounding=half_up)", "5.3"),
        ("'-5' | fixed(2, minus=trailing)", "5.00-"),
    ],
)
def fixed(scale: int, rounding: str, minus: str) -> Callable[[Any], str]:
    """A number as text with so many decimals, for writing. Digits are lost only where `rounding` says so;

    `minus=trailing` is what SAP writes."""
    if (rounding and rounding not in _ROUNDINGS) or minus not in ("leading", "trailing") or not 0 <= scale <= 30:
        raise ValueError(f"rounding is one of {', '.join(_ROUNDINGS)}; minus is leading or trailing; scale at most 30")

    def written(value: Any) -> str:
        number = as_decimal(value)
        result = exact_ratio(number, 1, scale, _ROUNDINGS.get(rounding, "ROUND_DOWN"))
        if not rounding and result != number:
            raise Failed(f"{value!r} has more than {scale} decimals", "say rounding=, or give the target more decimals", value)
        text = decimal_of(result)
        return f"{text[1:]}-" if minus == "trailing" and text.startswith("-") else text

    return written


@function("number", NUMBERS, Type.TEXT, examples=[("'0012.50' | number", "12.50")])
def number(value: Any) -> str:
    """A number as canonical text: no leading zeros, no plus sign, scale kept."""
    return decimal_of(value)


@function("plain", TEXTS | NUMBERS, Type.TEXT, examples=[("'12.500' | plain", "12.5"), ("'100' | plain", "100")])
def plain(value: Any) -> str:
    """A number as text without zeros behind the decimal mark, as X12 (R) and EDIFACT write it."""
    text = decimal_of(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
