"""Random traffic: windows of any size, workers that come and go, codes at any time give the same end, and every invariant holds."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hub.stages.window import GIVE_UP_AFTER
from hub.store.invariants import broken
from hub.store.lane_tables import work
from hub.store.work import set_tries
from tests.hub.lane.world import World
from tests.services.stores import give_back


def traffic(seed: int) -> list[dict[str, Any]]:
    """Orders, changes, cancels, sales and products of a few keys, some with missing codes, some repeated or changed."""
    dice = random.Random(seed)
    lines: list[dict[str, Any]] = []
    for n in range(40):
        if lines and dice.random() < 0.25:
            lines.append({**dice.choice(lines), **({"x": n} if dice.random() < 0.3 else {})})
            continue
        type = dice.choice(["order"] * 5 + ["order_change", "order_change", "order_cancel", "sale", "report", "product"])
        line = {"k": f"{type[:5]}{dice.randrange(4)}", "type": type, "x": dice.randrange(3)}
        line |= {"t": str(n)} if dice.random() < 0.7 else {}
        line |= {"v": str(dice.randrange(4))} if dice.random() < 0.5 else {}
        line |= {"items": [f"X{dice.randrange(4)}"]} if dice.random() < 0.4 else {}
        lines.append(line)
    return lines


def run(lines: list[dict[str, Any]], limit: int, between: bool) -> tuple[list[str], dict[int, set[str]], dict[str, list[Any]]]:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), limit)
        for start in range(0, len(lines), 5):
            world.send(*lines[start : start + 5], system="north")
            if between:
                world.run()
        world.run()
        world.codes(("X1", "C1"), ("X2", "C2"))
        world.run()
        with world.store.read() as connection:
            found = broken(connection)
        result = world.states(), world.causes(), found
        give_back()
        return result


@pytest.mark.parametrize("limit", [1, 200])
def test_what_is_on_its_way_counts_as_applied_to_a_cancel(tmp_path: Path, limit: int) -> None:
    """The third order closes the first, so the second goes on, but only once the message ends where a window takes one document. The cancel
    withdraws what was accepted: it waits behind the third, and does not close it."""
    world = World(tmp_path, limit)
    world.send({"k": "A", "v": "1", "items": ["X"]})
    world.send({"k": "A", "x": 2})
    world.run()
    world.send({"k": "A", "v": "3", "items": ["X", "Y"]}, {"k": "A", "type": "order_cancel", "t": "c", "items": ["Y"]})
    world.run()
    assert world.states() == ["superseded", "applied", "waiting", "waiting"]
    world.codes(("X", "C"), ("Y", "D"))
    world.run()
    assert world.states() == ["superseded", "applied", "applied", "applied"]


def test_what_kills_a_window_of_one_is_held_and_not_the_message_that_waits_for_it(tmp_path: Path) -> None:
    """The second order goes on once the third closed the first. Three deaths are its, though the message was there before its line."""
    world = World(tmp_path, 1)
    world.send({"k": "A", "v": "1", "items": ["X"]})
    world.send({"k": "A", "x": 2})
    world.run()
    world.send({"k": "A", "v": "3", "items": ["X"]}, {"k": "B"})
    (queued,) = world.rows(select(work))
    world.lane.run(queued.partition)
    assert [row.kind for row in world.rows(select(work).order_by(work.c.seq))] == ["message", "key"]
    with world.store.unit() as unit:
        set_tries(unit.connection, [queued.partition], GIVE_UP_AFTER)
    world.run()
    assert world.causes() == {2 << 20 | 1: {"program_error"}, 3 << 20 | 1: {"missing_code"}}
    assert world.states() == ["superseded", "waiting", "waiting", "applied"]


@settings(max_examples=4, deadline=None)
@example(2566)
@example(2623)
@example(2709)
@example(2767)
@example(2899)
@given(st.integers(0, 10_000))
def test_windows_of_any_size_end_the_same(seed: int) -> None:
    lines = traffic(seed)
    whole = run(lines, 200, between=False)
    assert whole[2] == {}
    assert run(lines, 1, between=True) == whole
    assert run(lines, 7, between=False) == whole
