"""The path of a message, on one screen: receive -> (translate, admit, apply) -> deliver. Read this file first.

    connector --Inbound--> RECEIVE --message + work row, one commit--> accept()
                                                       |
       window of a partition: TRANSLATE -> ADMIT -> APPLY, one unit of work: identity, state, outbox, deliveries
                                                       |                            |
    connector <--bytes-- DELIVER <--deliveries---------+        relay --canonical--> subscribers

Each step is a file in ``hub/stages``. What may fail: receive Retry, translate Hold or Reject per document, admit and apply Hold,
deliver Retry with back-off or Hold. The store is the truth; a wake-up only says that there may be work.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from connectors.base import Inbound
from hub.channels.base import OUTBOUND_PARTITIONS, Channels, Subscriber
from hub.channels.local import LocalChannels
from hub.channels.relay import Relay
from hub.channels.sizes import SIZES, Sizes
from hub.codebook import Codebook
from hub.signals import Signals
from hub.stages.deliver import Delivering
from hub.stages.pending import answer_pending
from hub.stages.ports import Ports
from hub.stages.receive import Door, Received, Receiving
from hub.stages.window import Lane
from hub.store import publications, work
from hub.store.database import Store

outbound_partition = partial(work.partition_of, partitions=OUTBOUND_PARTITIONS)
"""Subscription -> its partition of channel ``outbound``."""


class Flow:
    """One process's path over one store. ``receive`` may be called by many threads; the rest is one lane thread's."""

    def __init__(
        self, store: Store, ports: Ports, signals: Signals | None = None, subscribers: Iterable[Subscriber] = (), *,
        channels: Channels | None = None, sizes: Sizes = SIZES,
    ) -> None:  # fmt: skip
        self.store, self.ports, self.signals = store, ports, signals or Signals()
        self.codebook, self.channels = Codebook(), channels or LocalChannels(subscribers)
        self.locks = store.locks
        self.receiving = Receiving(store, self.signals, sizes.commit)
        self.lane = Lane(store, self.codebook, ports, self.signals, sizes.window, self._queued)
        self.delivering = Delivering(store, ports.subscriptions, self.signals)
        self.relay = Relay(store, self.channels.fanout, self.signals, sizes.publish)

    def recover(self) -> None:
        """At the start of the only process: what a dead owner left is looked at before anything else."""
        self.lane.recover()
        self.delivering.recover()

    def receive(self, inbound: Inbound, door: Door) -> Received:
        """Step 1: kept, then accepted. The wake-up may be lost; the store is looked at anyway."""
        received = self.receiving.receive(inbound, door)
        partition = work.partition_of(door.order(inbound), self.store.partitions)
        self.channels.inbound.wake(partition, publications.given_trace(inbound.headers))
        return received

    def wake_waiting(self) -> None:
        """Wake every partition that has work: after a change whose partitions are not known."""
        with self.store.read() as connection:
            partitions = work.waiting_partitions(connection)
        for p in partitions:
            self.channels.inbound.wake(p)

    def _queued(self, subscriptions: Iterable[str]) -> None:
        """Deliveries were committed: wake whoever sends for these subscriptions."""
        for p in {outbound_partition(name) for name in subscriptions}:
            self.channels.outbound.wake(p)

    def work(self) -> bool:
        """Steps 2 to 4 for every partition that has work, then step 5 and the relay; False when there was nothing to do."""
        busy = self._windows()
        delivered, published = self.delivering.run(), self.relay.run()
        return busy or bool(delivered or published)

    def _windows(self) -> bool:
        with self.store.read() as connection:
            partitions = work.waiting_partitions(connection)
        return sum(bool(self.lane.run(p)) for p in partitions) > 0

    def housekeeping(self) -> None:
        """Now and then: release jobs above 1,000, and answers to what has been pending too long."""
        self.lane.release_jobs()
        answer_pending(self.store, self.ports)

    def settle(self, rounds: int = 10_000) -> None:
        """Work until nothing is left to do now (tests, ``hub`` commands that wait)."""
        for _ in range(rounds):
            self.housekeeping()
            if not self.work():
                return
