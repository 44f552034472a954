"""Partitions with little work share a window: the end is the same, the statements are of one window, a failure goes back to each alone."""

from __future__ import annotations

import random
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from hub.channels.local import LocalChannels
from hub.flow import Flow
from hub.stages.window import FEW, Shared
from hub.store import work
from hub.store.invariants import broken
from hub.store.lane_tables import hold, partition
from hub.worker.windows import Windows
from tests.hub.lane.test_any_window import traffic
from tests.hub.lane.world import World, count_statements
from tests.services.stores import give_back

SYSTEMS = ("north", "east", "south", "west", "centre", "coast")
PARTITIONS = range(4)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def own(world: World) -> None:
    """This process stands as the owner of every partition, as after its first windows."""
    with world.store.unit() as unit:
        unit.connection.execute(update(partition).values(owner=world.lane.owner))


def one_each(world: World) -> list[int]:
    """An order in every partition; gives the partitions."""
    placed: dict[int, str] = {}
    for system in SYSTEMS:
        placed.setdefault(work.partition_of(system, len(PARTITIONS)), system)
    for system in placed.values():
        world.send({"k": f"of {system}", "t": "1"}, system=system)
    return sorted(placed)


def together(world: World) -> Shared:
    """One shared window, with nobody else beside it."""
    return world.lane.together(PARTITIONS, (), nullcontext)


def drained(world: World) -> None:
    """As a worker does it: shared windows where they can be had, the rest alone."""
    while together(world).outcome:
        pass
    world.run()


def test_little_work_of_several_partitions_costs_the_statements_of_one_window(world: World) -> None:
    own(world)
    placed = one_each(world)
    count = count_statements(world)
    shared = together(world)
    at_once, count[0] = count[0], 0
    assert len(placed) > 2
    assert (shared.outcome.settled, shared.outcome.emptied, list(shared.partitions)) == (len(placed), True, placed)
    assert set(shared.idle) == set(PARTITIONS) - set(placed)
    assert world.states() == ["applied"] * len(placed)
    world.send({"k": "one more", "t": "2"})
    world.lane.run(work.partition_of("north", len(PARTITIONS)))
    assert at_once <= count[0] + 2


def result(seed: int, shared: bool) -> tuple[Any, ...]:
    lines, dice = traffic(seed), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        own(world)
        for line in lines:
            world.send(line, system=SYSTEMS[int(line["k"][-1])])
            if dice.random() < 0.2:
                drained(world) if shared else world.run()
        drained(world) if shared else world.run()
        world.codes(*((f"X{n}", f"C{n}") for n in (1, 2)), system="north")
        drained(world) if shared else world.run()
        with world.store.read() as connection:
            found = broken(connection)
        told = world.states(), world.causes(), found
        give_back()
        return told


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_what_comes_out_is_the_same(seed: int) -> None:
    alone = result(seed, shared=False)
    assert alone[2] == {}
    assert result(seed, shared=True) == alone


def test_a_backlog_fills_windows_of_each_partition(world: World) -> None:
    own(world)
    for n in range(FEW + 1):
        world.send({"k": str(n)})
    assert together(world) == Shared()


def test_a_partition_of_another_process_or_over_which_one_died_has_windows_of_its_own(world: World) -> None:
    own(world)
    placed = one_each(world)
    with world.store.unit() as unit:
        work.set_tries(unit.connection, placed[:1], 1)
        unit.connection.execute(update(partition).where(partition.c.p == placed[1]).values(owner="another"))
    shared = together(world).partitions
    assert placed[0] not in shared
    assert (placed[1] in shared) != world.store.shared
    world.run()
    assert world.states() == ["applied"] * len(placed)


def test_a_packet_under_way_keeps_nobody_waiting(tmp_path: Path) -> None:
    world = World(tmp_path, limit=10)
    own(world)
    packet = work.partition_of("north", len(PARTITIONS))
    world.send(*({"k": f"P{n}"} for n in range(30)))
    assert together(world).outcome.documents == 10
    placed = one_each(world)
    shared = together(world)
    assert packet not in shared.partitions
    assert shared.outcome.settled == len(set(placed) - {packet})


def test_a_refusal_or_a_fault_of_ours_is_looked_for_in_each_partition(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    own(world)
    flow = Flow(world.store, world.ports, world.signals, channels=LocalChannels())
    flow.lane, lane = world.lane, Windows(flow)
    lane.step()
    one_each(world)
    world.send({"k": "bad", "boom": True}, system="south")
    world.service.fails.add("of north")
    flush, asked = world.lane._flush, []

    def refused(unit: Any, plan: Any, decision: Any) -> Any:
        asked.append(plan.partitions)
        if len(plan.partitions) > 1:
            raise OverflowError("planted")
        return flush(unit, plan, decision)

    monkeypatch.setattr(world.lane, "_flush", refused)
    while lane.step():
        pass
    assert len(asked[0]) > 1
    with world.store.read() as connection:
        held = sorted(connection.execute(select(hold.c.owner_kind, hold.c.cause)).all())
    assert held == [("document", "program_error"), ("message", "program_error")]
    assert world.states(system="north") == ["waiting"]
    assert all(len(seen) == 1 for seen in asked[1:])


def test_a_worker_shares_windows_when_several_partitions_are_due(world: World) -> None:
    placed = one_each(world)
    flow = Flow(world.store, world.ports, world.signals, channels=LocalChannels())
    lane, seen = Windows(flow), list[Shared]()
    method = flow.lane.together

    def watched(*words: Any) -> Shared:
        seen.append(method(*words))
        return seen[-1]

    flow.lane.together = watched  # type: ignore[assignment, method-assign]
    while lane.step():
        pass
    again = one_each(world)
    assert lane.step()
    assert set(again) <= set(seen[-1].partitions)
    assert seen[-1].outcome.documents == len(placed)
    assert world.states().count("applied") == len(placed)
