"""Two processes, each with orders over the same twenty items, one in ascending and one in descending line order, through the lane.

An order is a window of its own, so that any two may meet over the rows of the stock. Both begin at once and work until nothing is
left; a third session counts how often it sees one of them wait for a lock: that they met. The long run, with a line of JSON at its
end and 1 as exit code where anything went wrong:

    nice .venv/bin/python -m tests.hub.services.racing 10000
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Container, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select, text

from canonical_model.problems import Retry
from connectors.base import Inbound
from hub.codebook import BookView, Codebook
from hub.services.inventory import tables as inventory_tables
from hub.stages.admit import Terms
from hub.stages.ports import Ports
from hub.stages.receive import Door, packed
from hub.stages.translate import Translated
from hub.stages.window import Lane
from hub.store import messages as stored
from hub.store.clock import SystemClock
from hub.store.database import Store
from hub.store.lane_tables import document, hold
from hub.store.records import Message
from hub.store.work import partition_of
from tests.hub.lane.world import fingerprint
from tests.hub.services.world import line, order, report, together
from tests.services.stores import POSTGRESQL, open_store, running_on

PARTITIONS = 4
AT_ONCE = 500
LOOKS = 0.005
"""Seconds between two looks of the third session: a window of one order takes some ten milliseconds."""


def gtin_of(body: str) -> str:
    """Thirteen digits with their check digit."""
    total = sum(int(digit) * (3 if n % 2 == 0 else 1) for n, digit in enumerate(body))
    return f"{body}{-total % 10}"


ITEMS = [gtin_of(f"0690123456{n:03}") for n in range(20)]


@dataclass(frozen=True)
class Found:
    """What came of it. ``deadlocks`` as the server counts them, ``retries`` windows done again, ``holds`` documents held,
    ``oversold`` units reserved above the stock, ``waits_seen`` looks at which a window waited for a lock."""

    pairs: int
    applied: int
    deadlocks: int
    retries: int
    holds: int
    oversold: int
    unequal: int
    waits_seen: int
    seconds: float
    load: float


def body_of(given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """(type, canonical body) of a message."""
    if "stock" in given:
        return "inventory_report/1", report("WH", dict.fromkeys(ITEMS, str(given["stock"])))
    items = ITEMS[::-1] if given["backwards"] else ITEMS
    return "order/1", order(given["k"], [line(str(n), item, "1") for n, item in enumerate(items, 1)])


def translate(message: Message, raw: bytes, codes: BookView, only: Container[int] | None = None) -> Iterator[Translated]:
    """A message is one document."""
    type, body = body_of(orjson.loads(raw))
    canonical = orjson.dumps(body)
    yield Translated(
        n=1, route="in", type=type, technical=None, key=("hq", type.partition("/")[0], str(body.get("number", "WH"))),
        source=fingerprint(body), revision=None, numbers=(), body=body, canonical=canonical, fingerprint=fingerprint(body), problems=(),
        findings=(), control={}, inputs="i",
    )  # fmt: skip


def ports(worker: str) -> Ports:
    return Ports(translate, lambda *words: Terms(), [together()], parties=lambda system, body: ("HQ", ""), worker=worker)


def send(store: Store, system: str, messages: list[dict[str, Any]]) -> None:
    """Many messages with few commits."""
    for start in range(0, len(messages), AT_ONCE):
        with store.unit() as unit:
            acts = (Inbound(orjson.dumps(given), "test") for given in messages[start : start + AT_ONCE])
            stored.save(unit.connection, [packed(act, Door(system, "in"), store.partitions) for act in acts], unit.now)


def two_systems() -> tuple[str, str]:
    """Names whose messages are in two partitions."""
    names = {partition_of(f"s{n}", PARTITIONS): f"s{n}" for n in range(50)}
    return names[0], names[1]


def work(folder: Path, system: str, told: Path) -> None:
    """A process of its own: windows of one order until its partition is empty."""
    lane = Lane(open_store(folder, SystemClock(), PARTITIONS), Codebook(), ports(f"worker {system}"), limit=1)
    p, retries = partition_of(system, PARTITIONS), 0
    while True:
        try:
            if not lane.run(p):
                break
        except Retry:
            retries += 1
    told.write_text(str(retries))


def race(folder: Path, pairs: int) -> Found:
    """Run it on the store of a folder."""
    store, names = open_store(folder, SystemClock(), PARTITIONS), two_systems()
    stock = pairs + pairs // 2
    send(store, names[0], [{"stock": stock}])
    work(folder, names[0], folder / "stock")
    for name in names:
        send(store, name, [{"k": f"{name}-{n}", "backwards": name == names[1]} for n in range(pairs)])
    start, before, watch = time.monotonic(), deadlocks(store), Watch(store)
    children = [forked(folder, name) for name in names]
    for child in children:
        assert os.waitpid(child, 0)[1] == 0, "a worker failed; its error is above"
    seconds = round(time.monotonic() - start, 1)
    time.sleep(1.1)  # the server's counters come up to a second late
    retries = sum(int((folder / name).read_text()) for name in names)
    with store.read() as connection:
        applied = connection.execute(select(func.count()).where(document.c.state == "applied", document.c.type == "order/1")).scalar_one()
        holds = connection.execute(select(func.count()).select_from(hold)).scalar_one()
        per_item = select(func.sum(inventory_tables.reservations.c.quantity)).group_by(inventory_tables.reservations.c.item)
        over = sum(max(int(total) // 1_000_000 - stock, 0) for total in connection.execute(per_item).scalars())
        unequal = len(inventory_tables.differences(connection))
    return Found(
        pairs, applied, deadlocks(store) - before, retries, holds, over, unequal, watch.ended(), seconds, round(os.getloadavg()[0], 1)
    )


def forked(folder: Path, system: str) -> int:
    """``work`` in a child; gives its process id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work(folder, system, folder / system)
            code = 0
        finally:
            os._exit(code)
    return child


def deadlocks(store: Store) -> int:
    """How many the server has ended in this database."""
    with store.read() as connection:
        asked = "select deadlocks from pg_stat_database where datname = current_database()"
        return int(connection.execute(text(asked)).scalar_one())


class Watch(threading.Thread):
    """Looks now and then whether a session waits for a lock."""

    def __init__(self, store: Store) -> None:
        super().__init__(daemon=True)
        self.store, self.seen, self._stop_it = store, 0, threading.Event()
        self.start()

    def run(self) -> None:
        asked = text("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
        while not self._stop_it.wait(LOOKS):
            with self.store.read() as connection:
                self.seen += bool(connection.execute(asked).scalar_one())

    def ended(self) -> int:
        self._stop_it.set()
        self.join()
        return self.seen


def main(pairs: int) -> int:
    """Run it on a PostgreSQL of its own and say what came of it."""
    with running_on(POSTGRESQL), tempfile.TemporaryDirectory() as folder:
        found = race(Path(folder), pairs)
    print(json.dumps(asdict(found)))
    wrong = found.deadlocks or found.retries or found.holds or found.oversold or found.unequal or found.applied != 2 * pairs
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
