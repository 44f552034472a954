"""What the services' tables share: sets of pairs as one parameter, and upserts, for SQLite and PostgreSQL.

The text of a statement does not change with the number of documents in the window (decision D3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Boolean, ColumnElement, Connection, Table, Text, bindparam
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class AmongPairs(FunctionElement[bool]):
    """``(a, b) IN (the pairs given at execution)``; see ``hub.store.schema.among`` for single keys."""

    inherit_cache = True
    type = Boolean()
    name = "among_pairs"


@compiles(AmongPairs)
def _among_pairs(element: AmongPairs, compiler: SQLCompiler, **words: Any) -> str:
    first, second, values = (compiler.process(part, **words) for part in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"({first}, {second}) IN (SELECT value->>0, value->>1 FROM jsonb_array_elements(CAST({values} AS jsonb)))"
    return f"({first}, {second}) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each({values}))"


def among_pairs(first: ColumnElement[Any], second: ColumnElement[Any], name: str) -> AmongPairs:
    """``among_pairs(stock.c.item, stock.c.location, "places")``, executed with ``{"places": packed_pairs(...)}``."""
    return AmongPairs(first, second, bindparam(name, type_=Text()))


def packed_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs of texts -> the value of an ``among_pairs`` parameter, sorted."""
    return orjson.dumps(sorted(pairs)).decode()


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or overwrite all other columns where the primary key exists: one ``executemany``."""
    _write(connection, table, rows, overwrite=True)


def insert_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose primary key does not exist: rows to be locked afterwards."""
    _write(connection, table, rows, overwrite=False)


def _write(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, overwrite: bool) -> None:
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    insert: Any = sqlite_insert(table) if connection.dialect.name == "sqlite" else postgresql_insert(table)
    others = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    clause = insert.on_conflict_do_update(index_elements=keys, set_=others) if overwrite and others else insert.on_conflict_do_nothing()
    connection.execute(clause, rows)


def add_to(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], column: str) -> None:
    """Insert rows, or add to ``column`` where the primary key exists: one ``executemany``."""
    if not rows:
        return
    insert: Any = sqlite_insert(table) if connection.dialect.name == "sqlite" else postgresql_insert(table)
    keys = [key.name for key in table.primary_key]
    added = {column: table.c[column] + insert.excluded[column]}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=added), rows)
