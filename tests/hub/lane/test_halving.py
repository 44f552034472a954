"""Refusals by the database that nobody foresaw: halved until the guilty document stands alone, whatever else the window drives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from hub.commands import Actor, Commands
from hub.store.invariants import broken
from hub.store.lane_tables import effect
from tests.hub.lane.world import World

BOSS = Actor("boss")
REFUSING = {
    "sqlite": "create trigger planted before insert on effect when new.v in ({}) begin select raise(abort, 'planted'); end",
    "postgresql": "alter table effect add constraint planted check (v is null or v not in ({}))",
}
REPAIRED = {"sqlite": "drop trigger planted", "postgresql": "alter table effect drop constraint planted"}


def refuse(world: World, *revisions: str) -> None:
    """From now on the database takes no effect of these revisions."""
    with world.store.unit() as unit:
        unit.connection.execute(text(REFUSING[unit.connection.dialect.name].format(", ".join(f"'{v}'" for v in revisions))))


def repair(world: World) -> None:
    with world.store.unit() as unit:
        unit.connection.execute(text(REPAIRED[unit.connection.dialect.name]))


def intact(world: World) -> bool:
    with world.store.read() as connection:
        return broken(connection) == {}


def freed_line(world: World, length: int) -> None:
    """An order that waited for a code, its changes behind it; the code is there now, nothing is driven yet."""
    changes = [{"k": "A", "type": "order_change", "v": str(n), "x": n} for n in range(1, length)]
    world.send({"k": "A", "v": "0", "items": ["X"]}, *changes)
    world.run()
    world.codes(("X", "C"))


@pytest.mark.parametrize("limit", [1, 200])
def test_one_of_a_freed_line_is_held_and_what_stood_before_it_is_applied(tmp_path: Path, limit: int) -> None:
    world = World(tmp_path, limit)
    freed_line(world, 10)
    refuse(world, "6")
    world.run()
    assert world.states() == ["applied"] * 6 + ["waiting"] * 4
    assert world.causes() == {1 << 20 | 7: {"refused_by_store"}}
    assert intact(world)
    repair(world)
    Commands(world.store, world.ports).retry(BOSS, "document", 1 << 20 | 7)
    world.run()
    assert world.states() == ["applied"] * 10
    assert [row.v for row in world.rows(select(effect.c.v).order_by(effect.c.kseq))] == [str(n) for n in range(10)]
    assert intact(world)


@pytest.mark.parametrize(("guilty", "held"), [("0", 1 << 20 | 1), ("9", 2 << 20 | 1)])
def test_of_a_line_and_what_arrives_for_it_only_the_guilty_one_is_held(tmp_path: Path, guilty: str, held: int) -> None:
    world = World(tmp_path)
    world.send({"k": "A", "v": "0", "items": ["X"]}, {"k": "A", "type": "order_change", "v": "1"})
    world.run()
    world.send({"k": "A", "type": "order_change", "v": "9", "x": 9}, {"k": "B", "v": "5"})
    world.codes(("X", "C"))
    refuse(world, guilty)
    world.run()
    assert world.causes() == {held: {"refused_by_store"}}
    assert world.states(k="test:order:B") == ["applied"]
    assert world.states(k="test:order:A") == (["waiting"] * 3 if guilty == "0" else ["applied", "applied", "waiting"])
    assert intact(world)


def test_an_orphan_and_its_order_are_told_apart(tmp_path: Path) -> None:
    """The change stands outside the line until the order is applied: it is not held for what the order does."""
    world = World(tmp_path)
    world.send({"k": "A", "type": "order_change", "v": "2"}, {"k": "A", "v": "1", "items": ["X"]})
    world.run()
    world.codes(("X", "C"))
    refuse(world, "1")
    world.run()
    assert world.causes() == {1 << 20 | 1: {"predecessor_missing"}, 1 << 20 | 2: {"refused_by_store"}}
    repair(world)
    Commands(world.store, world.ports).retry(BOSS, "document", 1 << 20 | 2)
    world.run()
    assert world.states() == ["applied", "applied"]


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_what_was_let_go_is_told_apart_from_what_stands_behind_it(tmp_path: Path, limit: int) -> None:
    """The change was let go by a code and waits for its order, which is refused in the window that looks at both."""
    world = World(tmp_path, limit)
    world.send({"k": "A", "v": "1", "items": ["Z"]}, {"k": "A", "type": "order_change", "v": "3", "items": ["X"]}, {"k": "A", "v": "0"})
    world.run()
    Commands(world.store, world.ports).reject(BOSS, 1 << 20 | 1, "not wanted")
    world.codes(("X", "C"))
    refuse(world, "0")
    assert world.lane.drain(50) < 50
    assert world.causes() == {1 << 20 | 2: {"predecessor_missing"}, 1 << 20 | 3: {"refused_by_store"}}
    repair(world)
    Commands(world.store, world.ports).retry(BOSS, "document", 1 << 20 | 3)
    world.run()
    assert world.states() == ["rejected", "applied", "applied"]


def test_several_of_a_large_packet_are_found_each_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    refuse(world, "17", "18", "250")
    given: list[dict[str, Any]] = [{"k": f"K{n}", "v": str(n)} for n in range(300)]
    world.send(*given)
    world.run()
    assert world.states().count("applied") == 297
    assert world.causes() == {1 << 20 | n + 1: {"refused_by_store"} for n in (17, 18, 250)}
    assert intact(world)
