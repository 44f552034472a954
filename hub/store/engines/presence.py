"""Locks of a session of its own: they die with their process, within milliseconds after kill -9, and need no clock.

Two things rest on them: work that one process at a time does (the relay, translating a partition), and the question whether
the owner named in a row still lives. Neither decides who may write: that is a row lock inside the writing transaction.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import xxhash

from canonical_model.problems import SystemUnreachable

STALE = 1.0
"""Seconds after which a session that said nothing is asked whether it is still there."""
WORK, OWNERS = 7231, 7232
"""First halves of the lock keys; the second is a hash of the name."""
_HOLDERS = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
    AND classid::bigint = %s AND objid::bigint = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


class Presence:
    """One session, made when it is first needed and made anew when it was lost: then whatever it held is lost with it."""

    def __init__(self, connect: Callable[[str], psycopg.Connection[Any]]) -> None:
        self._connect, self._lock = connect, threading.Lock()
        self._session: psycopg.Connection[Any] | None = None
        self._owners, self._busy = list[str](), set[str]()
        self._answered = 0.0

    @contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """Try the lock; a claim of another thread of this process counts as taken."""
        with self._lock:
            mine = name not in self._busy and bool(self._ask("SELECT pg_try_advisory_lock(%s, %s)", WORK, number(name)))
            if mine:
                self._busy.add(name)
        try:
            yield mine
        finally:
            if mine:
                self._give_back(name)

    def _give_back(self, name: str) -> None:
        with self._lock, suppress(SystemUnreachable):
            self._busy.discard(name)
            if self._session is not None:
                self._ask("SELECT pg_advisory_unlock(%s, %s)", WORK, number(name))

    def attend(self, owner: str) -> None:
        """Hold the lock of a name as long as this process lives. Called again and again: a session that was lost (the server
        started anew) is noticed by it, and made again with all that it held. Raises SystemUnreachable while it cannot be."""
        with self._lock:
            if owner not in self._owners:
                self._owners.append(owner)
                self._ask("SELECT pg_advisory_lock_shared(%s, %s)", OWNERS, number(owner))
            elif self._session is None or time.monotonic() - self._answered > STALE:
                self._ask("SELECT 1 WHERE %s <> %s", WORK, OWNERS)

    def absent(self, owner: str) -> bool:
        """Whether no session holds the lock of a name."""
        with self._lock:
            return not self._ask(_HOLDERS, OWNERS, number(owner) & 0xFFFFFFFF)

    def close(self) -> None:
        """End the session and all that it holds."""
        with self._lock:
            if self._session is not None:
                self._session.close()
            self._session = None

    def _ask(self, statement: str, first: int, second: int) -> Any:
        try:
            row = self._there().execute(statement, (first, second)).fetchone()
        except psycopg.Error as error:
            self._session = None
            raise SystemUnreachable(f"the store does not answer: {error}", fix="it is tried again") from error
        self._answered = time.monotonic()
        return row[0] if row else None

    def _there(self) -> psycopg.Connection[Any]:
        if self._session is None or self._session.closed:
            self._session = self._connect("hub, present")
            for owner in self._owners:
                self._session.execute("SELECT pg_advisory_lock_shared(%s, %s)", (OWNERS, number(owner)))
        return self._session


def number(name: str) -> int:
    """A name as the second half of a lock's key: a signed 32-bit integer."""
    return int(xxhash.xxh32_intdigest(name.encode())) - (1 << 31)
