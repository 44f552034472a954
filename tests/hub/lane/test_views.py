"""Every look that people have into the store gives its rows on both databases, for everybody and through the party filter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from hub.store.views import cases, deliveries, flows, held, messages, search, summary
from tests.hub.lane.world import World

LOOKS: dict[str, Callable[[Connection, Any], Any]] = {
    "by cause": held.by_cause,
    "one cause": lambda connection, parties: held.by_cause(connection, parties, "missing_code"),
    "holds": held.holds,
    "cases": cases.cases,
    "case": lambda connection, parties: cases.case(connection, 1, parties),
    "deliveries": deliveries.deliveries,
    "flows": flows.flows,
    "latest": flows.latest,
    "message": lambda connection, parties: messages.message_object(connection, 1, parties),
    "search": lambda connection, parties: search.find(connection, "A", parties),
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.send({"k": "A", "items": ["1", "2"]}, {"k": "B", "items": ["1"]}, {"k": "C", "t": "c"})
    made.send({"unreadable": True})
    made.send({"k": "C", "t": "c", "x": "other"}, {"k": "D"})
    made.run()
    return made


def test_holds_by_cause_the_largest_first_with_the_oldest_ones_words(world: World) -> None:
    with world.store.read() as connection:
        rows = held.by_cause(connection, None)
        every = held.holds(connection, None)
    assert [(row["cause"], row["count"]) for row in rows[:2]] == [("missing_code", 2), ("conflict", 1)]
    assert sum(row["count"] for row in rows) == len(every)
    for row in rows:
        same = [one for one in every if (one["cause"], one["key"]) == (row["cause"], row["key"])]
        assert (row["since"], row["fact"]) == (same[0]["since"], same[0]["fact"])


def test_each_look_answers(world: World) -> None:
    with world.store.read() as connection:
        assert {name for name, look in LOOKS.items() if not look(connection, None)} == {"deliveries"}
        assert [name for name, look in LOOKS.items() if look(connection, ["nobody"]) not in ([], {}, None)] == []
        assert summary.summary(connection)["received"] == 3
