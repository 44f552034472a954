"""Killed in the relay: nothing that was published is lost, what comes twice comes with its number, in the order of first times."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from hub.channels.base import Publication
from hub.channels.local import LocalFanout
from hub.channels.relay import Relay
from hub.store.out_tables import outbox
from tests.hub.kills.dying import kill_at
from tests.hub.lane.world import World
from tests.hub.races.broken_rules import broken

DOCUMENTS = 4
ROWS = 2 * DOCUMENTS


def relay(folder: Path) -> Relay:
    """A relay to a subscriber that writes down what it gets."""

    def take(publication: Publication) -> None:
        with (folder / "taken").open("ab") as file:
            file.write(orjson.dumps([publication.k, publication.n]) + b"\n")

    return Relay(World(folder).store, LocalFanout([take]))


def taken(folder: Path) -> list[int]:
    file = folder / "taken"
    return [orjson.loads(line)[1] for line in file.read_bytes().splitlines()] if file.exists() else []


@pytest.mark.parametrize(("point", "before"), [("relay.before_publish", 0), ("relay.after_publish", 2), ("relay.after_delete", 1)])
def test_each_row_is_published_and_its_first_times_are_in_order(tmp_path: Path, point: str, before: int) -> None:
    world = World(tmp_path)
    world.send(*[{"k": "A", "v": str(n), "x": n} for n in range(DOCUMENTS)])
    world.run()
    kill_at(point, lambda: relay(tmp_path).run())
    relay(tmp_path).run()
    numbers = taken(tmp_path)
    assert list(dict.fromkeys(numbers)) == list(range(1, ROWS + 1))
    assert len(numbers) == ROWS * max(before, 1)
    assert world.rows(select(outbox)) == []


@pytest.mark.parametrize("rule", ["", "outbox"], ids=["kept", "outbox"])
def test_a_row_leaves_the_outbox_after_it_is_confirmed(tmp_path: Path, rule: str) -> None:
    world = World(tmp_path)
    world.send({"k": "A"})
    world.run()
    with broken(rule):
        kill_at("relay.before_publish", lambda: relay(tmp_path).run())
    relay(tmp_path).run()
    assert taken(tmp_path) == ([] if rule else [1, 2])
