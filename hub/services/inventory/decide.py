"""What a report of stock and a despatch advice do to the stock in memory. Pure: no database, no clock.

A report is true *as of its time*: what was booked for later times stays (goods in flight are netted), and a despatch of an
earlier time that arrives after the report is already inside it. So a report and a despatch give the same balances in either
order of arrival. Our reservations are ours: a report sets what is sellable, and available is that less what is reserved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from canonical_model.problems import Cause, Hold, Problem, cause_key
from hub.services.amounts import decimal, millionths
from hub.services.inventory.defaults import InventoryRules
from hub.services.inventory.despatch import book, order_of
from hub.services.inventory.model import AVAILABLE, IN_TRANSIT, OUTSIDE, PHYSICAL, SELLABLE, Place, Stock, Why
from hub.store.effects import Applicable, Effects, Event

Targets = dict[str, dict[tuple[str, str], int]]
"""Item -> (lot, state) -> reported quantity."""


def decide(document: Applicable, stock: Stock, rules: InventoryRules) -> Effects:
    """Apply one report or despatch advice. Raises Hold only before anything was changed."""
    return _DECISIONS[document.type](document, stock, rules)


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def event_time(document: Applicable, instant: str, day: str) -> int:
    """When the document says it happened, in microseconds: field ``instant``; else the end of ``day`` in the sender's zone;
    else now. Never after now: a sender's fast clock must not hide what happens next."""
    body = document.body
    if instant in body:
        return min(document.now, _micros(datetime.fromisoformat(body[instant])))
    if day in body:
        next_day = date.fromisoformat(body[day]) + timedelta(days=1)
        return min(document.now, _micros(datetime.combine(next_day, time(), ZoneInfo(document.zone))))
    return document.now


# ---- inventory_report/1


def _report(document: Applicable, stock: Stock, rules: InventoryRules) -> Effects:
    location, at = document.body["location"]["party"], event_time(document, "reported_at", "reported_on")
    owner = rules.ownership(location, stock.parties)
    notes: list[str] = []
    risen: list[str] = []
    wanted = _targets(document, stock)
    if rules.complete or document.settings.get("complete"):
        missing = (item for item, places in stock.places.items() if any(place[0] == location for place in places))
        wanted.update((item, {}) for item in sorted(missing) if item not in wanted)
    effects = Effects()
    for item, said in wanted.items():
        if stock.reported.get((location, item), 0) > at:
            notes.append(f"{item}: older than what was reported before")
            continue
        before = _available(stock, item, location)
        _set_item(Why(document, at, "report"), item, (location, owner, ""), said, stock)
        stock.reported[(location, item)] = at
        stock.sources[(location, item)] = rules.sourcing.serves(location, stock.parties)
        stock.changed_stock.add((location, item))
        after = _available(stock, item, location)
        if after < 0:
            effects.events.append(short(location, item, after))
        elif after > before:
            risen.append(item)
    if risen:
        effects.events.append(Event("stock_available/1", document.key, {"location": location, "items": risen}))
    notes += [
        f"{event.body['item']}: {event.body['quantity']} promised beyond what {location} has"
        for event in effects.events
        if "quantity" in event.body
    ]
    effects.note = "; ".join([f"{len(wanted)} items of {location} as of {at}", *notes])
    return effects


def short(location: str, item: str, available: int) -> Event:
    """More is promised than there is: somebody outside says so, and people have to look."""
    body = {"kind": "promised_beyond_stock", "location": location, "item": item, "quantity": decimal(-available)}
    return Event("stock_discrepancy/1", cause_key("stock", location, item), body)


def _targets(document: Applicable, stock: Stock) -> Targets:
    targets: Targets = {}
    for line in document.body["lines"]:
        item = stock.stock_item(line["item"]["id"])
        quantity = millionths((line.get("base_quantity") or line["quantity"])["value"])
        lot, state = line.get("lot", ""), line["state"]
        if lot and "expires_on" in line:
            learn_lot(stock, item, lot, line["expires_on"])
        said = targets.setdefault(item, {})
        said[(lot, state)] = said.get((lot, state), 0) + quantity
    return targets


def learn_lot(stock: Stock, item: str, lot: str, expires_on: str) -> None:
    """Remember when a lot expires."""
    if stock.expiries.get((item, lot)) != expires_on:
        stock.expiries[(item, lot)] = expires_on
        stock.changed_lots.add((item, lot))


def _available(stock: Stock, item: str, location: str) -> int:
    return sum(stock.balance(place[0], item, place[1], place[2], AVAILABLE) for place in stock.places.get(item, ()) if place[0] == location)


def _set_item(why: Why, item: str, place: Place, said: Mapping[tuple[str, str], int], stock: Stock) -> None:
    """Book what makes one item at one location as reported: sellable stock, then each physical state."""
    by_lot = any(lot for lot, _ in said)
    states = [*PHYSICAL, *([IN_TRANSIT] if any(state == IN_TRANSIT for _, state in said) else [])]
    groups = [(AVAILABLE, SELLABLE), *((state, frozenset({state})) for state in states)]
    for target_state, states_of in groups:
        wanted: dict[str, int] = {}
        for (lot, state), quantity in said.items():
            if state in states_of:
                wanted[lot] = wanted.get(lot, 0) + quantity
        _set_group(why, item, place, target_state, states_of, wanted, stock, by_lot=by_lot)


def _set_group(
    why: Why, item: str, place: Place, state: str, states: frozenset[str], wanted: dict[str, int], stock: Stock, *, by_lot: bool
) -> None:
    """Book the difference between what is wanted and what is there as of ``why.at``, by lot or over all lots."""
    location = place[0]
    there: dict[Place, int] = {
        at: sum(stock.balance(location, item, at[1], at[2], one) for one in states) for at in stock.places_at(item, location)
    }
    for movement in stock.later.get((location, item), ()):
        if movement.at > why.at:
            spot = (location, movement.owner, movement.lot)
            there[spot] = there.get(spot, 0) - _delta(movement, location, states)
    if not by_lot:
        difference = sum(wanted.values()) - sum(there.values())
        _spread(why, item, place, state, difference, stock)
        return
    for lot in sorted({at[2] for at in there} | wanted.keys()):
        holders = sorted(at for at in there if at[2] == lot)
        difference = wanted.get(lot, 0) - sum(there[at] for at in holders)
        _spread_over(why, item, holders or [(location, place[1], lot)], state, difference, stock)


def _delta(movement: Any, location: str, states: frozenset[str]) -> int:
    """What a movement changed of these states at a location."""
    came = movement.quantity if movement.to_location == location and movement.to_state in states else 0
    left = movement.quantity if movement.from_location == location and movement.from_state in states else 0
    return came - left


def _spread(why: Why, item: str, place: Place, state: str, difference: int, stock: Stock) -> None:
    """Book a difference of unknown lot: added without lot, taken without lot first, then from the first lots to expire."""
    if difference >= 0:
        _adjust(why, item, place, state, difference, stock)
        return
    places = sorted(stock.places_at(item, place[0]), key=lambda at: (at[2] != "", stock.fefo(item, at)))
    _spread_over(why, item, places or [place], state, difference, stock)


def _spread_over(why: Why, item: str, places: list[Place], state: str, difference: int, stock: Stock) -> None:
    """Add to the first place; take from each what it has, and what nobody has from the first (it becomes negative)."""
    if difference < 0:
        for at in places:
            taken = min(-difference, max(0, stock.balance(at[0], item, at[1], at[2], state)))
            _adjust(why, item, at, state, -taken, stock)
            difference += taken
    _adjust(why, item, places[0], state, difference, stock)


def _adjust(why: Why, item: str, place: Place, state: str, difference: int, stock: Stock) -> None:
    outside = (("", place[1], place[2]), OUTSIDE)
    if difference > 0:
        stock.move(why, item, outside, (place, state), difference)
    elif difference < 0:
        stock.move(why, item, (place, state), outside, -difference)


# ---- despatch_advice/1


def _despatch(document: Applicable, stock: Stock, rules: InventoryRules) -> Effects:
    body = document.body
    lines: Iterable[Mapping[str, Any]] = body["lines"]
    order = order_of(document, stock)
    location = body["ship_from"]["party"] if "ship_from" in body else document.party
    if not location:
        fact = f"the despatch {body['number']} does not say from where"
        raise Hold(Problem(Cause.INVALID_VALUE, cause_key("despatch", body["number"]), fact, "send ship_from"))
    at = event_time(document, "despatched_at", "despatched_on")
    target = body["ship_to"]["party"] if rules.in_transit and "ship_to" in body else ""
    for line in lines:
        if "lot" in line and "expires_on" in line:
            learn_lot(stock, stock.stock_item(line["item"]["id"]), line["lot"], line["expires_on"])
    return book(document, stock, order, (location, rules.ownership(location, stock.parties), target), at)


_DECISIONS: dict[str, Callable[[Applicable, Stock, InventoryRules], Effects]] = {
    "inventory_report/1": _report,
    "despatch_advice/1": _despatch,
}
