"""What the services' tables share: sets of pairs as one parameter, and upserts, for SQLite and PostgreSQL.

The text of a statement does not change with the number of documents in the window (decision 0003).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Dialect, Table, Text, bindparam
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from hub.store import bulk
from hub.store.schema import Condition


class AmongPairs(Condition):
    """``(a, b) IN (the pairs given at execution)``; see ``hub.store.schema.among`` for single keys."""

    inherit_cache = True
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


Rows = Sequence[Sequence[Any]]
"""Rows of values in the sequence of the table's columns."""


def insert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows that must be new."""
    _many(connection, table, "insert", rows)


def upsert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, or overwrite all other columns where the primary key exists."""
    _many(connection, table, "overwrite", rows)


def insert_missing(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows whose primary key does not exist: rows to be locked afterwards."""
    _many(connection, table, "keep", rows)


def add_to(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, or add to the last column where the primary key exists."""
    _many(connection, table, "add", rows)


def _many(connection: Connection, table: Table, mode: str, rows: Rows) -> None:
    """One statement. On SQLite the compiled text is used directly: SQLAlchemy's work per row costs more than the row itself."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(str(_compiled(connection.dialect, table, mode)), [tuple(row) for row in rows])
        return
    names, keys = [column.name for column in table.columns], [column.name for column in table.primary_key]
    named = [dict(zip(names, row, strict=True)) for row in rows]
    if mode == "overwrite":
        bulk.overwrite(connection, table, keys, named)
    elif mode == "add":
        bulk.add_to(connection, table, keys, named)
    else:
        (bulk.insert if mode == "insert" else bulk.insert_new)(connection, table, named)


@lru_cache(maxsize=64)
def _compiled(dialect: Dialect, table: Table, mode: str) -> SQLCompiler:
    keys = [column.name for column in table.primary_key]
    names = [column.name for column in table.columns]
    made: Any = sqlite_insert(table)
    if mode == "overwrite":
        made = made.on_conflict_do_update(index_elements=keys, set_={name: made.excluded[name] for name in names if name not in keys})
    elif mode == "add":
        made = made.on_conflict_do_update(index_elements=keys, set_={names[-1]: table.c[names[-1]] + made.excluded[names[-1]]})
    elif mode == "keep":
        made = made.on_conflict_do_nothing()
    compiled: SQLCompiler = made.compile(dialect=dialect, column_keys=names)
    return compiled
