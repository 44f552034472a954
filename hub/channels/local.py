"""The local channel: the database is the queue, a condition inside the process the wake-up, subscribers are functions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from hub.channels.base import Fanout, Publication, Subscriber
from hub.signals import reach
from hub.store import outgoing
from hub.store.database import Store

log = logging.getLogger(__name__)
AT_ONCE = 500


class LocalWakeUps:
    """One condition a process. Workers look at the store anyway when nobody wakes them."""

    def __init__(self) -> None:
        self._condition, self._woken = threading.Condition(), set[int]()

    def wake(self, partition: int) -> None:
        with self._condition:
            self._woken.add(partition)
            self._condition.notify_all()

    def wait(self, seconds: float) -> set[int]:
        with self._condition:
            if not self._woken:
                self._condition.wait(seconds)
            woken, self._woken = self._woken, set()
            return woken


class LocalFanout:
    """Calls each subscriber; confirmed is what every one of them took, up to the first that did not."""

    def __init__(self, subscribers: Iterable[Subscriber] = ()) -> None:
        self.subscribers = list(subscribers)

    def publish(self, batch: Iterable[tuple[int, Publication]]) -> list[int]:
        confirmed: list[int] = []
        for id, publication in batch:
            try:
                for subscriber in self.subscribers:
                    subscriber(publication)
            except Exception:
                log.exception("a subscriber of canonical did not take %s n=%s", publication.k, publication.n)
                break
            confirmed.append(id)
        return confirmed


class Relay:
    """Takes rows of the outbox to a fan-out, by id; a row is deleted after its own confirm. One at a time.

    Its lock dies with its process: a file beside an embedded store, a session of the database in production.
    """

    def __init__(self, store: Store, fanout: Fanout) -> None:
        self.store, self.fanout = store, fanout

    def run(self) -> int:
        """Publish what is there; gives how many rows were confirmed, 0 too when another relay is at work."""
        total = 0
        with self.store.claim("relay") as mine:
            while mine and (confirmed := self._batch()):
                total += confirmed
        return total

    def _batch(self) -> int:
        with self.store.read() as connection:
            batch = outgoing.waiting_publications(connection, AT_ONCE)
        reach("relay.before_publish")
        confirmed = self.fanout.publish((id, Publication(*values)) for id, values in batch)
        reach("relay.after_publish")
        if confirmed:
            with self.store.unit() as unit:
                outgoing.forget_publications(unit.connection, confirmed)
        reach("relay.after_delete")
        return len(confirmed) if len(confirmed) == len(batch) else 0


class Deduplicated:
    """A subscriber's own memory: drops what it has, and asks for what is missing before it takes what is ahead.

    ``last`` is what it keeps of each key, in its own transaction with what it does.
    """

    def __init__(self, store: Store, take: Subscriber, last: Callable[[str], int]) -> None:
        self.store, self.take, self.last = store, take, last

    def __call__(self, publication: Publication) -> None:
        known = self.last(publication.k)
        if publication.n <= known:
            return
        if publication.n > known + 1:
            for missed in again_from(self.store, publication.k, known + 1, publication.n - 1):
                self.take(missed)
        self.take(publication)


def again_from(store: Store, k: str, n: int, until: int | None = None) -> list[Publication]:
    """Everything published of a key from ``n`` on, in order."""
    with store.read() as connection:
        return [Publication(*values) for values in outgoing.publications_from(connection, k, n, until)]
