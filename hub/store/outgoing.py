"""What leaves for systems: deliveries with the numbers assigned to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, select, update

from hub.store import bulk
from hub.store.documents import pack
from hub.store.effects import Outgoing as Outgoing
from hub.store.identity import insert_new
from hub.store.out_tables import delivery, delivery_number, sequence
from hub.store.schema import among
from hub.store.unit import UnitOfWork

ANSWERS = ("order_response/1",)
"""Types that answer their sender: what a repeat gets again. A warehouse is not told twice to ship."""
TIMES = ("CREDAT", "CRETIM", "GS04", "GS05", "ISA09", "ISA10")
"""Assigned fields that are times: they name no delivery."""

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
