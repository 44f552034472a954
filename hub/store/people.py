"""What people watch, written by whoever changes a state, in the same commit: counters, feed, numbers, cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select

from canonical_model.problems import bounded
from hub.store import bulk
from hub.store.book_tables import audit, counter, feed, number
from hub.store.lane_tables import cases
from hub.store.records import LONGEST_KEY, Case, Document

MINUTE = 60_000_000


def count(connection: Connection, documents: Iterable[Document], worker: str, now: int) -> None:
    """+1 for the state that each document entered, -1 for the one it left; a row a route, state, minute and worker."""
    entered: Counter[tuple[str, str]] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    for item in documents:
        standing = item.standing()
        if item.counted != standing:
            entered[item.route, standing] += 1
            left[item.route, item.counted] += bool(item.counted)
    add_counts(connection, entered, left, worker, now)


def add_counts(connection: Connection, entered: Counter[tuple[str, str]], left: Counter[tuple[str, str]], worker: str, now: int) -> None:
    """Add to the counter rows."""
    minute = now // MINUTE
    rows = [
        {"route": route, "state": state, "minute": minute, "worker": worker, "entered": entered[route, state], "left": left[route, state]}
        for route, state in sorted(entered.keys() | left.keys())
        if state
    ]
    bulk.add_to(connection, counter, ["route", "state", "minute", "worker"], rows)


def tell(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Append to the change feed: at, kind, ref, state, system, route."""
    bulk.insert(connection, feed, rows)


def told(item: Document, now: int) -> dict[str, Any]:
    """A document's line in the change feed."""
    return {"at": now, "kind": "document", "ref": item.id, "state": item.standing(), "system": item.system, "route": item.route}


def save_numbers(connection: Connection, documents: Iterable[Document]) -> None:
    """Index the business numbers by which a search finds a document, also while it is held."""
    rows = [
        {"value": bounded(value, LONGEST_KEY), "name": name, "document": item.id}
        for item in documents
        for name, value in item.numbers
        if value
    ]
    bulk.insert_new(connection, number, rows)


def save_cases(connection: Connection, items: Iterable[Case], now: int) -> None:
    """Write new cases and what became of those already there."""
    new = [item for item in items if item.id is None]
    bulk.insert(connection, cases, [_case(item, now) for item in new])


def close_cases(connection: Connection, closed: Mapping[int, tuple[str, int | None]], now: int) -> None:
    """Close the open cases of documents: document -> (state, closed by)."""
    for document, (state, by) in closed.items():
        where = (cases.c.document == document) & (cases.c.state == "open")
        connection.execute(cases.update().where(where).values(state=state, closed_by=by, closed_at=now))


def record(connection: Connection, *, at: int, actor: str, action: str, target: str, why: str = "", detail: Any = None) -> None:
    """One line of the audit: who did what to what, and why."""
    packed = None if detail is None else orjson.dumps(detail)
    connection.execute(insert(audit), {"at": at, "actor": actor, "action": action, "target": target, "why": why, "detail": packed})


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """(route, state) -> how many documents are in it now, from the counter rows alone."""
    total = func.sum(counter.c.entered) - func.sum(counter.c.left)
    query = select(counter.c.route, counter.c.state, total.label("n")).group_by(counter.c.route, counter.c.state)
    return {(item.route, item.state): int(item.n) for item in connection.execute(query) if item.n}


def _case(item: Case, now: int) -> dict[str, Any]:
    closed = item.state != "open"
    return {
        "k": item.k, "document": item.document, "against": item.against, "kind": item.kind, "note": item.note, "state": item.state,
        "diff": None if item.diff is None else orjson.dumps(item.diff), "closed_by": item.closed_by, "opened_at": now,
        "closed_at": now if closed else None,
    }  # fmt: skip
