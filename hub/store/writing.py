"""Several threads, one writer: whoever finds the door open writes for all who wait, in one commit.

SQLite does not queue writers fairly; here they stand in a line, and a commit with its fsync is shared by all in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from hub.store.database import Store
from hub.store.unit import UnitOfWork

MOST = 200
T = TypeVar("T")
Job = tuple[Callable[[UnitOfWork], Any], "Future[Any]"]


class Writer:
    """``write(action)`` runs an action in a unit of work that it may share with others, and gives its result after the commit."""

    def __init__(self, store: Store, most: int = MOST) -> None:
        self._store, self._most, self._line, self._leading = store, most, list[Job](), False
        self._lock = threading.Lock()

    def write(self, action: Callable[[UnitOfWork], T]) -> T:
        """Run ``action`` and wait for its commit. An action that raises is undone alone; the others are written without it."""
        future: Future[T] = Future()
        with self._lock:
            self._line.append((action, future))
            lead, self._leading = not self._leading, True
        while lead:
            lead = self._lead()
        return future.result()

    def _lead(self) -> bool:
        """Write for everybody who waits; False when nobody is left."""
        with self._lock:
            jobs, self._line = self._line[: self._most], self._line[self._most :]
            if not jobs:
                self._leading = False
                return False
        self._together(jobs)
        return True

    def _together(self, jobs: list[Job]) -> None:
        try:
            with self._store.unit() as unit:
                results = [action(unit) for action, _ in jobs]
        except Exception as error:
            if len(jobs) == 1:
                jobs[0][1].set_exception(error)
                return
            for job in jobs:
                self._together([job])
            return
        for (_, future), result in zip(jobs, results, strict=True):
            future.set_result(result)
