"""The store: messages kept as they came, one writer for many threads, migrations, the copy before an upgrade."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

import hub.services.inventory.tables
import hub.services.master.tables
import hub.services.order.tables
from canonical_model.problems import Misconfigured, Reject, SystemUnreachable
from connectors.base import Inbound
from hub.signals import probe
from hub.stages.receive import Door, Received, Receiving
from hub.store import messages, migrate
from hub.store.clock import uuid7
from hub.store.database import Store
from hub.store.documents import pack, unpack
from hub.store.lane_tables import document, message, work
from hub.store.records import document_id, key_text, message_of
from hub.store.unit import UnitOfWork
from hub.store.writing import Writer
from tests.hub.lane.world import TestClock, World, count_statements, open_store
from tests.services.stores import running

SERVICES = (hub.services.inventory.tables, hub.services.master.tables, hub.services.order.tables)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path, TestClock())


@pytest.mark.parametrize("size", [0, 1, 1_000_000, 1_000_001, 3_500_000])
def test_bytes_come_back_as_they_were(store: Store, size: int) -> None:
    raw = bytes(n * 7919 % 251 for n in range(min(size, 5000))) * (size // 5000 + 1)
    raw = raw[:size]
    received = Receiving(store).receive(Inbound(raw, "f"), Door("s"))
    with store.read() as connection:
        assert messages.raws(connection, [received.message]) == {received.message: raw}


def test_a_repeat_of_one_act_of_sending_stores_nothing_and_is_accepted(store: Store) -> None:
    accepted: list[int] = []
    for _ in range(3):
        Receiving(store).receive(Inbound(b"x", "f", "id-1", accept=lambda: accepted.append(1)), Door("s"))
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(message)).scalar() == 1
        assert connection.execute(select(func.count()).select_from(work)).scalar() == 1
    assert len(accepted) == 3


def test_one_commit_of_many_senders_knows_repeats_among_them_and_refuses_one_alone(store: Store) -> None:
    """All that wait while a first one is written are one batch: each gets what it would have got alone."""
    receiving, outcomes, refused = Receiving(store), dict[int, Received](), dict[int, str]()
    begun, go = threading.Event(), threading.Event()

    def stop() -> None:
        begun.set()
        go.wait(10)

    probe("receive.before_commit", stop)
    sent = [("first", b"0"), *((f"id-{n % 4}", b"x") for n in range(12)), ("id-0", b"other"), (None, b"x"), (None, b"x")]

    def send(n: int) -> None:
        name, body = sent[n]
        try:
            outcomes[n] = receiving.receive(Inbound(body, f"f{n}", name, {"idempotency-key": "k"} if name else {}), Door("s"))
        except Reject as reject:
            refused[n] = str(reject)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(len(sent))]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
        thread.join(0.02)
    probe("receive.before_commit", None)
    go.set()
    for thread in threads:
        thread.join()
    same = [{outcomes[n] for n in range(1 + first, 13, 4)} for first in range(4)]
    assert [sorted(one.repeat for one in some) for some in same] == [[False, True]] * 4
    assert all(len({one.message for one in some}) == 1 for some in same)
    assert "another body" in refused[13]
    numbers = [one.message for one in (outcomes[0], outcomes[14], outcomes[15], *(next(iter(some)) for some in same))]
    assert len(set(numbers)) == 7
    with store.read() as connection:
        assert set(connection.execute(select(work.c.ref)).scalars()) == set(numbers)
        assert set(connection.execute(select(message.c.seq)).scalars()) == set(numbers)


def test_a_file_name_is_no_delivery_id_so_the_same_file_twice_is_two_messages(store: Store) -> None:
    seqs = [Receiving(store).receive(Inbound(b"x", "stock.csv"), Door("s")).message for _ in range(2)]
    assert len(set(seqs)) == 2


def test_an_idempotency_key_with_another_body_is_refused_at_the_door(store: Store) -> None:
    refused: list[str] = []
    headers = {"idempotency-key": "k"}
    Receiving(store).receive(Inbound(b"x", "f", "k", headers), Door("s"))
    with pytest.raises(Reject, match="another body"):
        Receiving(store).receive(Inbound(b"y", "f", "k", headers, refuse=refused.append), Door("s"))
    assert len(refused) == 1


def test_what_is_too_large_is_refused_and_not_stored(store: Store) -> None:
    with pytest.raises(Reject, match="is the most"):
        Receiving(store).receive(Inbound(b"xx", "f"), Door("s", limit=1))
    with store.read() as connection:
        assert connection.execute(select(message)).first() is None


def test_many_threads_share_commits_and_a_bad_action_is_undone_alone(store: Store) -> None:
    results = list[object]()

    def action(unit: UnitOfWork, batch: Sequence[int]) -> list[int | Exception]:
        if good := [n for n in batch if n != 8]:
            unit.connection.execute(insert(work), [{"partition": 0, "kind": "key", "k": str(n), "at": 1} for n in good])
        if 7 in batch:
            raise ZeroDivisionError
        return [n if n != 8 else ArithmeticError() for n in batch]

    writer = Writer(store, action)

    def act(n: int) -> None:
        try:
            results.append(writer.write(n))
        except ArithmeticError:
            results.append("bad")

    threads = [threading.Thread(target=act, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, results)) == sorted([*(str(n) for n in range(20) if n not in (7, 8)), "bad", "bad"])
    with store.read() as connection:
        kept = set(connection.execute(select(work.c.k)).scalars())
    assert kept == {str(n) for n in range(20) if n not in (7, 8)}


def test_a_batch_whose_commit_may_have_come_through_is_not_written_again(store: Store) -> None:
    """Three senders in one commit whose answer is lost: each is told to come again, and nothing stands there twice."""
    begun, waiting = threading.Event(), threading.Event()
    told = list[str]()

    def action(unit: UnitOfWork, batch: Sequence[int]) -> list[int]:
        begun.set()
        assert waiting.wait(10)
        unit.connection.execute(insert(work), [{"partition": 0, "kind": "key", "k": str(n), "at": 1} for n in batch])
        if 0 not in batch:
            unit.after_commit(lose)
        return list(batch)

    def lose() -> None:
        raise SystemUnreachable("the answer to the commit was lost")

    writer = Writer(store, action)

    def act(n: int) -> None:
        try:
            writer.write(n)
        except SystemUnreachable:
            told.append("again")

    threads = [threading.Thread(target=act, args=(n,)) for n in range(4)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    until(lambda: len(writer._line) == 3)
    waiting.set()
    for thread in threads:
        thread.join(10)
    with store.read() as connection:
        kept = sorted(connection.execute(select(work.c.k)).scalars())
    assert (kept, told) == (["0", "1", "2", "3"], ["again"] * 3)


def test_whoever_writes_for_others_is_not_kept_by_those_who_come_meanwhile(store: Store) -> None:
    batches, second, end = list[list[int]](), threading.Event(), threading.Event()

    def action(unit: UnitOfWork, batch: Sequence[int]) -> list[int]:
        batches.append(list(batch))
        assert second.wait(10) if len(batches) == 1 else end.wait(10)
        return list(batch)

    writer = Writer(store, action)
    first, *others = [threading.Thread(target=writer.write, args=(n,)) for n in range(5)]
    first.start()
    until(lambda: bool(batches))
    for thread in others:
        thread.start()
    until(lambda: len(writer._line) == len(others))
    second.set()
    first.join(10)
    assert not first.is_alive(), "it wrote for those who came later before it went"
    end.set()
    for thread in others:
        thread.join(10)
    assert [sorted(batch) for batch in batches] == [[0], [1, 2, 3, 4]]


def until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.001)


@pytest.mark.embedded
def test_migrations_make_what_the_metadata_says(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/hub.db").open()
    with store.read() as connection:
        assert migrate.differences(connection) == []
        assert migrate.at(connection) == migrate.newest()


@pytest.mark.embedded
def test_a_filled_store_of_an_earlier_step_is_copied_and_upgraded(tmp_path: Path) -> None:
    old = Store(f"sqlite:///{tmp_path}/hub.db")
    with old.writer.begin() as connection:
        migrate.upgrade(connection, "0001")
        connection.execute(insert(work), {"partition": 0, "kind": "key", "k": "kept", "at": 1})
    old.close()
    store = Store(f"sqlite:///{tmp_path}/hub.db").open()
    with store.read() as connection:
        assert connection.execute(select(work.c.k)).scalar() == "kept"
        assert migrate.at(connection) == migrate.newest()
    copy = Store(f"sqlite:///{tmp_path}/hub.before-0001.db")
    with copy.read() as connection:
        assert migrate.at(connection) == ("0001",)
        assert connection.execute(select(work.c.k)).scalar() == "kept"


@pytest.mark.embedded
def test_a_store_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/hub.db").open()
    with store.writer.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    with pytest.raises(Misconfigured, match="newer release"):
        Store(f"sqlite:///{tmp_path}/hub.db").open()


def test_a_store_to_which_a_newer_release_added_is_opened_with_a_warning_and_left_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its step is of this release's generation: so a release may be gone back from."""
    store = Store(f"sqlite:///{tmp_path}/own.db") if running() == "sqlite" else open_store(tmp_path, TestClock(), 8)
    store.migrate()
    with store.writer.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '0999'")
    store.open()
    assert "of a newer release (migration 0999), which only added" in caplog.text
    assert store.migrate() == ("0999",)
    with store.read() as connection:
        assert migrate.at(connection) == ("0999",)


@pytest.mark.embedded
def test_another_number_of_partitions_is_refused(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path}/hub.db", partitions=8).open()
    with pytest.raises(Misconfigured, match="8 partitions"):
        Store(f"sqlite:///{tmp_path}/hub.db", partitions=4).open()


def test_statements_of_a_window_do_not_grow_with_it(tmp_path: Path) -> None:
    counts = []
    for size in (10, 150):
        (tmp_path / str(size)).mkdir()
        world = World(tmp_path / str(size))
        world.send(*[{"k": f"K{n}", "t": str(n), "items": ["?"] if n % 5 == 0 else []} for n in range(size)])
        count = count_statements(world)
        world.lane.run(next(p for p in range(4) if world.lane.run(p)))
        counts.append(count[0])
    assert counts[0] == counts[1] < 60


def test_the_primary_key_is_the_last_guard_against_a_second_admission(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A"})
    world.run()
    with world.store.unit() as unit:
        unit.connection.execute(insert(work), {"partition": 0, "kind": "message", "ref": 1, "at": 1})
    world.run()
    assert world.rows(select(func.count()).select_from(document)) == [(1,)]


def test_ids_and_keys() -> None:
    assert message_of(document_id(7, 3)) == (7, 3)
    assert key_text(("n", "order", "1:2")) == "n:order:1%3A2"
    long = key_text(("n", "两" * 1000))
    assert long is not None
    assert len(long) <= 400
    assert long != key_text(("n", "两" * 1001))
    assert uuid7(1_790_000_000_000_000, bytes(10))[14] == "7"
    assert unpack(pack(b"x" * 5000)) == b"x" * 5000
