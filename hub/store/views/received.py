"""What each way in brought last: after a restore, from where its sender has to send again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, select

from hub.store.lane_tables import document, message
from hub.store.views.seen import Parties, at, plain, visible


def last_received(connection: Connection, parties: Parties) -> list[dict[str, Any]]:
    """One row a way in that ever brought something, by system: its newest message."""
    newest = select(func.max(message.c.seq)).group_by(message.c.system, message.c.route)
    if parties is not None:
        newest = newest.where(message.c.seq.in_(visible(select(document.c.message), parties)))
    query: Select[Any] = select(
        message.c.system, message.c.route, message.c.seq, message.c.name, message.c.delivery_id, message.c.received_at
    )
    rows = connection.execute(query.where(message.c.seq.in_(newest)).order_by(message.c.system, message.c.route)).all()
    return [{**plain(row, "received_at", "seq"), "message": row.seq, "received_at": at(row.received_at)} for row in rows]
