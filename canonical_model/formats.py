"""The formats of canonical texts: one verdict function each, shared by both JSON Schema validators and by pydantic.

Where a regular expression says everything, ``PATTERNS`` holds it (the fast validator runs it natively) and the function
is that expression again; where it does not (check digits, code lists, the calendar), the function decides.
Expressions are ASCII and free of look-around, so that Rust, Python and ECMA engines read them alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from canonical_model.codes.countries import COUNTRIES
from canonical_model.codes.currencies import CURRENCIES
from canonical_model.codes.units import UNITS
from canonical_model.identifiers import gln, gtin, sscc

# The integer part stays under 9,200,000,000,000 so that millionths fit a BIGINT (9,223,372,036,854.775807).
QUANTITY = r"^-?(?:0|[1-9][0-9]{0,11}|[1-8][0-9]{12}|9[01][0-9]{11})(?:\.[0-9]{1,6})?$"
# 16 integer digits hold 99,999,999,999,999.99 and more; prices travel as text and may be fine.
AMOUNT = r"^-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,9})?$"
DATE = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"
# The same, and such a day exists: 31, 30 or 28 days, 29 in a leap year of the Gregorian calendar.
CALENDAR = (
    r"^(?:[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    r"|(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)$"
)
INSTANT = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{6})?Z$"
ID = "^[^\\u0000-\\u0020\\u007f](?:[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f])?$"
TEXT = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f]+$"
ITEM_ID = "^(?:[0-9]{14}|[^\\u0000-\\u0020:]{1,40}:[^\\u0000-\\u0020\\u007f](?:[^\\u0000-\\u001f\\u007f]{0,78}[^\\u0000-\\u0020\\u007f])?)$"

PATTERNS: Mapping[str, str] = {
    "quantity": QUANTITY,
    "amount": AMOUNT,
    "date": DATE,
    "instant": INSTANT,
    "gtin": "^[0-9]{14}$",
    "gln": "^[0-9]{13}$",
    "sscc": "^[0-9]{18}$",
    "item_id": ITEM_ID,
    "unit": "^[A-Z0-9]{2,3}$",
    "currency": "^[A-Z]{3}$",
    "country": "^[A-Z]{2}$",
}
"""Format name -> regular expression that every value of the format matches."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """A schema's expression for Python: ``$`` of a schema ends the text, it never stands before a last line feed."""
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern)


def matches(pattern: str, text: str) -> bool:
    """Whether a text matches a schema's expression as the published schema means it."""
    return compiled(pattern).search(text) is not None


def _matching(name: str, text: str) -> str:
    if not matches(PATTERNS[name], text):
        raise ValueError(f"{text!r} is not a valid {name}")
    return text


def parse_quantity(text: str) -> Decimal:
    """A quantity's text as Decimal; ValueError when it is not canonical or does not fit millionths in a BIGINT."""
    return Decimal(_matching("quantity", text))


def parse_amount(text: str) -> Decimal:
    """An amount's or price's text as Decimal; ValueError when it is not canonical."""
    return Decimal(_matching("amount", text))


def parse_date(text: str) -> date:
    """``YYYY-MM-DD`` as date; ValueError when there is no such day."""
    return date.fromisoformat(_matching("date", text))


def parse_instant(text: str) -> datetime:
    """``YYYY-MM-DDTHH:MM:SS[.ffffff]Z`` as an aware datetime in UTC; ValueError when there is no such instant."""
    return datetime.fromisoformat(_matching("instant", text)).astimezone(UTC)


def instant_text(value: datetime) -> str:
    """An aware datetime as canonical text. ValueError for a naive one: it names no instant.

    >>> instant_text(datetime(2026, 11, 25, 8, 30, tzinfo=UTC))
    '2026-11-25T08:30:00Z'
    """
    if value.utcoffset() is None:
        raise ValueError(f"{value.isoformat()} has no time zone and names no instant")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _calendar(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return lru_cache(maxsize=8192)(check)


@lru_cache(maxsize=65536)
def is_gtin14(text: str) -> bool:
    """Whether a text is a GTIN in its canonical form: 14 digits, right check digit."""
    return len(text) == 14 and gtin.is_valid(text)


@lru_cache(maxsize=65536)
def is_item_id(text: str) -> bool:
    """Whether a text is an item id: a GTIN-14 known everywhere, or ``<code set>:<code>``."""
    if ":" in text:
        return matches(ITEM_ID, text)
    return is_gtin14(text) and gtin.can_resolve_globally(gtin.parse(text))


CHECKERS: Mapping[str, Callable[[str], bool]] = {
    "quantity": lambda text: matches(QUANTITY, text),
    "amount": lambda text: matches(AMOUNT, text),
    "date": _calendar(parse_date),
    "instant": _calendar(parse_instant),
    "gtin": is_gtin14,
    "gln": lru_cache(maxsize=8192)(lambda text: len(text) == 13 and gln.is_valid(text)),
    "sscc": lambda text: len(text) == 18 and sscc.is_valid(text),
    "item_id": is_item_id,
    "unit": UNITS.__contains__,
    "currency": CURRENCIES.__contains__,
    "country": COUNTRIES.__contains__,
}
"""Format name -> whether a text is of it. ``date`` replaces the validators' own, which differ from each other."""

NAMES: Mapping[str, str] = {
    "quantity": "a quantity of up to 13 digits below 9,200,000,000,000 with up to 6 decimals, written without exponent",
    "amount": "an amount of up to 16 digits with up to 9 decimals, written without exponent",
    "date": "a calendar date YYYY-MM-DD",
    "instant": "an instant in UTC, YYYY-MM-DDTHH:MM:SS[.ffffff]Z",
    "gtin": "a GTIN of 14 digits with a right check digit",
    "gln": "a GLN of 13 digits with a right check digit",
    "sscc": "an SSCC of 18 digits with a right check digit",
    "item_id": "an item id: an unrestricted GTIN of 14 digits, or <code set>:<code>",
    "unit": "a unit code of UN/ECE Recommendation 20 that the hub knows",
    "currency": "a currency code of ISO 4217",
    "country": "a country code of ISO 3166-1 alpha-2",
}
"""Format name -> what it is, for people."""
