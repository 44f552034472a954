"""Killed while a fact is written or a release goes on in batches: all of it or nothing, and the next goes on where it stopped."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub.commands import Actor, Commands
from hub.store import holds
from hub.store.book_tables import audit, code, codebook, release_job, revision
from hub.store.lane_tables import effect, hold
from tests.hub.kills.dying import faults, in_child, kill_at, work
from tests.hub.lane.world import World

BOSS = Actor("boss")
WAITING = 45
AT_ONCE = 20


def waiting(folder: Path) -> World:
    """Orders that miss a code, each with a change behind it."""
    world = World(folder)
    world.send(*[{"k": f"K{n:02}", "v": "1", "items": ["X"]} for n in range(WAITING)])
    world.send(*[{"k": f"K{n:02}", "v": "2", "type": "order_change", "x": 1} for n in range(WAITING)])
    world.run()
    return world


def number(world: World, table: object) -> int:
    return int(world.rows(select(func.count()).select_from(table))[0][0])  # type: ignore[arg-type]


def release(folder: Path) -> None:
    World(folder).codes(("X", "C"))


def test_a_release_killed_before_its_commit_has_not_been(tmp_path: Path) -> None:
    world = waiting(tmp_path)
    kill_at("release.before_commit", partial(release, tmp_path))
    assert (number(world, code), number(world, revision), number(world, hold)) == (0, 0, WAITING)
    release(tmp_path)
    world.run()
    assert world.states() == ["applied"] * 2 * WAITING
    assert faults(world) == set()


@pytest.mark.parametrize(("point", "left"), [("release.between_batches", 5), ("release.batch", 25)])
def test_a_release_in_batches_goes_on_after_a_death(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, left: int) -> None:
    """1,000 at once in production, 20 here: the first with the fact, then a job."""
    monkeypatch.setattr(holds, "AT_ONCE", AT_ONCE)
    world = waiting(tmp_path)
    release(tmp_path)
    assert (number(world, hold), number(world, release_job)) == (WAITING - AT_ONCE, 1)
    kill_at(point, lambda: World(tmp_path).lane.release_jobs())
    assert number(world, hold) == left
    assert faults(world, at_rest=False) == set()
    assert in_child(partial(work, tmp_path)) == 0
    assert number(world, release_job) == 0
    assert world.states() == ["applied"] * 2 * WAITING
    rows = world.rows(select(effect.c.k, effect.c.kseq, effect.c.document).order_by(effect.c.k, effect.c.kseq))
    assert [row.document >> 20 for row in rows] == [1, 2] * WAITING
    assert faults(world) == set()


def test_an_import_of_many_rows_is_one_revision_or_none(tmp_path: Path) -> None:
    world = waiting(tmp_path)
    text = "table,code_set,code,canonical\n" + "".join(f"item,north,X{n or ''},C{n}\n" for n in range(3000))

    def load() -> None:
        mine = World(tmp_path)
        Commands(mine.store, mine.ports).import_codes(BOSS, text, "many")

    for point in ("release.before_commit", "command.before_commit"):
        kill_at(point, load)
        assert (number(world, code), number(world, revision), number(world, audit), number(world, hold)) == (0, 0, 0, WAITING)
    load()
    assert (number(world, code), world.rows(select(codebook.c.revision))[0][0], number(world, audit)) == (3000, 1, 1)
    world.run()
    assert world.states() == ["applied"] * 2 * WAITING
    assert faults(world) == set()
