"""Translate: ``translate(raw, envelope, inputs) -> documents | problems``. The law of the hub: a pure function.

Nothing here reads a clock, a random number, a network, a file or a mutable table. Codes are resolved inside, from a
frozen view of one revision. Run again with the same arguments it gives the same bytes, and every other promise
(explain, shadow replay, as-of replay) is this function called once more.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from adapters.base import Document, Finding, Format, Layout, problems_of
from canonical_model import canonical_json, fingerprint, validate
from canonical_model.catalogue import DocumentType
from canonical_model.problems import Cause, Hold, Problem, Unreadable, cause_key
from mappings.language import Bound, MappingFault, bind
from mappings.language import Mapping as MappingText
from mappings.language.api import Codes, Context, Traced

DAMAGED = "ask the sender for the whole message, or correct it with hub resubmit --edit"
DIRTY = "correct it with hub resubmit --edit; or set leniency: lenient for the route in hub.yaml, then hub retry"
UNDEFINED = "idoc.unknown_type"
NO_DEFINITION = "export the type's definition in the sender's SAP (WE60, parser), then hub definitions add FILE and start the hub again"
PART = 16
"""Hexadecimal digits of a hash that stand in an inputs id."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is stored beside the raw bytes when a message arrives. ``received_at`` is aware UTC."""

    system: str
    received_at: datetime
    name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    route: str = ""


@dataclass(frozen=True, slots=True)
class Translated:
    """One document of a message, translated or not. T, K, S, V and n come from the source alone.

    ``technical`` T with its system, ``key`` K = (namespace, object kind, values ...), ``source`` S (16 bytes),
    ``revision`` V as text; ``canonical`` the body as canonical JSON bytes and ``fingerprint`` F over it (16 bytes),
    both None while ``problems`` stand against it. ``inputs`` is the id of what it was translated under (decision 0001).
    ``last``: nothing stands behind it in its message.
    """

    n: int
    route: str
    type: str
    technical: tuple[str, ...] | None
    key: tuple[str, ...] | None
    source: bytes
    revision: str | None
    numbers: tuple[tuple[str, str], ...]
    body: Mapping[str, Any] | None
    canonical: bytes | None
    fingerprint: bytes | None
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    control: Mapping[str, str]
    inputs: str
    stake: str | None = None
    last: bool = False


@dataclass(frozen=True, eq=False)
class Route:
    """System + document type -> mapping, and what to do on the same key. ``settings`` is the route's own block."""

    name: str
    mapping: MappingText
    type: DocumentType
    namespace: str
    settings: Mapping[str, Any]
    settings_hash: str

    @property
    def zone(self) -> str:
        """Time zone of times in its messages; empty: the system's."""
        return str(self.settings.get("zone", ""))

    def bound(self, layout: Layout) -> Bound:
        """The mapping compiled for one layout; kept, since a definition changes less often than a message comes."""
        return _bound(self, layout)


@lru_cache(maxsize=512)
def _bound(route: Route, layout: Layout) -> Bound:
    return bind(route.mapping, layout)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything besides raw bytes and envelope that decides a translation; immutable.

    ``format`` holds definitions and grammars; ``options`` are handed to its reader; ``routes`` maps a document
    type to its compiled route (``*`` for any); ``codes`` is one revision of the code tables as this system sees them;
    ``most`` documents are taken of a message (0: any number).
    """

    system: str
    zone: str
    party: str
    format: Format
    options: Mapping[str, Any]
    routes: Mapping[str, Route]
    codes: Codes
    release: str = ""
    most: int = 0

    def route(self, types: tuple[str, ...]) -> Route | None:
        """The route of the most specific of a document's types."""
        return next((self.routes[name] for name in (*types, "*") if name in self.routes), None)

    def id(self, route: Route, layout: Layout) -> str:
        """The id of decision 0001: what stands on every document."""
        return inputs_id(route.mapping.hash, route.settings_hash, layout.hash, self.codes.revision)


@lru_cache(maxsize=4096)
def inputs_id(mapping: str, settings: str, layout: str, revision: int) -> str:
    """The id of one set of inputs, which says itself what it is made of: hashes of mapping, route settings and layout, revision.

    >>> inputs_id("a" * 32, "b" * 32, "c" * 64, 7)
    'aaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbb.cccccccccccccccc.7'
    """
    return f"{mapping[:PART]}.{settings[:PART]}.{layout[:PART]}.{revision}"


class InputParts(NamedTuple):
    """What an inputs id names."""

    mapping: str
    settings: str
    layout: str
    revision: int


def input_parts(id: str) -> InputParts:
    """Undo ``inputs_id``."""
    mapping, settings, layout, revision = id.split(".")
    return InputParts(mapping, settings, layout, int(revision))


def translate(raw: bytes, envelope: Envelope, inputs: Inputs, only: Container[int] | None = None) -> Iterator[Translated]:
    """Cut a message into documents and translate each, lazily. ``only``: places that are wanted (None: all).

    Raises Unreadable when no document can be cut out of it, or behind the last one that the limit allows; nothing else on any bytes.
    """
    documents = iter(inputs.format.read(raw, **inputs.options))
    document = next(documents, None)
    while document is not None:
        if 0 < inputs.most < document.n:
            raise _too_many(inputs.most, document)
        wanted = only is None or document.n in only
        done = _translated(document, envelope, inputs) if wanted else None
        document, fault = _behind(documents)
        if done is not None:
            yield done if document is not None or fault is not None else replace(done, last=True)
        if fault is not None:
            raise fault


def _behind(documents: Iterator[Document]) -> tuple[Document | None, Hold | None]:
    """The next document, or why it cannot be cut out: told after the one before it was given."""
    try:
        return next(documents, None), None
    except Hold as hold:
        return None, hold


def _translated(document: Document, envelope: Envelope, inputs: Inputs) -> Translated:
    """One document, whatever it says: a fault of our own program holds it alone, and those behind it go on (decision 0003)."""
    try:
        return translate_document(document, envelope, inputs)
    except Exception as error:
        fact, key = f"{type(error).__name__}: {error}", cause_key("document", envelope.system, str(document.n))
        problem = Problem(Cause.PROGRAM_ERROR, key, fact, "hub retry, after the repair", place=document.place)
        return _held(document, envelope, problem, inputs.route(tuple(document.types)))


def translate_document(document: Document, envelope: Envelope, inputs: Inputs) -> Translated:
    """Translate one document: key first, from the source alone, then the body."""
    route = inputs.route(tuple(document.types))
    if route is None:
        return _unrouted(document, envelope, inputs)
    try:
        bound = route.bound(document.layout)
    except MappingFault as fault:
        return _held(document, envelope, undefined(document) or fault.problem(route.mapping.name), route)
    context = context_of(envelope, inputs, route)
    # S first: a document that is looked at as a whole for it has its nodes from the same walk.
    source = document.fingerprint(route.mapping.volatile)
    key, key_problems = bound.key(document, context)
    context = _dated(context, bound.date(document, context, route.type.valid_on))
    result = bound.row(document, inputs.codes, context)
    body, checked = result.body, () if result.body is None else tuple(validate(route.type.name, result.body))
    problems = (*problems_of(document), *damage(document, route), *key_problems, *result.problems, *checked)
    canonical, problems = _canonical(body, route.type.name, problems)
    return Translated(
        n=document.n,
        route=route.name,
        type=route.type.name,
        technical=technical_id(document, envelope),
        key=None if key is None else (route.namespace, route.type.object_kind, *key),
        source=source,
        revision=bound.revision(document, context),
        numbers=bound.numbers(document, context),
        body=body if canonical is not None else None,
        canonical=canonical,
        fingerprint=None if canonical is None else fingerprint(canonical),
        problems=problems,
        findings=tuple(document.findings),
        control=document.control,
        inputs=inputs.id(route, document.layout),
        stake=bound.stake(document, context),
    )


def _canonical(body: Mapping[str, Any] | None, type_name: str, problems: tuple[Problem, ...]) -> tuple[bytes | None, tuple[Problem, ...]]:
    """The bytes of a body against which nothing stands, or what stands against it."""
    if body is None or problems:
        return None, problems
    try:
        return canonical_json(body, type_name), ()
    except Hold as hold:
        return None, hold.problems


def undefined(document: Document) -> Problem | None:
    """A document whose type its format has no definition of, told by a finding: it waits for one, not for another mapping."""
    found = next((one for one in document.findings if one.code == UNDEFINED), None)
    if found is None:
        return None
    key = cause_key("definition", document.format, document.types[-1].partition("/")[0])
    return Problem(Cause.UNREADABLE, key, found.text, NO_DEFINITION, place=found.place)


def damage(document: Document, route: Route) -> Iterator[Problem]:
    """Findings that hold a document: errors (a cut message, a set without its end) always, warnings where the route is strict.
    One problem a code of finding, with the place of the first."""
    strict = route.settings.get("leniency") == "strict"
    grave: dict[str, list[Finding]] = {}
    for finding in document.findings:
        if finding.severity == "error" or (strict and finding.severity == "warning"):
            grave.setdefault(finding.code, []).append(finding)
    for code, found in grave.items():
        error, more = found[0].severity == "error", f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        fact, key = f"{code}: {found[0].text}{more}", cause_key("finding", document.format, code)
        yield Problem(Cause.UNREADABLE if error else Cause.INVALID_VALUE, key, fact, DAMAGED if error else DIRTY, place=found[0].place)


def trace_document(document: Document, envelope: Envelope, inputs: Inputs) -> Traced | None:
    """The same translation by the tracing engine: every leaf with its derivation. None when nothing routes it."""
    route = inputs.route(tuple(document.types))
    if route is None:
        return None
    bound, context = route.bound(document.layout), context_of(envelope, inputs, route)
    context = _dated(context, bound.date(document, context, route.type.valid_on))
    return bound.trace(document, inputs.codes, context)


def context_of(envelope: Envelope, inputs: Inputs, route: Route | None = None) -> Context:
    """What a mapping may know besides its document: times are read in the route's zone, codes are asked for the day of receipt
    in the system's."""
    day = envelope.received_at.astimezone(zone(inputs.zone)).date()
    place = (route.zone if route else "") or inputs.zone
    return Context(system=inputs.system, received_at=envelope.received_at, zone=place, valid_on=day, party=inputs.party)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """A time zone, read once: routes are compiled before the first message, so no file is opened on the path."""
    return ZoneInfo(name)


def technical_id(document: Document, envelope: Envelope) -> tuple[str, ...] | None:
    """T of decision 0004: the format's own, else the sender's idempotency key with the place in the message."""
    if document.technical is not None:
        return (envelope.system, *document.technical)
    event = f"{envelope.headers.get('ce-source', '')} {envelope.headers['ce-id']}" if "ce-id" in envelope.headers else None
    sent_as = envelope.headers.get("idempotency-key", event)
    return None if sent_as is None else (envelope.system, sent_as, str(document.n))


def _dated(context: Context, day: date | None) -> Context:
    if day is None or day == context.valid_on:
        return context
    return Context(context.system, context.received_at, context.zone, day, context.party, context.numbers)


def _too_many(most: int, document: Document) -> Unreadable:
    fact = f"the message has more than {most} documents; the first {most} went on, those behind them wait"
    fix = "raise limits.documents of the way in or of the hub, and start the hub again"
    return Unreadable(fact, key=cause_key("limit", "documents"), place=document.place, fix=fix)


def _unrouted(document: Document, envelope: Envelope, inputs: Inputs) -> Translated:
    types = tuple(document.types)
    problem = Problem(
        Cause.NO_ROUTE,
        cause_key(inputs.system, types[-1] if types else document.format),
        f"system {inputs.system!r} sends {types[0] if types else document.format} and no route takes it",
        f"add a route for {types[-1] if types else document.format!r} to systems.{inputs.system} in hub.yaml",
        place=document.place,
    )
    return _held(document, envelope, problem)


def _held(document: Document, envelope: Envelope, problem: Problem, route: Route | None = None) -> Translated:
    """A document that no mapping was run on: kept with what its format knows of it."""
    return Translated(
        n=document.n, route=route.name if route else "", type=route.type.name if route else "", technical=technical_id(document, envelope),
        key=None, source=document.fingerprint(), revision=None, numbers=(), body=None, canonical=None, fingerprint=None,
        problems=(problem,), findings=tuple(document.findings), control=document.control, inputs="",
    )  # fmt: skip
