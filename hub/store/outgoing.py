"""What leaves: outbox rows of ``canonical`` with n per key, deliveries with the numbers assigned to them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import xxhash
from sqlalchemy import Connection, Row, bindparam, case, delete, func, select, update

from hub.store import bulk, messages
from hub.store.documents import pack, unpack
from hub.store.effects import Outgoing as Outgoing
from hub.store.identity import insert_new
from hub.store.out_tables import delivery, delivery_number, outbox, published, sequence
from hub.store.records import message_of
from hub.store.schema import among
from hub.store.unit import UnitOfWork
from hub.store.work import partition_of

CANONICAL_PARTITIONS = 8
WHOLE = 256 * 1024
"""Bytes of a body that goes through a broker; of a larger one a reference goes, and who wants it asks for it."""
PAGE = 8 * 1024 * 1024
"""Bytes of bodies after which a page of publications ends."""
AT_ONCE = 10_000
"""Rows of one statement where there may be millions."""
ANSWERS = ("order_response/1",)
"""Types that answer their sender: what a repeat gets again. A warehouse is not told twice to ship."""
TIMES = ("CREDAT", "CRETIM", "GS04", "GS05", "ISA09", "ISA10")
"""Assigned fields that are times: they name no delivery."""

_TRACE = re.compile(r"[\x21-\x7e]{1,255}")
_sequences = select(sequence).where(among(sequence.c.name, "names")).order_by(sequence.c.name).with_for_update()
_made = select(delivery.c.id, delivery.c.subscription, delivery.c.document, delivery.c.effect_no).where(
    among(delivery.c.document, "documents")
)
_supersede = (
    update(delivery)
    .where(
        delivery.c.subscription == bindparam("subscription_"), delivery.c.k == bindparam("k_"), delivery.c.type == bindparam("type_"),
        delivery.c.state == "pending", delivery.c.tries == 0,
    )
    .values(state="superseded", settled_at=bindparam("now_"))
)  # fmt: skip
_answers = select(delivery).where(
    among(delivery.c.document, "documents"),
    delivery.c.state.in_(("sent", "acknowledged", "refused")),
    delivery.c.again.is_(None),
    delivery.c.type.in_(ANSWERS),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery to be written. ``assign(number, now)`` gives its control numbers and times; the codes' revision is put beside them."""

    subscription: str
    system: str
    document: int
    effect_no: int
    outgoing: Outgoing
    latest: bool
    assign: Callable[[int, int], Mapping[str, str]]


def publish(unit: UnitOfWork, rows: list[dict[str, Any]]) -> None:
    """Write events and documents for channel ``canonical``: the row that stays, and the pointer that a relay takes away."""
    if rows:
        made = [{**row, "n": row["n"] + unit.published_from, "body": pack(row["body"])} for row in rows]
        bulk.insert(unit.connection, published, made)
        bulk.insert(unit.connection, outbox, [_pointer(row["k"], row["n"]) for row in made])


def _pointer(k: str, n: int) -> dict[str, Any]:
    return {"channel": "canonical", "partition": partition_of(k, CANONICAL_PARTITIONS), "k": k, "n": n}


def create(unit: UnitOfWork, entries: Iterable[Entry]) -> None:
    """Write deliveries; their numbers come from one counter a receiving system, in this unit of work: no two have one ISA13."""
    items = list(entries)
    if not items:
        return
    last, revision = _take_numbers(unit, Counter(item.system for item in items)), str(unit.revision())
    rows = []
    for item in items:
        number = last[item.system] = last[item.system] + 1
        rows.append(_row(item, number, revision, unit.now))
    _supersede_older(unit, [item for item in items if item.latest])
    bulk.insert(unit.connection, delivery, rows)
    _save_numbers(unit, rows)


def _supersede_older(unit: UnitOfWork, items: list[Entry]) -> None:
    """A newer one of (subscription, key, type) takes the place of an unsent older one where the type says ``latest``."""
    if items:
        values = [{"subscription_": i.subscription, "k_": i.outgoing.key, "type_": i.outgoing.type, "now_": unit.now} for i in items]
        unit.connection.execute(_supersede, values)


def _take_numbers(unit: UnitOfWork, wanted: Counter[str]) -> dict[str, int]:
    """Lock the counters of systems, sorted, and move them on; gives where each stood."""
    names = sorted(wanted)
    insert_new(unit.connection, sequence, [{"name": name, "last": 0} for name in names])
    last = {row.name: row.last for row in unit.connection.execute(_sequences, {"names": names})}
    bulk.change(unit.connection, sequence, ["name"], [{"name": name, "last": last[name] + wanted[name]} for name in names])
    return last


def _row(item: Entry, number: int, revision: str, now: int) -> dict[str, Any]:
    out, assigned = item.outgoing, {**item.assign(number, now), "revision": revision}
    return {
        "subscription": item.subscription, "system": item.system, "document": item.document, "effect_no": item.effect_no, "k": out.key,
        "type": out.type, "party": out.party, "body": pack(orjson.dumps(out.body)), "number": number,
        "assigned": orjson.dumps(assigned).decode(), "state": "pending", "next_at": now, "created_at": now,
    }  # fmt: skip


def _save_numbers(unit: UnitOfWork, rows: list[dict[str, Any]]) -> None:
    """Index the assigned numbers (fields of the format: names in capitals), so that an acknowledgement finds what it acknowledges."""
    keys = [(row["subscription"], row["document"], row["effect_no"]) for row in rows]
    found = unit.connection.execute(_made, {"documents": sorted({key[1] for key in keys})})
    ids = {(row.subscription, row.document, row.effect_no): row.id for row in found}
    numbers = [
        {"system": row["system"], "scheme": scheme, "value": value, "delivery": ids[key]}
        for row, key in zip(rows, keys, strict=True)
        for scheme, value in orjson.loads(row["assigned"]).items()
        if scheme.isupper() and scheme not in TIMES
    ]
    insert_new(unit.connection, delivery_number, numbers)


def repeat(unit: UnitOfWork, duplicates: Iterable[tuple[int, int, str]]) -> None:
    """The first one's answer again: what was sent for the original goes once more to the system that repeated it, with the same bytes."""
    items = list(duplicates)
    if not items:
        return
    found = list(unit.connection.execute(_answers, {"documents": sorted({original for _, original, _ in items})}))
    by_original: dict[int, list[Row[Any]]] = {}
    for row in found:
        by_original.setdefault(row.document, []).append(row)
    again = [
        _copy(row, document, unit.now)
        for document, original, system in items
        for row in by_original.get(original, ())
        if row.system == system
    ]
    bulk.insert(unit.connection, delivery, again)


_KEPT = (
    "subscription", "system", "effect_no", "k", "type", "party", "body", "number", "assigned",
    "payload", "name", "content_type", "headers",
)  # fmt: skip


def _copy(row: Row[Any], document: int, now: int) -> dict[str, Any]:
    kept = {name: getattr(row, name) for name in _KEPT}
    return {**kept, "document": document, "state": "pending", "next_at": now, "created_at": now, "again": row.id}


Published = tuple[str, int, str, int, bytes | None, int]
_published = (published.c.k, published.c.n, published.c.type, published.c.document, published.c.body, published.c.at)
_whole = case((func.length(published.c.body) <= WHOLE, published.c.body))
_waiting = (
    select(outbox.c.id, *(_whole if column is published.c.body else column for column in _published))
    .join(published, (published.c.k == outbox.c.k) & (published.c.n == outbox.c.n))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_forget = delete(outbox).where(among(outbox.c.id, "ids"))


def waiting_publications(connection: Connection, most: int) -> list[tuple[int, Published]]:
    """Outbox rows not yet confirmed, in the order of publishing. A body above ``WHOLE`` is None and not read: 500 of them may not fit."""
    return [
        (id, (k, n, type, document, unpack(body, WHOLE), at))
        for id, k, n, type, document, body, at in connection.execute(_waiting, {"most": most})
    ]


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


def forget_publications(connection: Connection, ids: list[int]) -> None:
    """Delete confirmed outbox rows; what was published stays, so that a subscriber can ask for it again."""
    connection.execute(_forget, {"ids": ids})


def publish_again(unit: UnitOfWork, since: int) -> int:
    """Queue once more what was published since an instant (microseconds UTC) and is not queued; gives how many there are.

    For subscribers whose queue went with its broker: by (key, n) they drop what they have.
    """
    queued = select(outbox.c.id).where(outbox.c.k == published.c.k, outbox.c.n == published.c.n).exists()
    query = select(published.c.k, published.c.n).where(published.c.at >= since, ~queued)
    found = unit.connection.execute(query.order_by(published.c.at, published.c.k, published.c.n)).all()
    for start in range(0, len(found), AT_ONCE):
        bulk.insert(unit.connection, outbox, [_pointer(row.k, row.n) for row in found[start : start + AT_ONCE]])
    return len(found)


def publications_from(connection: Connection, k: str, n: int, until: int | None = None, most: int | None = None) -> list[Published]:
    """What was published of a key from ``n`` on, whole, to ``until``. With ``most`` the first of it: so many, fewer where their bodies are
    large, one at least (not up to a number, since numbers jump after a restore)."""
    query = select(*_published).where(published.c.k == k, published.c.n >= n).order_by(published.c.n).limit(most)
    if until is not None:
        query = query.where(published.c.n <= until)
    found, size = list[Published](), 0
    for key, number, type, document, packed, at in connection.execute(query):
        if most is not None and size > PAGE:
            break
        body = unpack(packed)
        size += len(body or b"")
        found.append((key, number, type, document, body, at))
    return found
