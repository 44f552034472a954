"""Which partitions this worker takes now: those that were woken, those it looks for itself, those whose owner stands still.

A wake-up says that a partition has work; which work, and who may do it, the store says. The claim on a partition
only saves double translation: ownership is decided inside the window's transaction, so that work is taken also from an owner
that holds its claim and does nothing (a stopped process).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import Event

from canonical_model.problems import Retry
from hub.flow import Flow
from hub.signals import reach
from hub.store import work
from hub.store.database import StoreFault
from hub.store.locks import attempt, attempt_each
from hub.worker.loop import RETRY

log = logging.getLogger(__name__)
SWEEP = 5.0
"""Seconds: work older than this is taken by any worker; an owner that does nothing for so long is passed over."""
RELEASED = 1.0
"""Seconds between two looks for what a command released: a command of ``hub`` ends before any broker could carry its wake-up."""
AGAIN = 0.02
"""Seconds until a partition that somebody else has is looked at again."""
LONGEST_RETRY = 60.0
"""Seconds; a partition that fails waits twice as long each time, up to this."""
ROUNDS, TURN = 20, 0.3
"""Windows of one partition, and seconds, before the others get their turn; the window that runs is finished."""


class Windows:
    """The lane thread's choice. ``step`` gives whether anything was done."""

    def __init__(self, flow: Flow, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.flow, self._now = flow, monotonic
        self._again: dict[int, float] = {}
        self._standing: dict[int, tuple[tuple[int, int], float]] = {}
        self._failing: dict[int, tuple[int, float]] = {}
        self._looked: float | None = None
        self._released = 0.0
        self._crowded = False
        self._stopping = Event()

    def stop(self) -> None:
        """Begin no further window: the one that runs is the last."""
        self._stopping.set()

    def step(self) -> bool:
        """Everything that is due now, once. What is due and was not come to because of a Retry is due again."""
        left = self._due()
        try:
            return self._all(left)
        except (Retry, StoreFault):
            self._again |= dict.fromkeys(left, self._now())
            raise

    def _all(self, left: dict[int, bool]) -> bool:
        worked = self._together(left)
        for p, suspicious in list(left.items()):
            if self._stopping.is_set():
                break
            worked = self._safely(p, suspicious) or worked
            del left[p]
        return worked

    def idle(self) -> float:
        """Seconds that may pass until the next look."""
        if any(at < self._now() + 1.0 for at in self._again.values()):
            return AGAIN
        return 1.0 if self.flow.channels.inbound.connected else 0.1

    def _due(self) -> dict[int, bool]:
        """Partition -> whether it looks as if somebody had died over it."""
        now, wake_ups = self._now(), self.flow.channels.inbound
        due = dict(wake_ups.taken())
        due |= {p: False for p, at in self._again.items() if at <= now and p not in due}
        for p, suspicious in self._own_look(now).items():
            due[p] = due.get(p, False) or suspicious
        for p in due:
            self._again.pop(p, None)
        return due

    def _own_look(self, now: float) -> dict[int, bool]:
        """At the start, without a broker, and now and then with one: what the store says."""
        first = self._looked is None
        if first or not self.flow.channels.inbound.connected:
            self._looked = self._released = now
            return dict.fromkeys(self._waiting(None), first)
        due = dict.fromkeys(self._let_go(now), False)
        if self._looked is not None and now - self._looked < SWEEP:
            return due
        self._looked = now
        return due | dict.fromkeys(self._waiting(self.flow.store.clock.now() - int(SWEEP * 1_000_000)), True)

    def _let_go(self, now: float) -> list[int]:
        if now - self._released < RELEASED:
            return []
        self._released = now
        with self.flow.store.read() as connection:
            return work.released_partitions(connection)

    def _waiting(self, older_than: int | None) -> list[int]:
        with self.flow.store.read() as connection:
            return work.waiting_partitions(connection, older_than)

    def _safely(self, p: int, suspicious: bool) -> bool:
        """A partition that fails does not keep the others from going on, and is looked at less and less often."""
        failures, until = self._failing.get(p, (0, 0.0))
        if self._now() < until:
            self._again[p] = until
            return False
        try:
            worked = self._take(p, suspicious)
        except (Retry, StoreFault):
            raise
        except Exception:
            pause = min(RETRY * 2**failures, LONGEST_RETRY)
            self._failing[p] = (min(failures + 1, 10), self._now() + pause)
            self._again[p] = self._now() + pause
            log.exception("partition %s failed; the others go on, and it is tried again in %.0f s", p, pause)
            return False
        self._failing.pop(p, None)
        return worked

    def _together(self, left: dict[int, bool]) -> bool:
        """The little work of several partitions in one window. After one that left some of it each has its own turn: many slow documents
        of one partition are not little work."""
        apart = {p for p, suspicious in left.items() if suspicious} | self._failing.keys()
        crowded, self._crowded = self._crowded, False
        if crowded or not self.flow.lane.shares or self._stopping.is_set() or not left.keys() - apart:
            return False
        shared = self.flow.lane.together(left.keys() - apart, apart, self._claimed)
        emptied = shared.outcome.emptied
        for p in shared.partitions:
            self._standing.pop(p, None)
            self._again |= {} if emptied else {p: self._now()}
        for p in (*shared.idle, *(shared.partitions if emptied else ())):
            self._done(p)
        for p in (*shared.idle, *shared.partitions):
            left.pop(p, None)
        self._crowded = bool(shared.partitions) and not emptied
        return bool(shared.outcome)

    @contextmanager
    def _claimed(self, partitions: Sequence[int]) -> Iterator[Collection[int]]:
        names = {_claim(p): p for p in partitions}
        with attempt_each(self.flow.locks, list(names)) as mine:
            yield {names[name] for name in mine}

    def _take(self, p: int, suspicious: bool) -> bool:
        with attempt(self.flow.locks, _claim(p)) as mine:
            if mine:
                if suspicious:
                    self.flow.lane.suspect(p)
                return self._windows(p)
        if self._stands_still(p):
            log.warning("partition %s: whoever has it has done nothing for %.0f s; its work is taken", p, SWEEP)
            return self._windows(p)
        return False

    def _windows(self, p: int) -> bool:
        """Windows until the partition is empty, or it is the turn of others."""
        self._standing.pop(p, None)
        worked, end = False, self._now() + TURN
        for _ in range(ROUNDS):
            if self._stopping.is_set():
                return worked
            outcome = self.flow.lane.run(p)
            if outcome.busy:
                break
            worked = worked or bool(outcome)
            if outcome.emptied or not outcome:
                self._done(p)
                return worked
            if self._now() > end:
                break
        self._again[p] = self._now() + (0.0 if worked else AGAIN)
        return worked

    def _done(self, p: int) -> None:
        reach("wake_up.before_done")
        self.flow.channels.inbound.done(p)

    def _stands_still(self, p: int) -> bool:
        """Whether the first work of a partition that another has claimed is the same, and as far, as some seconds ago."""
        with self.flow.store.read() as connection:
            first = work.claim(connection, p, 1)
        if not first:
            self._standing.pop(p, None)
            self.flow.channels.inbound.done(p)
            return False
        mark, now = (first[0].seq, first[0].done), self._now()
        seen, since = self._standing.get(p, (None, now))
        if seen != mark:
            since = now
        self._standing[p] = (mark, since)
        self._again[p] = now + AGAIN
        return now - since >= SWEEP


def _claim(p: int) -> str:
    """The name under which one process at a time translates for a partition."""
    return f"partition {p}"
