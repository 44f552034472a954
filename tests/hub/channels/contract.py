"""What every channel must do, written once; ``test_local`` and ``test_rabbitmq`` give it their channels.

A case is a class with ``pair``: (channels of a door, channels of a worker) that are started and see each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import select

from hub.channels.base import Channels, Publication
from hub.channels.local import Deduplicated, again_from
from hub.channels.pace import FIRST
from hub.channels.relay import Relay
from hub.signals import probe
from hub.store.database import Store
from hub.store.out_tables import outbox
from tests.hub.lane.world import World

LONG = 10.0


def until(condition: Callable[[], bool], seconds: float = LONG) -> bool:
    """Wait for it; False when it did not come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@dataclass
class Pair:
    """``door`` wakes and publishes, ``worker`` is woken; ``seen`` gives what a subscriber of canonical got so far, in order."""

    door: Channels
    worker: Channels
    seen: Callable[[], list[Publication]]
    refuse: Callable[[bool], None]
    """Let the subscriber take nothing any more, or take again."""

    def woken(self, seconds: float = LONG) -> dict[int, bool]:
        """What the worker is told, as soon as it is told something."""
        found: dict[int, bool] = {}
        until(lambda: bool(found.update(self.worker.inbound.taken()) or found), seconds)
        return found


class WakeUpContract:
    """Wake-ups: told once, to anybody, without a promise."""

    def test_what_was_woken_is_told_once(self, pair: Pair) -> None:
        pair.woken(0.2)
        pair.door.inbound.wake(2)
        assert pair.woken() == {2: False}
        pair.worker.inbound.done(2)
        assert pair.woken(0.2) == {}

    def test_many_of_one_partition_are_as_good_as_one(self, pair: Pair) -> None:
        pair.woken(0.2)
        for _ in range(200):
            pair.door.inbound.wake(1)
        assert pair.woken() == {1: False}

    def test_a_listener_is_told_at_once(self, pair: Pair) -> None:
        told = Event()
        pair.worker.inbound.listen(told.set)
        pair.door.inbound.wake(0)
        assert told.wait(LONG)

    def test_inbound_and_outbound_do_not_mix(self, pair: Pair) -> None:
        pair.woken(0.2)
        pair.worker.outbound.taken()
        pair.door.outbound.wake(3)
        assert until(lambda: 3 in pair.worker.outbound.taken())
        assert pair.woken(0.1) == {}

    def test_done_without_taken_is_nothing(self, pair: Pair) -> None:
        pair.worker.inbound.done(3)
        pair.door.inbound.wake(3)
        assert 3 in pair.woken()

    def test_all_is_well(self, pair: Pair) -> None:
        assert pair.door.fault is None
        assert pair.worker.fault is None


class CanonicalContract:
    """The relay over a fan-out: every row once at a subscriber that keeps (key, n), in order, deleted after its own confirm."""

    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return World(tmp_path)

    def test_rows_arrive_in_the_order_of_n_and_leave_the_outbox(self, pair: Pair, world: World) -> None:
        world.send({"k": "A", "v": "1"}, {"k": "A", "v": "2", "x": 2}, {"k": "B"})
        world.run()
        assert Relay(world.store, pair.door.fanout).run() == 6
        assert until(lambda: len(pair.seen()) == 6)
        assert [item.n for item in pair.seen() if item.k == "test:order:A"] == [1, 2, 3, 4]
        assert [item.type for item in pair.seen()][:2] == ["order/1", "accepted"]
        assert world.rows(select(outbox)) == []

    def test_what_is_published_is_what_the_store_says(self, pair: Pair, world: World) -> None:
        world.send({"k": "Ä 中/1"})
        world.run()
        Relay(world.store, pair.door.fanout).run()
        assert until(lambda: len(pair.seen()) == 2)
        stored = again_from(world.store, "test:order:Ä 中/1", 1)
        assert [(p.k, p.n, p.type, p.document, p.body) for p in pair.seen()] == [(p.k, p.n, p.type, p.document, p.body) for p in stored]

    def test_what_was_not_taken_stays_and_goes_later(self, pair: Pair, world: World) -> None:
        world.send({"k": "A"})
        world.run()
        pair.refuse(True)
        assert Relay(world.store, pair.door.fanout).run() == 0
        assert len(world.rows(select(outbox))) == 2
        pair.refuse(False)
        assert Relay(world.store, pair.door.fanout).run() == 2
        assert until(lambda: len(pair.seen()) >= 2)

    def test_what_was_not_taken_is_not_tried_again_at_once_whoever_wakes_the_relay(self, pair: Pair, world: World) -> None:
        world.send({"k": "A"})
        world.run()
        now = [100.0]
        relay = Relay(world.store, pair.door.fanout, monotonic=lambda: now[0])
        pair.refuse(True)
        assert relay.run() == 0
        pair.refuse(False)
        assert [relay.run() for _ in range(20)] == [0] * 20
        now[0] += FIRST
        assert relay.run() == 2

    def test_a_relay_that_died_before_its_delete_doubles_and_a_subscriber_drops_it(self, pair: Pair, world: World) -> None:
        world.send(*[{"k": f"K{n % 3}", "v": str(n), "x": n} for n in range(9)])
        world.run()
        probe("relay.after_publish", _die)
        try:
            with pytest.raises(ZeroDivisionError):
                Relay(world.store, pair.door.fanout).run()
        finally:
            probe("relay.after_publish", None)
        assert Relay(world.store, pair.door.fanout).run() == 18
        assert until(lambda: len(pair.seen()) == 36)
        kept: list[Publication] = []
        subscriber = Deduplicated(world.store, kept.append, lambda k: max((item.n for item in kept if item.k == k), default=0))
        for item in pair.seen():
            subscriber(item)
        for k in ("test:order:K0", "test:order:K1", "test:order:K2"):
            assert [item.n for item in kept if item.k == k] == list(range(1, 7))

    def test_one_relay_at_a_time(self, pair: Pair, world: World) -> None:
        world.send({"k": "A"})
        world.run()
        others = Store(str(world.store.url)).locks
        assert others.take("relay")
        assert Relay(world.store, pair.door.fanout).run() == 0
        others.give("relay")
        assert Relay(world.store, pair.door.fanout).run() == 2


def _die() -> None:
    raise ZeroDivisionError
