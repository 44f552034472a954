"""One business key: what its senders sent, against what the hub made of it. A function of values, without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from tests.faults.corpus.model import Doc
from tests.faults.verdict.findings import Findings

SETTLED = ("applied", "duplicate", "stale", "superseded", "rejected")


class Entry(NamedTuple):
    """One document of the hub and the sender's own that it is a copy of. ``kseq`` is its place among the key's effects, if it has
    one; ``cases`` the kinds of the cases about it."""

    doc: Doc
    id: int
    system: str
    k: str | None
    state: str
    way: str
    place: int
    kseq: int | None
    cases: Sequence[str]

    @property
    def name(self) -> str:
        """For people: what the sender calls it, and the hub's number."""
        return f"{self.doc.content} of {self.system} (document {self.id}, {self.state})"


def judge(docs: Sequence[Doc], entries: Sequence[Entry], found: Findings, decided: Collection[int], mended: Collection[int] = ()) -> None:
    """Say of a key what is lost, doubled, out of order, stuck. ``decided``: documents of conflicts that the operator applied;
    ``mended``: documents of messages that were held unread after three deaths and came in when the operator tried them again, behind
    what their sender sent later. They must be there all the same, but which of two contents came first is no longer the sender's word.
    """
    by_content: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_content[entry.doc.content].append(entry)
        if entry.state not in SETTLED:
            found.fault("stuck_holds", f"{entry.name} is not settled; {entry.doc.kind}, key {entry.k}")
    applied = sorted((entry for entry in entries if entry.kseq is not None), key=lambda entry: entry.kseq or 0)
    highest = max((entry.doc.v or 0 for entry in applied), default=0)
    late = {entry.doc.content for entry in entries if entry.id in mended}
    for doc in {doc.content: doc for doc in docs}.values():
        if late and (doc.how in ("case", "sequence") or docs[0].kind == "changed"):
            continue
        _content(doc, by_content.get(doc.content, []), highest, found, decided)
    if docs[0].how == "sequence" and not late:
        _sequence(docs, applied, found)
    _order([entry._replace(way="mended") if entry.id in mended else entry for entry in applied], found)


def _content(doc: Doc, entries: Sequence[Entry], highest: int, found: Findings, decided: Collection[int]) -> None:
    """How often one content was applied, and whether it may have been."""
    effects = [entry for entry in entries if entry.kseq is not None]
    if doc.how == "case":
        _case(doc, entries, effects, found, decided)
        return
    if doc.kind == "unreadable":
        if entries:
            found.fault("unknown", f"{doc.content} cannot be read and has documents")
        return
    least, most = {"once": (1, 1), "times": (doc.times, doc.times), "superseded": (0, 0), "sequence": (1, 9)}[doc.how]
    if not entries or len(effects) < least:
        overtaken = bool(entries) and doc.v is not None and doc.v < highest
        if not overtaken and all(entry.state in SETTLED for entry in entries):
            states = ", ".join(f"{entry.id} {entry.state}" for entry in entries[:6]) or "none of it is there"
            found.fault("lost", f"{doc.content} of {doc.system} was never applied ({doc.kind}, v {doc.v}): {states}")
    if len(effects) > most:
        found.fault("doubled", f"{doc.content} was applied {len(effects)} times: {', '.join(entry.name for entry in effects[:4])}")


def _case(doc: Doc, entries: Sequence[Entry], effects: Sequence[Entry], found: Findings, decided: Collection[int]) -> None:
    """A changed resend: one case, and no effect by itself."""
    opened = sum(kind != "moved" for entry in entries for kind in entry.cases)
    if opened != 1:
        found.fault("cases_wrong", f"the changed resend {doc.content} of {doc.system} has {opened} cases")
    own = [entry for entry in effects if entry.way != "accepted" or entry.id not in decided]
    if own or len(effects) > 1:
        found.fault("doubled", f"the changed resend {doc.content} had effect: {', '.join(entry.name for entry in effects)}")


def _sequence(docs: Sequence[Doc], applied: Sequence[Entry], found: Findings) -> None:
    """A stock that is replaced as a whole: applied once each time that it changed, in the order it was sent in."""
    wanted = [doc.content for doc in sorted(docs, key=lambda doc: doc.phase)]
    wanted = [content for content, _ in groupby(wanted)]
    got = [entry.doc.content for entry in applied]
    if got != wanted:
        found.fault("out_of_order", f"{docs[0].key} was replaced by {got}, and its sender sent {wanted}")


def _order(applied: Sequence[Entry], found: Findings) -> None:
    """Effects are dense; per system in the order of sending, revisions rising. Orphans of the first full document are excused, and
    what a person or a cancel moved."""
    if not applied:
        return
    key, kseqs, keys = applied[0].doc.key, [entry.kseq for entry in applied], {entry.k or "" for entry in applied}
    if kseqs != list(range(1, len(applied) + 1)):
        found.fault("lost", f"the effects of {key} are {kseqs}: one is missing or not ours")
    if len(keys) > 1:
        found.fault("unknown", f"{key} is several keys: {sorted(keys)}")
    mine = [entry for entry in applied if entry.way == ""]
    _revisions([entry for entry in mine if entry.doc.v is not None], found)
    by_system: dict[str, list[Entry]] = defaultdict(list)
    for entry in mine:
        if (entry.kseq or 0) > 1:
            by_system[entry.system].append(entry)
    for before, after in (pair for entries in by_system.values() for pair in pairwise(entries)):
        if before.place > after.place:
            found.fault("out_of_order", f"{after.name} was sent before {before.name} and applied after it")


def _revisions(applied: Sequence[Entry], found: Findings) -> None:
    for before, after in pairwise(applied):
        if (before.doc.v or 0) >= (after.doc.v or 0):
            found.fault("out_of_order", f"{after.name} of revision {after.doc.v} after {before.name} of revision {before.doc.v}")
