"""What the language asks for and what it gives: the types at its border.

``Codes`` is all that a mapping may know of the code tables: a frozen view of one revision, bound to the
code set of one system. ``Context`` is all it may know of the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from adapters.base import Source
from canonical_model.problems import Problem


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of a code table that answers. ``row`` and ``revision`` go into the lineage."""

    canonical: str
    row: int
    revision: int
    level: str = ""
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """One packaging level of an item: ``numerator`` base units are in ``denominator`` units of this level."""

    unit: str
    base_unit: str
    numerator: int
    denominator: int
    row: int
    revision: int


@dataclass(frozen=True, slots=True)
class Miss:
    """No answer, or more than one (``candidates``): never guessed. ``key`` is the cause key of the row to add."""

    key: str
    fact: str
    fix: str
    candidates: tuple[str, ...] = ()


class Codes(Protocol):
    """Code tables as one system sees them at one revision. Pure: same question, same answer."""

    @property
    def revision(self) -> int: ...

    @property
    def code_set(self) -> str:
        """Name of the code set that is asked first; scheme of what was given."""

    def resolve(self, table: str, code: str, *, context: str = "", on: date) -> Hit | Miss:
        """Partner's code -> canonical code, valid on a day. Order: exact (code set, code, context), exact
        without context, the parent code sets in turn."""

    def item(self, code: str, *, unit: str = "", gtin: str | None = None, on: date) -> Hit | Miss:
        """(item code, unit) -> item id, by table ``item``; a GTIN of the message answers when the table is silent
        and it is a valid unrestricted one; one that contradicts the table is a Miss with candidates.
        ``Hit.canonical`` is the item id (the 14-digit GTIN, or ``<code set>:<code>`` where an item has none)."""

    def pack(self, item: str, unit: str, *, on: date) -> Pack | Miss:
        """Packaging level ``unit`` (canonical) of an item id, as an exact integer ratio to its base unit."""

    def reverse(self, table: str, canonical: str, *, context: str = "", on: date) -> Hit | Miss:
        """Canonical -> partner's code (``Hit.canonical`` holds the partner's code); the preferred row wins."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping may know besides its document: nothing here is read from a clock.

    ``zone`` is the system's IANA zone, ``valid_on`` the day codes are asked for when the mapping names
    none, ``numbers`` what the hub assigned to an outgoing delivery.
    """

    system: str
    received_at: datetime
    zone: str = "UTC"
    valid_on: date | None = None
    party: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What either engine gives: a body, or every problem that stands against one (all of them at once)."""

    body: Mapping[str, Any] | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code-table row that a value passed through."""

    table: str
    code: str
    canonical: str
    row: int
    revision: int


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a value came to be, as a tree that can be run again.

    A leaf is a ``source`` (bytes of the message) or a ``constant`` of the mapping; an inner node is a registry
    ``function`` over its ``inputs`` (the piped value first, then the arguments). ``code`` is the row a code
    function used. ``mapping`` is ``file:line:column`` of the expression.
    """

    value: Any
    function: str | None = None
    inputs: tuple[Derivation, ...] = ()
    names: tuple[str, ...] = ()
    source: Source | None = None
    constant: str | None = None
    code: CodeRow | None = None
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """Result of the traced engine: the row engine's result, and for every leaf (JSON pointer) its derivation."""

    result: Result
    leaves: Mapping[str, Derivation]
