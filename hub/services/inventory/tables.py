"""The inventory service's tables, and how a window's stock is read and written: a fixed number of statements.

``inventory_ledger`` is only ever inserted into; ``inventory_balances`` is its fold, kept beside it; ``differences`` proves it.
``inventory_stock`` is the row that is locked for (location, item).
"""

from __future__ import annotations

from collections.abc import Iterable
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
    delete,
    func,
    or_,
    select,
    union_all,
)

from hub.services.inventory.model import OUTSIDE, SELLABLE, Demand, Held, Movement, Stock
from hub.services.tables import add_to, among_pairs, insert, insert_missing, packed_pairs, upsert
from hub.store.schema import among, metadata

ledger = Table(
    "inventory_ledger",
    metadata,
    Column("document", BigInteger, primary_key=True, autoincrement=False),
    Column("effect", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("item", "owner", "lot", "from_location", "from_state", "to_location", "to_state")),
    Column("quantity", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("reason", "order_key", "line")),
    CheckConstraint("quantity > 0", name="positive"),
    Index("inventory_ledger_item", "item", "at"),
    sqlite_with_rowid=False,
)

_BUCKET = ("location", "item", "owner", "lot", "state")

balances = Table(
    "inventory_balances",
    metadata,
    *(Column(name, Text, primary_key=True) for name in _BUCKET),
    Column("quantity", BigInteger, nullable=False),
    CheckConstraint("quantity >= 0 or state <> 'reserved'", name="reserved"),
    sqlite_with_rowid=False,
)

stock_rows = Table(
    "inventory_stock",
    metadata,
    Column("item", Text, primary_key=True),
    Column("location", Text, primary_key=True),
    Column("source", Boolean, nullable=False),
    Column("reported_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

reservations = Table(
    "inventory_reservations",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("order_key", "line", "item", "location", "owner", "lot")),
    Column("quantity", BigInteger, nullable=False),
    CheckConstraint("quantity >= 0", name="not_negative"),
    sqlite_with_rowid=False,
)

demands = Table(
    "inventory_demands",
    metadata,
    Column("order_key", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("number", "reference", "buyer", "seller", "ship_to", "items")),
    Index("inventory_demands_number", "number"),
    Index("inventory_demands_reference", "reference"),
    sqlite_with_rowid=False,
)

lots = Table(
    "inventory_lots",
    metadata,
    Column("item", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("expires_on", Text, nullable=False),
)


_mine = or_(among(demands.c.order_key, "keys"), among(demands.c.number, "numbers"), among(demands.c.reference, "numbers"))
_demands = select(demands).where(_mine)
_reservations = select(reservations).where(among(reservations.c.order_key, "keys"))
_serving = among(stock_rows.c.item, "items") & stock_rows.c.source
_stock = (
    select(stock_rows)
    .where(or_(_serving, among_pairs(stock_rows.c.item, stock_rows.c.location, "touched")))
    .order_by(stock_rows.c.item, stock_rows.c.location)
    .with_for_update()
)
_balances = select(balances).where(among_pairs(balances.c.item, balances.c.location, "locked"))
_lots = select(lots).where(among(lots.c.item, "items"))


def load_demands(stock: Stock, connection: Connection, keys: Iterable[str], numbers: Iterable[str]) -> None:
    """The orders of these keys, and those that are called by one of these numbers, with their reservations: two statements."""
    for row in connection.execute(_demands, {"keys": sorted(set(keys)), "numbers": sorted(set(numbers))}):
        stock.demands[row.order_key] = _demand(row)
    for row in connection.execute(_reservations, {"keys": sorted(stock.demands)}):
        stock.reservations.setdefault(row.order_key, {})[Held(*row[1:6])] = row.quantity


def _demand(row: Row[Any]) -> Demand:
    items = tuple(orjson.loads(row._mapping["items"]))
    return Demand(row.order_key, row.number, row.reference, row.buyer, row.seller, row.ship_to, items)


def lock(stock: Stock, connection: Connection, items: Iterable[str], touched: Iterable[tuple[str, str]]) -> None:
    """Lock, sorted, the stock of the items at every location that may serve orders, and the touched (item, location) pairs.

    Touched pairs get a row first, so that a window that is first to see them can lock them.
    """
    wanted = sorted(set(touched))
    insert_missing(connection, stock_rows, [(item, at, True, 0) for item, at in wanted])
    for row in connection.execute(_stock, {"items": sorted(set(items)), "touched": packed_pairs(wanted)}):
        stock.sources[(row.location, row.item)] = row.source
        stock.reported[(row.location, row.item)] = row.reported_at


def load_balances(stock: Stock, connection: Connection) -> None:
    """Balances and lots of what is locked: two statements."""
    locked = packed_pairs((item, location) for location, item in stock.sources)
    for row in connection.execute(_balances, {"locked": locked}):
        stock.balances[tuple(row[:5])] = row.quantity
        stock.places.setdefault(row.item, set()).add((row.location, row.owner, row.lot))
    items = sorted({item for _, item in stock.sources})
    for row in connection.execute(_lots, {"items": items}):
        stock.expiries[(row.item, row.lot)] = row.expires_on


def load_later(stock: Stock, connection: Connection, items: Iterable[str], locations: Iterable[str], since: int) -> None:
    """Movements after ``since`` that changed what is physically at the locations: what reports of that time must not undo."""
    there = or_(among(ledger.c.from_location, "locations"), among(ledger.c.to_location, "locations"))
    inside = ledger.c.from_state.in_(sorted(SELLABLE)) & ledger.c.to_state.in_(sorted(SELLABLE))
    query = select(ledger).where(among(ledger.c.item, "items"), ledger.c.at > bindparam("since"), there, ~inside)
    parameters = {"items": sorted(set(items)), "locations": sorted(set(locations)), "since": since}
    for row in connection.execute(query, parameters):
        movement = Movement(*row)
        for location in {movement.from_location, movement.to_location}:
            stock.later.setdefault((location, movement.item), []).append(movement)


def all_items_at(connection: Connection, locations: Iterable[str]) -> list[tuple[str, str]]:
    """(item, location) of everything known at these locations: for reports that speak of the whole location."""
    query = select(stock_rows.c.item, stock_rows.c.location).where(among(stock_rows.c.location, "locations"))
    return [(row.item, row.location) for row in connection.execute(query, {"locations": sorted(set(locations))})]


def write(stock: Stock, connection: Connection) -> None:
    """Write what changed: one statement a table, and one that drops used-up reservations."""
    insert(connection, ledger, stock.movements)
    upsert(connection, balances, [(*key, stock.balances[key]) for key in sorted(stock.changed_balances)])
    stocks = [(item, location, stock.sources[location, item], stock.reported[location, item]) for location, item in stock.changed_stock]
    upsert(connection, stock_rows, sorted(stocks))
    upsert(connection, demands, [_demand_values(stock.demands[key]) for key in sorted(stock.changed_demands)])
    upsert(connection, lots, [(*key, stock.expiries[key]) for key in sorted(stock.changed_lots)])
    _write_reservations(stock, connection)


def _demand_values(demand: Demand) -> tuple[Any, ...]:
    return (*demand[:6], orjson.dumps(demand.items).decode())


def _write_reservations(stock: Stock, connection: Connection) -> None:
    """What was added is added, as the orders that wait are not loaded; what was taken belongs to a loaded order: absolute."""
    added = sorted(stock.added.items())
    fewer = [(order, *held, stock.reservations[order][held]) for (order, held), part in added if part < 0]
    add_to(connection, reservations, [(order, *held, part) for (order, held), part in added if part > 0])
    upsert(connection, reservations, fewer)
    if fewer:
        used = delete(reservations).where(reservations.c.quantity == 0, among(reservations.c.order_key, "keys"))
        connection.execute(used, {"keys": sorted({row[0] for row in fewer})})


def fold(*, at: int | None = None, known_at: int | None = None) -> Any:
    """Query of the balances as the ledger says: as of an event time, and as it was known at a time (microseconds), or now."""
    known = [ledger.c.at <= at] if at is not None else []
    known += [ledger.c.recorded_at <= known_at] if known_at is not None else []
    common = (ledger.c.item, ledger.c.owner, ledger.c.lot)
    came = select(ledger.c.to_location.label("location"), *common, ledger.c.to_state.label("state"), ledger.c.quantity).where(*known)
    left = select(ledger.c.from_location, *common, ledger.c.from_state, -ledger.c.quantity).where(*known)
    moves = union_all(came, left).subquery()
    key = [moves.c[name] for name in _BUCKET]
    return select(*key, func.sum(moves.c.quantity).label("quantity")).where(moves.c.state != OUTSIDE).group_by(*key)


def differences(connection: Connection) -> list[tuple[Any, ...]]:
    """Buckets whose balance is not the fold of the ledger, and lines whose reservations are not the reserved balance: none."""
    folded = {tuple(row[:5]): int(row.quantity) for row in connection.execute(fold())}
    kept = {tuple(row[:5]): row.quantity for row in connection.execute(select(balances))}
    wrong: list[tuple[Any, ...]] = [(*key, folded.get(key, 0), kept.get(key, 0)) for key in sorted(folded.keys() | kept.keys())]
    key = [reservations.c[name] for name in ("location", "item", "owner", "lot")]
    totals = connection.execute(select(*key, func.sum(reservations.c.quantity).label("quantity")).group_by(*key))
    promised = {(*row[:4], "reserved"): int(row.quantity) for row in totals}
    reserved = {bucket: quantity for bucket, quantity in kept.items() if bucket[4] == "reserved"}
    wrong += [(*bucket, promised.get(bucket, 0), reserved.get(bucket, 0)) for bucket in sorted(promised.keys() | reserved.keys())]
    return [row for row in wrong if row[5] != row[6]]
