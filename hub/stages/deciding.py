"""Deciding a window in memory: rows loaded once, lines walked on copies, services over copies of their states.

It may run twice (a newer codebook, a fault of a service), so nothing that was loaded is changed here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from canonical_model.problems import Cause, Hold, Problem
from hub import signals as names
from hub.stages.admit import Line, Tables, Terms, copied
from hub.stages.apply import Applying, Collected, applicable
from hub.stages.arrival import arrive
from hub.stages.diff import difference
from hub.stages.line import walk
from hub.stages.plan import Plan, Planner
from hub.stages.ports import Ports
from hub.store import documents, identity, messages, work
from hub.store.effects import Applicable, Outgoing
from hub.store.effects import State as ServiceState
from hub.store.records import Case, Content, Document, Head, State, Way, document_id, message_of
from hub.store.unit import Connection, UnitOfWork


@dataclass(slots=True)
class Loaded:
    """The state of the whole window, read after the locks. ``candidates``: waiting documents whose turn may come."""

    lines: dict[str, Line]
    tables: Tables
    originals: dict[int, Document]
    candidates: list[Document]
    planner: Planner
    states: dict[str, ServiceState] = field(default_factory=dict)
    given: dict[int, Applicable] = field(default_factory=dict)
    bodies: dict[int, bytes] = field(default_factory=dict)
    repeats: dict[int, list[int]] = field(default_factory=dict)

    def read_whole(self, connection: Connection, keys: list[str]) -> None:
        """Lines of which a window needs more than was read: something came past the document that blocked. What was read of them stays
        as it is, since candidates among it are translated already."""
        waiting = documents.line(connection, keys)
        for k in keys:
            known = {doc.id: doc for doc in self.lines[k].waiting}
            self.lines[k] = Line(self.lines[k].head, [known.get(doc.id, doc) for doc in waiting.get(k, [])])

    def reload(self, unit: UnitOfWork, plan: Plan) -> None:
        """What services may need, collected over the window, locked sorted by them."""
        ports = self.planner.ports
        docs = [doc for doc in (*plan.arrivals, *plan.translations.values()) if doc.k is not None and plan.bodies.get(doc.id) is not None]
        self.given = {doc.id: applicable(doc, plan.bodies[doc.id], ports.terms(doc.system, doc.route, doc.type), unit.now) for doc in docs}
        self.states = {service.name: service.load(unit.connection, self.given.values()) for service in ports.services}


def load(unit: UnitOfWork, planner: Planner, plan: Plan) -> Loaded | None:
    """Lock and load. None: the window was planned on work that somebody settled meanwhile; plan again."""
    connection = unit.connection
    if not work.still_there(connection, plan.work):
        return None
    there = documents.existing(connection, [doc.id for doc in plan.arrivals if not doc.stored])
    plan.steps = [step for step in plan.steps if step.doc is None or step.doc.stored or step.doc.id not in there]
    corrected = _originals(connection, plan).values()
    keys = sorted(plan.keys() | {doc.k for doc in corrected if doc.k is not None})
    heads = identity.lock_heads(connection, keys)
    _drop_closed(connection, plan, {doc.id for doc in corrected if doc.k is None})
    originals = _originals(connection, plan)
    plan.corrected = {originals[doc.corrects].k or "": p for doc, p in _corrections(plan) if doc.corrects in originals}
    if any(doc.k is not None and doc.k not in heads for doc in originals.values()):
        return None
    lines = _lines(connection, heads, plan.passed | {doc.k for doc in originals.values()})
    loaded = Loaded(lines, _tables(unit, planner, plan), originals, _candidates(lines, plan), planner)
    planner.translate_stored(connection, plan, loaded.candidates)
    loaded.bodies = documents.bodies(connection, _likely_cases(plan, loaded))
    loaded.reload(unit, plan)
    return loaded


def _lines(connection: Connection, heads: Mapping[str, Head], whole: Collection[str | None]) -> dict[str, Line]:
    """The lines of the window's keys: ``whole`` where it moves what stands behind a held document, else as far as such a one."""
    moved = [k for k in heads if k in whole]
    others = [k for k in heads if k not in whole]
    waiting = documents.line(connection, moved) if moved else {}
    short = documents.line_to_hold(connection, others) if others else {}
    lines = {k: Line(heads[k], waiting.get(k, [])) for k in moved}
    for k in others:
        items, cut = short.get(k, ([], None))
        lines[k] = Line(heads[k], items, cut=cut)
    return lines


def _originals(connection: Connection, plan: Plan) -> dict[int, Document]:
    """What the window's edited resubmissions correct, as it is now: asked once for its keys and again under their locks."""
    corrected = [doc.corrects for doc in plan.arrivals if doc.corrects is not None]
    return documents.by_id(connection, corrected) if corrected else {}


def _corrections(plan: Plan) -> list[tuple[Document, int]]:
    """Edited resubmissions of a window, and the partitions that they came in."""
    return [(step.doc, step.work.partition) for step in plan.steps if step.doc is not None and step.doc.corrects is not None]


def _drop_closed(connection: Connection, plan: Plan, corrected: Collection[int]) -> None:
    """Documents without a key are locked themselves: one that a command closed since it was read is not looked at again."""
    waiting = documents.lock_keyless(connection, {doc.id for doc in plan.arrivals if doc.stored}.union(corrected))
    plan.steps = [step for step in plan.steps if step.doc is None or step.doc.id in waiting or not step.doc.stored]


def _likely_cases(plan: Plan, loaded: Loaded) -> set[int]:
    """Documents that an arrival may have to be compared with, field by field: read at once, since a resent packet has many."""
    found: set[int] = set()
    for doc in plan.arrivals:
        known = [item.content for item in loaded.tables.known.get(doc.t or "", ())]
        full = loaded.lines[doc.k].head.full if doc.k is not None else None
        if known and all(content.s != doc.s for content in known):
            found.add(known[0].document)
        elif not known and full is not None and full.s != doc.s and doc.v in (None, loaded.lines[doc.k or ""].head.v):
            found.add(full.document)
    return found


def _tables(unit: UnitOfWork, planner: Planner, plan: Plan) -> Tables:
    """Technical ids and occurrences of everything that arrives."""
    terms = {doc.id: planner.ports.terms(doc.system, doc.route, doc.type) for doc in plan.arrivals}
    unit.lock_ids(doc.t for doc in plan.arrivals if doc.t is not None and terms[doc.id].scattered)
    tables = Tables()
    for known in identity.known(unit.connection, {doc.t for doc in plan.arrivals if doc.t is not None}):
        tables.known.setdefault(known.t, []).append(known)
    counting = [doc for doc in plan.arrivals if terms[doc.id].repeats == "cumulative"]
    tables.occurrences = identity.occurrences(unit.connection, {doc.k for doc in counting if doc.k is not None})
    started = {row.message.seq for row in plan.progress.values() if row.work.done} if counting else set()
    ignoring = {doc.message for doc in counting if terms[doc.id].technical_id == "ignore"}
    tables.counted = identity.counted(unit.connection, started, ignoring)
    return tables


def _candidates(lines: Mapping[str, Line], plan: Plan) -> list[Document]:
    """Per line the documents that a walk may come to, as far as the window has room; where it has room for one, it is no orphan. None
    behind one that its translation holds again."""
    found: list[Document] = []
    for line in lines.values():
        for doc in line.waiting:
            if doc.parked or (plan.limit == 1 and doc.orphan):
                continue
            if _stops(doc) or not line.reaches(doc):
                break
            found.append(doc)
            if _stops(plan.translations.get(doc.id, doc)):
                break
    return found[: plan.room]


def _stops(doc: Document) -> bool:
    """Whether what stands behind it in its line has to wait."""
    return any(cause != Cause.PREDECESSOR_MISSING for cause, _ in doc.holds)


@dataclass(slots=True)
class Decision:
    """What a window decided, as values for the flush."""

    new: list[Document]
    changed: list[Document]
    before: dict[str, Head]
    lines: dict[str, Line]
    tables: Tables
    collected: Collected
    states: Mapping[str, ServiceState]
    cases: list[Case]
    closed: dict[int, tuple[str, int | None]]
    refused: list[tuple[Document, Outgoing]]
    changes_holds: bool

    @property
    def documents(self) -> list[Document]:
        return self.new + self.changed

    @property
    def more(self) -> bool:
        return any(line.more for line in self.lines.values())

    def told(self) -> dict[str, list[Document]]:
        """Signals after the commit, in the order of the path."""
        return {
            names.TRANSLATED: self.new,
            names.ADMITTED: self.documents,
            names.APPLIED: [doc for doc in self.documents if doc.state is State.APPLIED],
            names.HELD: [doc for doc in self.documents if doc.waiting and doc.holds],
        }


def decide(unit: UnitOfWork, ports: Ports, plan: Plan, loaded: Loaded) -> Decision:
    """Decide every document; again with suspects when a service raised, with the rest of a line, and with documents whose turn came
    unexpectedly."""
    suspects: set[int] = set()
    while True:
        deciding = Deciding(unit, ports, plan, loaded, suspects)
        decision = deciding.run()
        short = sorted(k for k, line in deciding.lines.items() if line.short)
        if short:
            loaded.read_whole(unit.connection, short)
            continue
        more = list(deciding.wanted.values())
        if not more and not deciding.applying.found:
            return decision
        suspects = suspects | deciding.applying.found
        if more:
            loaded.candidates += more
            loaded.planner.translate_stored(unit.connection, plan, more)
            loaded.reload(unit, plan)


class Deciding:
    """One pass over the steps of a window; answers what the pure part asks."""

    def __init__(self, unit: UnitOfWork, ports: Ports, plan: Plan, loaded: Loaded, suspects: Collection[int] = ()) -> None:
        self.unit, self.ports, self.plan, self.loaded = unit, ports, plan, loaded
        self.lines = {k: line.copy() for k, line in loaded.lines.items()}
        self.tables = loaded.tables.copy()
        states = {name: state.copy() for name, state in loaded.states.items()}
        self.applying = Applying(ports.services, states, ports.subscriptions, unit.now, suspects)
        self.new: list[Document] = []
        self.stored = {doc.id: doc for line in self.lines.values() for doc in line.waiting}
        self.loose: list[Line] = []
        self.refused: list[tuple[Document, Outgoing]] = []
        self.wanted: dict[int, Document] = {}
        self.looked = False

    def run(self) -> Decision:
        """Steps in the order of the work: a window of any size decides the same."""
        for step in self.plan.steps:
            if step.doc is None:
                self._look(self.lines[step.k])
                walk(self.lines[step.k], self)
                continue
            if not self.stored.get(step.doc.id, step.doc).waiting:  # an edited resubmission of this window stands at its place
                continue
            doc = copied(step.doc)
            if doc.stored:
                self.stored[doc.id] = doc
            else:
                self.new.append(doc)
            self._arrive(doc)
        return self._decision()

    def _look(self, line: Line) -> None:
        """What was let go is looked at wherever it stands in its line: mostly it is held again, and people are to know by what."""
        for doc in [doc for doc in line.waiting if doc.let_go]:
            if doc.id in self.plan.translations:
                self.fresh(doc)
                continue
            line.more = True
            if self._room() > 0:
                self.wanted[doc.id] = copied(doc)

    def _room(self) -> int:
        """How many more documents may be translated while the window is decided."""
        most = 2 * self.plan.limit if self.plan.limit > 1 else self.plan.room
        return most - len(self.plan.translations) - len(self.wanted)

    def _arrive(self, doc: Document) -> None:
        if doc.corrects is not None and not self._take_place(doc, doc.corrects):
            return
        line = self._line(doc)
        arrive(doc, line, self.tables, self)
        if doc.k is not None:
            walk(line, self)

    def _line(self, doc: Document) -> Line:
        if doc.k is not None:
            return self.lines[doc.k]
        self.loose.append(Line(Head("")))
        return self.loose[-1]

    def _take_place(self, doc: Document, corrects: int) -> bool:
        """An edited resubmission closes what it corrects and stands at its place; too late when that is settled."""
        original = self.stored.get(corrects) or self.loaded.originals.get(corrects)
        if original is None or not original.waiting:
            doc.settle(State.REJECTED, corrects)
            return False
        if original.id not in self.stored:
            self.stored[original.id] = original = copied(original)
        original.settle(State.SUPERSEDED, doc.id)
        line = self._line(original)
        line.closed[original.id] = ("corrected", doc.id)
        if original.k == doc.k:
            doc.place = original.place
        elif original.k is not None:
            walk(line, self)
        return True

    def terms(self, doc: Document) -> Terms:
        return self.ports.terms(doc.system, doc.route, doc.type)

    def again(self, earlier: Content, like: Document) -> bytes | None:
        """F of an earlier document under the inputs of today."""
        seq, n = message_of(earlier.document)
        plan = self.plan
        if seq not in plan.raws:
            plan.messages.update(messages.load(self.unit.connection, [seq]))
            plan.raws.update(messages.raws(self.unit.connection, [seq]))
        if seq not in plan.raws:
            return None
        try:
            found = list(self.ports.translate(plan.messages[seq], plan.raws[seq], plan.view, only=frozenset((n,))))
        except Hold:
            return None
        return next((item.fingerprint for item in found if item.n == n), None)

    def fresh(self, doc: Document) -> bool:
        if doc.fresh:
            return True
        made = self.plan.translations.get(doc.id)
        if made is None:
            self._want(doc)
            return False
        self.looked |= doc.let_go
        doc.f, doc.body, doc.inputs, doc.stake, doc.fresh = made.f, made.body, made.inputs, made.stake, True
        doc.route, doc.type, doc.numbers, doc.findings = made.route, made.type, made.numbers, made.findings
        doc.owner, doc.counterparty = made.owner, made.counterparty
        doc.holds = {key: value for key, value in made.holds.items() if key[0] != Cause.PREDECESSOR_MISSING}
        return True

    def _want(self, doc: Document) -> None:
        """Its turn came, since what stood before it closed: it and those behind it are translated, as far as there is room.

        A window that did nothing yet takes at least one, so that it never stands still.
        """
        line = self.lines[doc.k or ""]
        standing = [item for item in line.waiting if item.place >= doc.place and line.reaches(item)]
        behind = [item for item in standing if not item.fresh and not item.holds]
        least = 0 if self._went_on() else 1
        for item in behind[: max(self._room(), least)]:
            self.wanted[item.id] = copied(item)

    def _went_on(self) -> bool:
        """Whether this window changes anything without a further document, or may translate none. One of a single document that looked
        at what was let go has had it: what the database refuses of the next is not to be held against this one."""
        closed = self.new or self.applying.collected.effects or any(not doc.waiting for doc in self.stored.values())
        return bool(closed) or not self.plan.limit or (self.plan.limit == 1 and self.looked)

    def apply(self, doc: Document, head: Head, effective: bool) -> tuple[Problem, ...]:
        given = self.loaded.given[doc.id]
        if doc.way is Way.CLOSES:
            given = applicable(doc, given.body, self.terms(doc), self.unit.now)
        revision = None if self.terms(doc).nature == "append" else doc.v
        return self.applying.apply(given, doc, head, effective, revision)

    def refuse(self, doc: Document, why: str) -> None:
        answer = self.ports.answer(doc, self.plan.bodies.get(doc.id), "rejected", why)
        if answer is not None:
            self.refused.append((doc, answer))
            self.applying.deliver(doc.id, [answer])

    def difference(self, earlier: int | None, doc: Document) -> list[Any] | None:
        if earlier is None or doc.body is None:
            return None
        mine = next((item.body for item in self.new if item.id == earlier), None)
        if mine is None and earlier not in self.loaded.bodies:
            self.loaded.bodies.update(documents.bodies(self.unit.connection, [earlier]))
        old = mine or self.loaded.bodies.get(earlier)
        return None if old is None else difference(orjson.loads(old), orjson.loads(doc.body))

    def repeated(self, doc: Document) -> int | None:
        seq, n = message_of(doc.id)
        if seq not in self.loaded.repeats:
            self.loaded.repeats[seq] = messages.same_bytes(self.unit.connection, self.plan.messages[seq])
        others = [document_id(other, n) for other in self.loaded.repeats[seq]]
        earlier = next((other for other in others if other < doc.id), None)
        return earlier or self._decided_before(doc, others)

    def _decided_before(self, doc: Document, others: list[int]) -> int | None:
        """A lower number may become visible later: then the one with the higher number was the first to be decided."""
        found = documents.by_id(self.unit.connection, others) if others else {}
        return next((other.id for other in found.values() if not (other.state is State.DUPLICATE and other.of == doc.id)), None)

    def _decision(self) -> Decision:
        lines = [*self.lines.values(), *self.loose]
        changed = [doc for doc in self.stored.values() if _changed(doc)]
        closed = {document: how for line in lines for document, how in line.closed.items()}
        holds = any(doc.holds for doc in self.new) or any(doc.held != doc.holds.keys() for doc in changed)
        return Decision(
            self.new, changed, {k: line.head for k, line in self.loaded.lines.items()}, self.lines, self.tables, self.applying.collected,
            self.applying.states, [case for line in lines for case in line.cases], closed, self.refused,
            holds or any(row.problem for row in self.plan.progress.values()),
        )  # fmt: skip


def _changed(doc: Document) -> bool:
    """Does a stored document's row have to be written: another state, other holds, a new translation, or another standing. What was let go
    and has not been looked at stands as before."""
    return doc.fresh or not doc.waiting or doc.held != doc.holds.keys() or (doc.counted != doc.standing() and not doc.let_go)
