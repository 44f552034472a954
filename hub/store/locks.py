"""Locks between processes that die with the process that holds them: relay, pollers, the slots of subscriptions, the start.

They save double work; what decides ownership is a lock inside the writing transaction. SQLite: ``flock`` on files beside the
database, which a stopped process (SIGSTOP) keeps. PostgreSQL: advisory locks of a session (``session_locks``), which it loses.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO
from urllib.parse import quote

from canonical_model.problems import Misconfigured, SystemUnreachable

LOOK = 0.02
"""Seconds between two attempts at a lock that is waited for."""


class Locks(Protocol):
    """Named locks over one store."""

    def take(self, name: str) -> bool:
        """Take it now, or say that somebody else has it; within a process too, whoever has it has it alone."""

    def give(self, name: str) -> None:
        """Give it back."""

    def take_each(self, names: Sequence[str]) -> set[str]:
        """Take those of them that nobody else has, at the price of one."""

    def give_each(self, names: Collection[str]) -> None:
        """Give them back."""

    def attend(self, owner: str) -> None:
        """Be known as alive under this name: what stands under the name of an owner who is absent was left by it."""

    def absent(self, owner: str) -> bool:
        """Whether nobody is alive under this name."""

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
def attempt_each(locks: Locks, names: Sequence[str]) -> Iterator[set[str]]:
    """Hold those of ``names`` for a while that nobody else does: gives which."""
    mine = locks.take_each(names)
    try:
        yield mine
    finally:
        locks.give_each(mine)


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

    def take_each(self, names: Sequence[str]) -> set[str]:
        mine = set[str]()
        try:
            for name in names:
                mine |= {name} if self.take(name) else set()
        except BaseException:
            self.give_each(mine)
            raise
        return mine

    def give_each(self, names: Collection[str]) -> None:
        for name in names:
            self.give(name)

    def attend(self, owner: str) -> None:
        """One process sends and translates on a file, or it is asked under a lock: nobody looks."""

    def absent(self, owner: str) -> bool:
        """Whoever else left something is gone: it is asked by who holds the lock of that work."""
        return True

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
