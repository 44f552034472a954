"""What applying one canonical document may leave behind, as values: services give them, the flush writes them.

A service never writes an outbox or a delivery row itself; it says what happened (``Event``) and who is to be told
(``Outgoing``), and one transaction keeps all of it with the identity and the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Applicable:
    """A document at its turn: what a service decides about. ``now`` is microseconds UTC, one value a window."""

    id: int
    type: str
    kind: str
    key: str
    body: Mapping[str, Any]
    system: str
    party: str
    now: int
    zone: str = "UTC"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a business object: dispatched to other services in the same unit of work, then published."""

    type: str
    key: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A canonical document for whoever subscribed to ``type`` for ``party``.

    ``effect`` tells several answers of one document apart; ``references`` are business numbers that find it.
    """

    type: str
    key: str
    body: Mapping[str, Any]
    party: str
    effect: int = 0
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeChange:
    """One row for the codebook that a master-data document brings; ``table`` may be ``pack``."""

    table: str
    code_set: str
    code: str
    context: str
    canonical: str
    level: str = ""
    numerator: int = 1
    denominator: int = 1


@dataclass(slots=True)
class Effects:
    """All that one document caused, in order."""

    events: list[Event] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    codes: list[CodeChange] = field(default_factory=list)
    note: str = ""


class State(Protocol):
    """One service's share of the window: loaded once, changed in memory, flushed once."""

    def copy(self) -> Self:
        """An independent copy: a window may decide twice (decision 0003)."""

    def flush(self, connection: Connection) -> None:
        """Write what changed, one statement a table whatever the number of documents."""


class Service(Protocol):
    """A service as the apply stage sees it. ``decide`` and ``hear`` are pure over their state: no database, no clock."""

    @property
    def name(self) -> str: ...
    @property
    def types(self) -> Sequence[str]:
        """Canonical document types it applies (``order/1``)."""

    def load(self, connection: Connection, documents: Iterable[Applicable]) -> State:
        """Lock (sorted) and load all rows that the documents of the window may need, in a few statements."""

    def decide(self, document: Applicable, state: State) -> Effects:
        """Apply one document to the state and say what follows."""

    def hear(self, event: Event, cause: Applicable, state: State) -> Effects:
        """React to another service's event inside the same unit of work."""
