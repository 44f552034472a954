"""Two workers that meet where a test wants them to: one is stopped at a named point, the other runs into it.

A worker here has what a process of its own would have: codebook, owner, name. Whether the other side runs into a lock is asked
of the server, so that no test waits by the clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

from sqlalchemy import text

from hub.codebook import Codebook, CodeLine, set_codes
from hub.signals import probe
from hub.stages.window import Lane
from hub.store.invariants import broken
from hub.store.work import partition_of
from tests.hub.lane.world import World

SECONDS = 20.0
PARTITIONS = 4
_numbers = count(1)


class Other(threading.Thread):
    """A side of a race. ``ended`` waits for it and raises what it raised."""

    def __init__(self, action: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.action, self.error = action, list[BaseException]()
        self.there, self.go = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            self.action()
        except BaseException as error:
            self.error.append(error)
        self.there.set()

    def begin(self) -> Other:
        self.start()
        return self

    def ended(self) -> None:
        self.join(SECONDS)
        assert not self.is_alive(), "it still waits"
        if self.error:
            raise self.error[0]


@contextmanager
def stopped_at(point: str, action: Callable[[], object]) -> Iterator[Other]:
    """Run ``action`` on a side of its own until it is at ``point`` for the first time; it goes on, to its end, when the block ends."""
    side = Other(action)
    reached = list[str]()

    def wait() -> None:
        if threading.current_thread() is side and not reached:
            reached.append(point)
            side.there.set()
            side.go.wait(SECONDS)

    probe(point, wait)
    side.start()
    try:
        assert side.there.wait(SECONDS)
        assert reached, side.error or f"it never came to {point}"
        yield side
    finally:
        side.go.set()
        probe(point, None)
    side.ended()


def beside(action: Callable[[], object]) -> Other:
    """Run ``action`` on another side."""
    return Other(action).begin()


def runs_into_a_lock(world: World, side: Other) -> bool:
    """Whether a side waits for a lock of the database; False when it came to its end instead."""
    until = time.monotonic() + SECONDS
    while side.is_alive() and time.monotonic() < until:
        if lock_waits(world):
            return True
        time.sleep(0.005)
    return False


def lock_waits(world: World) -> int:
    """How many sessions of the store wait for a lock; on SQLite, where a writer is alone in its process, none."""
    if not world.store.shared:
        return 0
    with world.store.read() as connection:
        asked = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        return int(connection.execute(text(asked)).scalar_one())


def lane(world: World) -> Lane:
    """A worker as a process of its own would have it, over the same store."""
    name = f"worker-{next(_numbers)}"
    made = Lane(world.store, Codebook(), replace(world.ports, worker=name), world.signals, world.lane.limit)
    made.owner = name
    return made


def window_of(world: World, order: str) -> Callable[[], object]:
    """One window of the partition of ``order``, by a worker of its own."""
    worker = lane(world)
    return lambda: worker.run(partition_of(order, world.store.partitions))


def systems(number: int, partitions: int = PARTITIONS) -> list[str]:
    """Names of systems in as many different partitions."""
    names: dict[int, str] = {}
    for n in range(1000):
        names.setdefault(partition_of(f"s{n}", partitions), f"s{n}")
    return list(names.values())[:number]


def orders(number: int, system: str = "north", partitions: int = PARTITIONS) -> list[str]:
    """Words that put messages of one system into as many different partitions."""
    names: dict[int, str] = {}
    for n in range(1000):
        names.setdefault(partition_of(f"{system}:o{n}", partitions), f"o{n}")
    return list(names.values())[:number]


def codes(world: World, code: str, *systems: str) -> None:
    """A code that is missing comes, for each of the systems."""
    with world.store.unit() as unit:
        set_codes(unit, [CodeLine("item", system, code, f"C-{code}") for system in systems], actor="test")


def faults(world: World, *, at_rest: bool = True) -> set[str]:
    """Names of the invariants that do not hold."""
    with world.store.read() as connection:
        return set(broken(connection, at_rest=at_rest))
