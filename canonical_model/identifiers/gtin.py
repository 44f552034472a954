"""GTIN: the number of a trade item at one packaging level, in 8, 12, 13 or 14 digits.

Normalised to 14 digits by leading zeros; the length it came in is kept. The prefix class says how far a number may be
trusted: a restricted one names something only inside the shop or agent that issued it.
Source: GS1 General Specifications, sections 1.4 (prefixes), 2.1 (trade items), 7.9 (check digit);
https://www.gs1.org/standards/id-keys/company-prefix
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from canonical_model.identifiers import mod10

LENGTHS = (8, 12, 13, 14)
_SEPARATORS = str.maketrans("", "", " -")
_DAMAGE = re.compile(r"[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+|[0-9]+\.[0-9]*", re.ASCII)


class PrefixClass(StrEnum):
    """What the prefix says of a number. Only ``UNRESTRICTED``, ``ISSN`` and ``ISBN`` name an item everywhere."""

    UNRESTRICTED = "unrestricted"
    RESTRICTED = "restricted"
    COUPON = "coupon"
    REFUND = "refund"
    ISSN = "issn"
    ISBN = "isbn"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Gtin:
    """A valid GTIN. ``digits`` are always 14, ``length`` is how many the sender wrote."""

    digits: str
    length: int
    prefix_class: PrefixClass
    indicator: int

    @property
    def is_variable_measure(self) -> bool:
        """Indicator 9: the pack's weight or count varies and must be sent beside the number."""
        return self.indicator == 9

    @property
    def is_grouping(self) -> bool:
        """Indicator 1-8: a packaging level above the base unit; its own number, never reduced to the inner one."""
        return 1 <= self.indicator <= 8

    def __str__(self) -> str:
        return self.digits


def compact(text: str) -> str:
    """The digits without blanks and hyphens; nothing else is taken away.

    >>> compact(" 6 291041-500213 ")
    '6291041500213'
    """
    return text.translate(_SEPARATORS)


def check_digit(payload: str) -> str:
    """The check digit of a GTIN's other digits (7, 11, 12 or 13 of them).

    >>> check_digit("690123456789")
    '2'
    """
    return mod10.digit(payload)


def parse(text: str, *, normalise: bool = False) -> Gtin:
    """A GTIN in any of its lengths. Raises Hold (``invalid_value``) with the reason for everything else.

    ``normalise`` takes full-width digits as plain ones first: only where a mapping asks for it by name.
    A number that a spreadsheet has changed (``6.90129E+12``, ``6901234567892.0``) is refused: digits may be lost.

    >>> parse("4006381333931").digits, parse("96385074").digits, parse("10614141000415").indicator
    ('04006381333931', '00000096385074', 1)
    """
    digits = compact(mod10.normalise(text) if normalise else text)
    if _DAMAGE.fullmatch(digits):
        fact = f"{digits[:80]!r} is a number as a spreadsheet shows it; digits may be lost"
        raise mod10.refuse("gtin", digits, fact, "export the column as text and send it again")
    mod10.require("gtin", digits, LENGTHS)
    padded = digits.zfill(14)
    if padded == "0" * 14:
        raise mod10.refuse("gtin", digits, f"{digits!r} is all zeros and names no item", "leave the field empty where there is no GTIN")
    return Gtin(padded, len(digits), prefix_class(padded), int(padded[0]))


def is_valid(text: str) -> bool:
    """Whether ``text`` is a GTIN as it stands: digits of a legal length, right check digit, not all zeros.

    >>> is_valid("4006381333931"), is_valid("4006381333932"), is_valid("６９０１２３４５６７８９２")
    (True, False, False)
    """
    return len(text) in LENGTHS and mod10.is_ascii_digits(text) and mod10.holds(text) and text.strip("0") != ""


def prefix_class(digits: str) -> PrefixClass:
    """The class of a 14-digit GTIN by its GS1 prefix; five zeros after the indicator mean a GTIN-8, a number bank of its own.

    >>> prefix_class("00000020000004"), prefix_class("02012345678903"), prefix_class("09771234567003")
    (<PrefixClass.RESTRICTED: 'restricted'>, <PrefixClass.RESTRICTED: 'restricted'>, <PrefixClass.ISSN: 'issn'>)
    """
    if digits[1:6] == "00000":
        return _class_of_gtin8(digits[6:])
    prefix = digits[1:4]
    return next((name for first, last, name in _RANGES if first <= prefix <= last), PrefixClass.UNRESTRICTED)


def can_resolve_globally(gtin: Gtin) -> bool:
    """Whether the number names an item outside the code set it came from: decides if it may be a key by itself.

    >>> can_resolve_globally(parse("6901234567892")), can_resolve_globally(parse("2012345678903"))
    (True, False)
    """
    return gtin.prefix_class in (PrefixClass.UNRESTRICTED, PrefixClass.ISSN, PrefixClass.ISBN)


_RANGES: tuple[tuple[str, str, PrefixClass], ...] = (
    ("020", "029", PrefixClass.RESTRICTED),
    ("040", "049", PrefixClass.RESTRICTED),
    ("050", "059", PrefixClass.COUPON),
    ("200", "299", PrefixClass.RESTRICTED),
    ("977", "977", PrefixClass.ISSN),
    ("978", "979", PrefixClass.ISBN),
    ("980", "980", PrefixClass.REFUND),
    ("981", "984", PrefixClass.COUPON),
    ("990", "999", PrefixClass.COUPON),
)


def _class_of_gtin8(digits: str) -> PrefixClass:
    """GTIN-8 has its own prefixes: 0 and 2 are for use inside one company; 977-999 were never given out there."""
    if digits[0] in "02":
        return PrefixClass.RESTRICTED
    return PrefixClass.UNUSED if digits[:3] >= "977" else PrefixClass.UNRESTRICTED
