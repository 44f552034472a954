"""Every failure of the hub, grouped by what the hub does next.

    HubError
    |- Retry              the other side or the store is not there: try again later, nothing is lost
    |  |- SystemUnreachable
    |- Hold               the document waits for a named cause (carries Problems)
    |  |- Unreadable      the whole message waits: no document could be cut out of it
    |- Unknown            nothing of that name or number is there
    |- Reject             refused at the door with a reason the sender can act on
    |- Misconfigured      the start stops: a setting, a mapping or a definition is wrong

A ``Problem`` is a value, not an exception: translating one document may find many, and all of them
are kept (decision 0005). An error says the fact, the place and the fix.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from canonical_model.places import Place

HASH, LONGEST_CAUSE = 32, 2_400
"""Characters of a hash that takes the place of an end; bytes of a cause's key (PostgreSQL's indexes take 2,700 a row)."""


class Cause(StrEnum):
    """The closed list of hold causes. Another cause is a new decision record."""

    MISSING_CODE = "missing_code"
    AMBIGUOUS_CODE = "ambiguous_code"
    UNKNOWN_PARTY = "unknown_party"
    INVALID_VALUE = "invalid_value"
    MAPPING_ERROR = "mapping_error"
    UNREADABLE = "unreadable"
    PREDECESSOR_MISSING = "predecessor_missing"
    CONFLICT = "conflict"
    NO_ROUTE = "no_route"
    PROGRAM_ERROR = "program_error"
    REFUSED_BY_STORE = "refused_by_store"
    RECEIVER_DOWN = "receiver_down"
    REFUSED_BY_RECEIVER = "refused_by_receiver"
    IN_DOUBT = "in_doubt"


REMOVED_BY: dict[Cause, str] = {
    Cause.MISSING_CODE: "hub codes set | hub codes import",
    Cause.AMBIGUOUS_CODE: "hub codes set | hub codes import",
    Cause.UNKNOWN_PARTY: "hub codes set, or a party document",
    Cause.INVALID_VALUE: "hub map promote | hub resubmit --edit",
    Cause.MAPPING_ERROR: "hub map promote | hub resubmit --edit",
    Cause.UNREADABLE: "hub definitions add | hub map promote | hub retry",
    Cause.PREDECESSOR_MISSING: "by itself, when the predecessor arrives",
    Cause.CONFLICT: "hub cases ID --apply | hub cases ID --discard",
    Cause.NO_ROUTE: "a route in hub.yaml",
    Cause.PROGRAM_ERROR: "hub retry, after the repair",
    Cause.REFUSED_BY_STORE: "hub retry, after the repair",
    Cause.RECEIVER_DOWN: "by itself, when the receiver answers again",
    Cause.REFUSED_BY_RECEIVER: "hub map promote | hub retry",
    Cause.IN_DOUBT: "hub deliveries ID --sent | --again",
}
"""For each cause the command that removes it. Any of them also ends by ``hub reject ID --why``."""


def bounded(text: str, most: int) -> str:
    """A text of at most so many bytes of UTF-8, for an index: a longer one keeps its beginning, and a hash of the whole keeps it apart.
    Half characters count as the three bytes of their code.

    >>> bounded("short", 100), len(bounded("long" * 100, 100))
    ('short', 100)
    """
    if len(text) * 4 <= most:
        return text
    whole = text.encode("utf-8", "surrogatepass")
    if len(whole) <= most:
        return text
    return f"{whole[: most - HASH - 1].decode('utf-8', 'ignore')}~{sha256(whole).hexdigest()[:HASH]}"


def cause_key(*parts: str) -> str:
    """Join the parts of a cause's key, e.g. ``item:sap-hq:4711:CS``; ``:`` and ``%`` inside a part are escaped.

    >>> cause_key("item", "sap-hq", "47:11", "")
    'item:sap-hq:47%3A11:'
    """
    return ":".join(part.replace("%", "%25").replace(":", "%3A") for part in parts)


def split_cause_key(key: str) -> tuple[str, ...]:
    """Undo ``cause_key``.

    >>> split_cause_key("item:sap-hq:47%3A11:")
    ('item', 'sap-hq', '47:11', '')
    """
    return tuple(part.replace("%3A", ":").replace("%25", "%") for part in key.split(":"))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one document cannot go on. ``(cause, key)`` is what a release looks for.

    ``fact`` states what is, ``fix`` what to do. ``target`` is a JSON pointer into the canonical
    document, ``source`` the source path with its occurrence, ``mapping`` is ``file:line:column``.
    """

    cause: Cause
    key: str
    fact: str
    fix: str = ""
    target: str | None = None
    source: str | None = None
    place: Place | None = None
    value: str | None = None
    mapping: str | None = None
    candidates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """What a sender wrote may stand in the key, at any length."""
        object.__setattr__(self, "key", bounded(self.key, LONGEST_CAUSE))

    def __str__(self) -> str:
        where = [text for text in (self.mapping, self.target, self.source, str(self.place or "")) if text]
        lines = [f"{self.cause}: {self.fact}", f"  at: {', '.join(where) or '-'}"]
        if self.candidates:
            lines.append(f"  candidates: {', '.join(self.candidates)}")
        return "\n".join([*lines, f"  fix: {self.fix or REMOVED_BY[self.cause]}"])


class HubError(Exception):
    """Base of every failure that the hub itself raises: the fact, the place, the fix."""

    def __init__(self, fact: str, *, at: str = "", fix: str = "") -> None:
        self.fact, self.at, self.fix = fact, at, fix
        super().__init__(fact)

    def __str__(self) -> str:
        return "\n".join([self.fact, *([f"  at: {self.at}"] if self.at else []), *([f"  fix: {self.fix}"] if self.fix else [])])


class Unknown(HubError):
    """Nothing of that name or number is there."""


class Retry(HubError):
    """Not now: the same step may succeed later without anybody's help."""


class SystemUnreachable(Retry):
    """A connector cannot reach the system it speaks to."""


class Hold(HubError):
    """The document (or message) waits for named causes."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.fact for problem in problems))


class Unreadable(Hold):
    """No document can be cut out of the message: the message itself is held."""

    def __init__(self, fact: str, *, key: str, place: Place | None = None, fix: str = "") -> None:
        super().__init__(Problem(Cause.UNREADABLE, key, fact, fix, place=place))


class Reject(HubError):
    """Refused at the door; nothing was stored."""


class Misconfigured(HubError):
    """A setting, mapping, definition or grammar is wrong; the start stops."""
