"""The database moves, its password changes, its disk is full, its server starts anew: under processes that run."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.house import House, until
from tests.operations.page import Terminal, blocks, typed
from tests.operations.proxy import Proxy
from tests.operations.server import Server
from tests.services.private import Unavailable

PAGE = "operate.md"


def begin(house: House) -> None:
    house.prepare()
    house.start("worker")
    house.start("api")
    house.ready()
    house.begin_day()
    house.orders(3)
    house.quiet()


def check(house: House) -> None:
    """Everything that was promised is there once, and every answer came once."""
    house.quiet()
    assert house.applied() == {act.number: 1 for act in house.partners.sent}
    assert house.broken() == {}
    assert set(house.partners.answered().values()) == {1}


def test_a_fail_over_to_a_synchronous_standby_loses_nothing_and_starts_nothing_anew(tmp_path: Path, server: Server) -> None:
    server.make("password_encryption = scram-sha-256")
    server.allow("host hub app 127.0.0.1/32 scram-sha-256")
    server.ask("create role app login password 'the-old-one'")
    server.ask("alter database hub owner to app")
    standby = server.standby()
    settings = next(block.text for block in blocks(PAGE, "The database fails over") if block.language == "ini")
    with Proxy(server.port) as address, House(tmp_path, f"postgresql://app:the-old-one@127.0.0.1:{address.port}/hub") as house:
        begin(house)
        server.configure(settings)
        assert until(lambda: server.ask("select count(*) from pg_stat_replication where sync_state = 'sync'") == 1)
        sending = threading.Thread(target=house.orders, args=(60,))
        sending.start()
        assert until(lambda: len(house.partners.sent) > 20)
        server.stop()
        address.cut()
        terminal = Terminal(tmp_path, {"/var/lib/postgresql/15/main": str(standby.main)}, {"postgres": standby.environment})
        for block in typed(PAGE, "The database fails over"):
            terminal.type(block)
        address.target = standby.port
        sending.join()
        check(house)
        assert all(process.poll() is None for process in house.processes.values())
        change_password(house, standby)
    standby.stop()


def change_password(house: House, server: Server) -> None:
    """One process after the other takes it up, in traffic."""
    sending = threading.Thread(target=house.orders, args=(30,))
    sending.start()
    places = {"role hub ": "role app ", "/etc/hub/secrets/store": str(house.folder / "store")}
    places |= {"postgresql://hub:the-new-one@db1/hub": house.store.replace("the-old-one", "the-new-one")}
    terminal = Terminal(house.folder, places, {"postgres": server.environment})
    for block in typed(PAGE, "Change a password"):
        terminal.type(block)
    house.store = (house.folder / "store").read_text()
    assert "the-new-one" in house.store
    for name in ("worker", "api"):
        assert house.stop(name) == 0
        house.start(name)
    sending.join()
    check(house)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 200 MB."""
    folder = Path(tempfile.mkdtemp(prefix="hub-small-"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", folder], capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("no file system may be mounted here: a full disk cannot be made")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


@pytest.fixture
def small_server(small_disk: Path) -> Iterator[Server]:
    """A server that has no more room than that."""
    try:
        server = Server(small_disk)
    except Unavailable as reason:
        pytest.skip(f"PostgreSQL: {reason}")
    yield server
    server.stop()


def test_a_full_disk_refuses_what_comes_and_loses_nothing_that_was_promised(tmp_path: Path, small_server: Server) -> None:
    server, ballast = small_server, small_server.folder / "ballast"
    server.make("")
    with House(tmp_path, server.url) as house:
        begin(house)
        with ballast.open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))
                file.flush()
        assert until(lambda: not house.partners.order()), "a full disk took an order"
        status = house.get("/health/live")[0]
        promised = len(house.partners.sent)
        for _ in range(6):
            house.partners.order()
        ballast.unlink()
        server.start()
        house.orders(6)
        if "stops: the store failed (53100)" in house.log("worker"):
            assert house.processes.pop("worker").wait(60) == 1
            house.start("worker")
        check(house)
        assert (status, len(house.partners.sent) >= promised + 6) == (200, True)
