"""Several workers at once, not placed: the identity table, one key of many systems, a release above 1,000. What makes such a test
worth something is that windows really are open together: that is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.signals import probe
from hub.stages.window import Lane
from hub.store import holds, work
from hub.store.lane_tables import effect
from tests.hub.lane.test_rows_on_sqlite import CASES
from tests.hub.lane.world import World
from tests.hub.races.staging import beside, codes, faults, lane, systems

pytestmark = pytest.mark.production
WORKERS = 8


class Open:
    """Which windows are open at this moment: between their locks and their commit."""

    def __init__(self) -> None:
        self.now, self.most, self.met = set[int](), 0, 0

    def begin(self) -> None:
        self.met += bool(self.now)
        self.now.add(threading.get_ident())
        self.most = max(self.most, len(self.now))

    def end(self) -> None:
        self.now.discard(threading.get_ident())


@contextmanager
def counted() -> Iterator[Open]:
    """Count windows that are open together."""
    found = Open()
    probe("window.locked", found.begin)
    probe("window.after_commit", found.end)
    try:
        yield found
    finally:
        probe("window.locked", None)
        probe("window.after_commit", None)


def drained(worker: Lane) -> None:
    """Windows of whatever partition is free, until none has work."""
    while True:
        with worker.store.read() as connection:
            waiting = work.waiting_partitions(connection)
        if not waiting:
            return
        worked = sum(bool(worker.run(p)) for p in waiting)
        if not worked:
            time.sleep(0.01)


def work_together(world: World) -> Open:
    """Eight workers until nothing is left."""
    with counted() as found:
        workers = [beside(partial(drained, lane(world))) for _ in range(WORKERS)]
        for worker in workers:
            worker.ended()
    world.run()
    return found


def test_the_identity_table_with_eight_workers_racing(tmp_path: Path) -> None:
    """Every row of it in 8 systems, a partition each, a message a line, windows of nine."""
    world, names = World(tmp_path, limit=9, partitions=WORKERS), systems(WORKERS, WORKERS)
    for name in names:
        for row, (lines, _) in CASES.items():
            for line in lines:
                own = {**line, "k": f"{name}-{row}-{line['k']}"}
                world.send(own | {"t": f"{row}-{line['t']}"} if "t" in line else own, system=name)
    found = work_together(world)
    assert found.most >= WORKERS // 2, f"{found.most} windows at once, {found.met} met another"
    expected = [state for _, states in CASES.values() for state in states]
    for name in names:
        assert world.states(system=name) == expected
    assert {cause for causes in world.causes().values() for cause in causes} == {"conflict", "missing_code"}
    assert faults(world) == set()


def test_a_few_keys_of_many_systems_with_eight_workers_racing_stay_dense(tmp_path: Path) -> None:
    """Here the windows meet over the same keys: those that wait for one are not open."""
    world, names = World(tmp_path, limit=2, partitions=WORKERS), systems(WORKERS, WORKERS)
    for n in range(80):
        world.send({"k": f"A{n % 5}", "t": str(n), "v": str(n), "x": n}, system=names[n % WORKERS])
    found = work_together(world)
    assert found.most >= 2, f"{found.most} windows at once, {found.met} met another"
    assert set(world.states()) <= {"applied", "stale"}
    assert world.causes() == {}
    assert faults(world) == set()


def test_a_release_above_a_thousand_in_traffic_frees_each_line_in_its_order(tmp_path: Path) -> None:
    """Orders wait for one code; changes of two other systems go on arriving while it comes, two processes do the batches."""
    world, (first, second, third) = World(tmp_path, partitions=WORKERS), systems(3, WORKERS)
    number, changed = holds.AT_ONCE + 50, 300
    world.send(*[{"k": f"K{n}", "v": "1", "items": ["X"]} for n in range(number)], system=first)
    world.run()
    stop = threading.Event()

    def working() -> None:
        worker = lane(world)
        while not stop.is_set():
            drained(worker)
            worker.release_jobs()
            stop.wait(0.005)

    def sending(system: str, v: str) -> None:
        for start in range(0, changed, 50):
            world.send(*[{"k": f"K{n}", "type": "order_change", "v": v, "x": v} for n in range(start, start + 50)], system=system)

    workers = [beside(working) for _ in range(3)]
    senders = [beside(lambda: sending(second, "2")), beside(lambda: sending(third, "3"))]
    codes(world, "X", first)
    for sender in senders:
        sender.ended()
    stop.set()
    for worker in workers:
        worker.ended()
    world.lane.release_jobs()
    world.run()
    assert world.causes() == {}
    assert set(world.states(system=first)) == {"applied"}
    assert set(world.states()) <= {"applied", "stale"}
    firsts = world.rows(select(effect.c.document).where(effect.c.kseq == 1))
    assert {row.document >> 20 for row in firsts} == {1}
    assert faults(world) == set()
