"""What every message format offers: bytes -> documents of records with places, and back. No input/output.

Three views of one document, from cheap to complete:

* **nodes** (``Document.root``): what the row engine slices. Only segments that a mapping reads are built.
* **sources** (``Document.source``): for one field of one node, the raw token's place and the named
  steps from the raw bytes to the text. The traced engine asks for them; nothing is kept in advance.
* **records** (``Document.records``): every record with every field, for people and for ``hub read``.

An *absent* field is ``None`` in all three. A format decides what absent means: blank in an IDoc, an
empty element in X12, an unquoted empty cell; in JSON only ``null`` and a missing key, so ``""`` stays a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from canonical_model.places import Bytes, Place
from canonical_model.problems import Problem

Node = tuple[Any, Mapping[str, "list[Node]"], Any]
"""(data, kids, at): what one record's fields are taken from, its children by name in order of
appearance, and a token by which its document finds its place again. A plain tuple: thousands are made a second."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Field = ``data[start:start + length]`` without trailing blanks. ``charset`` is set when data is bytes."""

    start: int
    length: int
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """Field = ``data[index]`` of a list of texts (absent when too short or empty), or one component of it.

    ``component`` counts from 0 and needs ``separator``: ``data[index].split(separator)[component]``.
    """

    index: int
    component: int | None = None
    separator: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """Field = ``data.get(name)`` of a mapping."""

    name: str


Access = Slice | Index | Key
"""How generated code takes a field out of a node's data. Closed: the compiler knows these three."""


class Layout(Protocol):
    """What is known of one document type in one representation, before any message is read. Mappings are compiled once for each."""

    def __hash__(self) -> int: ...

    @property
    def format(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def hash(self) -> str:
        """Of everything that decides how fields are cut: part of ``inputs`` (decision 0001)."""

    @property
    def open(self) -> bool:
        """True when names are not known in advance (delimited, JSON): any name compiles."""

    def segments(self, parent: str | None) -> Sequence[str]:
        """Names of the records that may stand below ``parent`` (None = the document). Empty when open."""

    def fields(self, segment: str) -> Sequence[str]:
        """Field names of a segment, for lint and its suggestions. Empty when open."""

    def access(self, segment: str, name: str) -> Access | None:
        """How the field is taken from a node of that segment; None when the layout does not know it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Dirt that was met and read all the same: reported, kept, part of an acknowledgement; never an exception.

    ``code`` is stable and dotted (``x12.se01_count``); ``details`` holds what an acknowledgement needs
    (segment tag and position, element position, X12 error code ...) as texts.
    """

    code: str
    text: str
    place: Place | None = None
    severity: Literal["note", "warning", "error"] = "warning"
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A named, pure function on the way from raw bytes to a field's text, with its argument."""

    name: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.name}({self.argument})" if self.argument else self.name


@dataclass(frozen=True, slots=True)
class Source:
    """One field as it stands in the raw message. ``apply_steps(raw[start:end], steps) == text``."""

    path: str
    place: Place
    steps: tuple[Step, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record in full view."""

    name: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Record:
    """One record in full view: ``path`` names its parents with occurrences, as ``E1EDP01[2]/E1EDP19[1]``."""

    name: str
    path: str
    place: Place
    fields: tuple[Field, ...]
    known: bool = True


class Document(Protocol):
    """One business document inside a message: the unit of translation, identity, order and effect."""

    @property
    def n(self) -> int:
        """Place in the message, from 1, as the adapter counts."""

    @property
    def format(self) -> str: ...
    @property
    def types(self) -> Sequence[str]:
        """Names a route may use, most specific first: ``ORDERS05/ORDCHG/CAN``, ``ORDERS05/ORDCHG``."""

    @property
    def layout(self) -> Layout: ...
    @property
    def technical(self) -> tuple[str, ...] | None:
        """The technical id without its system (decision 0004), or None where the format has none."""

    @property
    def control(self) -> Mapping[str, str]:
        """Fields of envelope and control records by name (DOCNUM, ISA13, GS06, ST02, sender, receiver ...)."""

    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def place(self) -> Bytes:
        """All of the document's bytes."""

    def root(self, wanted: frozenset[str] | None = None) -> Node:
        """The document as nodes. ``wanted``: names of the records to build (None = all)."""

    def source(self, node: Node, segment: str, name: str) -> Source | None:
        """Where a field of a node comes from; None when it is absent."""

    def where(self, node: Node) -> Place:
        """Where a node's record stands."""

    def path(self, node: Node) -> str:
        """The node's path with occurrences (``E1EDP01[2]/E1EDP19[1]``), for errors and lineage."""

    def records(self) -> Iterator[Record]: ...

    def fingerprint(self, volatile: frozenset[tuple[str, str]] = frozenset()) -> bytes:
        """16 bytes over the document's own records without control records, numbering and the
        ``volatile`` (segment, field) pairs: the S of decision 0004."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer made: the bytes and what it could not say in them."""

    payload: bytes
    findings: tuple[Finding, ...] = ()


Tree = Mapping[str, Any]
"""A document on its way out: segment name -> fields, or a list of them; fields are texts, deeper
mappings or lists are child segments. The format orders segments by its own definition or grammar."""


class Format(Protocol):
    """A message format. Made once with its definitions or grammars as texts, then shared."""

    @property
    def name(self) -> str: ...

    def layout(self, type: str, **options: Any) -> Layout:
        """The layout a mapping of that type compiles against. Raises Misconfigured when unknown."""

    def read(self, raw: bytes, **options: Any) -> Iterator[Document]:
        """Cut a message into documents, lazily. ``options``: the mapping's ``source:`` words and the
        route's (charset ...). Raises Unreadable when there is no document to be found."""

    def write(self, trees: Sequence[Tree], *, type: str, assigned: Mapping[str, str], **options: Any) -> Written:
        """Make one message of ``trees``. ``assigned`` holds what the hub decided for this delivery
        (control numbers, date, sender, receiver): same arguments, same bytes."""


def problems_of(document: Document) -> tuple[Problem, ...]:
    """What makes one document unreadable while its neighbours go on (a byte that is not of the charset, a row with
    shifted cells): it is held for these, whatever its mapping reads. Formats that know such damage give their documents
    an attribute ``problems``; damaged fields are absent from the nodes, so key and search numbers can still be taken."""
    return tuple(getattr(document, "problems", ()))


def apply_steps(raw: bytes, steps: Sequence[Step]) -> str:
    """Repeat what a reader did to the raw token ``raw`` (see ``Source``)."""
    from adapters.steps import STEPS

    value: Any = raw
    for step in steps:
        value = STEPS[step.name](value, step.argument)
    return str(value)
