"""SQLite in WAL with ``synchronous=FULL``, one writing transaction at a time, BEGIN IMMEDIATE.

Reading and writing have connections of their own, so that a look from outside never makes a writer fail with "locked".
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

from canonical_model.problems import HubError, Misconfigured, SystemUnreachable
from hub.store import migrate
from hub.store.engines.base import Refused, StoreFault
from hub.store.examine import examine
from hub.store.locks import FileLocks, Locks
from hub.store.running import runner

BUSY_SECONDS = 30


class SqliteDatabase:
    """A file. The hub that opens it upgrades it, after a copy."""

    def __init__(self, url: URL) -> None:
        self.url, self.path = url, Path(url.database or ":memory:")
        self._gate = threading.Lock()
        self.writer = self._engine("BEGIN IMMEDIATE", 1)
        self.reader = self._engine("BEGIN", 8)
        self.locks: Locks = FileLocks(None if url.database in (None, "", ":memory:") else self.path)

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
        self.migrate()

    def migrate(self) -> tuple[str, ...]:
        """Upgrade in one transaction; a file of an earlier release is copied before it is changed. Raises Misconfigured
        when the store cannot be kept there."""
        self.examine()
        fresh = not self.path.exists()
        with self.writer.connect() as connection, connection.begin():
            found = migrate.at(connection)
        if not migrate.fits(found):
            if not fresh:
                copy_file(self.path, self.path.with_suffix(f".before-{'-'.join(found) or 'first'}.db"))
            with self._gate, self.writer.begin() as connection:
                migrate.upgrade(connection)
        return found

    def copy(self, target: Path) -> None:
        """SQLite's own backup: one state of the file, while it is written to. Raises Misconfigured when there is nothing to copy
        or the name is taken, StoreFault when the copy cannot be made whole."""
        if not self.path.is_file():
            raise Misconfigured("there is no store to copy yet", at=str(self.path), fix="hub run makes it")
        if not target.parent.is_dir():
            raise Misconfigured("the folder is not there", at=str(target.parent), fix=f"mkdir -p {target.parent}")
        if target.exists():
            raise Misconfigured("a file of this name is there already", at=str(target), fix="give each copy a name of its own")
        try:
            copy_file(self.path, target)
        except (sqlite3.Error, OSError) as error:
            fact, fix = f"the copy could not be made: {error}", "make room there, or name another folder"
            raise StoreFault(fact, at=str(target), fix=fix) from None

    def others(self) -> list[str]:
        """The hub that runs on the file."""
        who = runner(self.path)
        return [who] if who else []

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

    def close(self) -> None:
        """Give back every connection and lock."""
        self.locks.close()
        self.writer.dispose()
        self.reader.dispose()


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for line in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}", "cache_size=-65536", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {line}")
    cursor.close()


def _settle_copy(part: Path) -> None:
    """One file without a log beside it, looked through."""
    with closing(sqlite3.connect(part)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")
        said = copy.execute("PRAGMA quick_check").fetchone()[0]
    if said != "ok":
        raise sqlite3.DatabaseError(said)


def _sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_file(source: Path, target: Path) -> None:
    """A consistent copy of a database file that may be in use (SQLite's own backup): one file, for its owner alone, that has its name
    once it is whole. What a process that died left of one is made anew. Raises sqlite3.Error."""
    part = target.with_name(f"{target.name}.part")
    for left in (part, *(part.with_name(part.name + end) for end in ("-journal", "-wal", "-shm"))):
        left.unlink(missing_ok=True)
    part.touch(0o600)
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(part)) as new:
            old.backup(new)
        _settle_copy(part)
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    finally:
        part.unlink(missing_ok=True)
