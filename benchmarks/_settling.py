"""What a person does about held documents, and the proof that everything came out in order: in the store and on ``canonical``."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any

import pika

from benchmarks._production import ME, Production
from benchmarks._stream import CONFLICT, LATE_CODES, REFUSED, UNREADABLE, Item
from hub.bootstrap import Hub, build
from hub.plugins import Library
from hub.simulate.goods import ARTICLES, Place
from hub.store.database import Store
from hub.store.invariants import broken

CHANGE = "sap/orders05.change"
SETTLE_SECONDS = 900
READ_SECONDS, QUIET = 600, 0.5
"""Seconds that it reads at most, and without a message after which a queue is empty."""
INVERSIONS = """select count(*) from (select d.place, d.way, x.kseq, lag(d.place) over (partition by x.k, d.system order by x.kseq) p
    from effect x join document d on d.id = x.document) e where place < p and way = ''"""
LATE = """select count(*) from (select d.v::bigint v, lag(d.v::bigint) over (partition by x.k order by x.kseq) p
    from effect x join document d on d.id = x.document where d.type like 'order%%') e where v <= p"""


def held(hub: Production) -> dict[str, int]:
    """Cause -> how much is held for it, and what waits behind them."""
    causes = dict(hub.rows("select cause, count(distinct (owner_kind, owner)) from hold group by cause order by cause"))
    return {**causes, "waiting documents": waiting(hub)}


def inversions(hub: Production) -> int:
    """Documents that were applied before an earlier one of their key and system, or a lower revision after a higher one."""
    return int(hub.one(INVERSIONS)) + int(hub.one(LATE))


def settle(hub: Production, items: Sequence[Item], place_of: Callable[[Item], Place], workers: int) -> dict[str, Any]:
    """Everything that is held is settled while the workers run; gives what was done and how long it took."""
    hub.work_with(workers)
    built = build(hub.file)
    done: dict[str, Any] = {"codes": built.commands.import_codes(ME, late_codes()).freed}
    hub.until(hub.drained, SETTLE_SECONDS, pause=0.2)
    done |= {"discarded": _discard(hub, built), "rejected": _reject(hub, built)}
    built.close()
    done["mapping"], corrected = _mend(hub, workers), set[int]()
    built = build(hub.file)

    def rest() -> bool:
        corrected.update(_resubmit(hub, built, items, place_of, corrected))  # behind what was let go others are found to be held
        return hub.drained() and not hub.one("select count(*) from hold")

    done["seconds"] = round(hub.until(rest, SETTLE_SECONDS, pause=0.2), 1)
    built.close()
    hub.stop_workers()
    return {**done, "resubmitted": len(corrected)}


def late_codes() -> str:
    """Item codes that orders wait for."""
    rows = [f"item,sap-hq,LATE-{n},EA,{ARTICLES[n % len(ARTICLES)].gtin.zfill(14)},EA,0" for n in range(LATE_CODES)]
    return "\n".join(["table,code_set,code,context,canonical,level,preferred", *rows, ""])


def _resubmit(hub: Production, built: Hub, items: Sequence[Item], place_of: Callable[[Item], Place], before: Collection[int]) -> set[int]:
    """What the model refused, and was not corrected ``before``, goes again as a person would write it, at the place of the first one."""
    wanted = {(f"PO-{item.key}", item.n): item for item in items if item.poison == REFUSED}
    query = """select distinct d.id, d.k, d.v::bigint - 1 from document d join hold h on h.owner_kind = 'document' and h.owner = d.id
        where h.cause = 'invalid_value' and h.cause_key like '%%/quantity/value' order by d.id"""
    found = {id: (k.rpartition(":")[2], n) for id, k, n in hub.rows(query) if id not in before}
    for id, key in found.items():
        item = wanted[key]
        built.commands.resubmit(ME, id, item.raw(place_of(item), repaired=True), "quantity corrected")
    return set(found)


def _discard(hub: Production, built: Hub) -> int:
    found = hub.rows("select id from cases where state = 'open' order by id")
    for (id,) in found:
        built.commands.discard_case(ME, id, "sent by mistake")
    return len(found)


def _reject(hub: Production, built: Hub) -> int:
    found = hub.rows("select owner from hold where owner_kind = 'message' order by owner")
    for (seq,) in found:
        built.commands.reject_message(ME, seq, "cannot be read")
    return len(found)


def _mend(hub: Production, workers: int) -> int:
    """The mapping learns the action that it did not know; workers are started anew with it, one after the other. Gives what it freed."""
    waiting = int(hub.one("select count(*) from hold where cause = 'invalid_value'"))
    text = Library().text(CHANGE).replace("'003'='delete'", "'003'='delete', '009'='change'")
    place = hub.folder / "mappings" / f"{CHANGE}.yaml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text.partition("examples:")[0] + _examples(), "utf-8")
    for name in hub.workers():
        hub.running[name].terminate()
        hub.ended(name)
        hub.start(name, "worker")
    return waiting


def _examples() -> str:
    """Examples of the library's own mapping, by their full place."""
    library = Library()
    return library.text(CHANGE).partition("examples:")[1] + library.text(CHANGE).partition("examples:")[2]


class Reader:
    """A subscriber of ``canonical``: (key, n) in the order of the queue, and how many came in another order or with a gap. One consumer
    from the first ``take`` to ``close``: whoever cancels it in traffic gives back what is under way, which comes again behind others."""

    def __init__(self, url: str) -> None:
        self.url, self.last, self.repeats, self.gaps, self.read = url, Counter[str](), 0, 0, 0
        self._connection: Any = None

    def take(self, seconds: float = READ_SECONDS) -> None:
        """Read until the queue is empty; for at most some seconds where more comes in all the time."""
        if self._connection is None:
            self._connection = pika.BlockingConnection(pika.URLParameters(f"{self.url}?heartbeat=0"))  # nobody is here between two takes
            channel = self._connection.channel()
            channel.basic_qos(prefetch_count=500)
            channel.basic_consume("canonical.reader", self._came)
        end, quiet, read = time.monotonic() + seconds, time.monotonic() + QUIET, self.read
        while time.monotonic() < min(end, quiet):
            self._connection.process_data_events(time_limit=QUIET)
            if read != self.read:
                quiet, read = time.monotonic() + QUIET, self.read

    def close(self) -> None:
        """Read no more."""
        if self._connection is not None:
            self._connection.close()

    def _came(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self._one(properties.headers["key"], properties.headers["n"])
        channel.basic_ack(method.delivery_tag)

    def _one(self, key: str, n: int) -> None:
        self.read += 1
        if n <= self.last[key]:
            self.repeats += 1
            return
        self.gaps += n != self.last[key] + 1
        self.last[key] = n


def proof(hub: Production, reader: Reader, items: Sequence[Item]) -> dict[str, Any]:
    """What must be 0 once nothing is held, beside what was applied and published."""
    found = standing_proof(hub, reader)
    wanted = sum(item.poison not in (CONFLICT, UNREADABLE) for item in items)
    return {**found, "lost": wanted - found["applied"], "held": hub.one("select count(*) from hold")}


def standing_proof(hub: Production, reader: Reader) -> dict[str, Any]:
    """The same where nobody wrote down what was sent."""
    store = Store(hub.store)
    with store.read() as connection:
        invariants = broken(connection)
    store.close()
    published = hub.one("select count(*) from published")
    return {
        "applied": hub.one("select count(*) from document where state = 'applied' and type like 'order%%'"), "published": published,
        "inversions": inversions(hub), "invariants": sorted(invariants), "waiting": waiting(hub), "canonical_gaps": reader.gaps,
        "canonical_missing": published - sum(reader.last.values()), "canonical_repeats": reader.repeats,
    }  # fmt: skip


def waiting(hub: Production) -> int:
    """Documents that are not settled."""
    return int(hub.one("select count(*) from document where state = 'waiting'"))
