"""What only PostgreSQL does: errors by SQLSTATE, old schemas refused, sessions that are cut, presence, how tables are kept."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import make_url, text

from canonical_model.problems import HubError, Misconfigured, Retry
from hub.codebook import Codebook, CodeLine, set_codes
from hub.store import migrate, session_locks
from hub.store.database import Refused, Store, StoreFault
from hub.store.engines.postgresql import PostgresDatabase
from hub.store.invariants import broken
from hub.store.locks import attempt
from hub.store.session_locks import SETTINGS as LOCKING
from tests.hub.lane.world import TestClock, World, open_store
from tests.services.postgres import node

pytestmark = pytest.mark.production
DAY = date(2026, 11, 25)


@pytest.fixture
def bare() -> Iterator[str]:
    """The address of a database without tables."""
    name = node().create()
    yield node().of(name)
    node().drop(name)


@pytest.mark.parametrize(
    ("error", "next"),
    [
        *((error, Retry) for error in (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)),
        *((error, Retry) for error in (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.TooManyConnections)),
        *((error, Retry) for error in (errors.IdleInTransactionSessionTimeout, errors.ConnectionFailure)),
        *((error, Retry) for error in (errors.QueryCanceled, errors.ReadOnlySqlTransaction)),
        *((error, Retry) for error in (psycopg.OperationalError, psycopg.InterfaceError)),
        *((error, Refused) for error in (errors.UniqueViolation, errors.CheckViolation, errors.NumericValueOutOfRange)),
        *((error, Refused) for error in (errors.ProgramLimitExceeded, psycopg.DataError, OverflowError)),
        *(
            (error, StoreFault)
            for error in (errors.DiskFull, errors.UndefinedTable, errors.InsufficientPrivilege, psycopg.ProgrammingError)
        ),
        (ValueError, type(None)),
    ],
)
def test_an_error_is_sorted_by_its_state(error: type[Exception], next: type[HubError]) -> None:
    database = PostgresDatabase(make_url("postgresql://nobody@127.0.0.1:1/none"))
    assert isinstance(database.sorted(error("said")), next)


@pytest.mark.parametrize("encoding", ["LATIN1", "EUC_CN", "SQL_ASCII"])
def test_a_database_in_another_encoding_is_refused_before_anything_is_written(encoding: str) -> None:
    name = f"other_{encoding.lower()}"
    with psycopg.connect(node().url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    store = Store(node().of(name))
    for step in (store.migrate, store.open):
        with pytest.raises(Misconfigured, match=f"the database is in {encoding}"):
            step()
    store.close()
    node().drop(name)


def test_a_server_that_becomes_read_only_is_waited_for(bare: str) -> None:
    """As a primary that was demoted: its sessions go on and refuse to write. New ones are asked for, which go to the new one."""
    store = Store(bare)
    store.migrate()
    store.open()
    with store.unit() as unit:
        unit.connection.execute(text("SET SESSION default_transaction_read_only = on"))
    for _ in range(2):
        try:
            with store.unit() as unit:
                unit.connection.execute(text("UPDATE codebook SET revision = 5"))
            break
        except Retry:
            continue
    else:
        raise AssertionError("the session that can only read came back")
    store.close()


def test_a_store_without_tables_or_of_an_earlier_release_is_refused_and_names_the_command(bare: str) -> None:
    store = Store(bare)
    with pytest.raises(Misconfigured, match="no tables") as refused:
        store.open()
    assert "hub migrate" in refused.value.fix
    for step in ("0001", "0004", "0006"):
        with store.writer.begin() as connection:
            migrate.upgrade(connection, step)
        with pytest.raises(Misconfigured, match=f"earlier release.*{step}"):
            store.open()
    assert store.migrate() == ("0006",)
    assert store.migrate() == migrate.newest()
    with store.open().read() as connection:
        assert migrate.differences(connection) == []
    with pytest.raises(Misconfigured, match="8 partitions"):
        Store(bare, partitions=4).open()
    with store.unit() as unit:
        unit.connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(Misconfigured, match="newer release"):
        store.open()
    store.close()


def test_nothing_compressed_is_compressed_again_and_queues_are_cleaned_early(tmp_path: Path) -> None:
    store = open_store(tmp_path, TestClock())
    with store.read() as connection:

        def ask(query: str) -> set[Any]:
            return set(connection.execute(text(query)).scalars())

        kept = ask("select attrelid::regclass || '.' || attname from pg_attribute where attstorage = 'e' and attnum > 0")
        assert {"message.raw", "document.body", "published.body", "delivery.body"} <= kept
        cleaned = ask("select relname from pg_class where 'autovacuum_vacuum_scale_factor=0.01' = any(reloptions)")
        assert cleaned == {"work", "outbox", "hold", "business_key"}
        assert ask("select cache_size from pg_sequences where schemaname = 'public'") == {1}
        assert ask("show idle_in_transaction_session_timeout") == {"5min"}
    with store.unit() as unit:
        said = [
            unit.connection.execute(text(f"show {name}")).scalar() for name in ("transaction_isolation", "application_name", "lock_timeout")
        ]
        assert said == ["read committed", "hub", "0"]
        assert unit.connection.execute(text("show idle_in_transaction_session_timeout")).scalar() == "10s"


def test_a_look_sees_one_state_and_may_not_write(tmp_path: Path) -> None:
    store = open_store(tmp_path, TestClock())
    with store.read() as connection:
        before = connection.execute(text("select count(*) from feed")).scalar()
        with store.unit() as unit:
            unit.connection.execute(text("insert into feed (at, kind, ref, state, system) values (1, 'x', 1, 'x', 'x')"))
        assert connection.execute(text("select count(*) from feed")).scalar() == before
    with pytest.raises(HubError, match="read-only transaction"), store.read() as connection:
        connection.execute(text("delete from feed"))


def cut(store: Store) -> None:
    """The server ends every session of the store."""
    with psycopg.connect(store.url.render_as_string(hide_password=False), autocommit=True) as connection:
        others = "where datname = current_database() and pid <> pg_backend_pid()"
        connection.execute(f"select pg_terminate_backend(pid) from pg_stat_activity {others}")


def test_sessions_cut_inside_a_window_are_a_retry_and_the_next_window_does_the_work(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send(*[{"k": f"K{n}", "items": ["?"] if n == 3 else []} for n in range(20)])
    real = world.service.decide
    left = [1]

    def decide(document: Any, state: Any) -> Any:
        if left.pop() if left else 0:
            cut(world.store)
        return real(document, state)

    world.service.decide = decide  # type: ignore[method-assign]
    with pytest.raises(Retry):
        world.run()
    assert world.states() == []
    world.run()
    assert world.states().count("applied") == 19
    assert set.union(*world.causes().values()) == {"missing_code"}
    with world.store.read() as connection:
        assert broken(connection) == {}


def test_locks_die_with_their_session(tmp_path: Path) -> None:
    one, other = open_store(tmp_path, TestClock()), open_store(tmp_path, TestClock())
    one.locks.attend("worker 1")
    assert not other.locks.absent("worker 1")
    assert other.locks.absent("worker 2")
    with attempt(one.locks, "relay") as mine, attempt(other.locks, "relay") as his, attempt(one.locks, "relay") as again:
        assert (mine, his, again) == (True, False, False)
    with attempt(other.locks, "relay") as his:
        assert his
    one.close()
    assert until(lambda: other.locks.absent("worker 1"))


def test_a_session_of_locks_that_was_cut_is_made_anew(tmp_path: Path) -> None:
    one, other = open_store(tmp_path, TestClock()), open_store(tmp_path, TestClock())
    one.locks.attend("worker 1")
    cut(one)
    with pytest.raises(Retry):
        one.locks.take("relay")
    assert one.locks.take("relay")
    assert not other.locks.absent("worker 1")


def test_a_process_that_stands_still_loses_its_locks_and_one_that_lives_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOCKING, "idle_session_timeout", "1s")
    monkeypatch.setattr(session_locks, "BEAT", 0.2)
    lives, other = open_store(tmp_path, TestClock()), open_store(tmp_path, TestClock())
    assert lives.locks.take("housekeeping")
    monkeypatch.setattr(session_locks, "BEAT", 60.0)
    stands = open_store(tmp_path, TestClock())
    stands.locks.attend("worker 1")
    assert stands.locks.take("relay")
    assert not other.locks.take("relay")
    assert until(lambda: other.locks.take("relay"))
    assert other.locks.absent("worker 1")
    assert not other.locks.take("housekeeping")
    with pytest.raises(Retry):
        stands.locks.take("deliver")
    assert not stands.locks.take("relay")


def until(true: Any) -> bool:
    """Wait for something that happens at once."""
    for _ in range(100):
        if true():
            return True
        time.sleep(0.05)
    return False


def test_an_owner_whose_session_was_lost_is_there_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks through its session while it sends; without this, others would take what it sends for left by the dead."""
    monkeypatch.setattr(session_locks, "BEAT", 0.2)
    one, other = open_store(tmp_path, TestClock()), open_store(tmp_path, TestClock())
    one.locks.attend("worker 1")
    cut(one)
    assert until(lambda: not other.locks.absent("worker 1"))


def test_who_else_uses_the_store_is_told(bare: str) -> None:
    store, asking = Store(bare), Store(bare)
    assert asking.others() == []
    store.migrate()
    [said, *_] = asking.others()
    assert re.fullmatch(r"hub from 127\.0\.0\.1 since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", said)
    store.close()
    assert until(lambda: asking.others() == [])
    with pytest.raises(Retry):
        Store("postgresql://nobody@127.0.0.1:1/none").others()


def test_what_two_send_at_once_under_one_delivery_id_is_stored_once(tmp_path: Path) -> None:
    world, accepted = World(tmp_path), list[int]()

    def send() -> None:
        accepted.append(World(tmp_path).send({"k": "A"}, delivery_id="1").message)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accepted) == 6
    assert len(set(accepted)) == 1
    world.run()
    assert world.states() == ["applied"]


def test_slow_code_changes_in_traffic_change_no_replay_as_then(tmp_path: Path) -> None:
    """Revisions become visible in their order, so what a revision says never changes afterwards."""
    store, seen, stop = open_store(tmp_path, TestClock()), list[tuple[int, str]](), threading.Event()

    def change(writer: int) -> None:
        for n in range(10):
            with store.unit() as unit:
                set_codes(unit, [CodeLine("item", "north", "X", f"C-{writer}-{n}")], actor="test")
                time.sleep(0.02 if writer == 0 else 0)

    def look() -> None:
        codebook = Codebook()
        while not stop.is_set():
            with store.read() as connection:
                view = codebook.view(connection)
            hit = view.for_code_set("north").resolve("item", "X", on=DAY)
            seen.append((view.revision, str(getattr(hit, "canonical", ""))))

    writers = [threading.Thread(target=change, args=(n,)) for n in range(3)]
    reader = threading.Thread(target=look)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    with store.read() as connection:
        then = {revision: Codebook().view(connection, revision) for revision, _ in set(seen)}
    assert len(then) > 5
    for revision, said in set(seen):
        hit = then[revision].for_code_set("north").resolve("item", "X", on=DAY)
        assert str(getattr(hit, "canonical", "")) == said
