"""Search by any business number that mappings name, also of held documents: one look into one index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from canonical_model.problems import bounded
from hub.store.book_tables import number
from hub.store.lane_tables import document, hold
from hub.store.records import LONGEST_KEY
from hub.store.views.seen import Parties, at, plain, standing, visible

MOST = 200


def find(connection: Connection, value: str, parties: Parties) -> list[dict[str, Any]]:
    """Documents with this number, newest first, at most ``MOST``."""
    columns = (document.c.id, document.c.message, document.c.system, document.c.type, document.c.k, document.c.state, document.c.created_at)
    there = number.c.value == bounded(value, LONGEST_KEY)
    query = select(number.c.name, *columns).join(document, document.c.id == number.c.document).where(there)
    rows = connection.execute(visible(query, parties).order_by(document.c.id.desc()).limit(MOST)).all()
    return [_row(connection, row) for row in rows]


def _row(connection: Connection, row: Any) -> dict[str, Any]:
    causes = connection.execute(select(hold.c.cause).where(hold.c.owner_kind == "document", hold.c.owner == row.id)).all()
    return {
        **plain(row, "created_at", "id"), "document": row.id, "state": standing(row.state, causes), "since": at(row.created_at),
        "causes": sorted({cause for (cause,) in causes}),
    }  # fmt: skip
