"""``hub doctor`` on a real PostgreSQL that is not as it must be: fact, place, fix, and nobody's password."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from canonical_model.problems import Misconfigured
from hub.cli.doctor import database as judged
from hub.cli.doctor.rows import Warned
from hub.store import migrate
from hub.store.address import parsed
from hub.store.clock import SystemClock
from hub.store.database import Store
from hub.store.server import SESSIONS, Room, Setting
from tests.hub.cli.doctoring import examine, failed, of_servers, only_fault, silent
from tests.services.postgres import Node, need_node, private_node
from tests.services.private import Unavailable

ROWS = ["hub.store", "folders", "database", "tables", "durability", "sessions", "clock", "disk", "hub", "mappings", "doors"]
PASSWORD = "right-and-secret"
WRONG = "wrong-but-secret"


def do(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """The run's node, with a user who must give a password (SCRAM) and one who may do nothing."""
    found = need_node()
    with psycopg.connect(found.url, autocommit=True) as connection:
        rules = Path(str(connection.execute("SHOW hba_file").fetchone()[0]))  # type: ignore[index]
        if not rules.is_file():
            pytest.skip("PostgreSQL: its pg_hba.conf is not on this machine")
        before = rules.read_text()
        rules.write_text(f"host all asked 127.0.0.1/32 scram-sha-256\n{before}")
        connection.execute("SET password_encryption = 'scram-sha-256'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE ROLE asked LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("CREATE ROLE nobody LOGIN")
        yield found
        rules.write_text(before)
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("DROP ROLE asked")
        connection.execute("DROP ROLE nobody")


@pytest.fixture
def empty(node: Node) -> Iterator[str]:
    """A database without tables."""
    name = node.create()
    yield node.of(name)
    node.drop(name)


@pytest.fixture
def store(empty: str) -> str:
    """A database with the tables of this release."""
    made = Store(empty)
    made.migrate()
    made.close()
    return empty


def as_user(url: str, user: str) -> str:
    return url.replace("//hub@", f"//{user}@")


def test_a_hub_on_postgresql(tmp_path: Path, store: str) -> None:
    code, rows = of_servers(tmp_path, store)
    assert (code, failed(rows), list(rows)[2:]) == (0, [], ROWS)
    assert rows["database"]["detail"].startswith("PostgreSQL 1")
    assert rows["tables"]["detail"] == f"migration {migrate.newest()[0]}, 8 partitions"


def test_a_wrong_password(tmp_path: Path, store: str) -> None:
    row = only_fault(tmp_path, "database", as_user(store, f"asked:{WRONG}"), unsaid=WRONG)
    assert row["fact"].startswith("the database refuses the log-in: wrong password of user 'asked'")
    assert (row["at"], "ALTER ROLE asked PASSWORD" in row["fix"]) == (as_user(store, "asked"), True)
    row = only_fault(tmp_path, "database", as_user(store, "asked"))
    assert row["fact"] == "the database wants a password of user 'asked', and the address has none"


def test_the_right_password_is_nowhere_either(tmp_path: Path, store: str) -> None:
    only_fault(tmp_path, "tables", as_user(store, f"asked:{PASSWORD}"), unsaid=PASSWORD)
    only_fault(tmp_path, "database", f"{as_user(store, 'asked')}?password={WRONG}", unsaid=WRONG)


def test_what_needs_the_database_is_not_looked_at_without_it(tmp_path: Path, node: Node) -> None:
    _, rows = of_servers(tmp_path, node.of("nowhere"))
    assert {name: row["skipped"] for name, row in rows.items() if row["ok"] is None} == dict.fromkeys(
        ["tables", "durability", "sessions", "clock", "disk", "hub"], "needs database"
    )


def test_a_database_that_is_not_there(tmp_path: Path, node: Node) -> None:
    row = only_fault(tmp_path, "database", node.of("nowhere"))
    assert row["fact"].startswith("there is no database 'nowhere' at 127.0.0.1:")
    assert "createdb --encoding=UTF8" in row["fix"]


def test_no_server_and_one_that_swallows(tmp_path: Path) -> None:
    row = only_fault(tmp_path, "database", "postgresql://hub@127.0.0.1:9/hub")
    assert (row["fact"], "start PostgreSQL" in row["fix"]) == ("nobody listens at 127.0.0.1:9", True)
    row = only_fault(tmp_path, "database", "postgresql://hub@nobody.invalid/hub")
    assert "is not known: nobody.invalid" in row["fact"]
    with silent() as port:
        began = time.monotonic()
        row = only_fault(tmp_path, "database", f"postgresql://hub@127.0.0.1:{port}/hub")
        assert time.monotonic() - began < 20
    assert row["fact"] == f"no answer from 127.0.0.1:{port} within 4 s"
    assert "firewall" in row["fix"]


def test_a_database_that_cannot_keep_every_text(tmp_path: Path, node: Node) -> None:
    do(node.url, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    row = only_fault(tmp_path, "database", node.of("latin"))
    node.drop("latin")
    assert "is in LATIN1" in row["fact"]


def test_tables_that_are_not_there_yet(tmp_path: Path, empty: str) -> None:
    row = only_fault(tmp_path, "tables", empty)
    assert ("no tables of the hub yet" in row["fact"], "hub migrate" in row["fix"]) == (True, True)
    row = only_fault(tmp_path, "tables", as_user(empty, "nobody"))
    assert "the user may not make any" in row["fact"]
    assert "TO nobody" in row["fix"]
    do(empty, "CREATE TABLE photos ()")
    assert "but others: photos" in only_fault(tmp_path, "tables", empty)["fact"]


def test_tables_of_an_older_release(tmp_path: Path, empty: str) -> None:
    older = Store(empty)
    with older.writer.begin() as connection:
        migrate.upgrade(connection, "0005")
    older.close()
    row = only_fault(tmp_path, "tables", empty)
    assert ("earlier release (migration 0005)" in row["fact"], "hub migrate" in row["fix"]) == (True, True)


def test_tables_of_a_newer_release(tmp_path: Path, store: str) -> None:
    do(store, "UPDATE alembic_version SET version_num = '9999'")
    row = only_fault(tmp_path, "tables", store)
    assert ("newer release (migration 9999)" in row["fact"], "start that release" in row["fix"]) == (True, True)


def test_tables_that_are_lost_or_closed(tmp_path: Path, store: str) -> None:
    row = only_fault(tmp_path, "tables", as_user(store, "nobody"))
    assert row["fact"].startswith("the user may not DELETE, INSERT, SELECT, UPDATE in ")
    assert row["fix"] == "as the tables' owner: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO nobody"
    do(store, "DROP TABLE hold")
    assert "tables are missing that this release has made: hold" in only_fault(tmp_path, "tables", store)["fact"]


def test_another_number_of_partitions(tmp_path: Path, empty: str) -> None:
    made = Store(empty, partitions=4)
    made.migrate()
    made.close()
    assert only_fault(tmp_path, "tables", empty)["fact"] == "the store has 4 partitions, and this hub works with 8"


def test_what_a_power_cut_would_take(tmp_path: Path, store: str) -> None:
    name = store.rpartition("/")[2]
    do(store, f"ALTER DATABASE {name} SET synchronous_commit = off")
    code, rows = of_servers(tmp_path, store)
    row = rows["durability"]
    assert (code, "synchronous_commit" in row["warning"], "what was acknowledged may be lost" in row["warning"]) == (0, True, True)
    assert "synchronous_commit (set by database)" in row["at"]
    assert f"ALTER DATABASE {name} RESET synchronous_commit" in row["fix"]


@pytest.mark.parametrize(
    ("seconds", "ok", "said"), [(90, False, "90.0 s ahead of"), (-90, False, "90.0 s behind"), (2, True, "2.0 s ahead")]
)
def test_clocks_apart(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch, seconds: int, ok: bool, said: str) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda self: time.time_ns() // 1000 + seconds * 1_000_000)
    code, rows = of_servers(tmp_path, store)
    fact = rows["clock"]["warning" if ok else "fact"]
    assert (code, rows["clock"]["ok"], said in fact) == (1 - ok, ok, True)
    assert "from 5 s on it decides wrongly: work that lies for 5 s counts as left behind" in fact
    assert "set-ntp" in rows["clock"]["fix"]


def test_a_disk_that_is_nearly_full(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "LEAST_FREE", 10**18)
    row = only_fault(tmp_path, "disk", store)
    assert ("MB are free where the database lies" in row["fact"], "make room" in row["fix"]) == (True, True)
    assert Path(row["at"]).is_dir()


def test_who_may_not_know_where_it_lies_is_told_so(tmp_path: Path, store: str) -> None:
    do(store, "GRANT ALL ON ALL TABLES IN SCHEMA public TO nobody")
    assert "cannot be asked from here" in of_servers(tmp_path, as_user(store, "nobody"))[1]["disk"]["detail"]


def test_too_few_sessions(tmp_path: Path, store: str) -> None:
    name = store.rpartition("/")[2]
    do(store, "GRANT ALL ON ALL TABLES IN SCHEMA public TO nobody", f"ALTER DATABASE {name} CONNECTION LIMIT 40")
    row = only_fault(tmp_path, "sessions", as_user(store, "nobody"))
    assert row["fact"].startswith(f"too few sessions for a door and a worker: 40 sessions by the limit of database {name}, and a process")
    assert f"ALTER DATABASE {name} CONNECTION LIMIT" in row["fix"]


def test_a_small_server_with_everything_on(tmp_path: Path) -> None:
    need_node()
    try:
        with private_node("max_connections=30", fsync=True) as small:
            url = small.of(small.create())
            made = Store(url)
            made.migrate()
            made.close()
            row = only_fault(tmp_path, "sessions", url)
            _, rows = of_servers(tmp_path, url)
    except Unavailable as reason:
        pytest.skip(f"PostgreSQL: {reason}")
    assert ("27 sessions by max_connections" in row["fact"], "max_connections in postgresql.conf" in row["fix"]) == (True, True)
    assert rows["durability"]["detail"] == "fsync on, full_page_writes on, synchronous_commit on"


def test_addresses_that_are_named_and_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_STORE", raising=False)
    code, rows = examine(tmp_path, 'hub: {store: "env:HUB_STORE", channels: "file:gone"}\n')
    assert (code, failed(rows)) == (1, ["hub.store", "hub.channels"])
    assert rows["hub.store"]["fact"] == "the environment variable HUB_STORE is not set"
    assert rows["hub.store"]["at"] == "hub.store: env:HUB_STORE"
    assert rows["hub.store"]["fix"] == "export HUB_STORE=postgresql://USER:PASSWORD@HOST/DATABASE"
    assert rows["hub.channels"]["at"] == "hub.channels: file:gone"
    assert {rows[name]["skipped"] for name in ("database", "tables", "broker", "queues", "hub")} == {
        "needs hub.store", "needs hub.channels", "needs hub.store and hub.channels",
    }  # fmt: skip
    (tmp_path / "gone").write_text("\n")
    assert examine(tmp_path, 'hub: {channels: "file:gone"}\n')[1]["hub.channels"]["fact"] == "nothing stands there"


def test_an_address_that_cannot_be_read_is_not_repeated(tmp_path: Path) -> None:
    row = only_fault(tmp_path, "database", f"postgresql//asked:{WRONG}@127.0.0.1/hub", unsaid=WRONG)
    assert (row["fact"], "%40" in row["fix"]) == ("the store's address cannot be read", True)


def test_the_page_names_every_row_and_the_sessions_of_a_process() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/doctor.md").read_text("utf-8")
    named = {name.strip() for line in page.splitlines() if line.startswith("| ") for name in line.split("|")[1].split(",")}
    assert {*ROWS, "hub.channels", "broker", "queues", "packages", "configuration", "in ...", "out ..."} <= named
    assert f"A process takes up to {SESSIONS}" in page


def test_a_password_with_an_at_is_not_taken_for_a_machine() -> None:
    with pytest.raises(Misconfigured, match="cannot be read") as refused:
        parsed("postgresql://hub:p@ss/w@db:5432/hub")
    assert "ss/w" not in str(refused.value)


class Said:
    """A server that says what a test wants."""

    url = parsed("postgresql://hub@db/hub")

    def __init__(self, room: Room) -> None:
        self.room = lambda: room

    def ask(self, query: str) -> list[tuple[str, str]]:
        return [("hub", "orders")]


def test_more_processes_than_there_is_room_for() -> None:
    with pytest.raises(
        Warned, match="5 processes of the hub run, and there is room for 2: 97 sessions by max_connections, 20 used by others"
    ):
        judged.sessions(Said(Room(97, "max_connections", 20, 5)))  # type: ignore[arg-type]
    assert judged.sessions(Said(Room(97, "max_connections", 20, 2))).startswith("room for 2 processes")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "fix"),
    [
        ("user", "ALTER ROLE hub RESET fsync"),
        ("database user", "ALTER ROLE hub IN DATABASE orders RESET fsync"),
        ("command line", "start the server without fsync=off"),
        ("configuration file", "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()"),
    ],
)
def test_a_setting_is_undone_where_it_was_made(source: str, fix: str) -> None:
    server = Said(Room(97, "max_connections", 0, 0))
    assert judged._turned_on(server, "fsync", Setting("off", source)) == fix  # type: ignore[arg-type]
