"""Apply: canonical document -> effects of the services and events, all inside the window's unit of work.

Services decide over states in memory; what they tell each other is dispatched here, before the commit.
What follows is collected as values: outbox rows, deliveries, code changes. The flush writes them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from canonical_model.problems import Cause, Hold, Problem, Reject, cause_key, split_cause_key
from hub.codebook import CodeLine
from hub.stages.admit import Terms
from hub.stages.ports import Subscription
from hub.store.effects import Applicable, CodeChange, Effects, Event, Outgoing, Service, State
from hub.store.records import Document, Head, Way

EVENTS_AT_MOST = 1000
"""More events than this from one document is a circle between services: a fault of the program."""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A document for one subscription; its number is assigned when it is written."""

    subscription: Subscription
    document: int
    effect_no: int
    outgoing: Outgoing


@dataclass(slots=True)
class Collected:
    """What a window's applications leave behind, in order."""

    effects: list[dict[str, Any]] = field(default_factory=list)
    published: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[NewDelivery] = field(default_factory=list)
    codes: list[CodeChange] = field(default_factory=list)


def applicable(doc: Document, body: Mapping[str, Any], terms: Terms, now: int) -> Applicable:
    """A document as services see it. A cancel that closed an order never accepted says so in its settings."""
    settings = {**terms.settings, "cancels_unaccepted": True} if doc.way is Way.CLOSES else terms.settings
    kind = split_cause_key(doc.k or "")[1:2]
    return Applicable(
        doc.id, doc.type, kind[0] if kind else "", doc.k or "", body, doc.system, doc.owner, now, zone=terms.zone, settings=settings
    )


class Applying:
    """The services over the states of one window's decision.

    A service that raises may have changed its state halfway. Its document is then ``found``, and the window is decided again
    with it as a suspect: a suspect is applied to a copy, which is thrown away when it raises.
    """

    def __init__(
        self, services: Sequence[Service], states: Mapping[str, State], subscriptions: Sequence[Subscription], now: int,
        suspects: Collection[int] = (),
    ) -> None:  # fmt: skip
        self.services, self.states, self.subscriptions, self.now = services, states, subscriptions, now
        self.by_type = {name: service for service in services for name in service.types}
        self.collected, self.suspects = Collected(), suspects
        self.found: set[int] = set()

    def apply(self, given: Applicable, doc: Document, head: Head, effective: bool, revision: str | None) -> tuple[Problem, ...]:
        """Apply one document; the problems of a service, an exception of our own among them, leave the document waiting."""
        before = {name: state.copy() for name, state in self.states.items()} if given.id in self.suspects else None
        try:
            effects = self._decide(given) if effective else Effects()
        except Exception as error:
            if before is None:
                self.found.add(given.id)
            self.states = self.states if before is None else before
            return error.problems if isinstance(error, Hold) else (program_error(f"document:{doc.id}", error),)
        self._keep(given, doc, head, effects, effective, revision)
        return ()

    def _decide(self, given: Applicable) -> Effects:
        """The service of its type decides, the others hear what happened, until nothing more happens."""
        total = Effects()
        service = self.by_type.get(given.type)
        if service is None:
            return total
        waiting = deque([(service, service.decide(given, self.states[service.name]))])
        while waiting:
            source, effects = waiting.popleft()
            _add(total, effects)
            if len(total.events) > EVENTS_AT_MOST:
                raise RuntimeError(f"more than {EVENTS_AT_MOST} events from one document: services answer each other in a circle")
            waiting.extend(self._heard(other, event, given) for event in effects.events for other in self._others(source))
        _check_codes(total.codes)
        return total

    def _others(self, source: Service) -> list[Service]:
        return [service for service in self.services if service is not source]

    def _heard(self, service: Service, event: Event, given: Applicable) -> tuple[Service, Effects]:
        return service, service.hear(event, given, self.states[service.name])

    def _keep(self, given: Applicable, doc: Document, head: Head, effects: Effects, effective: bool, revision: str | None) -> None:
        row = {"document": doc.id, "effect_no": 0, "k": head.k, "kseq": head.kseq + 1, "v": revision, "at": self.now, "note": effects.note}
        self.collected.effects.append(row)
        self.collected.codes.extend(effects.codes)
        if effective:
            self._publish(head, doc, doc.type, doc.body)
            self.deliver(doc.id, [Outgoing(doc.type, given.key, given.body, given.party, effect=-1)], unless=doc.system)
        for event in effects.events:
            self._publish(head, doc, event.type, orjson.dumps({"key": event.key, "body": event.body}))
        self.deliver(doc.id, effects.outgoing)

    def _publish(self, head: Head, doc: Document, name: str, body: bytes | None) -> None:
        """One outbox row; n is dense per key."""
        head.n += 1
        self.collected.published.append({"k": head.k, "n": head.n, "type": name, "document": doc.id, "body": body, "at": self.now})

    def deliver(self, document: int, outgoing: Sequence[Outgoing], *, unless: str | None = None) -> None:
        """One delivery for each subscription that wants it; a document never goes back to the system it came from."""
        taken = {(item.subscription.id, item.effect_no) for item in self.collected.deliveries if item.document == document}
        for out in outgoing:
            for subscription in self.subscriptions:
                if subscription.system != unless and subscription.wants(out):
                    number = out.effect
                    while (subscription.id, number) in taken:
                        number += 1
                    taken.add((subscription.id, number))
                    self.collected.deliveries.append(NewDelivery(subscription, document, number, out))


def _add(total: Effects, effects: Effects) -> None:
    total.events.extend(effects.events)
    total.outgoing.extend(effects.outgoing)
    total.codes.extend(effects.codes)
    total.note = total.note or effects.note


def code_line(change: CodeChange) -> CodeLine:
    """A master-data document's code change as a row of the codebook."""
    return CodeLine(
        change.table, change.code_set, change.code, change.canonical, change.context, change.level,
        numerator=change.numerator, denominator=change.denominator,
    )  # fmt: skip


def program_error(key: str, error: Exception) -> Problem:
    """An exception of our own program as a hold."""
    return Problem(Cause.PROGRAM_ERROR, key, f"{type(error).__name__}: {error}"[:500], "hub retry, after the repair")


def _check_codes(changes: Iterable[CodeChange]) -> None:
    for change in changes:
        try:
            code_line(change).checked()
        except Reject as reject:
            key = cause_key(change.table, change.code_set, change.code, change.context)
            raise Hold(Problem(Cause.INVALID_VALUE, key, reject.fact, reject.fix, value=change.code)) from reject
