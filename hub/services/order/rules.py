"""The checks an order may go through: each rule is a small object with declared arguments and a code.

A rule looks at one line, or at the header, and gives the reasons it finds; all rules run, so that the sender hears of every
fault in one answer. ``outcome`` says what a reason does: ``reject`` refuses the line (header rules: the order), ``hold``
stops the order until a person lifts it, ``warn`` is told and nothing else. Which rules run is said in ``defaults`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal, Protocol

from hub.services.amounts import decimal, millionths, scaled
from hub.services.order.model import Line, Order, Parties, Products, Reason

Outcome = Literal["reject", "hold", "warn"]
Reasons = Iterable[Reason]
NONE: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may know besides the order: the day in the sender's zone, the day of issue, and the two masters."""

    today: str
    issued_on: str
    products: Products | None = None
    parties: Parties | None = None


class LineRule(Protocol):
    """Looks at one line."""

    @property
    def outcome(self) -> Outcome: ...
    def __call__(self, line: Line, order: Order, facts: Facts) -> Reasons: ...


class OrderRule(Protocol):
    """Looks at the header."""

    @property
    def outcome(self) -> Outcome: ...
    def __call__(self, order: Order, facts: Facts) -> Reasons: ...


class Prices(Protocol):
    """The price that was agreed, if one is known: (amount, currency, per millionths, unit)."""

    def price(self, item: str, buyer: str, unit: str) -> tuple[str, str, int] | None: ...


@dataclass(frozen=True, slots=True)
class PriceList:
    """Agreed prices by (item, unit): (amount, currency) for one unit."""

    prices: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def price(self, item: str, buyer: str, unit: str) -> tuple[str, str, int] | None:
        found = self.prices.get((item, unit))
        return (*found, 1_000_000) if found else None


@dataclass(frozen=True, slots=True)
class QuantityPositive:
    """A line orders more than nothing."""

    outcome: Outcome = "reject"

    def __call__(self, line: Line, order: Order, facts: Facts) -> Reasons:
        if line.quantity > 0:
            return NONE
        return (Reason("quantity_not_positive", f"the quantity {decimal(line.quantity)} is not above 0"),)


@dataclass(frozen=True, slots=True)
class ItemKnown:
    """The product master knows the item and sells it; silent while no product master is loaded."""

    outcome: Outcome = "reject"
    blocked: frozenset[str] = frozenset({"blocked"})
    discontinued: frozenset[str] = frozenset({"discontinued"})

    def __call__(self, line: Line, order: Order, facts: Facts) -> Reasons:
        if facts.products is None or not facts.products.loaded:
            return NONE
        product = facts.products.product(line.item["id"])
        if product is None:
            return (Reason("item_unknown", f"the product master has no item {line.item['id']}"),)
        if product.status in self.blocked:
            return (Reason("item_blocked", f"the item {line.item['id']} is {product.status}"),)
        if product.status in self.discontinued:
            return (Reason("item_discontinued", f"the item {line.item['id']} is {product.status}"),)
        return NONE


@dataclass(frozen=True, slots=True)
class UnitAllowed:
    """The item may be ordered in this unit; silent where the product master does not know the item."""

    outcome: Outcome = "reject"

    def __call__(self, line: Line, order: Order, facts: Facts) -> Reasons:
        product = facts.products.product(line.item["id"]) if facts.products is not None else None
        if product is None or not product.units or line.unit in product.units:
            return NONE
        return (Reason("unit_not_allowed", f"{line.item['id']} is ordered in {', '.join(sorted(product.units))}, not in {line.unit}"),)


@dataclass(frozen=True, slots=True)
class LotSize:
    """Minimum and multiple of an item, in its base unit: ``items`` maps an item to (minimum, multiple) as decimal texts."""

    items: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    outcome: Outcome = "reject"

    def __call__(self, line: Line, order: Order, facts: Facts) -> Reasons:
        lots = self.items.get(line.item["id"])
        if lots is None or line.quantity <= 0:
            return NONE
        minimum, multiple = millionths(lots[0]), millionths(lots[1])
        found = []
        if line.ordered < minimum:
            found.append(Reason("below_minimum_quantity", f"{decimal(line.ordered)} {line.base_unit} is below the minimum {lots[0]}"))
        if multiple and line.ordered % multiple:
            found.append(Reason("not_a_multiple", f"{decimal(line.ordered)} {line.base_unit} is not a multiple of {lots[1]}"))
        return found


@lru_cache(maxsize=64)
def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _date_fault(wanted: str | None, facts: Facts, horizon: int) -> Reasons:
    if wanted is None:
        return NONE
    if wanted < facts.issued_on:
        return (Reason("date_before_issue", f"requested on {wanted}, issued on {facts.issued_on}"),)
    if wanted > _later(facts.today, horizon):
        return (Reason("date_beyond_horizon", f"requested on {wanted}, more than {horizon} days from {facts.today}"),)
    return NONE


@dataclass(frozen=True, slots=True)
class LineDate:
    """The day a line is wanted is not before the day of issue, and not further away than the horizon (days from today)."""

    horizon: int = 366
    outcome: Outcome = "reject"

    def __call__(self, line: Line, order: Order, facts: Facts) -> Reasons:
        return _date_fault(line.requested_on, facts, self.horizon)


@dataclass(frozen=True, slots=True)
class OrderDate:
    """The same for the day in the header."""

    horizon: int = 366
    outcome: Outcome = "reject"

    def __call__(self, order: Order, facts: Facts) -> Reasons:
        return _date_fault(order.requested_on, facts, self.horizon)


@dataclass(frozen=True, slots=True)
class PriceDeviation:
    """The given price stays within ``tolerance`` (a share, e.g. 0.05) of the agreed one, if one is known."""

    prices: Prices = field(default_factory=PriceList)
    tolerance: str = "0.05"
    outcome: Outcome = "reject"

    def __call__(self, line: Line, order: Order, facts: Facts) -> Reasons:
        given = line.price
        known = self.prices.price(line.item["id"], order.buyer, line.unit) if given else None
        if given is None or known is None or given["currency"] != known[1] or given["per"]["unit"] != line.unit:
            return NONE
        (amount, scale), (agreed, of) = scaled(given["amount"]), scaled(known[0])
        share, whole = scaled(self.tolerance)
        per = millionths(given["per"]["value"])
        # amount/scale/per against agreed/of/known_per, all brought to one denominator: no division.
        mine, theirs = amount * of * known[2], agreed * scale * per
        if abs(mine - theirs) * whole <= theirs * share:
            return NONE
        fact = f"the price {given['amount']} {given['currency']} is not within {self.tolerance} of the agreed {known[0]}"
        return (Reason("price_deviation", fact),)


@dataclass(frozen=True, slots=True)
class LineCurrency:
    """A line's price is in the currency of the order."""

    outcome: Outcome = "reject"

    def __call__(self, line: Line, order: Order, facts: Facts) -> Reasons:
        if line.price is None or line.price["currency"] == order.currency:
            return NONE
        return (Reason("currency_mismatch", f"the line is priced in {line.price['currency']}, the order in {order.currency}"),)


@dataclass(frozen=True, slots=True)
class CurrencyAccepted:
    """Orders are taken in these currencies only; an empty set takes all."""

    currencies: frozenset[str] = frozenset()
    outcome: Outcome = "reject"

    def __call__(self, order: Order, facts: Facts) -> Reasons:
        if not self.currencies or order.currency in self.currencies:
            return NONE
        return (Reason("currency_not_accepted", f"{order.currency} is not among {', '.join(sorted(self.currencies))}"),)


@dataclass(frozen=True, slots=True)
class ShipTo:
    """The party to be delivered is known and not blocked; silent while no party master is loaded."""

    blocked: frozenset[str] = frozenset({"blocked", "closed"})
    outcome: Outcome = "reject"

    def __call__(self, order: Order, facts: Facts) -> Reasons:
        if facts.parties is None or not facts.parties.parties_loaded or not order.ship_to:
            return NONE
        found = facts.parties.party_facts(order.ship_to)
        if found is None:
            return (Reason("ship_to_unknown", f"the party master has no {order.ship_to}"),)
        return (Reason("ship_to_blocked", f"{order.ship_to} is {found.status}"),) if found.status in self.blocked else NONE


@dataclass(frozen=True, slots=True)
class BuyerAllowed:
    """The buyer is not blocked; an unknown buyer is no fault here (translation has resolved his code)."""

    blocked: frozenset[str] = frozenset({"blocked", "closed"})
    outcome: Outcome = "reject"

    def __call__(self, order: Order, facts: Facts) -> Reasons:
        found = facts.parties.party_facts(order.buyer) if facts.parties is not None else None
        if found is None or found.status not in self.blocked:
            return NONE
        return (Reason("buyer_blocked", f"{order.buyer} is {found.status}"),)


@dataclass(frozen=True, slots=True)
class Numbering:
    """Our own number of an order, from the document that opened it: unique in the hub, at most 22 characters."""

    prefix: str = "S"

    def __call__(self, document: int) -> str:
        return f"{self.prefix}{document >> 20}-{document & 0xFFFFF}"


@dataclass(frozen=True, slots=True)
class OrderRules:
    """All that varies in the order service. ``shortage``: what is not available waits, or is refused.

    ``release``: allocated lines are told to the warehouse at once; otherwise an ``order_release/1`` event does it.
    """

    lines: tuple[LineRule, ...]
    header: tuple[OrderRule, ...]
    shortage: Literal["backorder", "reject"] = "backorder"
    release: bool = True
    numbering: Numbering = Numbering()


def check_lines(lines: Iterable[Line], order: Order, facts: Facts, rules: tuple[LineRule, ...]) -> list[tuple[Line, Reason, Outcome]]:
    """Every reason that every rule finds on every line."""
    return [(line, reason, rule.outcome) for line in lines for rule in rules for reason in rule(line, order, facts)]


def check_header(order: Order, facts: Facts, rules: tuple[OrderRule, ...]) -> list[tuple[Reason, Outcome]]:
    """Every reason that every header rule finds."""
    return [(reason, rule.outcome) for rule in rules for reason in rule(order, facts)]


def codes(*rules: Any) -> dict[str, dict[str, Any]]:
    """Rules as data, for a page or a form: name -> declared arguments."""
    return {type(rule).__name__: {name: getattr(rule, name) for name in rule.__dataclass_fields__} for rule in rules}
