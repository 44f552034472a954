"""PostgreSQL through psycopg 3: many writers, READ COMMITTED, row locks taken in sorted order, sessions that cannot hang.

A session that stops inside a transaction is ended by the server after ten seconds and a connection that is cut is noticed by
either side, so that no lock outlives its process for long. Looks have a snapshot of their own and may not write.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError

from canonical_model.problems import HubError, Misconfigured, SystemUnreachable
from hub.store import migrate
from hub.store.address import place_of
from hub.store.engines.base import Refused, StoreFault
from hub.store.locks import Locks
from hub.store.session_locks import SETTINGS as LOCKING
from hub.store.session_locks import UNREACHED, SessionLocks

POOL, OVERFLOW = 8, 8
"""Connections kept, and more of them while many threads write at once; a process has as many again for looking."""
RESTED = 1.0
"""Seconds after which a connection is asked whether it still lives before it is used."""
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

AGAIN = ("40001", "40P01", "55P03", "57P", "57014", "25P03", "25P04", "25006", "08", "53300")
"""Begin of SQLSTATE: the same window may succeed (serialisation, deadlock, lock, shutdown, statement ended by somebody, session or
transaction ended for its length, read only until another server is the primary, connection, too many)."""
REFUSES = ("22", "23", "54")
"""Begin of SQLSTATE: what a document brings does not fit (data, constraints, limits such as the longest text of an index)."""
READ_ONLY = "25006"
_OTHERS = """SELECT application_name, host(client_addr), backend_start FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid() AND application_name IN ('hub', 'hub, looking', 'hub, present') ORDER BY backend_start"""


class PostgresDatabase:
    """A database that is there already; ``hub migrate`` makes and upgrades its tables."""

    def __init__(self, url: URL, pool: int = POOL) -> None:
        self.url, self._trouble = url.set(drivername="postgresql+psycopg"), 0.0
        self.writer = self._engine("hub", pool, SETTINGS, "READ COMMITTED")
        self.reader = self._engine("hub, looking", pool, SETTINGS | LOOKING, "REPEATABLE READ")
        self.locks: Locks = SessionLocks(self._connect, place_of(self.url))

    def _engine(self, name: str, size: int, settings: dict[str, str], isolation: Any) -> Engine:
        engine = create_engine(
            self.url, pool_size=size, max_overflow=OVERFLOW, pool_timeout=30, isolation_level=isolation,
            connect_args={**NETWORK, "application_name": name, "options": _options(settings)},
        )  # fmt: skip
        event.listen(engine, "checkin", lambda connection, record: record.info.update(at=time.monotonic()))
        event.listen(engine, "checkout", self._asked)
        return engine

    def _asked(self, connection: Any, record: Any, proxy: Any) -> None:
        """Ask a connection that lay idle, or in a time of trouble, before it is used; one that was used a moment ago is not asked: that
        would cost every unit of work a round trip. The pool makes another where it is dead."""
        used = record.info.get("at")
        if used is None or (time.monotonic() - used < RESTED and used > self._trouble):
            return
        try:
            connection.execute("")
            connection.rollback()
        except psycopg.Error as error:
            raise DisconnectionError(str(error)) from error

    def _connect(self, name: str = "hub, present", settings: dict[str, str] = LOCKING) -> psycopg.Connection[Any]:
        """A session outside the pools, as for locks that live as long as it."""
        url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(url, autocommit=True, application_name=name, options=_options(settings), **NETWORK)  # type: ignore[arg-type]

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
            self._encoded()
            with self.reader.connect() as connection:
                found = migrate.at(connection)
        except (DBAPIError, psycopg.Error) as error:
            raise self.sorted(error) or error from error
        migrate.refuse_others(found, place_of(self.url))

    def migrate(self) -> tuple[str, ...]:
        """Upgrade in one transaction; two at once stand in a line. Raises Misconfigured while processes run that a step would break."""
        self._encoded()
        with self.writer.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
            found = migrate.at(connection)
            migrate.refuse_newer(found)
            breaking = migrate.needing_a_stop(found)
            running = _said(connection.exec_driver_sql(_OTHERS)) if breaking else []
            if running:
                fact = f"migration {', '.join(breaking)} changes tables under the processes that run"
                raise Misconfigured(fact, at="\n".join(running), fix="stop every process of the hub, then: hub migrate")
            migrate.upgrade(connection)
        return found

    def _encoded(self) -> None:
        """Asked of the driver, before anything is read: a text in some encodings comes as bytes."""
        with self._connect("hub, asking") as session:
            refuse_encoding(session.info.parameter_status("server_encoding") or "", place_of(self.url))

    def copy(self, target: Path) -> None:
        """The server keeps its own copies."""
        fix = "pg_basebackup with an archive of the WAL; docs/how-to/back-up-and-restore.md has every command"
        raise Misconfigured("the store is a database of PostgreSQL: the hub makes no copy of it", at=place_of(self.url), fix=fix)

    def others(self) -> list[str]:
        """Sessions of the hub but for the one that asks."""
        try:
            with self._connect("hub, asking") as session:
                return _said(session.execute(_OTHERS))
        except psycopg.Error as error:
            raise self.sorted(error) or error from error

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
            self._trouble = time.monotonic()
            if state == READ_ONLY:  # the server answers well, and is not the one to write to any more
                self.writer.dispose()
            return SystemUnreachable(f"the store does not answer: {said}", at=place_of(self.url), fix=UNREACHED)
        return StoreFault(
            f"the store failed ({state or 'no state'}): {said}", at=place_of(self.url), fix="repair the database; start again"
        )

    def close(self) -> None:
        """Give back every connection."""
        self.locks.close()
        self.writer.dispose()
        self.reader.dispose()


def refuse_encoding(encoding: str, at: str) -> None:
    """Raise Misconfigured for a database in another encoding than UTF-8."""
    if encoding != "UTF8":
        fix = "createdb --encoding=UTF8 --template=template0 ANOTHER, name it in hub.store, then: hub migrate; it cannot be changed later"
        raise Misconfigured(f"the database is in {encoding}: most texts of partners cannot be kept in it", at=at, fix=fix)


def _options(settings: dict[str, str]) -> str:
    """Settings of a session as the server takes them at its start."""
    return " ".join(f"-c {word}={value}" for word, value in settings.items())


def _said(sessions: Iterable[Any]) -> list[str]:
    return [f"{name} from {address or 'here'} since {since:%Y-%m-%d %H:%M:%S}" for name, address, since in sessions]
