"""The lane's process: fetches what lies ready, runs windows, sends what is due. A loop a task, all stopped in good order.

Embedded, one process does everything and the store lets one writer in at a time. A round that finds nothing
waits a little longer each time, up to ``IDLE``; ``wake`` ends the wait at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from threading import Condition, Event, Thread

from canonical_model.problems import Reject, Retry
from hub.bootstrap import Hub
from hub.stages.ports import Subscription
from hub.store import work

log = logging.getLogger(__name__)

SHORTEST, IDLE = 0.005, 0.1
"""Seconds between two looks while there is nothing to do: the first and the longest."""
POLL = 0.5
"""Seconds between two looks at a transport that is fetched from."""
RETRY = 2.0
"""Seconds until a loop that met a Retry looks again; a partition that fails waits twice as long each time, up to:"""
LONGEST_RETRY = 60.0


class Loop:
    """Calls ``step`` until stopped: at once again while it says it did something, else after a rising wait."""

    def __init__(self, name: str, step: Callable[[], bool], shortest: float = SHORTEST, idle: float = IDLE) -> None:
        self.name, self._step, self._shortest, self._idle = name, step, shortest, idle
        self._changed, self._stopping, self._woken = Condition(), Event(), False
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def stop(self) -> None:
        """Finish the step that runs and end."""
        self._stopping.set()
        self.wake()

    def join(self, seconds: float) -> bool:
        """Wait for the end; False when it still runs."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause = self._shortest
        while not self._stopping.is_set():
            if self._once():
                pause = self._shortest
                continue
            self._wait(pause)
            pause = min(pause * 2, self._idle)

    def _once(self) -> bool:
        try:
            return self._step()
        except Retry as error:
            log.warning("%s: %s", self.name, error)
        except Exception:
            log.exception("%s failed; it goes on", self.name)
        self._stopping.wait(RETRY)
        return False

    def _wait(self, seconds: float) -> None:
        with self._changed:
            if not self._woken and not self._stopping.is_set():
                self._changed.wait(seconds)
            self._woken = False


class Worker:
    """Everything that runs by itself: windows, deliveries (one loop a receiver), transports, release jobs."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self._failing = hub, dict[int, tuple[int, float]]()
        self.windows = Loop("lane", self._window)
        self.deliveries = [Loop(f"deliver {one.id}", self._delivery(one), idle=IDLE) for one in hub.ports.subscriptions]
        self.transports = [Loop(f"receive {name}", self._fetch(name), POLL, POLL) for name in self._fetched()]
        self.relay = Loop("relay", lambda: bool(hub.flow.relay.run()), idle=1.0)
        self.jobs = Loop("housekeeping", self._housekeeping, 1.0, 1.0)
        hub.signals.connect(lambda name, facts: self.wake(), "received", "released", "applied")

    @property
    def loops(self) -> list[Loop]:
        """All loops, in the order of the path."""
        return [*self.transports, self.windows, *self.deliveries, self.relay, self.jobs]

    def start(self) -> None:
        """Take up what a dead process left, then begin."""
        self.hub.flow.recover()
        for loop in self.loops:
            loop.start()

    def wake(self) -> None:
        """Something came: look now."""
        self.windows.wake()
        for loop in self.deliveries:
            loop.wake()

    def stop(self, seconds: float = 30.0) -> bool:
        """Finish windows and sends that run, start no more; False when something did not end in time."""
        for loop in self.loops:
            loop.stop()
        ended = [loop.join(seconds) for loop in self.loops]
        return all(ended)

    def _window(self) -> bool:
        with self.hub.store.read() as connection:
            partitions = work.waiting_partitions(connection)
        worked = [self._partition(p) for p in partitions]
        return any(worked)

    def _partition(self, p: int) -> bool:
        """One window; a partition that fails does not keep the others from going on, and is looked at less and less often."""
        failures, until = self._failing.get(p, (0, 0.0))
        if time.monotonic() < until:
            return False
        try:
            worked = bool(self.hub.flow.lane.run(p))
        except Exception:
            pause = min(RETRY * 2**failures, LONGEST_RETRY)
            self._failing[p] = (min(failures + 1, 10), time.monotonic() + pause)
            log.exception("partition %s failed; the others go on, and it is tried again in %.0f s", p, pause)
            return False
        self._failing.pop(p, None)
        return worked

    def _housekeeping(self) -> bool:
        self.hub.flow.housekeeping()
        return False

    def _delivery(self, subscription: Subscription) -> Callable[[], bool]:
        return lambda: self.hub.flow.delivering.run_one(subscription) > 0

    def _fetched(self) -> Iterable[tuple[str, str]]:
        return [name for name, (_, connector) in self.hub.inward.items() if hasattr(connector, "receive")]

    def _fetch(self, name: tuple[str, str]) -> Callable[[], bool]:
        door, connector = self.hub.inward[name]

        def fetch() -> bool:
            if self.hub.crowded():
                return False
            found = 0
            for inbound in connector.receive():
                found += 1
                try:
                    self.hub.flow.receive(inbound, door)
                except Reject as refused:
                    log.warning("%s of %s was refused: %s", inbound.origin, door.system, refused)
            return found > 0

        return fetch
