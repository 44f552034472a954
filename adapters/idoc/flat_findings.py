"""What is unusual in a flat IDoc and was read all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from adapters.base import Finding
from adapters.idoc.control_findings import of_types
from adapters.idoc.definition import CONTROL, CONTROL_FIELDS, HEAD_WIDTH, RECORD_WIDTH

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
    yield from _truncated(document)
    odd = document.layout.audit.odd(document.lines)
    yield from _of_numbers(document, odd.others)
    for code, indexes, text in (
        ("idoc.unknown_segment", odd.unknown, "is not in the definition ({} kept)"),
        ("idoc.segment_longer", odd.longer, "is longer than its definition ({} records): a newer version"),
        ("idoc.parent_missing", odd.orphans, "stands without its parent segment ({} records)"),
    ):
        yield from _by_type(document, code, indexes, text)


def _of_control(document: FlatDocument) -> Iterator[Finding]:
    name = document.of_control("TABNAM")
    if name != CONTROL:
        yield Finding("idoc.control_name", f"the control record is named {name}", document.bytes_of(0, 0, 10), "note")
    basic, extension, number = (document.of_control(name) for name in ("IDOCTYP", "CIMTYP", "DOCNUM"))
    yield from of_types(basic, extension, number, document.layout.definition, document.place)
    width = CONTROL_FIELDS[-1].start + CONTROL_FIELDS[-1].length
    if len(document.lines[0].rstrip()) > width:
        yield Finding(
            "idoc.control_too_long", f"the control record is longer than {width}", document.bytes_of(0, width, len(document.lines[0]))
        )


def _of_numbers(document: FlatDocument, others: list[int]) -> Iterator[Finding]:
    """Numbering that the sender left out (looked for in its first data record) or that belongs to another IDoc."""
    first = document.text(document.lines[1][49:55]) if len(document.lines) > 1 else "1"
    if not first.strip("0 "):
        yield Finding("idoc.numbering_blank", "the records carry no SEGNUM", document.bytes_of(1, 49, 55), "note")
    if others:
        text = f"{len(others)} records carry another client or DOCNUM than the control record"
        yield Finding("idoc.number_differs", text, document.bytes_of(others[0], 30, 49))


def _truncated(document: FlatDocument) -> Iterator[Finding]:
    """The last record is shorter than all the others, which are padded, and has no line end: the message was cut."""
    lines = document.lines
    if len(lines) < 2 or len(lines[-1]) >= RECORD_WIDTH or (len(lines) > 2 and len(lines[1]) < RECORD_WIDTH):
        return
    padded = all(len(line) >= RECORD_WIDTH for line in lines[1:-1] if line.strip())
    short = len(lines[-1]) < (RECORD_WIDTH if len(lines) > 2 else HEAD_WIDTH)
    ends = document.content[-1:] in ("\n", "\r", b"\n", b"\r")
    if padded and short and not ends and document.place.end == len(document.raw):
        text = f"the last record has {len(lines[-1])} of {RECORD_WIDTH} characters and no line end: the message was cut"
        yield Finding("idoc.truncated", text, document.bytes_of(len(lines) - 1, 0, len(lines[-1])), "error")


def _by_type(document: FlatDocument, code: str, indexes: list[int], text: str) -> Iterator[Finding]:
    """One finding a segment type, with its first record and how many there are."""
    places: dict[str, list[int]] = {}
    for at in indexes:
        places.setdefault(document.type_of(at), []).append(at)
    for type, found in places.items():
        place = document.bytes_of(found[0], 0, len(document.lines[found[0]]))
        yield Finding(code, f"segment {type} {text.format(len(found))}", place, details={"segment": type})
