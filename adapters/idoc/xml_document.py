"""One IDoc in XML as nodes, sources and records. lxml says what it means; a scan of its text says where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import orjson
from lxml import etree

from adapters.base import Field, Finding, Node, Record, Source, Step
from adapters.charset import Decoded, Offsets
from adapters.idoc.control import IdocControl
from adapters.idoc.definition import CONTROL, FieldDef
from adapters.idoc.names import looks_like_segment, xml_name
from adapters.idoc.paths import local, occurrences
from adapters.idoc.plan import Kids
from adapters.idoc.shelf import Shelf
from adapters.idoc.xml_findings import unusual
from adapters.idoc.xml_walk import Picker, Walk, Walked, only, without
from adapters.xml_text import Span, scan
from canonical_model.places import Bytes

Element = etree._Element


class XmlDocument(IdocControl):
    """``adapters.base.Document`` over one IDOC element and its text."""

    format = "idoc"

    def __init__(
        self, n: int, raw: bytes, place: Bytes, text: str, charset: str, element: Element, shelf: Shelf, noted: tuple[Finding, ...]
    ) -> None:
        self.n, self.raw, self.place, self.xml, self.charset, self.element = n, raw, place, text, charset, element
        self._control = _fields(next((kid for kid in element if local(kid) == CONTROL), ()))
        self.layout = shelf.layout_for(self.of_control("IDOCTYP"), self.of_control("CIMTYP"), "xml")
        self.noted = noted

    def control_value(self, one: FieldDef) -> str:
        return self._control.get(one.name, "").strip()

    @cached_property
    def control(self) -> Mapping[str, str]:
        return {name: text.rstrip(" ") for name, text in self._control.items() if not text.isspace()}

    @cached_property
    def findings(self) -> Sequence[Finding]:
        return (*self.noted, *unusual(self))

    # --- nodes -------------------------------------------------------------------------------------

    def is_segment(self, element: Element) -> bool:
        """Segments carry SEGMENT, or elements; where a producer drops the attribute the definition tells."""
        if len(element) or element.get("SEGMENT") is not None:
            return True
        above = element.getparent()
        if above is None or above is self.element:
            return True
        name = local(element)
        if self.layout.field(local(above), name) is not None:
            return False
        return name in self.layout.definition.by_type or (not (element.text or "").strip() and looks_like_segment(name))

    def root(self, wanted: frozenset[str] | None = None) -> Node:
        if wanted is None:
            return self._walked.root
        names = self.layout.plan(wanted).types | wanted
        if "_walked" in self.__dict__:
            return only(self._walked.root, names)
        picker, kids = Picker(names, self.is_segment, "xmlns" in self.xml), Kids()
        for kid in self.element:
            if (name := local(kid)) in names:
                kids.setdefault(name, []).append(picker.node(kid))
        return None, kids, self.element

    @cached_property
    def _walked(self) -> Walked:
        """What the one walk over the IDoc finds; the control record is not content."""
        walk, kids = Walk(self.layout.lengths, self.is_segment, "xmlns" in self.xml), Kids()
        for kid in self.element:
            name, start = local(kid), len(walk.content)
            kids.setdefault(name, []).append(walk.node(kid, name))
            if name == CONTROL:
                del walk.content[start:]
        return Walked((None, kids, self.element), walk.content, walk.clean)

    @property
    def clean(self) -> bool:
        """True when no segment and no field is unusual."""
        return self._walked.clean

    @cached_property
    def paths(self) -> Mapping[Any, str]:
        return occurrences(self.root())

    def path(self, node: Node) -> str:
        return self.paths.get(node[2], "")

    # --- places ------------------------------------------------------------------------------------

    @cached_property
    def spans(self) -> Mapping[Element, Span]:
        """Where every element stands in the text."""
        return dict(zip(self.element.iter(), list(scan(self.xml)), strict=True))

    @cached_property
    def _offsets(self) -> Offsets:
        return Offsets(Decoded(self.xml, self.charset, self.place.start, False, Finding("charset.decided", self.charset)))

    def bytes_of(self, start: int, end: int) -> Bytes:
        """The place of a part of this IDoc's text."""
        if self.place.end - self.place.start == len(self.xml):
            return Bytes(self.place.start + start, self.place.start + end)
        return self._offsets.place(start, end)

    def where(self, node: Node) -> Bytes:
        span = self.spans[node[2]]
        return self.bytes_of(span.start, span.end)

    def source(self, node: Node, segment: str, name: str) -> Source | None:
        for kid in node[2].iterchildren("{*}" + xml_name(name)):
            if value := self._value(kid):
                path = self.path(node)
                return Source(f"{path}.{local(kid)}" if path else local(kid), self._inside(kid), self._steps, value)
        return None

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        return Step("decode", self.charset), Step("xml_text"), Step("rstrip")

    def _value(self, element: Element) -> str:
        text = element.text
        return "" if not text or text.isspace() or len(element) else text.rstrip(" ")

    def _inside(self, element: Element) -> Bytes:
        span = self.spans[element]
        return self.bytes_of(span.inner, span.outer)

    # --- records -----------------------------------------------------------------------------------

    def segments(self) -> Iterator[Element]:
        """Every segment in document order, the control record among them."""
        return (one for one in self.element.iter() if one is not self.element and self.is_segment(one))

    def records(self) -> Iterator[Record]:
        for one in self.segments():
            name = local(one)
            fields = tuple(
                Field(local(kid), value, self._inside(kid)) for kid in one if (value := self._value(kid)) and not self.is_segment(kid)
            )
            span = self.spans[one]
            known = name == CONTROL or name in self.layout.definition.by_type
            yield Record(name, self.paths.get(one, name), self.bytes_of(span.start, span.end), fields, known)

    # --- content -----------------------------------------------------------------------------------

    def fingerprint(self, volatile: frozenset[tuple[str, str]] = frozenset()) -> bytes:
        """Over names, nesting and values of everything but the control record: the same indented, escaped or re-encoded."""
        content = self._walked.content
        if volatile:
            content = without(content, frozenset((xml_name(segment), xml_name(name)) for segment, name in volatile))
        return hashlib.sha256(orjson.dumps(content)).digest()[:16]


def _fields(segment: Iterable[Element]) -> dict[str, str]:
    """The fields of a segment, the first of each name."""
    found: dict[str, str] = {}
    for kid in segment:
        if kid.text and not len(kid):
            found.setdefault(local(kid), kid.text)
    return found
