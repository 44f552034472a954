"""An X12 message cut into documents: ISA, GS, ST ... SE, GE, IEA, in any state that senders leave them in.

A document is handed out when the next one begins (or the message ends), so that what its trailers say about it,
its group and its interchange is among its findings: findings of GE stand with the last document of the group,
those of IEA with the last of the interchange, those of ISA and GS with the first one after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from adapters.base import Finding
from adapters.edi import Segment, Separators, Text, segments
from adapters.x12.document import Envelope, SetContext, X12Document, group_header
from adapters.x12.envelope import ISA_START, Opening, open_interchange, open_message
from adapters.x12.tokens import BINARY
from canonical_model.places import Bytes
from canonical_model.problems import Unreadable

_CONTROL: Final = frozenset({"ISA", "GS", "ST", "SE", "GE", "IEA"})
_MOST_STRAYS: Final = 20
_SERVICES: Final = frozenset({"ISB", "ISE"})


def read(message: Text, context: Callable[[str], SetContext], strict: bool = False) -> Iterator[X12Document]:
    """Documents of a message, lazily. ``context``: set code -> what is known of it.
    Raises Unreadable when no envelope or, at the end, no document was found."""
    reader = _Reader(message, context, strict)
    opening = open_message(message)
    while True:
        yield from reader.interchange(opening)
        if reader.restart is None:
            break
        opening = open_interchange(message, reader.restart)
    yield from reader.finish()


@dataclass
class _Reader:
    """The state between two segments."""

    message: Text
    context: Callable[[str], SetContext]
    strict: bool
    restart: int | None = None
    n: int = 0
    groups: int = 0
    sets: int = 0
    strays: int = 0
    numbers: set[str] = field(default_factory=set)
    cut: Separators | None = None
    isa: Segment | None = None
    gs: Segment | None = None
    current: X12Document | None = None
    held: X12Document | None = None
    pending: list[Finding] = field(default_factory=list)

    def interchange(self, opening: Opening) -> Iterator[X12Document]:
        """Documents until the message ends or another ISA begins (``restart`` then says where)."""
        self.restart = None
        yield from self._begin(opening)
        last = opening.isa[1] if opening.isa else opening.next
        for segment in segments(self.message, opening.next, opening.separators, BINARY, line_start(self.message.text, opening)):
            data = segment[2]
            tag = data[0]
            if self.current is not None and tag not in _CONTROL:
                self.current.body.append(segment)
                last = segment[1]
                continue
            if tag == "ISA" or tag.startswith("ISA"):
                self.restart = segment[0]
                break
            yield from self._control(tag, segment)
            last = segment[1]
            if tag == "IEA" and self._next_isa(segment):
                break
        self._dirt(opening, last)
        self._close_interchange(None)

    def _begin(self, opening: Opening) -> Iterator[X12Document]:
        yield from self._flush()
        self.cut, self.isa, self.gs, self.groups, self.sets = opening.separators, opening.isa, None, 0, 0
        if self.n == 0:
            self._bom()
            self.pending += self.message.findings
        self.pending += opening.findings
        if opening.isa is not None:
            self._check_isa(opening.isa)

    def _bom(self) -> None:
        for bom in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
            if self.message.raw.startswith(bom):
                self.pending.append(Finding("x12.bom", "a byte order mark stands before ISA", Bytes(0, len(bom)), "note"))
                return

    def _check_isa(self, isa: Segment) -> None:
        number = isa[2][13].strip() if len(isa[2]) > 13 else ""
        if not (number.isascii() and number.isdigit() and len(number) == 9):
            self._note("x12.isa13", f"ISA13 {number!r} is not a number of 9 digits", isa, ta105="018", value=number)

    def _control(self, tag: str, segment: Segment) -> Iterator[X12Document]:
        if tag == "ST":
            self._close_set(None)
            yield from self._flush()
            self._open_set(segment)
        elif tag == "SE":
            self._close_set(segment)
        elif tag == "GS":
            self._close_group(None)
            yield from self._flush()
            self.gs, self.sets = segment, 0
            self.groups += 1
            self.numbers = set()
            if len(segment[2]) != 9:
                self._note("x12.gs_elements", f"GS has {len(segment[2]) - 1} elements, not 8", segment, ak905="6")
        elif tag == "GE":
            self._close_group(segment)
        elif tag == "IEA":
            self._close_interchange(segment)
        elif tag == "TA1":
            yield from self._flush()
            self._open_set(segment)
            self.held, self.current = self.current, None
        elif tag not in _SERVICES and self.strays < _MOST_STRAYS:
            self.strays += 1
            self._note("x12.stray_segment", f"segment {tag[:20]} stands outside of a set", segment, ta105="024")

    def _open_set(self, segment: Segment) -> None:
        data = segment[2]
        code = (data[1].strip() if len(data) > 1 else "") if data[0] == "ST" else data[0]
        self.n += 1
        envelope = Envelope(self.message, self.cut or Separators("*", ">", "~"), self.isa, self.gs)
        self.current = X12Document(self.n, envelope, self.context(code), segment, self.strict)
        self.current.noted += self.pending
        self.pending = []
        if data[0] == "ST":
            self._check_st(segment, code)

    def _check_st(self, segment: Segment, code: str) -> None:
        data = segment[2]
        number = data[2].strip() if len(data) > 2 else ""
        self.sets += 1
        if self.isa is not None and self.gs is None:
            self._note("x12.st_outside_group", "ST stands outside of a group", segment, ak502="6", ta105="024")
        elif self.gs is None:
            self._note("x12.no_gs", "the set stands in no group", segment)
        if not code:
            self._note("x12.st01", "ST01 (set) is missing", segment, ak502="6")
        if not number or number in self.numbers:
            why = "is missing" if not number else f"{number} comes again in this group"
            self._note("x12.st02", f"ST02 (control number of the set) {why}", segment, ak502="7")
        self.numbers.add(number)

    def _close_set(self, trailer: Segment | None) -> None:
        document = self.current
        if document is None:
            if trailer is not None:
                self._note("x12.stray_segment", "SE stands outside of a set", trailer)
            return
        if trailer is None:
            self._note("x12.se_missing", "the set has no SE", document.header, ak502="2", severity="error")
        else:
            document.trailer = trailer
            self._compare("x12.se01_count", "SE01", trailer, 1, str(len(document.body) + 2), "segments", ak502="4")
            self._compare("x12.se02_mismatch", "SE02", trailer, 2, _text(document.header, 2), "", ak502="3")
        self.current, self.held = None, document

    def _close_group(self, trailer: Segment | None) -> None:
        self._close_set(None)
        if trailer is None and self.gs is not None:
            self._note("x12.ge_missing", "the group has no GE", self.gs, ak905="3")
        elif trailer is not None and self.gs is None:
            self._note("x12.stray_segment", "GE stands outside of a group", trailer)
        elif trailer is not None and self.gs is not None:
            self._compare("x12.ge01_count", "GE01", trailer, 1, str(self.sets), "sets", ak905="5", claimed=_text(trailer, 1))
            self._compare("x12.ge02_mismatch", "GE02", trailer, 2, (*group_header(self.gs[2]), *[""] * 9)[6].strip(), "", ak905="4")
        self.gs = None

    def _close_interchange(self, trailer: Segment | None) -> None:
        self._close_group(None)
        if trailer is None and self.isa is not None:
            self._note("x12.iea_missing", "the interchange has no IEA", self.isa, ta105="023")
        elif trailer is not None and self.isa is None:
            self._note("x12.stray_segment", "IEA stands outside of an interchange", trailer)
        elif trailer is not None and self.isa is not None:
            self._compare("x12.iea01_count", "IEA01", trailer, 1, str(self.groups), "groups", ta105="021")
            self._compare("x12.iea02_mismatch", "IEA02", trailer, 2, _text(self.isa, 13), "", ta105="001")
        self.isa = None

    def _next_isa(self, iea: Segment) -> bool:
        """Look for another interchange behind an IEA, also one that no terminator separates from it."""
        found = ISA_START.search(self.message.text, iea[0])
        if found is None:
            return False
        gap = self.message.text[iea[1] : found.start()].strip(" \t\r\n\0\x1a" + (self.cut.terminator if self.cut else ""))
        if gap:
            where = (iea[1], found.start(), [""])
            self._note("x12.trailing_data", f"{len(gap)} characters stand between two interchanges", where)
        self.restart = found.start()
        return True

    def _compare(self, code: str, name: str, segment: Segment, element: int, expected: str, counted: str, **details: str) -> None:
        """Note a trailer's element that differs: counts as numbers, control numbers as texts."""
        given = _text(segment, element)
        if given == expected or (counted and given.isascii() and given.isdigit() and len(given) < 20 and int(given) == int(expected)):
            return
        fact = (
            f"{name} says {given or 'nothing'}, counted {expected} {counted}" if counted else f"{name} {given!r} differs from {expected!r}"
        )
        self._note(code, fact, segment, given=given, expected=expected, **details)

    def _note(self, code: str, text: str, segment: Segment, severity: str = "warning", **details: str) -> None:
        place = self.message.place(segment[0], segment[1])
        finding = Finding(code, text, place, "error" if severity == "error" else "warning", {"segment": segment[2][0], **details})
        document = self.current or self.held
        (document.noted if document is not None else self.pending).append(finding)

    def _dirt(self, opening: Opening, last: int) -> None:
        """White space around the segments of an interchange, once."""
        document = self.current or self.held
        noted = document.noted if document is not None else self.pending
        for code, fact, at in white_space(self.message.text, opening, last):
            severity: Literal["note", "warning"] = "warning" if code == "x12.terminator_missing" else "note"
            noted.append(Finding(code, fact, self.message.place(at, at + 1), severity))

    def _flush(self) -> Iterator[X12Document]:
        if self.held is not None:
            yield self.held
        self.held = None

    def finish(self) -> Iterator[X12Document]:
        """The last document, or Unreadable when there was none."""
        yield from self._flush()
        if self.n == 0:
            facts = "; ".join(finding.text for finding in self.pending if finding.severity != "note")
            raise Unreadable(f"the interchange holds no transaction set{': ' if facts else ''}{facts}", key="x12:no_document")


def white_space(text: str, opening: Opening, end: int) -> Iterator[tuple[str, str, int]]:
    """(code, fact, place) of line breaks after terminators, indentation, and lines wrapped at a column."""
    terminator = opening.separators.terminator
    start = opening.isa[0] if opening.isa else opening.next
    lines = terminator in "\r\n"
    broken = lines or text.find("\n", start, end) >= 0 or text.find("\r", start, end) >= 0
    if not broken:
        marks: tuple[str, ...] = (f"{terminator} ",)
    elif lines:
        marks = ("\n ", "\n\t", "\r ", "\r\t")
    else:
        marks = (f"{terminator} ", f"{terminator}\n ", f"{terminator}\r\n ", f"{terminator}\n\t")
    if broken and not lines and (at := _first(text, (f"{terminator}\n", f"{terminator}\r"), start, end)) >= 0:
        yield "x12.line_breaks", "line breaks stand after segment terminators", at + 1
    if (at := _first(text, marks, start, end)) >= 0:
        yield "x12.indentation", "segments are indented", at + 1
    if broken and not lines:
        yield from _inside(text, opening, start, end)


def _inside(text: str, opening: Opening, start: int, end: int) -> Iterator[tuple[str, str, int]]:
    """The first line break that stands in a segment (binary ones may hold any)."""
    cut = opening.separators
    if any(text.find(f"{tag}{cut.element}", start, end) >= 0 for tag in BINARY):
        return
    found = re.compile(rf"[^{re.escape(cut.terminator)} \t\r\n][ \t]*[\r\n]+").search(text, start, end)
    if found is None:
        return
    if (begin := line_start(text, opening)) and begin.match(text, found.start() + 1):
        yield "x12.terminator_missing", "a segment's terminator is missing before a line break", found.end() - 1
    else:
        yield "x12.wrapped", "line breaks stand inside segments; they are taken out", found.end() - 1


def line_start(text: str, opening: Opening) -> re.Pattern[str] | None:
    """What begins a segment after a line break, in an interchange that writes each segment on its own line."""
    if opening.separators.terminator in "\r\n" or text[opening.next : opening.next + 1] not in ("\r", "\n"):
        return None
    return re.compile(rf"[ \t]*[\r\n]+[ \t]*([A-Z][A-Z0-9]{{1,2}}{re.escape(opening.separators.element)})")


def _first(text: str, marks: tuple[str, ...], start: int, end: int) -> int:
    return min((at for mark in marks if (at := text.find(mark, start, end)) >= 0), default=-1)


def _text(segment: Segment, element: int) -> str:
    return segment[2][element].strip() if len(segment[2]) > element else ""
