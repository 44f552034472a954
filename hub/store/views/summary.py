"""The whole store in a dozen numbers: what the demo prints at its end, and what an operator asks first.

Counts documents row by row: for a store of a day, not for a page that refreshes (that one has the counter rows).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Text, cast, distinct, exists, func, select

from hub.store.book_tables import feed
from hub.store.lane_tables import document, hold, message, work
from hub.store.out_tables import delivery, outbox
from hub.store.views.behind import OPEN, deliveries_open

TAKEN = ("sent", "acknowledged")


def summary(connection: Connection) -> dict[str, Any]:
    """Messages, documents by state, holds by cause, deliveries. ``stuck``: what waits without a cause; ``repeated``: answers sent again."""
    states = _by(connection, document.c.state)
    sent = _by(connection, delivery.c.state, delivery.c.again.is_(None))
    repeated = _by(connection, delivery.c.state, delivery.c.again.is_not(None))
    causes = held_by_cause(connection)
    parked = causes.get("conflict", 0)
    leaving = sum(sent.get(state, 0) + repeated.get(state, 0) for state in OPEN)
    return {
        "received": _count(connection, message.c.seq),
        "documents": _count(connection, document.c.id),
        "applied": states.get("applied", 0),
        "duplicates": states.get("duplicate", 0),
        "conflicts": parked,
        "superseded": states.get("superseded", 0),
        "stale": states.get("stale", 0),
        "rejected": states.get("rejected", 0),
        "held": sum(causes.values()) - parked,
        "released": _released(connection),
        "delivered": sum(sent.get(state, 0) for state in TAKEN),
        "acknowledged": sent.get("acknowledged", 0),
        "repeated": sum(repeated.values()),
        "stuck": _stuck(connection),
        "open": _count(connection, work.c.seq) + leaving + _count(connection, outbox.c.id),
        "causes": causes,
    }


def held_by_cause(connection: Connection) -> dict[str, int]:
    """How many documents, messages and deliveries wait for each type of cause; one that waits for several counts at each."""
    owners = func.count(distinct(hold.c.owner_kind + ":" + cast(hold.c.owner, Text)))
    rows = connection.execute(select(hold.c.cause, owners).group_by(hold.c.cause).order_by(hold.c.cause))
    return dict(map(tuple, rows))


def _by(connection: Connection, column: Any, *where: Any) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).where(*where).group_by(column))
    return dict(map(tuple, rows))


def _count(connection: Connection, column: Any) -> int:
    return int(connection.execute(select(func.count(column))).scalar_one())


def _released(connection: Connection) -> int:
    """Documents that waited for a fact and were applied when it came."""
    were_held = select(feed.c.ref).where(feed.c.kind == "document", feed.c.state == "held")
    applied = select(func.count()).select_from(document).where(document.c.state == "applied", document.c.id.in_(were_held))
    return int(connection.execute(applied).scalar_one())


def _stuck(connection: Connection) -> int:
    """Work rows, open deliveries that are not held, and waiting documents of a line at whose front nothing is held."""
    ahead = document.alias("ahead")
    cause = exists().where(
        hold.c.owner_kind == "document",
        hold.c.owner == ahead.c.id,
        ahead.c.state == "waiting",
        ahead.c.k == document.c.k,
        ahead.c.id <= document.c.id,
    )
    own = exists().where(hold.c.owner_kind == "document", hold.c.owner == document.c.id)
    lost = select(func.count()).select_from(document).where(document.c.state == "waiting", ~cause, ~own)
    leaving = sum(count for _, count, _ in deliveries_open(connection))
    return int(connection.execute(lost).scalar_one()) + _count(connection, work.c.seq) + leaving
