"""Functions that make the canonical pairs of a number and its unit or currency."""

from __future__ import annotations

from typing import Any

from mappings.language.functions.values import decimal_of
from mappings.language.registry import NUMBERS, Parameter, Type, function


@function(
    "quantity",
    NUMBERS,
    Type.QUANTITY,
    parameters=[Parameter("unit")],
    parts={"value": ("", "number"), "unit": ("unit", "")},
    composed=True,
    examples=[("'010.000' | quantity('EA')", {"value": "10.000", "unit": "EA"}), ("'ten' | quantity('EA')", "invalid_value")],
)
def quantity(value: Any, unit: str) -> dict[str, str]:
    """A quantity: number and unit (Rec 20 code, as `code(unit)` gives it)."""
    return {"value": decimal_of(value), "unit": unit}


@function(
    "money",
    NUMBERS,
    Type.MONEY,
    parameters=[Parameter("currency")],
    parts={"amount": ("", "number"), "currency": ("currency", "")},
    composed=True,
    examples=[("'12.50' | money('CNY')", {"amount": "12.50", "currency": "CNY"})],
)
def money(value: Any, currency: str) -> dict[str, str]:
    """An amount of money: number and currency (ISO 4217)."""
    return {"amount": decimal_of(value), "currency": currency}


@function(
    "price",
    NUMBERS,
    Type.PRICE,
    parameters=[Parameter("currency"), Parameter("unit"), Parameter("per", NUMBERS, required=False, default="1")],
    parts={"amount": ("", "number"), "currency": ("currency", ""), "per/value": ("per", "number"), "per/unit": ("unit", "")},
    composed=True,
    examples=[
        (
            "'99.00' | price(per='0100', unit='EA', currency='EUR')",
            {"amount": "99.00", "currency": "EUR", "per": {"value": "100", "unit": "EA"}},
        ),
        ("'1' | price(currency='EUR', unit='EA')", {"amount": "1", "currency": "EUR", "per": {"value": "1", "unit": "EA"}}),
    ],
)
def price(value: Any, currency: str, unit: str, per: Any) -> dict[str, Any]:
    """A price: amount, currency and the quantity it is for (`per` units, 1 where it is not given or absent). Nothing is divided."""
    return {"amount": decimal_of(value), "currency": currency, "per": {"value": "1" if per is None else decimal_of(per), "unit": unit}}
