"""The lane's process: fetches what lies ready, runs windows, sends what is due. A loop a task, all stopped in good order.

Any number of workers may run over one store. What only one of them may do at a time (a subscription's sending, a transport's
fetching, the relay, housekeeping) is done under a lock that dies with its process; which windows a worker takes stands in
``windows``. A round that finds nothing waits a little longer each time; a wake-up ends the wait at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from threading import Event
from time import monotonic

from canonical_model.problems import Reject
from hub import signals as names
from hub.bootstrap import Hub
from hub.flow import outbound_partition
from hub.stages.ports import Subscription
from hub.store import deliveries
from hub.store.database import StoreFault
from hub.store.locks import attempt
from hub.worker.loop import IDLE, Loop
from hub.worker.windows import Windows

log = logging.getLogger(__name__)

POLL = 0.5
"""Seconds between two looks at a transport that is fetched from."""
SENDERS = 30.0
"""Seconds until a sender that nobody woke looks all the same."""
RELAY = 0.1
"""Seconds until the relay looks by itself for what another worker has left in the outbox; its own windows wake it."""


class Worker:
    """Everything that runs by itself: windows, deliveries (one loop a subscription), transports, relay, release jobs."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.flow, self.failed = hub, hub.flow, Event()
        self._lane, fault = Windows(hub.flow), self._failed
        self.windows = Loop("lane", self._lane.step, idle=self._lane.idle, fault=fault)
        self.deliveries = {
            one.id: Loop(f"deliver {one.id}", self._delivery(one), idle=lambda: SENDERS, fault=fault) for one in hub.ports.subscriptions
        }
        self.transports = [Loop(f"receive {name}", self._fetch(name), POLL, lambda: POLL, fault) for name in self._fetched()]
        self._looked = 0.0
        self.outbound = Loop("outbound", self._wake_senders, IDLE, self._look, fault)
        self.relay = Loop("relay", lambda: bool(hub.flow.relay.run()), RELAY, lambda: 1.0, fault)
        self.jobs = Loop("housekeeping", self._housekeeping, 1.0, lambda: 1.0, fault)
        hub.flow.channels.inbound.listen(self.windows.wake)
        hub.flow.channels.outbound.listen(self.outbound.wake)
        hub.signals.connect(lambda name, facts: self.relay.wake(), "applied")
        hub.signals.connect(lambda name, facts: self.wake(), "released")

    def _failed(self, fault: StoreFault) -> None:
        """The store fails in a way that no document is to blame for: everything stops, and somebody is told."""
        self._lane.stop()
        for loop in self.loops:
            loop.stop()
        self.hub.signals.emit(names.ALERT, text=fault.fact, documents=[])
        self.failed.set()

    @property
    def loops(self) -> list[Loop]:
        """All loops, in the order of the path."""
        return [*self.transports, self.windows, self.outbound, *self.deliveries.values(), self.relay, self.jobs]

    def start(self) -> None:
        """Begin; a broker that is not up yet is waited for beside the work."""
        self.flow.channels.start(consume=True)
        for loop in self.loops:
            loop.start()

    def wake(self) -> None:
        """Something was let go: look now, senders too. What is new wakes each by its channel."""
        for loop in (self.windows, self.relay, *self.deliveries.values()):
            loop.wake()

    def stop(self, seconds: float = 30.0) -> bool:
        """Finish the window and the sends that run, start no more; False when something did not end in time, however many did not. A send
        may take long: wake-ups go to other workers as soon as the window has ended."""
        self._lane.stop()
        self.flow.delivering.stop()
        for loop in self.loops:
            loop.stop()
        until = monotonic() + seconds
        self.windows.join(seconds)
        self.flow.channels.rest()
        ended = [loop.join(max(0.0, until - monotonic())) for loop in self.loops]
        self.flow.channels.stop()
        return all(ended)

    def _look(self) -> float:
        """Seconds between two looks at what wants to be sent: with a broker senders are woken, and only what wants to be tried again,
        was let go by a command or left by a dead worker has to be found."""
        return 1.0 if self.flow.channels.outbound.connected else IDLE

    def _wake_senders(self) -> bool:
        """Wake those that channel ``outbound`` names, and those that the store says have something: one look for all of them."""
        woken = self.flow.channels.outbound.taken()
        wanting = self._wanting()
        for name, loop in self.deliveries.items():
            if name in wanting or outbound_partition(name) in woken:
                loop.wake()
        for p in woken:
            self.flow.channels.outbound.done(p)
        return False

    def _wanting(self) -> set[str]:
        now = monotonic()
        if not self.deliveries or now - self._looked < self._look():
            return set()
        self._looked = now
        with self.flow.store.read() as connection:
            return deliveries.wanting(connection, self.flow.store.clock.now())

    def _delivery(self, subscription: Subscription) -> Callable[[], bool]:
        """Sending of one subscription: its own slot over all workers, so that a receiver that hangs costs nobody else."""

        def deliver() -> bool:
            with attempt(self.flow.locks, f"deliver {subscription.id}") as mine:
                if not mine:
                    return False
                self.flow.delivering.recover(subscription.id)
                return self.flow.delivering.run_one(subscription) > 0

        return deliver

    def _housekeeping(self) -> bool:
        with attempt(self.flow.locks, "housekeeping") as mine:
            if mine:
                self.flow.housekeeping()
        return False

    def _fetched(self) -> Iterable[tuple[str, str]]:
        return [name for name, (_, connector) in self.hub.inward.items() if hasattr(connector, "receive")]

    def _fetch(self, name: tuple[str, str]) -> Callable[[], bool]:
        """Fetching from one transport, by one worker at a time."""

        def fetch() -> bool:
            if self.hub.crowded():
                return False
            with attempt(self.flow.locks, f"receive {'.'.join(name)}") as mine:
                return mine and self._receive(name)

        return fetch

    def _receive(self, name: tuple[str, str]) -> bool:
        door, connector = self.hub.inward[name]
        found = 0
        for inbound in connector.receive():
            found += 1
            try:
                self.flow.receive(inbound, door)
            except Reject as refused:
                log.warning("%s of %s was refused: %s", inbound.origin, door.system, refused)
        return found > 0
