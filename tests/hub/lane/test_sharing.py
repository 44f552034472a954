"""Who waits for whom where partitions share windows, and what two partitions bring together into one."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from canonical_model.problems import Misconfigured, Retry, SystemUnreachable
from hub.commands import Commands
from hub.flow import Flow
from hub.store import locks, work
from hub.store.lane_tables import document, effect, hold, partition
from hub.store.lane_tables import work as work_table
from hub.worker.windows import Windows
from tests.hub.channels.test_windows import Connected
from tests.hub.lane.test_commands import BOSS
from tests.hub.lane.test_together import drained, together
from tests.hub.lane.world import World
from tests.hub.races.staging import faults, orders, stopped_at, systems

FOUR = systems(4)


def worker(world: World, now: list[float] | None = None) -> Windows:
    flow = Flow(world.store, world.ports, world.signals, channels=Connected())
    flow.lane = world.lane
    return Windows(flow, (lambda: now[0]) if now else time.monotonic)


def own(world: World, *partitions: int) -> None:
    world.store.locks.attend(world.lane.owner)
    with world.store.unit() as unit:
        there = update(partition).values(owner=world.lane.owner)
        unit.connection.execute(there.where(partition.c.p.in_(partitions)) if partitions else there)


def p_of(system: str) -> int:
    return work.partition_of(system, 4)


def woken(lane: Any, *names: str) -> None:
    for name in names:
        lane.flow.channels.inbound.wake(p_of(name))


@pytest.mark.parametrize("kind", ["slow to translate", "by turns of two kinds"])
def test_one_order_of_another_partition_does_not_wait_for_a_backlog_that_has_few_rows(tmp_path: Path, kind: str) -> None:
    """Fifty rows are not little work where each takes long, or is of another kind than the one before: each window then has one or two.
    Before: north had its windows for 0.3 s, then east its turn. Now east waits for all of north, as shared windows go by age."""
    world = World(tmp_path)
    own(world)
    now, one = [100.0], world.translator.one
    world.clock.monotonic = lambda: now[0]  # type: ignore[method-assign]
    lane = worker(world, now)
    lane.step()
    assert p_of("north") != p_of("east")

    def slow(message: Any, n: int, given: Any, codes: Any) -> Any:
        now[0] += 0.3 if kind.startswith("slow") else 0.05
        return replace(one(message, n, given, codes), last=True)

    world.translator.one = slow  # type: ignore[method-assign]
    for n in range(40):
        world.send({"k": f"N{n}", "type": "product" if n % 2 and not kind.startswith("slow") else "order"})
    world.send({"k": "E"}, system="east")
    for system in ("north", "east"):
        lane.flow.channels.inbound.wake(p_of(system))
    ran, together = [0], world.lane._commit

    def counted(plan: Any) -> Any:
        ran[0] += 1
        return together(plan)

    world.lane._commit = counted  # type: ignore[method-assign]
    began = now[0]
    while not world.states(system="east"):
        lane.step()
    assert ran[0] <= 10, f"east waited for {ran[0]} windows, {now[0] - began:.1f} s of translating"


def test_a_partition_is_not_kept_from_its_worker_by_a_shared_window_of_another(tmp_path: Path) -> None:
    """A claims every partition while its shared window runs, those of B too, which it leaves out: B stands idle beside it."""
    first, second = World(tmp_path), World(tmp_path)
    first.lane.owner, second.lane.owner = "A", "B"
    own(first, p_of("north"))
    own(second, p_of("east"))
    a, b = worker(first), worker(second)
    a.step(), b.step()
    first.send({"k": "N"})
    a.flow.channels.inbound.wake(p_of("north"))
    with stopped_at("window.translated", a.step):
        second.send({"k": "E"}, system="east")
        b.flow.channels.inbound.wake(p_of("east"))
        b.step()
        seen = second.states(system="east")
    assert seen == ["applied"]


@pytest.mark.parametrize("where", ["shared window", "windows of their own", "one partition"])
@pytest.mark.parametrize("keyless", [True, False])
@pytest.mark.parametrize("first", ["correction", "original"])
def test_an_edited_resubmission_and_its_original_in_one_window(tmp_path: Path, keyless: bool, first: str, where: str) -> None:
    """The original, in a partition by its header, is let go while its correction waits in the one of its system."""
    world = World(tmp_path)
    own(world)
    commands = Commands(world.store, world.ports, world.signals)
    shared = where == "shared window"
    order = None if where == "one partition" else next(o for o in orders(4) if work.partition_of(f"north:{o}", 4) != p_of("north"))
    world.send({"k": "A", "x": 1, **({"keyless": True} if keyless else {"items": ["X"]})}, order=order)
    world.run()
    assert world.states() == ["waiting"]
    id = world.rows(select(document.c.id))[0][0]

    def let_go() -> None:
        world.translator.version = 9
        if keyless:
            commands.retry(BOSS, "document", id)
        else:
            world.codes(("X", "C"))

    def correct() -> None:
        commands.resubmit(BOSS, id, b'{"k": "A", "x": 2}', "wrong")

    for action in (correct, let_go) if first == "correction" else (let_go, correct):
        action()
    assert len(world.rows(select(work_table.c.partition).distinct())) == 1 + (where != "one partition")
    if shared:
        drained(world)
    else:
        world.run()
    assert faults(world) == set()
    assert len(world.rows(select(effect.c.document))) == 1 or world.states() == ["applied", "rejected"]
    if first == "correction":
        assert world.states() == ["superseded", "applied"]


def test_wake_ups_that_were_taken_are_not_lost_by_one_retry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadlock, a server that switches over: the step ends, and with a broker nobody looks before the sweep."""
    world = World(tmp_path)
    own(world)
    now = [100.0]
    lane = worker(world, now)
    lane.step()
    for name in FOUR:
        world.send({"k": name}, system=name)
    woken(lane, *FOUR)
    commit, left = world.lane._commit, [1]

    def failing(plan: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise SystemUnreachable("deadlock detected")
        return commit(plan)

    monkeypatch.setattr(world.lane, "_commit", failing)
    with pytest.raises(Retry):
        lane.step()
    for _ in range(10):
        now[0] += 0.3
        lane.step()
    assert world.states() == ["applied"] * 4


def test_a_guilty_document_in_a_partition_that_was_not_woken_keeps_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    own(world)
    lane = worker(world, [100.0])
    lane.step()
    world.send({"k": "bad"}, system=FOUR[0])
    world.send({"k": "good"}, system=FOUR[1])
    woken(lane, FOUR[1])
    flush = world.lane._flush

    def refused(unit: Any, plan: Any, decision: Any) -> Any:
        if any(doc.k and "bad" in doc.k and not doc.holds for doc in plan.arrivals):
            raise OverflowError("planted")
        return flush(unit, plan, decision)

    monkeypatch.setattr(world.lane, "_flush", refused)
    lane.step()
    assert world.states(system=FOUR[1]) == ["applied"]
    woken(lane, FOUR[0])
    lane.step()
    assert {row.cause for row in world.rows(select(hold))} == {"refused_by_store"}
    assert faults(world) == set()


def test_a_shared_window_of_mixed_kinds_never_mixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    own(world)
    lane = worker(world, [100.0])
    lane.step()
    for n in range(24):
        world.send(
            {"k": f"{n}", "type": "product" if n % 5 in (1, 2) else "order", "items": [f"{n + 1}"] if n % 5 == 0 else []},
            system=FOUR[n % 4],
        )
    commit, seen = world.lane._commit, []

    def watched(plan: Any) -> Any:
        seen.append({doc.type == "product/1" for doc in plan.arrivals})
        return commit(plan)

    monkeypatch.setattr(world.lane, "_commit", watched)
    woken(lane, *FOUR)
    for _ in range(60):
        lane.step()
    assert all(len(kinds) <= 1 for kinds in seen)
    with world.store.read() as connection:
        assert work.waiting_partitions(connection) == []
    assert faults(world) == set()


@pytest.mark.production
def test_a_shared_window_planned_before_another_took_one_of_its_partitions_is_planned_anew(tmp_path: Path) -> None:
    first, second = World(tmp_path), World(tmp_path)
    first.lane.owner, second.lane.owner = "A", "B"
    own(first)
    a = worker(first)
    a.step()
    for name in FOUR:
        first.send({"k": name}, system=name)
    woken(a, *FOUR)
    with stopped_at("window.translated", a.step):
        second.lane.run(p_of(FOUR[0]))
        assert second.states() == ["applied"]
    a.step()
    assert second.states() == ["applied"] * 4
    assert {row.tries for row in second.rows(select(partition))} == {0}
    assert faults(first) == set()


def test_a_line_that_goes_on_keeps_its_partition(tmp_path: Path) -> None:
    """What a correction in another partition set going in the line of its original goes on in the partition of neither of the two."""

    world = World(tmp_path, limit=2)
    own(world)
    lane = worker(world, [100.0])
    lane.step()
    by_p = {p_of(name): name for name in FOUR}
    original, other = by_p[2], by_p[0]
    world.send({"k": "L", "items": ["X"], "type": "sale"}, system=original)
    for n in range(12):
        world.send({"k": "L", "x": n, "type": "sale"}, system=original)
    for _ in range(30):
        world.run()
    id = 1 << 20 | 1
    one = world.translator.one
    world.translator.one = lambda *given: replace(one(*given), last=True)  # type: ignore[method-assign]
    world.send({"k": "else"}, system=other)
    Commands(world.store, world.ports, world.signals).resubmit(BOSS, id, b'{"k": "M"}', "wrong")
    together(world)
    rows = world.rows(select(work_table.c.partition, work_table.c.kind, work_table.c.k))
    assert {row.partition for row in rows if row.kind == "key"} <= {2}


@pytest.mark.embedded
def test_a_worker_goes_on_at_once_when_files_can_be_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, seen from a worker: every later message of these partitions waits five seconds, until the process is restarted."""
    world, now, opened, left = World(tmp_path), [100.0], locks._opened, [2]
    lane = worker(world, now)
    lane.step()

    def failing(folder: Path, name: str) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Misconfigured("too many open files", at=str(folder))
        return opened(folder, name)

    for name in FOUR:
        world.send({"k": name}, system=name)
    woken(lane, *FOUR)
    monkeypatch.setattr(locks, "_opened", failing)
    lane.step()
    monkeypatch.setattr(locks, "_opened", opened)
    for _ in range(200):
        now[0] += 0.02
        woken(lane, *FOUR)
        lane.step()
    assert world.states() == ["applied"] * 4
