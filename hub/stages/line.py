"""Rows 10-17 of the identity table, and the walk along the line of a key (decision 0004).

A line is walked in document order; a document is applied only if nothing before it is unsettled. Orphans (their predecessor
is missing) and parked conflicts stand outside and block nothing.
"""

from __future__ import annotations

from enum import Enum

from canonical_model.problems import Cause, Problem, cause_key
from hub.stages.admit import Asker, Line, Terms, alike, changed_resend, compare, duplicate, needs_predecessor, park, same
from hub.store.records import Content, Document, State, Way


class Turn(Enum):
    """What came of a document's turn."""

    SETTLED = 1
    APPLIED = 2
    OUTSIDE = 3
    BLOCKS = 4


def walk(line: Line, ask: Asker) -> None:
    """Walk the line from the front as far as it goes; after an application orphans get their turn again."""
    walking = True
    while walking:
        walking = False
        orphans = 0
        for doc in line.waiting:
            if not doc.waiting or doc.parked:
                continue
            if not line.reaches(doc):
                line.short = True
                break
            came = turn(doc, line, ask)
            orphans += came is Turn.OUTSIDE and doc.orphan
            if came is Turn.BLOCKS:
                break
            if came is Turn.APPLIED and orphans:
                walking = True
                break
        line.waiting = [doc for doc in line.waiting if doc.waiting]


def turn(doc: Document, line: Line, ask: Asker) -> Turn:
    """Decide one document whose turn has come."""
    terms = ask.terms(doc)
    if doc.let_go and not ask.fresh(doc):
        line.more = True
        return Turn.BLOCKS
    doc.drop(Cause.PREDECESSOR_MISSING)
    if doc.way is Way.ACCEPTED and doc.accepted_against != line.head.document:
        doc.way = Way.TABLE
        park(doc, line, line.head.document, "moved", ask)
        return Turn.OUTSIDE
    early = _before_translation(doc, line, terms)
    if early is not None:
        return early
    if doc.holds and not doc.fresh:
        return Turn.BLOCKS
    if not ask.fresh(doc):
        line.more = True
        return Turn.BLOCKS
    if doc.holds:
        return Turn.BLOCKS
    return _after_translation(doc, line, terms, ask)


def _before_translation(doc: Document, line: Line, terms: Terms) -> Turn | None:
    """What S and V say alone: rows 4, 10, 12 by S, 13, 16. None: go on."""
    head = line.head
    if head.document is None:
        return _orphan(doc, doc.k or "") if needs_predecessor(doc, terms) else None
    if terms.nature == "append":
        return None
    last = _last(doc, line, terms)
    if last is not None and doc.s == last.s and _may_repeat(doc, line):
        duplicate(doc, last.document)
        return Turn.SETTLED
    if terms.contiguous and terms.nature == "change" and _gap(doc, line):
        return _orphan(doc, cause_key(doc.k or "", str(int(doc.v or 0) - 1)))
    if doc.way is not Way.ACCEPTED and compare(doc.v, head.v, terms) == -1:  # who applied it saw the head that it follows
        doc.settle(State.STALE, head.document)
        return Turn.SETTLED
    return None


def _after_translation(doc: Document, line: Line, terms: Terms, ask: Asker) -> Turn:
    """Rows 11, 12 by F, 14, 15, 17."""
    head, last = line.head, _last(doc, line, terms)
    if head.document is None or terms.nature == "append" or (doc.way is not Way.TABLE and doc.way is not Way.CORRECTS):
        return admit(doc, line, ask)
    if last is not None and _may_repeat(doc, line) and _equal(doc, last, terms, ask):
        duplicate(doc, last.document)
        return Turn.SETTLED
    order = compare(doc.v, head.v, terms)
    if order == 1 or terms.nature == "cancel" or (terms.nature == "change" and doc.v is None):
        return admit(doc, line, ask, effective=terms.nature == "cancel" or last is None or not alike(doc, last))
    return _differs(doc, line, terms, ask)


def _differs(doc: Document, line: Line, terms: Terms, ask: Asker) -> Turn:
    """Row 15: equal revision, or none where the head has one; row 17: none on both sides."""
    head = line.head
    if doc.v is None and head.v is None and terms.same_key == "replace":
        if head.system == doc.system and doc.place < (head.document or 0):
            doc.settle(State.STALE, head.document)
            return Turn.SETTLED
        return admit(doc, line, ask)
    last = _last(doc, line, terms)
    against = last.document if last is not None else head.document
    kind = "same_key" if doc.v is None and head.v is None else "changed"
    if changed_resend(doc, line, against or 0, kind, ask):
        doc.way = Way.NEWEST
        return admit(doc, line, ask)
    return Turn.OUTSIDE if doc.waiting else Turn.SETTLED


def admit(doc: Document, line: Line, ask: Asker, *, effective: bool = True) -> Turn:
    """Apply it and move the head. Problems of the services leave it waiting, first in its line."""
    head, terms = line.head, ask.terms(doc)
    problems = ask.apply(doc, head, effective)
    for problem in problems:
        doc.hold(problem)
    if problems:
        return Turn.BLOCKS
    head.document, head.system, head.kseq = doc.id, doc.system, head.kseq + 1
    if terms.nature == "full":
        head.full = doc.content
    elif terms.nature == "change":
        head.change = doc.content
    if terms.nature != "append" and compare(doc.v, head.v, terms) == 1:
        head.v = doc.v
    doc.settle(State.APPLIED)
    _close_cases(doc, line, terms)
    return Turn.APPLIED


def _close_cases(doc: Document, line: Line, terms: Terms) -> None:
    """Its own case was answered; parked conflicts of a lower revision are superseded, and their cases say by whom."""
    if doc.way is Way.ACCEPTED:
        line.closed[doc.id] = ("accepted", doc.id)
    for item in line.waiting if terms.nature == "full" else ():
        if item.parked and item.v is not None and compare(doc.v, item.v, terms) == 1:
            item.settle(State.SUPERSEDED, doc.id)
            line.closed[item.id] = ("superseded", doc.id)


def _orphan(doc: Document, key: str) -> Turn:
    doc.hold(Problem(Cause.PREDECESSOR_MISSING, key, f"what it changes has not arrived: {key}"))
    return Turn.OUTSIDE


def _last(doc: Document, line: Line, terms: Terms) -> Content | None:
    """What its content is compared with: the last full document, for a change the last change."""
    return {"full": line.head.full, "change": line.head.change}.get(terms.nature)


def _may_repeat(doc: Document, line: Line) -> bool:
    """Row 12 wants an equal revision, or none; what goes round the table is not asked."""
    return doc.way in (Way.TABLE, Way.CORRECTS) and (doc.v is None or doc.v == line.head.v)


def _equal(doc: Document, last: Content, terms: Terms, ask: Asker) -> bool:
    """A replacing type is compared by what is at hand: applying an equal one again harms nobody."""
    return alike(doc, last) if terms.same_key == "replace" else same(doc, last, ask)


def _gap(doc: Document, line: Line) -> bool:
    """Row 13: a whole number more than one above the head's."""
    v, head = doc.v or "", line.head.v or ""
    return v.isdecimal() and head.isdecimal() and int(v) > int(head) + 1
