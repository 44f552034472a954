"""What is published on ``canonical``: a row that stays, numbered per key, and a pointer to it until its confirm.

A body is read whole or not at all, and no reading takes more of them than ``PAGE`` bytes and one: whoever reads goes on where it ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xxhash
from sqlalchemy import Connection, and_, bindparam, case, delete, func, select

from hub.store import bulk, messages
from hub.store.documents import pack, unpack
from hub.store.out_tables import outbox, published
from hub.store.records import message_of
from hub.store.schema import among
from hub.store.unit import UnitOfWork
from hub.store.work import partition_of

PARTITIONS = 8
WHOLE = 256 * 1024
"""Bytes of a body that goes through a broker; of a larger one a reference goes, and who wants it asks for it."""
PAGE = 8 * 1024 * 1024
"""Bytes of bodies after which a reading ends."""
APART = 16 * 1024
"""Bytes of a packed body above which it is read by itself: 500 others are ``PAGE`` at most."""
MOST = 500
"""Publications of a key given at once."""
AT_ONCE = 10_000
"""Rows of one statement where there may be millions."""

Published = tuple[str, int, str, int, bytes | None, int]
"""(key, n, type, document, body, at)"""
_TRACE = re.compile(r"[\x21-\x7e]{1,255}")
_length = func.length(published.c.body)
_columns = (
    published.c.k, published.c.n, published.c.type, published.c.document, published.c.at,
    _length.label("length"), case((_length <= APART, published.c.body)).label("near"),
)  # fmt: skip
_same = and_(published.c.k == outbox.c.k, published.c.n == outbox.c.n)
_waiting = select(outbox.c.id, *_columns).join(published, _same).order_by(outbox.c.id).limit(bindparam("most"))
_body = select(published.c.body).where(published.c.k == bindparam("k"), published.c.n == bindparam("n"))
_forget = delete(outbox).where(among(outbox.c.id, "ids"))


def publish(unit: UnitOfWork, rows: list[dict[str, Any]]) -> None:
    """Write events and documents for channel ``canonical``: the row that stays, and the pointer that a relay takes away."""
    if rows:
        made = [{**row, "n": row["n"] + unit.published_from, "body": pack(row["body"])} for row in rows]
        bulk.insert(unit.connection, published, made)
        bulk.insert(unit.connection, outbox, [_pointer(row["k"], row["n"]) for row in made])


def _pointer(k: str, n: int) -> dict[str, Any]:
    return {"channel": "canonical", "partition": partition_of(k, PARTITIONS), "k": k, "n": n}


def waiting(connection: Connection, most: int) -> tuple[list[tuple[int, Published]], bool]:
    """The first of the outbox, in the order of publishing, ``most`` rows or fewer where bodies are large; and whether there may be more.
    A body above ``WHOLE`` is None and not read."""
    rows = connection.execute(_waiting, {"most": most}).all()
    found = _read(connection, rows, WHOLE)
    return [(row.id, values) for row, values in zip(rows, found, strict=False)], len(found) == most or len(found) < len(rows)


def of_key(connection: Connection, k: str, n: int, most: int = MOST) -> list[Published]:
    """What was published of a key from ``n`` on, whole: the first ``most`` of it, fewer where bodies are large, one at least where there
    is one (not up to a number, since numbers jump after a restore)."""
    query = select(*_columns).where(published.c.k == k, published.c.n >= n).order_by(published.c.n).limit(most)
    return _read(connection, connection.execute(query).all(), None)


def _read(connection: Connection, rows: Sequence[Any], whole: int | None) -> list[Published]:
    """The first of ``rows``, as many as ``PAGE`` takes, with their bodies; of one above ``whole`` bytes none."""
    found, taken = list[Published](), 0
    for row in rows:
        if taken > PAGE:
            break
        body = _body_of(connection, row, whole)
        taken += len(body or b"")
        found.append((row.k, row.n, row.type, row.document, body, row.at))
    return found


def _body_of(connection: Connection, row: Any, whole: int | None) -> bytes | None:
    if row.near is not None or row.length is None:
        return unpack(row.near, whole)
    if whole is not None and row.length > whole:
        return None
    return unpack(connection.execute(_body, {"k": row.k, "n": row.n}).scalar(), whole)


def forget(connection: Connection, ids: list[int]) -> None:
    """Delete confirmed outbox rows; what was published stays, so that a subscriber can ask for it again."""
    connection.execute(_forget, {"ids": ids})


def again(unit: UnitOfWork, since: int) -> int:
    """Queue once more what was published since an instant (microseconds UTC) and is not queued; gives how many there are.

    For subscribers whose queue went with its broker: by (key, n) they drop what they have. Memory is for ``AT_ONCE`` of them;
    SQLite sorts them in memory besides (75 bytes each).
    """
    missing = select(published.c.k, published.c.n).outerjoin(outbox, _same).where(published.c.at >= since, outbox.c.k.is_(None))
    found = unit.connection.execute(
        missing.order_by(published.c.at, published.c.k, published.c.n), execution_options={"yield_per": AT_ONCE}
    )
    count = 0
    for rows in found.partitions():
        bulk.insert(unit.connection, outbox, [_pointer(row.k, row.n) for row in rows])
        count += len(rows)
    return count


def traces(connection: Connection, documents: Iterable[int]) -> dict[int, str]:
    """Document -> W3C ``traceparent``: the one its message came with, else one that is computed from the message's number."""
    by_document = {id: message_of(id)[0] for id in documents}
    found = messages.load(connection, by_document.values())
    given = {seq: given_trace(one.headers) for seq, one in found.items()}
    return {id: given.get(seq) or _own_trace(seq, id) for id, seq in by_document.items()}


def given_trace(headers: Mapping[str, str]) -> str:
    """The ``traceparent`` among the headers of a message, where it can be one; else empty, as W3C wants of one that is not understood.
    It is a header of every publication, and a broker closes the connection over one that does not fit its frame."""
    found = next((text for name, text in headers.items() if name.lower() == "traceparent"), "")
    return found if _TRACE.fullmatch(found) else ""


def _own_trace(message: int, document: int) -> str:
    trace = xxhash.xxh3_128_hexdigest(f"message:{message}".encode())
    return f"00-{trace}-{xxhash.xxh3_64_hexdigest(f'document:{document}'.encode())}-01"
