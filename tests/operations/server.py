"""A PostgreSQL as the page sets it up: fsync on, its WAL archived, in a folder of its own that is thrown away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.operations.house import until
from tests.services.postgres import SETTINGS, USER, binaries
from tests.services.private import Unavailable, free_port, run


class Server:
    """One server. ``main`` is its data folder, ``backups`` where the page keeps copies."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.programs = folder, free_port(), binaries()
        self.main, self.backups = folder / "main", folder / "backups"
        self.url = f"postgresql://hub@127.0.0.1:{self.port}/hub"
        for path in (folder, self.backups):
            path.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                shutil.chown(path, USER, USER)
        folder.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """By which its programs are found, and find it."""
        words = {"PGHOST": str(self.folder), "PGPORT": str(self.port), "PGUSER": "hub", "PGDATABASE": "hub", "HOME": str(self.folder)}
        return words | {"PATH": f"{self.programs}:{os.environ['PATH']}"}

    def make(self, settings: str) -> None:
        """Make the cluster with the page's settings, start it, make the database."""
        words = ["-A", "trust", "-U", "hub", "-E", "UTF8", "--locale=C.UTF-8", "-D", str(self.main)]
        run([str(self.programs / "initdb"), "--wal-segsize=1", *words], USER)
        lines = [*SETTINGS, f"port={self.port}", f"unix_socket_directories='{self.folder}'", "listen_addresses='127.0.0.1'"]
        self.configure("\n".join([*lines, settings]), running=False)
        self.start()
        self.ask("create database hub", "postgres")

    def start(self) -> None:
        """Start it, where it does not run."""
        with suppress(Unavailable):
            run([str(self.programs / "pg_ctl"), "-D", str(self.main), "status"], USER)
            return
        run([str(self.programs / "pg_ctl"), "-D", str(self.main), "-l", str(self.folder / "log"), "-w", "start"], USER)

    def allow(self, line: str) -> None:
        """A first line of ``pg_hba.conf``."""
        file = self.main / "pg_hba.conf"
        file.write_text(f"{line}\n{file.read_text()}")
        self.ask("select pg_reload_conf()")

    def standby(self) -> Server:
        """A second server that follows this one, in a folder below it."""
        other = Server(self.folder / "standby")
        command = [str(self.programs / "pg_basebackup"), "-h", str(self.folder), "-p", str(self.port), "-U", "hub", "-R", "-c", "fast"]
        run([*command, "-D", str(other.main)], USER)
        other.configure(f"port={other.port}\nunix_socket_directories='{other.folder}'", running=False)
        other.start()
        return other

    def configure(self, settings: str, *, running: bool = True) -> None:
        """Further lines of ``postgresql.conf``; a server that runs takes them up."""
        with (self.main / "postgresql.conf").open("a") as file:
            file.write(f"\n{settings}\n")
        if running:
            self.ask("select pg_reload_conf()")

    def ask(self, statement: str, database: str = "hub") -> object:
        """One statement; the first value of its first row, if it gives rows."""
        with psycopg.connect(f"postgresql://hub@127.0.0.1:{self.port}/{database}", autocommit=True) as connection:
            done = connection.execute(statement)
            return (done.fetchone() or (None,))[0] if done.description else None

    def archived(self) -> None:
        """Wait until everything that is committed now lies in the archive, as after ``archive_timeout``."""
        segment = str(self.ask("select pg_walfile_name(pg_current_wal_lsn())"))
        self.ask("select pg_switch_wal()")
        assert until(lambda: (self.backups / "wal" / segment).exists())

    def destroy(self) -> None:
        """The server dies and its data are gone."""
        run([str(self.programs / "pg_ctl"), "-D", str(self.main), "-m", "immediate", "stop"], USER)
        for name in ("base", "global", "pg_wal"):
            shutil.rmtree(self.main / name)

    def stop(self) -> None:
        with suppress(Unavailable, subprocess.TimeoutExpired):
            run([str(self.programs / "pg_ctl"), "-D", str(self.main), "-m", "immediate", "stop"], USER)


@contextmanager
def private_server() -> Iterator[Server]:
    """A server that is ended and thrown away. Raises Unavailable where PostgreSQL's programs are not there."""
    folder = Path(tempfile.mkdtemp(prefix="hub-pg-"))
    try:
        server = Server(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
