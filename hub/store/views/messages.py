"""One message: its documents, their causes, what was sent because of them, and the roll-up."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, select

from hub.store.book_tables import number
from hub.store.lane_tables import document, hold, message, work
from hub.store.out_tables import delivery
from hub.store.schema import among
from hub.store.views.seen import Parties, at, details, plain, standing, visible

MOST = 1000
"""Documents that are shown of one message; the roll-up counts all."""


def message_object(connection: Connection, seq: int, parties: Parties) -> dict[str, Any] | None:
    """A message with at most ``MOST`` documents; None when there is no such message, or nothing of it may be seen.

    ``open``: it is not translated yet, or a document of it is neither settled nor held.
    """
    head = connection.execute(select(message).where(message.c.seq == seq)).first()
    if head is None:
        return None
    rows = connection.execute(visible(select(document).where(document.c.message == seq).order_by(document.c.id), parties)).all()
    if parties is not None and not rows:
        return None
    causes = _causes(connection, "document", [row.id for row in rows[:MOST]])
    states = Counter(standing(row.state, causes.get(row.id, ())) for row in rows)
    working = connection.execute(select(work.c.seq).where(work.c.kind == "message", work.c.ref == seq)).first() is not None
    own = _causes(connection, "message", [seq]).get(seq, [])
    return {
        "message": seq, "system": head.system, "route": head.route, "name": head.name,
        "received_at": at(head.received_at), "bytes": head.size,
        "open": working or states["blocked"] > 0, "states": dict(sorted(states.items())), **({"holds": own} if own else {}),
        "documents": [_document(row, causes.get(row.id, []), connection) for row in rows[:MOST]],
    }  # fmt: skip


def _document(row: Any, causes: list[dict[str, Any]], connection: Connection) -> dict[str, Any]:
    found = {
        "document": row.id, "n": row.id & (1 << 20) - 1, "type": row.type, "state": standing(row.state, causes), "key": row.k,
        "technical": row._mapping["t"], "revision": row.v, "of": row.of, "corrects": row.corrects, "inputs": row.inputs, "stake": row.stake,
        "numbers": _numbers(connection, row.id), "holds": causes, "deliveries": _deliveries(connection, row.id),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in (None, [], {})}


def _numbers(connection: Connection, id: int) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(select(number).where(number.c.document == id))}


def _deliveries(connection: Connection, id: int) -> list[dict[str, Any]]:
    names = ("id", "subscription", "type", "number", "state", "tries", "receipt", "detail")
    query = select(*(delivery.c[name] for name in names)).where(delivery.c.document == id).order_by(delivery.c.id)
    return [plain(row) for row in connection.execute(query)]


def _causes(connection: Connection, kind: str, owners: list[int]) -> dict[int, list[dict[str, Any]]]:
    query = select(hold).where(hold.c.owner_kind == kind, among(hold.c.owner, "owners")).order_by(hold.c.cause, hold.c.cause_key)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(query, {"owners": owners}):
        found.setdefault(row.owner, []).append({"cause": row.cause, "key": row.cause_key, "since": at(row.since), **details(row.details)})
    return found
