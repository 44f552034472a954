"""Giving stock to orders: reserve what is open, fill orders that wait, tell the warehouses. Pure over the window's state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.services.order import answers
from hub.services.order.model import Line, Order, Orders, Reason
from hub.services.order.rules import OrderRules
from hub.services.order.states import TABLE, Happening
from hub.store.effects import Applicable, Effects, Outgoing

Reserved = Mapping[tuple[str, str], int]
"""(location, line) -> base millionths."""


def reserved(order: Order) -> Reserved:
    """Where an order's lines are allocated, now."""
    return {(location, key): part for key, line in order.lines.items() for location, part in line.at.items()}


def announce(order: Order, state: Orders) -> None:
    """Make the order known where stock is kept."""
    if state.availability is not None:
        items = sorted({line.stock_item for line in order.lines.values()})
        state.availability.announce(
            order.key, number=order.number, reference=order.reference, buyer=order.buyer,
            seller=order.seller, ship_to=order.ship_to, items=items,
        )  # fmt: skip


def allocate(cause: Applicable, order: Order, state: Orders, rules: OrderRules) -> int:
    """Reserve for every open line what is there; the rest is backordered or refused by rule. Gives what was reserved."""
    availability = state.availability
    if availability is None:
        return 0
    announce(order, state)
    total = 0
    for key, line in order.lines.items():
        if line.open and not line.rejected:
            parts = availability.reserve(order.key, key, line.stock_item, line.open, step=line.step, cause=cause)
            line.shift(parts, 1)
            got = sum(parts.values())
            line.open, total = line.open - got, total + got
            _short(line, rules)
            if line.backordered:
                state.wait(order.key, line)
    return total


def _short(line: Line, rules: OrderRules) -> None:
    """What could not be reserved waits, or is refused."""
    if line.open and rules.shortage == "reject":
        partly = bool(line.allocated or line.shipped)
        code, fact = ("partly_out_of_stock", "only part is available") if partly else ("out_of_stock", "nothing is available")
        line.reasons = (*line.reasons, Reason(code, f"{fact} of {line.item['id']}"))
        line.cancelled, line.open = line.cancelled + line.open, 0
        line.rejected = not partly
    line.backordered = line.open


def tell_warehouses(order: Order, rules: OrderRules, before: Reserved) -> list[Outgoing]:
    """Shipping orders for what changed since ``before``; none while releases wait for an event."""
    now = reserved(order)
    if not rules.release or now == before:
        return []
    for line in order.lines.values():
        line.released = line.allocated
    return answers.shipping_orders(order, before, now)


def fill(items: Iterable[str], cause: Applicable, state: Orders, rules: OrderRules, *, day: str) -> Effects:
    """Give stock of these items to the orders that wait for it, the oldest first; each that got something is answered."""
    effects = Effects()
    keys = {key for item in items for key in state.waiting.get(item, ())}
    for order in sorted((state.orders[key] for key in keys), key=lambda order: (order.created_at, order.document, order.key)):
        if not TABLE[order.state, Happening.ALLOCATE]:
            _fill_one(order, cause, state, rules, day, effects)
    return effects


def _fill_one(order: Order, cause: Applicable, state: Orders, rules: OrderRules, day: str, effects: Effects) -> None:
    before = reserved(order)
    if not allocate(cause, order, state, rules):
        return
    state.touch(order, cause)
    effects.events.append(answers.event(order, fresh=False))
    effects.outgoing.append(answers.response(order, kind="order", today=day))
    effects.outgoing.extend(tell_warehouses(order, rules, before))
