"""A line behind a held document is read only as far as an arrival needs, and ends as if all of it were read each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from hub.commands import Actor, Commands
from hub.stages.deciding import Loaded
from hub.store import documents
from hub.store.invariants import broken
from hub.store.lane_tables import business_key, document
from hub.store.records import Document, Place
from hub.store.unit import Connection
from tests.hub.lane.world import World

TO_HOLD = documents.line_to_hold
READ_WHOLE = Loaded.read_whole
FINGERPRINTS = select(document.c.id, document.c.f, document.c.inputs).where(document.c.state == "applied").order_by(document.c.id)
"""Of what was applied: what waits, or was closed without a look at it, has those of the time when it was last looked at, and who reads
less looks at less."""


class Reads:
    """What was read of lines: documents read, lines that were cut, and those that had to be read whole after all."""

    def __init__(self, whole: bool) -> None:
        self.whole, self.documents, self.cut, self.again = whole, 0, 0, 0

    def to_hold(self, connection: Connection, keys: list[str]) -> dict[str, tuple[list[Document], Place | None]]:
        if self.whole:
            return {k: (items, None) for k, items in documents.line(connection, keys).items()}
        found = TO_HOLD(connection, keys)
        self.documents += sum(len(items) for items, _ in found.values())
        self.cut += sum(cut is not None for _, cut in found.values())
        return found


@contextmanager
def reading(*, whole: bool = False) -> Iterator[Reads]:
    reads = Reads(whole)

    def read_whole(self: Loaded, connection: Connection, keys: list[str]) -> None:
        reads.again += len(keys)
        READ_WHOLE(self, connection, keys)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(documents, "line_to_hold", reads.to_hold)
        patched.setattr(Loaded, "read_whole", read_whole)
        yield reads


def held_line(world: World, length: int, **change: Any) -> None:
    """An order that waits for a code, and ``length`` changes behind it."""
    world.send({"k": "A", "v": "0", "items": ["X"]})
    world.run()
    world.send(*({"k": "A", "type": "order_change", "x": n} | change for n in range(length)))
    world.run()


def intact(world: World) -> bool:
    with world.store.read() as connection:
        return broken(connection) == {}


def test_an_arrival_reads_what_is_held_and_the_last_of_what_waits_behind(tmp_path: Path) -> None:
    world = World(tmp_path)
    held_line(world, 50)
    with reading() as reads:
        world.send({"k": "A", "type": "order_change", "x": 99})
        world.run()
    assert (reads.documents, reads.cut, reads.again) == (2, 1, 0)
    assert world.states() == ["waiting"] * 52
    world.codes(("X", "C"))
    world.run()
    assert world.states() == ["applied"] * 52
    assert intact(world)


def test_a_repeat_of_the_last_is_known_though_the_line_was_cut(tmp_path: Path) -> None:
    world = World(tmp_path)
    held_line(world, 20)
    with reading() as reads:
        world.send({"k": "A", "type": "order_change", "x": 19})
        world.run()
    assert (reads.cut, reads.again) == (1, 0)
    assert world.states() == ["waiting"] * 21 + ["duplicate"]


def test_what_takes_the_place_of_a_held_order_reads_the_rest(tmp_path: Path) -> None:
    world = World(tmp_path)
    held_line(world, 20)
    with reading() as reads:
        world.send({"k": "A", "v": "1"})
        world.run()
    assert (reads.cut, reads.again) == (1, 1)
    assert world.states() == ["superseded"] + ["waiting"] * 20 + ["applied"]
    assert {frozenset(causes) for causes in world.causes().values()} == {frozenset({"conflict"})}
    assert len(world.causes()) == 20
    assert intact(world)


def test_a_held_change_that_turns_out_old_lets_what_waits_behind_it_go(tmp_path: Path) -> None:
    """It is settled in its turn without a look at its codes, so the walk goes on behind the place where the line was cut."""
    world = World(tmp_path)
    world.send({"k": "A", "v": "5"})
    world.run()
    world.send({"k": "A", "type": "order_change", "v": "7", "items": ["X"]})
    world.send(*({"k": "A", "type": "order_change", "v": str(n)} for n in range(9, 19)))
    world.run()
    assert world.states() == ["applied"] + ["waiting"] * 11
    with world.store.unit() as unit:  # as if one that stands before it, and came late, had been applied
        unit.connection.execute(update(business_key).values(v="8"))
    with reading() as reads:
        world.send({"k": "A", "type": "order_change", "v": "19"})
        world.run()
    assert (reads.cut, reads.again) == (1, 1)
    assert world.states() == ["applied", "stale"] + ["applied"] * 11


@pytest.mark.parametrize("whole", [True, False])
def test_what_was_translated_again_stays_so_when_the_rest_is_read(tmp_path: Path, *, whole: bool) -> None:
    """A retry lets the order go, its code is still missing; in the window that finds that, a newer order closes it."""
    world = World(tmp_path)
    world.send({"k": "A", "v": "0", "items": ["X"]}, {"k": "A", "type": "order_change", "items": ["Y"], "x": 1})
    world.send({"k": "A", "type": "order_change", "x": 2})
    world.run()
    world.send({"k": "A", "v": "1", "x": 7}, system="east")  # whose window comes before that of the retry
    Commands(world.store, world.ports).retry(Actor("boss"), "document", 1 << 20 | 1)
    with reading(whole=whole) as reads:
        world.run()
    assert world.states() == ["superseded", "waiting", "waiting", "applied"]
    assert reads.again == (0 if whole else 1)
    assert all("conflict" in causes for causes in world.causes().values())
    assert intact(world)


def traffic(dice: random.Random) -> list[dict[str, Any]]:
    """Orders, changes and cancels of three keys, of which many wait for a code: repeated, newer, older, without a revision."""
    lines: list[dict[str, Any]] = []
    for n in range(60):
        if lines and dice.random() < 0.2:
            lines.append({**dice.choice(lines), **({"x": n} if dice.random() < 0.3 else {})})
            continue
        line = {"k": f"K{dice.randrange(3)}", "type": dice.choice(["order", *["order_change"] * 4, "order_cancel"]), "x": dice.randrange(4)}
        line |= {"t": str(n)} if dice.random() < 0.5 else {}
        line |= {"v": str(dice.randrange(6))} if dice.random() < 0.4 else {}
        line |= {"items": [f"X{dice.randrange(4)}"]} if dice.random() < 0.25 else {}
        lines.append(line)
    return lines


def told(folder: Path, lines: list[dict[str, Any]], sizes: list[int], limit: int, seed: int, *, whole: bool) -> tuple[Any, Reads]:
    """What became of the traffic, sent in messages of these sizes, while people try again, give codes and take a newer mapping."""
    dice, start, trail = random.Random(seed), 0, list[Any]()
    folder.mkdir()
    with reading(whole=whole) as reads:
        world = World(folder, limit)
        commands = Commands(world.store, world.ports)
        for number, size in enumerate(sizes):
            world.send(*lines[start : start + size], system=("north", "east")[number % 2])
            start += size
            held = sorted(owner for owner, causes in world.causes().items() if causes == {"missing_code"})
            if held and dice.random() < 0.3:
                commands.retry(Actor("boss"), "document", dice.choice(held))
            if number == len(sizes) // 2:
                world.codes(("X1", "C1"))
            world.run()
            trail.append((world.states(), world.causes(), world.rows(FINGERPRINTS)))
        world.translator.version = 2  # last: what arrives is compared with the translation that a waiting document had at its last look
        world.codes(("X0", "C0"), ("X2", "C2"))
        world.run()
        assert intact(world)
        return (trail, world.states(), world.causes(), world.rows(FINGERPRINTS)), reads


def test_random_traffic_ends_as_if_every_line_were_read_whole(tmp_path: Path, engine: str) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice, cut, again = random.Random(seed), 0, 0
    for number in range(16 if engine == "sqlite" else 4):
        lines, sizes, limit = traffic(dice), [dice.randint(1, 8) for _ in range(20)], dice.choice([1, 2, 7, 200])
        wanted, _ = told(tmp_path / f"{number}w", lines, sizes, limit, seed, whole=True)
        found, reads = told(tmp_path / f"{number}c", lines, sizes, limit, seed, whole=False)
        assert found == wanted, (seed, number)
        cut, again = cut + reads.cut, again + reads.again
    assert min(cut, again) > 0
