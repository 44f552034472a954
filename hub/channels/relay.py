"""The relay: outbox rows -> ``canonical``, by id; a row is deleted after its own confirm. One at a time over all processes.

Its lock dies with its process. Two relays by accident would double publications and keep the order of first occurrences. What was
not confirmed is tried again from the lowest id on, after a pause that each process keeps for itself (``pace``).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from hub.channels.base import Fanout, Publication
from hub.channels.pace import Pace
from hub.signals import PUBLISHED, Signals, reach
from hub.store import publications
from hub.store.database import Store
from hub.store.locks import attempt

AT_ONCE = 500
BATCHES = 20
"""Batches of one run: a worker that is to stop does not first empty an outbox of a day."""
LOCK = "relay"


class Relay:
    """Takes rows of the outbox to a fan-out."""

    def __init__(
        self, store: Store, fanout: Fanout, signals: Signals | None = None, at_once: int = AT_ONCE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.store, self.fanout, self.signals, self.pace = store, fanout, signals or Signals(), Pace(at_once, monotonic)

    def run(self) -> int:
        """Publish what is there; gives how many rows were confirmed, 0 too when another relay is at work, the fan-out is not ready, or
        something was refused just now."""
        total = 0
        if not self.pace.open():
            return total
        with attempt(self.store.locks, LOCK) as mine:
            for _ in range(BATCHES if mine else 0):
                confirmed, more = self._batch() if self.fanout.ready() else (0, False)
                total += confirmed
                if not more:
                    break
        return total

    def _batch(self) -> tuple[int, bool]:
        """One batch; gives how many of it were confirmed, and whether to go on at once. The others stay, and stay first: nothing of their
        keys goes before them."""
        with self.store.read() as connection:
            batch, more = publications.waiting(connection, self.pace.size)
            traces = publications.traces(connection, {values[3] for _, values in batch}) if batch else {}
        if not batch:
            self.pace.told(0, 0, more=False)
            return 0, False
        reach("relay.before_publish")
        confirmed = self.fanout.publish((id, Publication(*values, traces[values[3]])) for id, values in batch)
        self.pace.told(len(batch), len(confirmed), more=more)
        reach("relay.after_publish")
        if confirmed:
            with self.store.unit() as unit:
                publications.forget(unit.connection, confirmed)
            self.signals.emit(PUBLISHED, count=len(confirmed))
        reach("relay.after_delete")
        return len(confirmed), more and len(confirmed) == len(batch)
