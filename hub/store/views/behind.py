"""What has not left yet: for whoever watches whether anything stands still."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from hub.store.out_tables import OPEN, delivery, outbox

MANY = 1_000_000


def deliveries_open(connection: Connection) -> list[tuple[str, int, int]]:
    """(subscription, how many of its deliveries are open, when the oldest was made in microseconds UTC)."""
    query = select(delivery.c.subscription, func.count(), func.min(delivery.c.created_at)).where(OPEN)
    return [(name, count, since) for name, count, since in connection.execute(query.group_by(delivery.c.subscription))]


def unpublished(connection: Connection) -> int:
    """Publications that no broker has confirmed, counted up to a million."""
    inner = select(outbox.c.id).limit(MANY).subquery()
    return int(connection.execute(select(func.count()).select_from(inner)).scalar_one())
