"""What waits: by cause with its count, or one line a hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from canonical_model.problems import REMOVED_BY, Cause
from hub.store.lane_tables import document, hold
from hub.store.views.seen import Parties, at, details, visible

MOST = 1000


def by_cause(connection: Connection, parties: Parties, cause: str | None = None) -> list[dict[str, Any]]:
    """One row a (cause, key): how many wait for it, since when, fact and fix of the oldest; the largest first."""
    group = (hold.c.cause, hold.c.cause_key)
    columns = (
        *group,
        hold.c.since,
        hold.c.details,
        func.count().over(partition_by=group).label("count"),
        func.row_number().over(partition_by=group, order_by=(hold.c.since, hold.c.owner_kind, hold.c.owner)).label("place"),
    )
    found = _holds(select(*columns), parties, cause).subquery()
    query = select(found).where(found.c.place == 1).order_by(found.c["count"].desc(), found.c.cause, found.c.cause_key)
    return [
        {"cause": row.cause, "key": row.cause_key, "count": row._mapping["count"], "since": at(row.since), **_said(row)}
        for row in connection.execute(query)
    ]


def holds(connection: Connection, parties: Parties, cause: str | None = None) -> list[dict[str, Any]]:
    """One row a hold, the oldest first, at most ``MOST``."""
    query = _holds(select(hold, document.c.message, document.c.k, document.c.type, document.c.stake), parties, cause)
    rows = connection.execute(query.order_by(hold.c.since, hold.c.owner).limit(MOST)).all()
    return [
        {
            "kind": row.owner_kind, "id": row.owner, "message": row.message or row.owner, "type": row.type, "k": row.k, "stake": row.stake,
            "cause": row.cause, "key": row.cause_key, "since": at(row.since), **details(row.details),
        }
        for row in rows
    ]  # fmt: skip


def _holds(query: Select[Any], parties: Parties, cause: str | None) -> Select[Any]:
    joined = query.select_from(hold).outerjoin(document, and_(hold.c.owner_kind == "document", document.c.id == hold.c.owner))
    chosen = joined if cause is None else joined.where(hold.c.cause == cause)
    return visible(chosen, parties)


def _said(row: Any) -> dict[str, Any]:
    said = {name: value for name, value in details(row.details).items() if name in ("fact", "fix", "candidates")}
    return {"fix": REMOVED_BY.get(row.cause, REMOVED_BY[Cause.PROGRAM_ERROR]), **said}
