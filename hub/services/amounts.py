"""Canonical decimal texts <-> the integers that services count in (decision 0011).

Quantities are millionths of a unit, money is minor units of its currency; both fit a BIGINT or are refused by name.
No float and no division but exact integer ones with a stated rounding.
"""

from __future__ import annotations

from functools import lru_cache

from canonical_model.codes.currencies import CURRENCIES
from canonical_model.problems import Cause, Hold, Problem

MILLION = 1_000_000
LARGEST = 2**63 - 1


@lru_cache(maxsize=8192)
def millionths(text: str) -> int:
    """Decimal text -> millionths. More than six decimals, or more than a BIGINT, is held as an invalid value.

    >>> millionths("12.5"), millionths("-0.000001")
    (12500000, -1)
    """
    whole, _, part = text.partition(".")
    number = int(whole + part[:6].ljust(6, "0"))
    if part[6:].strip("0") or abs(number) > LARGEST:
        raise _unfit(text)
    return number


def _unfit(text: str) -> Hold:
    fact = f"the quantity {text} does not fit six decimals and 64 bits"
    return Hold(Problem(Cause.INVALID_VALUE, f"quantity:{text}", fact, "send the quantity in a larger or a smaller unit", value=text))


@lru_cache(maxsize=8192)
def decimal(number: int) -> str:
    """Millionths -> shortest decimal text.

    >>> decimal(12500000), decimal(-1), decimal(0)
    ('12.5', '-0.000001', '0')
    """
    whole, part = divmod(abs(number), MILLION)
    text = f"{whole}.{part:06d}".rstrip("0").rstrip(".") if part else str(whole)
    return f"-{text}" if number < 0 else text


def convert(number: int, numerator: int, denominator: int) -> int:
    """``number * numerator / denominator``, rounded half away from zero to a millionth."""
    return rounded(number * numerator, denominator)


def rounded(numerator: int, denominator: int) -> int:
    """Integer nearest to a quotient, halves away from zero.

    >>> rounded(5, 2), rounded(-5, 2), rounded(7, 3)
    (3, -3, 2)
    """
    whole = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return whole if (numerator < 0) == (denominator < 0) else -whole


@lru_cache(maxsize=8192)
def scaled(text: str) -> tuple[int, int]:
    """Decimal text -> (integer, power of ten it is divided by): exact, whatever the number of decimals.

    >>> scaled("11.005")
    (11005, 1000)
    """
    whole, _, part = text.partition(".")
    return int(whole + part), 10 ** len(part)


def minor(amount: str, quantity: int, per: int, currency: str) -> int:
    """Price ``amount`` for ``per`` millionths, times ``quantity`` millionths, in minor units, rounded once.

    >>> minor("10.00", 5_000_000, 1_000_000, "CNY")
    5000
    """
    number, scale = scaled(amount)
    return rounded(number * quantity * int(10 ** (CURRENCIES.get(currency) or 0)), scale * per)
