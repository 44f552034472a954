"""What the services' tables share: sets of keys as one parameter, and upserts, for SQLite and PostgreSQL.

The text of a statement does not change with the number of documents in the window (decision D3): a set of keys is one
JSON text, which the database takes apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Select, Table, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def packed(keys: Iterable[Any]) -> str:
    """Keys (texts, or pairs of texts) -> the value of a ``members`` or ``pairs`` parameter, sorted."""
    return orjson.dumps(sorted(keys)).decode()


def members(connection: Connection, name: str) -> Select[Any]:
    """``select`` of the texts in the JSON array that parameter ``name`` holds: for ``column.in_(...)``."""
    parameter = bindparam(name, type_=Text())
    if connection.dialect.name == "sqlite":
        return select(func.json_each(parameter).table_valued("value").c.value)
    return select(func.jsonb_array_elements_text(cast(parameter, JSONB)).column_valued("member"))


def pairs(connection: Connection, name: str) -> Select[Any]:
    """The same for pairs: ``tuple_(a, b).in_(...)``."""
    parameter = bindparam(name, type_=Text())
    if connection.dialect.name == "sqlite":
        value = func.json_each(parameter).table_valued("value").c.value
        return select(func.json_extract(value, "$[0]"), func.json_extract(value, "$[1]"))
    pair = func.jsonb_array_elements(cast(parameter, JSONB)).column_valued("pair")
    return select(pair.op("->>")(0), pair.op("->>")(1))


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
