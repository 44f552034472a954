"""A store that was put back to an earlier point: no number that others saw comes again, and what may have left is in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, select

from canonical_model.problems import Problem, Reject, SystemUnreachable
from connectors.base import Receipt
from hub.channels.local import LocalFanout, again_from
from hub.channels.relay import Relay
from hub.commands import Actor, Commands, Done
from hub.stages.deliver import Delivering, wait_after
from hub.stages.ports import Rendered, Subscription
from hub.store.invariants import broken
from hub.store.lane_tables import message
from hub.store.out_tables import delivery, outbox, published
from hub.store.people import record
from hub.store.restoring import move_on
from hub.store.views.behind import deliveries_open, unpublished
from hub.store.views.received import last_received
from hub.store.views.summary import summary
from tests.hub.lane.world import World

BY = 1_000_000
ME = Actor("test")


def assign(number: int, now: int) -> dict[str, str]:
    return {"ISA13": str(number)}


def render(body: Mapping[str, Any], assigned: Mapping[str, str]) -> Rendered | tuple[Problem, ...]:
    return Rendered(orjson.dumps([body, assigned]), f"answer-{assigned['ISA13']}")


def nowhere(rendered: Rendered) -> Receipt:
    raise SystemUnreachable("it is away")


def subscription(name: str, idempotent: bool) -> Subscription:
    return Subscription(name, name, "order_response/1", assign, render, nowhere, idempotent=idempotent)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, subscriptions=[subscription("knows", True), subscription("forgets", False)])
    made.send({"k": "A", "v": "1"}, {"k": "B"})
    made.run()
    return made


def restored(world: World) -> Done:
    """As ``hub restored`` does it; then the hub is started anew."""
    done = Commands(world.store, world.ports, world.signals).restored(ME, BY, "a test")
    world.store.prepare()
    return done


def numbers(world: World, column: Any) -> list[int]:
    return [row[0] for row in world.rows(select(column).order_by(column))]


def test_every_number_that_others_have_seen_is_moved_on(world: World) -> None:
    before = {column: max(numbers(world, column)) for column in (message.c.seq, delivery.c.id, delivery.c.number, outbox.c.id)}
    restored(world)
    world.send({"k": "A", "v": "2", "x": 2}, {"k": "C"})
    world.run()
    for column, last in before.items():
        assert min(n for n in numbers(world, column) if n > last) > last + BY, column
    rows = world.rows(select(published.c.k, published.c.n).order_by(published.c.n))
    n_of = {key: [n for k, n in rows if k.endswith(key)] for key in "ABC"}
    assert n_of == {"A": [1, 2, 3 + BY, 4 + BY], "B": [1, 2], "C": [1 + BY, 2 + BY]}


def test_a_subscriber_that_keeps_key_and_n_gets_the_new_ones_and_its_gap_is_no_gap(world: World) -> None:
    """It had n = 4 of A from the time that was lost, and drops what is not above it."""
    taken: list[int] = []
    restored(world)
    world.send({"k": "A", "v": "2", "x": 2})
    world.run()
    Relay(world.store, LocalFanout([lambda item: taken.append(item.n) if item.k.endswith("A") else None])).run()
    assert [n for n in taken if n > 4] == [3 + BY, 4 + BY]
    assert [item.n for item in again_from(world.store, "test:order:A", 5)] == [3 + BY, 4 + BY]


def test_invariants_hold_after_it_and_still_find_what_is_missing(world: World) -> None:
    for version in ("2", "3"):
        restored(world)
        world.send({"k": "A", "v": version, "x": version})
        world.run()
    with world.store.read() as connection:
        assert broken(connection) == {}
    with world.store.unit() as unit:
        unit.connection.execute(delete(published).where(published.c.n == 3 + BY))
        assert "3b published dense" in broken(unit.connection)


def test_what_may_have_left_to_a_receiver_that_forgets_is_in_doubt_and_the_rest_goes(world: World) -> None:
    done = restored(world)
    rows = {row.subscription: row.state for row in world.rows(select(delivery.c.subscription, delivery.c.state))}
    assert rows == {"knows": "pending", "forgets": "uncertain"}
    held = world.causes()
    assert set(held) == set(done.facts["in_doubt"])
    assert {cause for causes in held.values() for cause in causes} == {"in_doubt"}
    commands = Commands(world.store, world.ports, world.signals)
    first, second = sorted(held)
    commands.delivery_sent(ME, first)
    commands.delivery_again(ME, second)
    assert world.causes() == {}
    forgotten = world.rows(select(delivery.c.state).where(delivery.c.subscription == "forgets"))
    assert sorted(row.state for row in forgotten) == ["pending", "sent"]


def test_what_is_held_has_a_cause_and_does_not_stand_still(world: World) -> None:
    """In doubt, it waits for a person; what comes behind it for the same key waits for it."""
    restored(world)
    world.send({"k": "A", "v": "2", "x": 2}, {"k": "C"})
    world.run()
    with world.store.read() as connection:
        assert [(name, count) for name, count, _ in deliveries_open(connection)] == [("forgets", 1), ("knows", 4)]
        assert summary(connection)["stuck"] == 5
        assert unpublished(connection) == 8


def test_what_a_dead_process_was_sending_is_in_doubt_too(world: World) -> None:
    delivering = Delivering(world.store, world.ports.subscriptions, world.signals, "dead")
    delivering._start(world.ports.subscriptions[1])
    assert "sending" in {row.state for row in world.rows(select(delivery.c.state))}
    assert len(restored(world).facts["in_doubt"]) == 2


def test_a_receiver_that_was_down_at_the_point_is_tried_again(world: World) -> None:
    delivering = Delivering(world.store, world.ports.subscriptions, world.signals, "me")
    for n in range(1, 4):
        delivering.run()
        world.clock.at += wait_after(n)
    assert {"receiver_down"} in world.causes().values()
    restored(world)
    assert {cause for causes in world.causes().values() for cause in causes} == {"in_doubt"}
    assert delivering.run_one(world.ports.subscriptions[0]) == 1


def test_tables_that_were_never_used_are_moved_on_too(world: World) -> None:
    with world.store.unit() as unit:
        assert move_on(unit.connection, BY)
        record(unit.connection, at=1, actor="a", action="b", target="c")
        assert int(unit.connection.exec_driver_sql("select max(id) from audit").scalar_one()) > BY


def test_by_nothing_is_refused(world: World) -> None:
    with pytest.raises(Reject, match="at least 1"):
        Commands(world.store, world.ports, world.signals).restored(ME, 0, "x")


def test_the_last_of_each_way_in_is_told(world: World) -> None:
    world.send({"k": "C"}, delivery_id="key-7")
    world.send({"k": "D"}, system="south")
    with world.store.read() as connection:
        found = [(row["system"], row["message"], row.get("delivery_id")) for row in last_received(connection, None)]
        assert found == [("north", 2, "key-7"), ("south", 3, None)]
        assert last_received(connection, {"nobody"}) == []


def test_what_was_published_since_goes_once_more_and_nothing_twice_in_the_outbox(world: World) -> None:
    taken: list[tuple[str, int]] = []
    relay = Relay(world.store, LocalFanout([lambda item: taken.append((item.k, item.n))]))
    relay.run()
    since = world.clock.now()
    world.send({"k": "C"})
    world.run()
    commands = Commands(world.store, world.ports, world.signals)
    assert commands.publish_again(ME, 0, "the broker is lost").facts == {"count": 4}
    assert commands.publish_again(ME, since, "again").facts == {"count": 0}
    relay.run()
    assert sorted(taken) == sorted([(f"test:order:{k}", n) for k in "AABBC" for n in (1, 2)])
