"""Lines of an order: as a document states them, and what makes a kept line what is wanted. Pure over the window's state.

A line that cannot be what is wanted stays as it was, with the reasons in ``refused``; nothing goes below what was shipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.services.amounts import convert, millionths
from hub.services.order import answers
from hub.services.order.model import Line, Order, Orders, Reason
from hub.services.order.rules import OrderRules
from hub.store.effects import Applicable

Refusals = dict[str, tuple[Mapping[str, Any], tuple[Reason, ...]]]
"""Line id -> what was asked of the line, and the reasons for which it was not done."""


def build(document: Applicable, state: Orders, rules: OrderRules) -> Order:
    """The order as the document states it, nothing checked or reserved yet."""
    body = document.body
    parties = {name: body[name] for name in ("buyer", "seller", "ship_to", "bill_to") if name in body}
    order = Order(
        key=document.key,
        number=body["number"],
        reference=rules.numbering(document.id),
        system=document.system,
        buyer=parties["buyer"]["party"],
        seller=parties["seller"]["party"] if "seller" in parties else "",
        ship_to=parties["ship_to"]["party"] if "ship_to" in parties else "",
        currency=body.get("currency", ""),
        parties=parties,
        document=document.id,
        created_at=document.now,
        changed_at=document.now,
        requested_on=body.get("requested_on"),
    )
    for position, asked in enumerate(body["lines"]):
        line = build_line(position, asked, state)
        if line.id in order.lines:
            line.reasons = (Reason("duplicate_line", f"the line {line.id} occurs more than once"),)
            order.lines[f"{line.id}#{position}"] = line
        else:
            order.lines[line.id] = line
    return order


def build_line(position: int, asked: Mapping[str, Any], state: Orders) -> Line:
    """One line as it is asked for. Without a base quantity the product master's ratio is used, else the unit is the base."""
    item, quantity = asked["item"], asked["quantity"]
    base = asked.get("base_quantity") or quantity
    availability = state.availability
    line = Line(
        position=position,
        id=asked["id"],
        item=item,
        stock_item=availability.stock_item(item["id"]) if availability is not None else item["id"],
        asked=asked,
        unit=quantity["unit"],
        base_unit=base["unit"],
        quantity=millionths(quantity["value"]),
        ordered=max(0, millionths(base["value"])),
        price=asked.get("price"),
        requested_on=asked.get("requested_on"),
    )
    if base is quantity and state.products is not None:
        _to_base(line, state)
    return line


def _to_base(line: Line, state: Orders) -> None:
    ratio = state.products.ratio(line.item["id"], line.unit) if state.products is not None else None
    if ratio is not None:
        line.base_unit, numerator, denominator = ratio
        line.ordered = max(0, convert(line.quantity, numerator, denominator))


def open_line(line: Line) -> None:
    """A line as it stands before anything was reserved: all open, or all cancelled when it was refused."""
    line.open, line.cancelled = (0, line.ordered) if line.rejected else (line.ordered, 0)


def take_line(order: Order, key: str, wanted: Line, document: Applicable, state: Orders, refused: Refusals) -> None:
    """Make the kept line what is wanted, as far as it may be; otherwise it stays and the reasons go to ``refused``."""
    line = order.lines.get(key)
    if line is None or line.rejected:
        open_line(wanted)
        order.lines[key] = wanted
    elif wanted.rejected:
        refused[key] = (wanted.asked, wanted.reasons)
    elif wanted.stock_item != line.stock_item and line.shipped:
        refused[key] = (wanted.asked, (Reason("item_changed_after_shipment", f"{line.item['id']} was shipped on this line"),))
    elif wanted.ordered < line.shipped:
        refused[key] = (wanted.asked, (Reason("below_shipped", _below(line)),))
    else:
        keep = 0 if wanted.stock_item != line.stock_item else wanted.ordered - line.shipped
        give_back(order, line, max(0, line.allocated - keep), document, state)
        _restate(line, wanted)


def _below(line: Line) -> str:
    return f"{answers.in_ordered_unit(line, line.shipped)} {line.unit} were shipped on the line {line.id}"


def _restate(line: Line, wanted: Line) -> None:
    for name in ("item", "stock_item", "asked", "unit", "base_unit", "quantity", "ordered", "price", "requested_on", "reasons", "position"):
        setattr(line, name, getattr(wanted, name))
    line.cancelled = line.backordered = 0
    line.open = line.ordered - line.shipped - line.allocated


def give_back(order: Order, line: Line, quantity: int, document: Applicable, state: Orders) -> None:
    """Allocated -> open, and the reservation released."""
    if quantity and state.availability is not None:
        line.shift(state.availability.release(order.key, _key(order, line), quantity, cause=document), -1)
        line.open += quantity
        state.freed.append(line.stock_item)


def _key(order: Order, line: Line) -> str:
    return line.id if order.lines.get(line.id) is line else f"{line.id}#{line.position}"


def delete(order: Order, key: str, document: Applicable, state: Orders, refused: Refusals) -> None:
    line = order.lines[key]
    if line.shipped:
        refused[key] = (line.asked, (Reason("below_shipped", _below(line)),))
    else:
        cancel_line(order, line, document, state)


def cancel_line(order: Order, line: Line, document: Applicable, state: Orders) -> None:
    """Cancel what was not shipped."""
    give_back(order, line, line.allocated, document, state)
    line.cancelled += line.open
    line.open = line.backordered = 0
