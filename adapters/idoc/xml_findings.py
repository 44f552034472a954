"""What is unusual in an IDoc in XML and was read all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lxml import etree

from adapters.base import Finding
from adapters.idoc.control_findings import of_types
from adapters.idoc.definition import CONTROL, CONTROL_BY_NAME
from adapters.idoc.paths import local

if TYPE_CHECKING:
    from adapters.idoc.xml_document import XmlDocument


def unusual(document: XmlDocument) -> Iterator[Finding]:
    """Findings of one IDoc, in a fixed order; unknown names once each."""
    basic, extension, number = (document.of_control(name) for name in ("IDOCTYP", "CIMTYP", "DOCNUM"))
    yield from of_types(basic, extension, number, document.layout.definition, document.place)
    bare = sum(one.get("SEGMENT") is None for one in document.segments())
    if bare:
        yield Finding("idoc.xml_no_segment_attribute", f"{bare} segments carry no SEGMENT attribute", severity="note")
    said: set[tuple[str, str]] = set()
    for one in document.segments():
        for found in _of_segment(document, one):
            key = (found.code, found.details.get("segment", "") + "." + found.details.get("field", ""))
            if key not in said:
                said.add(key)
                yield found


def _of_segment(document: XmlDocument, element: etree._Element) -> Iterator[Finding]:
    name = local(element)
    known = document.layout.definition.by_type.get(name)
    span = document.spans[element]
    if known is None and name != CONTROL:
        place = document.bytes_of(span.start, span.end)
        yield Finding("idoc.unknown_segment", f"segment {name} is not in the definition (kept)", place, details={"segment": name})
        return
    widths = {one.name: one.length for one in known.fields} if known else {one.name: one.length for one in CONTROL_BY_NAME.values()}
    for kid in element:
        if not document.is_segment(kid):
            yield from _of_field(document, name, kid, widths.get(local(kid)))


def _of_field(document: XmlDocument, segment: str, element: etree._Element, width: int | None) -> Iterator[Finding]:
    name, value = local(element), (element.text or "").rstrip()
    span = document.spans[element]
    place, details = document.bytes_of(span.inner, span.outer), {"segment": segment, "field": name}
    if width is None:
        yield Finding("idoc.unknown_field", f"field {segment}.{name} is not in the definition (kept)", place, details=details)
    elif len(value) > width:
        yield Finding(
            "idoc.value_too_long", f"{segment}.{name} holds {len(value)} characters, the field has {width}", place, details=details
        )
