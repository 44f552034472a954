"""Identity: heads of business keys, technical ids, occurrences, applied effects. Never pruned (decision 0004)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from hub.store.bulk import change, insert
from hub.store.bulk import insert_new as insert_new
from hub.store.lane_tables import business_key, document, effect, occurrence, technical
from hub.store.records import Content, Document, Head, Known
from hub.store.schema import among

_heads = select(business_key).where(among(business_key.c.k, "keys")).order_by(business_key.c.k).with_for_update()
_known = select(technical.c.t, technical.c.k, technical.c.s, document.c.id, document.c.f, document.c.inputs).join(
    document, document.c.id == technical.c.document
).where(among(technical.c.t, "ids")).order_by(technical.c.document)  # fmt: skip
_occurrences = select(occurrence).where(among(occurrence.c.k, "keys"))
_counted = (
    select(document.c.message, document.c.k, document.c.s, func.count().label("number"))
    .where(among(document.c.message, "messages"), or_(document.c.t.is_(None), among(document.c.message, "ignoring")))
    .group_by(document.c.message, document.c.k, document.c.s)
)


def lock_heads(connection: Connection, keys: Iterable[str]) -> dict[str, Head]:
    """Make the rows of keys where missing and lock them, both in sorted order; gives the heads."""
    wanted = sorted(set(keys))
    insert_new(connection, business_key, [{"k": k, "kseq": 0, "n": 0} for k in wanted])
    return {row.k: _head(row) for row in connection.execute(_heads, {"keys": wanted})}


def known(connection: Connection, ids: Iterable[str]) -> list[Known]:
    """Every document recorded under technical ids."""
    wanted = sorted(set(ids))
    if not wanted:
        return []
    found = connection.execute(_known, {"ids": wanted})
    return [Known(t, k, Content(document, s, f, inputs)) for t, k, s, document, f, inputs in found]


def occurrences(connection: Connection, keys: Iterable[str]) -> dict[tuple[str, bytes, int], int]:
    """(key, content, occurrence number) -> document that stood there first."""
    wanted = sorted(set(keys))
    return {(row.k, row.s, row.number): row.document for row in connection.execute(_occurrences, {"keys": wanted})} if wanted else {}


def counted(connection: Connection, messages: Iterable[int], ignoring: Iterable[int]) -> dict[tuple[int, str, bytes], int]:
    """How often a content stands in the earlier windows of messages that go on. What has a technical id is known by it and not counted,
    but for messages that are ``ignoring`` these."""
    wanted = {"messages": sorted(set(messages)), "ignoring": sorted(set(ignoring))}
    if not wanted["messages"]:
        return {}
    return {(row.message, row.k or "", row.s): row.number for row in connection.execute(_counted, wanted)}


def save_heads(connection: Connection, heads: Iterable[Head]) -> None:
    """Write changed heads."""
    change(connection, business_key, ["k"], [_head_values(head) for head in heads])


def save_technical(connection: Connection, items: Iterable[tuple[Document, int]]) -> None:
    """Record technical ids: (document, the document a repeat of it is a repeat of)."""
    rows = [{"t": item.t, "k": item.k or "", "s": item.s, "document": root} for item, root in items if item.t is not None]
    insert_new(connection, technical, rows)


def save_occurrences(connection: Connection, items: Mapping[tuple[str, bytes, int], int]) -> None:
    """Record new occurrences."""
    insert(connection, occurrence, [{"k": k, "s": s, "number": n, "document": d} for (k, s, n), d in items.items()])


def save_effects(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """One row for each applied document: the second last guard against an effect done twice."""
    insert(connection, effect, rows)


def _head(row: Row[Any]) -> Head:
    full = None if row.full_document is None else Content(row.full_document, row.full_s, row.full_f, row.full_inputs or "")
    change = None if row.change_document is None else Content(row.change_document, row.change_s, row.change_f, row.change_inputs or "")
    return Head(row.k, row.system, row.document, row.v, full, change, row.kseq, row.n, row.held_since)


def _head_values(head: Head) -> dict[str, Any]:
    values: dict[str, Any] = {"k": head.k, "system": head.system, "document": head.document, "v": head.v}
    for name, content in (("full", head.full), ("change", head.change)):
        values[f"{name}_document"] = content.document if content else None
        values[f"{name}_s"] = content.s if content else None
        values[f"{name}_f"] = content.f if content else None
        values[f"{name}_inputs"] = content.inputs if content else None
    return {**values, "kseq": head.kseq, "n": head.n, "held_since": head.held_since}
