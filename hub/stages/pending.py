"""A document held longer than its route's ``answer_within`` is answered "received, pending", once."""

from __future__ import annotations

import orjson

from hub.stages.ports import Ports
from hub.store import documents, outgoing
from hub.store.database import Store
from hub.store.records import Document

AT_ONCE = 200


def answer_pending(store: Store, ports: Ports) -> int:
    """Answer what has waited too long; gives how many answers were made. Each document is looked at once a call; one whose route
    asks for no answer is not looked at again, so that it is in nobody's way."""
    with store.read() as connection:
        waiting = documents.unanswered(connection, AT_ONCE)
    if not waiting:
        return 0
    with store.unit() as unit:
        unasked = {doc.id for doc, _ in waiting if _within(ports, doc) is None}
        late = [doc for doc, since in waiting if doc.id not in unasked and since + (_within(ports, doc) or 0) <= unit.now]
        open = documents.lock_unanswered(unit.connection, sorted(unasked | {doc.id for doc in late}))
        due = [doc for doc in late if doc.id in open]
        bodies = documents.bodies(unit.connection, [doc.id for doc in due])
        made = [(doc, ports.answer(doc, _parsed(bodies.get(doc.id)), "pending", "received, not yet decided")) for doc in due]
        entries = [
            outgoing.Entry(item.id, item.system, doc.id, PENDING, answer, item.latest, item.assign)
            for doc, answer in made
            if answer is not None
            for item in ports.subscriptions
            if item.wants(answer)
        ]
        outgoing.create(unit, entries)
        documents.mark_answered(unit.connection, sorted(open), unit.now)
        return len(due)


PENDING = 1_000_000
"""Effect number of a pending answer: apart from those that services give."""


def _within(ports: Ports, doc: Document) -> int | None:
    """Microseconds, or None where the route does not ask for it."""
    seconds = ports.terms(doc.system, doc.route, doc.type).settings.get("answer_within")
    return None if seconds is None else int(seconds) * 1_000_000


def _parsed(body: bytes | None) -> dict[str, object] | None:
    return None if body is None else orjson.loads(body)
