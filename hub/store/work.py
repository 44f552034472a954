"""Pending work: rows of a partition, deleted by the commit that settles them (decision 0006). This is the local channel."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import xxhash
from sqlalchemy import Connection, bindparam, delete, func, select, update

from hub.store import bulk
from hub.store.lane_tables import partition, work
from hub.store.records import Work
from hub.store.schema import among

_claim = select(work).where(work.c.partition == bindparam("p")).order_by(work.c.seq).limit(bindparam("most"))
_all = select(work).order_by(work.c.seq).limit(bindparam("most"))
_still = select(work.c.seq, work.c.done).where(among(work.c.seq, "seqs"))
_standing = select(partition.c.owner, partition.c.tries).where(partition.c.p == bindparam("p"))
_standings = select(partition.c.p, partition.c.owner, partition.c.tries)
_set_tries = update(partition).where(among(partition.c.p, "ps"), partition.c.tries != bindparam("value")).values(tries=bindparam("value"))
_delete = delete(work).where(among(work.c.seq, "seqs"))


def partition_of(text: str, partitions: int) -> int:
    """Stable across processes and releases: xxh3 of the UTF-8 text, modulo the number of partitions."""
    return int(xxhash.xxh3_64_intdigest(text.encode()) % partitions)


def add(connection: Connection, items: Iterable[Mapping[str, Any]]) -> None:
    """Queue work. Each item: partition, kind (message, key, document), ref or k, at, done."""
    values = [{"ref": None, "k": None, "done": 0, **item} for item in items]
    bulk.insert(connection, work, values)


def claim(connection: Connection, p: int, most: int) -> list[Work]:
    """The oldest work of a partition."""
    return [_work(row) for row in connection.execute(_claim, {"p": p, "most": most})]


def claim_all(connection: Connection, most: int) -> list[Work] | None:
    """All work of all partitions by age; None where there is more than ``most``."""
    rows = connection.execute(_all, {"most": most + 1}).all()
    return None if len(rows) > most else [_work(row) for row in rows]


def still_there(connection: Connection, rows: Iterable[Work]) -> bool:
    """Whether nobody has settled one of these rows or brought it further meanwhile; asked again under the partition's lock."""
    wanted = {(row.seq, row.done) for row in rows}
    found = connection.execute(_still, {"seqs": sorted(seq for seq, _ in wanted)})
    return {(row.seq, row.done) for row in found} == wanted


def settle(connection: Connection, seqs: list[int]) -> None:
    """Delete settled work."""
    if seqs:
        connection.execute(_delete, {"seqs": seqs})


def progress(connection: Connection, done: Iterable[tuple[int, int]]) -> None:
    """How many documents of a large message are finished: (work seq, done)."""
    bulk.change(connection, work, ["seq"], [{"seq": seq, "done": count} for seq, count in done])


def waiting_partitions(connection: Connection, older_than: int | None = None) -> list[int]:
    """Partitions with work, oldest first; with ``older_than`` only those whose work was queued before it (the sweeper)."""
    query = select(work.c.partition).group_by(work.c.partition).order_by(func.min(work.c.seq))
    if older_than is not None:
        query = query.where(work.c.at < older_than)
    return list(connection.execute(query).scalars())


def released_partitions(connection: Connection) -> list[int]:
    """Partitions with work that no message brought: what a release let go. Whoever released it may have had nobody to wake."""
    query = select(work.c.partition).where(work.c.kind != "message").group_by(work.c.partition).order_by(func.min(work.c.seq))
    return list(connection.execute(query).scalars())


def count(connection: Connection, limit: int) -> int:
    """How much work is open, counted up to ``limit`` (back-pressure)."""
    inner = select(work.c.seq).limit(limit).subquery()
    return int(connection.execute(select(func.count()).select_from(inner)).scalar_one())


def oldest(connection: Connection) -> int | None:
    """When the oldest open work was queued, microseconds UTC."""
    return connection.execute(select(work.c.at).order_by(work.c.seq).limit(1)).scalar()


def tries(connection: Connection, p: int) -> int:
    """How often work of this partition was left by a process that died."""
    return int(connection.execute(select(partition.c.tries).where(partition.c.p == p)).scalar_one())


def set_tries(connection: Connection, partitions: Collection[int], value: int) -> None:
    """Raised in a commit of its own before left work is translated, set back by the next window that commits."""
    connection.execute(_set_tries, {"ps": list(partitions), "value": value})


def standing(connection: Connection, p: int) -> tuple[str | None, int]:
    """Which process took this partition last (if it is gone, it may have died of its work), and its tries."""
    owner, tries = connection.execute(_standing, {"p": p}).one()
    return owner, int(tries)


def standings(connection: Connection) -> dict[int, tuple[str | None, int]]:
    """The same of every partition."""
    return {p: (owner, int(tries)) for p, owner, tries in connection.execute(_standings)}


def take(connection: Connection, p: int, before: str | None, mine: str, tries: int) -> int:
    """Become the owner in place of ``before`` and count its death (``tries`` more); gives the tries, 0 when another was faster."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
    there = (partition.c.p == p) & partition.c.owner.is_not_distinct_from(before)
    statement = update(partition).where(there).values(owner=mine, tries=partition.c.tries + tries).returning(partition.c.tries)
    return int(connection.execute(statement).scalar() or 0)


def _work(row: Any) -> Work:
    return Work(row.seq, row.partition, row.kind, row.ref, row.k, row.done, row.at)
