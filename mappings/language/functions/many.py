"""Functions on all values of a path: where a path meets several records, one of these says what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from mappings.language.functions.values import EXACT, as_decimal, exactly
from mappings.language.registry import ANY, NUMBERS, Parameter, Type, function


@function("first", ANY, None, many=True, nullable=True, total=True, examples=[("'a' | first", "a")])
def first(values: Sequence[Any]) -> Any:
    """The first of several values, in the order of the message."""
    return values[0] if values else None


@function("last", ANY, None, many=True, nullable=True, total=True, examples=[("'a' | last", "a")])
def last(values: Sequence[Any]) -> Any:
    """The last of several values, in the order of the message."""
    return values[-1] if values else None


@function("count", ANY, Type.INT, many=True, total=True, examples=[("'a' | count", 1)])
def count(values: Sequence[Any]) -> int:
    """How many values there are; 0 when none."""
    return len(values)


@function("sum", NUMBERS, Type.DECIMAL, many=True, nullable=True, examples=[("'1.50' | sum", "1.50"), ("'x' | sum", "invalid_value")])
def sum_(values: Sequence[Any]) -> Decimal | None:
    """The exact sum; absent when there is no value."""
    if not values:
        return None
    total = as_decimal(values[0])
    for value in values[1:]:
        total = _added(total, as_decimal(value))
    return total


def _added(total: Decimal, number: Decimal) -> Decimal:
    return exactly(lambda: EXACT.add(total, number), number)


@function("min", NUMBERS, Type.DECIMAL, many=True, nullable=True, examples=[("'1.50' | min", "1.50")])
def min_(values: Sequence[Any]) -> Decimal | None:
    """The smallest number; absent when there is none."""
    return min(map(as_decimal, values)) if values else None


@function("max", NUMBERS, Type.DECIMAL, many=True, nullable=True, examples=[("'1.50' | max", "1.50")])
def max_(values: Sequence[Any]) -> Decimal | None:
    """The largest number; absent when there is none."""
    return max(map(as_decimal, values)) if values else None


@function(
    "join",
    frozenset({Type.TEXT}),
    parameters=[Parameter("separator", static="word", required=False, default=" ")],
    many=True,
    nullable=True,
    total=True,
    examples=[("'a' | join(', ')", "a")],
)
def join(separator: str) -> Callable[[Sequence[str]], str | None]:
    """All texts in one, in the order of the message; absent when there is none."""
    return lambda values: separator.join(values) if values else None
