"""Functions that ask the code tables. What was given stays beside what it means; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from canonical_model.decimals import decimal_text
from canonical_model.problems import Cause
from mappings.language.api import Hit, Miss
from mappings.language.functions.values import EXACT, as_decimal, exactly
from mappings.language.registry import NUMBERS, Env, Failed, Parameter, Type, function

_ELSE: Final = Parameter("else", static="else", required=False)
_CODED: Final[dict[str, Any]] = {"env": True, "resolves": True}
_OWN: Final = frozenset({"item", "party", "unit", "location"})


def missed(miss: Miss, table: str, code: str) -> Failed:
    """The failure for a question that the tables do not answer, or answer twice."""
    cause = Cause.AMBIGUOUS_CODE if miss.candidates else Cause.UNKNOWN_PARTY if table == "party" else Cause.MISSING_CODE
    return Failed(miss.fact, miss.fix, code, cause, miss.key, tuple(miss.candidates))


@function(
    "code",
    parameters=[Parameter("table", static="word"), Parameter("context", required=False), _ELSE],
    examples=[("'PCE' | code(unit)", "EA"), ("'???' | code(unit)", "missing_code"), ("'???' | code(party)", "unknown_party"),
              ("'???' | code(unit, else=keep)", "???"), ("'???' | code(unit, else='EA')", "EA")],
    **_CODED,
)  # fmt: skip
def code(table: str, **options: Any) -> Callable[..., str]:
    """The canonical code for a partner's code, by table. Without one the document is held, unless `else=keep` or `else='X'`."""
    other = options["else"]

    def resolved(env: Env, value: str, context: str | None) -> str:
        found = env.codes.resolve(table, value, context=context or "", on=env.on)
        if isinstance(found, Hit):
            return found.canonical
        return _otherwise(found, other, table, value)

    return resolved


@function(
    "code_out",
    parameters=[Parameter("table", static="word"), Parameter("context", required=False), _ELSE],
    examples=[("'EA' | code_out(unit)", "PCE"), ("'ZZ' | code_out(unit)", "missing_code")],
    **_CODED,
)
def code_out(table: str, **options: Any) -> Callable[..., str]:
    """The partner's code for a canonical code, by table; the row marked preferred wins."""
    other = options["else"]

    def resolved(env: Env, value: str, context: str | None) -> str:
        found = env.codes.reverse(table, value, context=context or "", on=env.on)
        if isinstance(found, Hit):
            return found.canonical
        return _otherwise(found, other, table, value)

    return resolved


def _with_given(found: dict[str, Any], buyer: str | None, supplier: str | None) -> dict[str, Any]:
    """An item with further numbers that were given; without any, the item itself."""
    if not buyer and not supplier:
        return found
    more = [{"scheme": scheme, "code": code} for scheme, code in (("buyer", buyer), ("supplier", supplier)) if code]
    return {**found, "given": [*found["given"], *more]}


@function(
    "item",
    gives=Type.ITEM,
    parameters=[
        Parameter("unit", required=False), Parameter("gtin", required=False), Parameter("buyer", required=False, added=True),
        Parameter("supplier", required=False, added=True),
    ],
    adds=_with_given,
    given=("", "gtin", "buyer", "supplier"),
    examples=[
        ("'4711' | item(unit='PCE')", {"id": "04006381333931", "gtin": "04006381333931", "level": "EA",
                                       "given": [{"scheme": "example:item", "code": "4711"}]}),
        ("'???' | item", "missing_code"),
    ],
    **_CODED,
)  # fmt: skip
def item(env: Env, value: str, unit: str | None, gtin: str | None, buyer: str | None, supplier: str | None) -> dict[str, Any]:
    """The item of an item code in a unit. A GTIN of the message answers where the table is silent; one that contradicts it holds.

    `buyer=` and `supplier=` are further numbers that were given: they are kept, not asked for.
    """
    found = env.codes.item(value, unit=unit or "", gtin=gtin, on=env.on)
    if isinstance(found, Miss):
        raise missed(found, "item", value)
    result: dict[str, Any] = {"id": found.canonical}
    if len(found.canonical) == 14 and found.canonical.isdigit():
        result["gtin"] = found.canonical
    if found.extension:
        result["extension"] = found.extension
    if found.level:
        result["level"] = found.level
    result["given"] = [{"scheme": f"{env.codes.code_set}:item", "code": value}]
    if gtin:
        result["given"].append({"scheme": "gtin", "code": gtin})
    return _with_given(result, buyer, supplier)


@function(
    "party",
    gives=Type.PARTY,
    parameters=[Parameter("name", required=False), Parameter("gln", required=False)],
    parts={"name": ("name", ""), "gln": ("gln", "")},
    given=("",),
    examples=[
        (
            "'1000' | party(name='Guangdong')",
            {"party": "GD-01", "name": "Guangdong", "given": [{"scheme": "example:party", "code": "1000"}]},
        ),
        ("'???' | party", "unknown_party"),
    ],
    **_CODED,
)
def party(env: Env, value: str, name: str | None, gln: str | None) -> dict[str, Any]:
    """The party of a partner's number: canonical code, name and GLN as given, and the number itself."""
    found = env.codes.resolve("party", value, context="", on=env.on)
    if isinstance(found, Miss):
        raise missed(found, "party", value)
    result: dict[str, Any] = {"party": found.canonical}
    if name:
        result["name"] = name
    if gln:
        result["gln"] = gln
    result["given"] = [{"scheme": f"{env.codes.code_set}:party", "code": value}]
    return result


@function(
    "given",
    gives=Type.GIVEN,
    parameters=[Parameter("scheme", static="word")],
    given=("",),
    total=True,
    **_CODED,
    examples=[
        ("'1000' | given(party)", [{"scheme": "example:party", "code": "1000"}]),
        ("'A-7' | given(buyer)", [{"scheme": "buyer", "code": "A-7"}]),
    ],
)
def given(scheme: str) -> Callable[[Env, str], list[dict[str, str]]]:
    """What the partner wrote, with its scheme: item, party, unit and location are of the system's code set, others as named."""
    own = scheme in _OWN
    return lambda env, value: [{"scheme": f"{env.codes.code_set}:{scheme}" if own else scheme, "code": value}]


@function(
    "base_quantity",
    NUMBERS | {Type.QUANTITY},
    Type.QUANTITY,
    varied=True,
    parameters=[Parameter("item", frozenset({Type.TEXT, Type.ITEM})), Parameter("unit", required=False)],
    examples=[
        ("'2' | base_quantity(item='04006381333931', unit='CS')", {"value": "24", "unit": "EA"}),
        ("'2' | quantity('CS') | base_quantity(item='04006381333931')", {"value": "24", "unit": "EA"}),
        ("'2' | base_quantity(item='04006381333931', unit='PAL')", "missing_code"),
    ],
    **_CODED,
)
def base_quantity(env: Env, value: Any, item: Any, unit: str | None) -> dict[str, str]:
    """A quantity in the item's base unit, by the exact integer ratio of its packaging level."""
    number = value
    if isinstance(value, dict):
        number, unit = value["value"], value["unit"]
    pack = _pack(env, item, unit)
    return {"value": _times(number, pack.numerator, pack.denominator), "unit": pack.base_unit}


@function(
    "pack",
    NUMBERS | {Type.QUANTITY},
    Type.QUANTITY,
    varied=True,
    parameters=[Parameter("item", frozenset({Type.TEXT, Type.ITEM})), Parameter("unit")],
    examples=[
        ("'24' | pack(item='04006381333931', unit='CS')", {"value": "2", "unit": "CS"}),
        ("'7' | pack(item='04006381333931', unit='CS')", "invalid_value"),
    ],
    **_CODED,
)
def pack(env: Env, value: Any, item: Any, unit: str) -> dict[str, str]:
    """A quantity of base units in a packaging level of the item, where it comes out exactly."""
    level = _pack(env, item, unit)
    number = value["value"] if isinstance(value, dict) else value
    return {"value": _times(number, level.denominator, level.numerator), "unit": unit}


def _pack(env: Env, item: Any, unit: str | None) -> Any:
    name = item["id"] if isinstance(item, dict) else item
    if not unit:
        raise Failed("the quantity has no unit", "say unit=", None)
    found = env.codes.pack(name, unit, on=env.on)
    if isinstance(found, Miss):
        raise missed(found, "pack", unit)
    return found


def _times(value: Any, n: int, d: int) -> str:
    """value * n / d, as text without zeros behind the mark that the ratio made; refused where it does not come out."""
    # Only texts are remembered: 1.0 and 1.00 are equal as decimals and are not the same answer.
    return _product_of_text(value, n, d) if isinstance(value, str) else _product(value, n, d)


def _product(value: Any, n: int, d: int) -> str:
    number = as_decimal(value)
    return decimal_text(exactly(lambda: EXACT.divide(EXACT.multiply(number, n), d), value))


_product_of_text: Final = lru_cache(maxsize=8192)(_product)


def _otherwise(miss: Miss, other: str | bool | None, table: str, value: str) -> str:
    if other is True:
        return value
    if isinstance(other, str):
        return other
    raise missed(miss, table, value)
