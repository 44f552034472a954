"""What every canonical model is made of: the base class, the scalar types, and fields with their references.

The classes are the source: the published JSON Schema is generated from them. A body travels as a plain
dict of texts; a class instance has Decimal, date and aware datetime in their place. Absent is a missing key, never null.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from canonical_model import formats
from canonical_model.decimals import decimal_text


class Body(BaseModel):
    """Base of all canonical models: frozen, unknown fields refused, null refused, no coercion between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", regex_engine="rust-regex")

    @model_validator(mode="before")
    @classmethod
    def _no_null(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            empty = [name for name, value in given.items() if value is None]
            if empty:
                raise ValueError(f"{', '.join(map(str, empty))}: null is not a value; leave the key out")
        return given

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        """An instance of a body that has passed ``canonical_model.validate`` (pydantic's ValidationError otherwise)."""
        return cls.model_validate(body)

    def to_body(self) -> dict[str, Any]:
        """The plain dict that ``from_body`` takes: texts for decimals, dates and instants, absent keys missing."""
        return self.model_dump(mode="json", exclude_unset=True)


def field(description: str, *, ubl: str = "", gs1: str = "", sap: str = "", **constraints: Any) -> Any:
    """A required field with its meaning and where the same thing stands in UBL 2.4, GS1 and SAP."""
    references = {"x-ubl": ubl, "x-gs1": gs1, "x-sap": sap}
    extra: dict[str, Any] = {name: text for name, text in references.items() if text}
    return Field(description=description, json_schema_extra=extra, **constraints)


def optional(description: str, *, ubl: str = "", gs1: str = "", sap: str = "", **constraints: Any) -> Any:
    """A field that may be absent: the key is missing in a body, the attribute is None in an instance."""
    return field(description, ubl=ubl, gs1=gs1, sap=sap, **{"default": None, **constraints})


def _instances(parse: Any, kind: type) -> BeforeValidator:
    """Take a canonical text, or the typed value from a service; anything else is refused (no coercion)."""

    def convert(given: Any) -> Any:
        if isinstance(given, str):
            return parse(given)
        if type(given) is not kind:
            raise ValueError(f"{given!r} is not a text")
        return given

    return BeforeValidator(convert)


def _schema(format: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": format, "pattern": formats.PATTERNS[format]})


def _checked(format: str) -> tuple[Any, ...]:
    """Constraints of a text that a format function judges: the same function in pydantic and in both validators."""

    def check(given: str) -> str:
        if not formats.CHECKERS[format](given):
            raise ValueError(f"{given!r} is not a valid {format}")
        return given

    return Strict(), AfterValidator(check), _schema(format)


def _written(write: Any) -> PlainSerializer:
    return PlainSerializer(write, return_type=str, when_used="json")


Id = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=80, pattern=formats.ID)]
"""A number or code as its owner writes it: no blank at either end, no control characters."""
Text = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=4000, pattern=formats.TEXT)]
"""Text for people; line breaks and tabs may stand in it, other control characters not."""
Whole = Annotated[int, Strict(), Field(ge=1, le=1_000_000_000)]
"""A positive whole number of a pack ratio."""

QuantityText = Annotated[Decimal, _instances(formats.parse_quantity, Decimal), _written(decimal_text), _schema("quantity")]
AmountText = Annotated[Decimal, _instances(formats.parse_amount, Decimal), _written(decimal_text), _schema("amount")]
Date = Annotated[date, _instances(formats.parse_date, date), _written(date.isoformat), _schema("date")]
Instant = Annotated[datetime, _instances(formats.parse_instant, datetime), _written(formats.instant_text), _schema("instant")]

Gtin = Annotated[str, *_checked("gtin")]
Gln = Annotated[str, *_checked("gln")]
Sscc = Annotated[str, *_checked("sscc")]
ItemId = Annotated[str, *_checked("item_id")]
Unit = Annotated[str, *_checked("unit")]
Currency = Annotated[str, *_checked("currency")]
Country = Annotated[str, *_checked("country")]
