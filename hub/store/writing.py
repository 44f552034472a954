"""Several threads, one writer: whoever finds the door open writes for all who wait, in one commit.

SQLite does not queue writers fairly; here they stand in a line, and a commit with its fsync is shared by all in it. What is written for
all of them is written together, so that the statements of a commit do not grow with it either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from hub.store.database import Store
from hub.store.unit import UnitOfWork

MOST = 200
Job = TypeVar("Job")
Result = TypeVar("Result")


class Writer(Generic[Job, Result]):
    """``write(job)`` has ``action`` write a job in a unit of work that it may share with up to ``most``, and gives its result after the
    commit. ``action`` gives a result, or the exception that is its sender's, for each job."""

    def __init__(self, store: Store, action: Callable[[UnitOfWork, Sequence[Job]], Sequence[Result | Exception]], most: int = MOST) -> None:
        self._store, self._action, self._most = store, action, most
        self._line, self._leading = list[tuple[Job, "Future[Result]"]](), False
        self._lock = threading.Lock()

    def write(self, job: Job) -> Result:
        """Have it written and wait for its commit. Where the whole batch cannot be written each is written alone, and what then fails
        is raised to its own sender."""
        future: Future[Result] = Future()
        with self._lock:
            self._line.append((job, future))
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

    def _together(self, jobs: list[tuple[Job, Future[Result]]]) -> None:
        try:
            with self._store.unit() as unit:
                results = self._action(unit, [job for job, _ in jobs])
        except Exception as error:
            if len(jobs) == 1:
                jobs[0][1].set_exception(error)
                return
            for job in jobs:
                self._together([job])
            return
        for (_, future), result in zip(jobs, results, strict=True):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
