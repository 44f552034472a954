"""Every change that a person may make: authorised, audited, in one unit of work.

Each takes ``actor`` first and refuses with Reject (fact, place, fix) when it may not be done; then nothing was changed.
A command that closes an open document queues its key, so that what stands behind it goes on by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from canonical_model.problems import REMOVED_BY, Cause, Reject
from connectors.base import Inbound
from hub import signals as names
from hub.codebook import CodeLine, import_csv, retire, set_codes, set_parent
from hub.signals import Signals, reach
from hub.stages.ports import Ports
from hub.stages.receive import Door, packed
from hub.store import cases, deliveries, documents, holds, identity, messages, outgoing, people, publications, restoring, texts, work
from hub.store.clock import to_datetime
from hub.store.database import Store
from hub.store.records import Document, State, Way
from hub.store.unit import UnitOfWork

EVERYTHING = frozenset({"*"})
OF_A_DELIVERY = (Cause.MAPPING_ERROR, Cause.REFUSED_BY_RECEIVER)
"""What a new version of the mapping that writes a delivery may mend. What a receiver refused goes again only where there was a version
before: else nobody repaired anything, a start learned of the mapping."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and what he may do: names of commands, or ``*``."""

    name: str
    may: frozenset[str] = EVERYTHING


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did, for its reader."""

    text: str
    freed: int = 0
    id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Commands:
    """The commands over one store. ``changed`` is called after each commit: there may be work now."""

    def __init__(self, store: Store, ports: Ports, signals: Signals | None = None, changed: Callable[[], None] = lambda: None) -> None:
        self.store, self.ports, self.signals, self._changed = store, ports, signals or Signals(), changed

    @contextmanager
    def _as(self, actor: Actor, action: str, target: str, why: str = "", detail: Any = None) -> Iterator[UnitOfWork]:
        """Authorise, run in one unit of work, and write the audit in the same."""
        if not actor.may & {action, "*"}:
            raise Reject(f"{actor.name} may not {action}", at=target, fix="ask somebody who may, or for the right")
        with self.store.unit() as unit:
            yield unit
            reach("command.before_commit")
            people.record(unit.connection, at=unit.now, actor=actor.name, action=action, target=target, why=why, detail=detail)
        self._changed()

    def set_codes(self, actor: Actor, lines: Sequence[CodeLine]) -> Done:
        """``hub codes set``: rows as one revision; what waited for them goes on."""
        with self._as(actor, "codes set", ", ".join(f"{line.table}/{line.code_set}/{line.code}" for line in lines[:5])) as unit:
            return self._coded(unit, *set_codes(unit, lines, actor=actor.name))

    def import_codes(self, actor: Actor, text: str, name: str = "") -> Done:
        """``hub codes import``: a CSV as one revision, or refused whole."""
        with self._as(actor, "codes import", name) as unit:
            return self._coded(unit, *import_csv(unit, text, actor=actor.name, what=f"import {name}".strip()))

    def retire_code(self, actor: Actor, table: str, code_set: str, code: str, context: str = "") -> Done:
        """The code means nothing from the next revision on."""
        with self._as(actor, "codes retire", f"{table}/{code_set}/{code}") as unit:
            return Done(f"revision {retire(unit, table, code_set, code, context, actor=actor.name)}")

    def set_parent(self, actor: Actor, code_set: str, parent: str) -> Done:
        """A code set falls back to another."""
        with self._as(actor, "codes parent", f"{code_set} -> {parent}") as unit:
            return self._coded(unit, *set_parent(unit, code_set, parent, actor=actor.name))

    def _coded(self, unit: UnitOfWork, revision: int, freed: holds.Freed) -> Done:
        self._tell(unit, freed)
        more = " (more follow by a job)" if freed.left else ""
        return Done(f"revision {revision}, {freed.owners} freed{more}", freed.owners, facts={"revision": revision})

    def apply_case(self, actor: Actor, case: int, head: int | None) -> Done:
        """``hub cases --apply``: the parked document as a revision of the head that the person saw; refused when it has moved."""
        with self._as(actor, "cases apply", f"case {case}") as unit:
            doc = self._parked(unit, case)
            current = cases.head_of(unit.connection, doc.k or "")
            if current != head:
                raise Reject(f"the head is document {current} now, not {head}", at=f"case {case}", fix="look at the case again")
            doc.drop(Cause.CONFLICT)
            doc.way, doc.accepted_against = Way.ACCEPTED, head
            self._write(unit, doc)
            return Done(f"document {doc.id} goes on as a revision of {head}", id=doc.id)

    def discard_case(self, actor: Actor, case: int, why: str) -> Done:
        """``hub cases --discard``: the parked document is refused and its sender told so; the case keeps its row."""
        with self._as(actor, "cases discard", f"case {case}", why) as unit:
            doc = self._parked(unit, case)
            self._reject(unit, doc, why, "discarded")
            return Done(f"document {doc.id} is rejected", id=doc.id)

    def _parked(self, unit: UnitOfWork, case: int) -> Document:
        found = cases.get(unit.connection, case)
        if found is None or found.state != "open":
            raise Reject(f"case {case} is {found.state if found else 'not there'}", fix="hub cases")
        return self._waiting(unit, found.document)

    def _waiting(self, unit: UnitOfWork, id: int) -> Document:
        """A document that is still open, its key locked first (itself, where it has none): the same order as a window."""
        doc = documents.by_id(unit.connection, [id]).get(id)
        k = doc.k if doc is not None else None
        if k is None:
            documents.lock_keyless(unit.connection, [id])
        else:
            identity.lock_heads(unit.connection, [k])
        doc = documents.by_id(unit.connection, [id]).get(id)
        if doc is None or not doc.waiting:
            raise Reject(f"document {id} is {doc.state if doc else 'not there'}", fix="only a waiting document can be changed")
        if doc.k != k:
            raise Reject(f"document {id} got its key at this moment", fix="look at it again; then ask again")
        unit.lock_codebook(exclusive=False)
        return doc

    def _write(self, unit: UnitOfWork, doc: Document) -> None:
        """Write a document that a command changed, its holds and counts, and queue its key."""
        connection = unit.connection
        documents.update_all(connection, [doc], unit.now)
        holds.remove(connection, [("document", doc.id, *key) for key in doc.held - doc.holds.keys()])
        people.count(connection, [doc], "commands", unit.now)
        people.tell(connection, [people.told(doc, unit.now)])
        partition = messages.load(connection, [doc.message])[doc.message].partition
        kind = {"kind": "key", "k": doc.k} if doc.k is not None else {"kind": "document", "ref": doc.id}
        work.add(connection, [{"partition": partition, "at": unit.now, **kind}])

    def _reject(self, unit: UnitOfWork, doc: Document, why: str, state: str) -> None:
        body = documents.bodies(unit.connection, [doc.id]).get(doc.id)
        doc.settle(State.REJECTED)
        people.close_cases(unit.connection, {doc.id: (state, None)}, unit.now)
        self._write(unit, doc)
        answer = self.ports.answer(doc, None if body is None else orjson.loads(body), "rejected", why)
        if answer is not None:
            self._answer(unit, doc.id, answer)

    def _answer(self, unit: UnitOfWork, document: int, answer: outgoing.Outgoing) -> None:
        entries = [
            outgoing.Entry(item.id, item.system, document, answer.effect, answer, item.latest, item.assign)
            for item in self.ports.subscriptions
            if item.wants(answer)
        ]
        outgoing.create(unit, entries)

    def reject(self, actor: Actor, document: int, why: str) -> Done:
        """``hub reject ID --why``: ends any hold and answers the sender."""
        if not why.strip():
            raise Reject("a rejection without a reason", at=f"document {document}", fix="--why 'what the sender is to read'")
        with self._as(actor, "reject", f"document {document}", why) as unit:
            self._reject(unit, self._waiting(unit, document), why, "rejected")
            return Done(f"document {document} is rejected", id=document)

    def reject_message(self, actor: Actor, message: int, why: str) -> Done:
        """End the hold of a message that cannot be read."""
        with self._as(actor, "reject", f"message {message}", why) as unit:
            unit.lock_codebook(exclusive=False)
            there = holds.of(unit.connection, "message", message)
            if not there:
                raise Reject(f"message {message} is not held", fix="hub holds")
            holds.remove(unit.connection, [("message", message, *key) for key in there])
            messages.finish(unit.connection, [{"seq": message, "documents": 0, "inputs": None}])
            return Done(f"message {message} is rejected", id=message)

    def resubmit(self, actor: Actor, document: int, edited: bytes, why: str) -> Done:
        """``hub resubmit --edit``: edited raw bytes -> a new document at the place of the one it corrects, which closes."""
        with self._as(actor, "resubmit", f"document {document}", why) as unit:
            doc = self._waiting(unit, document)
            old = messages.load(unit.connection, [doc.message])[doc.message]
            inbound = Inbound(edited, old.name, None, old.headers)
            (seq,) = messages.save(unit.connection, [packed(inbound, Door(old.system, old.route), self.store.partitions, doc.id)], unit.now)
            return Done(f"message {seq} corrects document {document}", id=seq)

    def retry(self, actor: Actor, kind: str, id: int) -> Done:
        """``hub retry``: after a repair. A document, a message (from where it stopped), or a delivery (made anew)."""
        with self._as(actor, "retry", f"{kind} {id}") as unit:
            unit.lock_codebook(exclusive=True)
            # its row before its holds, as a sender that finishes it does: the other way round the two wait for each other
            sendable = kind != "delivery" or deliveries.forget_bytes(unit.connection, id, unit.now)
            there = holds.of(unit.connection, kind, id)
            mine = [key for key in there if key[0] not in (Cause.CONFLICT, Cause.PREDECESSOR_MISSING, Cause.IN_DOUBT)]
            if not mine:
                raise Reject(f"{kind} {id} has no hold that a retry removes", fix=_other_commands(there))
            if not sendable:
                raise Reject(f"delivery {id} is on its way, or in doubt", fix=_other_commands(there))
            holds.remove(unit.connection, [(kind, id, *key) for key in mine])
            free = len(mine) == len(there)
            if kind != "delivery" and free:
                holds.queue(unit, kind, [id])
            self._tell(unit, holds.Freed(len(mine), int(free)))
            return Done(f"{kind} {id} is tried again" if free else f"{kind} {id} is still held", freed=int(free), id=id)

    def promote(self, actor: Actor, found: texts.MappingText, routes: Sequence[str], subscriptions: Sequence[str] = ()) -> Done:
        """``hub map promote``: a new version translates from now on; what waited for it goes on, and what a receiver refused of
        its ``subscriptions`` is made anew.

        Refused while documents of its routes wait, if it changes key, revision or splitting: their identities would move.
        """
        with self._as(actor, "map promote", f"{found.name} {found.hash[:8]}") as unit:
            before = texts.active(unit.connection, found.name)
            waiting = texts.waiting_of_routes(unit.connection, list(routes))
            if before is not None and before.identity != found.identity and waiting:
                fact = f"{found.name} changes key, revision or splitting, and {waiting} documents of its routes wait"
                raise Reject(fact, at=found.hash, fix="let them through or reject them first, or keep key: and revision: as they are")
            texts.save_mapping(unit, found)
            texts.activate(unit, found.name, found.hash, actor.name)
            freed = self._release(unit, _mentions(found.name, routes), (Cause.MAPPING_ERROR, Cause.INVALID_VALUE, Cause.UNREADABLE))
            made = self._release(unit, subscriptions.__contains__, OF_A_DELIVERY if before else OF_A_DELIVERY[:1])
            owners = freed.owners + made.owners
            return Done(f"{found.name} {found.hash[:8]} is active, {owners} freed", owners)

    def add_definition(self, actor: Actor, format: str, name: str, text: str) -> Done:
        """``hub definitions add``: an uploaded definition wins over ours; what could not be read is tried again."""
        with self._as(actor, "definitions add", f"{format} {name}") as unit:
            digest = texts.add_definition(unit, format, name, text, actor.name)
            freed = self._release(unit, lambda key: True, (Cause.UNREADABLE,))
            return Done(f"{format} {name} {digest[:8]}, {freed.owners} freed", freed.owners)

    def configured(self, actor: Actor) -> Done:
        """A start: what waits for a route, a definition or another mapping is looked at once under today's configuration."""
        causes = (Cause.NO_ROUTE, Cause.UNREADABLE, Cause.MAPPING_ERROR, Cause.INVALID_VALUE)
        with self.store.read() as connection:
            if not holds.open_causes(connection, causes):
                return Done("nothing waits for the configuration")
        with self._as(actor, "start", "configuration") as unit:
            freed = self._release(unit, lambda key: True, causes)
            return Done(f"{freed.owners} freed", freed.owners)

    def _release(self, unit: UnitOfWork, wanted: Callable[[str], bool], causes: Sequence[Cause]) -> holds.Freed:
        unit.lock_codebook(exclusive=True)
        freed = holds.release(unit, [cause for cause in holds.open_causes(unit.connection, causes) if wanted(cause.key)])
        self._tell(unit, freed)
        return freed

    def _tell(self, unit: UnitOfWork, freed: holds.Freed) -> None:
        if freed.owners:
            unit.after_commit(lambda: self.signals.emit(names.RELEASED, owners=freed.owners))

    def delivery_sent(self, actor: Actor, delivery: int, why: str = "") -> Done:
        """``hub deliveries ID --sent``: the receiver has it."""
        with self._as(actor, "deliveries sent", f"delivery {delivery}", why) as unit:
            self._in_doubt(unit, delivery)
            deliveries.finish(unit.connection, delivery, "sent", unit.now, detail=f"{actor.name} says it was taken")
            return Done(f"delivery {delivery} is sent", id=delivery)

    def delivery_again(self, actor: Actor, delivery: int, why: str = "") -> Done:
        """``hub deliveries ID --again``: the same bytes once more."""
        with self._as(actor, "deliveries again", f"delivery {delivery}", why) as unit:
            self._in_doubt(unit, delivery)
            deliveries.finish(unit.connection, delivery, "pending", unit.now, detail=f"{actor.name} says again", next_at=unit.now)
            return Done(f"delivery {delivery} goes again", id=delivery)

    def restored(self, actor: Actor, by: int, why: str) -> Done:
        """``hub restored``: the store was put back to an earlier point. Every number that others have seen is moved on, and what may
        have been sent since to a receiver that cannot recognise a repeat is in doubt."""
        if by < 1:
            raise Reject(f"numbers move on by at least 1, not {by}", at="hub restored", fix="--by: more than was sent in the lost time")
        with self._as(actor, "restored", f"numbers + {by}", why) as unit:
            last = restoring.move_on(unit.connection, by)
            doubtful = [one.id for one in self.ports.subscriptions if not one.idempotent and one.ask is None]
            doubted = restoring.doubt(unit, doubtful)
        return Done(f"every number moved on by {by}, {len(doubted)} deliveries in doubt", facts={"numbers": last, "in_doubt": doubted})

    def publish_again(self, actor: Actor, since: int, why: str) -> Done:
        """``hub republish``: what was published since an instant goes to the subscribers of ``canonical`` once more."""
        with self._as(actor, "republish", f"since {to_datetime(since).isoformat()}", why) as unit:
            count = publications.again(unit, since)
        return Done(f"{count} publications go once more", facts={"count": count})

    def _in_doubt(self, unit: UnitOfWork, delivery: int) -> None:
        deliveries.lock(unit.connection, delivery)
        there = [key for key in holds.of(unit.connection, "delivery", delivery) if key[0] == Cause.IN_DOUBT]
        if not there:
            raise Reject(f"delivery {delivery} is not in doubt", fix="hub deliveries")
        holds.remove(unit.connection, [("delivery", delivery, *key) for key in there])


def _mentions(name: str, routes: Sequence[str]) -> Callable[[str], bool]:
    """Does a cause key speak of this mapping: its name, one of its routes, or either as a part."""
    parts = {name, *routes}
    return lambda key: key in parts or any(key.startswith(f"{part}:") or f":{part}" in key for part in parts)


def _other_commands(there: Any) -> str:
    return "; ".join(sorted({REMOVED_BY[Cause(cause)] for cause, _ in there})) or "hub holds"
