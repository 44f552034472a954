"""Several services as one: loaded in one sequence, wired to each other, their events passed on inside the unit of work.

Services do not import each other. What one asks of another is a Protocol in the asking service, filled here by ``wire``;
what one tells another is an event, given to the others' ``hear`` at once. The apply stage sees one service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from hub.store.effects import Applicable, Effects, Event, Service, State

if TYPE_CHECKING:
    from sqlalchemy import Connection

Wire = Callable[[Mapping[str, Any]], None]
"""Gets the states by service name and lets each know whom it may ask."""


@dataclass(slots=True)
class States:
    """The states of all members; copied and flushed together, wired anew after each copy."""

    by_name: dict[str, State]
    wire: Wire

    def copy(self) -> Self:
        copied = replace(self, by_name={name: state.copy() for name, state in self.by_name.items()})
        copied.wire(copied.by_name)
        return copied

    def flush(self, connection: Connection) -> None:
        for state in self.by_name.values():
            state.flush(connection)


@dataclass(frozen=True, slots=True)
class Together:
    """A service made of services. ``members`` in the sequence in which their rows are locked."""

    members: Sequence[Service]
    wire: Wire
    name: str = "services"

    @property
    def types(self) -> tuple[str, ...]:
        """Types that any member applies."""
        return tuple(type for member in self.members for type in member.types)

    def load(self, connection: Connection, documents: Iterable[Applicable]) -> States:
        """Load every member's share of the window; each sees all documents."""
        window = list(documents)
        states = States({member.name: member.load(connection, window) for member in self.members}, self.wire)
        self.wire(states.by_name)
        return states

    def decide(self, document: Applicable, state: Any) -> Effects:
        """The member that applies the type decides; its events are heard by the others, and theirs in turn."""
        member = next(member for member in self.members if document.type in member.types)
        effects = member.decide(document, state.by_name[member.name])
        return self._spread(member, effects, document, state)

    def hear(self, event: Event, cause: Applicable, state: Any) -> Effects:
        """An event from outside this group, for all members; one that a member tells was heard inside ``decide`` already."""
        if any(event.type in getattr(member, "tells", ()) for member in self.members):
            return Effects()
        return self._spread(None, Effects(events=[event]), cause, state, inside=False)

    def _spread(self, origin: Service | None, effects: Effects, cause: Applicable, state: Any, *, inside: bool = True) -> Effects:
        events, outgoing, codes, notes = list(effects.events), list(effects.outgoing), list(effects.codes), [effects.note]
        todo = [(origin, event) for event in effects.events]
        while todo:
            teller, event = todo.pop(0)
            for member in self.members:
                if member is not teller:
                    heard = member.hear(event, cause, state.by_name[member.name])
                    events += heard.events
                    outgoing += heard.outgoing
                    codes += heard.codes
                    notes.append(heard.note)
                    todo += [(member, told) for told in heard.events]
        numbered = [out if out.effect == number else replace(out, effect=number) for number, out in enumerate(outgoing)]
        return Effects(events if inside else events[1:], numbered, codes, "; ".join(note for note in notes if note))
