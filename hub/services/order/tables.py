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
    Select,
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
_WAITS = order_lines.c.backordered > 0
Index("order_lines_waiting", order_lines.c.stock_item, sqlite_where=_WAITS, postgresql_where=_WAITS)


def _wanted() -> Select[Any]:
    lines, own = order_lines, order_lines.alias("own")
    theirs = select(own.c.stock_item).where(among(own.c.order_key, "keys"))
    of_items = or_(among(lines.c.stock_item, "items"), lines.c.stock_item.in_(theirs))
    waiting = (
        select(lines.c.order_key)
        .join(orders.alias("oldest"), literal_column("oldest.key") == lines.c.order_key)
        .where(lines.c.backordered > 0, of_items)
        .order_by(literal_column("oldest.created_at"))
        .limit(bindparam("most"))
    )
    wanted = or_(
        among(orders.c.key, "keys"),
        among(orders.c.number, "numbers"),
        among(orders.c.reference, "numbers"),
        orders.c.key.in_(waiting.scalar_subquery()),
    )
    return select(orders).where(wanted).order_by(orders.c.key).with_for_update()


_orders = _wanted()
_lines = select(order_lines).where(among(order_lines.c.order_key, "keys")).order_by(order_lines.c.order_key, order_lines.c.position)


def load_into(state: Orders, connection: Connection, *, keys: Iterable[str], numbers: Iterable[str], items: Iterable[str]) -> None:
    """Lock (sorted by key) and load the orders of these keys and numbers, and those that wait for stock of these items or
    of the items of these orders."""
    parameters = {"keys": sorted(set(keys)), "numbers": sorted(set(numbers)), "items": sorted(set(items)), "most": WAITING_A_WINDOW}
    for row in connection.execute(_orders, parameters):
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
