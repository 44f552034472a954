"""RabbitMQ: wake-ups on quorum queues for competing consumers, ``canonical`` as a topic exchange that subscribers bind to.

| name | what | who reads it |
|---|---|---|
| ``inbound.P`` | "partition P has work to be translated" | every worker |
| ``outbound.P`` | "a subscription of P has deliveries" | every worker |
| exchange ``canonical`` | admitted documents and events, routing key = type | who binds a queue to it |
| ``canonical.NAME`` | the queue of a subscriber that ``hub.subscribers`` names | that subscriber |
| exchange and queue ``dead`` | what lay in a wake-up queue and is no wake-up of ours | people: one message there is an alert |

The hub rejects nothing but what is not its own envelope, and requeues nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from urllib.parse import quote

import orjson

from canonical_model.problems import HubError, SystemUnreachable
from connectors.kit.amqp_link import PREFETCH, Arrived, Consumer, Link, Outgoing
from connectors.kit.amqp_topology import Exchange, Queue, Topology
from connectors.kit.amqp_watch import Watch
from hub.channels.base import OUTBOUND_PARTITIONS, Publication
from hub.channels.named import Named
from hub.store.clock import Clock, SystemClock, to_datetime
from hub.store.publications import WHOLE

log = logging.getLogger(__name__)
CANONICAL, DEAD = "canonical", "dead"
INBOUND, OUTBOUND = "inbound", "outbound"
ENVELOPE = "wake-up/1"
HELD = 600.0
"""Seconds that a wake-up is kept from being settled: a broker closes the connection of whoever keeps one longer than its
``consumer_timeout`` (30 minutes, unless told otherwise), and a partition under load may have work for longer."""
LOOK = 5.0
"""Seconds between two looks whether the queue of each named subscriber is there: so long a deletion may go unseen."""


def topology(partitions: int, subscribers: Sequence[str] = ()) -> Topology:
    """Everything the hub declares: the same from every process."""
    dead = {"x-dead-letter-exchange": DEAD}
    counts = {INBOUND: partitions, OUTBOUND: OUTBOUND_PARTITIONS}
    waking = [Queue(f"{kind}.{p}", dead) for kind, count in counts.items() for p in range(count)]
    exchanges = (Exchange(CANONICAL, "topic"), Exchange(DEAD, "fanout"))
    return Topology(exchanges, (Queue(DEAD, bindings=((DEAD, ""),)), *waking, *reading(subscribers)))


def reading(subscribers: Sequence[str]) -> list[Queue]:
    """The queues of named subscribers: each gets everything."""
    return [Queue(f"{CANONICAL}.{name}", bindings=((CANONICAL, "#"),)) for name in subscribers]


class RabbitWakeUps:
    """Wake-ups of one kind. Several of one partition that wait to be published are one."""

    def __init__(self, kind: str, link: Callable[[], Link], monotonic: Callable[[], float] = time.monotonic) -> None:
        self.kind, self._link, self._now = kind, link, monotonic
        self._lock, self._woken = Lock(), dict[int, bool]()
        self._last, self._handed, self._since = dict[int, Arrived](), dict[int, Arrived](), dict[int, float]()
        self._listeners: list[Callable[[], None]] = []

    @property
    def connected(self) -> bool:
        return self._link().connected

    def wake(self, partition: int, trace: str = "") -> None:
        headers = {"hub": ENVELOPE} | ({"traceparent": trace} if trace else {})
        queue = f"{self.kind}.{partition}"
        self._link().post(Outgoing(queue, "", queue, str(partition).encode(), headers, ENVELOPE, "text/plain"))

    def listen(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def taken(self) -> Mapping[int, bool]:
        with self._lock:
            now, (woken, self._woken) = self._now(), (self._woken, {})
            handed = {p: self._last.pop(p) for p in woken if p in self._last}
            self._handed |= handed
            self._since = dict.fromkeys(handed, now) | self._since
            old = [p for p, since in self._since.items() if now - since > HELD]
        for p in old:  # whoever works on p goes on; should that process die, the others find its work by their own look
            self.done(p)
        return woken

    def done(self, partition: int) -> None:
        with self._lock:
            handed, _ = self._handed.pop(partition, None), self._since.pop(partition, None)
        if handed is not None:
            self._link().settle(handed)

    def consumers(self, partitions: int) -> dict[str, Consumer]:
        """Queue -> what takes its messages."""
        return {f"{self.kind}.{p}": self._taker(p) for p in range(partitions)}

    def begin(self, partitions: int) -> None:
        """The connection is new: wake-ups may be lost, so that every partition is looked at."""
        with self._lock:
            for kept in (self._last, self._handed, self._since):
                kept.clear()
            self._woken = dict.fromkeys(range(partitions), False) | self._woken
        self._tell()

    def _taker(self, p: int) -> Consumer:
        def came(arrived: Arrived) -> None:
            if arrived.headers.get("hub") != ENVELOPE or arrived.body != str(p).encode():
                log.error("a message in %s is no wake-up of the hub; it lies in queue %r now: look who sent it", arrived.queue, DEAD)
                self._link().refuse(arrived)
                return
            with self._lock:
                self._last[p] = arrived
                self._woken[p] = self._woken.get(p, False) or arrived.redelivered
            self._tell()

        return came

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


class RabbitFanout:
    """Publishes ``canonical`` with batched confirms. Mandatory where a subscriber is named: what no queue takes is not confirmed
    and stays in the outbox. Where none is named nobody was promised anything, and who binds a queue gets what comes from then on."""

    def __init__(self, link: Callable[[], Link], source: str, named: Named, *, mandatory: bool) -> None:
        self._link, self.source, self.named, self.mandatory = link, source, named, mandatory

    def ready(self) -> bool:
        """Connected, and the queue of each named subscriber was there at most ``LOOK`` seconds ago or is declared again now."""
        link = self._link()
        return link.connected and (link.watch.age() < LOOK or link.ensure())

    def publish(self, batch: Iterable[tuple[int, Publication]]) -> list[int]:
        items, link = list(batch), self._link()
        try:
            answers = link.publish([self._message(id, item) for id, item in items])
        except SystemUnreachable:
            return []
        taken = answers.taken
        if len(taken) == len(items):
            self.named.taken()
        elif answers.refused or answers.unroutable:
            link.ensure()
        if answers.refused:
            self.named.refused(len(answers.refused), len(items), link.watch.depths)
        return [id for id, _ in items if str(id) in taken]

    def _message(self, id: int, item: Publication) -> Outgoing:
        body = item.body if item.body is not None and len(item.body) <= WHOLE else None
        return Outgoing(
            str(id), CANONICAL, item.type, reference(item) if body is None else body, headers(item, self.source, whole=body is not None),
            item.type, timestamp=item.at // 1_000_000, mandatory=self.mandatory,
        )  # fmt: skip


def headers(item: Publication, source: str, *, whole: bool) -> dict[str, str | int]:
    """CloudEvents 1.0 in the binary mode of its AMQP binding (names with ``cloudEvents:``), W3C trace context, and (key, n)."""
    event: dict[str, str | int] = {
        "specversion": "1.0", "id": f"{item.k}/{item.n}", "source": source, "type": item.type, "subject": item.k,
        "time": to_datetime(item.at).isoformat().replace("+00:00", "Z"), "partitionkey": item.k, "sequence": f"{item.n:020}",
    }  # fmt: skip
    event |= {} if whole else {"dataref": again_address(item.k, item.n)}
    named = {f"cloudEvents:{name}": value for name, value in event.items()}
    trace = {"traceparent": item.trace, "cloudEvents:traceparent": item.trace} if item.trace else {}
    return named | trace | {"key": item.k, "n": item.n, "document": item.document}


def again_address(k: str, n: int) -> str:
    """Where the HTTP door gives everything of a key from ``n`` on."""
    return f"/v1/canonical/{quote(k, safe='')}?from={n}"


def reference(item: Publication) -> bytes:
    """In the place of a body that is too large to be published whole."""
    return orjson.dumps({"reference": again_address(item.k, item.n), "key": item.k, "n": item.n, "document": item.document})


class RabbitChannels:
    """The channels of one process over one connection."""

    def __init__(
        self, url: str, partitions: int, subscribers: Sequence[str] = (), source: str = "/channelhub", prefetch: int = PREFETCH,
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self.url, self.partitions, self.prefetch = url, partitions, prefetch
        self.topology, clock = topology(partitions, subscribers), clock or SystemClock()
        named = Named(url, clock)
        self._watch = Watch(reading(subscribers), named.gone, clock.monotonic)
        self.inbound, self.outbound = (RabbitWakeUps(kind, lambda: self.link, clock.monotonic) for kind in (INBOUND, OUTBOUND))
        self.fanout = RabbitFanout(lambda: self.link, source, named, mandatory=bool(subscribers))
        self.link = Link(url, self.topology, watch=self._watch)

    @property
    def fault(self) -> HubError | None:
        return self.link.fault or self.fanout.named.fault

    def start(self, *, consume: bool) -> None:
        if consume:
            consumers = self.inbound.consumers(self.partitions) | self.outbound.consumers(OUTBOUND_PARTITIONS)
            self.link = Link(self.url, self.topology, consumers, self._begin, self.prefetch, self._watch)
        self.link.start()

    def rest(self) -> None:
        self.link.rest()

    def stop(self) -> None:
        self.link.stop()

    def _begin(self) -> None:
        self.inbound.begin(self.partitions)
        self.outbound.begin(OUTBOUND_PARTITIONS)
