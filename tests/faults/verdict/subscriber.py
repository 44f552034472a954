"""The subscriber's side: of each key every n came by itself, first occurrences rising, and nothing was published beside."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sqlalchemy import Connection, select

from hub.store.lane_tables import business_key
from hub.store.out_tables import published
from hub.store.records import message_of
from tests.faults.verdict.findings import Findings
from tests.faults.verdict.inward import Inward


def subscriber(connection: Connection, found: Findings, inward: Inward) -> None:
    """Its files against the hub's counters of each key."""
    came: Counter[str] = Counter()
    repeated: set[tuple[str, str]] = set()
    documents: set[int] = set()
    for key, n, document, type in _lines(Path("canonical.tsv")):
        documents.add(int(document))
        if type.startswith("repeat "):
            found.counts["canonical_repeats"] += 1
            repeated.add((key, n))
        else:
            came[key] += 1
    for key, n, document, _ in _lines(Path("asked.tsv")):
        late = (key, n) in repeated
        what = "came after a later one of its key" if late else "never came to the subscriber"
        found.fault("out_of_order" if late else "lost", f"publication {n} of {key} (document {document}) {what}")
        came[key] += 1
    for row in connection.execute(select(business_key.c.k, business_key.c.n).where(business_key.c.n > 0)):
        if came[row.k] != row.n:
            what = f"{row.n} publications, {came[row.k]} of them came to the subscriber"
            found.fault("lost" if came[row.k] < row.n else "doubled", f"{row.k} has {what}{_missing(connection, row.k, came[row.k])}")
    found.counts["publications"] = sum(came.values())
    if not inward.applied.issuperset(one for one in documents if message_of(one)[0] not in inward.prologue):
        found.fault("unknown", "the subscriber got documents that no sender knows")


def _missing(connection: Connection, k: str, count: int) -> str:
    """The document whose publication is the first that is missing."""
    query = select(published.c.document, published.c.type).where(published.c.k == k, published.c.n == count + 1)
    row = connection.execute(query).first()
    return "" if row is None else f": document {row.document} ({row.type}) did not"


def _lines(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []
