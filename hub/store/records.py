"""What the lane keeps in memory of rows: documents, heads of keys, messages, work, holds, cases. Plain values, no database.

Names follow the letters of the identity table: ``t`` technical id, ``k`` business key, ``s`` source fingerprint,
``f`` canonical fingerprint, ``v`` revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from canonical_model.problems import LONGEST_CAUSE, Cause, Problem, bounded, cause_key

BITS = 20
"""A document's id is ``message seq * 2**20 + n``: deterministic, so its primary key is the last guard against a second admission."""
LONGEST_KEY = 1_000
"""Bytes: two of them stand in one row of an index, which PostgreSQL lets have 2,700."""

Place = tuple[int, int]
"""Where a document stands in its line: its place and its id."""


class State(StrEnum):
    """States of a document; all but ``waiting`` are terminal."""

    WAITING = "waiting"
    APPLIED = "applied"
    DUPLICATE = "duplicate"
    STALE = "stale"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


class Way(StrEnum):
    """How a document goes round the identity table."""

    TABLE = ""
    ACCEPTED = "accepted"
    """A parked conflict that a person applies as a revision of the head he saw."""
    NEWEST = "newest"
    """A changed resend that the route's policy applies as the newest."""
    CORRECTS = "corrects"
    """An edited resubmission, at the place of what it corrects."""
    CLOSES = "closes"
    """A cancel that closed an order which was never accepted."""


def document_id(message: int, n: int) -> int:
    """Message sequence and place in the message -> document id."""
    return message << BITS | n


def message_of(document: int) -> tuple[int, int]:
    """Document id -> message sequence and place."""
    return document >> BITS, document & (1 << BITS) - 1


def key_text(parts: tuple[str, ...] | None) -> str | None:
    """Parts of a key or technical id as one text; a very long one keeps its beginning and a hash of the whole."""
    if parts is None:
        return None
    return bounded(sayable(cause_key(*parts)), LONGEST_KEY)


HoldKey = tuple[str, str]


def hold_key(problem: Problem) -> HoldKey:
    """Cause and cause key of a problem as every store keeps them; escapes may not make a key longer than an index takes."""
    return str(problem.cause), bounded(sayable(problem.key), LONGEST_CAUSE)


def problem_details(problem: Problem) -> dict[str, Any]:
    """A problem as people read it, without what is empty."""
    facts = {
        "fact": problem.fact, "fix": problem.fix, "target": problem.target, "source": problem.source, "value": problem.value,
        "place": str(problem.place) if problem.place else None, "mapping": problem.mapping,
        "candidates": [sayable(one) for one in problem.candidates],
    }  # fmt: skip
    return {name: sayable(value) if isinstance(value, str) else value for name, value in facts.items() if value}


def sayable(text: str) -> str:
    """A text that every store keeps: half characters (a broken byte of the sender's) and NULs are shown as escapes."""
    written = text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
    return written.replace("\0", "\\x00")


@dataclass(frozen=True, slots=True)
class Content:
    """What a document says, for comparison: its fingerprints and what F was made under."""

    document: int
    s: bytes | None
    f: bytes | None
    inputs: str


@dataclass(slots=True, eq=False)
class Document:
    """One document in the lane. The letters are those of decision 0004: ``t`` technical id, ``k`` business key, ``s`` and ``f`` hashes of
    source and canonical body, ``v`` revision. ``holds`` maps (cause, cause key) to details; ``stored`` tells a row from an arrival."""

    id: int
    message: int
    system: str
    route: str
    type: str
    t: str | None
    k: str | None
    s: bytes
    v: str | None
    inputs: str
    place: int
    state: State = State.WAITING
    of: int | None = None
    corrects: int | None = None
    way: Way = Way.TABLE
    accepted_against: int | None = None
    counted: str = ""
    f: bytes | None = None
    body: bytes | None = None
    owner: str = ""
    counterparty: str = ""
    stake: str | None = None
    findings: tuple[Any, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    holds: dict[HoldKey, Mapping[str, Any]] = field(default_factory=dict)
    held: frozenset[HoldKey] = frozenset()
    stored: bool = False
    fresh: bool = False

    @property
    def content(self) -> Content:
        return Content(self.id, self.s, self.f, self.inputs)

    @property
    def waiting(self) -> bool:
        return self.state is State.WAITING

    @property
    def parked(self) -> bool:
        """A conflict that waits for a person: outside the line."""
        return self.waiting and self.has(Cause.CONFLICT)

    @property
    def orphan(self) -> bool:
        """It waits for a missing predecessor: outside the line."""
        return self.waiting and self.has(Cause.PREDECESSOR_MISSING)

    @property
    def let_go(self) -> bool:
        """It was held, a release or a retry took its holds, and it has not been looked at since: its work is queued."""
        return self.waiting and self.stored and self.counted == "held" and not (self.held or self.holds or self.fresh)

    def has(self, cause: Cause) -> bool:
        return any(name == cause for name, _ in self.holds)

    def hold(self, problem: Problem) -> None:
        """Add a cause."""
        self.holds[hold_key(problem)] = problem_details(problem)

    def drop(self, *causes: Cause) -> None:
        """Take away every hold of these causes."""
        for key in [key for key in self.holds if key[0] in causes]:
            del self.holds[key]

    def settle(self, state: State, of: int | None = None) -> None:
        """Close it; its holds go with it."""
        self.state, self.holds = state, {}
        if of is not None:
            self.of = of

    def standing(self) -> str:
        """The state that people count: waiting documents are parked, held or blocked."""
        if not self.waiting:
            return str(self.state)
        return "parked" if self.parked else "held" if self.holds else "blocked"


@dataclass(slots=True)
class Head:
    """The row of a business key: what was applied last, of any kind, of full documents, of changes."""

    k: str
    system: str | None = None
    document: int | None = None
    v: str | None = None
    full: Content | None = None
    change: Content | None = None
    kseq: int = 0
    n: int = 0
    held_since: int | None = None


class Known(NamedTuple):
    """A document recorded under a technical id: what rows 1 to 3 of the table look at."""

    t: str
    k: str
    content: Content


@dataclass(slots=True)
class Case:
    """One changed resend or reused id: it keeps its row whatever happens to it."""

    k: str | None
    document: int
    against: int | None
    kind: str
    note: str = ""
    diff: list[Any] | None = None
    state: str = "open"
    closed_by: int | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message without its bytes."""

    seq: int
    system: str
    route: str
    name: str
    headers: Mapping[str, str]
    received_at: int
    partition: int
    sha: bytes
    size: int
    documents: int | None = None
    inputs: str | None = None
    corrects: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """One unit of pending work of a partition: a message, the line of a key, or a document without a key."""

    seq: int
    partition: int
    kind: str
    ref: int | None
    k: str | None
    done: int
    at: int
