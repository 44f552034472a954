"""What others' events do to orders: stock that came, what was shipped, delivered or invoiced, a hold that was lifted. Pure.

Events name an order by its key and lines by the sender's line id; quantities are decimal texts in base units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.services.amounts import decimal, millionths
from hub.services.order import answers
from hub.services.order.allocation import allocate, fill, reserved, tell_warehouses
from hub.services.order.decide import today
from hub.services.order.model import Line, Order, Orders
from hub.services.order.rules import OrderRules
from hub.services.order.states import TABLE, Happening
from hub.store.effects import Applicable, Effects, Event


def hear(event: Event, cause: Applicable, state: Orders, rules: OrderRules) -> Effects:
    """React to an event; those that say nothing to an order leave nothing behind."""
    reaction = _REACTIONS.get(event.type)
    return reaction(event, cause, state, rules) if reaction is not None else Effects()


def _stock_available(event: Event, cause: Applicable, state: Orders, rules: OrderRules) -> Effects:
    """Give new stock to the orders that wait for it."""
    return fill(event.body["items"], cause, state, rules, day=today(cause))


def _hold_lifted(event: Event, cause: Applicable, state: Orders, rules: OrderRules) -> Effects:
    order = state.orders.get(event.key)
    if order is None or TABLE[order.state, Happening.LIFT]:
        return Effects(note="no order is held under this key")
    order.held = ()
    before = reserved(order)
    allocate(cause, order, state, rules)
    state.touch(order, cause)
    answer = answers.response(order, kind="order", today=today(cause))
    events = [answers.event(order, fresh=True)]
    return Effects(events=events, outgoing=[answer, *tell_warehouses(order, rules, before)], note=answers.note(order))


def _release(event: Event, cause: Applicable, state: Orders, rules: OrderRules) -> Effects:
    """Tell the warehouses what is allocated, where the rules wait for somebody to say so."""
    order = state.orders.get(event.key)
    if order is None or TABLE[order.state, Happening.RELEASE]:
        return Effects(note="nothing is allocated under this key")
    for line in order.lines.values():
        line.released = line.allocated
    state.touch(order, cause)
    return Effects(outgoing=list(answers.shipping_orders(order, {}, reserved(order))), note=answers.note(order))


def _shipped(event: Event, cause: Applicable, state: Orders, rules: OrderRules) -> Effects:
    """Move what left from allocated, then open, to shipped; what is beyond the order is counted as over-shipped."""
    order = state.orders.get(event.key)
    if order is None or TABLE[order.state, Happening.SHIP]:
        return Effects(note=f"order {event.key}: shipped, but there is no agreed order")
    effects = Effects()
    for said in event.body["lines"]:
        line, quantity = _shipped_line(order, said), millionths(said["quantity"])
        over = _ship(line, quantity, {at: millionths(part) for at, part in said["reserved"].items()}) if line is not None else quantity
        if over:
            effects.events.append(_over(order, line.id if line is not None else said.get("id", ""), over))
    state.touch(order, cause)
    effects.events.append(answers.event(order, fresh=False))
    effects.note = answers.note(order)
    return effects


def _shipped_line(order: Order, said: Mapping[str, Any]) -> Line | None:
    """The line that left: by its id; else the line of the same item that still waits, or the first of the item."""
    line = order.lines.get(said.get("id", ""))
    if line is not None:
        return line
    same = [line for line in order.lines.values() if line.stock_item == said["item"] and not line.rejected]
    return next((line for line in same if line.open), next(iter(same), None))


def _ship(line: Line, quantity: int, reserved: Mapping[str, int]) -> int:
    """Book a shipped quantity, of which ``reserved`` came out of reservations; gives what was shipped beyond the order."""
    from_reserved = sum(reserved.values())
    from_open = min(quantity - from_reserved, line.open)
    over = quantity - from_reserved - from_open
    line.shift(reserved, -1)
    line.open -= from_open
    line.shipped += from_reserved + from_open
    line.over += over
    line.backordered = min(line.backordered, line.open)
    return over


def _over(order: Order, line: str, over: int) -> Event:
    body = {
        "number": order.number,
        "seller_number": order.reference,
        "line": line or "-",
        "kind": "over_shipped",
        "quantity": decimal(over),
    }
    return Event("shipment_discrepancy/1", order.key, body)


def _counted(name: str, happening: Happening) -> Callable[[Event, Applicable, Orders, OrderRules], Effects]:
    """A reaction that adds to one of the counters inside ``shipped``, never beyond it."""

    def react(event: Event, cause: Applicable, state: Orders, rules: OrderRules) -> Effects:
        order = state.orders.get(event.key)
        if order is None or TABLE[order.state, happening]:
            return Effects(note=f"{happening} refused: {TABLE[order.state, happening] if order else 'no such order'}")
        lines: list[dict[str, Any]] = event.body["lines"]
        for said in lines:
            line = order.lines.get(said["id"])
            if line is not None:
                setattr(line, name, min(line.shipped, getattr(line, name) + millionths(said["quantity"])))
        state.touch(order, cause)
        return Effects(events=[answers.event(order, fresh=False)], note=answers.note(order))

    return react


_REACTIONS: dict[str, Callable[[Event, Applicable, Orders, OrderRules], Effects]] = {
    "stock_available/1": _stock_available,
    "order_hold_lifted/1": _hold_lifted,
    "order_release/1": _release,
    "order_shipped/1": _shipped,
    "order_delivered/1": _counted("delivered", Happening.DELIVER),
    "order_invoiced/1": _counted("invoiced", Happening.INVOICE),
}
