"""What is unusual in an IDoc in XML and was read all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lxml import etree

from adapters.base import Finding
from adapters.idoc.control_findings import of_types
from adapters.idoc.definition import CONTROL
from adapters.idoc.paths import local

if TYPE_CHECKING:
    from adapters.idoc.xml_document import XmlDocument

Element = etree._Element


def unusual(document: XmlDocument) -> Iterator[Finding]:
    """Findings of one IDoc, in a fixed order; unknown names once each."""
    basic, extension, number = (document.of_control(name) for name in ("IDOCTYP", "CIMTYP", "DOCNUM"))
    yield from of_types(basic, extension, number, document.layout.definition, document.place)
    if document.clean:
        return
    odd = Odd(document)
    for kid in document.element:
        odd.segment(kid)
    if odd.bare:
        yield Finding("idoc.xml_no_segment_attribute", f"{odd.bare} segments carry no SEGMENT attribute", severity="note")
    yield from odd.found.values()


class Odd:
    """What one walk over an IDoc finds: the first of its kind for each segment and field."""

    def __init__(self, document: XmlDocument) -> None:
        self.document = document
        self.known = document.layout.definition.by_type
        self.bare = 0
        self.found: dict[tuple[str, str, str], Finding] = {}

    def segment(self, element: Element) -> None:
        """Look at a segment, its fields, and the segments below it."""
        name = local(element)
        self.bare += element.get("SEGMENT") is None
        known = name in self.known or name == CONTROL
        if not known:
            self.add("idoc.unknown_segment", name, "", f"segment {name} is not in the definition (kept)", element)
        for kid in element:
            text = kid.text
            if text and not text.isspace() and not len(kid):
                if known:
                    self.value(name, local(kid), text.rstrip(" "), kid)
            elif self.document.is_segment(kid):
                self.segment(kid)

    def value(self, segment: str, name: str, value: str, element: Element) -> None:
        """Look at a field of a known segment."""
        one = self.document.layout.field(segment, name)
        if one is None:
            self.add("idoc.unknown_field", segment, name, f"field {segment}.{name} is not in the definition (kept)", element)
        elif len(value) > one.length:
            text = f"{segment}.{name} holds {len(value)} characters, the field has {one.length}"
            self.add("idoc.value_too_long", segment, name, text, element)

    def add(self, code: str, segment: str, name: str, text: str, element: Element) -> None:
        """Note a finding, the first of its kind only."""
        if (code, segment, name) in self.found:
            return
        details = {"segment": segment, "field": name} if name else {"segment": segment}
        span = self.document.spans[element]
        place = self.document.bytes_of(span.inner, span.outer) if name else self.document.bytes_of(span.start, span.end)
        self.found[code, segment, name] = Finding(code, text, place, details=details)
