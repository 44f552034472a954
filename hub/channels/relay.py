"""The relay: outbox rows -> ``canonical``, by id; a row is deleted after its own confirm. One at a time over all processes.

Its lock dies with its process. Two relays by accident would double publications and keep the order of first occurrences.
"""

from __future__ import annotations

from hub.channels.base import Fanout, Publication
from hub.signals import PUBLISHED, Signals, reach
from hub.store import outgoing
from hub.store.database import Store
from hub.store.locks import attempt

AT_ONCE = 500
BATCHES = 20
"""Batches of one run: a worker that is to stop does not first empty an outbox of a day."""
LOCK = "relay"


class Relay:
    """Takes rows of the outbox to a fan-out."""

    def __init__(self, store: Store, fanout: Fanout, signals: Signals | None = None, at_once: int = AT_ONCE) -> None:
        self.store, self.fanout, self.signals, self.at_once = store, fanout, signals or Signals(), at_once

    def run(self) -> int:
        """Publish what is there; gives how many rows were confirmed, 0 too when another relay is at work."""
        total = 0
        with attempt(self.store.locks, LOCK) as mine:
            for _ in range(BATCHES if mine else 0):
                confirmed = self._batch()
                total += confirmed
                if confirmed < self.at_once:
                    break
        return total

    def _batch(self) -> int:
        """One batch; 0 when there is nothing, or when something was not confirmed: then it is tried again later."""
        with self.store.read() as connection:
            batch = outgoing.waiting_publications(connection, self.at_once)
            traces = outgoing.traces(connection, {values[3] for _, values in batch}) if batch else {}
        if not batch:
            return 0
        reach("relay.before_publish")
        confirmed = self.fanout.publish((id, Publication(*values, traces[values[3]])) for id, values in batch)
        reach("relay.after_publish")
        if confirmed:
            with self.store.unit() as unit:
                outgoing.forget_publications(unit.connection, confirmed)
            self.signals.emit(PUBLISHED, count=len(confirmed))
        reach("relay.after_delete")
        return len(confirmed) if len(confirmed) == len(batch) else 0
