"""The identity table through the whole lane on SQLite: what rows of the store say after each case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.stages.admit import Terms
from hub.store.invariants import broken
from hub.store.lane_tables import cases, document
from tests.hub.lane.world import World, count_statements

CASES: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "1": ([{"k": "A", "t": "1"}, {"k": "A", "t": "1"}], ["applied", "duplicate"]),
    "2": ([{"k": "A", "t": "1"}, {"k": "A", "t": "1", "x": 2}, {"k": "A", "t": "1", "x": 2}], ["applied", "waiting", "duplicate"]),
    "3": ([{"k": "A", "t": "1"}, {"k": "B", "t": "1"}], ["applied", "waiting"]),
    "5 cumulative": ([{"k": "S", "type": "sale"}, {"k": "S", "type": "sale"}], ["applied", "duplicate"]),
    "6": ([{"k": "S", "type": "sale", "t": "1"}, {"k": "S", "type": "sale", "t": "2"}], ["applied", "applied"]),
    "7": ([{"k": "A", "t": "1", "items": ["?"]}, {"k": "A", "t": "2", "items": ["?"]}], ["waiting", "duplicate"]),
    "8": ([{"k": "A", "items": ["?"], "v": "1"}, {"k": "A", "v": "2"}], ["superseded", "applied"]),
    "9": ([{"k": "A", "items": ["?"]}, {"k": "A", "type": "order_cancel"}], ["superseded", "applied"]),
    "10": ([{"k": "A", "type": "order_change", "v": "2"}, {"k": "A", "v": "1"}], ["applied", "applied"]),
    "11": ([{"k": "A"}], ["applied"]),
    "12": ([{"k": "A", "t": "1"}, {"k": "A", "t": "2"}], ["applied", "duplicate"]),
    "14": ([{"k": "A", "v": "1"}, {"k": "A", "v": "2", "x": 2}, {"k": "A", "v": "3"}], ["applied", "applied", "applied"]),
    "15": ([{"k": "A", "v": "1"}, {"k": "A", "v": "1", "x": 2}], ["applied", "waiting"]),
    "16": ([{"k": "A", "v": "2"}, {"k": "A", "v": "1", "x": 2}], ["applied", "stale"]),
    "17 conflict": ([{"k": "A"}, {"k": "A", "x": 2}], ["applied", "waiting"]),
    "17 replace": ([{"k": "R", "type": "report"}, {"k": "R", "type": "report", "x": 2}], ["applied", "applied"]),
}


@pytest.mark.parametrize("limit", [1, 200])
@pytest.mark.parametrize("row", CASES)
def test_each_row_in_messages_of_their_own(tmp_path: Path, row: str, limit: int) -> None:
    world = World(tmp_path, limit)
    lines, states = CASES[row]
    for line in lines:
        world.send(line)
    world.run()
    assert world.states() == states
    with world.store.read() as connection:
        assert broken(connection) == {}


@pytest.mark.parametrize("row", sorted(set(CASES) - {"5 cumulative"}))
def test_each_row_in_windows_of_their_own(tmp_path: Path, row: str) -> None:
    world = World(tmp_path)
    lines, states = CASES[row]
    for line in lines:
        world.send(line)
        world.run()
    assert world.states() == states


def test_row_4_an_event_waits_for_its_object(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.terms_by_type["order_change/1"] = Terms("append", predecessor=True)
    world.send({"k": "A", "type": "order_change", "t": "1"})
    world.run()
    assert world.causes() == {1 << 20 | 1: {"predecessor_missing"}}
    world.send({"k": "A"})
    world.run()
    assert world.states() == ["applied", "applied"]


def test_row_5_delta_knows_a_file_that_came_twice(tmp_path: Path) -> None:
    world = World(tmp_path)
    sale = {"k": "M", "type": "move"}
    for lines in ([sale, sale], [sale, sale], [sale]):
        world.send(*lines)
        world.run()
    assert world.states() == ["applied", "applied", "duplicate", "duplicate", "applied"]


def test_row_5_cumulative_counts_through_the_windows_of_one_file(tmp_path: Path) -> None:
    world = World(tmp_path, limit=2)
    sale = {"k": "S", "type": "sale"}
    world.send(*[sale] * 5)
    world.send(*[sale] * 7)
    world.run()
    assert world.states() == ["applied"] * 5 + ["duplicate"] * 5 + ["applied"] * 2


def test_row_13_a_gap_waits_for_what_is_between(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.terms_by_type["order_change/1"] = Terms("change", contiguous=True)
    for v, type in (("1", "order"), ("3", "order_change"), ("2", "order_change")):
        world.send({"k": "A", "v": v, "type": type})
        world.run()
    assert world.states() == ["applied"] * 3


def test_a_thousand_resends_after_a_promotion_and_a_code_change_are_duplicates(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.codes(("X", "C-1"))
    lines = [{"k": f"A{n}", "t": str(n), "items": ["X"]} for n in range(1000)]
    world.send(*lines)
    world.run()
    world.translator.version = 2
    world.codes(("X", "C-2"))
    world.send(*[{**line, "t": f"new-{line['t']}"} if n % 2 else line for n, line in enumerate(lines)])
    world.run()
    assert world.states() == ["applied"] * 1000 + ["duplicate"] * 1000
    assert world.rows(select(cases)) == []


def test_a_thousand_changed_resends_are_conflicts_each_with_its_diff(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send(*[{"k": f"A{n}", "t": str(n), "x": "old"} for n in range(1000)])
    world.send(*[{"k": f"A{n}", "t": str(n), "x": "new"} for n in range(1000)])
    world.run()
    assert world.states() == ["applied"] * 1000 + ["waiting"] * 1000
    diffs = [row.diff for row in world.rows(select(cases).where(cases.c.state == "open"))]
    assert len(diffs) == 1000
    assert set(diffs) == {b'[{"at":"/x","old":"old","new":"new"}]'}


def test_a_window_of_conflicts_asks_no_more_than_one_of_few(tmp_path: Path) -> None:
    counts = []
    for size in (5, 150):
        (tmp_path / str(size)).mkdir()
        world = World(tmp_path / str(size))
        world.send(*[{"k": f"A{n}", "t": str(n), "x": "old"} for n in range(size)])
        world.run()
        world.send(*[{"k": f"A{n}", "t": str(n) if n % 2 else f"new-{n}", "x": "new"} for n in range(size)])
        counted = count_statements(world)
        world.run()
        counts.append(counted[0])
        assert world.states().count("waiting") == size
    assert counts[0] == counts[1]


def test_a_correction_of_a_held_order_does_not_wait_behind_its_mistake(tmp_path: Path) -> None:
    world = World(tmp_path)
    for line in ({"k": "A", "t": "1", "items": ["WRONG"]}, {"k": "A", "t": "2", "items": []}):
        world.send(line)
        world.run()
    assert world.states() == ["superseded", "applied"]
    assert world.rows(select(document.c.of).where(document.c.state == "superseded"))[0].of == 2 << 20 | 1


def test_a_revision_behind_a_parked_conflict_goes_on_and_the_case_says_so(tmp_path: Path) -> None:
    world = World(tmp_path)
    for v, x in (("1", 1), ("1", 2), ("2", 3)):
        world.send({"k": "A", "v": v, "x": x})
        world.run()
    assert world.states() == ["applied", "superseded", "applied"]
    case = world.rows(select(cases))[0]
    assert (case.state, case.closed_by) == ("superseded", 3 << 20 | 1)
