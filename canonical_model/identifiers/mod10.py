"""The check digit that all numeric GS1 keys share, and the digits they are written with.

Algorithm: GS1 General Specifications, section 7.9, "Check digit calculations": weights 3 and 1 from the right.
https://www.gs1.org/services/how-calculate-check-digit-manually
"""

from __future__ import annotations

import unicodedata

from canonical_model.problems import Cause, Hold, Problem, cause_key


def digit(payload: str) -> str:
    """The check digit of the digits before it.

    >>> digit("629104150021"), digit("10614141123456789")
    ('3', '7')
    """
    odd = sum(map(int, payload[::-2]))
    even = sum(map(int, payload[-2::-2]))
    return str(-(3 * odd + even) % 10)


def is_ascii_digits(text: str) -> bool:
    """True for one or more of ``0``-``9`` only: full-width and Arabic-Indic digits are other characters."""
    return text.isascii() and text.isdigit()


def holds(text: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    return digit(text[:-1]) == text[-1]


def normalise(text: str) -> str:
    """Full-width and other compatibility forms as plain ones. Ask for it by name: no parser does it by itself.

    >>> normalise("６９０１２３４５６７８９２")
    '6901234567892'
    """
    return unicodedata.normalize("NFKC", text)


def refuse(kind: str, value: str, fact: str, fix: str) -> Hold:
    """The Hold that a parser of ``kind`` raises; cause ``invalid_value``, key ``<kind>:<value>``."""
    return Hold(Problem(Cause.INVALID_VALUE, cause_key(kind, value[:40]), f"{fact}", fix, value=value[:80]))


def require(kind: str, text: str, lengths: tuple[int, ...]) -> str:
    """The text, if it is digits of a legal length with a right check digit; otherwise Hold with the reason."""
    if not is_ascii_digits(text):
        raise refuse(kind, text, f"{text[:80]!r} is not digits only", "send the digits 0-9; normalise other digits in the mapping by name")
    if len(text) not in lengths:
        wanted = ", ".join(map(str, lengths))
        raise refuse(
            kind, text, f"{text[:80]!r} has {len(text)} digits; a {kind.upper()} has {wanted}", "send all digits, leading zeros too"
        )
    if not holds(text):
        raise refuse(kind, text, f"{text!r} ends in {text[-1]}; its check digit is {digit(text[:-1])}", "correct the number at its source")
    return text
