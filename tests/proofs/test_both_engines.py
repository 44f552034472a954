"""The golden run: the same messages through a hub on SQLite and one on PostgreSQL leave the same rows and send the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from hub.codebook import CodeLine
from hub.store import schema
from hub.store.invariants import broken
from tests.proofs.hubs import HUB_YAML, ME, OUTS, World, orders
from tests.services.stores import POSTGRESQL, SQLITE, running_on, store_url

MANY = 25
PROCESS = {"owner", "worker", "actor"}
"""Columns that name the process which did it."""


class Still:
    """A clock that stands still, so that nothing depends on how often it is asked."""

    def __init__(self) -> None:
        self.ids = 0

    def now(self) -> int:
        return 1_795_593_600_000_000

    def monotonic(self) -> float:
        return 0.0

    def new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"


def rows(world: World) -> Mapping[str, list[Any]]:
    """Every row of every table."""
    found: dict[str, list[Any]] = {}
    with world.hub.store.read() as connection:
        assert broken(connection) == {}
        for table in schema.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in PROCESS]
            found[table.name] = sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)
    return found


def traffic(world: World) -> None:
    """Stock, orders of every format, every fourth message again, a code that comes."""
    world.stock()
    given = list(orders(Random(23), MANY))
    for n, (system, way, raw, _) in enumerate(given):
        world.give(system, way, raw, settle=n % 5 == 4)
        if n % 4 == 0:
            world.give(system, way, raw, name="again", settle=False)
    world.hub.commands.set_codes(ME, [CodeLine("unit", "agent-js", "箱子", "CS")])
    world.hub.flow.settle()


def run(engine: str, folder: Path) -> tuple[Mapping[str, list[Any]], Mapping[str, list[bytes]]]:
    folder.mkdir()
    with running_on(engine):
        config = HUB_YAML.replace("sqlite:///hub.db", store_url(folder) if engine == POSTGRESQL else f"sqlite:///{folder}/hub.db")
        world = World(folder, config, clock=Still())
        try:
            traffic(world)
            return rows(world), {name: world.written(name) for name in OUTS}
        finally:
            world.hub.close()


def test_both_databases_end_with_the_same_rows_and_the_same_bytes_sent(tmp_path: Path) -> None:
    small, large = run(SQLITE, tmp_path / SQLITE), run(POSTGRESQL, tmp_path / POSTGRESQL)
    assert small[1] == large[1]
    assert sum(map(len, small[1].values())) > MANY
    for table, found in small[0].items():
        assert found == large[0][table], table
    assert len(small[0]["document"]) > MANY
