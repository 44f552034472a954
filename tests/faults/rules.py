"""Each rule of the lane has a switch that breaks it, here and nowhere in the hub: a run with one must fail, and name what went wrong.

A broken rule needs the right moment to be seen. Each switch widens that moment until it comes every time, and says at which point
processes die (``PLACES``) and which documents are sent (``CORPUS``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import local
from typing import Any

from sqlalchemy import Connection

from hub.channels.base import Publication
from hub.channels.relay import AT_ONCE, Relay
from hub.signals import reach
from hub.stages import line as lines
from hub.stages.flush import Flush
from hub.stages.window import Lane
from hub.store import documents, holds, identity, publications, work
from hub.store.lane_tables import business_key
from hub.store.records import Head
from hub.store.schema import among
from hub.store.unit import UnitOfWork
from tests.faults.overlap import put, second_lane, widen
from tests.faults.plan import Plan, tell, told

PLACES: Mapping[str, str] = {"outbox": "relay.before_publish", "accept": "window.before_commit"}
"""Switch -> the point at which every process is armed to die."""
CORPUS: Mapping[str, tuple[str, ...]] = {
    "outbox": ("plain", "events"), "identity": ("twin",), "accept": ("plain", "events"), "order": ("blocked", "events"),
    "release": ("blocked", "plain"), "second_look": ("blocked", "plain"),
}  # fmt: skip
"""Switch -> what is sent."""
SHOWN: Mapping[str, str] = {
    "outbox": "lost", "identity": "doubled", "accept": "lost", "order": "out_of_order", "release": "stuck_holds",
    "second_look": "stuck_holds",
}  # fmt: skip
"""Switch -> the count in which it must show."""
PLACED = ("second_look",)
"""Switches that wait for a placed moment: nobody is killed before the flag ``given``, and everything may be sent at once."""
LATE_CODES = ("order", "release")
"""Switches under which codes come only at the end, so that there is something to be released."""
WIDE = 0.25
"""Seconds by which a moment is widened."""


def break_outbox(plan: Plan) -> None:
    """The relay deletes its rows before their confirm: what a death leaves unpublished nobody publishes again."""

    def batch(self: Relay) -> tuple[int, bool]:
        with self.store.read() as connection:
            found, more = publications.waiting(connection, AT_ONCE)
        if not found:
            return 0, False
        with self.store.unit() as unit:
            publications.forget(unit.connection, [id for id, _ in found])
        reach("relay.before_publish")
        return len(self.fanout.publish((id, Publication(*values)) for id, values in found)), more

    put(Relay, "_batch", batch)


def break_accept(plan: Plan) -> None:
    """Work is settled in a commit of its own before its window: a death in between loses the message."""
    original = Lane._commit

    def commit(self: Lane, planned: Any) -> Any:
        going = {seq for seq, row in planned.progress.items() if not row.finished}
        with self.store.unit() as unit:
            work.settle(unit.connection, [row.seq for row in planned.work if row.seq not in going])
        return original(self, planned)

    put(Lane, "_commit", commit)
    put(work, "still_there", lambda connection, rows: True)


def break_order(plan: Plan) -> None:
    """What stands behind a held document of its key is applied all the same."""
    original = lines.turn

    def turn(doc: Any, line: Any, ask: Any) -> lines.Turn:
        came = original(doc, line, ask)
        return lines.Turn.OUTSIDE if came is lines.Turn.BLOCKS and doc.holds else came

    put(lines, "turn", turn)


def break_release(plan: Plan) -> None:
    """Holds are deleted without the exclusive lock and without queueing the key: nobody looks at the document again."""
    queue, lock = holds.queue, UnitOfWork.lock_codebook

    def queued(unit: UnitOfWork, kind: str, owners: list[int]) -> None:
        if kind != "document":
            queue(unit, kind, owners)

    def locked(self: UnitOfWork, *, exclusive: bool) -> int:
        return self.revision() if exclusive else lock(self, exclusive=False)

    put(holds, "queue", queued)
    put(UnitOfWork, "lock_codebook", locked)


def break_second_look(plan: Plan) -> None:
    """A window does not look at the revision again before it writes holds. Placed: it waits there until the code has come."""
    original = Lane._commit

    def commit(self: Lane, planned: Any) -> Any:
        if any(cause == "missing_code" for doc in planned.arrivals for cause, _ in doc.holds) and not told("given"):
            tell(Path(), "waiting")
            end = time.monotonic() + 30
            while not told("given") and time.monotonic() < end:
                time.sleep(0.02)
        return original(self, planned)

    def look(self: Lane, unit: UnitOfWork, planned: Any, loaded: Any, *, exclusive: bool) -> bool:
        unit.lock_codebook(exclusive=exclusive)
        return False

    put(Lane, "_commit", commit)
    put(Lane, "_second_look", look)


class _Stale(local):
    """The look at the store that a window of this thread decides by."""

    connection: Connection | None = None


_stale = _Stale()
_lock_heads = identity.lock_heads


def break_identity(plan: Plan) -> None:
    """Heads, lines and known ids are read before the transaction and without locks; numbers are taken from the rows at the flush, as
    the unique rows of (key, number) would else find it out. Embedded, a second lane runs beside the first."""
    widen(Lane, _stale, WIDE)
    _read_stale()
    original = Flush.write

    def write(self: Flush) -> None:
        _renumber(self)
        original(self)

    put(Flush, "write", write)
    if not plan.production:
        second_lane()


def _read_stale() -> None:
    """Whatever identity rests on is asked of the look from before."""
    for module, name in ((identity, "known"), (documents, "line")):
        put(module, name, _older(getattr(module, name)))

    def heads(connection: Connection, keys: Iterable[str]) -> dict[str, Head]:
        if _stale.connection is None:
            return _lock_heads(connection, keys)
        return _looked(_stale.connection, sorted(set(keys)))

    put(identity, "lock_heads", heads)


def _older(original: Callable[..., Any]) -> Callable[..., Any]:
    def asked(connection: Connection, wanted: Iterable[str]) -> Any:
        return original(_stale.connection if _stale.connection is not None else connection, wanted)

    return asked


def _looked(connection: Connection, keys: list[str]) -> dict[str, Head]:
    rows = connection.execute(business_key.select().where(among(business_key.c.k, "keys")), {"keys": keys})
    return {k: Head(k) for k in keys} | {row.k: identity._head(row) for row in rows}


def _renumber(flush: Flush) -> None:
    """The numbers of today on the decision of then."""
    decision = flush.decision
    now = _lock_heads(flush.unit.connection, list(decision.lines))
    ahead = {k: (now[k].kseq - decision.before[k].kseq, now[k].n - decision.before[k].n) for k in decision.lines}
    for k, line in decision.lines.items():
        line.head.kseq, line.head.n = line.head.kseq + ahead[k][0], line.head.n + ahead[k][1]
    for row in decision.collected.effects:
        row["kseq"] += ahead[row["k"]][0]
    for row in decision.collected.published:
        row["n"] += ahead[row["k"]][1]


BREAKS: Mapping[str, Callable[[Plan], None]] = {
    "outbox": break_outbox, "identity": break_identity, "accept": break_accept, "order": break_order, "release": break_release,
    "second_look": break_second_look,
}  # fmt: skip
"""What ``--break`` knows."""
