"""What has not left yet: for whoever watches whether anything stands still."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from hub.store.lane_tables import hold
from hub.store.out_tables import delivery, outbox

MANY = 1_000_000
OPEN = ("pending", "sending", "uncertain")


def deliveries_open(connection: Connection) -> list[tuple[str, int, int]]:
    """(subscription, how many of its deliveries are open, when the oldest was made in microseconds UTC). One that is held, and what
    waits behind it for the same key, has a cause and is not among them; a receiver that is down is no excuse."""
    earlier = delivery.alias("earlier")
    held = (
        select(hold.c.owner)
        .join(earlier, (earlier.c.id == hold.c.owner) & (hold.c.owner_kind == "delivery") & (hold.c.cause != "receiver_down"))
        .where(earlier.c.subscription == delivery.c.subscription, earlier.c.k == delivery.c.k, earlier.c.id <= delivery.c.id)
        .exists()
    )
    query = select(delivery.c.subscription, func.count(), func.min(delivery.c.created_at)).where(delivery.c.state.in_(OPEN), ~held)
    return [
        (name, count, since)
        for name, count, since in connection.execute(query.group_by(delivery.c.subscription).order_by(delivery.c.subscription))
    ]


def unpublished(connection: Connection) -> int:
    """Publications that no broker has confirmed, counted up to a million."""
    inner = select(outbox.c.id).limit(MANY).subquery()
    return int(connection.execute(select(func.count()).select_from(inner)).scalar_one())
