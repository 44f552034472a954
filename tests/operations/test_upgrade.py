"""Releases beside each other: which may, what one says that may not, and what ``hub migrate`` does under processes that run."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from canonical_model.problems import Misconfigured
from hub.store import migrate
from hub.store.database import Store
from tests.operations.house import House, until
from tests.operations.page import Terminal, typed
from tests.operations.release import ADDS, RENAMES, Newer, begun, ended, this_release
from tests.services.postgres import need_node

pytestmark = pytest.mark.production
MISCONFIGURED = 3
[NEWEST] = migrate.newest()
TAKES_AWAY = re.compile(r"op\.(?:drop_\w+|alter_column|rename_table)\(")


@pytest.fixture
def bare() -> Iterator[str]:
    """The address of an empty database."""
    node = need_node()
    name = node.create()
    yield node.of(name)
    node.drop(name)


@pytest.fixture
def house(tmp_path: Path, bare: str) -> Iterator[House]:
    with House(tmp_path, bare) as made:
        yield made


def begin(house: House) -> None:
    house.prepare()
    house.start("worker")
    house.start("api")
    house.ready()
    house.begin_day()
    house.orders(6)
    house.quiet()


def test_a_release_takes_over_one_by_one_while_it_adds_to_the_tables_and_may_be_gone_back_from(house: House) -> None:
    begin(house)
    newer = Newer(house.folder, "0900", ADDS)
    [roll] = typed("upgrade.md", "Roll it out")
    said: list[str] = []
    migrating = threading.Thread(target=lambda: said.append(Terminal(house.folder, {}, {"": newer.as_hub()}).type(roll)))
    migrating.start()
    while migrating.is_alive():
        house.orders(1)
    assert said == [f"the store is at migration 0900; it was at {NEWEST}\n0 findings, 0 errors\n"]
    house.start("newer", "worker", release=newer.command)
    house.orders(6)
    assert house.stop("worker") == 0
    house.orders(6)
    house.quiet()
    house.start("worker")
    assert until(lambda: "of a newer release (migration 0900), which only added to this one's" in house.log("worker"))
    assert house.stop("newer") == 0
    house.orders(6)
    house.quiet()
    assert house.get("/health/ready")[0] == 200
    assert house.applied() == {act.number: 1 for act in house.partners.sent}
    assert house.broken() == {}
    assert set(house.partners.answered().values()) == {1}


def test_a_step_that_takes_something_away_is_refused_while_processes_run(house: House) -> None:
    running, newer = Store(house.store), Newer(house.folder, "1001", RENAMES)
    running.migrate()
    code, said = ended(newer.command("migrate"), house.folder)
    assert code == MISCONFIGURED, said
    assert "migration 1001 changes tables under the processes that run" in said
    assert "fix: stop every process of the hub, then: hub migrate" in said
    assert re.search(r"at: hub.* from 127\.0\.0\.1 since", said)
    running.close()
    assert until(lambda: running.others() == [], 5)
    assert ended(newer.command("migrate"), house.folder) == (0, f"the store is at migration 1001; it was at {NEWEST}\n")
    with pytest.raises(Misconfigured, match=r"the store was written by a newer release \(migration 1001\)") as refused:
        Store(house.store).open()
    assert refused.value.fix == "start that release, or go back to the copy made before its upgrade"


def test_hub_migrate_run_several_times_at_once_makes_the_tables_once(house: House) -> None:
    logs = [house.folder / f"{n}.log" for n in range(3)]
    started = [begun(this_release("migrate"), house.folder, log) for log in logs]
    assert [one.wait(60) for one in started] == [0] * 3, [log.read_text() for log in logs]
    made, already = f"the store is at migration {NEWEST}; it was empty\n", f"the store is of this release already (migration {NEWEST})\n"
    assert sorted(log.read_text() for log in logs) == [made, already, already]


def test_a_migration_that_is_killed_leaves_the_tables_as_they_were(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Store(house.store)) as store:
        store.migrate()
    newer = Newer(house.folder, "0900", f"{ADDS}; op.execute('select pg_sleep(60)')")
    migrating = begun(newer.command("migrate"), house.folder, house.folder / "migrate.log")
    sleeping = "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and datname = current_database()"
    assert until(lambda: bool(house.look(lambda connection: connection.exec_driver_sql(sleeping).scalar_one())))
    migrating.kill()
    migrating.wait()
    asked = "select count(*) from information_schema.columns where table_name = 'document' and column_name = 'remark'"
    assert house.look(lambda connection: (migrate.at(connection), connection.exec_driver_sql(asked).scalar_one())) == ((NEWEST,), 0)
    with psycopg.connect(house.store, autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(60)'")
    monkeypatch.setattr(migrate, "HERE", Newer(house.folder / "again", "0900", ADDS).steps)
    with closing(Store(house.store)) as store:
        assert store.migrate() == (NEWEST,)
    assert house.look(migrate.at) == ("0900",)


def test_a_database_of_an_earlier_release_is_refused_by_name(house: House) -> None:
    store = Store(house.store)
    with store.writer.begin() as connection:
        migrate.upgrade(connection, "0006")
    store.close()
    code, said = ended(this_release("worker"), house.folder)
    assert code == MISCONFIGURED, said
    assert "its tables are of an earlier release (migration 0006)" in said
    assert "fix: hub migrate" in said


def test_a_process_that_waits_for_the_database_may_be_stopped(house: House) -> None:
    (house.folder / "store").write_text("postgresql://hub@127.0.0.1:1/hub")
    house.start("worker")
    assert until(lambda: "cannot start yet" in house.log("worker"))
    assert house.stop("worker") == 0


def test_a_step_that_takes_something_away_begins_a_generation() -> None:
    names = sorted(path.stem for path in (migrate.HERE / "versions").glob("r*.py"))
    for before, name in pairwise(names):
        text = (migrate.HERE / "versions" / f"{name}.py").read_text("utf-8")
        assert not TAKES_AWAY.search(text) or name[1] != before[1], name
