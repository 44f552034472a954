"""What a window will do: work of a partition, or the little work of several, read and translated outside the transaction
(decisions 0003, 0021).

Up to ``limit`` documents or half a second of translating; it never waits to fill. A window holds only documents that change
the codebook, or none. A large message goes on where the last window stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from canonical_model.catalogue import revision_key
from canonical_model.problems import Cause, Hold, Problem
from hub.codebook import BookView
from hub.stages import turns
from hub.stages.apply import program_error
from hub.stages.ports import Ports
from hub.stages.translate import Translated
from hub.store import messages, work
from hub.store.clock import Clock
from hub.store.records import BITS, Document, Message, Way, Work, document_id, hold_key, key_text, message_of, problem_details, sayable
from hub.store.unit import Connection

TRANSLATE_SECONDS = 0.5
BYTES_AT_ONCE = 32_000_000
"""Raw bytes read for one window; a single larger message still goes alone."""


class Step(NamedTuple):
    """One thing to decide, in the order of the work: a document arrives, a line is walked, a document without key is looked at again."""

    kind: str
    work: Work
    doc: Document | None = None
    k: str = ""


@dataclass(slots=True)
class Progress:
    """How far a message came in this window."""

    message: Message
    work: Work
    done: int
    finished: bool = False
    documents: int = 0
    inputs: str | None = None
    problem: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Plan:
    """A window before its transaction. ``raws`` are the bytes read for it; ``bodies`` parsed bodies by document id.

    ``limit``: how many documents it may decide. One of a single document decides what arrives or what stands in a line, not both.
    ``whole``: all work that is there is in it. ``passed``: keys whose held document may go on, and what stands behind it with it.
    ``corrected``: lines out of which an edited resubmission takes a document, and the partition it came in.
    """

    view: BookView
    limit: int = 0
    steps: list[Step] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    progress: dict[int, Progress] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    raws: dict[int, bytes] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    bodies: dict[int, Any] = field(default_factory=dict)
    translations: dict[int, Document] = field(default_factory=dict)
    exclusive: bool | None = None
    whole: bool = False
    passed: set[str] = field(default_factory=set)
    corrected: dict[str, int] = field(default_factory=dict)

    @property
    def partitions(self) -> list[int]:
        """Those whose work is in it, in the order in which they are locked."""
        return sorted({row.partition for row in self.work})

    @property
    def arrivals(self) -> list[Document]:
        return [step.doc for step in self.steps if step.doc is not None]

    @property
    def room(self) -> int:
        """How many stored documents it may translate: what a refusal or a death is looked for in must become one document."""
        return 0 if self.limit == 1 and self.arrivals else self.limit

    def keys(self) -> set[str]:
        """Every key that the window must lock."""
        return {doc.k for doc in self.arrivals if doc.k is not None} | {step.k for step in self.steps if step.k}


class Planner:
    """Plans windows for one lane; keeps the reader of a large message between its windows."""

    def __init__(self, ports: Ports, clock: Clock, limit: int) -> None:
        self.ports, self.clock, self.limit = ports, clock, limit
        self._open: dict[tuple[int, int, int], Iterator[Translated]] = {}

    def plan(self, connection: Connection, rows: list[Work], view: BookView, limit: int) -> Plan:
        """Read and translate ``rows``, all work that there is or the first ``limit`` of it; nothing is locked."""
        plan = Plan(view, limit)
        self._read(connection, plan, rows)
        waiting = turns.waiting(connection, rows, limit, partial(self.translate_stored, connection, plan))
        plan.passed = waiting.passed
        end = self.clock.monotonic() + TRANSLATE_SECONDS
        room = limit
        for row in rows:
            if room <= 0 or self.clock.monotonic() > end:
                break
            taken = self._take(plan, waiting, row, room, end)
            if taken is None:
                break
            if row.seq in plan.progress and not plan.progress[row.seq].finished:
                break
            room -= max(taken, 1)
        plan.whole = len(rows) < limit and len(plan.work) == len(rows)
        return plan

    def without_translating(self, connection: Connection, p: int, view: BookView, problem: Problem, row: Work | None = None) -> Plan:
        """The first work of a partition (or ``row``), held as it is: its translation kills the process, or it cannot be written."""
        plan = Plan(view)
        for first in [row] if row is not None else work.claim(connection, p, 1):
            plan.work.append(first)
            if first.kind == "message":
                plan.messages = messages.load(connection, [first.ref or 0])
                message = plan.messages[first.ref or 0]
                plan.progress[first.seq] = Progress(message, first, first.done, True, inputs=message.inputs, problem=(problem,))
            else:
                self._hold_first(connection, plan, first, problem)
        return plan

    def _hold_first(self, connection: Connection, plan: Plan, row: Work, problem: Problem) -> None:
        """The document of a line that a walk would translate first, or the document itself."""
        for doc in turns.first(connection, row)[:1]:
            doc.hold(problem)
            doc.fresh = True
            plan.translations[doc.id] = doc
            plan.steps.append(Step("walk" if row.k else "again", row, None if row.k else doc, doc.k or ""))

    def _read(self, connection: Connection, plan: Plan, rows: list[Work]) -> None:
        """Load the messages of the window, and the bytes of as many as fit."""
        seqs = [row.ref for row in rows if row.kind == "message" and row.ref is not None]
        plan.messages = messages.load(connection, seqs)
        fits = next(_portions(seqs, plan.messages), [])
        plan.asked, plan.raws = set(fits), messages.raws(connection, fits)

    def _take(self, plan: Plan, waiting: turns.Waiting, row: Work, room: int, end: float) -> int | None:
        """Plan one row of work; gives how many documents, None when the window is to end before it."""
        if row.kind == "message":
            return self._take_message(plan, row, room, end)
        if row.kind == "key":
            return self._take_key(plan, row, waiting.fronts.get(row.k or "", []))
        alone = [doc for doc in (waiting.alone.get(row.ref or 0),) if doc is not None and doc.waiting]
        if not self._suits(plan, alone):
            return None
        plan.work.append(row)
        plan.steps.extend(Step("again", row, doc, doc.k or "") for doc in alone)
        return 1

    def _take_key(self, plan: Plan, row: Work, front: list[Document]) -> int | None:
        if not self._suits(plan, front):
            return None
        plan.work.append(row)
        plan.steps.append(Step("walk", row, None, row.k or ""))
        return len(front)

    def _suits(self, plan: Plan, docs: Iterable[Document]) -> bool:
        """Whether stored documents may be in this window: all of it change the codebook, or none does."""
        kinds = {self.ports.terms(doc.system, doc.route, doc.type).exclusive for doc in docs}
        if plan.exclusive is None and kinds:
            plan.exclusive = any(kinds)
        return not kinds or plan.exclusive == any(kinds)

    def _take_message(self, plan: Plan, row: Work, room: int, end: float) -> int | None:
        seq = row.ref or 0
        message = plan.messages.get(seq)
        if message is not None and seq not in plan.asked:
            return None
        if message is None or seq not in plan.raws:
            return self._lost(plan, row, message)
        progress = Progress(message, row, row.done, inputs=message.inputs)
        taken = self._documents(plan, progress, room, end)
        if taken is None:
            return None
        plan.work.append(row)
        plan.progress[row.seq] = progress
        return taken

    def _lost(self, plan: Plan, row: Work, message: Message | None) -> int:
        """Work without a message, or whose bytes are pruned: settled, the latter with a hold that says so."""
        plan.work.append(row)
        if message is not None:
            fact = f"the raw bytes of message {message.seq} are no longer kept"
            problem = Problem(Cause.UNREADABLE, f"message:{message.seq}", fact, "ask the sender to send it again")
            plan.progress[row.seq] = Progress(message, row, row.done, True, problem=(problem,))
        return 0

    def _documents(self, plan: Plan, progress: Progress, room: int, end: float) -> int | None:
        """Take documents of a message until the window is full; None when the first one wants a window of another kind."""
        key = (progress.message.seq, progress.done, plan.view.revision)
        taken = 0
        try:
            source = self._open.pop(key, None) or self._reader(plan, progress)
            for item in source:
                if not self._fits(plan, progress, item):
                    source = _again(item, source)
                    break
                self._arrive(plan, progress, item)
                taken += 1
                if item.last:
                    progress.finished = True
                    break
                if taken >= room or self.clock.monotonic() > end:
                    break
            else:
                progress.finished = True
        except Hold as hold:
            progress.finished, progress.problem = True, hold.problems
        except Exception as error:
            progress.finished, progress.problem = True, (program_error(f"message:{progress.message.seq}", error),)
        if not progress.finished:
            self._open = {(key[0], progress.done, key[2]): source}
        return taken if taken or progress.finished else None

    def _reader(self, plan: Plan, progress: Progress) -> Iterator[Translated]:
        message, raw = progress.message, plan.raws[progress.message.seq]
        if message.corrects is not None:
            return self._edited(message, raw, plan.view)
        wanted = None if progress.done == 0 else range(progress.done + 1, 1 << BITS)
        return iter(self.ports.translate(message, raw, plan.view, only=wanted))

    def _edited(self, message: Message, raw: bytes, view: BookView) -> Iterator[Translated]:
        """The one document of an edited resubmission: at the place of what it corrects, else the first."""
        place = message_of(message.corrects or 0)[1]
        found = list(self.ports.translate(message, raw, view, only=frozenset((place,))))
        yield from found or self.ports.translate(message, raw, view, only=frozenset((1,)))

    def _fits(self, plan: Plan, progress: Progress, item: Translated) -> bool:
        exclusive = self.ports.terms(progress.message.system, item.route, item.type).exclusive
        if plan.exclusive is None:
            plan.exclusive = exclusive
        return plan.exclusive == exclusive

    def _arrive(self, plan: Plan, progress: Progress, item: Translated) -> None:
        progress.done, progress.inputs = max(progress.done, item.n), progress.inputs or item.inputs
        corrects = progress.message.corrects
        doc = self.arrival(progress.message, item)
        if corrects is not None:
            doc.corrects, doc.way = corrects, Way.CORRECTS
        plan.bodies[doc.id] = item.body
        plan.steps.append(Step("arrive", progress.work, doc, doc.k or ""))

    def arrival(self, message: Message, item: Translated) -> Document:
        """A translated document as the lane sees it."""
        number = document_id(message.seq, item.n)
        owner, counterparty = self.ports.parties(message.system, item.body)
        doc = Document(
            number, message.seq, message.system, item.route, item.type, key_text(item.technical), key_text(item.key), item.source,
            None if item.revision is None else sayable(item.revision), item.inputs, number, owner=owner, counterparty=counterparty,
        )  # fmt: skip
        self.say(doc, item)
        return doc

    def say(self, doc: Document, item: Translated) -> None:
        """Put a translation on a document: body, F, findings, numbers, and its problems as holds."""
        doc.f, doc.body, doc.inputs, doc.stake = item.fingerprint, item.canonical, item.inputs, item.stake
        doc.route, doc.type = item.route, item.type
        doc.numbers = tuple((name, sayable(value)) for name, value in item.numbers)
        doc.findings = tuple({"code": f.code, "text": f.text, "severity": f.severity, **f.details} for f in item.findings)
        doc.owner, doc.counterparty = self.ports.parties(doc.system, item.body) if item.body else (doc.owner, doc.counterparty)
        admission = {key: details for key, details in doc.holds.items() if key[0] in (Cause.CONFLICT, Cause.PREDECESSOR_MISSING)}
        doc.holds = {**admission, **{hold_key(p): problem_details(p) for p in self._problems(doc, item)}}
        doc.fresh = True

    def _problems(self, doc: Document, item: Translated) -> Iterator[Problem]:
        yield from item.problems
        if item.canonical is None and not item.problems:
            yield Problem(Cause.PROGRAM_ERROR, f"document:{doc.id}", "translation gave neither a body nor a problem")
        if doc.k is None and not item.problems:
            yield Problem(Cause.MAPPING_ERROR, item.route, "the mapping gave no business key", "check key: of the mapping")
        if item.revision is not None:
            try:
                revision_key(self.ports.terms(doc.system, item.route, item.type).revisions, item.revision)
            except Hold as hold:
                yield from hold.problems

    def translate_stored(self, connection: Connection, plan: Plan, docs: list[Document]) -> None:
        """Translate waiting documents again under the window's revision, each message read once, in portions."""
        wanted: dict[int, dict[int, Document]] = {}
        for doc in docs:
            if doc.id not in plan.translations:
                seq, n = message_of(doc.id)
                wanted.setdefault(seq, {})[n] = doc
        missing = [seq for seq in wanted if seq not in plan.raws]
        plan.messages.update(messages.load(connection, [seq for seq in missing if seq not in plan.messages]))
        portions = [[seq for seq in wanted if seq in plan.raws], *_portions(missing, plan.messages)]
        for portion in portions:
            fetched = messages.raws(connection, [seq for seq in portion if seq not in plan.raws])
            plan.raws.update(fetched)
            for seq in portion:
                self._translate_message(plan, seq, wanted[seq])
            for seq in fetched if len(portions) > 2 else ():  # one portion may stay for the rest of the window, several may not
                del plan.raws[seq]

    def _translate_message(self, plan: Plan, seq: int, places: dict[int, Document]) -> None:
        """Give each wanted document its translation; one that cannot be made any more says why."""
        found: set[int] = set()
        fault = Problem(Cause.UNREADABLE, f"message:{seq}", f"the raw bytes of message {seq} are no longer kept")
        try:
            if seq in plan.raws:
                for item in self.ports.translate(plan.messages[seq], plan.raws[seq], plan.view, only=frozenset(places)):
                    if item.n in places:
                        self._keep(plan, places[item.n], item)
                        found.add(item.n)
                fault = Problem(Cause.PROGRAM_ERROR, f"message:{seq}", f"message {seq} is cut in another way than when it came")
        except Hold as hold:
            fault = hold.problems[0]
        except Exception as error:
            fault = program_error(f"message:{seq}", error)
        for n in places.keys() - found:
            doc = places[n]
            doc.hold(fault)
            doc.fresh = True
            plan.translations[doc.id] = doc

    def _keep(self, plan: Plan, doc: Document, item: Translated) -> None:
        if doc.k is None:
            doc.k = key_text(item.key)
        self.say(doc, item)
        plan.bodies[doc.id] = item.body
        plan.translations[doc.id] = doc


def _again(item: Translated, source: Iterator[Translated]) -> Iterator[Translated]:
    yield item
    yield from source


def _portions(seqs: Iterable[int], known: Mapping[int, Message]) -> Iterator[list[int]]:
    """Messages in their order, as many together as bytes are read at once; a single larger one alone."""
    portion, size = list[int](), 0
    for seq in seqs:
        more = known[seq].size if seq in known else 0
        if portion and size + more > BYTES_AT_ONCE:
            yield portion
            portion, size = [], 0
        portion.append(seq)
        size += more
    if portion:
        yield portion
