"""Received acknowledgements meet what was sent, by the numbers assigned to it. A service like the others.

``acknowledgement/1``: ``{of: {control, group, ...}, status, errors}``. The numbers in ``of`` are looked up among the numbers
that deliveries to that system were given; each must be the delivery's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
from sqlalchemy import Connection, insert, select, update

from canonical_model.problems import Cause, Problem
from hub.store import holds
from hub.store.effects import Applicable, Effects, Event
from hub.store.out_tables import acknowledgement, delivery, delivery_number
from hub.store.records import problem_details
from hub.store.schema import among

ACCEPTED = ("accepted", "accepted_with_errors")
IGNORED = ("format", "type")
"""Parts of ``of`` that are words, not numbers."""


@dataclass(slots=True)
class Sent:
    """Numbers of deliveries that the window's acknowledgements may speak of: (system, value) -> {delivery: its numbers}."""

    numbers: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    found: list[tuple[Applicable, int]] = field(default_factory=list)

    def copy(self) -> Self:
        return type(self)(self.numbers, list(self.found))

    def flush(self, connection: Connection) -> None:
        """Write what was acknowledged; a refusal holds its delivery."""
        for given, number in self.found:
            _write(connection, given, number)


class AcknowledgementService:
    """Matches acknowledgements; one that fits nothing is kept and says so in its note."""

    name = "acknowledgements"

    def __init__(self, types: tuple[str, ...] = ("acknowledgement/1",)) -> None:
        self.types = types

    def load(self, connection: Connection, documents: Iterable[Applicable]) -> Sent:
        """All numbers that the acknowledgements of the window name, in one statement."""
        mine = [given for given in documents if given.type in self.types]
        values = sorted({value for given in mine for value in _numbers(given.body).values()})
        state = Sent()
        if values:
            query = select(delivery_number).where(among(delivery_number.c.value, "values"))
            for row in connection.execute(query, {"values": values}):
                state.numbers.setdefault((row.system, row.value), set()).add(row.delivery)
        return state

    def decide(self, document: Applicable, state: Any) -> Effects:
        """The delivery that carries every number the acknowledgement names; several: the newest."""
        sets = [state.numbers.get((document.system, value), set()) for value in _numbers(document.body).values()]
        common = set.intersection(*sets) if sets else set()
        if not common:
            return Effects(note="it acknowledges nothing that was sent to this system")
        state.found.append((document, max(common)))
        return Effects(note=f"acknowledges delivery {max(common)}")

    def hear(self, event: Event, cause: Applicable, state: Any) -> Effects:
        """It listens to nobody."""
        return Effects()


def _numbers(body: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in body.get("of", {}).items() if name not in IGNORED and value not in (None, "")}


def _write(connection: Connection, given: Applicable, number: int) -> None:
    status = str(given.body.get("status", ""))
    errors = given.body.get("errors", [])
    row = {"document": given.id, "delivery": number, "status": status, "errors": orjson.dumps(errors), "at": given.now}
    connection.execute(insert(acknowledgement), row)
    state = "acknowledged" if status in ACCEPTED else "refused"
    open_states = ("sent", "acknowledged", "refused", "uncertain", "sending")
    where = (delivery.c.id == number) & delivery.c.state.in_(open_states)
    connection.execute(update(delivery).where(where).values(state=state, settled_at=given.now))
    there = holds.of(connection, "delivery", number)
    settled = [("delivery", number, *key) for key in there if key[0] == Cause.IN_DOUBT]
    holds.remove(connection, settled)
    if state == "refused":
        text = "; ".join(str(error.get("text", "")) for error in errors) or "without a reason"
        problem = Problem(Cause.REFUSED_BY_RECEIVER, f"delivery:{number}", f"the receiver's acknowledgement refuses it: {text}")
        key = (str(problem.cause), problem.key)
        holds.save(connection, "delivery", number, {key: problem_details(problem)} if key not in there else {}, given.now)
