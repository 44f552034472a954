"""Writing a window's decision: one statement a table, whatever its size; then the commit settles the work."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from canonical_model.problems import Hold
from hub.codebook import set_codes
from hub.signals import reach
from hub.stages.apply import code_line
from hub.stages.deciding import Decision
from hub.stages.plan import Plan, Progress
from hub.stages.ports import Ports
from hub.store import documents, holds, identity, messages, outgoing, people, publications, work
from hub.store.records import Document, HoldKey, State, document_id, hold_key, problem_details
from hub.store.unit import UnitOfWork

log = logging.getLogger(__name__)
NUMBERED = 2**31 - 1
"""Which time a message was begun tells its acknowledgements apart: the end of its work's number does, and fits the column."""


class Flush:
    """One window's writing. ``settled`` is the work that the commit closes, ``freed`` what its code changes let go, ``let_go`` documents
    that have lost their last hold to it and to a release beside it, ``subscriptions`` those that have new deliveries by it."""

    def __init__(self, unit: UnitOfWork, ports: Ports, plan: Plan, decision: Decision) -> None:
        self.unit, self.ports, self.plan, self.decision = unit, ports, plan, decision
        self.settled: list[int] = []
        self.freed = holds.Freed(0, 0)
        self.let_go: list[int] = []
        self.subscriptions: set[str] = set()

    def write(self) -> None:
        """Everything, in one order everywhere."""
        self._documents()
        self._identity()
        self._holds()
        reach("window.flushing")
        self._effects()
        self._people()
        self._messages()
        self._work()
        self._codes()

    def _documents(self) -> None:
        connection, decision = self.unit.connection, self.decision
        documents.insert_all(connection, decision.new, self.unit.now)
        documents.update_all(connection, decision.changed, self.unit.now)

    def _identity(self) -> None:
        connection, decision, now = self.unit.connection, self.decision, self.unit.now
        named = [(doc, doc.of if doc.state is State.DUPLICATE and doc.of is not None else doc.id) for doc in decision.documents]
        identity.save_technical(connection, [(doc, root) for doc, root in named if not doc.stored or doc.fresh])
        identity.save_occurrences(connection, decision.tables.new_occurrences)
        for line in decision.lines.values():
            blocked = any(doc.waiting and not doc.parked and not doc.orphan for doc in line.waiting)
            line.head.held_since = (line.head.held_since or now) if blocked else None
        identity.save_heads(connection, [line.head for k, line in decision.lines.items() if line.head != decision.before[k]])

    def _holds(self) -> None:
        connection, now = self.unit.connection, self.unit.now
        gone = [("document", doc.id, *key) for doc in self.decision.documents for key in doc.held - doc.holds.keys()]
        holds.remove(connection, gone)
        rows = [holds.row("document", doc.id, item, now) for doc in self.decision.documents for item in _added(doc)]
        for progress in self.plan.progress.values():
            entries = {hold_key(problem): problem_details(problem) for problem in progress.problem}
            rows += [holds.row("message", progress.message.seq, item, now) for item in entries.items()]
        holds.add(connection, rows)
        self.let_go = holds.without(connection, "document", (doc.id for doc in self.decision.changed if _lost_some(doc)))

    def _effects(self) -> None:
        connection, collected = self.unit.connection, self.decision.collected
        identity.save_effects(connection, collected.effects)
        for state in self.decision.states.values():
            state.flush(connection)
        publications.publish(self.unit, collected.published)
        entries = [
            outgoing.Entry(item.subscription.id, item.subscription.system, item.document, item.effect_no, item.outgoing,
                           item.subscription.latest, item.subscription.assign)
            for item in collected.deliveries
        ]  # fmt: skip
        entries += self._acknowledgements()
        self.subscriptions = {entry.subscription for entry in entries}
        outgoing.create(self.unit, entries)
        outgoing.repeat(self.unit, [(doc.id, doc.of, doc.system) for doc in self.decision.new if doc.state is State.DUPLICATE and doc.of])

    def _acknowledgements(self) -> list[outgoing.Entry]:
        """The syntax acknowledgement of each message that began in this window, also when its documents are held."""
        return [
            outgoing.Entry(s.id, s.system, document_id(progress.message.seq, 0), progress.work.seq & NUMBERED, out, s.latest, s.assign)
            for progress in self.plan.progress.values()
            if progress.work.done == 0
            for out in self._acknowledge(progress)
            for s in self.ports.subscriptions
            if s.system == progress.message.system and s.wants(out)
        ]

    def _acknowledge(self, progress: Progress) -> list[outgoing.Outgoing]:
        raw = self.plan.raws.get(progress.message.seq)
        try:
            return [] if raw is None else list(self.ports.acknowledge(progress.message, raw))
        except Hold:
            return []
        except Exception:
            log.exception("no acknowledgement could be made for message %s", progress.message.seq)
            return []

    def _people(self) -> None:
        connection, decision, now = self.unit.connection, self.decision, self.unit.now
        people.save_cases(connection, decision.cases, now)
        people.close_cases(connection, decision.closed, now)
        people.count(connection, decision.documents, self.ports.worker, now)
        people.tell(connection, [people.told(doc, now) for doc in decision.documents])
        people.save_numbers(connection, [doc for doc in decision.documents if not doc.stored or doc.fresh])

    def _messages(self) -> None:
        rows = [
            {"seq": row.message.seq, "documents": row.done if row.finished and not row.problem else None, "inputs": row.inputs}
            for row in self.plan.progress.values()
        ]
        messages.finish(self.unit.connection, rows)

    def _work(self) -> None:
        """Settle what is finished; a message that goes on keeps its mark, a line that goes on keeps its row."""
        connection, now = self.unit.connection, self.unit.now
        going = {seq: row.done for seq, row in self.plan.progress.items() if not row.finished}
        self.settled = [row.seq for row in self.plan.work if row.seq not in going]
        work.settle(connection, self.settled)
        work.progress(connection, going.items())
        driven = self.plan.corrected | {step.k or (step.doc and step.doc.k) or "": step.work.partition for step in self.plan.steps}
        more = sorted(k for k, line in self.decision.lines.items() if line.more)
        work.add(connection, [{"partition": driven[k], "kind": "key", "k": k, "at": now} for k in more])
        holds.queue(self.unit, "document", self.let_go)

    def _codes(self) -> None:
        """Master data of this window becomes codes under one revision, and frees what waited for them, in the same commit."""
        changes = self.decision.collected.codes
        if changes:
            lines = [code_line(change) for change in changes]
            _, self.freed = set_codes(self.unit, lines, actor=self.ports.worker, what="master data")


def _lost_some(doc: Document) -> bool:
    """One of several holds went. A release or a retry that came between this window's reading and its lock may have taken the others,
    and has left the document to the last hold, which was this window's."""
    return doc.waiting and bool(doc.holds) and bool(doc.held - doc.holds.keys())


def _added(doc: Document) -> list[tuple[HoldKey, Mapping[str, Any]]]:
    return [(key, details) for key, details in doc.holds.items() if key not in doc.held]
