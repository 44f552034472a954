"""The same tests on both databases: a suite whose ``conftest.py`` calls ``both_engines`` runs once on SQLite, once on PostgreSQL.

Its tests take stores from ``open_store`` and say nothing of the database. ``@pytest.mark.embedded`` keeps a test that is about
SQLite itself to SQLite, ``production`` one of several writers to PostgreSQL; without PostgreSQL the other half is skipped with the reason.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

import hub.services.inventory.tables
import hub.services.master.tables
import hub.services.order.tables
from hub.store.clock import Clock
from hub.store.database import Store
from tests.services.postgres import need_node, node

SERVICES = (hub.services.inventory.tables, hub.services.master.tables, hub.services.order.tables)
SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass
class _Running:
    """The engine of the test that runs, its databases by folder, and the stores to be closed after it."""

    engine: str = SQLITE
    databases: dict[Path, tuple[int, str]] = field(default_factory=dict)
    stores: list[Store] = field(default_factory=list)


_now = _Running()


def both_engines(metafunc: pytest.Metafunc) -> None:
    """Run a test once an engine; an ``embedded`` one on SQLite alone, one of ``production`` on PostgreSQL alone."""
    if "engine" in metafunc.fixturenames:
        alone = {"embedded": [SQLITE], "production": [POSTGRESQL]}
        engines = [only for word, only in alone.items() if metafunc.definition.get_closest_marker(word)]
        metafunc.parametrize("engine", engines[0] if engines else [SQLITE, POSTGRESQL], indirect=True)


@contextmanager
def running_on(engine: str) -> Iterator[str]:
    """Stores opened meanwhile are of this engine; its databases are dropped at the end."""
    if engine == POSTGRESQL:
        need_node()
    _now.engine = engine
    try:
        yield engine
    finally:
        give_back()
        _now.engine = SQLITE


def give_back() -> None:
    """Close what the test has opened so far; its databases may be emptied and used again."""
    for store in _now.stores:
        store.close()
    for kind, name in _now.databases.values():
        _FREE.setdefault(kind, []).append(name)
    _now.databases, _now.stores = {}, []


def store_url(folder: Path, partitions: int = 8) -> str:
    """The address of a folder's store, empty when it is asked for the first time."""
    if _now.engine == POSTGRESQL:
        if folder not in _now.databases:
            _now.databases[folder] = partitions, _empty_database(partitions)
        return node().of(_now.databases[folder][1])
    path = folder / "hub.db"
    if not path.exists():
        path.write_bytes(_empty_file(partitions))
    return f"sqlite:///{path}"


def open_store(folder: Path, clock: Clock, partitions: int = 4) -> Store:
    """The store of a folder."""
    store = Store(store_url(folder, partitions), clock, partitions)
    _now.stores.append(store)
    return store


def running() -> str:
    """The engine of the test that runs."""
    return _now.engine


def lasting_engine() -> Engine | None:
    """Connections to a PostgreSQL database with all tables that outlives the test; None while SQLite runs."""
    return Store(node().of(_empty_database(8))).writer if _now.engine == POSTGRESQL else None


@cache
def _empty_file(partitions: int) -> bytes:
    """An empty store, made once a test run: making tables costs more than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/hub.db", partitions=partitions).create()
        store.close()
        return Path(folder, "hub.db").read_bytes()


_FREE: dict[int, list[str]] = {}
"""Databases of tests that are over, by number of partitions: emptied they serve again, since making one takes longer than most tests."""
EMPTY = """
DO $$ DECLARE t text; filled boolean; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'partition') LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', t) INTO filled;
    IF filled THEN EXECUTE format('TRUNCATE %I', t); END IF;
  END LOOP;
  FOR t IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', t);
  END LOOP;
  ALTER TABLE effect DROP CONSTRAINT IF EXISTS planted;
  UPDATE partition SET tries = 0, owner = NULL;
  INSERT INTO codebook (id, revision) VALUES (1, 0);
END $$"""


def _empty_database(partitions: int) -> str:
    free = _FREE.get(partitions)
    if free:
        name = free.pop()
        with psycopg.connect(node().of(name), autocommit=True) as connection:
            connection.execute(EMPTY)
        return name
    name = node().create()
    store = Store(node().of(name), partitions=partitions)
    store.migrate()
    store.close()
    return name
