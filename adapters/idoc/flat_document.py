"""One IDoc in flat form (port version 3) as nodes, sources and records: views on its text, no tree of fields."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from operator import add, itemgetter
from typing import Any, Final

from adapters.base import Field, Finding, Node, Record, Source, Step
from adapters.idoc.control import IdocControl
from adapters.idoc.definition import CONTROL, CONTROL_FIELDS, HEAD_WIDTH, NAME_WIDTH, FieldDef
from adapters.idoc.flat_cut import starts
from adapters.idoc.flat_findings import unusual
from adapters.idoc.layout import IdocLayout
from adapters.idoc.names import xml_name
from adapters.idoc.paths import occurrences
from adapters.idoc.plan import Kids
from canonical_model.places import Bytes

_STATUS: Final = "EDI_DS40"
_CONTROL_CUTS: Final = tuple((one.name, slice(one.start, one.start + one.length)) for one in CONTROL_FIELDS)
_NAME: Final = itemgetter(slice(NAME_WIDTH))
_SDATA: Final = itemgetter(slice(HEAD_WIDTH, None))


class FlatDocument(IdocControl):
    """``adapters.base.Document`` over one flat IDoc. ``lines`` are texts, or bytes where widths count bytes."""

    format = "idoc"

    def __init__(
        self, n: int, raw: bytes, bounds: tuple[int, int], charset: str, content: Any, lines: list[Any], layout: IdocLayout,
        noted: tuple[Finding, ...], newline: str,
    ) -> None:  # fmt: skip
        self.n, self.raw, self.charset, self.layout = n, raw, charset, layout
        self.place = Bytes(*bounds)
        self.content, self.lines, self.noted, self.newline = content, lines, noted, newline

    def text(self, part: Any) -> str:
        """A part of a record as text."""
        return part if isinstance(part, str) else part.decode(self.charset)

    def control_value(self, one: FieldDef) -> str:
        return self.text(self.lines[0][one.start : one.start + one.length]).rstrip(" ")

    @cached_property
    def control(self) -> Mapping[str, str]:
        line = self.lines[0]
        if isinstance(line, str):
            return {name: value for name, cut in _CONTROL_CUTS if (value := line[cut].rstrip(" "))}
        return {name: value for name, cut in _CONTROL_CUTS if (value := self.text(line[cut]).rstrip(" "))}

    @cached_property
    def findings(self) -> Sequence[Finding]:
        return (*self.noted, *unusual(self))

    # --- nodes -------------------------------------------------------------------------------------

    def root(self, wanted: frozenset[str] | None = None) -> Node:
        kids: Kids = {}
        lines = self.lines
        plan = self.layout.plan(wanted)
        plan.nest(lines, kids)
        if wanted is None or CONTROL in wanted:
            kids[CONTROL] = [(lines[0], {}, 0)]
        root = (None, kids, -1)
        if wanted is None:
            plan.add_unknown(lines, root)
        return root

    @cached_property
    def paths(self) -> Mapping[Any, str]:
        return occurrences(self.root())

    def path(self, node: Node) -> str:
        return self.paths.get(node[2], "")

    # --- places ------------------------------------------------------------------------------------

    @cached_property
    def line_starts(self) -> list[int]:
        """The byte of the raw message where each record starts."""
        begin = starts(self.content, self.lines)
        if isinstance(self.content, bytes) or self.charset == "ascii":
            return [self.place.start + at for at in begin]
        found, at, last = [], self.place.start, 0
        for start in begin:
            at, last = at + len(self.content[last:start].encode(self.charset)), start
            found.append(at)
        return found

    def bytes_of(self, at: int, start: int, end: int) -> Bytes:
        """The place of ``line[start:end]`` of a record."""
        line, base = self.lines[at], self.line_starts[at]
        if isinstance(line, bytes) or self.charset == "ascii":
            return Bytes(base + min(start, len(line)), base + min(end, len(line)))
        before = base + len(line[:start].encode(self.charset))
        return Bytes(before, before + len(line[start:end].encode(self.charset)))

    def where(self, node: Node) -> Bytes:
        return self.place if node[2] < 0 else self.bytes_of(node[2], 0, len(self.lines[node[2]]))

    def source(self, node: Node, segment: str, name: str) -> Source | None:
        one = self.layout.field(segment, name)
        found = self.cut(node[2], one) if one else None
        if one is None or found is None:
            return None
        path = self.path(node)
        return Source(f"{path}.{one.name}" if path else one.name, found.place, (Step("decode", self.charset),), found.value)

    def cut(self, at: int, one: FieldDef) -> Field | None:
        """A field of a record with its place, trailing blanks left out; None when blank."""
        part = self.lines[at][one.start : one.start + one.length]
        kept = part.rstrip(" " if isinstance(part, str) else b" ")
        if not kept:
            return None
        return Field(one.name, self.text(kept), self.bytes_of(at, one.start, one.start + len(kept)))

    # --- records -----------------------------------------------------------------------------------

    def name_of(self, at: int) -> str:
        """The name a record carries, as it stands."""
        head = self.lines[at][:NAME_WIDTH]
        return (head if isinstance(head, str) else head.decode("latin-1")).rstrip(" ")

    def type_of(self, at: int) -> str:
        """The segment type of a record: its definition's, or by SAP's naming rule."""
        return CONTROL if at == 0 else self.layout.definition.type_or_guess(self.name_of(at))

    def records(self) -> Iterator[Record]:
        for at, line in enumerate(self.lines):
            if not line.strip():
                continue
            type = self.type_of(at)
            known = at == 0 or type in self.layout.definition.by_type
            yield Record(type, self.paths.get(at, type), self.bytes_of(at, 0, len(line)), tuple(self._fields(at, type)), known)

    def _fields(self, at: int, type: str) -> Iterator[Field]:
        if at == 0:
            known: Sequence[FieldDef] = CONTROL_FIELDS
        else:
            names = self.layout.fields(type)
            known = [one for name in names if (one := self.layout.field(type, name))]
        for one in known:
            if found := self.cut(at, one):
                yield found
        end = known[-1].start + known[-1].length if known else HEAD_WIDTH
        if at and (rest := self.cut(at, FieldDef("SDATA" if not known else "SDATA+", end, len(self.lines[at])))):
            yield rest

    # --- content -----------------------------------------------------------------------------------

    def fingerprint(self, volatile: frozenset[tuple[str, str]] = frozenset()) -> bytes:
        """Over record names and SDATA without trailing blanks: the same padded, trimmed, renumbered or in another charset."""
        lines = self.lines if isinstance(self.content, str) else [line.decode(self.charset, "surrogateescape") for line in self.lines]
        if volatile:
            lines = [self._without(at, line, volatile) for at, line in enumerate(lines)]
        records = lines[1:]
        parts = list(map(str.rstrip, map(add, map(_NAME, records), map(_SDATA, records))))
        content = "\n".join(filter(None, parts))
        if "_" in content and _STATUS in content:
            content = "\n".join(part for part in parts if part and not part.startswith(_STATUS))
        return hashlib.sha256(content.encode("utf-8", "surrogateescape")).digest()[:16]

    def _without(self, at: int, line: str, volatile: frozenset[tuple[str, str]]) -> str:
        type = self.type_of(at)
        for segment, name in volatile:
            one = self.layout.field(segment, name) if xml_name(segment) == type else None
            if one is not None and at:
                line = line[: one.start] + " " * len(line[one.start : one.start + one.length]) + line[one.start + one.length :]
        return line
