"""What flows: documents by route and state from the counter rows, and the last lines of the change feed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from hub.store.book_tables import counter, feed
from hub.store.lane_tables import document
from hub.store.views.seen import Parties, visible

LATEST = 20


def flows(connection: Connection, parties: Parties) -> dict[str, dict[str, int]]:
    """Route -> state -> how many are in it now. For chosen parties it is counted from their documents."""
    if parties is None:
        query = select(counter.c.route, counter.c.state, func.sum(counter.c.entered - counter.c.left)).group_by(
            counter.c.route, counter.c.state
        )
    else:
        query = visible(select(document.c.route, document.c.counted, func.count()), parties).group_by(document.c.route, document.c.counted)
    found: dict[str, dict[str, int]] = {}
    for route, state, count in connection.execute(query):
        found.setdefault(route, {})[state] = int(count)
    return dict(sorted(found.items()))


def latest(connection: Connection, parties: Parties, most: int = LATEST) -> list[dict[str, Any]]:
    """The last changes, newest first."""
    query = select(feed)
    if parties is not None:
        mine = visible(select(document.c.id), parties)
        query = query.where(feed.c.kind == "document", feed.c.ref.in_(mine))
    return [dict(row._mapping) for row in connection.execute(query.order_by(feed.c.id.desc()).limit(most))]
