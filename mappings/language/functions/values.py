"""Values as texts and back: what several functions and both engines share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal, DecimalException, DivisionByZero, Inexact, InvalidOperation, Overflow
from functools import lru_cache
from typing import Any, Final

from canonical_model.decimals import DECIMAL, decimal_text
from mappings.language.registry import Failed

EXACT: Final = Context(prec=60, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Numbers of a message have at most 60 places; a result that does not fit is refused, never rounded."""

_LONGEST: Final = 60
_NUMBER: Final = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(-?)", re.ASCII)


def as_decimal(value: str | int | Decimal) -> Decimal:
    """A number as a message writes it: blanks around it, leading zeros, a sign before or (as SAP does) behind it.

    Raises Failed on anything else; an exponent, a thousands mark or a decimal comma is not a number until said so.
    """
    if isinstance(value, str):
        if len(value) <= _LONGEST and DECIMAL.fullmatch(value):
            return Decimal(value)
        return _loose(value)
    return Decimal(value)


def _loose(value: str) -> Decimal:
    match = _NUMBER.fullmatch(value.strip())
    if match is None or len(value) > _LONGEST or (match[1] and match[3]):
        raise Failed(f"{value[:80]!r} is not a number", "correct the value, or name its marks: decimal(mark=',', thousands='.')", value)
    number = Decimal(match[2].removesuffix("."))
    return number.copy_negate() if match[1] == "-" or match[3] else number


def decimal_of(value: str | int | Decimal) -> str:
    """A number as canonical text. One that is written so already passes through."""
    return text_of(value) if isinstance(value, str) else decimal_text(as_decimal(value))


@lru_cache(maxsize=8192)
def text_of(value: str) -> str:
    """A text that is a number as canonical text."""
    if len(value) <= _LONGEST and DECIMAL.fullmatch(value) and value[0] != "-":
        return value
    return decimal_text(as_decimal(value))


def number_text(value: Any) -> str:
    """Any value of the language as text in canonical form."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def instant_text(value: datetime) -> str:
    """``2026-11-25T08:30:00Z``; a fraction of a second only where there is one."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def exactly(operation: Callable[[], Decimal], value: Any) -> Decimal:
    """The result of an operation under ``EXACT``. Raises Failed where it does not come out."""
    try:
        return operation()
    except DecimalException:
        raise Failed(f"the result for {value!r} is not an exact decimal", "use ratio(n, d, scale=, rounding=)", value) from None
