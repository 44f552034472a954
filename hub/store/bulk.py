"""Many rows in one statement: what a window writes of a table. On PostgreSQL a binary COPY or a join with arrays (``unnest``),
on SQLite one ``executemany``; the statements of a window do not grow with it on either.

Rows are dicts; all of a call have the same names. ``keys`` name the columns that find a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, CursorResult, Integer, LargeBinary, Table, bindparam, delete, func, update
from sqlalchemy import insert as insert_into
from sqlalchemy.dialects import sqlite

from hub.store.arrays import array

Row = Mapping[str, Any]
FEW = 2
"""Up to so many rows a COPY is no gain over an insert with arrays."""


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that must be new."""
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert_into(table), list(rows))
    elif len(rows) > FEW:
        _copy(connection, table, rows)
    else:
        _arrays(connection, table, _insert(table, tuple(rows[0]), ""), rows)


def insert_numbered(connection: Connection, table: Table, number: str, rows: Sequence[Row]) -> list[int]:
    """Insert rows of a table whose key ``number`` the database makes; gives their numbers, which rise in the order of the rows."""
    if not rows:
        return []
    names = tuple(rows[0])
    if connection.dialect.name != "postgresql":
        places = ", ".join("?" * len(names))
        statement = f'INSERT INTO "{table.name}" ({_columns(names)}) VALUES ({places})'
        return [connection.exec_driver_sql(statement, tuple(row[name] for name in names)).lastrowid for row in rows]
    return sorted(_arrays(connection, table, _insert_in_order(table, number, names), rows).scalars())


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, leaving those whose key is there."""
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), list(rows))
    else:
        _arrays(connection, table, _insert(table, tuple(rows[0]), " ON CONFLICT DO NOTHING"), rows)


def add_to(connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows, or add to the columns that are no keys where the row is there."""
    if not rows:
        return
    added = [name for name in rows[0] if name not in keys]
    if connection.dialect.name != "postgresql":
        statement = sqlite.insert(table)
        sums = {name: table.c[name] + statement.excluded[name] for name in added}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=sums), list(rows))
        return
    text = ", ".join(f'"{name}" = "{table.name}"."{name}" + excluded."{name}"' for name in added)
    _arrays(connection, table, _insert(table, tuple(rows[0]), _conflict(keys, text)), rows)


def overwrite(connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows, or overwrite the columns that are no keys where the row is there. No two rows of a call have one key."""
    if not rows:
        return
    others = [name for name in rows[0] if name not in keys]
    if connection.dialect.name != "postgresql":
        statement = sqlite.insert(table)
        excluded = {name: statement.excluded[name] for name in others}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=excluded), list(rows))
        return
    text = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
    _arrays(connection, table, _insert(table, tuple(rows[0]), _conflict(keys, text)), rows)


def change(connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Row], *, keep: Sequence[str] = ()) -> None:
    """Update rows found by keys; columns of ``keep`` stay as they are where the row gives None."""
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name != "postgresql":
        values = [{f"{name}_": value for name, value in row.items()} for row in rows]
        connection.execute(_update(table, tuple(keys), names, tuple(keep)), values)
    else:
        _arrays(connection, table, _join(table, tuple(keys), names, tuple(keep)), rows)


def remove(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Delete rows found by all that is given of them."""
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name != "postgresql":
        where = [table.c[name] == bindparam(f"{name}_") for name in names]
        connection.execute(delete(table).where(*where), [{f"{name}_": value for name, value in row.items()} for row in rows])
    else:
        _arrays(connection, table, f'DELETE FROM "{table.name}" t USING {_given(table, names)} WHERE {_found(names)}', rows)


def kind(column: Column[Any]) -> str:
    """The PostgreSQL type of a column."""
    for type, name in ((BigInteger, "bigint"), (Integer, "integer"), (LargeBinary, "bytea"), (Boolean, "boolean")):
        if isinstance(column.type, type):
            return name
    return "text"


def _copy(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """A binary COPY through the driver's cursor; whoever listens to the engine's statements hears of it too."""
    names = tuple(rows[0])
    statement = f'COPY "{table.name}" ({_columns(names)}) FROM STDIN (FORMAT BINARY)'
    cursor: Any = connection.connection.cursor()
    connection.dispatch.before_cursor_execute(connection, cursor, statement, (), None, True)
    with cursor:
        with cursor.copy(statement) as copy:
            copy.set_types([kind(table.c[name]) for name in names])
            for row in rows:
                copy.write_row([row[name] for name in names])
        connection.dispatch.after_cursor_execute(connection, cursor, statement, (), None, True)


def _arrays(connection: Connection, table: Table, statement: str, rows: Sequence[Row]) -> CursorResult[Any]:
    return connection.exec_driver_sql(statement, tuple(array(kind(table.c[name]), [row[name] for row in rows]) for name in rows[0]))


def _conflict(keys: Sequence[str], sets: str) -> str:
    target = ", ".join(f'"{key}"' for key in keys)
    return f" ON CONFLICT ({target}) DO UPDATE SET {sets}"


def _given(table: Table, names: Sequence[str]) -> str:
    arrays = ", ".join(f"%b::{kind(table.c[name])}[]" for name in names)
    return f"unnest({arrays}) AS v({_columns(names)})"


def _found(keys: Sequence[str]) -> str:
    return " AND ".join(f't."{key}" = v."{key}"' for key in keys)


def _columns(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@lru_cache(maxsize=256)
def _insert(table: Table, names: tuple[str, ...], conflict: str) -> str:
    return f'INSERT INTO "{table.name}" ({_columns(names)}) SELECT * FROM {_given(table, names)}{conflict}'


@lru_cache(maxsize=16)
def _insert_in_order(table: Table, number: str, names: tuple[str, ...]) -> str:
    """Rows sorted before they are inserted are numbered in that order (PostgreSQL makes defaults after the sort)."""
    arrays = ", ".join(f"%b::{kind(table.c[name])}[]" for name in names)
    given = f"unnest({arrays}) WITH ORDINALITY AS v({_columns(names)}, place)"
    return f'INSERT INTO "{table.name}" ({_columns(names)}) SELECT {_columns(names)} FROM {given} ORDER BY place RETURNING "{number}"'


@lru_cache(maxsize=256)
def _join(table: Table, keys: tuple[str, ...], names: tuple[str, ...], keep: tuple[str, ...]) -> str:
    sets = (f'"{name}" = ' + (f'coalesce(v."{name}", t."{name}")' if name in keep else f'v."{name}"') for name in names if name not in keys)
    return f'UPDATE "{table.name}" t SET {", ".join(sets)} FROM {_given(table, names)} WHERE {_found(keys)}'


@lru_cache(maxsize=256)
def _update(table: Table, keys: tuple[str, ...], names: tuple[str, ...], keep: tuple[str, ...]) -> Any:
    values: dict[str, Any] = {name: bindparam(f"{name}_", type_=table.c[name].type) for name in names if name not in keys}
    kept = {name: func.coalesce(values[name], table.c[name]) for name in keep}
    return update(table).where(*(table.c[key] == bindparam(f"{key}_") for key in keys)).values({**values, **kept})
