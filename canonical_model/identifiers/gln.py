"""GLN: the number of a party or a place, 13 digits.

Source: GS1 General Specifications, section 2.4 (parties and locations), 7.9 (check digit);
https://www.gs1.org/standards/id-keys/gln
"""

from __future__ import annotations

from dataclasses import dataclass

from canonical_model.identifiers import mod10

LENGTHS = (13,)
_SEPARATORS = str.maketrans("", "", " -")


@dataclass(frozen=True, slots=True)
class Gln:
    """A valid GLN; ``digits`` are 13."""

    digits: str

    def __str__(self) -> str:
        return self.digits


def compact(text: str) -> str:
    """The digits without blanks and hyphens.

    >>> compact("0614141 00001 2")
    '0614141000012'
    """
    return text.translate(_SEPARATORS)


def check_digit(payload: str) -> str:
    """The check digit of a GLN's first 12 digits.

    >>> check_digit("061414100001")
    '2'
    """
    return mod10.digit(payload)


def parse(text: str, *, normalise: bool = False) -> Gln:
    """A GLN. Raises Hold (``invalid_value``) with the reason for everything else; see ``gtin.parse`` for ``normalise``.

    >>> parse("0614141000012").digits
    '0614141000012'
    """
    digits = mod10.require("gln", compact(mod10.normalise(text) if normalise else text), LENGTHS)
    if digits == "0" * 13:
        raise mod10.refuse("gln", digits, f"{digits!r} is all zeros and names no place", "leave the field empty where there is no GLN")
    return Gln(digits)


def is_valid(text: str) -> bool:
    """Whether ``text`` is a GLN as it stands.

    >>> is_valid("4012345000009"), is_valid("4012345000008")
    (True, False)
    """
    return len(text) == 13 and mod10.is_ascii_digits(text) and mod10.holds(text) and text != "0" * 13
