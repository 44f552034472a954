"""A document again as a message of its own, with single fields changed: what `hub resubmit --edit` sends round.

Everything that is not changed keeps its bytes: unknown segments, padding, indentation, charset, line ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from adapters.charset import BOMS, codec
from adapters.idoc.definition import CONTROL, CONTROL_SEGMENT, FieldDef, SegmentDef
from adapters.idoc.encoding import Encoding
from adapters.idoc.flat_cut import starts
from adapters.idoc.flat_document import FlatDocument
from adapters.idoc.names import xml_name
from adapters.idoc.outgoing import Builder
from adapters.idoc.paths import local
from adapters.idoc.xml_cut import view_of
from adapters.idoc.xml_document import XmlDocument
from canonical_model.problems import Hold, Reject

_PATH: Final = re.compile(r"^(?P<segment>.+)\.(?P<field>[^.\[\]]+)$")
Edit = tuple[int, int, str]


def rewrite(document: FlatDocument | XmlDocument, changes: Mapping[str, str] | None = None, *, charset: str = "utf-8") -> bytes:
    """The document as a message. ``changes``: new texts by path, as ``E1EDP01[2]/E1EDP19[1].IDTNR``; an empty text blanks.
    ``charset``: the route's, for a message that was plain ASCII and need not stay so.

    Raises Reject for a path that is not in the document or the definition, Hold for a value that its field cannot hold.
    """
    found = [(*_find(document, path), value) for path, value in (changes or {}).items()]
    target = codec(charset) if document.charset == "ascii" else document.charset
    builder = Builder(document.layout.definition, target, document.layout.form == "bytes")
    for at, segment, one, value in found:
        builder.check(segment, one, value, document.paths[at])
    if builder.problems:
        raise Hold(*builder.problems)
    edits = [(at, one, value) for at, _, one, value in found]
    return _flat(document, edits, target) if isinstance(document, FlatDocument) else _xml(document, edits, target)


def _find(document: FlatDocument | XmlDocument, path: str) -> tuple[Any, SegmentDef, FieldDef]:
    """The record a path names, its definition and its field."""
    match = _PATH.match(path)
    named = match.group("segment") if match else ""
    at = next((at for at, known in document.paths.items() if known in (named, f"{named}[1]")), None)
    if match is None or at is None:
        raise Reject(f"{path} is not in this IDoc", fix="take a path that `hub read` shows, as E1EDP01[2]/E1EDP19[1].IDTNR")
    type = document.paths[at].rpartition("/")[2].partition("[")[0]
    segment = CONTROL_SEGMENT if type == CONTROL else document.layout.definition.by_type.get(type)
    one = next((one for one in segment.fields if one.name == xml_name(match.group("field"))), None) if segment else None
    if segment is None or one is None:
        raise Reject(f"the definition of {document.layout.type} has no field {path}", fix="upload a definition that has it")
    return at, segment, one


def _mark(raw: bytes) -> bytes:
    return next((bom for bom, _ in BOMS if raw[: len(bom)] == bom), b"")


def _flat(document: FlatDocument, edits: list[tuple[Any, FieldDef, str]], target: str) -> bytes:
    content, begins = document.content, starts(document.content, document.lines)
    lines = {at: content[begins[at] : begins[at] + len(document.lines[at])] for at, _, _ in edits}
    for at, one, value in edits:
        start = document.layout.field(_type(document, at), one.name) or one
        lines[at] = _replaced(lines[at], start, value, document.charset)
    for at in sorted(lines, reverse=True):
        content = content[: begins[at]] + lines[at] + content[begins[at] + len(document.lines[at]) :]
    return _mark(document.raw) + (content if isinstance(content, bytes) else content.encode(target))


def _type(document: FlatDocument, at: int) -> str:
    return CONTROL if at == 0 else document.type_of(at)


def _replaced(line: Any, one: FieldDef, value: str, charset: str) -> Any:
    """A record with one field replaced; as long as before, or just long enough."""
    blank: Any = " " if isinstance(line, str) else b" "
    new: Any = value if isinstance(line, str) else value.encode(charset)
    end = one.start + one.length
    whole = line.ljust(one.start, blank)[: one.start] + new.ljust(one.length, blank) + line[end:]
    return whole if len(line) >= end else whole.rstrip(blank).ljust(len(line), blank)


def _xml(document: XmlDocument, edits: list[tuple[Any, FieldDef, str]], target: str) -> bytes:
    text = document.xml
    for start, end, new in sorted((_edit(document, at, one, value) for at, one, value in edits), reverse=True):
        text = text[:start] + new + text[end:]
    view = view_of(document.raw, Encoding(document.charset, len(_mark(document.raw))))
    places = [place for place, _ in view.places()]
    return document.raw[: places[0].start] + text.encode(target) + document.raw[places[-1].end :]


def _edit(document: XmlDocument, element: Any, one: FieldDef, value: str) -> Edit:
    """What to replace in the IDoc's text so that a field of a segment has a value."""
    element_of = {local(kid): kid for kid in element}
    said = f"<{one.name}>{escape(value)}</{one.name}>"
    if one.name in element_of:
        span = document.spans[element_of[one.name]]
        return (span.inner, span.outer, escape(value)) if span.inner < span.end else (span.start, span.end, said)
    span = document.spans[element]
    if span.inner == span.end:
        opened = document.xml[span.start : span.end].removesuffix("/>").rstrip()
        return span.start, span.end, f"{opened}>{said}</{span.name}>"
    order = document.layout.fields(local(element))
    before = [document.spans[element_of[name]] for name in order[: list(order).index(one.name)] if name in element_of]
    at = before[-1].end if before else span.inner
    first = document.xml[span.inner :]
    return at, at, first[: len(first) - len(first.lstrip())] + said
