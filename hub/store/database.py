"""Opening the store: one class over SQLite (embedded) and PostgreSQL (production); ``engines`` holds what differs.

``unit()`` writes, ``read()`` looks at one state of the store; both end by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.engine import URL

from canonical_model.problems import HubError, Misconfigured
from hub.store import book_tables, lane_tables, out_tables, restoring, schema
from hub.store.address import parsed
from hub.store.clock import Clock, SystemClock
from hub.store.engines.base import Database
from hub.store.engines.base import Refused as Refused
from hub.store.engines.base import StoreFault as StoreFault
from hub.store.engines.postgresql import MIGRATING, PostgresDatabase
from hub.store.engines.sqlite import SqliteDatabase
from hub.store.locks import Locks
from hub.store.unit import UnitOfWork

TABLES = (lane_tables, out_tables, book_tables)


class Store:
    """The message store."""

    def __init__(self, url: str, clock: Clock | None = None, partitions: int = 8) -> None:
        self.url, self.clock, self.partitions = parsed(url), clock or SystemClock(), partitions
        self.database = _database(self.url)
        self._published_from = 0

    @property
    def writer(self) -> Engine:
        """Connections that write."""
        return self.database.writer

    @property
    def reader(self) -> Engine:
        """Connections that look."""
        return self.database.reader

    @property
    def locks(self) -> Locks:
        """This process's locks among all processes of the store."""
        return self.database.locks

    @property
    def path(self) -> Path:
        """The file of an embedded store."""
        return Path(self.url.database or ":memory:")

    @property
    def shared(self) -> bool:
        """Whether several processes write to it at the same time."""
        return not isinstance(self.database, SqliteDatabase)

    def examine(self) -> None:
        """Raise Misconfigured when the store cannot be kept there; a process that locks beside the store asks first."""
        self.database.examine()

    def create(self) -> Store:
        """Make every declared table at once and the rows that exist once. Migrations give the same (a test compares), and on
        PostgreSQL the way tables are kept besides."""
        self.database.create()
        with self.writer.begin() as connection:
            schema.metadata.create_all(connection)
        return self.prepare()

    def open(self) -> Store:
        """Open the store; embedded it is upgraded first. Raises Misconfigured when it is not ours, may not be written, or, in
        production, is of another release."""
        try:
            self.database.open()
            return self.prepare()
        except BaseException:
            self.close()
            raise

    def migrate(self) -> tuple[str, ...]:
        """Bring the tables to this release; gives the steps at which they stood before (none: there were no tables)."""
        with _sorted_errors(self.database):
            found = self.database.migrate()
        self.prepare()
        return found

    def prepare(self) -> Store:
        """The rows that exist once; refuses when the number of partitions disagrees with the configuration."""
        with self.unit() as unit:
            _single_rows(unit.connection, self.partitions)
            self._published_from = restoring.published_from(unit.connection)
        return self

    @contextmanager
    def unit(self) -> Iterator[UnitOfWork]:
        """One writing transaction: commits at the end, rolls back on any exception; then runs what was left for after."""
        with self.database.gate(), _sorted_errors(self.database), self.writer.connect() as connection, connection.begin():
            unit = UnitOfWork(connection, self.clock.now(), self._published_from)
            yield unit
        unit.committed()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction over one state of the store."""
        with _sorted_errors(self.database), self.reader.connect() as connection, connection.begin():
            yield connection

    def copy(self, target: Path) -> None:
        """Write a consistent copy while the store is in use. Raises Misconfigured where the database has its own way of it."""
        self.database.copy(target)

    def others(self) -> list[str]:
        """Who else of the hub uses the store now; asked before this process has looked into it."""
        return self.database.others()

    def close(self) -> None:
        """Give back every connection."""
        self.database.close()


def _database(url: URL) -> Database:
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(url)
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return PostgresDatabase(url)
    fix = "sqlite:///var/hub.db, or postgresql://USER@HOST/DATABASE"
    raise Misconfigured(f"store {url!r} is neither SQLite nor PostgreSQL", at="hub.store", fix=fix)


@contextmanager
def _sorted_errors(database: Database) -> Iterator[None]:
    """Sort what a database says: refused rows are halved, a busy or lost database is tried again, anything else stops the worker."""
    try:
        yield
    except HubError:
        raise
    except Exception as error:
        found = database.sorted(error)
        if found is None:
            raise
        raise found from error


def _single_rows(connection: Connection, partitions: int) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
    if connection.execute(select(book_tables.codebook.c.id)).first() is None:
        connection.execute(insert(book_tables.codebook), {"id": 1, "revision": 0})
    table = lane_tables.partition
    found = connection.execute(select(table.c.p)).scalars().all()
    if not found:
        connection.execute(insert(table), [{"p": p, "n": partitions, "tries": 0} for p in range(partitions)])
    elif len(found) != partitions:
        raise other_partitions(len(found), partitions, "hub.store")


def other_partitions(found: int, wanted: int, at: str) -> Misconfigured:
    """The number stands in the store since its tables were made: work is spread by it."""
    fix = "name a store that this release has made, or restore it from its backup: the number is set when the tables are made"
    return Misconfigured(f"the store has {found} partitions, and this hub works with {wanted}", at=at, fix=fix)
