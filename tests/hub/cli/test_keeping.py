"""Copies of an embedded store, and what a hub does whose store was put back: with ``hub restored`` and, to see why, without."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from hub.store.database import Store, StoreFault
from hub.store.invariants import broken
from hub.store.running import only_runner
from tests.docs.bench import HUB, Bench
from tests.docs.errors import ORDER

OUT = "    out: [{on: order_response, name: answer, mapping: agents/kd/answer, connector: file_drop, out: out}]\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, HUB + OUT)
    (tmp_path / "out").mkdir()
    made.type("hub codes import codes.csv")
    return made


def order(bench: Bench, number: str) -> None:
    bench.orders(f"in/{number}.csv", ORDER.replace("PO-7", number))
    bench.take()


def answers(bench: Bench) -> dict[str, str]:
    """File written -> the order that it answers."""
    texts = {path.name: path.read_bytes().decode("gbk") for path in (bench.folder / "out").glob("[!.]*") if path.is_file()}
    return {name: next(number for number in ("O1", "O2", "O3") if number in text) for name, text in texts.items()}


def put_back(bench: Bench, copy: str) -> None:
    for ending in ("", "-wal", "-shm"):
        (bench.folder / f"hub.db{ending}").unlink(missing_ok=True)
    shutil.copy(bench.folder / copy, bench.folder / "hub.db")


def test_a_copy_is_one_file_of_one_state_for_its_owner_alone(bench: Bench) -> None:
    order(bench, "O1")
    assert bench.type("hub backup one.db").startswith("wrote one.db, ")
    assert "a file of this name is there already" in bench.type("hub backup one.db")
    assert stat.S_IMODE((bench.folder / "one.db").stat().st_mode) == 0o600
    assert sorted(path.name for path in bench.folder.glob("one.db*")) == ["one.db"]
    order(bench, "O2")
    put_back(bench, "one.db")
    assert "applied       1" in bench.type("hub summary")


def test_a_copy_is_made_while_the_store_is_written_to(tmp_path: Path) -> None:
    """Each transaction writes two rows: a copy that has one of them is no state that ever was."""
    store, stop = Store(f"sqlite:///{tmp_path}/hub.db").open(), threading.Event()
    insert = "insert into feed (at, kind, ref, state, system) values (1, 'x', 1, 'x', 'x')"

    def write() -> None:
        while not stop.is_set():
            with store.unit() as unit:
                unit.connection.exec_driver_sql(insert)
                unit.connection.exec_driver_sql(insert)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(5):
            store.copy(tmp_path / f"{n}.db")
    finally:
        stop.set()
        writer.join()
        store.close()
    counts = []
    for n in range(5):
        with closing(sqlite3.connect(tmp_path / f"{n}.db")) as copy:
            counts.append(copy.execute("select count(*) from feed").fetchone()[0])
    assert [count % 2 for count in counts] == [0] * 5
    assert counts[0] < counts[4]


def test_a_copy_that_cannot_be_made_leaves_nothing(bench: Bench) -> None:
    assert "the folder is not there" in bench.type("hub backup no/such/place/one.db")
    bench.write("hub.yaml", HUB.replace("hub.db", "other.db").encode())
    assert "there is no store to copy yet" in bench.type("hub backup one.db")
    bench.write("other.db", b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(StoreFault, match="the copy could not be made"):
        Store(f"sqlite:///{bench.folder}/other.db").copy(bench.folder / "one.db")
    assert not list(bench.folder.glob("one.db*"))


def test_a_database_server_is_copied_by_its_own_means(bench: Bench) -> None:
    bench.write("hub.yaml", HUB.replace("sqlite:///hub.db", "postgresql://hub@127.0.0.1:1/hub").encode())
    said = bench.type("hub backup one.db")
    assert "pg_basebackup" in said
    assert "exit code 3" in said


def test_without_hub_restored_a_number_comes_again_with_other_content(bench: Bench) -> None:
    """Why the command is there: the receiver has number 1 for O1, and is sent number 1 for O2."""
    bench.type("hub backup before.db")
    order(bench, "O1")
    [name] = answers(bench)
    put_back(bench, "before.db")
    order(bench, "O2")
    assert answers(bench) == {name: "O1"}
    assert "was written before with other bytes" in bench.type("hub holds")


def test_after_hub_restored_everything_is_answered_under_numbers_of_its_own(bench: Bench) -> None:
    order(bench, "O1")
    bench.type("hub backup before.db")
    order(bench, "O2")
    put_back(bench, "before.db")
    said = bench.type("hub restored --why 'a test'")
    assert said.splitlines()[0] == "every number moved on by 1000000, 0 deliveries in doubt"
    assert "O1.csv" in said
    assert "O2.csv" not in said
    order(bench, "O3")
    order(bench, "O2")
    assert sorted(answers(bench).values()) == ["O1", "O2", "O2", "O3"]
    assert bench.type("hub holds") == "nothing is held\n"
    store = Store(f"sqlite:///{bench.folder}/hub.db").open()
    with store.read() as connection:
        assert broken(connection) == {}
    store.close()


def test_what_was_before_the_point_is_a_duplicate_and_gets_the_first_ones_answer(bench: Bench) -> None:
    order(bench, "O1")
    bench.type("hub backup before.db")
    put_back(bench, "before.db")
    bench.type("hub restored --why 'a test'")
    order(bench, "O1")
    assert "duplicates    1" in bench.type("hub summary")
    assert list(answers(bench).values()) == ["O1"]


def test_it_is_refused_while_the_hub_runs(bench: Bench) -> None:
    with only_runner(bench.folder / "hub.db"):
        said = bench.type("hub restored --why 'a test'")
    assert f"the hub runs on this store: process {os.getpid()}\n  at: sqlite:///<folder>/hub.db" in said
    assert "stop every process of the hub first" in said


def test_a_message_that_is_not_there_has_an_exit_code_of_its_own(bench: Bench) -> None:
    order(bench, "O1")
    for command in ("replay 9999", "explain 9999 /x", "message 9999", "explain 1 /lines --document 7"):
        assert bench.type(f"hub {command}").endswith("(exit code 4)\n")


def test_an_instant_is_typed_with_its_zone(bench: Bench) -> None:
    order(bench, "O1")
    for wrong in ("yesterday", "2026-11-25T08:00:00"):
        for command in ("republish --since", "translate hub.yaml --system agent-js --received"):
            said = bench.type(f"hub {command} {wrong}")
            assert "is not an instant with its zone" in said
            assert said.endswith("(exit code 2)\n")


def test_where_there_is_no_broker_nothing_is_published_once_more(bench: Bench) -> None:
    said = bench.type("hub republish --since 2026-01-01T08:00:00+08:00 --why 'a test'")
    assert "the database carries the channels: there is no broker" in said
    assert said.endswith("(exit code 3)\n")


def test_migrate_makes_an_embedded_store_where_there_is_no_folder_yet(bench: Bench) -> None:
    bench.write("hub.yaml", HUB.replace("hub.db", "var/new/hub.db").encode())
    assert bench.type("hub migrate").startswith("the store is at migration 0007; it was empty")
    assert bench.type("hub summary").startswith("received      0")
    bench.write("hub.yaml", HUB.replace("hub.db", "codes.csv").encode())
    assert "the store's file is no SQLite database: another program wrote it" in bench.type("hub migrate")
