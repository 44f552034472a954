"""States of an order, derived from its lines, and what may happen to it in each: one exhaustive table.

A state is never stored, so it cannot disagree with the lines. Every (state, event) pair has an answer: allowed, or the
code of the refusal, which the sender gets as the reason of the order response.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """Where an order stands as a whole. ``RECEIVED``: no lines were decided yet."""

    RECEIVED = "received"
    REJECTED = "rejected"
    HELD = "held"
    ACCEPTED = "accepted"
    BACKORDERED = "backordered"
    PARTIALLY_ALLOCATED = "partially_allocated"
    ALLOCATED = "allocated"
    RELEASED = "released"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    INVOICED = "invoiced"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Happening(StrEnum):
    """What may happen to an order: three documents of the buyer, the rest told by others."""

    ORDER = "order"
    CHANGE = "change"
    CANCEL = "cancel"
    LIFT = "lift"
    ALLOCATE = "allocate"
    RELEASE = "release"
    SHIP = "ship"
    DELIVER = "deliver"
    INVOICE = "invoice"


_COLUMNS = tuple(Happening)
_CODES = {
    "+": "",
    "rej": "order_rejected",
    "can": "order_cancelled",
    "hld": "order_held",
    "shp": "order_shipped",
    "not": "order_not_held",
    "non": "nothing_open",
    "alo": "nothing_allocated",
    "uns": "nothing_shipped",
    "don": "already_delivered",
    "inv": "already_invoiced",
    "cls": "order_closed",
}
# SHIP is refused nowhere but where nothing was ever agreed: what left the warehouse is a fact, also while a later amendment
# is held, and a cancelled order that is shipped all the same is counted as over-shipped. A rejected order may be sent again.
_TABLE = """
                     order change cancel lift allocate release ship deliver invoice
received             +     non    +      not  non      alo     non  uns     uns
rejected             +     rej    rej    not  rej      rej     rej  rej     rej
held                 +     +      +      +    hld      hld     +    hld     hld
accepted             +     +      +      not  +        alo     +    uns     uns
backordered          +     +      +      not  +        alo     +    uns     uns
partially_allocated  +     +      +      not  +        +       +    uns     uns
allocated            +     +      +      not  non      +       +    uns     uns
released             +     +      +      not  non      alo     +    uns     uns
partially_shipped    +     +      +      not  +        +       +    +       +
shipped              +     +      shp    not  non      alo     +    +       +
delivered            +     +      shp    not  non      alo     +    don     +
invoiced             +     +      shp    not  non      alo     +    +       inv
closed               cls   cls    cls    not  cls      cls     +    cls     cls
cancelled            can   can    can    not  can      can     +    can     can
"""


def _parsed(table: str) -> dict[tuple[State, Happening], str]:
    rows = [line.split() for line in table.strip().splitlines()]
    columns = [Happening(word) for word in rows[0]]
    return {(State(row[0]), column): _CODES[word] for row in rows[1:] for column, word in zip(columns, row[1:], strict=True)}


TABLE = _parsed(_TABLE)
"""(state, happening) -> "" when allowed, else the reason code of the refusal."""


class Counted(Protocol):
    """What a state is derived from: one line's quantities, in millionths of the base unit."""

    open: int
    allocated: int
    backordered: int
    released: int
    shipped: int
    delivered: int
    invoiced: int
    cancelled: int
    rejected: bool


def derive(lines: Iterable[Counted], *, held: bool) -> State:
    """State of an order from its lines. ``held``: a rule stopped it; it is neither accepted nor refused yet."""
    kept = list(lines)
    if not kept:
        return State.RECEIVED
    alive = [line for line in kept if not line.rejected]
    if not alive:
        return State.REJECTED
    if held:
        return State.HELD
    shipped = sum(line.shipped for line in alive)
    waiting = sum(line.open + line.allocated for line in alive)
    if shipped and waiting:
        return State.PARTIALLY_SHIPPED
    if shipped:
        return _after_shipping(shipped, alive)
    return _before_shipping(alive) if waiting else State.CANCELLED


def _before_shipping(lines: list[Counted]) -> State:
    allocated = sum(line.allocated for line in lines)
    if any(line.open for line in lines):
        if allocated:
            return State.PARTIALLY_ALLOCATED
        return State.BACKORDERED if any(line.backordered for line in lines) else State.ACCEPTED
    return State.RELEASED if sum(line.released for line in lines) == allocated else State.ALLOCATED


def _after_shipping(shipped: int, lines: list[Counted]) -> State:
    delivered = sum(line.delivered for line in lines) == shipped
    invoiced = sum(line.invoiced for line in lines) == shipped
    if delivered and invoiced:
        return State.CLOSED
    if invoiced:
        return State.INVOICED
    return State.DELIVERED if delivered else State.SHIPPED
