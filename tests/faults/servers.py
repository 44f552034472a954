"""What a set-up stands on: nothing embedded; in production a private PostgreSQL with fsync on and a private RabbitMQ, to be broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psycopg

from tests.services import postgres, private, rabbitmq
from tests.services.processes import purge, vhost

KEPT = "database"
"""Where PostgreSQL's data lie in the folder of a run that went wrong; an embedded store is there anyway."""
CUT = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hub%' and random() < 0.3"


class Servers(Protocol):
    """Addresses for ``hub.yaml``, and what may be done to what answers there."""

    store: str
    broker: str
    kept: bool
    """Whether the database stays in the run's folder: until somebody says that all is well."""

    def cut(self) -> int:
        """End some sessions of the hub at the database; gives how many."""

    def purge(self) -> None:
        """Empty every wake-up queue."""

    def restart_broker(self) -> None:
        """Kill the broker with -9 and start it again."""

    def restart_database(self) -> None:
        """Stop the database without a checkpoint and start it again."""


class Embedded:
    """A file and nothing else."""

    store, broker, kept = "sqlite:///hub.db", "", True

    def cut(self) -> int:
        return 0

    def purge(self) -> None:
        return None

    def restart_broker(self) -> None:
        return None

    def restart_database(self) -> None:
        return None


class Production:
    """Both servers, with data of their own under the run's folder."""

    def __init__(self, programs: Path, folder: Path, port: int, node: rabbitmq.Node) -> None:
        self._programs, self._folder, self._port, self._node = programs, folder, port, node
        self.store = f"postgresql+psycopg://hub@127.0.0.1:{port}/hub"
        self.broker, self.kept = vhost(node, "hub"), True
        with self._session("postgres") as session:
            session.execute("create database hub")

    def _session(self, name: str = "hub") -> psycopg.Connection[tuple[int]]:
        return psycopg.connect(f"postgresql://hub@127.0.0.1:{self._port}/{name}", autocommit=True)

    def cut(self) -> int:
        with self._session() as session:
            return len(session.execute(CUT).fetchall())

    def purge(self) -> None:
        purge(self.broker)

    def restart_broker(self) -> None:
        self._node.kill()
        self._node.start()

    def restart_database(self) -> None:
        self._control("-m", "immediate", "stop")
        postgres.start(self._programs, self._folder, self._port, fsync=True)

    def _control(self, *words: str) -> None:
        private.run([str(self._programs / "pg_ctl"), "-D", str(self._folder / "data"), *words], postgres.USER)


@contextmanager
def servers(setup: str, folder: Path) -> Iterator[Servers]:
    """Start what a set-up stands on; it ends with the block, also when the block fails."""
    if setup == "embedded":
        yield Embedded()
        return
    programs, port = postgres.binaries(), private.free_port()
    found: Production | None = None
    place = Path(tempfile.mkdtemp(prefix="hub-faults-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(place, postgres.USER, postgres.USER)
        words = ["-A", "trust", "-U", "hub", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        private.run([str(programs / "initdb"), "-D", str(place / "data"), *words], postgres.USER)
        postgres.start(programs, place, port, fsync=True)
        with rabbitmq.private_node(folder / "rabbitmq") as node:
            found = Production(programs, place, port, node)
            yield found
    finally:
        kept = found is not None and found.kept
        with suppress(private.Unavailable, subprocess.TimeoutExpired):
            words = ["-m", "fast" if kept else "immediate", "stop"]
            private.run([str(programs / "pg_ctl"), "-D", str(place / "data"), *words], postgres.USER)
        if kept:
            shutil.move(place / "data", folder / KEPT)
        shutil.rmtree(place, ignore_errors=True)
