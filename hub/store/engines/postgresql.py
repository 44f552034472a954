"""PostgreSQL through psycopg 3: many writers, READ COMMITTED, row locks taken in sorted order, sessions that cannot hang.

A session that stops inside a transaction is ended by the server after ten seconds and a connection that is cut is noticed by
either side, so that no lock outlives its process for long. Looks have a snapshot of their own and may not write.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from canonical_model.problems import HubError, SystemUnreachable
from hub.store import migrate
from hub.store.address import place_of
from hub.store.engines.base import Refused, StoreFault
from hub.store.locks import Locks
from hub.store.session_locks import SETTINGS as LOCKING
from hub.store.session_locks import SessionLocks

POOL, OVERFLOW = 8, 8
"""Connections kept, and more of them while many threads write at once; a process has as many again for looking."""
MIGRATING = 7_231_002
SETTINGS = {
    "idle_in_transaction_session_timeout": "10s", "lock_timeout": "0", "statement_timeout": "0", "jit": "off",
    "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "10s",
}  # fmt: skip
LOOKING = {"idle_in_transaction_session_timeout": "5min", "default_transaction_read_only": "on"}
"""A look holds no lock; it lasts as long as a window is translated."""
NETWORK = {
    "connect_timeout": 5, "keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}  # fmt: skip

AGAIN = ("40001", "40P01", "55P03", "57P", "25P03", "08", "53300")
"""Begin of SQLSTATE: the same window may succeed (serialisation, deadlock, lock, shutdown, idle session ended, connection, too many)."""
REFUSES = ("22", "23")


class PostgresDatabase:
    """A database that is there already; ``hub migrate`` makes and upgrades its tables."""

    def __init__(self, url: URL, pool: int = POOL) -> None:
        self.url = url.set(drivername="postgresql+psycopg")
        self.writer = self._engine("hub", pool, SETTINGS, "READ COMMITTED")
        self.reader = self._engine("hub, looking", pool, SETTINGS | LOOKING, "REPEATABLE READ")
        self.locks: Locks = SessionLocks(self._connect)

    def _engine(self, name: str, size: int, settings: dict[str, str], isolation: Any) -> Engine:
        return create_engine(
            self.url, pool_size=size, max_overflow=OVERFLOW, pool_pre_ping=True, pool_timeout=30, isolation_level=isolation,
            connect_args={**NETWORK, "application_name": name, "options": _options(settings)},
        )  # fmt: skip

    def _connect(self) -> psycopg.Connection[Any]:
        """A session outside the pools, for locks that live as long as it."""
        url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(url, autocommit=True, application_name="hub, present", options=_options(LOCKING), **NETWORK)  # type: ignore[arg-type]

    def gate(self) -> AbstractContextManager[object]:
        """Everybody may write: rows are locked, not the store."""
        return nullcontext()

    def examine(self) -> None:
        """Nothing to look at before the server is asked, which ``open`` does."""

    def create(self) -> None:
        """The database itself is made by whoever runs the server."""

    def open(self) -> None:
        """Refuse tables of another release: several processes use them, so none changes them by starting."""
        try:
            with self.reader.connect() as connection:
                found = migrate.at(connection)
        except DBAPIError as error:
            raise self.sorted(error) or error from error
        migrate.refuse_others(found, place_of(self.url))

    def migrate(self) -> tuple[str, ...]:
        """Upgrade in one transaction; two at once stand in a line."""
        with self.writer.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
            found = migrate.at(connection)
            migrate.upgrade(connection)
        return found

    def sorted(self, error: BaseException) -> HubError | None:
        """By SQLSTATE. A lost connection has none: whether the commit came through, the next look at the work tells."""
        found = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(found, OverflowError):
            return Refused(str(found), fix="hub retry, after the repair")
        if not isinstance(found, psycopg.Error):
            return None
        state, said = found.sqlstate or "", str(found).strip()
        if state.startswith(REFUSES) or (not state and isinstance(found, psycopg.DataError)):
            return Refused(said, fix="hub retry, after the repair")
        if state.startswith(AGAIN) or (not state and isinstance(found, (psycopg.OperationalError, psycopg.InterfaceError))):
            return SystemUnreachable(f"the store does not answer: {said}", at=place_of(self.url), fix="it is tried again by itself")
        return StoreFault(
            f"the store failed ({state or 'no state'}): {said}", at=place_of(self.url), fix="repair the database; start again"
        )

    def close(self) -> None:
        """Give back every connection."""
        self.locks.close()
        self.writer.dispose()
        self.reader.dispose()


def _options(settings: dict[str, str]) -> str:
    """Settings of a session as the server takes them at its start."""
    return " ".join(f"-c {word}={value}" for word, value in settings.items())
