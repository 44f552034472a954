"""The local channel: the database is the queue, a condition inside the process the wake-up, subscribers are functions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from hub.channels.base import Publication, Subscriber
from hub.store import publications
from hub.store.database import Store

log = logging.getLogger(__name__)


class LocalWakeUps:
    """One process's own. Other processes are not heard: workers look at the store anyway."""

    connected = False

    def __init__(self) -> None:
        self._lock, self._woken = threading.Lock(), dict[int, bool]()
        self._listeners: list[Callable[[], None]] = []

    def wake(self, partition: int, trace: str = "") -> None:
        with self._lock:
            self._woken[partition] = False
        for listener in self._listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def taken(self) -> Mapping[int, bool]:
        with self._lock:
            woken, self._woken = self._woken, {}
            return woken

    def done(self, partition: int) -> None:
        return None


class LocalFanout:
    """Calls each subscriber; confirmed is what every one of them took, up to the first that did not."""

    def __init__(self, subscribers: Iterable[Subscriber] = ()) -> None:
        self.subscribers = list(subscribers)

    def ready(self) -> bool:
        return True

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


class LocalChannels:
    """The embedded default: nothing to start, nothing that can be missing."""

    fault = None

    def __init__(self, subscribers: Iterable[Subscriber] = ()) -> None:
        self.inbound, self.outbound, self.fanout = LocalWakeUps(), LocalWakeUps(), LocalFanout(subscribers)

    def start(self, *, consume: bool) -> None:
        return None

    def rest(self) -> None:
        return None

    def stop(self) -> None:
        return None


class Deduplicated:
    """A subscriber's own memory: drops what it has, and asks for what is missing before it takes what is ahead. It takes every body whole.

    ``last`` is what it keeps of each key, in its own transaction with what it does.
    """

    def __init__(self, store: Store, take: Subscriber, last: Callable[[str], int]) -> None:
        self.store, self.take, self.last = store, take, last

    def __call__(self, publication: Publication) -> None:
        known = self.last(publication.k)
        if publication.n > known + 1 or publication.body is None:
            for item in self._missed(publication, known):
                self.take(item)
                known = item.n
        if publication.n > known:
            self.take(publication)

    def _missed(self, publication: Publication, known: int) -> Iterator[Publication]:
        """What stands behind ``known``, to the publication itself: a page at a time, since a late reader's key may be a long one."""
        while known < publication.n and (page := again_from(self.store, publication.k, known + 1)):
            known = page[-1].n
            for item in page:
                if item.n <= publication.n:
                    yield replace(item, trace=publication.trace) if item.n == publication.n else item


def again_from(store: Store, k: str, n: int, most: int = publications.MOST) -> list[Publication]:
    """What was published of a key from ``n`` on, in order: the first ``most`` of it, fewer where bodies are large."""
    with store.read() as connection:
        return [Publication(*values) for values in publications.of_key(connection, k, n, most)]
