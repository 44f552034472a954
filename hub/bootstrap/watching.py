"""What monitoring may ask, answered from the store's views: small values, every query with its party filter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.store import work
from hub.store.clock import Clock, to_datetime
from hub.store.database import Store
from hub.store.views import flows, held
from hub.store.views.behind import deliveries_open, unpublished
from monitoring.watched import Change, Flow, Held, Leaving, Parties

MANY = 1_000_000


class Watching:
    """``monitoring.watched.Watched`` over one store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def now(self) -> datetime:
        """The hub's clock."""
        return to_datetime(self._clock.now())

    def flows(self, parties: Parties) -> Sequence[Flow]:
        """Every route that ever had a document."""
        with self._store.read() as connection:
            return [Flow(route, states) for route, states in flows.flows(connection, parties).items()]

    def held(self, parties: Parties) -> Sequence[Held]:
        """Open causes, the oldest first."""
        with self._store.read() as connection:
            rows = held.by_cause(connection, parties)
        found = [
            Held(row["cause"], row["key"], row["count"], datetime.fromisoformat(row["since"]), row.get("fact", ""), row.get("fix", ""))
            for row in rows
        ]
        return sorted(found, key=lambda one: one.since)

    def latest(self, parties: Parties) -> Sequence[Change]:
        """The last changes, newest first."""
        with self._store.read() as connection:
            rows = flows.latest(connection, parties)
        return [Change(to_datetime(row["at"]), row["kind"], str(row["ref"]), row["state"], row["system"], row["route"]) for row in rows]

    def waiting(self) -> int:
        """Messages and keys that wait to be worked on."""
        with self._store.read() as connection:
            return work.count(connection, MANY)

    def waiting_since(self) -> datetime | None:
        """Since when the oldest of them waits."""
        with self._store.read() as connection:
            found = work.oldest(connection)
        return None if found is None else to_datetime(found)

    def leaving(self) -> Sequence[Leaving]:
        """Open deliveries by subscription."""
        with self._store.read() as connection:
            return [Leaving(name, count, to_datetime(since)) for name, count, since in deliveries_open(connection)]

    def unpublished(self) -> int:
        """Rows of the outbox."""
        with self._store.read() as connection:
            return unpublished(connection)
