"""Functions on identifiers of GS1: check digits are checked, forms made one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from canonical_model.identifiers import gln as glns
from canonical_model.identifiers import gtin as gtins
from canonical_model.identifiers import sscc as ssccs
from canonical_model.problems import Hold
from mappings.language.registry import Failed, function


@function("gtin", examples=[("'4006381333931' | gtin", "04006381333931"), ("'4006381333932' | gtin", "invalid_value")])
def gtin(value: str) -> str:
    """A GTIN in 14 digits; its check digit must hold."""
    return _digits(gtins.parse, value)


@function("gln", examples=[("'0614141000012' | gln", "0614141000012"), ("'0614141000013' | gln", "invalid_value")])
def gln(value: str) -> str:
    """A GLN in 13 digits; its check digit must hold."""
    return _digits(glns.parse, value)


@function("sscc", examples=[("'106141411234567897' | sscc", "106141411234567897"), ("'1' | sscc", "invalid_value")])
def sscc(value: str) -> str:
    """An SSCC in 18 digits; its check digit must hold."""
    return _digits(ssccs.parse, value)


def _digits(parse: Callable[[str], Any], value: str) -> str:
    try:
        return str(parse(value).digits)
    except Hold as hold:
        raise Failed(hold.problems[0].fact, hold.problems[0].fix, value) from None
