"""Messages as they arrived: unchanged bytes, compressed, up to 1 MB as one value and above in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, insert, select

from hub.store.bulk import change
from hub.store.lane_tables import message, message_chunk
from hub.store.records import Message
from hub.store.schema import among

CHUNK = 1_000_000

_columns = (
    message.c.seq, message.c.system, message.c.route, message.c.name, message.c.headers, message.c.received_at,
    message.c.partition, message.c.sha, message.c.size, message.c.documents, message.c.inputs, message.c.corrects,
)  # fmt: skip
_load = select(*_columns).where(among(message.c.seq, "seqs"))
_raws = select(message.c.seq, message.c.raw, message.c.chunks).where(among(message.c.seq, "seqs"))


def raw_hash(raw: bytes) -> bytes:
    """SHA-256 of the raw bytes, cut to 128 bits."""
    return sha256(raw).digest()[:16]


def find(connection: Connection, system: str, delivery_id: str, sha: bytes) -> int | None:
    """The message that was stored for this very act of sending, or None."""
    where = (message.c.system == system) & (message.c.delivery_id == delivery_id) & (message.c.sha == sha)
    return connection.execute(select(message.c.seq).where(where)).scalar()


def other_body(connection: Connection, system: str, delivery_id: str, sha: bytes) -> int | None:
    """A message with the same delivery id and another body, or None (decision 0004: refused at the door)."""
    where = (message.c.system == system) & (message.c.delivery_id == delivery_id) & (message.c.sha != sha)
    return connection.execute(select(message.c.seq).where(where).limit(1)).scalar()


def save(connection: Connection, raw: bytes, facts: Mapping[str, Any]) -> int:
    """Keep a message; gives its sequence number. ``facts``: system, delivery_id, name, headers, received_at ..."""
    packed = zstandard.compress(raw, 3)
    large = len(raw) > CHUNK
    values = {**facts, "sha": raw_hash(raw), "size": len(raw), "headers": orjson.dumps(dict(facts["headers"])).decode()}
    parts = [packed[at : at + CHUNK] for at in range(0, len(packed), CHUNK)] if large else []
    result = connection.execute(insert(message), {**values, "raw": None if large else packed, "chunks": len(parts)})
    seq = int((result.inserted_primary_key or (0,))[0])
    if parts:
        connection.execute(insert(message_chunk), [{"message": seq, "n": n, "data": data} for n, data in enumerate(parts)])
    return seq


def load(connection: Connection, seqs: Iterable[int]) -> dict[int, Message]:
    """Messages by sequence number, without their bytes."""
    return {row.seq: _message(row) for row in connection.execute(_load, {"seqs": sorted(set(seqs))})}


def raws(connection: Connection, seqs: Iterable[int]) -> dict[int, bytes]:
    """The bytes of messages as they arrived; those pruned are missing."""
    wanted = sorted(set(seqs))
    found = {row.seq: row for row in connection.execute(_raws, {"seqs": wanted})}
    chunks = _chunks(connection, [seq for seq, row in found.items() if row.chunks])
    packed = {seq: chunks.get(seq, row.raw) for seq, row in found.items()}
    return {seq: zstandard.decompress(data) for seq, data in packed.items() if data is not None}


def _chunks(connection: Connection, seqs: list[int]) -> dict[int, bytes]:
    parts: dict[int, list[bytes]] = {}
    if seqs:
        query = select(message_chunk).where(among(message_chunk.c.message, "seqs")).order_by(message_chunk.c.message, message_chunk.c.n)
        for row in connection.execute(query, {"seqs": seqs}):
            parts.setdefault(row.message, []).append(row.data)
    return {seq: b"".join(data) for seq, data in parts.items()}


def finish(connection: Connection, outcomes: Iterable[Mapping[str, Any]]) -> None:
    """Record how many documents messages hold (``seq``, ``documents``) and the ``inputs`` their first window used."""
    change(connection, message, ["seq"], list(outcomes))


def same_bytes(connection: Connection, found: Message) -> list[int]:
    """The other messages of the same system and route with the same raw bytes, in their order (identity row 5, ``delta``)."""
    same = (message.c.sha == found.sha) & (message.c.system == found.system) & (message.c.route == found.route)
    return list(connection.execute(select(message.c.seq).where(same & (message.c.seq != found.seq)).order_by(message.c.seq)).scalars())


def _message(row: Any) -> Message:
    return Message(
        row.seq, row.system, row.route, row.name, orjson.loads(row.headers), row.received_at, row.partition,
        row.sha, row.size, row.documents, row.inputs, row.corrects,
    )  # fmt: skip
