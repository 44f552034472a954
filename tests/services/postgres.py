"""PostgreSQL for tests: ``HUB_TEST_PG_URL`` if set, else a private node on a free loopback port, else installed, else skipped.

One node a test run, one database a store. Ordinary tests run it without fsync; the fault harness asks for it with.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.services.private import Unavailable, free_port, install, run

URL = "HUB_TEST_PG_URL"
USER = "postgres"
PACKAGE = "postgresql"
QUIET = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
SETTINGS = ("max_connections=200", "shared_buffers=128MB", "deadlock_timeout=200ms", "max_wal_size=2GB")


@dataclass
class Node:
    """A running PostgreSQL in which databases may be made. ``url`` names its maintenance database."""

    url: str
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def of(self, name: str) -> str:
        """The address of one of its databases."""
        head, mark, words = self.url.partition("?")
        return f"{head.rpartition('/')[0]}/{name}{mark}{words}"

    def create(self, template: str | None = None) -> str:
        """A new database, empty or a copy of ``template``; gives its name."""
        name = f"hub_test_{os.getpid()}_{next(self._numbers)}"
        source = sql.SQL("") if template is None else sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._do(sql.SQL("CREATE DATABASE {}{}").format(sql.Identifier(name), source))
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is in it."""
        self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _do(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@cache
def node() -> Node:
    """The node of this test run, ended with it. Raises Unavailable with the reason."""
    named = os.environ.get(URL)
    if named:
        return Node(named.replace("postgresql+psycopg:", "postgresql:"))
    started = private_node()
    found = started.__enter__()
    atexit.register(started.__exit__, None, None, None)
    return found


@contextmanager
def private_node(*settings: str, fsync: bool = False) -> Iterator[Node]:
    """A node of its own in a temporary folder; with ``fsync`` as the fault harness and figures need it. ``settings``: NAME=VALUE."""
    programs, port = binaries(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="hub-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        _make(programs, folder)
        start(programs, folder, port, *settings, fsync=fsync)
        yield Node(f"postgresql://hub@127.0.0.1:{port}/postgres")
    finally:
        with suppress(Unavailable):
            run([str(programs / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "stop"], USER)
        shutil.rmtree(folder, ignore_errors=True)


def _make(programs: Path, folder: Path) -> None:
    words = ["-A", "trust", "-U", "hub", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    run([str(programs / "initdb"), "-D", str(folder / "data"), *words], USER)


def start(programs: Path, folder: Path, port: int, *more: str, fsync: bool) -> None:
    """Start what is in a folder; returns once it answers."""
    settings = (f"unix_socket_directories={folder}", "listen_addresses=127.0.0.1", *SETTINGS, *(() if fsync else QUIET), *more)
    words = " ".join([f"-p {port}", *(f"-c {line}" for line in settings)])
    run([str(programs / "pg_ctl"), "-D", str(folder / "data"), "-l", str(folder / "log"), "-w", "-o", words, "start"], USER)


def binaries() -> Path:
    """The folder of the newest PostgreSQL's programs, installed where that may be done. Raises Unavailable."""
    found = _installed()
    if found is None:
        install(PACKAGE)
        found = _installed()
    if found is None:
        raise Unavailable("PostgreSQL's server programs are not under /usr/lib/postgresql")
    return found


def _installed() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


def need_node() -> Node:
    """The node, or this test is skipped with the reason."""
    try:
        return node()
    except (Unavailable, psycopg.OperationalError) as error:
        pytest.skip(f"PostgreSQL: {error}")
