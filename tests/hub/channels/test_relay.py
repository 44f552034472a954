"""The pace of the relay: what is refused is tried again later, one row first, and never before an earlier row of its key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.channels.base import Publication
from hub.channels.pace import FIRST, LONGEST, Pace
from hub.channels.relay import Relay
from hub.store.out_tables import outbox
from tests.hub.lane.world import World


class Queue:
    """A fan-out with room for so many; what it has no room for it refuses. ``sent`` has every batch."""

    def __init__(self, room: int) -> None:
        self.room, self.there = room, True
        self.sent: list[list[int]] = []
        self.taken: list[tuple[str, int]] = []

    def ready(self) -> bool:
        return self.there

    def publish(self, batch: Iterable[tuple[int, Publication]]) -> list[int]:
        items = list(batch)
        self.sent.append([id for id, _ in items])
        took, self.room = items[: self.room], max(0, self.room - len(items))
        self.taken += [(item.k, item.n) for _, item in took]
        return [id for id, _ in took]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Forty rows wait: twenty of each of two keys."""
    world = World(tmp_path)
    world.send(*[{"k": "AB"[n % 2], "v": str(n), "x": n} for n in range(20)])
    world.run()
    return world


def paced(world: World, queue: Queue, most: int = 500) -> tuple[Relay, list[float]]:
    now = [100.0]
    return Relay(world.store, queue, at_once=most, monotonic=lambda: now[0]), now


def test_a_full_queue_costs_the_others_one_repeat_a_pause(world: World) -> None:
    queue = Queue(0)
    relay, now = paced(world, queue)
    for _ in range(600):
        relay.run()
        now[0] += 0.1
    assert [len(batch) for batch in queue.sent] == [40, *[1] * 6]
    assert {batch[0] for batch in queue.sent} == {queue.sent[0][0]}
    assert len(world.rows(select(outbox))) == 40


def test_pauses_double_and_have_an_end() -> None:
    now = [0.0]
    pace, pauses = Pace(500, lambda: now[0]), []
    for _ in range(9):
        pace.told(pace.size, 0, more=False)
        began = now[0]
        while not pace.open():
            now[0] += 0.5
        pauses.append(now[0] - began)
    assert pauses == [FIRST, 1, 2, 4, 8, 16, LONGEST, LONGEST, LONGEST]


def test_a_batch_that_its_bytes_end_is_a_whole_one_and_the_next_is_at_most_twice_as_many() -> None:
    now = [0.0]
    pace, sizes = Pace(500, lambda: now[0]), []
    pace.told(500, 100, more=True)
    for _ in range(9):
        sizes.append(pace.size)
        pace.told(min(pace.size, 33), min(pace.size, 33), more=True)
    assert sizes == [1, 2, 4, 8, 16, 32, 64, 66, 66]
    pace.told(66, 66, more=True)
    pace.told(132, 0, more=True)
    assert (pace.open(), now.__setitem__(0, FIRST), pace.open()) == (False, None, True)


def test_what_has_room_again_begins_with_one_row_and_ends_in_the_order_of_each_key(world: World) -> None:
    queue = Queue(7)
    relay, now = paced(world, queue)
    assert relay.run() == 7
    queue.room = 1000
    assert relay.run() == 0
    now[0] += FIRST
    assert relay.run() == 33
    assert [len(batch) for batch in queue.sent] == [40, 1, 2, 4, 8, 16, 2]
    assert [n for k, n in queue.taken if k.endswith("A")] == [n for k, n in queue.taken if k.endswith("B")] == list(range(1, 21))
    assert world.rows(select(outbox)) == []


def test_a_slow_reader_costs_at_most_as_many_repeats_as_it_takes(world: World) -> None:
    """Room for five a pause: a whole batch each time would repeat seven rows for each that is taken."""
    queue = Queue(5)
    relay, now = paced(world, queue)
    while world.rows(select(outbox)):
        relay.run()
        now[0], queue.room = now[0] + LONGEST, 5
    assert sum(map(len, queue.sent[1:])) <= 2 * 40
    assert sorted(queue.taken) == sorted((k, n) for k in ("test:order:A", "test:order:B") for n in range(1, 21))


@pytest.mark.parametrize("most", [1, 4, 500])
def test_after_a_whole_batch_or_an_empty_outbox_a_pause_is_short_again(world: World, most: int) -> None:
    queue = Queue(0)
    relay, now = paced(world, queue, most)
    for _ in range(5):
        relay.run()
        now[0] += LONGEST
    queue.room = 1000
    while world.rows(select(outbox)):
        assert relay.run() > 0
    queue.room = 0
    world.send({"k": "C"})
    world.run()
    assert relay.run() == 0
    now[0] += FIRST
    queue.room = 1000
    assert relay.run() == 2


def test_a_broker_that_is_away_is_no_refusal(world: World) -> None:
    """Nothing was sent, so nothing comes twice: it goes on as soon as the broker is there."""
    queue = Queue(1000)
    queue.there = False
    relay, _ = paced(world, queue)
    assert [relay.run() for _ in range(5)] == [0] * 5
    assert queue.sent == []
    queue.there = True
    assert relay.run() == 40
    assert [len(batch) for batch in queue.sent] == [40]
