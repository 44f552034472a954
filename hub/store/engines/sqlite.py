"""SQLite in WAL with ``synchronous=FULL``, one writing transaction at a time, BEGIN IMMEDIATE.

Reading and writing have connections of their own, so that a look from outside never makes a writer fail with "locked".
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

from canonical_model.problems import HubError, SystemUnreachable
from hub.store import migrate
from hub.store.engines.base import Refused, StoreFault
from hub.store.examine import examine

BUSY_SECONDS = 30


class SqliteDatabase:
    """A file. The hub that opens it upgrades it, after a copy."""

    def __init__(self, url: URL) -> None:
        self.url, self.path = url, Path(url.database or ":memory:")
        self._gate = threading.Lock()
        self.writer = self._engine("BEGIN IMMEDIATE", 1)
        self.reader = self._engine("BEGIN", 8)

    def _engine(self, begin: str, size: int) -> Engine:
        engine = create_engine(self.url, poolclass=QueuePool, pool_size=size, max_overflow=8, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    def gate(self) -> AbstractContextManager[object]:
        """Units of work of one process stand in a line: SQLite does not queue writers."""
        return self._gate

    def examine(self) -> None:
        """Look whether the file is ours, or can be made."""
        if self.url.database not in (None, "", ":memory:"):
            examine(self.path)

    def create(self) -> None:
        """The folder of the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def open(self) -> None:
        """Look whether the file is ours, and upgrade it."""
        self.examine()
        self.migrate()

    def migrate(self) -> tuple[str, ...]:
        """Upgrade in one transaction; a file of an earlier release is copied before it is changed."""
        fresh = not self.path.exists()
        with self.writer.connect() as connection, connection.begin():
            found = migrate.at(connection)
        if found != migrate.newest():
            if not fresh:
                copy_file(self.path, self.path.with_suffix(f".before-{'-'.join(found) or 'first'}.db"))
            with self._gate, self.writer.begin() as connection:
                migrate.upgrade(connection)
        return found

    def sorted(self, error: BaseException) -> HubError | None:
        """Refused rows are halved, a busy file is tried again, anything else stops the worker."""
        if isinstance(error, (IntegrityError, DataError, OverflowError)):
            return Refused(str(getattr(error, "orig", error)), fix="hub retry, after the repair")
        if not isinstance(error, OperationalError):
            return None
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            return SystemUnreachable(f"the store is busy: {text}", fix="one writing process a file; look for another one")
        return StoreFault(f"the store failed: {text}", at=str(self.path), fix="make room, or give the hub's user rights to the file")

    @contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """A file lock beside the database."""
        with Path(f"{self.path}.{name}").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def slot(self, name: str) -> AbstractContextManager[bool]:
        """Always free."""
        return nullcontext(True)

    def attend(self, owner: str) -> None:
        """One process works on a file: nobody asks."""

    def absent(self, owner: str) -> bool:
        """One process works on a file: whoever else left something is gone."""
        return True

    def close(self) -> None:
        """Give back every connection."""
        self.writer.dispose()
        self.reader.dispose()


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for line in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}", "cache_size=-65536", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {line}")
    cursor.close()


def copy_file(source: Path, target: Path) -> None:
    """A consistent copy of a database file that may be in use (SQLite's own backup). It has its name once it is whole: what a
    process that died left of one is made anew."""
    part = target.with_name(f"{target.name}.part")
    for left in (part, *(part.with_name(part.name + end) for end in ("-journal", "-wal", "-shm"))):
        left.unlink(missing_ok=True)
    with sqlite3.connect(source) as old, sqlite3.connect(part) as new:
        old.backup(new)
    old.close()
    new.close()
    part.replace(target)
