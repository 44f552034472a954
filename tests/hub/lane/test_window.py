"""The main path through the lane on SQLite."""

from __future__ import annotations

from pathlib import Path

from tests.hub.lane.world import World


def test_a_message_is_stored_translated_admitted_and_applied_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A1", "t": "1"}, {"k": "A2", "t": "2"})
    world.send({"k": "A1", "t": "1"}, {"k": "A2", "t": "2"})
    world.run()
    assert world.states() == ["applied", "applied", "duplicate", "duplicate"]


def test_a_missing_code_holds_its_key_and_nothing_else(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A1", "t": "1", "items": ["X"]}, {"k": "A2", "t": "2"}, {"k": "A1", "t": "3", "type": "order_change", "x": 1})
    world.run()
    assert world.states() == ["waiting", "applied", "waiting"]
    world.codes(("X", "C-X"))
    world.run()
    assert world.states() == ["applied", "applied", "applied"]
    assert world.causes() == {}
