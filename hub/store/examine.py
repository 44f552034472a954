"""Is the store's file ours, and may it be written? Looked at before it is opened, so that nothing of another program is changed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile

from sqlalchemy import Connection

from canonical_model.problems import Misconfigured
from hub.store import migrate

MAGIC = b"SQLite format 3\0"
VERSIONS, OURS = "alembic_version", "codebook"


def examine(path: Path) -> None:
    """Raise Misconfigured when the store cannot be kept there: no folder to write to, a file of another program, of a newer release or of
    none, a file that may not be written. A file that is not there yet is well."""
    _folder(path.parent)
    if not path.exists():
        return
    if not path.is_file():
        raise Misconfigured("the store is not a file", at=str(path), fix="name a file in hub.store")
    if not os.access(path, os.R_OK | os.W_OK):
        raise Misconfigured("the store's file may not be read and written", at=str(path), fix="give the hub's user rights to it")
    _ours(path)


def _folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return
    except OSError as error:
        fix = "give the hub's user rights to the folder, or name another in hub.store"
        raise Misconfigured(f"nothing can be written beside the store: {error.strerror}", at=str(folder), fix=fix) from None


def _ours(path: Path) -> None:
    """The file is empty, or a SQLite database with our tables and no step that this release does not know."""
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    if head and head != MAGIC:
        fact = "the store's file is no SQLite database: another program wrote it"
        raise Misconfigured(fact, at=str(path), fix="name another file in hub.store")
    try:
        tables, steps = _inside(path)
    except sqlite3.DatabaseError as error:
        fix = "put a backup in its place; keep the damaged file"
        raise Misconfigured(f"the store's file is damaged: {error}", at=str(path), fix=fix) from None
    if tables and not ({VERSIONS, OURS} & tables):
        fact = f"the store's file is a database of another program: it has {', '.join(sorted(tables)[:3])}"
        raise Misconfigured(fact, at=str(path), fix="name another file in hub.store")
    if OURS in tables and not steps:
        fact = "the store's file is of a time before the first release: its tables say no migration step"
        raise Misconfigured(fact, at=str(path), fix="keep it, and name another file in hub.store")
    migrate.refuse_newer(tuple(sorted(steps)), str(path))


def _inside(path: Path) -> tuple[set[str], set[str]]:
    """(names of tables, migration steps) of a database, read without changing it."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")}
        steps = {step for (step,) in database.execute(f"SELECT version_num FROM {VERSIONS}")} if VERSIONS in tables else set()
    return tables, steps


def written(connection: Connection) -> list[str]:
    """How safely an embedded store is written, in SQLite's own words: https://sqlite.org/pragma.html#pragma_synchronous."""
    journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    synchronous = ("OFF", "NORMAL", "FULL", "EXTRA")[connection.exec_driver_sql("PRAGMA synchronous").scalar_one()]
    return [f"journal {str(journal).upper()}", f"synchronous {synchronous}"]
