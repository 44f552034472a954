"""Killed while receiving: what was accepted is kept, what was not kept was not accepted and comes again."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from connectors.base import Inbound
from hub.stages.receive import Door
from tests.hub.kills.dying import faults, kill_at
from tests.hub.lane.world import World
from tests.hub.races.broken_rules import broken


def receive(folder: Path) -> None:
    """A sender's act, in the process that dies; what it hears lies in a file."""
    inbound = Inbound(orjson.dumps({"k": "A"}), "test", "1", accept=(folder / "accepted").touch)
    World(folder).receiving.receive(inbound, Door("north", "in"))


@pytest.mark.parametrize(("point", "kept"), [("receive.before_commit", False), ("receive.after_commit", True)])
def test_what_its_sender_has_not_heard_of_may_come_again(tmp_path: Path, point: str, kept: bool) -> None:
    world = World(tmp_path)
    kill_at(point, lambda: receive(tmp_path))
    assert not (tmp_path / "accepted").exists()
    assert world.send({"k": "A"}, delivery_id="1").repeat is kept
    assert world.send({"k": "A"}, delivery_id="1").repeat
    world.run()
    assert world.states() == ["applied"]
    assert faults(world) == set()


@pytest.mark.parametrize("rule", ["", "accept"], ids=["kept", "accept"])
def test_what_is_accepted_is_kept(tmp_path: Path, rule: str) -> None:
    world = World(tmp_path)
    with broken(rule):
        kill_at("receive.before_commit", lambda: receive(tmp_path))
    world.run()
    lost = (tmp_path / "accepted").exists() and world.states() == []
    assert lost is bool(rule)
