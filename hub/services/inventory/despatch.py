"""Goods that left: which order they were for, which reservation and which lot they consume. Pure over the window's stock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from canonical_model.problems import Cause, Hold, Problem, cause_key
from hub.services.amounts import decimal, millionths
from hub.services.inventory.model import AVAILABLE, IN_TRANSIT, OUTSIDE, RESERVED, Demand, Held, Place, Stock, Why
from hub.store.effects import Applicable, Effects, Event

Leg = tuple[str, str, str]
"""(location the goods left, owner of stock there by default, location they are in transit to or empty)."""


def order_of(document: Applicable, stock: Stock) -> Demand | None:
    """The order a despatch names, by our number or the buyer's; None when it names none that is known.

    Raises Hold when two buyers use the number and the despatch does not say which one it was.
    """
    body = document.body
    number = body.get("order_number")
    named = [demand for demand in stock.demands.values() if number in (demand.reference, demand.number)]
    ours = [demand for demand in named if demand.reference == number]
    if not ours and len(named) > 1:
        known = {body[name]["party"] for name in ("buyer", "ship_to") if name in body}
        ours = [demand for demand in named if demand.buyer in known or demand.ship_to in known]
        if len(ours) != 1:
            fact = f"{len(named)} orders are called {number}, and the buyer in the despatch {body['number']} does not tell which"
            raise Hold(Problem(Cause.INVALID_VALUE, cause_key("order_number", str(number)), fact, "send our order number or the buyer"))
    return next(iter(ours or named), None)


def book(document: Applicable, stock: Stock, order: Demand | None, leg: Leg, at: int) -> Effects:
    """Book all lines of a despatch; tell the order what left, and people what does not fit."""
    effects, told = Effects(), []
    for line in document.body["lines"]:
        item = stock.stock_item(line["item"]["id"])
        quantity = millionths((line.get("base_quantity") or line["quantity"])["value"])
        why = Why(document, at, "despatch", order.order if order else "", line.get("order_line", ""))
        used = _consume(why, stock, item, quantity, leg, line.get("lot", "")) if quantity > 0 else {}
        told.extend(_told(line, item, quantity, used))
        effects.events.extend(_short_events(line, quantity, order, document))
    items = {stock.stock_item(line["item"]["id"]) for line in document.body["lines"]}
    effects.events.extend(_negative(stock, leg[0], items))
    if order is not None:
        body = {"number": order.number, "seller_number": order.reference, "despatch": document.body["number"], "lines": told}
        effects.events.insert(0, Event("order_shipped/1", order.order, body))
    effects.note = f"{len(document.body['lines'])} lines left {leg[0]}" + ("" if order else "; no known order is named")
    return effects


def _told(line: Mapping[str, Any], item: str, quantity: int, used: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """What the order hears: a line id where one is known, else the item; how much came out of which reservation."""
    told = []
    for id, by_location in used.items():
        mine = sum(by_location.values())
        told.append(_left(id, item, mine, by_location))
        quantity -= mine
    if quantity > 0:
        told.append(_left(line.get("order_line", ""), item, quantity, {}))
    return told


def _left(id: str, item: str, quantity: int, by_location: dict[str, int]) -> dict[str, Any]:
    reserved = {location: decimal(part) for location, part in by_location.items()}
    return {**({"id": id} if id else {}), "item": item, "quantity": decimal(quantity), "reserved": reserved}


def _short_events(line: Mapping[str, Any], quantity: int, order: Demand | None, document: Applicable) -> list[Event]:
    """A line that itself says that less left than was ordered: what is left stays reserved until it follows or is cancelled."""
    ordered, given = line.get("ordered"), line["quantity"]
    if order is None or ordered is None or ordered["unit"] != given["unit"] or millionths(ordered["value"]) <= millionths(given["value"]):
        return []
    missing = millionths(ordered["value"]) - millionths(given["value"])
    body = {
        "number": order.number, "seller_number": order.reference, "line": line.get("order_line", line["id"]), "kind": "short_shipped",
        "quantity": decimal(missing), "despatch": document.body["number"],
    }  # fmt: skip
    return [Event("shipment_discrepancy/1", order.order, body)]


def _negative(stock: Stock, location: str, items: set[str]) -> list[Event]:
    """More left than there was: the outside says so, and it is explained, not hidden."""
    events = []
    for item in sorted(items):
        available = sum(stock.balance(at[0], item, at[1], at[2], AVAILABLE) for at in stock.places_at(item, location))
        if available < 0:
            body = {"kind": "promised_beyond_stock", "location": location, "item": item, "quantity": decimal(-available)}
            events.append(Event("stock_discrepancy/1", cause_key("stock", location, item), body))
    return events


def _consume(why: Why, stock: Stock, item: str, quantity: int, leg: Leg, lot: str) -> dict[str, dict[str, int]]:
    """Take ``quantity`` out of the order's reservations as far as they go, the rest out of what is available.

    Gives line -> location -> what came out of its reservations.
    """
    used: dict[str, dict[str, int]] = {}
    rest = quantity
    for held, reserved in _reservations(why, stock, item, leg[0], lot):
        taken = min(rest, reserved)
        if taken:
            _use(why, stock, held, taken, leg, lot)
            by_location = used.setdefault(held.line, {})
            by_location[held.location] = by_location.get(held.location, 0) + taken
            rest -= taken
    if rest:
        _leave_available(why, stock, item, rest, leg, lot)
    return used


def _reservations(why: Why, stock: Stock, item: str, location: str, lot: str) -> list[tuple[Held, int]]:
    """The order's reservations of the item (of the named line, when it has any): this location and lot first, then by lot."""
    if not why.order:
        return []
    mine = list(stock.held_for(why.order, line=why.line or None, item=item))

    def rank(entry: tuple[Held, int]) -> tuple[Any, ...]:
        held = entry[0]
        return held.location != location, bool(lot) and held.lot != lot, held.line, stock.fefo(item, (held.location, held.owner, held.lot))

    return sorted(mine, key=rank)


def _use(why: Why, stock: Stock, held: Held, quantity: int, leg: Leg, lot: str) -> None:
    """One reservation is used up: the reserved goods leave, or, when others left in their place, become available again."""
    place: Place = (held.location, held.owner, held.lot)
    stock.hold(why.order, held, -quantity)
    booked = why._replace(line=held.line)
    if held.location == leg[0] and lot in ("", held.lot):
        _leave(booked, stock, held.item, (place, RESERVED), quantity, leg)
    else:
        stock.move(booked._replace(reason="other goods left"), held.item, (place, RESERVED), (place, AVAILABLE), quantity)
        _leave_available(booked, stock, held.item, quantity, leg, lot)


def _leave_available(why: Why, stock: Stock, item: str, quantity: int, leg: Leg, lot: str) -> None:
    """Goods leave what is available at a location: the named lot, then stock without lot; without a lot the first to expire.

    What the books do not have leaves all the same: the balance becomes negative.
    """
    at_location = stock.places_at(item, leg[0])
    places = [at for at in at_location if not lot or at[2] in (lot, "")]
    for at in places:
        there = min(quantity, max(0, stock.balance(at[0], item, at[1], at[2], AVAILABLE)))
        if there:
            _leave(why, stock, item, (at, AVAILABLE), there, leg)
            quantity -= there
    if quantity:
        place = next((at for at in places if at[2] == ""), places[0] if places else (leg[0], leg[1], lot))
        _leave(why, stock, item, (place, AVAILABLE), quantity, leg)


def _leave(why: Why, stock: Stock, item: str, source: tuple[Place, str], quantity: int, leg: Leg) -> None:
    """Out of the location. A report of that time or later has seen the goods leave already: its figure is not lowered again."""
    place = source[0]
    outside = (("", place[1], place[2]), OUTSIDE)
    target = ((leg[2], place[1], place[2]), IN_TRANSIT) if leg[2] else outside
    stock.move(why, item, source, target, quantity)
    if why.at <= stock.reported.get((leg[0], item), -1):
        stock.move(why._replace(reason="already in the report"), item, outside, (place, AVAILABLE), quantity)
