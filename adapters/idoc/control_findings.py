"""What is unusual in a control record, whichever form the IDoc has."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.base import Finding
from adapters.idoc.definition import Definition
from adapters.idoc.names import xml_name
from canonical_model.places import Place


def of_types(basic: str, extension: str, number: str, definition: Definition, place: Place) -> Iterator[Finding]:
    """Findings about IDOCTYP, CIMTYP and DOCNUM under the definition that was chosen for them."""
    if not number.strip("0 "):
        yield Finding("idoc.no_number", "DOCNUM is blank: the IDoc has no technical id", place, "note")
    if not definition.segments:
        yield Finding("idoc.unknown_type", f"no definition of IDoc type {basic!r}: all segments are kept and unknown", place)
    elif definition.basic != xml_name(basic):
        yield Finding("idoc.newer_definition", f"no definition of {basic}: read with the newer {definition.basic}", place, "note")
    if extension and definition.extension != xml_name(extension):
        yield Finding("idoc.extension_unknown", f"no definition of extension {extension}: its segments are kept and unknown", place)
