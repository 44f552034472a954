"""Several threads, one writer: whoever finds the door open writes for all who wait, in one commit.

SQLite does not queue writers fairly; here they stand in a line, and a commit with its fsync is shared by all in it. What is written for
all of them is written together, so that the statements of a commit do not grow with it either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from canonical_model.problems import Retry
from hub.store.database import Store, StoreFault
from hub.store.unit import UnitOfWork

MOST = 200
Job = TypeVar("Job")
Result = TypeVar("Result")


class _Place(Generic[Job, Result]):
    """One thread's place in the line. ``called`` is set when its job is done, or when it is its turn to write for all."""

    def __init__(self, job: Job) -> None:
        self.job, self.outcome, self.called = job, Future[Result](), threading.Event()

    def done(self, result: Result | Exception) -> None:
        """Its job is written, or is not to be."""
        if isinstance(result, Exception):
            self.outcome.set_exception(result)
        else:
            self.outcome.set_result(result)
        self.called.set()


class Writer(Generic[Job, Result]):
    """``write(job)`` has ``action`` write a job in a unit of work that it may share with up to ``most``, and gives its result after the
    commit. ``action`` gives a result, or the exception that is its sender's, for each job."""

    def __init__(self, store: Store, action: Callable[[UnitOfWork, Sequence[Job]], Sequence[Result | Exception]], most: int = MOST) -> None:
        self._store, self._action, self._most = store, action, most
        self._line, self._led = list[_Place[Job, Result]](), False
        self._lock = threading.Lock()

    def write(self, job: Job) -> Result:
        """Have it written and wait for its commit. Where the whole batch cannot be written each is written alone, and what then fails
        is raised to its own sender. Where the store went away nobody knows whether the commit came through: all are told to come
        again, since what has no name to be recognised by would be there twice. Whoever writes for all does so once, for its own sender
        waits too."""
        mine: _Place[Job, Result] = _Place(job)
        with self._lock:
            self._line.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.called.wait()
        if not mine.outcome.done():
            self._lead()
        return mine.outcome.result()

    def _lead(self) -> None:
        """Write for everybody who waits, oneself first; whoever came meanwhile and is the first of them is called to go on."""
        with self._lock:
            places, self._line = self._line[: self._most], self._line[self._most :]
        try:
            self._together(places)
        finally:
            for place in places:
                if not place.outcome.done():  # whatever ended this thread, nobody waits for it
                    place.done(RuntimeError("the thread that wrote for this sender ended"))
            with self._lock:
                self._led = bool(self._line)
                if self._led:
                    self._line[0].called.set()

    def _together(self, places: list[_Place[Job, Result]]) -> None:
        try:
            with self._store.unit() as unit:
                results = self._action(unit, [place.job for place in places])
        except Exception as error:
            away = isinstance(error, (Retry, StoreFault))
            for place in places:
                if away or len(places) == 1:
                    place.done(error)
                else:
                    self._together([place])
            return
        for place, result in zip(places, results, strict=True):
            place.done(result)
