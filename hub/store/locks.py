"""Locks between processes that die with the process that holds them: relay, pollers, the slots of subscriptions, the start.

They save double work; what decides ownership is a lock inside the writing transaction. SQLite: ``flock`` on files beside the
database. PostgreSQL: session advisory locks on one connection of their own; a lost connection loses them all. A stopped
process (SIGSTOP) keeps its locks: whoever needs progress then looks for work that stands still.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO
from urllib.parse import quote

import xxhash
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from canonical_model.problems import Misconfigured, SystemUnreachable

log = logging.getLogger(__name__)
LOOK = 0.02
"""Seconds between two attempts at a lock that is waited for."""


class Locks(Protocol):
    """Named locks over one store."""

    def take(self, name: str) -> bool:
        """Take it now, or say that somebody else has it; within a process too, whoever has it has it alone."""

    def give(self, name: str) -> None:
        """Give it back."""

    def close(self) -> None:
        """Give back everything."""


@contextmanager
def attempt(locks: Locks, name: str) -> Iterator[bool]:
    """Hold ``name`` for a while, if nobody else does: gives whether it is held."""
    mine = locks.take(name)
    try:
        yield mine
    finally:
        if mine:
            locks.give(name)


@contextmanager
def alone(locks: Locks, name: str, seconds: float = 60.0) -> Iterator[None]:
    """Hold ``name``, waiting for it. Raises SystemUnreachable when it does not come in time."""
    until = time.monotonic() + seconds
    while not locks.take(name):
        if time.monotonic() > until:
            raise SystemUnreachable(f"another process holds {name!r} for over {seconds:.0f} s", fix="look what it does; it may be stopped")
        time.sleep(LOOK)
    try:
        yield
    finally:
        locks.give(name)


class FileLocks:
    """``flock`` on one file a name in the folder ``FILE.locks``; the kernel gives it back when the process dies. Without a file
    (a database in memory) there is one process, and the names are kept in it."""

    def __init__(self, file: Path | None) -> None:
        self.folder = None if file is None else file.with_name(f"{file.name}.locks")
        self._guard = threading.Lock()
        self._held: dict[str, TextIO | None] = {}

    def take(self, name: str) -> bool:
        with self._guard:
            if name in self._held:
                return False
            file = None if self.folder is None else _opened(self.folder, name)
            if file is not None and not _locked(file):
                file.close()
                return False
            self._held[name] = file
            return True

    def give(self, name: str) -> None:
        with self._guard:
            file = self._held.pop(name, None)
            if file is not None:
                file.close()

    def close(self) -> None:
        for name in list(self._held):
            self.give(name)


def _opened(folder: Path, name: str) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / quote(name, safe="")).open("a")
    except OSError as error:
        fix = "give the hub's user rights to the folder, or name another in hub.store"
        raise Misconfigured(f"nothing can be written beside the store: {error.strerror}", at=str(folder), fix=fix) from None


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class AdvisoryLocks:
    """PostgreSQL's session advisory locks. A session may take one of its own again, so the names held here are kept beside."""

    def __init__(self, url: URL) -> None:
        self._engine: Engine = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._session: Connection | None = None
        self._held: set[str] = set()
        self._guard = threading.Lock()

    def take(self, name: str) -> bool:
        with self._guard:
            if name in self._held:
                return False
            if self._ask("SELECT pg_try_advisory_lock(:key)", name):
                self._held.add(name)
                return True
            return False

    def give(self, name: str) -> None:
        with self._guard:
            if name in self._held:
                self._held.discard(name)
                try:
                    self._ask("SELECT pg_advisory_unlock(:key)", name)
                except SystemUnreachable:
                    log.info("lock %s went with its session", name)

    def close(self) -> None:
        with self._guard:
            self._forget()
        self._engine.dispose()

    def _ask(self, query: str, name: str) -> bool:
        try:
            if self._session is None:
                self._session = self._engine.connect()
            return bool(self._session.execute(text(query), {"key": lock_key(name)}).scalar_one())
        except (DBAPIError, OSError) as error:
            self._forget()
            raise SystemUnreachable(f"the session that holds locks was lost: {error}", fix="look at PostgreSQL") from error

    def _forget(self) -> None:
        session, self._session = self._session, None
        self._held.clear()
        if session is not None:
            try:
                session.invalidate()
                session.close()
            except SQLAlchemyError:
                log.debug("the lost session could not be closed", exc_info=True)


def lock_key(name: str) -> int:
    """A signed 64-bit key for a name, the same in every process and release."""
    return int(xxhash.xxh3_64_intdigest(f"channelhub:{name}".encode())) - (1 << 63)


def locks_of(url: URL) -> Locks:
    """The locks of the store at an address."""
    if url.get_backend_name() == "postgresql":
        return AdvisoryLocks(url)
    return FileLocks(None if url.database in (None, "", ":memory:") else Path(str(url.database)))
