"""What ``hub doctor`` says of a PostgreSQL server: each function looks at one thing and gives a detail, or raises fact, place, fix."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

from canonical_model.problems import Misconfigured
from hub.channels.base import INBOUND_PARTITIONS
from hub.cli.doctor.here import LEAST_FREE
from hub.cli.doctor.rows import Look, Warned
from hub.config import Config
from hub.store import migrate
from hub.store.address import place_of
from hub.store.clock import Clock, SystemClock
from hub.store.database import other_partitions
from hub.store.engines.postgresql import refuse_encoding
from hub.store.server import RIGHTS, SESSIONS, Server, Setting, Tables, asked
from hub.worker.windows import SWEEP

APART, NOTICED = SWEEP, 1.0
"""Seconds between two clocks from which it is wrong, and from which it is told."""
LEAST_PROCESSES = 2
"""A door and a worker: the smallest hub in production."""
LOSES = {
    "fsync": "a power cut may destroy the database and lose what was acknowledged",
    "synchronous_commit": "a crash of the server or a power cut loses messages that were acknowledged just before",
    "full_page_writes": "a power cut may leave pages half written, which no recovery mends",
}


def looks(config: Config, needs: tuple[str, ...]) -> Iterator[Look]:
    """The rows about the server. What all others rest on comes first."""

    def far(name: str, judge: Callable[[Server], str], *rests_on: str) -> Look:
        def check() -> str:
            with asked(config.store_url()) as server:
                return judge(server)

        return Look(name, check, (*needs, *rests_on), far=True)

    yield far("database", answers)
    yield far("tables", tables, "database")
    yield far("durability", durability, "database")
    yield far("sessions", sessions, "database")
    yield far("clock", clock, "database")
    yield far("disk", disk, "database")


def answers(server: Server) -> str:
    """Whether it can be written to, and every text."""
    at = place_of(server.url)
    refuse_encoding(server.one("SHOW server_encoding"), at)
    if server.one("SELECT pg_is_in_recovery()"):
        fix = "name the primary server in hub.store, or promote this one"
        raise Misconfigured("the server is a standby: it can be read only", at=at, fix=fix)
    return f"PostgreSQL {server.version()}, {at}"


def tables(server: Server) -> str:
    """Whether they are of this release, all there, and the user may work with them."""
    found, at = server.tables(), place_of(server.url)
    _may(server, found, at)
    if not found.steps:
        _could_be_made(server, found, at)
    migrate.refuse_others(found.steps, at)
    if found.missing:
        fact = f"tables are missing that this release has made: {_some(found.missing)}"
        raise Misconfigured(fact, at=at, fix="restore the database from its backup: what was in them is lost here")
    if found.partitions not in (0, INBOUND_PARTITIONS):
        raise other_partitions(found.partitions or 0, INBOUND_PARTITIONS, at)
    return f"migration {', '.join(found.steps)}, {found.partitions} partitions"


def _may(server: Server, found: Tables, at: str) -> None:
    if found.forbidden:
        rights = sorted({right for missing in found.forbidden.values() for right in missing})
        fact = f"the user may not {', '.join(rights)} in {_some(tuple(found.forbidden))}"
        fix = f"as the tables' owner: GRANT {', '.join(RIGHTS)} ON ALL TABLES IN SCHEMA public TO {_names(server)[0]}"
        raise Misconfigured(fact, at=at, fix=fix)


def _could_be_made(server: Server, found: Tables, at: str) -> None:
    """Whether ``hub migrate`` could make the tables here, and should."""
    if found.foreign:
        fact = f"the database has no tables of the hub, but others: {_some(found.foreign)}"
        raise Misconfigured(fact, at=at, fix="name another database in hub.store; if it is this one: hub migrate")
    if not server.one("SELECT has_schema_privilege(current_schema(), 'CREATE')"):
        user, database = _names(server)
        fix = f"ALTER DATABASE {database} OWNER TO {user}; or GRANT CREATE ON SCHEMA public TO {user}; then: hub migrate"
        raise Misconfigured("the database has no tables of the hub yet, and the user may not make any", at=at, fix=fix)


def _names(server: Server) -> tuple[str, str]:
    """(user, database) as a statement writes them."""
    user, database = server.ask("SELECT quote_ident(current_user), quote_ident(current_database())")[0]
    return user, database


def durability(server: Server) -> str:
    """Whether what was acknowledged outlives a power cut."""
    found = server.settings(*LOSES)
    off = {name: setting for name, setting in found.items() if setting.value == "off"}
    if off:
        fact = f"{' and '.join(off)} {'is' if len(off) == 1 else 'are'} off: what was acknowledged may be lost"
        lines = [f"{name} (set by {setting.source}): {LOSES[name]}" for name, setting in off.items()]
        fixes = [_turned_on(server, name, setting) for name, setting in off.items()]
        raise Warned(fact, at="\n".join([place_of(server.url), *lines]), fix="\n".join(fixes))
    return ", ".join(f"{name} {setting.value}" for name, setting in sorted(found.items()))


def _turned_on(server: Server, name: str, setting: Setting) -> str:
    """The statement that undoes it where it was done."""
    user, database = _names(server)
    match setting.source:
        case "user":
            return f"ALTER ROLE {user} RESET {name}"
        case "database":
            return f"ALTER DATABASE {database} RESET {name}"
        case "database user":
            return f"ALTER ROLE {user} IN DATABASE {database} RESET {name}"
        case "command line":
            return f"start the server without {name}=off"
    return f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf()"


def sessions(server: Server) -> str:
    """Whether the processes of the hub find room."""
    room, at = server.room(), place_of(server.url)
    counted = f"{room.most} sessions by {room.by}" + (f", {room.others} used by others" if room.others else "")
    each = f"a process of the hub takes up to {SESSIONS}"
    least = max(room.processes, LEAST_PROCESSES)
    fix = f"let it be {least * SESSIONS + room.others + 10} or more: " + _raised(room.by)
    if room.fits < LEAST_PROCESSES:
        raise Misconfigured(f"too few sessions for a door and a worker: {counted}, and {each}", at=at, fix=fix)
    if room.fits < room.processes:
        raise Warned(f"{room.processes} processes of the hub run, and there is room for {room.fits}: {counted}, and {each}", at=at, fix=fix)
    return f"room for {room.fits} processes ({counted}; {each})"


def _raised(by: str) -> str:
    kind, _, name = by.removeprefix("the limit of ").partition(" ")
    if name:
        return f"ALTER {'ROLE' if kind == 'user' else 'DATABASE'} {name} CONNECTION LIMIT -1 (none), or that number"
    return "max_connections in postgresql.conf, then restart the server"


def clock(server: Server, ours: Clock | None = None) -> str:
    """Whether this machine and the server's agree about the time."""
    ahead, unsure = server.ahead(ours or SystemClock())
    apart = abs(ahead)
    fact = f"this machine's clock is {apart:.1f} s {'behind' if ahead > 0 else 'ahead of'} the database's (± {unsure:.3f} s)"
    if apart - unsure < NOTICED:
        return f"{apart:.3f} s apart from the database's (± {unsure:.3f} s)"
    why = (
        f"from {APART:.0f} s on it decides wrongly: work that lies for {SWEEP:.0f} s counts as left behind, retries and `answer_within` "
        "come early or late, and near midnight a code of the wrong day is taken"
    )
    fix = "timedatectl set-ntp true (or chrony) on every machine that runs a process of the hub, and on the database's"
    raise (Misconfigured if apart - unsure >= APART else Warned)(f"{fact}; {why}", at=place_of(server.url), fix=fix)


def disk(server: Server) -> str:
    """Room where the database lies, if that is known here."""
    folder = server.folder()
    if folder is None or not folder.parent.is_dir():
        return "the database's cannot be asked from here: watch it at the server"
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"the database's cannot be asked from here ({error.strerror}: {folder})"
    if free < LEAST_FREE:
        fact = f"{free // 1_000_000} MB are free where the database lies, and {LEAST_FREE // 1_000_000} is the least"
        raise Misconfigured(fact, at=str(folder), fix="make room: a full disk stops the database, and with it every process of the hub")
    return f"{free // 1_000_000} MB free where the database lies ({folder})"


def _some(names: tuple[str, ...], most: int = 6) -> str:
    """Some of many names."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
