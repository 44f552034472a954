"""A PostgreSQL server as ``hub doctor`` asks it: what it says of itself and of the hub's database. Nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL

from canonical_model.problems import HubError, Misconfigured, SystemUnreachable
from hub.store import schema
from hub.store.address import parsed, place_of
from hub.store.clock import Clock
from hub.store.engines.postgresql import NETWORK, OVERFLOW, POOL

SESSIONS = 2 * (POOL + OVERFLOW) + 1
"""Sessions that one process of the hub has at most: writing, looking, and the one that holds its locks."""
PATIENCE = 4
"""Seconds until a connection that does not come is given up."""
PRESENT = "hub, present"
"""How the session that holds a process's locks names itself: there is one a process."""
OPTIONS = f"-c default_transaction_read_only=on -c statement_timeout={PATIENCE}s -c lock_timeout={PATIENCE}s"
STEPS = "alembic_version"
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as this session has it, and where it was set: default, configuration file, database, user, command line ..."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Room:
    """Sessions: how many the user may have on this server (``by``: what says so), others' now, processes of the hub now."""

    most: int
    by: str
    others: int
    processes: int

    @property
    def fits(self) -> int:
        """Processes of the hub that have all their sessions at their most."""
        return max(self.most - self.others, 0) // SESSIONS


@dataclass(frozen=True, slots=True)
class Tables:
    """What is in the database: migration steps, tables of ours that are not there or may not be used (with the right that is
    missing), tables that are not ours, partitions (None: they cannot be read)."""

    steps: tuple[str, ...]
    missing: tuple[str, ...]
    forbidden: dict[str, list[str]]
    foreign: tuple[str, ...]
    partitions: int | None


class Server:
    """One session at the server. Everything may raise HubError with fact, place and fix."""

    def __init__(self, session: psycopg.Connection[Any], url: URL) -> None:
        self._session, self.url = session, url

    def ask(self, query: str, *values: Any) -> list[Any]:
        """The rows of a question."""
        try:
            return self._session.execute(query, values or None).fetchall()
        except psycopg.Error as error:
            raise explained(error, self.url) from error

    def one(self, query: str, *values: Any) -> Any:
        """The first value of the first row; None where there is none."""
        rows = self.ask(query, *values)
        return rows[0][0] if rows else None

    def version(self) -> str:
        """As "15.18"."""
        return str(self.one("SHOW server_version")).split()[0]

    def settings(self, *names: str) -> dict[str, Setting]:
        """Those of the settings that there are and that the user may see."""
        rows = self.ask("SELECT name, setting, source FROM pg_settings WHERE name = ANY(%s)", list(names))
        return {name: Setting(value, source) for name, value, source in rows}

    def ahead(self, clock: Clock) -> tuple[float, float]:
        """(seconds by which the server's clock is ahead of ours, how wrong that may be): the quickest of three questions."""
        looks = []
        for _ in range(3):
            before = clock.now()
            theirs = int(self.one("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"))
            after = clock.now()
            looks.append(((after - before) / 2_000_000, (theirs - (before + after) / 2) / 1_000_000))
        unsure, ahead = min(looks)
        return ahead, unsure

    def room(self) -> Room:
        """Sessions that there may be, and that there are."""
        reserved = "(SELECT coalesce(sum(setting::int), 0) FROM pg_settings WHERE name LIKE '%reserved_connections')"
        rows = self.ask(
            f"SELECT current_setting('max_connections')::int - {reserved}, 'max_connections' "
            "UNION ALL SELECT rolconnlimit, 'the limit of user ' || rolname FROM pg_roles "
            "WHERE rolname = current_user AND rolconnlimit >= 0 AND NOT rolsuper "
            "UNION ALL SELECT datconnlimit, 'the limit of database ' || datname FROM pg_database, pg_roles "
            "WHERE datname = current_database() AND datconnlimit >= 0 AND rolname = current_user AND NOT rolsuper ORDER BY 1"
        )
        others, processes = self.ask(
            "SELECT count(*) FILTER (WHERE application_name NOT LIKE 'hub%%'), count(*) FILTER (WHERE application_name = %s) "
            "FROM pg_stat_activity WHERE datid IS NOT NULL AND pid <> pg_backend_pid()",
            PRESENT,
        )[0]
        return Room(int(rows[0][0]), rows[0][1], others if rows[0][1] == "max_connections" else 0, processes)

    def tables(self) -> Tables:
        """The hub's tables in this database."""
        there = {name for (name,) in self.ask("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()")}
        ours = set(schema.metadata.tables)
        forbidden = self._forbidden(sorted((ours | {STEPS}) & there))
        known = STEPS in there and STEPS not in forbidden
        steps = self.ask(f"SELECT version_num FROM {STEPS} ORDER BY 1") if known else []
        countable = "partition" in there and "SELECT" not in forbidden.get("partition", ())
        return Tables(
            tuple(step for (step,) in steps), tuple(sorted(ours - there)), forbidden, tuple(sorted(there - ours - {STEPS})),
            int(self.one("SELECT count(*) FROM partition")) if countable else None,
        )  # fmt: skip

    def _forbidden(self, tables: list[str]) -> dict[str, list[str]]:
        """Table -> rights in it that the user lacks; of the steps only looking is needed."""
        rows = self.ask(
            "SELECT t, r FROM unnest(%s::text[]) t, unnest(%s::text[]) r WHERE NOT has_table_privilege(quote_ident(t), r) ORDER BY 1",
            tables, list(RIGHTS),
        )  # fmt: skip
        found: dict[str, list[str]] = {}
        for table, right in rows:
            if table != STEPS or right == "SELECT":
                found.setdefault(table, []).append(right)
        return found

    def folder(self) -> Path | None:
        """Where its data lie, if the user may know it and the server seems to run on this machine."""
        near = self.one("SELECT inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr()")
        found = self.settings("data_directory").get("data_directory")
        return Path(found.value) if near and found is not None and found.value else None


@contextmanager
def asked(url: str) -> Iterator[Server]:
    """A session for looking. Raises Misconfigured or SystemUnreachable with fact, place and fix."""
    address = parsed(url)
    words: dict[str, Any] = {**NETWORK, "connect_timeout": PATIENCE, "application_name": "hub doctor", "options": OPTIONS}
    try:
        session = psycopg.connect(address.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True, **words)
    except psycopg.Error as error:
        raise explained(error, address) from error
    with session:
        yield Server(session, address)


def explained(error: psycopg.Error, url: URL) -> HubError:
    """What a failure at the server means: fact, place and fix. Retry where it may pass by itself, else Misconfigured."""
    said = re.sub(r"^.*?(FATAL|ERROR): ", "", " ".join(str(error).split()))
    words = {
        "user": url.username or "USER", "database": url.database or url.username or "DATABASE", "said": said,
        "host": f"{url.host or 'this machine'}:{url.port or 5432}", "seconds": PATIENCE,
    }  # fmt: skip
    for pattern, kind, fact, fix in _MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return kind(fact.format(**words), at=place_of(url), fix=fix.format(**words))
    return SystemUnreachable(f"the database does not answer as it should: {said}", at=place_of(url), fix="look at the server's log")


_MEANINGS: Sequence[tuple[str, type[HubError], str, str]] = (
    (
        r"password authentication failed", Misconfigured,
        "the database refuses the log-in: wrong password of user {user!r}, or no such user",
        "correct the address behind hub.store, or at the server: ALTER ROLE {user} PASSWORD '...'",
    ),
    (
        r"no password supplied", Misconfigured, "the database wants a password of user {user!r}, and the address has none",
        "postgresql://{user}:PASSWORD@HOST/{database} in the file or variable that hub.store names",
    ),
    (
        r'role "[^"]*" does not exist', Misconfigured, "there is no user {user!r} at the database",
        "createuser --pwprompt {user}, or correct the address behind hub.store",
    ),
    (r"not permitted to log in", Misconfigured, "user {user!r} may not log in at the database", "ALTER ROLE {user} LOGIN"),
    (
        r'database "[^"]*" does not exist', Misconfigured, "there is no database {database!r} at {host}",
        "createdb --encoding=UTF8 --template=template0 --owner={user} {database}, then: hub migrate; or correct hub.store",
    ),
    (
        r"pg_hba\.conf", Misconfigured, "the server does not let user {user!r} into database {database!r} from here: {said}",
        "a line in its pg_hba.conf: host {database} {user} ADDRESS/32 scram-sha-256; then SELECT pg_reload_conf()",
    ),
    (
        r"permission denied for database", Misconfigured, "user {user!r} may not connect to database {database!r}",
        "GRANT CONNECT ON DATABASE {database} TO {user}",
    ),
    (
        r"too many clients|remaining connection slots|too many connections for", SystemUnreachable,
        "the server has no session left: {said}", "end programs that hold sessions, or raise the limit that it names",
    ),
    (
        r"starting up|shutting down|recovery mode|not yet accepting", SystemUnreachable, "the database is starting or stopping: {said}",
        "wait: the hub tries again by itself; if it lasts, look at the server's log",
    ),
    (
        r"unsupported startup parameter", Misconfigured, "a pooler stands before PostgreSQL and refuses the settings of a session",
        "name PostgreSQL itself in hub.store: the hub's locks live as long as their session, which a pooler gives to others",
    ),
    (
        r"connection refused|no such file", SystemUnreachable, "nobody listens at {host}",
        "start PostgreSQL there, or correct host and port in the address behind hub.store",
    ),
    (
        r"resolve|translate host name|name or service not known", SystemUnreachable,
        "the name of the database's machine is not known: {host}",
        "correct the address behind hub.store, or the name service of this machine",
    ),
    (
        r"timeout expired|timed out|statement timeout", SystemUnreachable, "no answer from {host} within {seconds} s",
        "look whether the server stands still, another program has this port, or a firewall in between swallows packets",
    ),
    (
        r"closed the connection|invalid response|expected authentication request", SystemUnreachable,
        "what listens at {host} does not speak as PostgreSQL does: {said}",
        "correct host and port in the address behind hub.store, or look at the server's log",
    ),
    (r"ssl|certificate", Misconfigured, "no encrypted connection to {host}: {said}", "correct sslmode and the certificates of either side"),
    (r"permission denied", Misconfigured, "user {user!r} lacks a right: {said}", "let the tables' owner GRANT it"),
)  # fmt: skip
