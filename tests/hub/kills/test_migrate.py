"""Killed in the middle of ``hub migrate``: the store is wholly old or wholly new, and the next one ends well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, insert, select

from hub.store import migrate
from hub.store.database import Store
from hub.store.lane_tables import partition, work
from tests.hub.kills.dying import die, in_child, kill_at
from tests.services.postgres import node
from tests.services.stores import POSTGRESQL

OLD = "0003"


@pytest.fixture
def url(engine: str, tmp_path: Path) -> Iterator[str]:
    """A store of an earlier release, with work in it."""
    name = node().create() if engine == POSTGRESQL else ""
    address = node().of(name) if name else f"sqlite:///{tmp_path}/hub.db"
    store = Store(address)
    store.database.create()
    with store.writer.begin() as connection:
        migrate.upgrade(connection, OLD)
        connection.execute(insert(work), [{"partition": 0, "kind": "key", "k": f"kept {n}", "at": 1} for n in range(50)])
    store.close()
    yield address
    if name:
        node().drop(name)


def state(url: str) -> tuple[Any, ...]:
    """The step, every table with its columns, and the work in it, as another process sees them."""
    store = Store(url)
    found = MetaData()
    with store.read() as connection:
        found.reflect(connection)
        tables = {table.name: sorted(table.columns.keys()) for table in found.sorted_tables}
        kept = connection.execute(select(work.c.k).order_by(work.c.seq)).scalars().all()
        step = migrate.at(connection)
    store.close()
    return step, tables, kept


def upgrade(url: str) -> tuple[str, ...]:
    store = Store(url)
    try:
        return store.migrate()
    finally:
        store.close()


@pytest.mark.parametrize("step", ["first", "last"])
def test_killed_between_its_steps_it_is_as_before_and_the_next_ends_well(url: str, step: str) -> None:
    steps = len(list(migrate.script().iterate_revisions("heads", OLD)))
    before = state(url)
    assert before[0] == (OLD,)
    kill_at("migrate.step", lambda: upgrade(url), 1 if step == "first" else steps)
    assert state(url) == before
    assert upgrade(url) == (OLD,)
    store = Store(url).open()
    with store.read() as connection:
        assert migrate.differences(connection) == []
        assert len(connection.execute(select(partition)).all()) == store.partitions
    store.close()
    assert state(url)[2] == before[2]


def test_killed_after_its_commit_it_is_new_and_opens(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in a store once is made by whoever opens it."""

    def dying() -> None:
        monkeypatch.setattr(Store, "prepare", lambda self: die())
        upgrade(url)

    in_child(dying)
    assert state(url)[0] == migrate.newest()
    store = Store(url).open()
    with store.read() as connection:
        assert len(connection.execute(select(partition)).all()) == store.partitions
    store.close()
    assert upgrade(url) == migrate.newest()


@pytest.mark.embedded
def test_killed_while_the_file_is_copied_it_is_copied_again(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy has its name once it is whole; half of one, as a death or a power cut leaves it, is in nobody's way."""
    before, copy = state(url), tmp_path / f"hub.before-{OLD}.db"
    (tmp_path / f"{copy.name}.part").write_bytes((tmp_path / "hub.db").read_bytes()[:5000])

    def dying() -> None:
        monkeypatch.setattr(Path, "replace", lambda *words: die())
        upgrade(url)

    in_child(dying)
    assert state(url) == before
    assert not copy.exists()
    assert upgrade(url) == (OLD,)
    assert state(f"sqlite:///{copy}") == before
