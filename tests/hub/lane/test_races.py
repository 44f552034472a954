"""Windows of several workers that meet, on PostgreSQL: one side is stopped at a named point, the other runs into it.

The races are numbered as in the design of the lane: 1 hold against fact, 3 release against arrival, 4 one key in two partitions,
5 a key seen first by two windows, 8 two causes of one document at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hub.codebook import Codebook, CodeLine, set_codes
from hub.signals import probe
from hub.stages.window import Lane
from hub.store.invariants import broken
from hub.store.lane_tables import hold, partition
from hub.store.work import partition_of
from tests.hub.lane.test_rows_on_sqlite import CASES
from tests.hub.lane.world import World

SECONDS = 20.0
pytestmark = pytest.mark.production


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def lane(world: World) -> Lane:
    """Another worker: its own codebook and owner, the same store."""
    made = Lane(world.store, Codebook(), world.ports, world.signals)
    made.owner = f"worker {id(made)}"
    return made


class Other(threading.Thread):
    """A second worker. ``ended`` waits for it and raises what it raised."""

    def __init__(self, action: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.action, self.error = action, list[BaseException]()
        self.start()

    def run(self) -> None:
        try:
            self.action()
        except BaseException as error:
            self.error.append(error)

    def ended(self) -> None:
        self.join(SECONDS)
        assert not self.is_alive(), "it still waits"
        if self.error:
            raise self.error[0]


@contextmanager
def stopped_at(point: str, action: Callable[[], object]) -> Iterator[Other]:
    """Run ``action`` on a worker of its own until it is at ``point``; it goes on when the block ends."""
    there, go = threading.Event(), threading.Event()

    def wait() -> None:
        if threading.current_thread() is other:
            there.set()
            go.wait(SECONDS)

    probe(point, wait)
    other = Other(lambda: None)
    other.ended()
    other = Other(action)
    try:
        assert there.wait(SECONDS)
        yield other
    finally:
        go.set()
        probe(point, None)
    other.ended()


def systems(count: int, partitions: int = 4) -> list[str]:
    """Names of systems in as many different partitions."""
    names: dict[int, str] = {}
    for n in range(1000):
        names.setdefault(partition_of(f"s{n}", partitions), f"s{n}")
    return list(names.values())[:count]


def work_on(world: World, system: str) -> Callable[[], object]:
    return lambda: lane(world).run(partition_of(system, 4))


def intact(world: World) -> bool:
    with world.store.read() as connection:
        return broken(connection) == {}


def codes(world: World, code: str, *systems: str) -> None:
    with world.store.unit() as unit:
        set_codes(unit, [CodeLine("item", system, code, f"C-{code}") for system in systems], actor="test")


def test_race_1_a_fact_that_comes_between_translating_and_holding_is_seen(world: World) -> None:
    world.send({"k": "A", "items": ["X"]}, system="north")
    with stopped_at("window.translated", work_on(world, "north")):
        codes(world, "X", "north")
    assert world.states() == ["applied"]
    assert intact(world)


def test_race_1_a_release_waits_for_a_window_that_is_about_to_hold_and_frees_it(world: World) -> None:
    world.send({"k": "A", "items": ["X"]}, system="north")
    with stopped_at("window.before_commit", work_on(world, "north")):
        release = Other(lambda: codes(world, "X", "north"))
        release.join(0.3)
        assert release.is_alive()
    release.ended()
    world.run()
    assert world.states() == ["applied"]
    assert intact(world)


def test_race_3_what_is_freed_and_what_arrives_of_one_key_go_on_in_order(world: World) -> None:
    first, second = systems(2)
    world.send({"k": "A", "v": "1", "items": ["X"]}, system=first)
    world.run()
    world.send({"k": "A", "type": "order_change", "v": "2", "x": 1}, system=second)
    with stopped_at("window.before_commit", work_on(world, second)):
        release = Other(lambda: codes(world, "X", first))
        release.join(0.3)
    release.ended()
    world.run()
    assert world.states() == ["applied", "applied"]
    assert intact(world)


@pytest.mark.parametrize("known", [True, False])
def test_race_4_and_5_one_key_in_two_partitions_is_decided_one_after_the_other(world: World, known: bool) -> None:
    first, second = systems(2)
    if known:
        world.send({"k": "A", "v": "0"}, system=first)
        world.run()
    world.send({"k": "A", "v": "1", "x": 1}, system=first)
    world.send({"k": "A", "v": "1", "x": 1}, system=second)
    with stopped_at("window.before_commit", work_on(world, first)):
        other = Other(work_on(world, second))
        other.join(0.3)
        assert other.is_alive()
    other.ended()
    assert world.states()[known:] == ["applied", "duplicate"]
    assert intact(world)


def test_race_6_a_partition_that_somebody_works_on_is_passed_by(world: World) -> None:
    world.send({"k": "A"}, system="north")
    with stopped_at("window.before_commit", work_on(world, "north")):
        assert lane(world).run(partition_of("north", 4)).busy
    assert world.states() == ["applied"]
    with world.store.unit() as mine, world.store.unit() as other:
        assert mine.lock_partition(1)
        assert not other.lock_partition(1)
        assert other.lock_partition(2)


def test_race_6_a_worker_that_stood_still_finds_its_window_done_by_another(world: World) -> None:
    world.send({"k": "A"}, system="north")
    with stopped_at("window.translated", work_on(world, "north")):
        assert lane(world).run(partition_of("north", 4)).documents == 1
    assert world.states() == ["applied"]
    assert intact(world)


def test_owners_that_died_idle_accuse_nobody(world: World) -> None:
    """Workers that were killed while their partition was empty: the next message is translated, not held as what killed them."""
    p = partition_of("north", 4)
    for n in range(4):
        assert not lane(world).run(p)
        with world.store.unit() as unit:
            unit.connection.execute(update(partition).where(partition.c.p == p).values(owner=f"gone {n}"))
    world.send({"k": "A"}, {"k": "B"}, system="north")
    lane(world).run(p)
    assert world.states() == ["applied", "applied"]
    assert world.causes() == {}


def test_race_8_two_causes_of_one_document_released_at_once_queue_it(world: World) -> None:
    world.send({"k": "A", "items": ["X", "Y"]}, system="north")
    world.run()
    assert len(world.rows(select(hold))) == 2
    with world.store.unit() as unit:
        set_codes(unit, [CodeLine("item", "north", "X", "C-X")], actor="test")
        other = Other(lambda: codes(world, "Y", "north"))
        other.join(0.3)
        assert other.is_alive()
    other.ended()
    world.run()
    assert world.states() == ["applied"]
    assert intact(world)


def test_the_identity_table_with_eight_workers_racing(world: World) -> None:
    """Every row of it in 8 systems, a message a line; eight workers take whatever partition is free."""
    names = [f"r{n}" for n in range(8)]
    for name in names:
        for row, (lines, _) in CASES.items():
            for line in lines:
                own = {**line, "k": f"{name}-{row}-{line['k']}"}
                world.send(own | {"t": f"{row}-{line['t']}"} if "t" in line else own, system=name)
    workers = [Other(lane(world).drain) for _ in range(8)]
    for worker in workers:
        worker.ended()
    world.run()
    expected = [state for _, states in CASES.values() for state in states]
    for name in names:
        assert world.states(system=name) == expected
    assert {cause for causes in world.causes().values() for cause in causes} == {"conflict", "missing_code"}
    assert intact(world)


def test_one_key_of_many_systems_with_eight_workers_racing_stays_dense(world: World) -> None:
    for n in range(80):
        world.send({"k": f"A{n % 3}", "t": str(n), "v": str(n), "x": n}, system=f"r{n % 8}")
    workers = [Other(lane(world).drain) for _ in range(8)]
    for worker in workers:
        worker.ended()
    world.run()
    assert set(world.states()) <= {"applied", "stale"}
    assert world.causes() == {}
    assert intact(world)
