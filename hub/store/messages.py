"""Messages as they arrived: unchanged bytes, compressed, up to 1 MB as one value and above in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, select, text

from hub.store import bulk, work
from hub.store.lane_tables import message, message_chunk
from hub.store.packing import compress, decompress
from hub.store.records import Message
from hub.store.schema import among

CHUNK = 1_000_000

_columns = (
    message.c.seq, message.c.system, message.c.route, message.c.name, message.c.headers, message.c.received_at,
    message.c.partition, message.c.sha, message.c.size, message.c.documents, message.c.inputs, message.c.corrects,
)  # fmt: skip
_load = select(*_columns).where(among(message.c.seq, "seqs"))
_lock_acts = text("SELECT pg_advisory_xact_lock(n) FROM unnest(CAST(:numbers AS bigint[])) AS n")
_acts = select(message.c.seq, message.c.system, message.c.delivery_id, message.c.sha).where(
    among(message.c.system, "systems"), among(message.c.delivery_id, "ids")
)  # fmt: skip
_raws = select(message.c.seq, message.c.raw, message.c.chunks).where(among(message.c.seq, "seqs"))


def raw_hash(raw: bytes) -> bytes:
    """SHA-256 of the raw bytes, cut to 128 bits."""
    return sha256(raw).digest()[:16]


Act = tuple[str, str]
"""What names an act of sending: its system and delivery id."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A message made ready to be written, before any transaction: its row, and its bytes in chunks where they are many."""

    row: Mapping[str, Any]
    parts: Sequence[bytes] = ()


def packed(raw: bytes, facts: Mapping[str, Any]) -> Packed:
    """``facts``: system, delivery_id, name, origin, headers, route, partition, corrects."""
    data, large = compress(raw), len(raw) > CHUNK
    parts = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)] if large else []
    row = {
        **facts, "sha": raw_hash(raw), "size": len(raw), "headers": orjson.dumps(dict(facts["headers"])).decode(),
        "raw": None if large else data, "chunks": len(parts),
    }  # fmt: skip
    return Packed(row, parts)


def lock_acts(connection: Connection, wanted: Iterable[Act]) -> None:
    """Until the commit: another process that stores under one of these acts waits, and then sees what was stored. One statement, in one
    order everywhere; SQLite has one writer anyway."""
    if connection.dialect.name != "postgresql":
        return
    hashes = (sha256(f"{system}\0{id}".encode("utf-8", "surrogatepass")).digest() for system, id in wanted)
    numbers = {int.from_bytes(digest[:8], signed=True) for digest in hashes}
    if numbers:
        connection.execute(_lock_acts, {"numbers": sorted(numbers)})


def acts(connection: Connection, wanted: Iterable[Act]) -> dict[Act, dict[bytes, int]]:
    """What is stored under acts of sending: hash of the raw bytes -> message. One statement."""
    named = sorted(set(wanted))
    found: dict[Act, dict[bytes, int]] = {}
    if named:
        values = {"systems": sorted({system for system, _ in named}), "ids": sorted({id for _, id in named})}
        for seq, system, id, sha in connection.execute(_acts, values):
            found.setdefault((system, id), {})[sha] = seq
    return found


def save(connection: Connection, items: Sequence[Packed], now: int) -> list[int]:
    """Keep messages with their work rows; gives their sequence numbers, in the same order. One statement a table."""
    seqs = bulk.insert_numbered(connection, message, "seq", [{**item.row, "received_at": now} for item in items])
    parts = [
        {"message": seq, "n": n, "data": data} for seq, item in zip(seqs, items, strict=True) for n, data in enumerate(item.parts)
    ]  # fmt: skip
    bulk.insert(connection, message_chunk, parts)
    queued = [
        {"partition": item.row["partition"], "kind": "message", "ref": seq, "at": now} for seq, item in zip(seqs, items, strict=True)
    ]  # fmt: skip
    work.add(connection, queued)
    return seqs


def load(connection: Connection, seqs: Iterable[int]) -> dict[int, Message]:
    """Messages by sequence number, without their bytes."""
    wanted = sorted(set(seqs))
    return {row.seq: _message(row) for row in connection.execute(_load, {"seqs": wanted})} if wanted else {}


def raws(connection: Connection, seqs: Iterable[int]) -> dict[int, bytes]:
    """The bytes of messages as they arrived; those pruned are missing."""
    wanted = sorted(set(seqs))
    found = {row.seq: row for row in connection.execute(_raws, {"seqs": wanted})} if wanted else {}
    chunks = _chunks(connection, [seq for seq, row in found.items() if row.chunks])
    packed = {seq: chunks.get(seq, row.raw) for seq, row in found.items()}
    return {seq: decompress(data) for seq, data in packed.items() if data is not None}


def _chunks(connection: Connection, seqs: list[int]) -> dict[int, bytes]:
    parts: dict[int, list[bytes]] = {}
    if seqs:
        query = select(message_chunk).where(among(message_chunk.c.message, "seqs")).order_by(message_chunk.c.message, message_chunk.c.n)
        for row in connection.execute(query, {"seqs": seqs}):
            parts.setdefault(row.message, []).append(row.data)
    return {seq: b"".join(data) for seq, data in parts.items()}


def finish(connection: Connection, outcomes: Iterable[Mapping[str, Any]]) -> None:
    """Record how many documents messages hold (``seq``, ``documents``) and the ``inputs`` their first window used."""
    bulk.change(connection, message, ["seq"], list(outcomes))


def same_bytes(connection: Connection, found: Message) -> list[int]:
    """The other messages of the same system and route with the same raw bytes, in their order (identity row 5, ``delta``)."""
    same = (message.c.sha == found.sha) & (message.c.system == found.system) & (message.c.route == found.route)
    return list(connection.execute(select(message.c.seq).where(same & (message.c.seq != found.seq)).order_by(message.c.seq)).scalars())


def _message(row: Any) -> Message:
    return Message(
        row.seq, row.system, row.route, row.name, orjson.loads(row.headers), row.received_at, row.partition,
        row.sha, row.size, row.documents, row.inputs, row.corrects,
    )  # fmt: skip
