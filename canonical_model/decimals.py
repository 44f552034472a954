"""Decimals as canonical texts, and the one way to divide them. Shared by quantity, money and the formats.

A canonical decimal text has digits, at most one ``.``, no exponent, no plus sign, no leading zeros; its scale is
kept: ``12.000`` stays ``12.000`` (decision 0011). No float ever enters here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
)

from canonical_model.problems import Cause, Hold, Problem, cause_key

DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
BIGINT_MAX = 2**63 - 1
BIGINT_MIN = -(2**63)

# 60 digits: more than any product of a BIGINT quantity, an integer pack ratio and a price needs.
EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_WIDE = Context(prec=60)

ROUNDINGS = frozenset({ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP})


def refused(fact: str, *, value: object, fix: str, kind: str = "number") -> Hold:
    """The Hold that every value refused by name raises: cause ``invalid_value``, key ``<kind>:<value>``."""
    text = str(value)[:80]
    return Hold(Problem(Cause.INVALID_VALUE, cause_key(kind, text), fact, fix, value=text))


def parse_decimal(text: str) -> Decimal:
    """A canonical decimal text as a Decimal of the same scale. Raises Hold on anything else.

    >>> parse_decimal("12.000")
    Decimal('12.000')
    """
    if not isinstance(text, str) or len(text) > 60 or DECIMAL.fullmatch(text) is None:
        fix = "write digits with '.' before the decimals: no exponent, no grouping, no plus sign, no leading zeros"
        raise refused(f"{text!r} is not a canonical decimal", value=text, fix=fix)
    return Decimal(text)


def decimal_text(value: Decimal) -> str:
    """The canonical text of a Decimal: scale kept, no exponent, no negative zero. Raises Hold on NaN and infinity.

    >>> decimal_text(Decimal("1E+3")), decimal_text(Decimal("0.10")), decimal_text(Decimal("-0.0"))
    ('1000', '0.10', '0.0')
    """
    if not value.is_finite():
        raise refused(f"{value} is not a number that can be kept", value=value, fix="send a finite decimal")
    return format(value if value else abs(value), "f")


def to_scaled(value: Decimal, digits: int) -> int | None:
    """``value * 10**digits`` as an integer, or None when ``value`` is finer than that or not a number."""
    if not value.is_finite() or not -100 < value.adjusted() < 100:
        return 0 if value.is_finite() and not value else None
    scaled = value.scaleb(digits, _WIDE)
    whole = int(scaled)
    return whole if whole == scaled and value == Decimal(whole).scaleb(-digits, _WIDE) else None


def ratio(n: Decimal | int, d: Decimal | int, scale: int, rounding: str) -> Decimal:
    """``n / d`` rounded once to ``scale`` decimals by a rounding of the decimal module, e.g. ``ROUND_HALF_EVEN``.

    Works on exact integers, so that there is no second rounding. Raises Hold when ``d`` is zero.

    >>> ratio(Decimal("100.00"), 3, 2, ROUND_HALF_EVEN)
    Decimal('33.33')
    """
    if rounding not in ROUNDINGS:
        raise ValueError(f"{rounding!r} is not a rounding of the decimal module")
    if not d:
        raise refused(f"{n} cannot be divided by zero", value=n, fix="send a base quantity or denominator other than 0")
    numerator, bottom = _integers((Decimal(n), Decimal(d)))
    quotient, remainder = divmod(abs(numerator) * 10**scale, abs(bottom))
    negative = (numerator < 0) != (bottom < 0)
    quotient += _away(quotient, 2 * remainder - abs(bottom), remainder, negative, rounding)
    return Decimal(-quotient if negative else quotient).scaleb(-scale, Context(prec=max(60, len(str(quotient)))))


def _integers(values: Iterable[Decimal]) -> tuple[int, int]:
    """Two decimals as integers of the same ratio."""
    first, second = (value.as_integer_ratio() for value in values)
    return first[0] * second[1], second[0] * first[1]


def _away(quotient: int, over_half: int, remainder: int, negative: bool, rounding: str) -> int:
    """1 when the magnitude is rounded up, else 0. ``over_half`` is > 0 above one half, 0 at it."""
    if not remainder:
        return 0
    match rounding:
        case "ROUND_DOWN":
            up = False
        case "ROUND_UP":
            up = True
        case "ROUND_CEILING":
            up = not negative
        case "ROUND_FLOOR":
            up = negative
        case "ROUND_HALF_UP":
            up = over_half >= 0
        case "ROUND_HALF_DOWN":
            up = over_half > 0
        case _:
            up = over_half > 0 or (over_half == 0 and quotient % 2 == 1)
    return int(up)
