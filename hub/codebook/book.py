"""The codebook of a process: all rows in memory, brought up to a revision by reading what is new."""

from __future__ import annotations

import threading
from functools import lru_cache

from sqlalchemy import Connection, select

from hub.codebook.index import FOREVER, Index, Row
from hub.codebook.view import Remembered, SystemCodes
from hub.store.book_tables import code, code_set, codebook

_new = select(code).order_by(code.c.row)
_ended = select(code.c.row, code.c.until).where(code.c.until.is_not(None))


class BookView:
    """One revision of every table; frozen."""

    def __init__(self, index: Index, revision: int) -> None:
        self._index, self.revision, self._remembered = index, revision, Remembered()
        self.for_code_set = lru_cache(maxsize=1024)(self._for_code_set)

    def _for_code_set(self, name: str) -> SystemCodes:
        return SystemCodes(self._index, self.revision, name, self._remembered)

    def parent(self, name: str) -> str:
        """The code set that is asked when this one is silent, or nothing."""
        return self._index.parent(name, self.revision)

    def children(self, name: str) -> tuple[str, ...]:
        """A code set and all that fall back to it: whose causes a row of it removes."""
        return self._index.children(name, self.revision)


class Codebook:
    """Loads each row once. ``view()`` is the newest committed revision that the connection sees, or an earlier one."""

    def __init__(self) -> None:
        self._index, self._revision, self._lock = Index(), 0, threading.Lock()
        self._view = BookView(self._index, 0)
        self._earlier = lru_cache(maxsize=8)(lambda revision: BookView(self._index, revision))

    def known(self, revision: int) -> BookView | None:
        """A revision that was loaded already, without asking the store; None when it was not. The last few are kept with their answers."""
        with self._lock:
            if revision == self._view.revision:
                return self._view
            return self._earlier(revision) if revision < self._view.revision else None

    def view(self, connection: Connection, revision: int | None = None) -> BookView:
        """The codebook at a revision (None: the newest). The head is read first, then the rows up to it."""
        newest = int(connection.execute(select(codebook.c.revision)).scalar_one())
        with self._lock:
            if newest > self._revision:
                self._load(connection, newest)
            if revision is None or revision == self._view.revision:
                return self._view
        return BookView(self._index, min(revision, newest))

    def _load(self, connection: Connection, newest: int) -> None:
        fresh = (code.c.since > self._revision) & (code.c.since <= newest)
        self._index.add(_row(item) for item in connection.execute(_new.where(fresh)))
        over = (code.c.until > self._revision) & (code.c.until <= newest)
        self._index.end((item.row, item.until) for item in connection.execute(_ended.where(over)))
        sets = select(code_set).where(code_set.c.since > self._revision, code_set.c.since <= newest).order_by(code_set.c.since)
        for item in connection.execute(sets):
            self._index.parents.setdefault(item.name, []).append((item.since, item.parent))
        self._revision, self._view = newest, BookView(self._index, newest)


def _row(item: object) -> Row:
    values = item._mapping  # type: ignore[attr-defined]
    found = dict(values)
    found["preferred"] = bool(found["preferred"])
    found["until"] = FOREVER if found["until"] is None else found["until"]
    return Row(**found)
