"""What several screens share: the party filter, rows as mappings, instants as text."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import orjson
from sqlalchemy import Row, Select

from hub.store.clock import to_datetime
from hub.store.lane_tables import document

Parties = Collection[str] | None
"""Whose documents may be seen; None: everybody's."""


def visible(query: Select[Any], parties: Parties) -> Select[Any]:
    """Only documents that belong to one of the parties, or speak of one."""
    if parties is None:
        return query
    mine = sorted(parties)
    return query.where(document.c.owner.in_(mine) | document.c.counterparty.in_(mine))


def plain(row: Row[Any], *left_out: str) -> dict[str, Any]:
    """A row as a mapping, without what is absent."""
    return {str(name): value for name, value in row._mapping.items() if value is not None and value != "" and name not in left_out}


def details(data: bytes | None) -> dict[str, Any]:
    """What a hold row remembers of its problem."""
    return dict(orjson.loads(data)) if data else {}


def at(micros: int | None) -> str | None:
    """Microseconds UTC as text."""
    return None if micros is None else to_datetime(micros).isoformat().replace("+00:00", "Z")


def standing(state: str, causes: Iterable[Any]) -> str:
    """The word that people read: a waiting document is held where it has causes of its own, else it waits behind another."""
    if state != "waiting":
        return state
    return "held" if any(True for _ in causes) else "blocked"
