"""Read flat IDoc messages: charset, how widths are counted, IDocs, records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.base import Finding
from adapters.idoc.counting import counts_bytes, mended
from adapters.idoc.definition import CONTROL_BY_NAME, CONTROL_WIDTH, Definition
from adapters.idoc.encoding import Encoding, decide
from adapters.idoc.flat_cut import documents, split
from adapters.idoc.flat_document import FlatDocument
from adapters.idoc.layout import Form
from adapters.idoc.shelf import Shelf
from canonical_model.places import Bytes

_TYPE, _EXTENSION = CONTROL_BY_NAME["IDOCTYP"], CONTROL_BY_NAME["CIMTYP"]


def read_flat(raw: bytes, shelf: Shelf, options: Mapping[str, Any]) -> Iterator[FlatDocument]:
    """IDocs of a flat message, lazily: only one IDoc at a time is decoded."""
    encoding = decide(raw, options.get("charset"), exact=options.get("count") != "bytes")
    noted = encoding.findings
    counted: bool | None = None
    for n, (start, end) in enumerate(documents(raw, encoding), 1):
        content = bytes(raw[start:end])
        if counted is None:
            counted, said = counts_bytes(content, encoding, options.get("count"), _definition_of(shelf))
            noted = (*noted, *said, *_leading(raw, encoding, start))
        yield _document(n, raw, (start, end), content, encoding, counted, shelf, noted)


def _document(
    n: int, raw: bytes, bounds: tuple[int, int], content: bytes, encoding: Encoding, counted: bool, shelf: Shelf, noted: tuple[Finding, ...]
) -> FlatDocument:
    form: Form = "bytes" if counted else "flat"
    given: Any = content if counted else content.decode(encoding.charset)
    lines, newline = split(given, _definition_of(shelf))
    basic, extension = (_control_text(lines[0], one.start, one.length) for one in (_TYPE, _EXTENSION))
    layout = shelf.layout_for(basic, extension, form, encoding.charset)
    if counted:
        lines, said = mended(content, lines, layout, encoding.charset, bounds[0])
        noted = (*noted, *said)
    return FlatDocument(n, raw, bounds, encoding.charset, given, lines, layout, noted, newline)


def _control_text(line: Any, start: int, length: int) -> str:
    part = line[start : start + length]
    return (part if isinstance(part, str) else part.decode("latin-1")).strip(" ")


def _definition_of(shelf: Shelf) -> Any:
    def find(control: Any) -> Definition:
        basic, extension = (_control_text(control[:CONTROL_WIDTH], one.start, one.length) for one in (_TYPE, _EXTENSION))
        return shelf.layout_for(basic, extension, "flat").definition

    return find


def _leading(raw: bytes, encoding: Encoding, start: int) -> tuple[Finding, ...]:
    if not bytes(raw[encoding.skip : start]).decode(encoding.charset, "replace").strip():
        return ()
    return (Finding("idoc.leading_bytes", "bytes before the first control record are not read", Bytes(encoding.skip, start)),)
