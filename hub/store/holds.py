"""Holds: rows (owner, cause, cause key), all causes at once; and their release (decision 0005).

A release writes the fact under the exclusive codebook lock, deletes the hold rows and queues what is freed. It never
touches a document or a key row, so it cannot deadlock with a window, and it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, func, select

from hub.signals import reach
from hub.store import bulk, work
from hub.store.book_tables import release_job
from hub.store.lane_tables import document, hold, message
from hub.store.out_tables import delivery
from hub.store.schema import among
from hub.store.unit import UnitOfWork

AT_ONCE = 1000
"""A release of more rows than this goes on as a job, each batch in a transaction of its own."""

CAUSES = 100
"""So many jobs a batch at most, since each asks five times of the store under the lock that windows wait for."""


class Cause(NamedTuple):
    """What a release looks for."""

    cause: str
    key: str


class Freed(NamedTuple):
    """What a release let go: rows deleted, owners without a hold left, rows that a job has still to do."""

    rows: int
    owners: int
    left: int = 0


_of_cause = (
    select(hold.c.owner_kind, hold.c.owner, hold.c.cause, hold.c.cause_key)
    .where(hold.c.cause == bindparam("cause"), hold.c.cause_key == bindparam("key"))
    .order_by(hold.c.owner_kind, hold.c.owner)
    .limit(bindparam("most"))
)
_left = select(hold.c.owner).where(hold.c.owner_kind == bindparam("kind"), among(hold.c.owner, "owners")).distinct()
_partition = select(document.c.id, document.c.k, message.c.partition).join(message, message.c.seq == document.c.message)
_documents = _partition.where(among(document.c.id, "owners"), document.c.state == "waiting").order_by(document.c.k, document.c.id)
_deliveries = delivery.update().where(among(delivery.c.id, "ids"))
_at_once = _deliveries.values(next_at=bindparam("now"))
_anew = _deliveries.where(delivery.c.state == "refused").values(state="pending", payload=None, settled_at=None)
_done = (
    select(message.c.seq, message.c.partition, func.count(document.c.id).label("done"))
    .outerjoin(document, document.c.message == message.c.seq)
    .where(among(message.c.seq, "owners"))
    .group_by(message.c.seq, message.c.partition)
)


def save(connection: Connection, kind: str, owner: int, holds: Mapping[tuple[str, str], Mapping[str, Any]], now: int) -> None:
    """Add hold rows of one owner."""
    add(connection, [row(kind, owner, cause, now) for cause in holds.items()])


def row(kind: str, owner: int, entry: tuple[tuple[str, str], Mapping[str, Any]], now: int) -> dict[str, Any]:
    """A hold row as values."""
    (cause, key), details = entry
    return {"owner_kind": kind, "owner": owner, "cause": cause, "cause_key": key, "since": now, "details": orjson.dumps(details)}


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write new hold rows."""
    bulk.insert(connection, hold, rows)


def remove(connection: Connection, rows: Iterable[tuple[str, int, str, str]]) -> None:
    """Delete hold rows: (owner kind, owner, cause, cause key)."""
    values = [{"owner_kind": kind, "owner": owner, "cause": cause, "cause_key": key} for kind, owner, cause, key in rows]
    bulk.remove(connection, hold, values)


def of(connection: Connection, kind: str, owner: int) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The holds of one owner with their details."""
    query = select(hold).where(hold.c.owner_kind == kind, hold.c.owner == owner)
    return {(item.cause, item.cause_key): orjson.loads(item.details) if item.details else {} for item in connection.execute(query)}


def open_causes(connection: Connection, causes: Iterable[str]) -> list[Cause]:
    """Every distinct cause of these types that something waits for."""
    query = select(hold.c.cause, hold.c.cause_key).where(among(hold.c.cause, "causes")).distinct()
    return [Cause(item.cause, item.cause_key) for item in connection.execute(query, {"causes": [str(cause) for cause in causes]})]


def release(unit: UnitOfWork, causes: Iterable[Cause]) -> Freed:
    """Delete the holds of causes whose fact was written in this unit, under the lock that it already has."""
    rows = owners = 0
    left: list[tuple[Cause, int]] = []
    for cause in dict.fromkeys(causes):
        freed = release_batch(unit, cause, AT_ONCE - rows)
        rows, owners = rows + freed.rows, owners + freed.owners
        if rows == AT_ONCE:
            left.append((cause, freed.rows))
    if left:
        revision = unit.revision()
        jobs = [{**_job(cause), "revision": revision, "done": done, "at": unit.now} for cause, done in left]
        bulk.insert(unit.connection, release_job, jobs)
    reach("release.before_commit")
    return Freed(rows, owners, len(left))


def release_batch(unit: UnitOfWork, cause: Cause, most: int) -> Freed:
    """At most so many rows of a release; the caller holds the exclusive codebook lock."""
    found = list(unit.connection.execute(_of_cause, {"cause": cause.cause, "key": cause.key, "most": most})) if most else []
    remove(unit.connection, [(item.owner_kind, item.owner, item.cause, item.cause_key) for item in found])
    owners = 0
    for kind in ("document", "message", "delivery"):
        free = without(unit.connection, kind, [item.owner for item in found if item.owner_kind == kind])
        owners += len(free)
        queue(unit, kind, free)
    return Freed(len(found), owners)


def without(connection: Connection, kind: str, owners: Iterable[int]) -> list[int]:
    """Those of owners that have no hold any more, sorted: whoever deletes the last one queues what it held."""
    asked = set(owners)
    return sorted(asked.difference(connection.execute(_left, {"kind": kind, "owners": sorted(asked)}).scalars())) if asked else []


def run_jobs(unit: UnitOfWork) -> Freed | None:
    """One batch of the oldest release jobs; gives what it let go (None: there is no job). Resumable by its nature."""
    jobs = unit.connection.execute(select(release_job).order_by(release_job.c.id).limit(CAUSES)).all()
    if not jobs:
        return None
    unit.lock_codebook(exclusive=True)
    rows = owners = 0
    ended = []
    for job in jobs:
        freed = release_batch(unit, Cause(job.cause, job.cause_key), AT_ONCE - rows)
        rows, owners = rows + freed.rows, owners + freed.owners
        if rows == AT_ONCE:
            break
        ended.append({"id": job.id})
    reach("release.batch")
    bulk.remove(unit.connection, release_job, ended)
    return Freed(rows, owners)


def queue(unit: UnitOfWork, kind: str, owners: list[int]) -> None:
    """Queue what has no hold left: the key of a document, a document without key, a message; deliveries are found by state, and
    one that was refused is made anew."""
    if not owners:
        return
    if kind == "document":
        items = unit.connection.execute(_documents, {"owners": owners}).all()
        keys = {item.k: item.partition for item in items if item.k is not None}
        work.add(unit.connection, [{"partition": p, "kind": "key", "k": k, "at": unit.now} for k, p in sorted(keys.items())])
        alone = [{"partition": item.partition, "kind": "document", "ref": item.id, "at": unit.now} for item in items if item.k is None]
        work.add(unit.connection, alone)
    elif kind == "message":
        found = unit.connection.execute(_done, {"owners": owners})
        rows = [{"partition": item.partition, "kind": "message", "ref": item.seq, "done": item.done, "at": unit.now} for item in found]
        work.add(unit.connection, rows)
    else:
        unit.connection.execute(_at_once, {"ids": owners, "now": unit.now})
        unit.connection.execute(_anew, {"ids": owners})


def _job(cause: Cause) -> dict[str, str]:
    return {"cause": cause.cause, "cause_key": cause.key}
