"""A small world for the services' tests: an in-memory database, documents by hand, windows as the lane runs them."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from canonical_model.validation import validate
from hub.services.inventory import tables as inventory_tables
from hub.services.inventory.defaults import DEFAULT_RULES as INVENTORY_RULES
from hub.services.inventory.defaults import InventoryRules
from hub.services.inventory.service import InventoryService
from hub.services.master import tables as master_tables
from hub.services.master.service import MasterService
from hub.services.order import tables as order_tables
from hub.services.order.defaults import DEFAULT_RULES
from hub.services.order.model import Order
from hub.services.order.rules import OrderRules
from hub.services.order.service import OrderService
from hub.services.together import States, Together
from hub.store.effects import Applicable, Effects, Event
from tests.services.stores import POSTGRESQL, SQLITE, lasting_engine, running

DAY = 86_400_000_000
NOON = 1_795_521_600 * 1_000_000
"""2026-11-24T12:00:00Z in microseconds."""
KINDS = {
    "order/1": "order",
    "order_change/1": "order",
    "order_cancel/1": "order",
    "despatch_advice/1": "despatch",
    "inventory_report/1": "inventory_report",
    "product/1": "product",
    "party/1": "party",
}
TABLES = [
    *(order_tables.orders, order_tables.order_lines),
    *(inventory_tables.ledger, inventory_tables.balances, inventory_tables.stock_rows),
    *(inventory_tables.reservations, inventory_tables.demands, inventory_tables.lots),
    *(master_tables.products, master_tables.product_items, master_tables.parties),
]
A, B = "06901234567892", "06901234567908"


def wire(states: Mapping[str, Any]) -> None:
    """What bootstrap does: each state learns whom it may ask."""
    order, inventory, master = states["order"], states["inventory"], states["master"]
    order.availability, order.products, order.parties = inventory, master, master
    inventory.parties = master


def together(order: OrderRules = DEFAULT_RULES, inventory: InventoryRules = INVENTORY_RULES) -> Together:
    return Together(
        (
            MasterService(),
            OrderService(order, stock_items=master_tables.stock_items),
            InventoryService(inventory, stock_items=master_tables.stock_items),
        ),
        wire,
    )


def party(name: str) -> dict[str, Any]:
    return {"party": name, "given": [{"scheme": "buyer", "code": f"x{name}"}]}


def item(id: str) -> dict[str, Any]:
    return {"id": id, "given": [{"scheme": "sap-hq:item", "code": f"mat-{id}"}]}


def each(value: str, unit: str = "EA") -> dict[str, str]:
    return {"value": value, "unit": unit}


def line(id: str, what: str, value: str, *, price: str | None = None, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"id": id, "item": item(what), "quantity": each(value), "base_quantity": each(value)}
    if price is not None:
        body["price"] = {"amount": price, "currency": "CNY", "per": each("1")}
    return body | more


def order(number: str, lines: Sequence[Mapping[str, Any]], *, buyer: str = "GD", **more: Any) -> dict[str, Any]:
    return {"number": number, "currency": "CNY", "buyer": party(buyer), "ship_to": party(f"{buyer}-1"), "lines": list(lines), **more}


def report(location: str, stock: Mapping[str, str], **more: Any) -> dict[str, Any]:
    lines = [{"item": item(what), "quantity": each(value), "state": "available"} for what, value in stock.items()]
    return {"location": party(location), "lines": lines, **more}


@cache
def _schema() -> list[str]:
    """The statements that make the tables: compiled once, as a world is made for every example of a property."""
    dialect = create_engine("sqlite://").dialect
    indexes: list[DDLElement] = [CreateIndex(index) for table in TABLES for index in table.indexes]
    return [str(made.compile(dialect=dialect)) for made in [*(CreateTable(table) for table in TABLES), *indexes]]


FREE: dict[str, list[tuple[Engine, list[str]]]] = {SQLITE: [], POSTGRESQL: []}
"""Databases of worlds that are gone: used again, because each new engine compiles every statement anew."""


def _database() -> tuple[Engine, list[str]]:
    """A database with the tables, in memory where it is SQLite, and the list that its statements are noted in."""
    engine, statements = lasting_engine() or create_engine("sqlite://", poolclass=StaticPool), list[str]()
    if engine.dialect.name == SQLITE:
        with engine.begin() as connection:
            for statement in _schema():
                connection.exec_driver_sql(statement)
    event.listen(engine, "before_cursor_execute", lambda c, cursor, text, *rest: statements.append(text))
    return engine, statements


@dataclass
class World:
    """Applies documents in windows and keeps what they caused."""

    services: Together = field(default_factory=together)
    now: int = NOON
    last: int = 0
    statements: list[str] = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        free = FREE[running()]
        self.engine, self.statements = free.pop() if free else _database()
        weakref.finalize(self, free.append, (self.engine, self.statements))
        with self.engine.begin() as connection:
            for table in TABLES:
                connection.execute(table.delete())
        self.statements.clear()

    def document(self, type: str, body: Mapping[str, Any], *, party: str = "HQ", **more: Any) -> Applicable:
        """The next document, as admission would hand it over."""
        self.last += 1
        number = body.get("number") or body.get("code") or body.get("location", {}).get("party")
        buyer = body.get("buyer", {}).get("party", "") if type.startswith("order") else ""
        key = f"hq|{KINDS[type]}|{buyer}|{number}"
        return Applicable((self.last << 20) + 1, type, KINDS[type], key, body, "sap-hq", party, self.now, **more)

    def window(self, documents: Sequence[Applicable]) -> list[Effects]:
        """One window: load, decide (on a copy, as the lane may), flush, commit."""
        with self.engine.begin() as connection:
            state = self.services.load(connection, documents).copy()
            effects = [self.services.decide(document, state) for document in documents]
            state.flush(connection)
        for out in (out for effect in effects for out in effect.outgoing):
            assert validate(out.type, out.body) == [], out.body
        return effects

    def apply(self, type: str, body: Mapping[str, Any], **more: Any) -> Effects:
        """A window of one document."""
        return self.window([self.document(type, body, **more)])[0]

    def tell(self, type: str, number: str, body: Mapping[str, Any], *, buyer: str = "GD") -> Effects:
        """An event from outside the group, about an order."""
        cause = self.document("order/1", order(number, [], buyer=buyer))
        with self.engine.begin() as connection:
            state = self.services.load(connection, [cause])
            effects = self.services.hear(Event(type, cause.key, body), cause, state)
            state.flush(connection)
        return effects

    def load(self, connection: Connection, documents: Sequence[Applicable]) -> States:
        return self.services.load(connection, documents)

    def order(self, number: str, buyer: str = "GD") -> Order:
        """An order as the database has it."""
        probe = self.document("order/1", order(number, [], buyer=buyer))
        with self.engine.connect() as connection:
            found: Order = self.services.load(connection, [probe]).by_name["order"].orders[probe.key]  # type: ignore[attr-defined]
        return found

    def balances(self) -> dict[tuple[str, str, str], int]:
        """(location, item, state) -> whole units."""
        totals: dict[tuple[str, str, str], int] = {}
        with self.engine.connect() as connection:
            for row in connection.execute(inventory_tables.balances.select()):
                key = (row.location, row.item, row.state)
                totals[key] = totals.get(key, 0) + row.quantity // 1_000_000
        return {key: quantity for key, quantity in totals.items() if quantity}

    def check(self) -> None:
        """What must hold at any time."""
        with self.engine.connect() as connection:
            assert inventory_tables.differences(connection) == []
            allocated: dict[str, int] = {}
            for row in connection.execute(order_tables.order_lines.select()):
                assert row.ordered == row.open + row.allocated + row.shipped + row.cancelled
                allocated[row.order_key] = allocated.get(row.order_key, 0) + row.allocated
            reserved = dict.fromkeys(allocated, 0)
            for row in connection.execute(inventory_tables.reservations.select()):
                reserved[row.order_key] += row.quantity
            assert reserved == allocated


def answer(effects: Effects) -> Mapping[str, Any]:
    """The order response among the effects."""
    return next(out.body for out in effects.outgoing if out.type == "order_response/1")
