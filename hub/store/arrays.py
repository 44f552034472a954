"""Columns of rows as PostgreSQL's binary arrays, written at once: the driver's own way looks at each element several times, and an order
of ten lines has some five hundred of them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_NULL = b"\xff\xff\xff\xff"
_LENGTH = struct.Struct(">i").pack
_bigint, _integer, _boolean = (partial(struct.Struct(layout).pack, size) for layout, size in ((">iq", 8), (">ii", 4), (">i?", 1)))
"""Length and value of an element."""


class _Dumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        return obj


def _fixed(pack: Callable[[Any], bytes]) -> Callable[[Sequence[Any]], Iterable[bytes]]:
    return lambda values: map(pack, values)


def _texts(values: Sequence[str]) -> Iterable[bytes]:
    return _byteas(list(map(str.encode, values)))


def _byteas(values: Sequence[bytes]) -> Iterable[bytes]:
    return chain.from_iterable(zip(map(_LENGTH, map(len, values)), values, strict=True))


class _Array(bytes):
    """An array as the server reads it; a class a type, since the driver looks at the class."""


def _type(name: str, array: int) -> type[_Array]:
    """A class whose values go out as arrays of this number in ``pg_type``."""
    made = type(f"{name}_array", (_Array,), {})
    psycopg.adapters.register_dumper(made, type(f"{name}_dumper", (_Dumper,), {"oid": array}))
    return made


_TYPES: dict[str, tuple[type[_Array], bytes, Callable[[Sequence[Any]], Iterable[bytes]]]] = {
    "bigint": (_type("bigint", 1016), _LENGTH(20), _fixed(_bigint)),
    "integer": (_type("integer", 1007), _LENGTH(23), _fixed(_integer)),
    "boolean": (_type("boolean", 1000), _LENGTH(16), _fixed(_boolean)),
    "text": (_type("text", 1009), _LENGTH(25), _texts),
    "bytea": (_type("bytea", 1001), _LENGTH(17), _byteas),
}
"""Type -> class of its arrays, number of its elements, how they are written. The numbers are fixed in PostgreSQL."""


def array(kind: str, values: Sequence[Any]) -> Any:
    """Values of one type (bigint, integer, boolean, text, bytea), or None, as one parameter. Raises OverflowError for a number that the
    type does not hold."""
    made, element, write = _TYPES[kind]
    some = None in values
    try:
        parts = [_NULL if value is None else b"".join(write([value])) for value in values] if some else write(values)
        head = b"\0\0\0\1" + _LENGTH(some) + element + _LENGTH(len(values)) + b"\0\0\0\1"
        return made(head + b"".join(parts))
    except struct.error as error:
        raise OverflowError(f"a number does not fit into {kind}: {error}") from None
