"""What is measured of a hub: a backlog worked off, steady traffic, latency at a rate, statements, several workers."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGUSR1
from threading import Event, Thread
from typing import Any

import orjson
import psycopg

from benchmarks._lane import cpu
from benchmarks._lane.hubs import Hub
from benchmarks._lane.intake import Sent
from benchmarks._lane.orders import Orders
from benchmarks._lane.statements import counted

WARM = 240
"""Orders that each process meets before anything is counted: codes and items are remembered then."""


@dataclass
class Phase:
    """Microseconds of CPU an order by group of processes, and wall seconds, from ``begin`` to ``end``."""

    groups: Mapping[str, Sequence[int]]
    orders: int
    _cpu: dict[str, float] = field(default_factory=dict)
    _wall: float = 0.0

    def begin(self) -> None:
        self._cpu, self._wall = cpu.used(self.groups), time.perf_counter()

    def end(self) -> dict[str, Any]:
        """cpu_us: by group and all; wall_s; per_second."""
        wall = time.perf_counter() - self._wall
        spent = {name: seconds / self.orders * 1e6 for name, seconds in cpu.spent(cpu.used(self.groups), self._cpu).items()}
        all = {name: round(us) for name, us in spent.items()} | {"all": round(sum(spent.values()))}
        return {"cpu_us": all, "wall_us": round(wall / self.orders * 1e6), "per_second": round(self.orders / wall)}


def warm(hub: Hub, orders: Orders, many: int = WARM) -> None:
    """Orders that are not counted."""
    hub.send(orders.take(many))
    hub.finish()
    hub.tidy()


def backlog(hub: Hub, orders: Orders, many: int) -> dict[str, Any]:
    """All orders come in while no window runs; then they are worked off. Both parts, and together."""
    requests = orders.take(many)
    hub.hold()
    whole, part = Phase(hub.groups(), many), Phase(hub.groups(), many)
    whole.begin()
    part.begin()
    hub.send(requests)
    intake = part.end()
    part.begin()
    hub.go()
    hub.finish()
    worked = part.end()
    both = whole.end()
    hub.tidy()
    return {"intake": intake, "lane": worked, "whole": both}


def steady(hub: Hub, orders: Orders, many: int) -> dict[str, Any]:
    """Orders come in as fast as the door takes them while windows run, until the last one is published."""
    requests = orders.take(many)
    phase, own = Phase(hub.groups(), many), time.process_time()
    phase.begin()
    hub.send(requests)
    own = time.process_time() - own
    hub.finish()
    found = phase.end()
    hub.tidy()
    return {"whole": found, "generator_us": round(own / many * 1e6)}


APPLIED = """SELECT message, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM document WHERE message >= %s"""


def latency(hub: Hub, orders: Orders, rate: int, seconds: float) -> dict[str, Any]:
    """Open loop: orders are due at equal distances. Milliseconds from then to the 202 and to the commit that applied it."""
    requests = orders.take(max(int(rate * seconds), 1))
    phase, own = Phase(hub.groups(), len(requests)), time.process_time()
    phase.begin()
    sent: list[Sent] = hub.send(requests, connections=64, rate=rate)
    own = time.process_time() - own
    hub.finish()
    found = phase.end()
    with psycopg.connect(hub.store) as connection:
        applied: dict[int, int] = dict(connection.execute(APPLIED, [min(one.message for one in sent)]).fetchall())
    hub.tidy()
    return {
        "rate": rate, "orders": len(requests), "answered_ms": percentiles([(one.answered - one.due) / 1e6 for one in sent]),
        "applied_ms": percentiles([applied[one.message] / 1e3 - one.due / 1e6 for one in sent]),
        "cpu_us": found["cpu_us"], "generator_us": round(own / len(requests) * 1e6),
    }  # fmt: skip


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p90, p99."""
    ordered = sorted(values)
    return {f"p{p}": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 1) for p in (50, 90, 99)}


def statements(hub: Hub, orders: Orders, many: int) -> dict[str, Any]:
    """Statements of the workers while a backlog is worked off, an order, and which they are."""
    assert hub.servers is not None
    log, database = Path(_asked(hub, "SELECT current_setting('data_directory')")).parent / "log", _asked(hub, "SELECT current_database()")
    requests = orders.take(many)
    hub.hold()
    hub.send(requests)
    with counted(hub.servers.database.url, log, database) as found:
        hub.go()
        hub.finish()
    hub.tidy()
    ours = Counter({said: n for said, n in found.items() if not said[0].endswith("/benchmark")})
    total = sum(ours.values())
    kinds: Counter[str] = Counter()
    for (_, text), n in ours.items():
        kinds[text] += n
    return {
        "window": hub.sizes.window, "orders": many, "statements": total, "an_order": round(total / many, 3),
        "kinds": {text: round(n / many, 3) for text, n in kinds.most_common()},
    }  # fmt: skip


def _asked(hub: Hub, query: str) -> str:
    with hub.asking() as connection:
        return str(connection.execute(query).fetchone()[0])


WAITING = """SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity
  WHERE application_name = 'hub' AND state <> 'idle'"""


@contextmanager
def lock_waits(hub: Hub) -> Iterator[Callable[[], float]]:
    """Looks fifty times a second who waits for a lock; gives the share of writing sessions that did."""
    stop, seen = Event(), Counter[str]()

    def look() -> None:
        with psycopg.connect(hub.store, autocommit=True, application_name="benchmark") as connection:
            while not stop.wait(0.02):
                busy, waiting = connection.execute(WAITING).fetchone() or (0, 0)
                seen.update(busy=busy, waiting=waiting)

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield lambda: round(seen["waiting"] / seen["busy"], 3) if seen["busy"] else 0.0
    finally:
        stop.set()
        thread.join(5)


def scaled(hub: Hub, orders: Orders, many: int, workers: int) -> dict[str, Any]:
    """A backlog over all partitions worked off by so many workers."""
    with lock_waits(hub) as share:
        found = backlog(hub, orders, many)
        waits = share()
    return {"workers": workers, "lane": found["lane"], "lock_waits": waits}


def shares(hub: Hub, orders: Orders, many: int) -> dict[str, Any]:
    """Microseconds an order of each thread of worker and door, and of each step, while a backlog comes in and is worked off."""
    requests = orders.take(many)
    before, phase = _inside(hub), Phase(hub.groups(), many)
    hub.hold()
    phase.begin()
    hub.send(requests)
    hub.go()
    hub.finish()
    cpu_us = phase.end()["cpu_us"]
    after = _inside(hub)
    hub.tidy()
    return {"orders": many, "cpu_us": cpu_us} | {name: _less(after[name], before[name], many) for name in after}


def _inside(hub: Hub) -> dict[str, dict[str, float]]:
    """Seconds so far: "api steps", "api threads", "worker steps", "worker threads"."""
    found: dict[str, dict[str, float]] = {}
    for name, word in (("api", "api"), ("worker-1", "worker")):
        hub.processes.signal(name, SIGUSR1)
        time.sleep(0.2)
        said = orjson.loads((hub.processes.folder / f"{name}.steps").read_bytes())
        found |= {f"{word} {kind}": said[kind] for kind in ("steps", "threads")}
    hub.go()
    return found


def _less(after: Mapping[str, float], before: Mapping[str, float], many: int) -> dict[str, int]:
    spent = {name: round((seconds - before.get(name, 0.0)) / many * 1e6) for name, seconds in after.items()}
    return dict(sorted(((name, us) for name, us in spent.items() if us), key=lambda item: -item[1]))


def middle(found: Sequence[Any]) -> Any:
    """Medians of equally shaped reports, leaf by leaf."""
    if isinstance(found[0], dict):
        return {name: middle([one[name] for one in found]) for name in found[0]}
    return round(statistics.median(found), 3)
