"""The unit of work: one transaction, one effect. Every table module takes its connection; locks are asked for here.

Lock order, everywhere: partition -> key rows (sorted) -> technical ids -> service rows (sorted) -> codebook. On SQLite a writing
transaction is alone, so the lock points are statements without a lock clause or nothing at all; the text stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import xxhash
from sqlalchemy import Connection as Connection
from sqlalchemy import select, text

from hub.store.book_tables import codebook
from hub.store.lane_tables import partition
from hub.store.schema import among

CODEBOOK_LOCK = 7_231_001
_newest = select(codebook.c.revision)
_partitions = select(partition.c.p).where(among(partition.c.p, "ps")).order_by(partition.c.p).with_for_update(skip_locked=True)
IDS_LOCK, ID_LOCKS = 7233, 1024
"""Technical ids are locked by hash, so that no window fills the server's table of locks."""


class UnitOfWork:
    """A transaction that is open, and what is to happen after its commit. ``now`` is microseconds UTC; ``published_from`` what is
    added to the n of everything published (not 0 only after a restore: ``hub.store.restoring``)."""

    def __init__(self, connection: Connection, now: int, published_from: int = 0) -> None:
        self.connection, self.now, self.published_from = connection, now, published_from
        self._after: list[Callable[[], None]] = []

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` once this is committed: signals, acknowledgements, wake-ups."""
        self._after.append(action)

    def committed(self) -> None:
        """Run what was left for after the commit; the store calls it. What was run is let go of: it knows the whole window, and through
        that this unit."""
        while self._after:
            self._after.pop(0)()

    def lock_partitions(self, wanted: Collection[int]) -> bool:
        """Own these partitions until the end of this transaction; False when another has one of them (``skip locked``)."""
        found = self.connection.execute(_partitions, {"ps": sorted(wanted)}).all()
        return len(found) == len(wanted)

    def lock_ids(self, ids: Iterable[str]) -> None:
        """Be the only one that decides documents with these technical ids, where two windows may have one under two keys."""
        wanted = sorted({xxhash.xxh3_64_intdigest(one.encode()) % ID_LOCKS for one in ids})
        if wanted and self.connection.dialect.name == "postgresql":
            every = text("SELECT pg_advisory_xact_lock(:space, id) FROM unnest(CAST(:ids AS integer[])) AS id")
            self.connection.execute(every, {"space": IDS_LOCK, "ids": wanted})

    def lock_codebook(self, *, exclusive: bool) -> int:
        """The fair lock of the codebook (a shared row lock would starve its writer); gives the newest revision."""
        if self.connection.dialect.name == "postgresql":
            name = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
            self.connection.execute(text(f"SELECT {name}(:key)"), {"key": CODEBOOK_LOCK})
        return self.revision()

    def revision(self) -> int:
        """The newest committed revision of the codebook."""
        return newest_revision(self.connection)


def newest_revision(connection: Connection) -> int:
    """The newest committed revision of the codebook that a connection sees."""
    return int(connection.execute(_newest).scalar_one())


def rows(connection: Connection, statement: Any, **values: Any) -> list[Any]:
    """All rows of a statement with its values."""
    return list(connection.execute(statement, values))
