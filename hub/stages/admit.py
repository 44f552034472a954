"""Admit: what a document is, seen from what is known already: new, duplicate, conflict, revision, stale, superseding.

Pure: a function of (head, line, known technical ids, occurrences) over copies, without a database. The identity table has 17
rows, the first that matches decides. ``hub/stages/arrival.py`` holds rows 1-9 (decided at arrival), ``hub/stages/line.py``
rows 10-17 (decided when the document's turn in the line of its key has come). This file holds their common ground.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from canonical_model.problems import Cause, Problem
from hub.store.records import Case, Content, Document, Head, Known, Place, State, Way

Nature = Literal["full", "change", "cancel", "append"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What type and route say about identity (the catalogue gives defaults, a route may override).

    ``revisions``: how V compares: ``integer``, ``dotted`` or ``timestamp``. ``exclusive``: applying it changes the codebook.
    ``scattered``: messages of its system may be in several partitions, so two windows may meet over one technical id.
    """

    nature: Nature = "full"
    same_key: Literal["conflict", "replace"] = "conflict"
    predecessor: bool = False
    contiguous: bool = False
    revisions: Literal["integer", "dotted", "timestamp"] = "integer"
    changed_resend: Literal["park", "newest", "first", "reject"] = "park"
    technical_id: Literal["trust", "within_key", "ignore"] = "trust"
    repeats: Literal["", "cumulative", "delta"] = ""
    exclusive: bool = False
    scattered: bool = False
    zone: str = "UTC"
    settings: Mapping[str, Any] = field(default_factory=dict)


class Asker(Protocol):
    """What the pure part asks of its surroundings; each answer is the same for the same question within one window."""

    def terms(self, doc: Document) -> Terms: ...

    def again(self, earlier: Content, like: Document) -> bytes | None:
        """F of an earlier document translated again under the inputs of ``like``; None when its raw bytes are pruned."""

    def fresh(self, doc: Document) -> bool:
        """Have it translated under the window's revision (body, F, holds); False when this window has no room left."""

    def apply(self, doc: Document, head: Head, effective: bool) -> tuple[Problem, ...]:
        """Let the services decide; problems mean that it stays waiting and nothing happened."""

    def refuse(self, doc: Document, why: str) -> None:
        """A negative application answer to its sender."""

    def difference(self, earlier: int | None, doc: Document) -> list[Any] | None:
        """The field diff of a case; None when one of the two has no body."""

    def repeated(self, doc: Document) -> int | None:
        """The document at the same place of an earlier message of the route with the same raw bytes."""


@dataclass(slots=True)
class Line:
    """One key: its head, its unsettled documents in order, and what this window did to them.

    ``cut``: where the document stands behind which not everything was read; what needs more says so with ``short``, and the window
    is decided again with the whole line.
    """

    head: Head
    waiting: list[Document] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    closed: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    more: bool = False
    cut: Place | None = None
    short: bool = False

    def reaches(self, doc: Document) -> bool:
        """Whether everything before a document was read."""
        return self.cut is None or (doc.place, doc.id) <= self.cut

    def join(self, doc: Document) -> None:
        """Put a document at its place."""
        if doc not in self.waiting:
            self.waiting.append(doc)
            self.waiting.sort(key=lambda item: (item.place, item.id))

    def copy(self) -> Line:
        return Line(copy(self.head), [copied(doc) for doc in self.waiting], cut=self.cut)


@dataclass(slots=True)
class Tables:
    """What the window knows beyond lines: technical ids, occurrences, contents of continuing messages."""

    known: dict[str, list[Known]] = field(default_factory=dict)
    occurrences: dict[tuple[str, bytes, int], int] = field(default_factory=dict)
    counted: dict[tuple[int, str, bytes], int] = field(default_factory=dict)
    new_occurrences: dict[tuple[str, bytes, int], int] = field(default_factory=dict)

    def record(self, doc: Document) -> None:
        """Remember a document's technical id, pointing at what a repeat of it repeats."""
        if doc.t is not None:
            content = Content(root(doc), doc.s, doc.f, doc.inputs)
            self.known.setdefault(doc.t, []).append(Known(doc.t, doc.k or "", content))

    def copy(self) -> Tables:
        return Tables({t: list(items) for t, items in self.known.items()}, dict(self.occurrences), dict(self.counted))


def copied(doc: Document) -> Document:
    """An independent copy of a document."""
    return replace(doc, holds=dict(doc.holds))


def root(doc: Document) -> int:
    """What a repeat of this document repeats: itself, or what it is a duplicate of."""
    return doc.of if doc.state is State.DUPLICATE and doc.of is not None else doc.id


def needs_predecessor(doc: Document, terms: Terms) -> bool:
    """Whether a document is an orphan as long as nothing of its line was applied."""
    if terms.nature == "append":
        return terms.predecessor
    return terms.nature in ("change", "cancel") and doc.way is not Way.CLOSES


def compare(a: str | None, b: str | None, terms: Terms) -> int | None:
    """-1, 0, 1 as revision ``a`` is lower, equal, higher than ``b``; one where the other has none is higher; None: nothing to say."""
    if a is None:
        return None
    if b is None:
        return 1
    left, right = sortable(a, terms), sortable(b, terms)
    return (left > right) - (left < right)


def sortable(v: str, terms: Terms) -> tuple[tuple[int, int, str], ...]:
    """A revision as its type compares it, never as text: numbers by value, what is not a number behind all numbers."""
    parts = v.replace("-", ".").replace(":", ".").replace("T", ".").split(".") if terms.revisions != "integer" else [v]
    return tuple((0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts)


def alike(doc: Document, earlier: Content) -> bool:
    """Same content by what is at hand: equal S, or byte-equal bodies."""
    return doc.s == earlier.s or (doc.f is not None and doc.f == earlier.f)


def same(doc: Document, earlier: Content, ask: Asker) -> bool:
    """Same content (decision 0004): if S and inputs differ, the earlier raw is translated again before anything is called changed."""
    if alike(doc, earlier):
        return True
    if doc.f is None or earlier.inputs == doc.inputs:
        return False
    return ask.again(earlier, doc) == doc.f


def duplicate(doc: Document, of: int) -> None:
    """It was here before; the answer is that of the original as it is now."""
    doc.settle(State.DUPLICATE, of)


def park(doc: Document, line: Line, against: int | None, kind: str, ask: Asker, note: str = "") -> None:
    """Set it beside the line with a case, unless it equals one that is parked already: then it is a duplicate of that."""
    twin = next((item for item in line.waiting if item.parked and item is not doc and item.s == doc.s), None)
    if twin is not None:
        duplicate(doc, twin.id)
        return
    fact = {
        "changed": "it came again with another content", "reused": "its technical id belongs to another business key",
        "same_key": "its key is taken, its content differs, and no revision says which is newer",
        "meant_for_old": "the order it was meant for has been superseded", "moved": "the head moved after it was accepted",
    }[kind]  # fmt: skip
    doc.hold(Problem(Cause.CONFLICT, doc.k or f"document:{doc.id}", f"{fact} (document {against})" if against else fact))
    line.cases.append(Case(doc.k, doc.id, against, kind, note, ask.difference(against, doc)))
    line.join(doc)


def changed_resend(doc: Document, line: Line, against: int, kind: str, ask: Asker) -> bool:
    """The route's policy for a changed resend; none is silent: all four write the case row. True: it goes on in the line."""
    policy = ask.terms(doc).changed_resend
    if policy == "park":
        park(doc, line, against, kind, ask)
        return False
    state = {"newest": "applied_newest", "first": "kept_first", "reject": "rejected"}[policy]
    line.cases.append(Case(doc.k, doc.id, against, kind, "", ask.difference(against, doc), state, against))
    if policy == "first":
        duplicate(doc, against)
    elif policy == "reject":
        doc.settle(State.REJECTED, against)
        ask.refuse(doc, "changed resend")
    return policy == "newest"
