"""Cases: changed resends and reused ids with their field diff; they keep their row whatever happened to them."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, select

from hub.store.lane_tables import business_key, document
from hub.store.lane_tables import cases as table
from hub.store.views.seen import Parties, at, visible

MOST = 500


def cases(connection: Connection, parties: Parties, *, closed: bool = True) -> list[dict[str, Any]]:
    """Cases, open ones first, then the newest; at most ``MOST``."""
    query = select(table, document.c.type).outerjoin(document, document.c.id == table.c.document)
    query = query if closed else query.where(table.c.state == "open")
    rows = connection.execute(visible(query, parties).order_by(table.c.state != "open", table.c.id.desc()).limit(MOST)).all()
    return [_case(row) for row in rows]


def case(connection: Connection, id: int, parties: Parties) -> dict[str, Any] | None:
    """One case with its diff and the head that stands now."""
    query = select(table, document.c.type).outerjoin(document, document.c.id == table.c.document).where(table.c.id == id)
    row = connection.execute(visible(query, parties)).first()
    if row is None:
        return None
    head = connection.execute(select(business_key.c.document).where(business_key.c.k == row.k)).scalar()
    return {**_case(row), "head": head, "diff": orjson.loads(row.diff) if row.diff else []}


def _case(row: Any) -> dict[str, Any]:
    found = {
        "id": row.id, "k": row.k, "document": row.document, "against": row.against, "kind": row.kind, "type": row.type, "state": row.state,
        "closed_by": row.closed_by, "note": row.note, "opened_at": at(row.opened_at), "closed_at": at(row.closed_at),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in (None, "")}
