"""SSCC: the number of one logistic unit (a pallet, a carton that travels), 18 digits.

Source: GS1 General Specifications, section 2.2 (logistic units), 7.9 (check digit);
https://www.gs1.org/standards/id-keys/sscc
"""

from __future__ import annotations

from dataclasses import dataclass

from canonical_model.identifiers import mod10

LENGTHS = (18,)
_SEPARATORS = str.maketrans("", "", " -")


@dataclass(frozen=True, slots=True)
class Sscc:
    """A valid SSCC; ``digits`` are 18, the first is the extension digit that its owner chooses."""

    digits: str

    @property
    def extension(self) -> int:
        """The extension digit."""
        return int(self.digits[0])

    def __str__(self) -> str:
        return self.digits


def compact(text: str) -> str:
    """The digits without blanks, hyphens and the application identifier ``(00)`` or a leading ``00`` of 20 digits.

    >>> compact("(00) 1 0614141 123456789 7"), compact("00106141411234567897")
    ('106141411234567897', '106141411234567897')
    """
    digits = text.translate(_SEPARATORS).removeprefix("(00)")
    return digits[2:] if len(digits) == 20 and digits.startswith("00") else digits


def check_digit(payload: str) -> str:
    """The check digit of an SSCC's first 17 digits.

    >>> check_digit("10614141123456789")
    '7'
    """
    return mod10.digit(payload)


def parse(text: str, *, normalise: bool = False) -> Sscc:
    """An SSCC. Raises Hold (``invalid_value``) with the reason for everything else; see ``gtin.parse`` for ``normalise``.

    >>> parse("340123450000000000").extension
    3
    """
    digits = mod10.require("sscc", compact(mod10.normalise(text) if normalise else text), LENGTHS)
    if digits == "0" * 18:
        raise mod10.refuse("sscc", digits, f"{digits!r} is all zeros and names no unit", "leave the field empty where there is no SSCC")
    return Sscc(digits)


def is_valid(text: str) -> bool:
    """Whether ``text`` is an SSCC as it stands, 18 digits without application identifier."""
    return len(text) == 18 and mod10.is_ascii_digits(text) and mod10.holds(text) and text != "0" * 18
