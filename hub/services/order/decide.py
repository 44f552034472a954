"""What an order, its changes and its cancel do to the orders in memory. Pure: no database, no clock.

An order sent again is an amendment: the wanted lines are compared with those that are kept, and only the differences are
released or reserved. A line that cannot be changed stays as it was and says so; nothing goes below what was shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from canonical_model.problems import Cause, Hold, Problem
from hub.services.amounts import MILLION, convert, decimal, millionths
from hub.services.order import answers
from hub.services.order.allocation import allocate, announce, fill, reserved, tell_warehouses
from hub.services.order.lines import Refusals, build, build_line, cancel_line, delete, give_back, open_line, take_line
from hub.services.order.model import Line, Order, Orders, Reason
from hub.services.order.rules import Facts, OrderRules, check_header, check_lines
from hub.services.order.states import TABLE, Happening
from hub.store.effects import Applicable, Effects


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=64)
def _day(now: int, zone: str) -> str:
    return datetime.fromtimestamp(now // MILLION, UTC).astimezone(_zone(zone)).date().isoformat()


def today(document: Applicable) -> str:
    """The day of the window in the sender's zone, YYYY-MM-DD."""
    return _day(document.now, document.zone)


def decide(document: Applicable, state: Orders, rules: OrderRules) -> Effects:
    """Apply one order, change or cancel. Raises Hold only before anything was changed."""
    return _DECISIONS[document.type](document, state, rules)


# ---- order/1: the first time, or again


def _order(document: Applicable, state: Orders, rules: OrderRules) -> Effects:
    wanted = build(document, state, rules)
    order = state.orders.get(document.key)
    if order is None:
        return _first(document, wanted, state, rules)
    code = TABLE[order.state, Happening.ORDER]
    return _refuse(document, order, "order", code) if code else _amend(document, order, wanted, state, rules)


def _facts(document: Applicable, state: Orders) -> Facts:
    day = today(document)
    return Facts(day, document.body.get("issued_on", day), state.products, state.parties)


def _check(order: Order, facts: Facts, rules: OrderRules) -> tuple[Reason, ...]:
    """Run all rules. Gives the header's refusals; marks refused lines, and the order when a rule holds it."""
    header = check_header(order, facts, rules.header)
    refusing = [reason for reason, outcome in header if outcome == "reject"]
    holding = [reason for reason, outcome in header if outcome == "hold"]
    for line in order.lines.values():
        line.rejected = bool(line.reasons)
    found = check_lines(order.lines.values(), order, facts, rules.lines)
    for line, reason, outcome in found:
        line.reasons = (*line.reasons, reason)
        line.rejected = line.rejected or outcome == "reject"
    order.held = (*holding, *(reason for line, reason, outcome in found if outcome == "hold" and not line.rejected))
    return tuple(refusing)


def _first(document: Applicable, order: Order, state: Orders, rules: OrderRules) -> Effects:
    refusing = _check(order, _facts(document, state), rules)
    for line in order.lines.values():
        line.rejected = line.rejected or bool(refusing)
        open_line(line)
    state.add(order)
    effects = _settle(document, order, state, rules, {})
    effects.events.insert(0, answers.event(order, fresh=True))
    answer = answers.response(order, kind="order", today=today(document), reasons=refusing)
    effects.outgoing.insert(0, answer)
    return effects


def _amend(document: Applicable, order: Order, wanted: Order, state: Orders, rules: OrderRules) -> Effects:
    refusing = _check(wanted, _facts(document, state), rules)
    if refusing:
        return _refused(document, order, "order", refusing)
    before, told = reserved(order), _told(order)
    refused: Refusals = {}
    if wanted.seller != order.seller:
        for kept in order.lines.values():
            give_back(order, kept, kept.allocated, document, state)
    _take_header(order, wanted)
    for key in [key for key in order.lines if key not in wanted.lines]:
        delete(order, key, document, state, refused)
    for key, line in wanted.lines.items():
        take_line(order, key, line, document, state, refused)
    return _changed(document, order, state, rules, _untold(before, told, order), "order", refused)


def _take_header(order: Order, wanted: Order) -> None:
    order.seller, order.ship_to, order.currency = wanted.seller, wanted.ship_to, wanted.currency
    order.parties, order.requested_on, order.held = wanted.parties, wanted.requested_on, wanted.held


# ---- order_change/1 and order_cancel/1


def _change(document: Applicable, state: Orders, rules: OrderRules) -> Effects:
    order = _kept(document, state)
    code = TABLE[order.state, Happening.CHANGE]
    if code:
        return _refuse(document, order, "change", code)
    wanted, refused = _with_changes(document, order, state)
    refusing = _check(wanted, _facts(document, state), rules)
    if refusing:
        return _refused(document, order, "change", refusing)
    before, told = reserved(order), _told(order)
    _take_header(order, wanted)
    for asked in document.body["lines"]:
        key = asked["id"]
        if key not in refused and asked["action"] == "delete":
            delete(order, key, document, state, refused)
        elif key not in refused:
            take_line(order, key, wanted.lines[key], document, state, refused)
    return _changed(document, order, state, rules, _untold(before, told, order), "change", refused)


def _with_changes(document: Applicable, order: Order, state: Orders) -> tuple[Order, Refusals]:
    """The header and the changed lines as the change wants them, and what it asks of lines that are not there."""
    body = document.body
    wanted = order.copy()
    wanted.parties = {**order.parties, **({"ship_to": body["ship_to"]} if "ship_to" in body else {})}
    wanted.ship_to = wanted.parties["ship_to"]["party"] if "ship_to" in wanted.parties else ""
    wanted.requested_on, wanted.currency = body.get("requested_on", order.requested_on), body.get("currency", order.currency)
    wanted.lines = {}
    refused: Refusals = {}
    for asked in body["lines"]:
        reason = _change_fault(asked, order, wanted)
        if reason is not None:
            refused[asked["id"]] = (asked, (reason,))
        elif asked["action"] != "delete":
            kept = order.lines.get(asked["id"])
            position = kept.position if kept else 1 + max((line.position for line in order.lines.values()), default=0) + len(wanted.lines)
            wanted.lines[asked["id"]] = build_line(position, _merged(asked, kept), state)
    deleted = {asked["id"] for asked in body["lines"] if asked["action"] == "delete"}
    # The rules look at the whole order as it would be; of these lines only the changed ones are taken over.
    untouched = [key for key in order.lines if key not in wanted.lines and key not in deleted]
    wanted.lines.update((key, replace(order.lines[key], reasons=())) for key in untouched if not order.lines[key].rejected)
    return wanted, refused


def _change_fault(asked: Mapping[str, Any], order: Order, wanted: Order) -> Reason | None:
    key, known = asked["id"], asked["id"] in order.lines
    if asked["action"] == "add":
        if known or key in wanted.lines:
            return Reason("duplicate_line", f"the order has a line {key} already")
        return None if "item" in asked and "quantity" in asked else Reason("item_missing", f"the new line {key} needs item and quantity")
    return None if known else Reason("line_unknown", f"the order has no line {key}")


def _merged(asked: Mapping[str, Any], kept: Line | None) -> dict[str, Any]:
    """What the line is after the change: what the change does not say stays. A new quantity drops the old base quantity,
    unless its unit stayed: then the old ratio holds."""
    old = dict(kept.asked) if kept is not None else {}
    new = {name: value for name, value in asked.items() if name != "action"}
    if kept is not None and "quantity" in new and "base_quantity" not in new and "base_quantity" in old:
        if new["quantity"]["unit"] == kept.unit and kept.quantity > 0:
            base = convert(millionths(new["quantity"]["value"]), kept.ordered, kept.quantity)
            new["base_quantity"] = {"value": decimal(base), "unit": kept.base_unit}
        else:
            del old["base_quantity"]
    return {**old, **new}


def _cancel(document: Applicable, state: Orders, rules: OrderRules) -> Effects:
    if document.key not in state.orders and document.settings.get("cancels_unaccepted"):
        return _cancel_unaccepted(document, state, rules)
    order = _kept(document, state)
    code = TABLE[order.state, Happening.CANCEL]
    if code:
        return _refuse(document, order, "cancel", code)
    before = reserved(order)
    for line in order.lines.values():
        if not line.rejected:
            cancel_line(order, line, document, state)
    order.held = ()
    return _changed(document, order, state, rules, before, "cancel", {})


def _cancel_unaccepted(document: Applicable, state: Orders, rules: OrderRules) -> Effects:
    """The order was held and never got here; its cancel closes it, and is answered."""
    order = build(replace(document, body={**document.body, "lines": []}), state, rules)
    answer = answers.response(order, kind="cancel", today=today(document))
    return Effects(outgoing=[replace(answer, references=(order.number,))], note="cancelled before it was accepted")


def _kept(document: Applicable, state: Orders) -> Order:
    order = state.orders.get(document.key)
    if order is None:
        fact = f"the order {document.body['number']} is not known here"
        raise Hold(Problem(Cause.PREDECESSOR_MISSING, document.key, fact, "send the order"))
    return order


# ---- what follows from any of them


def _told(order: Order) -> tuple[Any, ...]:
    """What a shipping order says besides quantities."""
    return order.ship_to, order.requested_on, [(line.id, line.unit, line.item["id"]) for line in order.lines.values() if line.allocated]


def _untold(before: Mapping[tuple[str, str], int], told: tuple[Any, ...], order: Order) -> Mapping[tuple[str, str], int]:
    """``before``, or something that differs everywhere when the warehouses must be told again although quantities stay."""
    return before if told == _told(order) else dict.fromkeys(before, -1)


def _refuse(document: Applicable, order: Order, kind: str, code: str) -> Effects:
    return _refused(document, order, kind, (Reason(code, f"order {order.number} is {order.state}"),))


def _refused(document: Applicable, order: Order, kind: str, reasons: tuple[Reason, ...]) -> Effects:
    """The order stays as it was; the sender hears why."""
    asked = document.body.get("lines", ())
    answer = answers.refusal(order, kind=kind, today=today(document), reasons=reasons, asked=asked)
    return Effects(outgoing=[answer], note=f"refused: {', '.join(reason.code for reason in reasons)}")


def _changed(
    document: Applicable,
    order: Order,
    state: Orders,
    rules: OrderRules,
    before: Mapping[tuple[str, str], int],
    kind: str,
    refused: Refusals,
) -> Effects:
    order.revision += 1
    state.touch(order, document)
    effects = _settle(document, order, state, rules, before)
    effects.events.insert(0, answers.event(order, fresh=False))
    only = {line["id"] for line in document.body["lines"]} if kind == "change" else None
    answer = answers.response(order, kind=kind, today=today(document), refused=refused, only=only)
    freed, state.freed = state.freed, []
    others = fill(freed, document, state, rules, day=today(document))
    return Effects([*effects.events, *others.events], [answer, *effects.outgoing, *others.outgoing], note=effects.note)


def _settle(document: Applicable, order: Order, state: Orders, rules: OrderRules, before: Mapping[tuple[str, str], int]) -> Effects:
    """Reserve what is open, and tell the warehouses what changed for them."""
    if order.held:
        announce(order, state)
    else:
        allocate(document, order, state, rules)
    outgoing = tell_warehouses(order, rules, before)
    return Effects(outgoing=outgoing, note=answers.note(order))


_DECISIONS: dict[str, Callable[[Applicable, Orders, OrderRules], Effects]] = {
    "order/1": _order,
    "order_change/1": _change,
    "order_cancel/1": _cancel,
}
