"""Documents on their way out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, select

from hub.store.lane_tables import document, hold
from hub.store.out_tables import delivery
from hub.store.views.seen import Parties, at, details, plain, visible

MOST = 500
UNSETTLED = ("pending", "sending", "uncertain", "refused")


def deliveries(connection: Connection, parties: Parties, *, id: int | None = None) -> list[dict[str, Any]]:
    """One delivery, or everything that is not settled, the oldest first; each with its hold, where it has one."""
    names = ("id", "subscription", "system", "document", "type", "party", "number", "state", "tries", "name", "receipt", "detail")
    columns = (*(delivery.c[name] for name in names), delivery.c.created_at, delivery.c.sent_at, hold.c.cause, hold.c.details)
    held = and_(hold.c.owner_kind == "delivery", hold.c.owner == delivery.c.id)
    query = select(*columns).outerjoin(hold, held).outerjoin(document, document.c.id == delivery.c.document)
    query = query.where(delivery.c.id == id) if id is not None else query.where(delivery.c.state.in_(UNSETTLED))
    rows = connection.execute(visible(query, parties).order_by(delivery.c.id).limit(MOST)).all()
    return [
        {
            **plain(row, "details", "created_at", "sent_at"),
            **details(row.details),
            "created_at": at(row.created_at),
            "sent_at": at(row.sent_at),
        }
        for row in rows
    ]
