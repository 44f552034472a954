"""Tables of products and parties, read and written in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, exists, or_, select

from hub.services.master.model import Masters, Party, Product
from hub.services.tables import upsert
from hub.store.schema import among, metadata

products = Table(
    "products",
    metadata,
    Column("item", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("code_set", "code", "base_unit", "status", "description", "ratios", "ids")),
    Column("document", BigInteger, nullable=False),
)

product_items = Table(
    "product_items",
    metadata,
    Column("id", Text, primary_key=True),
    Column("item", Text, nullable=False),
)

parties = Table(
    "parties",
    metadata,
    Column("party", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("code_set", "code", "name", "tier", "parent", "gln", "status")),
    Column("document", BigInteger, nullable=False),
    Index("parties_tier", "tier"),
    Index("parties_parent", "parent"),
)


_items = select(product_items).where(among(product_items.c.id, "ids"))
_some = select(exists(select(products.c.item)), exists(select(parties.c.party)))
_products = select(products).where(among(products.c.item, "items"))
_known = select(parties).where(or_(among(parties.c.party, "names"), parties.c.tier != "store"))


def stock_items(connection: Connection, items: Iterable[str]) -> dict[str, str]:
    """Which item stock is counted in: id of any packaging level -> base item. Unknown ids are left out. One statement."""
    return {row.id: row.item for row in connection.execute(_items, {"ids": sorted(set(items))})}


def load_into(state: Masters, connection: Connection, items: Iterable[str], names: Iterable[str]) -> None:
    """Products of these ids; these parties, and all that are no stores (there are few of them, and stock asks for them)."""
    state.loaded, state.parties_loaded = (bool(found) for found in connection.execute(_some).one())
    state.base_of.update(stock_items(connection, items))
    for row in connection.execute(_products, {"items": sorted({*items, *state.base_of.values()})}):
        state.products[row.item] = _product(row)
    for row in connection.execute(_known, {"names": sorted(set(names))}):
        state.parties[row.party] = Party(**row._mapping)


def _product(row: Row[Any]) -> Product:
    values = dict(row._mapping)
    ratios = {unit: (numerator, denominator) for unit, (numerator, denominator) in orjson.loads(values["ratios"]).items()}
    return Product(**{**values, "ratios": ratios, "ids": tuple(orjson.loads(values["ids"]))})


def write(state: Masters, connection: Connection) -> None:
    """Write changed products with their ids, and changed parties: three statements."""
    changed = [state.products[item] for item in sorted(state.changed_products)]
    upsert(connection, products, [_values(product) for product in changed])
    upsert(connection, product_items, sorted((id, product.item) for product in changed for id in product.ids))
    upsert(connection, parties, [_party_values(state.parties[party]) for party in sorted(state.changed_parties)])


def _values(product: Product) -> tuple[Any, ...]:
    return (
        *(product.item, product.code_set, product.code, product.base_unit, product.status, product.description),
        orjson.dumps(product.ratios).decode(),
        orjson.dumps(product.ids).decode(),
        product.document,
    )


def _party_values(party: Party) -> tuple[Any, ...]:
    return tuple(getattr(party, column.name) for column in parties.columns)
