"""Cases: one row for each changed resend or reused id, with its field diff; it survives what becomes of its document."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select

from hub.store.lane_tables import business_key, cases


class CaseRow(NamedTuple):
    """A case as a command needs it."""

    id: int
    k: str | None
    document: int
    against: int | None
    kind: str
    state: str
    diff: list[Any]


def get(connection: Connection, id: int) -> CaseRow | None:
    """One case."""
    row = connection.execute(select(cases).where(cases.c.id == id)).first()
    if row is None:
        return None
    return CaseRow(row.id, row.k, row.document, row.against, row.kind, row.state, orjson.loads(row.diff) if row.diff else [])


def open_of(connection: Connection, document: int) -> CaseRow | None:
    """The open case of a document."""
    found = connection.execute(select(cases.c.id).where(cases.c.document == document, cases.c.state == "open")).scalar()
    return None if found is None else get(connection, found)


def head_of(connection: Connection, k: str) -> int | None:
    """The last applied document of a key: what a person sees as the head."""
    return connection.execute(select(business_key.c.document).where(business_key.c.k == k)).scalar()
