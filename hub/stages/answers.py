"""What a sender is told besides what services say: that its message was read (997, TA1), and that a document was refused or waits.

Findings give the syntax acknowledgement, also when documents are held: we have them. A document that a
person rejects, or that waits longer than the route allows, gives an application answer where its type has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.x12.acknowledge import ANSWERS, acknowledge
from hub.stages.outward import SYNTAX, Outward, Renderer, unmarked
from hub.stages.ports import Rendered
from hub.stages.routes import Ways
from hub.stages.translate import zone
from hub.store.clock import to_datetime
from hub.store.effects import Outgoing
from hub.store.records import Document, Message

ORDERS = {"order/1": "order", "order_change/1": "change", "order_cancel/1": "cancel"}


class Answers:
    """The answers that need no service. ``raw(seq)`` gives a stored message's bytes; ``now()`` microseconds UTC."""

    def __init__(self, ways: Ways, raw: Callable[[int], bytes], now: Callable[[], int]) -> None:
        self._ways, self._raw, self._now = ways, raw, now

    def acknowledgement(self, message: Message, raw: bytes) -> Sequence[Outgoing]:
        """What is owed for having read a message: one, where its format has such a thing and it is not one itself."""
        way = self._ways.ways.get((message.system, message.route))
        if way is None or way.format.name != "x12":
            return ()
        documents = list(way.format.read(raw, **way.options))
        if all(document.types[-1] in ANSWERS for document in documents):
            return ()
        return (
            Outgoing(
                SYNTAX,
                f"{message.system}:{message.seq}",
                {"message": message.seq, "system": message.system, "way": message.route},
                way.party,
            ),
        )

    def renderer(self, line: Outward) -> Renderer:
        """The bytes of an acknowledgement: the stored message is read again, which gives the same findings."""

        def render(body: Mapping[str, Any], assigned: Mapping[str, str]) -> Rendered | tuple[Any, ...]:
            way = self._ways.way(body["system"], body["way"])
            documents: list[Any] = list(way.format.read(self._raw(body["message"]), **way.options))
            return line.named(acknowledge(documents, unmarked(assigned), **line.words) or b"", assigned)

        return render

    def application(self, doc: Document, body: Mapping[str, Any] | None, status: str, why: str) -> Outgoing | None:
        """The answer to a document that is ``rejected`` or ``pending``; None for types that are not answered."""
        kind = ORDERS.get(doc.type)
        if kind is None or doc.k is None:
            return None
        way = self._ways.ways.get((doc.system, doc.route.partition(":")[0]))
        party = body["buyer"]["party"] if body else doc.owner
        buyer = body["buyer"] if body else {"party": doc.owner, "given": []}
        day = to_datetime(self._now()).astimezone(zone(way.zone if way else "UTC")).date().isoformat()
        answer = {
            "number": body["number"] if body else _number(doc), "order_type": kind, "status": status, "issued_on": day,
            "buyer": buyer, "lines": [], "reasons": [{"code": status, "text": why}],
        }  # fmt: skip
        return Outgoing("order_response/1", doc.k, answer, party, references=(str(answer["number"]),))


def _number(doc: Document) -> str:
    """The order number of a document that never got a body: its mapping's ``numbers:``, else the end of its key."""
    named = dict(doc.numbers)
    return named.get("po") or (doc.k or "").rpartition(":")[2].replace("%3A", ":").replace("%25", "%")
