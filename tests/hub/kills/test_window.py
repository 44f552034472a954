"""Killed at each point of a window, started again: the same end as without. Messages of every kind, packets above one window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.channels.local import LocalChannels
from hub.flow import Flow
from hub.store.lane_tables import cases, effect
from hub.worker.windows import Windows
from tests.hub.kills.dying import die, faults, in_child, kill_at, work, worker
from tests.hub.lane.world import World
from tests.hub.races.broken_rules import broken

LIMIT = 20
POINTS = (
    "window.translated", "window.locked", "window.decided", "window.flushing", "window.before_commit", "window.after_commit",
)  # fmt: skip


def corpus() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(system, message): packets above one window, revisions, changes before their order, conflicts, replacing reports, sales and
    movements without a technical id (one file twice, one grown), codes that are missing, and master data that brings them. No two
    systems share a key: which of them comes first is nobody's to say."""
    packet = [{"k": f"K{n // 3}", "v": str(n % 3), "x": n, "t": str(n), "items": ["P1"] if n % 7 == 1 else []} for n in range(50)]
    yield "north", packet
    yield "north", packet
    yield "south", [{"k": f"L{n}", "type": "order_change", "v": "9", "x": n} for n in range(8)]
    yield "south", [{"k": f"L{n}", "v": "1", "x": n} for n in range(8)]
    sales: list[dict[str, Any]] = [{"k": "S", "type": "sale"}, {"k": "S", "type": "sale"}, {"k": "S", "type": "sale", "x": 1}]
    yield "east", sales
    yield "east", [*sales, {"k": "S", "type": "sale"}]
    moves: list[dict[str, Any]] = [{"k": f"M{n}", "type": "move", "x": n % 2} for n in range(LIMIT + 5)]
    yield "east", moves
    yield "east", moves
    yield "west", [{"k": "R", "type": "report", "x": n} for n in range(4)]
    yield "west", [{"k": "R", "type": "report", "items": ["?"]}, {"k": "R", "type": "report", "x": 9}]
    yield "west", [{"k": "D", "t": "d"}, {"k": "D", "t": "d", "x": 2}, {"k": "D", "t": "d", "x": 2}]
    yield "north", [{"k": "P1", "type": "product"}]
    yield "north", [{"unreadable": True}]


def fill(world: World) -> None:
    for system, lines in corpus():
        world.send(*lines, system=system)


def told(world: World) -> tuple[Any, ...]:
    """What must not depend on deaths: states, holds, effects of each key in their order, cases."""
    effects: dict[str, list[int]] = {}
    for row in world.rows(select(effect.c.k, effect.c.document).order_by(effect.c.kseq)):
        effects.setdefault(row.k, []).append(row.document)
    found = world.rows(select(cases.c.document, cases.c.state).order_by(cases.c.id))
    return world.states(), world.causes(), effects, [tuple(row) for row in found]


def test_killed_at_every_point_and_started_again_it_ends_the_same(tmp_path: Path) -> None:
    """One partition: each process commits a window of it before it dies, so nothing is suspected of having killed three."""
    for name in ("calm", "wild"):
        (tmp_path / name).mkdir()
    calm, wild = (World(tmp_path / name, LIMIT, partitions=1) for name in ("calm", "wild"))
    fill(calm)
    calm.run()
    fill(wild)
    for n, point in enumerate(POINTS):
        kill_at(point, partial(work, tmp_path / "wild", LIMIT, 1), hit=2 + n % 2)
        assert faults(wild, at_rest=False) == set()
    assert in_child(partial(work, tmp_path / "wild", LIMIT, 1)) == 0
    assert told(wild) == told(calm)
    assert faults(wild) == set()


@pytest.mark.parametrize("rule", ["", "settle"], ids=["kept", "settle"])
def test_work_is_settled_by_the_commit_that_does_it(tmp_path: Path, rule: str) -> None:
    world = World(tmp_path)
    world.send({"k": "A"})
    with broken(rule):
        kill_at("window.before_commit", partial(work, tmp_path))
    world.run()
    assert world.states() == ([] if rule else ["applied"])
    assert faults(world) == ({"1 nothing vanishes"} if rule else set())


def test_a_wake_up_that_was_not_settled_finds_nothing_left_to_do(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A"})

    def windows() -> Windows:
        mine = worker(tmp_path)
        flow = Flow(mine.store, mine.ports, mine.signals, channels=LocalChannels())
        flow.lane.owner = mine.lane.owner
        return Windows(flow)

    kill_at("wake_up.before_done", lambda: windows().step())
    assert world.states() == ["applied"]
    assert in_child(lambda: windows().step()) == 0
    assert world.states() == ["applied"]
    assert faults(world) == set()


def test_a_process_that_dies_inside_a_writing_transaction_stops_nobody(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A", "items": ["X"]})
    world.run()

    def die_in_transaction() -> None:
        with World(tmp_path).store.unit() as unit:
            unit.connection.exec_driver_sql("delete from hold")
            die()

    in_child(die_in_transaction)
    assert world.states() == ["waiting"]
    world.codes(("X", "C"))
    world.run()
    assert world.states() == ["applied"]
