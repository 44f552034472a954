"""Rows 1-9 of the identity table: what is decided when a document arrives, before it joins the line of its key."""

from __future__ import annotations

from canonical_model.problems import Cause
from hub.stages.admit import Asker, Line, Tables, alike, changed_resend, compare, duplicate, needs_predecessor, park, same
from hub.store.records import Document, Known, State, Way, message_of


def arrive(doc: Document, line: Line, tables: Tables, ask: Asker) -> None:
    """Decide a document at its arrival; what is not settled here joins the line."""
    if doc.way is Way.CORRECTS or not _by_technical_id(doc, line, tables, ask):
        _by_content(doc, line, tables, ask)
    tables.record(doc)


def _by_technical_id(doc: Document, line: Line, tables: Tables, ask: Asker) -> bool:
    """Rows 1-3. True when one of them decided."""
    terms = ask.terms(doc)
    if doc.t is None or terms.technical_id == "ignore":
        return False
    seen = [item for item in tables.known.get(doc.t, ()) if item.content.document != doc.id]
    here = [item for item in seen if item.k == (doc.k or "")]
    if here:
        return _same_id(doc, here, line, ask)
    if seen and terms.technical_id == "trust" and doc.k is not None:
        park(doc, line, seen[-1].content.document, "reused", ask)
        return True
    return False


def _same_id(doc: Document, here: list[Known], line: Line, ask: Asker) -> bool:
    """Row 1: equal to any document recorded under (T, K); row 2: a changed resend."""
    twin = next((item for item in here if alike(doc, item.content)), None) or next(
        (item for item in here if same(doc, item.content, ask)), None
    )
    if twin is not None:
        duplicate(doc, twin.content.document)
        return True
    if doc.k is None:
        return False
    if changed_resend(doc, line, here[0].content.document, "changed", ask):
        doc.way = Way.NEWEST
        _close_held(doc, line, ask, everything=True)
        line.join(doc)
    return True


def _by_content(doc: Document, line: Line, tables: Tables, ask: Asker) -> None:
    """Rows 4-9; what they do not settle waits for its turn."""
    if doc.k is None:
        return
    nature = ask.terms(doc).nature
    if nature == "append":
        _append(doc, tables, ask)
    elif nature in ("full", "change") and (twin := _last_unsettled(line, ask)) and _repeats(doc, twin, ask):
        duplicate(doc, twin.id)
    elif nature == "full":
        _close_held(doc, line, ask)
    elif nature == "cancel" and _nothing_applied(line, ask) and _close_held(doc, line, ask, equal=True):
        doc.way = Way.CLOSES
    if doc.waiting:
        line.join(doc)


def _append(doc: Document, tables: Tables, ask: Asker) -> None:
    """Rows 5 and 6: with a technical id each is a new event; without one the route says how a repeat is known."""
    terms = ask.terms(doc)
    if doc.t is not None and terms.technical_id != "ignore":
        return
    if terms.repeats == "cumulative":
        _count_occurrence(doc, tables)
    elif terms.repeats == "delta" and (earlier := ask.repeated(doc)) is not None:
        duplicate(doc, earlier)


def _count_occurrence(doc: Document, tables: Tables) -> None:
    """The n-th equal row of a file is a repeat when an earlier file had an n-th one; else it is a new event."""
    here = (doc.message, doc.k or "", doc.s)
    number = tables.counted[here] = tables.counted.get(here, 0) + 1
    place = (doc.k or "", doc.s, number)
    first = tables.occurrences.get(place)
    if first is not None and message_of(first)[0] != doc.message:
        duplicate(doc, first)
    else:
        tables.occurrences[place] = tables.new_occurrences[place] = doc.id


def _last_unsettled(line: Line, ask: Asker) -> Document | None:
    """The last full document or change that stays unsettled; orphans count, parked ones do not."""
    wanted = (item for item in reversed(line.waiting) if item.waiting and not item.parked and ask.terms(item).nature in ("full", "change"))
    last = next(wanted, None)
    return None if last is None or any(item is last for item in _under_way(line, ask)) else last


def _repeats(doc: Document, twin: Document, ask: Asker) -> bool:
    """Row 7: equal content, revision equal or none. An order is no repeat of a change that says the same, nor a change of an order: once
    the line is settled each is compared with the last of its own nature, and a window of any size is to decide the same."""
    like = ask.terms(twin).nature == ask.terms(doc).nature
    return twin is not doc and like and (doc.v is None or doc.v == twin.v) and alike(doc, twin.content)


def _close_held(doc: Document, line: Line, ask: Asker, *, equal: bool = False, everything: bool = False) -> bool:
    """Rows 8 and 9: full documents that are themselves held close, linked; what is merely blocked never does."""
    closing = [item for item in line.waiting if _is_held_full(item, doc, ask) and (everything or _newer(doc, item, line, ask, equal))]
    for item in closing:
        if item.way is Way.ACCEPTED:
            line.closed[item.id] = ("superseded", doc.id)
        item.settle(State.SUPERSEDED, doc.id)
    line.short |= bool(closing) and line.cut is not None
    if closing and not equal:
        _park_changes_between(doc, line, min(item.place for item in closing), ask)
    return bool(closing)


def _is_held_full(item: Document, doc: Document, ask: Asker) -> bool:
    outside = item is doc or not item.waiting or item.has(Cause.CONFLICT) or item.has(Cause.PREDECESSOR_MISSING)
    return not outside and bool(item.holds) and ask.terms(item).nature == "full"


def _newer(doc: Document, item: Document, line: Line, ask: Asker, equal: bool) -> bool:
    """Does ``doc`` take the place of the held ``item``: a higher revision, or none on both sides where nothing stands against it."""
    terms = ask.terms(doc)
    if equal:
        return doc.v is None or compare(doc.v, item.v, terms) != -1
    if doc.v is None and item.v is None:
        return not alike(doc, item.content) and (terms.same_key == "replace" or _nothing_applied(line, ask))
    return compare(doc.v, item.v, terms) == 1 and not alike(doc, item.content)


def _nothing_applied(line: Line, ask: Asker) -> bool:
    """No document of the line was applied, and none is about to be."""
    return line.head.document is None and not _under_way(line, ask)


def _under_way(line: Line, ask: Asker) -> list[Document]:
    """What stands first in the line without a hold: it goes on by itself. A larger window had come to its end before this arrival, and a
    window of any size is to decide the same."""
    found: list[Document] = []
    applied = line.head.document is not None
    for item in line.waiting:
        if not item.waiting or item.parked or item.orphan or (not applied and needs_predecessor(item, ask.terms(item))):
            continue
        if item.holds or item.let_go:
            break
        found.append(item)
        applied = True
    return found


def _park_changes_between(doc: Document, line: Line, start: int, ask: Asker) -> None:
    """Changes without a revision that stand between were meant for the old document."""
    for item in list(line.waiting):
        between = item.waiting and item is not doc and item.place > start and item.v is None and not item.parked
        if between and ask.terms(item).nature == "change":
            item.drop(Cause.PREDECESSOR_MISSING)
            park(item, line, doc.id, "meant_for_old", ask)
