"""The order service's tables, and how a window's orders are read and written: a fixed number of statements.

A line's quantities are checked by the database as well: ``ordered = open + allocated + shipped + cancelled``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    literal_column,
    or_,
    select,
)

from hub.services.order.model import Line, Order, Orders, Reason
from hub.services.tables import upsert
from hub.store.schema import among, metadata

WAITING_A_WINDOW = 500
"""Orders that wait for stock which one window may look at; those left over are looked at with the next report."""

orders = Table(
    "orders",
    metadata,
    Column("key", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("buyer", Text, nullable=False),
    Column("seller", Text, nullable=False),
    Column("ship_to", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("parties", Text, nullable=False),
    Column("requested_on", Text),
    Column("revision", Integer, nullable=False),
    Column("held", Text, nullable=False),
    Column("document", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("orders_number", "number"),
    Index("orders_reference", "reference", unique=True),
    Index("orders_buyer", "buyer", "created_at"),
    sqlite_with_rowid=False,
)

_COUNTS = ("open", "allocated", "backordered", "released", "shipped", "delivered", "invoiced", "over", "cancelled")

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_key", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("stock_item", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("base_unit", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("ordered", BigInteger, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in _COUNTS),
    Column("at", Text, nullable=False),
    Column("rejected", Boolean, nullable=False),
    Column("reasons", Text, nullable=False),
    CheckConstraint(" and ".join(f'"{name}" >= 0' for name in _COUNTS), name="not_negative"),
    CheckConstraint("ordered = open + allocated + shipped + cancelled", name="equation"),
    CheckConstraint("backordered <= open and released <= allocated", name="parts"),
    sqlite_with_rowid=False,
)
_WAITS = order_lines.c.backordered > literal_column("0")
"""As the index says it: a plan that is made once for all values does not know that a parameter is 0."""
Index("order_lines_waiting", order_lines.c.stock_item, sqlite_where=_WAITS, postgresql_where=_WAITS)

_allocated = select(order_lines.c.stock_item).where(among(order_lines.c.order_key, "keys"), order_lines.c.allocated > 0).distinct()
_waiting = (
    select(order_lines.c.order_key)
    .join(orders, orders.c.key == order_lines.c.order_key)
    .where(_WAITS, among(order_lines.c.stock_item, "items"))
    .order_by(orders.c.created_at)
    .limit(bindparam("most"))
)
_named = or_(among(orders.c.key, "keys"), among(orders.c.number, "numbers"), among(orders.c.reference, "numbers"))
_orders = select(orders).where(_named).order_by(orders.c.key).with_for_update()
_lines = select(order_lines).where(among(order_lines.c.order_key, "keys")).order_by(order_lines.c.order_key, order_lines.c.position)


def load_into(state: Orders, connection: Connection, *, keys: Iterable[str], numbers: Iterable[str], items: Iterable[str]) -> None:
    """Lock (sorted by key) and load the orders of these keys and numbers, and those that wait for stock of these items or of what
    these orders have allocated and may give back. An order with nothing allocated gives nothing: who waits beside it is left alone."""
    own, named = sorted(set(keys)), sorted(set(numbers))
    wanted = {*items, *connection.execute(_allocated, {"keys": own}).scalars()}
    _load(state, connection, own, named, wanted)
    late = _given(state, own) - wanted
    if late:  # somebody gave them stock before they were locked; now nobody can
        _load(state, connection, own, named, wanted | late)


def _given(state: Orders, keys: Iterable[str]) -> set[str]:
    """Items that are allocated to these orders."""
    return {line.stock_item for key in keys if key in state.orders for line in state.orders[key].lines.values() if line.allocated}


def _load(state: Orders, connection: Connection, own: list[str], numbers: list[str], items: set[str]) -> None:
    state.waiting.clear()
    waiting = connection.execute(_waiting, {"items": sorted(items), "most": WAITING_A_WINDOW}).scalars() if items else ()
    for row in connection.execute(_orders, {"keys": sorted({*own, *waiting}), "numbers": numbers}):
        state.orders[row.key] = _order(row)
    for row in connection.execute(_lines, {"keys": sorted(state.orders)}):
        _keep_line(state, row)


def _keep_line(state: Orders, row: Row[Any]) -> None:
    line = _line(row)
    state.orders[row.order_key].lines[row.line] = line
    if line.backordered:
        state.wait(row.order_key, line)


def _reasons(text: str) -> tuple[Reason, ...]:
    return tuple(Reason(code, fact) for code, fact in orjson.loads(text)) if text != "[]" else ()


def _order(row: Row[Any]) -> Order:
    values = dict(row._mapping)
    return Order(**{**values, "parties": orjson.loads(values["parties"]), "held": _reasons(values["held"])})


def _line(row: Row[Any]) -> Line:
    values = dict(row._mapping)
    del values["order_key"], values["line"]
    asked = orjson.loads(values["asked"])
    values.update(
        at=orjson.loads(values["at"]), asked=asked, item=asked["item"], price=asked.get("price"), requested_on=asked.get("requested_on")
    )
    return Line(**{**values, "reasons": _reasons(values["reasons"])})


def write(state: Orders, connection: Connection) -> None:
    """Write the changed orders and their lines: two statements."""
    changed = [state.orders[key] for key in sorted(state.changed)]
    upsert(connection, orders, [_order_values(order) for order in changed])
    upsert(connection, order_lines, [_line_values(order.key, key, line) for order in changed for key, line in order.lines.items()])


def _texts(reasons: Sequence[Reason]) -> str:
    return orjson.dumps([(reason.code, reason.text) for reason in reasons]).decode() if reasons else "[]"


def _order_values(order: Order) -> tuple[Any, ...]:
    return (
        order.key,
        order.number,
        order.reference,
        order.system,
        order.buyer,
        order.seller,
        order.ship_to,
        order.currency,
        orjson.dumps(order.parties).decode(),
        order.requested_on,
        order.revision,
        _texts(order.held),
        order.document,
        order.created_at,
        order.changed_at,
    )


def _line_values(order: str, key: str, line: Line) -> tuple[Any, ...]:
    return (
        order,
        key,
        line.position,
        line.id,
        line.stock_item,
        orjson.dumps(line.asked).decode(),
        line.unit,
        line.base_unit,
        line.quantity,
        line.ordered,
        line.open,
        line.allocated,
        line.backordered,
        line.released,
        line.shipped,
        line.delivered,
        line.invoiced,
        line.over,
        line.cancelled,
        orjson.dumps(line.at).decode() if line.at else "{}",
        line.rejected,
        _texts(line.reasons),
    )
