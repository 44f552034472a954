"""What the order service says: order response to the buyer, shipping order to each warehouse, events. Canonical bodies.

Every answer echoes the sender's own order number, line ids and item references. The confirmed quantity of a line is in the
unit it was ordered in; what waits for stock is not confirmed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from hub.services.amounts import convert, decimal, millionths, minor
from hub.services.order.model import Line, Order, Reason
from hub.services.order.states import State
from hub.store.effects import Event, Outgoing

Refused = Mapping[str, tuple[Mapping[str, Any], tuple[Reason, ...]]]
"""Line id -> what was asked of the line and the reasons for which it was not done: the line stays as it was."""


def confirmed(line: Line) -> int:
    """Base millionths that the buyer may count on: everything but what is cancelled or waits for stock."""
    return line.ordered - line.cancelled - line.backordered


def in_ordered_unit(line: Line, quantity: int) -> str:
    """Base millionths as a decimal text in the unit of the line; the given text where nothing was changed."""
    if quantity == line.ordered:
        return str(line.asked["quantity"]["value"])
    return decimal(convert(quantity, line.quantity, line.ordered)) if line.ordered else "0"


def status_of(line: Line) -> str:
    """accepted | changed | backordered | rejected. A line that the buyer deleted as a whole is accepted: he wanted that."""
    if line.rejected:
        return "rejected"
    if line.backordered:
        return "backordered"
    return "changed" if 0 < line.cancelled < line.ordered else "accepted"


def deleted(line: Line) -> bool:
    """Whether all of an accepted line was cancelled."""
    return not line.rejected and line.ordered > 0 and line.cancelled == line.ordered


def _texts(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": reason.text} for reason in reasons]


def _extra(line: Line) -> list[Reason]:
    """What the quantities say besides the reasons that rules gave."""
    if line.backordered:
        return [Reason("backordered", f"{decimal(line.backordered)} {line.base_unit} will follow")]
    if line.cancelled and not line.rejected and not line.reasons:
        return [Reason("deleted", f"{decimal(line.cancelled)} {line.base_unit} cancelled")]
    return []


def _line(line: Line) -> dict[str, Any]:
    """One line of the answer, as it stands now."""
    value = in_ordered_unit(line, confirmed(line)) if not line.rejected else "0"
    body: dict[str, Any] = {
        "id": line.id,
        "status": status_of(line),
        "item": line.item,
        "quantity": {"value": value, "unit": line.unit},
        "ordered": line.asked["quantity"],
    }
    if line.price is not None and not line.rejected:
        body["price"] = line.price
    if line.requested_on is not None:
        body["requested_on"] = line.requested_on
    body["reasons"] = _texts([*line.reasons, *_extra(line)])
    return body


def refused_line(asked: Mapping[str, Any], kept: Line | None, reasons: Iterable[Reason]) -> dict[str, Any]:
    """What was asked of a line and is not done: nothing of it is confirmed; the line stays as it was."""
    item = asked.get("item") or (kept.item if kept is not None else {"id": f"line:{asked['id']}"})
    ordered = asked.get("quantity") or (kept.asked["quantity"] if kept is not None else {"value": "0", "unit": "C62"})
    return {
        "id": asked["id"], "status": "rejected", "item": item,
        "quantity": {"value": "0", "unit": ordered["unit"]}, "ordered": ordered, "reasons": _texts(reasons),
    }  # fmt: skip


def _header_status(order: Order, lines: list[dict[str, Any]]) -> str:
    """accepted | changed | rejected | pending, from the lines of the answer."""
    statuses = {line["status"] for line in lines}
    if statuses == {"rejected"}:
        return "rejected"
    if order.held:
        return "pending"
    return "changed" if statuses - {"accepted"} else "accepted"


def response(
    order: Order,
    *,
    kind: str,
    today: str,
    reasons: Iterable[Reason] = (),
    refused: Refused | None = None,
    only: Container[str] | None = None,
) -> Outgoing:
    """order_response/1 for the buyer: the lines as they stand, or, of a change, those it named (``only``), with what was
    refused of it. ``kind``: order | change | cancel, what is answered."""
    refusals = refused or {}
    told = [line for key, line in order.lines.items() if (only is None or key in only) and line.id not in refusals]
    lines = [_line(line) for line in told if not _silent(line, kind)]
    lines += [refused_line(asked, order.lines.get(key), found) for key, (asked, found) in refusals.items()]
    return _outgoing(order, kind, today, _header_status(order, lines), lines, [*reasons, *order.held])


def _silent(line: Line, kind: str) -> bool:
    """An order says nothing of lines that it no longer has, a cancel nothing of lines that were never accepted."""
    return line.rejected if kind == "cancel" else kind == "order" and deleted(line)


def refusal(order: Order, *, kind: str, today: str, reasons: tuple[Reason, ...], asked: Iterable[Mapping[str, Any]]) -> Outgoing:
    """order_response/1 that refuses a document as a whole: the lines it named are echoed, none of them is done."""
    lines = [refused_line(line, order.lines.get(line["id"]), reasons) for line in asked]
    return _outgoing(order, kind, today, "rejected", lines, reasons)


def _outgoing(order: Order, kind: str, today: str, status: str, lines: list[dict[str, Any]], reasons: Iterable[Reason]) -> Outgoing:
    body: dict[str, Any] = {"number": order.number, "seller_number": order.reference, "order_type": kind}
    body.update(status=status, issued_on=today)
    if order.currency:
        body["currency"] = order.currency
    body.update((name, order.parties[name]) for name in ("buyer", "seller", "ship_to") if name in order.parties)
    body["lines"], body["reasons"] = lines, _texts(reasons)
    return Outgoing("order_response/1", order.key, body, order.buyer, references=(order.number, order.reference))


def shipping_orders(order: Order, before: Mapping[tuple[str, str], int], now: Mapping[tuple[str, str], int]) -> list[Outgoing]:
    """shipping_order/1 for every warehouse whose share changed, each the whole of what it still has to ship.

    A line that the warehouse no longer ships is told with quantity 0. The number stays the same: the newest one counts.
    """
    changed = {location for location, line in before.keys() | now.keys() if before.get((location, line)) != now.get((location, line))}
    return [_shipping_order(order, location, before, now, effect) for effect, location in enumerate(sorted(changed), 1)]


def _shipping_order(
    order: Order, location: str, before: Mapping[tuple[str, str], int], now: Mapping[tuple[str, str], int], effect: int
) -> Outgoing:
    keys = [key for key in order.lines if (location, key) in now or (location, key) in before]
    body: dict[str, Any] = {
        "number": order.reference,
        "order_number": order.number,
        "buyer": order.parties["buyer"],
        "ship_to": order.parties.get("ship_to", order.parties["buyer"]),
        "warehouse": {"party": location},
    }
    if order.requested_on is not None:
        body["requested_on"] = order.requested_on
    body["lines"] = [_shipping_line(order.lines[key], now.get((location, key), 0)) for key in keys]
    return Outgoing("shipping_order/1", order.key, body, location, effect, references=(order.reference, order.number))


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
