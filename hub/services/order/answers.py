"""What the order service says: order response to the buyer, shipping order to each warehouse, events. Canonical bodies.

Every answer echoes the sender's own order number, line ids and item references. The confirmed quantity of a line is in the
unit it was ordered in; what waits for stock is not confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.services.amounts import convert, decimal, millionths, minor
from hub.services.order.model import Line, Order, Reason
from hub.services.order.states import State
from hub.store.effects import Event, Outgoing

Refused = Mapping[str, tuple[Reason, ...]]
"""Reasons by line key for which a change of the line was not taken: the line stays as it was."""


def confirmed(line: Line) -> int:
    """Base millionths that the buyer may count on: everything but what is cancelled or waits for stock."""
    return line.ordered - line.cancelled - line.backordered


def in_ordered_unit(line: Line, quantity: int) -> str:
    """Base millionths as a decimal text in the unit of the line; the given text where nothing was changed."""
    if quantity == line.ordered:
        return str(line.asked["quantity"]["value"])
    return decimal(convert(quantity, line.quantity, line.ordered)) if line.ordered else "0"


def status_of(line: Line) -> str:
    """accepted | changed | backordered | rejected."""
    if line.rejected:
        return "rejected"
    if line.backordered:
        return "backordered"
    return "changed" if line.cancelled else "accepted"


def _reasons(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": reason.text} for reason in reasons]


def _line(line: Line, refused: tuple[Reason, ...]) -> dict[str, Any]:
    """One line of the answer. The reasons say what the status alone does not."""
    reasons = [*line.reasons, *refused]
    if line.backordered:
        reasons.append(Reason("backordered", f"{decimal(line.backordered)} {line.base_unit} will follow"))
    ordered = line.asked["quantity"]
    value = in_ordered_unit(line, confirmed(line)) if not line.rejected else "0"
    body: dict[str, Any] = {
        "id": line.id,
        "status": "rejected" if refused else status_of(line),
        "item": line.item,
        "quantity": {"value": value, "unit": line.unit},
        "ordered": ordered,
    }
    if line.price is not None:
        body["price"] = line.price
    if line.requested_on is not None:
        body["requested_on"] = line.requested_on
    body["reasons"] = _reasons(reasons)
    return body


def header_status(order: Order, lines: list[dict[str, Any]], reasons: tuple[Reason, ...]) -> str:
    """accepted | changed | rejected | pending, from the lines of the answer."""
    statuses = {line["status"] for line in lines}
    if reasons or statuses == {"rejected"}:
        return "rejected"
    if order.held:
        return "pending"
    return "changed" if statuses - {"accepted"} else "accepted"


def response(order: Order, *, kind: str, today: str, reasons: tuple[Reason, ...] = (), refused: Refused | None = None) -> Outgoing:
    """order_response/1 for the buyer. ``kind``: order | change | cancel, what is answered; ``reasons`` refuse it as a whole."""
    refusals = refused or {}
    known = [_line(line, refusals.get(key, ())) for key, line in order.lines.items()]
    lines = known + [unknown_line(key, found) for key, found in refusals.items() if key not in order.lines]
    body: dict[str, Any] = {
        "number": order.number,
        "seller_number": order.reference,
        "order_type": kind,
        "status": header_status(order, lines, reasons),
        "issued_on": today,
        "currency": order.currency,
        **{name: order.parties[name] for name in ("buyer", "seller", "ship_to") if name in order.parties},
        "lines": lines,
        "reasons": _reasons([*reasons, *order.held]),
    }
    if not order.currency:
        del body["currency"]
    return Outgoing("order_response/1", order.key, body, order.buyer, references=(order.number, order.reference))


def unknown_line(key: str, reasons: tuple[Reason, ...]) -> dict[str, Any]:
    """A line that the change named and the order does not have: only its id can be echoed."""
    nothing = {"value": "0", "unit": "C62"}
    return {
        "id": key, "status": "rejected", "item": {"id": f"line:{key}", "given": []},
        "quantity": nothing, "ordered": nothing, "reasons": _reasons(reasons),
    }  # fmt: skip


def shipping_orders(order: Order, before: Mapping[tuple[str, str], int], now: Mapping[tuple[str, str], int]) -> list[Outgoing]:
    """shipping_order/1 for every warehouse whose share changed, each the whole of what it still has to ship.

    A line that the warehouse no longer ships is told with quantity 0. The number stays the same: the newest one counts.
    """
    changed = {location for location, line in before.keys() | now.keys() if before.get((location, line)) != now.get((location, line))}
    return [_shipping_order(order, location, before, now) for location in sorted(changed)]


def _shipping_order(order: Order, location: str, before: Mapping[tuple[str, str], int], now: Mapping[tuple[str, str], int]) -> Outgoing:
    keys = [key for key in order.lines if (location, key) in now or (location, key) in before]
    body: dict[str, Any] = {
        "number": order.reference,
        "order_number": order.number,
        "buyer": order.parties["buyer"],
        "ship_to": order.parties.get("ship_to", order.parties["buyer"]),
        "warehouse": {"party": location, "given": []},
    }
    if order.requested_on is not None:
        body["requested_on"] = order.requested_on
    body["lines"] = [_shipping_line(order.lines[key], now.get((location, key), 0)) for key in keys]
    return Outgoing("shipping_order/1", order.key, body, location, references=(order.reference, order.number))


def _shipping_line(line: Line, quantity: int) -> dict[str, Any]:
    return {
        "id": line.id,
        "item": line.item,
        "quantity": {"value": in_ordered_unit(line, quantity), "unit": line.unit},
        "base_quantity": {"value": decimal(quantity), "unit": line.base_unit},
    }


def line_amount(line: Line) -> int | None:
    """What a line is worth (ordered less cancelled) in minor units of its currency; None without a usable price."""
    price = line.price
    if price is None or line.rejected:
        return None if price is None else 0
    per = millionths(price["per"]["value"])
    live = line.ordered - line.cancelled
    if price["per"]["unit"] == line.unit and line.ordered:
        # quantity of the live part in the ordered unit = live * quantity / ordered: kept as one fraction, rounded once.
        return minor(price["amount"], live * line.quantity, per * line.ordered, price["currency"])
    return minor(price["amount"], live, per, price["currency"]) if price["per"]["unit"] == line.base_unit and per else None


def order_amount(order: Order) -> int | None:
    """Sum of the lines; None when a live line has no usable price or another currency."""
    total = 0
    for line in order.lines.values():
        amount = line_amount(line)
        if line.rejected:
            continue
        if amount is None or (line.price is not None and line.price["currency"] != order.currency):
            return None
        total += amount
    return total


_TOLD = {State.REJECTED: "order_rejected/1", State.CANCELLED: "order_cancelled/1", State.HELD: "order_held/1"}


def event(order: Order, *, fresh: bool) -> Event:
    """What happened, for the other services and for subscribers: accepted, changed, rejected, cancelled or held."""
    state = order.state
    name = _TOLD.get(state, "order_accepted/1" if fresh else "order_changed/1")
    body: dict[str, Any] = {
        "number": order.number, "seller_number": order.reference, "state": str(state),
        "buyer": order.buyer, "currency": order.currency,
    }  # fmt: skip
    amount = order_amount(order)
    if amount is not None:
        body["amount_minor"] = amount
    return Event(name, order.key, body)


def note(order: Order) -> str:
    """One line for people: state and how many lines stand how."""
    statuses = [status_of(line) for line in order.lines.values()]
    counts = ", ".join(f"{statuses.count(name)} {name}" for name in ("accepted", "changed", "backordered", "rejected") if name in statuses)
    return f"{order.state}: {counts}"
