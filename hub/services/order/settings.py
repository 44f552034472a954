"""``services.order`` of ``hub.yaml``: the arguments of the order rules, and the rules that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.services.order.defaults import DEFAULT_RULES
from hub.services.order.rules import CurrencyAccepted, LineDate, LotSize, Numbering, OrderDate, OrderRules, PriceDeviation, PriceList


def _decimal(text: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise ValueError(f"{text!r} is not a number from 0 on; fix: write it as 0.05 or 24")
    return f"{value:f}"


Number = Annotated[str, AfterValidator(_decimal)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Check = Literal["unit_allowed", "lot_size", "line_date", "order_date", "price_deviation", "currency_accepted", "ship_to"]
_RULES: Mapping[str, Check] = {
    "UnitAllowed": "unit_allowed", "LotSize": "lot_size", "LineDate": "line_date", "OrderDate": "order_date",
    "PriceDeviation": "price_deviation", "CurrencyAccepted": "currency_accepted", "ShipTo": "ship_to",
}  # fmt: skip
"""Checks that may also warn only. The others guard what the service cannot do without, as a quantity above 0."""


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgreedPrice(_Block):
    """The agreed price of an item for one unit of it."""

    item: str = Field(min_length=1, description="canonical item, as a GTIN of 14 digits or CODESET:CODE")
    unit: str = Field(min_length=1, description="unit that the price is for, in canonical form, as EA")
    amount: Number = Field(description="price of one unit")
    currency: Currency = Field(description="currency, ISO 4217")


class Lot(_Block):
    """In which quantities an item may be ordered, in its base unit."""

    item: str = Field(min_length=1, description="canonical item, as a GTIN of 14 digits or CODESET:CODE")
    minimum: Number = Field("0", description="least quantity of a line")
    multiple: Number = Field("0", description="a line's quantity is a multiple of it; 0: any quantity")


class OrderSettings(_Block):
    """Rules of the order service."""

    shortage: Literal["backorder", "reject"] = Field("backorder", description="what is not in stock waits for stock, or is refused")
    horizon_days: int = Field(366, ge=1, le=36_600, description="days from today within which an order or a line may be wanted")
    prices: tuple[AgreedPrice, ...] = Field((), description="agreed prices; a line whose item, unit and currency are listed is compared")
    price_tolerance: Number = Field("0.05", description="share by which a given price may differ from the agreed one")
    lots: tuple[Lot, ...] = Field((), description="minimum and multiple of items")
    currencies: tuple[Currency, ...] = Field((), description="currencies that orders may be in; any if absent")
    number_prefix: str = Field("S", pattern=r"^[A-Z0-9]{0,4}$", description="what the hub's own order numbers begin with")
    outcomes: Mapping[Check, Literal["reject", "warn"]] = Field(
        default_factory=dict, description="check -> `reject` (as all do if absent) or `warn`: told in the answer, and nothing else"
    )

    def rules(self) -> OrderRules:
        """The rules of these settings."""
        made = {type(rule): rule for rule in self._arguments()}
        lines = tuple(self._outcome(made.get(type(rule), rule)) for rule in DEFAULT_RULES.lines)
        header = tuple(self._outcome(made.get(type(rule), rule)) for rule in DEFAULT_RULES.header)
        return replace(DEFAULT_RULES, lines=lines, header=header, shortage=self.shortage, numbering=Numbering(self.number_prefix))

    def _arguments(self) -> tuple[Any, ...]:
        prices = PriceList({(one.item, one.unit): (one.amount, one.currency) for one in self.prices})
        return (
            LineDate(self.horizon_days), OrderDate(self.horizon_days), PriceDeviation(prices, self.price_tolerance),
            LotSize({one.item: (one.minimum, one.multiple) for one in self.lots}), CurrencyAccepted(frozenset(self.currencies)),
        )  # fmt: skip

    def _outcome(self, rule: Any) -> Any:
        name = _RULES.get(type(rule).__name__)
        return replace(rule, outcome=self.outcomes[name]) if name is not None and name in self.outcomes else rule


SETTINGS = OrderSettings
