"""What is unusual in a flat IDoc and was read all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from adapters.base import Finding
from adapters.idoc.control_findings import of_types
from adapters.idoc.definition import CONTROL, CONTROL_FIELDS, HEAD_WIDTH, RECORD_WIDTH
from canonical_model.places import Bytes

if TYPE_CHECKING:
    from adapters.idoc.flat_document import FlatDocument

_LINE_ENDS = {
    "": ("idoc.no_line_ends", "records stand without line ends"),
    "\r": ("idoc.line_ends_cr", "records end with CR alone"),
    "mixed": ("idoc.line_ends_mixed", "records end with different line ends"),
}


def unusual(document: FlatDocument) -> Iterator[Finding]:
    """Findings of one IDoc, in a fixed order."""
    if document.newline in _LINE_ENDS and len(document.lines) > 1:
        code, text = _LINE_ENDS[document.newline]
        yield Finding(code, text, severity="note")
    yield from _of_control(document)
    yield from _of_numbers(document)
    yield from _truncated(document)
    yield from _of_segments(document)
    yield from _orphans(document)


def _of_control(document: FlatDocument) -> Iterator[Finding]:
    name = document.of_control("TABNAM")
    if name != CONTROL:
        yield Finding("idoc.control_name", f"the control record is named {name}", document.bytes_of(0, 0, 10), "note")
    basic, extension, number = (document.of_control(name) for name in ("IDOCTYP", "CIMTYP", "DOCNUM"))
    yield from of_types(basic, extension, number, document.layout.definition, document.bytes_of(0, 0, len(document.lines[0])))
    width = CONTROL_FIELDS[-1].start + CONTROL_FIELDS[-1].length
    if len(document.lines[0].rstrip()) > width:
        yield Finding(
            "idoc.control_too_long", f"the control record is longer than {width}", document.bytes_of(0, width, len(document.lines[0]))
        )


def _of_numbers(document: FlatDocument) -> Iterator[Finding]:
    """Numbering that the sender left out or that belongs to another IDoc."""
    ids = document.text(document.lines[0][10:29])
    blank = other = 0
    for line in document.lines[1:]:
        head = document.text(line[30:55]) if line.strip() else ""
        blank += bool(head) and not head[19:].strip("0 ")
        other += bool(head[:19].strip()) and head[:19] != ids
    if blank:
        yield Finding("idoc.numbering_blank", f"{blank} records carry no SEGNUM", severity="note")
    if other:
        yield Finding("idoc.number_differs", f"{other} records carry another client or DOCNUM than the control record")


def _truncated(document: FlatDocument) -> Iterator[Finding]:
    """The last record is shorter than all the others, which are padded, and has no line end: the message was cut."""
    lines = document.lines
    if len(lines) < 2 or not all(len(line) >= RECORD_WIDTH for line in lines[1:-1] if line.strip()):
        return
    ends = document.content[-1:] in ("\n", "\r", b"\n", b"\r")
    short = len(lines[-1]) < (RECORD_WIDTH if len(lines) > 2 else HEAD_WIDTH)
    if short and not ends and document.place.end == len(document.raw):
        text = f"the last record has {len(lines[-1])} of {RECORD_WIDTH} characters and no line end: the message was cut"
        yield Finding("idoc.truncated", text, document.bytes_of(len(lines) - 1, 0, len(lines[-1])), "error")


def _of_segments(document: FlatDocument) -> Iterator[Finding]:
    """Unknown segments once a name, and data beyond the fields that the definition knows, once a type."""
    unknown: Counter[str] = Counter()
    beyond: Counter[str] = Counter()
    first: dict[str, Bytes] = {}
    for at, line in enumerate(document.lines):
        if not at or not line.strip():
            continue
        type = document.type_of(at)
        known = document.layout.definition.by_type.get(type)
        if known is None:
            unknown[type] += 1
        elif len(line.rstrip()) > HEAD_WIDTH + known.width:
            beyond[type] += 1
        else:
            continue
        first.setdefault(type, document.bytes_of(at, 0, len(line)))
    for type, count in unknown.items():
        yield Finding(
            "idoc.unknown_segment", f"segment {type} is not in the definition ({count} kept)", first[type], details={"segment": type}
        )
    for type, count in beyond.items():
        text = f"segment {type} is longer than its definition ({count} records): a newer version"
        yield Finding("idoc.segment_longer", text, first[type], details={"segment": type})


def _orphans(document: FlatDocument) -> Iterator[Finding]:
    """Known segments that stand where the definition has no parent open for them."""
    definition = document.layout.definition
    found: dict[str, str] = {}
    for path in document.paths.values():
        parts = [part.partition("[")[0] for part in path.split("/")]
        above = parts[-2] if len(parts) > 1 else None
        if parts[-1] in definition.by_type and parts[-1] not in definition.children(above):
            found.setdefault(parts[-1], path)
    for type, path in found.items():
        yield Finding("idoc.parent_missing", f"segment {type} stands without its parent segment, at {path}", details={"segment": type})
