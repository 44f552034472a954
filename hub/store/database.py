"""Opening the store: SQLite in WAL with ``synchronous=FULL``, one writing transaction at a time, BEGIN IMMEDIATE.

Reading and writing have connections of their own, so that a look from outside never makes a writer fail with "locked".
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

from canonical_model.problems import HubError, Misconfigured, SystemUnreachable
from hub.store import book_tables, lane_tables, migrate, out_tables, schema
from hub.store.clock import Clock, SystemClock
from hub.store.examine import examine
from hub.store.unit import UnitOfWork

TABLES = (lane_tables, out_tables, book_tables)
BUSY_SECONDS = 30


class Refused(HubError):
    """The database refused a row: what nobody foresaw. The window is halved until the guilty document stands alone."""


class Store:
    """The message store. ``unit()`` writes, ``read()`` looks; both end by themselves."""

    def __init__(self, url: str, clock: Clock | None = None, partitions: int = 8) -> None:
        self.url, self.clock, self.partitions = make_url(url), clock or SystemClock(), partitions
        if self.url.get_backend_name() != "sqlite":
            raise Misconfigured(f"store {url!r} is not SQLite", at="hub.store", fix="sqlite:///var/hub.db")
        self.path = Path(self.url.database or ":memory:")
        self._gate = threading.Lock()
        self.writer = self._engine("BEGIN IMMEDIATE", 1)
        self.reader = self._engine("BEGIN", 8)

    def _engine(self, begin: str, size: int) -> Engine:
        engine = create_engine(self.url, poolclass=QueuePool, pool_size=size, max_overflow=8, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    def create(self) -> Store:
        """Make every declared table at once and the rows that exist once. Migrations give the same (a test compares)."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.writer.begin() as connection:
            schema.metadata.create_all(connection)
        return self.prepare()

    def open(self) -> Store:
        """Open the store, upgrading it first; a file of an earlier release is copied before it is changed. Raises Misconfigured
        when it is not ours or may not be written."""
        if self.url.database not in (None, "", ":memory:"):
            examine(self.path)
        fresh = not self.path.exists()
        with self.writer.connect() as connection, connection.begin():
            found = migrate.at(connection)
        if found != migrate.newest():
            if not fresh:
                copy_file(self.path, self.path.with_suffix(f".before-{'-'.join(found) or 'first'}.db"))
            with self._gate, self.writer.begin() as connection:
                migrate.upgrade(connection)
        return self.prepare()

    def prepare(self) -> Store:
        """The rows that exist once; refuses when the number of partitions disagrees with the configuration."""
        with self.unit() as unit:
            _single_rows(unit.connection, self.partitions)
        return self

    @contextmanager
    def unit(self) -> Iterator[UnitOfWork]:
        """One writing transaction: commits at the end, rolls back on any exception; then runs what was left for after."""
        with self._gate, _sorted_errors(), self.writer.connect() as connection, connection.begin():
            unit = UnitOfWork(connection, self.clock.now())
            yield unit
        unit.committed()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction over one state of the store."""
        with self.reader.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Give back every connection."""
        self.writer.dispose()
        self.reader.dispose()


@contextmanager
def _sorted_errors() -> Iterator[None]:
    """Sort what a database says: refused rows are halved, a busy or lost database is tried again, anything else stops the worker."""
    try:
        yield
    except (IntegrityError, DataError, OverflowError) as error:
        raise Refused(str(getattr(error, "orig", error)), fix="hub retry, after the repair") from error
    except OperationalError as error:
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            raise SystemUnreachable(f"the store is busy: {text}", fix="one writing process a file; look for another one") from error
        raise


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for line in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}", "cache_size=-65536", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {line}")
    cursor.close()


def _single_rows(connection: Connection, partitions: int) -> None:
    if connection.execute(select(book_tables.codebook.c.id)).first() is None:
        connection.execute(insert(book_tables.codebook), {"id": 1, "revision": 0})
    table = lane_tables.partition
    found = connection.execute(select(table.c.p)).scalars().all()
    if not found:
        connection.execute(insert(table), [{"p": p, "n": partitions, "tries": 0} for p in range(partitions)])
    elif len(found) != partitions:
        fact = f"the store has {len(found)} partitions, the configuration says {partitions}"
        raise Misconfigured(fact, at="hub.partitions", fix=f"set hub.partitions to {len(found)}, or re-partition the open work")


def copy_file(source: Path, target: Path) -> None:
    """A consistent copy of a database file that may be in use (SQLite's own backup)."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()
