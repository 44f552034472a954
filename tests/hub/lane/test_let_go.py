"""What a release or a retry let go is looked at alone, wherever it stands; what waits behind it is translated once it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from hub.commands import Actor, Commands
from hub.store import work
from hub.store.invariants import broken
from hub.store.lane_tables import document, hold
from tests.hub.lane.test_held_lines import held_line, intact, reading
from tests.hub.lane.world import World

BOSS = Actor("boss")
FIRST = 1 << 20 | 1
"""The first document of the first message."""


def retry(world: World, *ids: int) -> None:
    for id in ids:
        Commands(world.store, world.ports).retry(BOSS, "document", id)


def held_twice(world: World) -> int:
    """An order that waits for a code, ten changes behind it, of which the fifth waits for another; gives the id of that one."""
    held_line(world, 4)
    world.send({"k": "A", "type": "order_change", "x": 4, "items": ["Y"]})
    world.send(*({"k": "A", "type": "order_change", "x": n} for n in range(5, 10)))
    world.run()
    return 3 << 20 | 1


def test_what_is_held_again_is_translated_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    held_line(world, 50)
    world.translator.calls = 0
    with reading() as reads:
        retry(world, FIRST)
        world.run()
    assert (world.translator.calls, reads.again) == (1, 0)
    assert reads.documents == 2  # with the last of its type
    assert world.causes() == {FIRST: {"missing_code"}}
    assert world.states() == ["waiting"] * 51
    assert intact(world)


def test_what_goes_on_takes_what_waits_behind_it_along_in_one_window(tmp_path: Path) -> None:
    world = World(tmp_path)
    held_line(world, 50)
    world.translator.calls = 0
    with reading() as reads:
        world.codes(("X", "C"))
        assert world.lane.drain() == 1
    assert world.states() == ["applied"] * 51
    assert (world.translator.calls, reads.again) == (51, 0)  # read and translated before the transaction began
    assert intact(world)


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_each_that_was_let_go_is_looked_at_where_it_stands(tmp_path: Path, limit: int) -> None:
    """The second of a line too: people are to know at once what holds it."""
    world = World(tmp_path, limit)
    second = held_twice(world)
    world.translator.calls = 0
    retry(world, second, FIRST)
    assert world.lane.drain(20) < 20
    assert world.causes() == {FIRST: {"missing_code"}, second: {"missing_code"}}
    assert world.translator.calls == 2
    assert intact(world)


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_the_second_of_a_line_is_looked_at_though_the_first_is_still_held(tmp_path: Path, limit: int) -> None:
    world = World(tmp_path, limit)
    second = held_twice(world)
    retry(world, second)
    assert world.lane.drain(20) < 20
    assert world.causes() == {FIRST: {"missing_code"}, second: {"missing_code"}}
    world.codes(("X", "C"))
    world.run()
    assert world.states() == ["applied"] * 5 + ["waiting"] * 6
    world.codes(("Y", "D"))
    world.run()
    assert world.states() == ["applied"] * 11
    assert intact(world)


def test_what_arrives_meanwhile_leaves_the_look_to_the_queued_work(tmp_path: Path) -> None:
    """The window of an arrival comes before that of the retry, and knows nothing of what was let go behind the first."""
    world = World(tmp_path)
    second = held_twice(world)
    world.send({"k": "A", "type": "order_change", "x": 99}, system="east")
    retry(world, second)
    world.lane.run(work.partition_of("east", 4))
    assert world.rows(document.select().with_only_columns(document.c.counted).where(document.c.id == second)) == [("held",)]
    world.run()
    assert world.causes() == {FIRST: {"missing_code"}, second: {"missing_code"}}
    assert intact(world)


def test_one_that_would_kill_its_process_is_held_though_something_stands_before_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    second = held_twice(world)
    retry(world, second)
    with world.store.unit() as unit:
        work.set_tries(unit.connection, [work.partition_of("north", 4)], 3)
    assert world.lane.drain(20) < 20
    assert world.causes() == {FIRST: {"missing_code"}, second: {"program_error"}}
    assert intact(world)


def test_more_than_a_window_takes_are_all_looked_at(tmp_path: Path) -> None:
    world = World(tmp_path, limit=4)
    held_line(world, 0)
    for n in range(30):
        world.send({"k": "A", "type": "order_change", "x": n, "items": ["Y"]})
    for n in range(6):
        world.send({"k": f"B{n}", "items": ["Y"]})
    world.run()
    before = world.causes()
    with world.store.unit() as unit:
        unit.connection.execute(hold.delete())
        work.add(unit.connection, [{"partition": work.partition_of("north", 4), "kind": "key", "k": k, "at": 1} for k in keys(world)])
    world.translator.calls = 0
    assert world.lane.drain(200) < 200
    assert world.causes() == before
    assert world.translator.calls <= 2 * len(before)
    assert intact(world)


def keys(world: World) -> list[str]:
    query = document.select().with_only_columns(document.c.k).distinct().order_by(document.c.k.desc())
    return [row.k for row in world.rows(query)]


def test_what_was_let_go_and_never_looked_at_is_named(tmp_path: Path) -> None:
    world = World(tmp_path)
    second = held_twice(world)
    with world.store.unit() as unit:
        unit.connection.execute(hold.delete().where(hold.c.owner == second))
    with world.store.read() as connection:
        assert broken(connection).keys() == {"12 what was let go was looked at"}
    with world.store.unit() as unit:
        unit.connection.execute(update(document).where(document.c.id == second).values(counted="blocked"))
    with world.store.read() as connection:
        assert broken(connection).keys() == {"11 counters"}
