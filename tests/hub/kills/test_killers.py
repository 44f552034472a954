"""Documents that kill their process, and refusals of the database that are halved while the process is killed."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.store.lane_tables import effect
from hub.store.work import partition_of
from tests.hub.kills.dying import die, faults, in_child, kill_at, work, worker
from tests.hub.lane.test_halving import refuse
from tests.hub.lane.world import World
from tests.hub.races.staging import systems

DEATHS = (3, 4)
"""Three that it was part of, the last of them alone; one more where documents that went before it, alone, cleared the suspicion."""


def work_with_killers(folder: Path, partition: int | None = None) -> None:
    """A process that dies of every document that says ``kill``; of one partition, or all."""
    world = worker(folder)
    real = world.translator.one

    def one(message: Any, n: int, given: dict[str, Any], codes: Any) -> Any:
        if given.get("kill") and (folder / "armed").exists():
            die()
        return real(message, n, given, codes)

    world.translator.one = one  # type: ignore[method-assign]
    if partition is None:
        world.run()
    while partition is not None and world.lane.run(partition):
        pass


def deaths(folder: Path) -> int:
    """How many processes died before one came to its end."""
    found = 0
    while in_child(partial(work_with_killers, folder)) == signal.SIGKILL:
        found += 1
        assert found < 10
    return found


def test_a_document_that_kills_its_process_is_held_alone_and_the_others_go_on(tmp_path: Path) -> None:
    first, second = systems(2)
    world = World(tmp_path)
    (tmp_path / "armed").touch()
    for system in (first, second):
        world.send(*[{"k": f"{system}-{n}"} for n in range(3)], system=system)
        world.send({"k": f"{system}-bad", "kill": system == first}, system=system)
        world.send({"k": f"{system}-0", "v": "1", "x": 1}, system=system)
    assert in_child(partial(work_with_killers, tmp_path, partition_of(first, 4))) == signal.SIGKILL
    assert in_child(partial(work_with_killers, tmp_path, partition_of(second, 4))) == 0
    assert world.states(system=second) == ["applied"] * 5
    assert 1 + deaths(tmp_path) in DEATHS
    assert world.states(system=first) == ["applied"] * 4
    assert world.causes() == {2: {"program_error"}}
    assert faults(world) == set()


def test_one_that_kills_its_process_out_of_a_freed_line_is_held_at_its_place(tmp_path: Path) -> None:
    world = World(tmp_path)
    changes = [{"k": "A", "type": "order_change", "v": str(n), "x": n, "kill": n == 4} for n in range(2, 7)]
    world.send({"k": "A", "v": "1", "items": ["X"]}, *changes, {"k": "B", "items": ["X"]})
    world.run()
    world.codes(("X", "C"))
    (tmp_path / "armed").touch()
    assert deaths(tmp_path) in DEATHS
    assert world.causes() == {1 << 20 | 4: {"program_error"}}
    assert world.states() == ["applied"] * 3 + ["waiting"] * 3 + ["applied"]
    assert faults(world) == set()


@pytest.mark.parametrize("hits", [(2, 3, 1), (1, 4, 1)])
def test_killed_while_refusals_are_halved_the_guilty_are_held_and_the_others_applied_once_in_order(
    tmp_path: Path, hits: tuple[int, ...]
) -> None:
    """A packet of a window and a half, a freed line; before them a window of healthy ones, so that no three die of the same work."""
    world = World(tmp_path, limit=40)
    world.send(*[{"k": "L", "type": "order_change" if n else "order", "v": str(n), "items": ["X"] * (n == 0)} for n in range(12)])
    world.run()
    world.send(*[{"k": f"H{n}"} for n in range(40)])
    refuse(world, "7", "131", "152", "153")
    world.send(*[{"k": f"K{n % 10}", "type": "order" if n < 10 else "order_change", "v": str(100 + n), "x": n} for n in range(60)])
    world.codes(("X", "C"))
    for hit in hits:
        kill_at("window.refused", partial(work, tmp_path, 40), hit)
        assert faults(world, at_rest=False) == set()
    assert in_child(partial(work, tmp_path, 40)) == 0
    guilty = {1 << 20 | 8, *(3 << 20 | n + 1 for n in (31, 52, 53))}
    assert world.causes() == {id: {"refused_by_store"} for id in guilty}
    assert world.states(message=2) == ["applied"] * 40
    applied: dict[str, list[int]] = {}
    for row in world.rows(select(effect.c.k, effect.c.document).order_by(effect.c.kseq)):
        applied.setdefault(row.k, []).append(row.document & 0xFFFFF)
    assert applied["test:order:L"] == list(range(1, 8))
    for n in range(10):
        stopped = next((m for m in range(n, 60, 10) if m in (31, 52, 53)), 60)
        assert applied[f"test:order:K{n}"] == [m + 1 for m in range(n, stopped, 10)]
    assert faults(world) == set()


def test_processes_that_end_with_nothing_to_do_put_nobody_under_suspicion(tmp_path: Path) -> None:
    """A worker looks at every partition when it starts: what it owned then and did not work on cannot have killed it."""
    world = World(tmp_path)

    def look_and_die() -> None:
        again = World(tmp_path)
        again.lane.owner = f"process {os.getpid()}"
        for p in range(again.store.partitions):
            again.lane.run(p)
        die()

    assert [in_child(look_and_die) for _ in range(4)] == [signal.SIGKILL] * 4
    world.send({"k": "A"})
    world.run()
    assert world.states() == ["applied"]
