"""Answers to the order service: reserve, release. Nothing is promised that is not available in the books of this window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from hub.services.amounts import MILLION
from hub.services.inventory.defaults import InventoryRules
from hub.services.inventory.model import AVAILABLE, RESERVED, Demand, Held, Place, Stock, Why
from hub.store.effects import Applicable


def reserve(
    stock: Stock, rules: InventoryRules, demand: Demand, line: str, item: str, quantity: int, *, step: int, cause: Applicable
) -> Mapping[str, int]:
    """Reserve up to ``quantity`` for a line, in whole multiples of ``step`` at each location. Gives location -> reserved."""
    given: dict[str, int] = {}
    by_location = _candidates(stock, rules, demand, item, _day(cause.now // (MILLION * 86_400)))
    totals = {location: sum(part for _, part in places) for location, places in by_location.items()}
    for location in sorted(totals, key=lambda one: rules.sourcing.rank(one, totals[one], quantity)):
        take = min(quantity, totals[location]) // step * step
        if take:
            _take(stock, demand.order, line, item, by_location[location], take, cause)
            given[location] = take
            quantity -= take
        if not quantity or (take and not rules.sourcing.split):
            break
    return given


@lru_cache(maxsize=8)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * 86_400, UTC).date().isoformat()


def _candidates(stock: Stock, rules: InventoryRules, demand: Demand, item: str, today: str) -> dict[str, list[tuple[Place, int]]]:
    """Location -> its places with something to promise, first to expire first. Expired lots are never promised, and a
    location that owes more than it has promises nothing."""
    found: dict[str, list[tuple[Place, int]]] = {}
    owed: dict[str, int] = {}
    for place in stock.in_sequence(item):
        location, owner, lot = place
        available = stock.balance(location, item, owner, lot, AVAILABLE)
        if available < 0:
            owed[location] = owed.get(location, 0) - available
        elif available and stock.expiries.get((item, lot), "9999") >= today and _may(stock, rules, demand, place, item):
            found.setdefault(location, []).append((place, available))
    for location, debt in owed.items():
        found[location] = _less(found.get(location, []), debt)
    return found


def _may(stock: Stock, rules: InventoryRules, demand: Demand, place: Place, item: str) -> bool:
    return stock.sources.get((place[0], item), True) and rules.sourcing.eligible(place[0], place[1], demand, stock.parties)


def _less(places: list[tuple[Place, int]], debt: int) -> list[tuple[Place, int]]:
    """What is left of places when a debt of the same location is set against them."""
    left = []
    for place, available in places:
        paid = min(debt, available)
        debt -= paid
        if available > paid:
            left.append((place, available - paid))
    return left


def _take(stock: Stock, order: str, line: str, item: str, places: list[tuple[Place, int]], quantity: int, cause: Applicable) -> None:
    why = Why(cause, cause.now, "reserve", order, line)
    for place, available in places:
        part = min(quantity, available)
        if part:
            stock.move(why, item, (place, AVAILABLE), (place, RESERVED), part)
            stock.hold(order, Held(line, item, *place), part)
            quantity -= part


def release(stock: Stock, order: str, line: str, quantity: int, *, cause: Applicable) -> Mapping[str, int]:
    """Give back up to ``quantity`` of a line's reservations, the last to expire first. Gives location -> released."""
    given: dict[str, int] = {}
    why = Why(cause, cause.now, "release", order, line)
    held_by = sorted(stock.held_for(order, line=line), key=lambda entry: _place_order(stock, entry[0]), reverse=True)
    for held, reserved in held_by:
        part = min(quantity, reserved)
        if part:
            place = (held.location, held.owner, held.lot)
            stock.hold(order, held, -part)
            stock.move(why, held.item, (place, RESERVED), (place, AVAILABLE), part)
            given[held.location] = given.get(held.location, 0) + part
            quantity -= part
    return given


def _place_order(stock: Stock, held: Held) -> tuple[object, ...]:
    return *stock.fefo(held.item, (held.location, held.owner, held.lot)), held.location
