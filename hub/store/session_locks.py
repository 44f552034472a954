"""Locks of a PostgreSQL session of a process's own: they go within milliseconds after kill -9, and need no clock of ours.

A process that stands still (SIGSTOP, a frozen machine) would keep them for ever. So the session says that it lives every few
seconds, and the server ends one that has not: then others do its work, and it finds its locks gone when it goes on. None of
these locks decides who may write a window: that is a row lock inside the writing transaction.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any

import psycopg
import xxhash

from canonical_model.problems import SystemUnreachable

log = logging.getLogger(__name__)
BEAT = 3.0
"""Seconds between two signs of life."""
SILENT = 15
"""Seconds without a sign of life after which the server ends the session."""
SETTINGS = {
    "idle_session_timeout": f"{SILENT}s", "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
}  # fmt: skip
UNREACHED = "see that PostgreSQL runs and can be reached from here (hub doctor); processes try again by themselves, a command does not"
"""What is to be done where the database does not answer."""
_HELD = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint = %s
    AND objid::bigint = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""

_TAKE_EACH = """SELECT array(SELECT place FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted (key, place)
    WHERE pg_try_advisory_lock(key))"""
_GIVE_EACH = "SELECT count(pg_advisory_unlock(key)) FROM unnest(%s::bigint[]) AS key"


class SessionLocks:
    """Session advisory locks by name. The session is made when it is first needed, and anew when it was lost: what was taken is
    lost with it, and who attended attends again. ``place`` is the database's address for people."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], place: str = "") -> None:
        self._connect, self._place, self._guard = connect, place, threading.RLock()
        self._session: psycopg.Connection[Any] | None = None
        self._held, self._owners = set[str](), list[str]()
        self._ending, self._beating = threading.Event(), False

    def take(self, name: str) -> bool:
        """Take it now, or say that somebody else has it, another thread of this process too."""
        with self._guard:
            mine = name not in self._held and bool(self._ask("SELECT pg_try_advisory_lock(%s)", lock_key(name)))
            if mine:
                self._held.add(name)
            return mine

    def give(self, name: str) -> None:
        """Give it back; one that went with its session is not missed."""
        with self._guard:
            if name in self._held:
                self._held.discard(name)
                with suppress(SystemUnreachable):
                    self._ask("SELECT pg_advisory_unlock(%s)", lock_key(name))

    def take_each(self, names: Sequence[str]) -> set[str]:
        """Take those of them that nobody else has, in one statement."""
        with self._guard:
            free = [name for name in names if name not in self._held]
            places = self._ask(_TAKE_EACH, [lock_key(name) for name in free]) if free else []
            mine = {free[place - 1] for place in places}
            self._held |= mine
            return mine

    def give_each(self, names: Collection[str]) -> None:
        """Give them back in one statement."""
        with self._guard:
            held = self._held.intersection(names)
            self._held -= held
            if held:
                with suppress(SystemUnreachable):
                    self._ask(_GIVE_EACH, [lock_key(name) for name in held])

    def attend(self, owner: str) -> None:
        """Be known as alive under this name, also over a new session. Raises SystemUnreachable while there is none."""
        with self._guard:
            if owner not in self._owners:
                self._owners.append(owner)
                self._ask("SELECT pg_advisory_lock_shared(%s)", owner_key(owner))
            elif self._session is None:
                self._ask("SELECT 1")

    def absent(self, owner: str) -> bool:
        """Whether no session is alive under this name."""
        key = owner_key(owner) & ((1 << 64) - 1)
        with self._guard:
            return not self._ask(_HELD, key >> 32, key & 0xFFFFFFFF)

    def close(self) -> None:
        """End the session, and with it whatever it holds."""
        self._ending.set()
        with self._guard:
            self._forget()

    def _ask(self, statement: str, *values: Any) -> Any:
        try:
            row = self._there().execute(statement, values).fetchone()
        except psycopg.Error as error:
            self._forget()
            raise SystemUnreachable(
                f"the session that holds locks was lost: {str(error).strip()}", at=self._place, fix=UNREACHED
            ) from error
        return row[0] if row else None

    def _there(self) -> psycopg.Connection[Any]:
        if self._session is None or self._session.closed:
            self._forget()
            self._session = self._connect()
            for owner in self._owners:
                self._session.execute("SELECT pg_advisory_lock_shared(%s)", (owner_key(owner),))
            self._begin_to_beat()
        return self._session

    def _forget(self) -> None:
        session, self._session = self._session, None
        self._held.clear()
        if session is not None:
            with suppress(psycopg.Error):
                session.close()

    def _begin_to_beat(self) -> None:
        if not self._beating:
            self._beating = True
            threading.Thread(target=self._beat, name="locks", daemon=True).start()

    def _beat(self) -> None:
        every = BEAT
        while not self._ending.wait(every):
            with self._guard, suppress(SystemUnreachable):
                if self._session is not None or self._owners:
                    self._ask("SELECT 1")


def lock_key(name: str) -> int:
    """A signed 64-bit key for a name, the same in every process and release."""
    return int(xxhash.xxh3_64_intdigest(f"channelhub:{name}".encode())) - (1 << 63)


def owner_key(owner: str) -> int:
    """The key under which a process is known as alive."""
    return lock_key(f"owner {owner}")
