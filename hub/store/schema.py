"""One metadata for every table of the hub, and the column types that exact numbers allow (decision 0011).

Instants are microseconds UTC in BIGINT, hashes 16 bytes, decimals text or scaled integers; ``Numeric``, ``Float``
and ``DateTime`` are banned. A service declares its own tables on ``metadata`` in its ``tables.py``.
"""

from __future__ import annotations

from typing import Any, Self

import orjson
from sqlalchemy import BigInteger, Column, ColumnElement, Dialect, Integer, MetaData, Text, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

Id = BigInteger().with_variant(Integer(), "sqlite")


def identity(name: str = "id") -> Column[int]:
    """A rising number made by the database. Tables that use it say ``sqlite_autoincrement=True``."""
    return Column(name, Id, primary_key=True, autoincrement=True)


class ListOf(TypeDecorator[list[Any]]):
    """A list as one parameter: an array on PostgreSQL, a JSON text on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, item: type[TypeEngine[Any]]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(self.item()))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return value
        return orjson.dumps(value or []).decode()


class Condition(FunctionElement[bool]):
    """A condition that stands in WHERE as it is. By itself SQLAlchemy compares it with 1 where the database has no booleans, and SQLite
    then looks through the whole table instead of its index."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Self:
        return self


class Among(Condition):
    """``column IN (the list given at execution)``: the statement's text does not change with the window's size."""

    inherit_cache = True
    name = "among"


@compiles(Among)
def _among(element: Among, compiler: SQLCompiler, **words: Any) -> str:
    column, values = (compiler.process(part, **words) for part in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"{column} = ANY ({values})"
    return f"{column} IN (SELECT value FROM json_each({values}))"


def among(column: ColumnElement[Any], name: str) -> Among:
    """``among(document.c.k, "keys")``, executed with ``{"keys": [...]}``."""
    item: type[TypeEngine[Any]] = BigInteger if isinstance(column.type, (Integer, BigInteger)) else Text
    return Among(column, bindparam(name, type_=ListOf(item)))
