"""What waits already and whose turn a window may bring: the fronts of the lines that it drives and the documents without key, read and
translated before its transaction begins.

What was held is looked at alone first: mostly it is held again, and then nothing behind it needs to be read or translated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from canonical_model.problems import Cause
from hub.store import cases, documents
from hub.store.records import Document, Work
from hub.store.unit import Connection


class Waiting(NamedTuple):
    """Documents that wait and whose turn this window may bring: fronts of lines by key, those without a key by id. ``passed``: keys
    whose held document has nothing against it any more, so that what stands behind it may go on too."""

    fronts: dict[str, list[Document]]
    alone: dict[int, Document]
    passed: set[str]


def waiting(connection: Connection, rows: Iterable[Work], limit: int, translate: Callable[[list[Document]], None]) -> Waiting:
    """What ``rows`` of work ask for, up to ``limit`` documents of lines; ``translate`` puts a translation, or what stands against it, on
    each document."""
    rows = list(rows)
    keys = sorted({row.k for row in rows if row.kind == "key" and row.k is not None})
    ids = [row.ref or 0 for row in rows if row.kind == "document"]
    alone = documents.by_id(connection, ids) if ids else {}
    front, tried = documents.front(connection, keys, limit) if keys else ([], set[str]())
    documents.with_holds(connection, front)
    first_of = {doc.k or "": doc for doc in reversed(front) if doc.k in tried and doc.let_go}
    translate([*_free(front, limit), *(doc for doc in alone.values() if doc.waiting)])
    passed = {k for k, doc in first_of.items() if not doc.holds}
    if passed and len(front) < limit:
        front += _behind(connection, passed, {doc.id for doc in front}, limit, translate)
    fronts: dict[str, list[Document]] = {}
    for doc in front:
        fronts.setdefault(doc.k or "", []).append(doc)
    return Waiting(fronts, alone, passed)


def _behind(
    connection: Connection, keys: Iterable[str], known: Collection[int], limit: int, translate: Callable[[list[Document]], None]
) -> list[Document]:  # fmt: skip
    """What stands behind a document that goes on, as far as the window has room for it."""
    found = [doc for doc in documents.past_front(connection, sorted(keys), limit) if doc.id not in known][: limit - len(known)]
    documents.with_holds(connection, found)
    translate(list(_free(found, limit)))
    return found


def _free(front: Iterable[Document], limit: int) -> Iterator[Document]:
    """Those of fronts that nothing before them stops, and those that were let go; an orphan is none in a window of one document, in which
    nothing comes before it."""
    stopped = set[str | None]()
    for doc in front:
        if doc.let_go or (doc.k not in stopped and (not doc.holds or (limit > 1 and only_orphan(doc)))):
            yield doc
        elif doc.holds and not doc.parked and not only_orphan(doc):
            stopped.add(doc.k)


def first(connection: Connection, row: Work) -> list[Document]:
    """What the work of a line or of a document without key would have translated first."""
    if row.k:
        return _turns(connection, row.k)
    alone = documents.by_id(connection, [] if row.ref is None else [row.ref]).values()
    return [doc for doc in alone if doc.waiting and not doc.holds]


def _turns(connection: Connection, k: str) -> list[Document]:
    """The documents of a line that are looked at: up to the first that is held, orphans only once something was applied, and what was let
    go wherever it stands."""
    found, stopped = [], False
    for doc in documents.line(connection, [k]).get(k, []):
        if doc.parked or (only_orphan(doc) and cases.head_of(connection, k) is None):
            continue
        stopped = stopped or (bool(doc.holds) and not only_orphan(doc))
        if doc.let_go or not stopped:
            found.append(doc)
    return found


def only_orphan(doc: Document) -> bool:
    """It waits for its predecessor and for nothing else."""
    return bool(doc.holds) and all(cause == Cause.PREDECESSOR_MISSING for cause, _ in doc.holds)
