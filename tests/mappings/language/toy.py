"""A small message format for tests of the language, cut in the four ways that generated code knows.

A message is lines; a line is a record: its name, then its fields. ``slice`` and ``bytes`` pad every field to twelve
places, ``index`` and ``key`` put ``*`` between them. Field ``C`` of ``index`` may hold components, with ``:`` between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.base import Access, Field, Finding, Index, Key, Node, Record, Slice, Source, Step, Written
from canonical_model.places import Bytes

WIDTH = 12
SEGMENTS: Mapping[str, tuple[str | None, tuple[str, ...]]] = {
    "CTL": (None, ("DOCNUM", "SERIAL")),
    "HEAD": (None, ("CUR", "BSART", "QTY", "WHEN")),
    "REF": (None, ("QUALF", "BELNR")),
    "PART": (None, ("PARVW", "PARTN", "NAME")),
    "ITEM": (None, ("POSEX", "MENGE", "MENEE", "PRICE", "PER")),
    "IDTN": ("ITEM", ("QUALF", "IDTNR", "KTEXT")),
    "SCHED": ("ITEM", ("EDATU", "WMENG")),
}
"""Segment -> (parent, fields)."""


@dataclass(frozen=True)
class ToyLayout:
    """Which fields there are and how they are cut."""

    cut: str = "slice"
    format: str = "toy"
    type: str = "toy"
    hash: str = "toy/1"

    @property
    def open(self) -> bool:
        return self.cut == "key"

    def segments(self, parent: str | None) -> Sequence[str]:
        return [name for name, (above, _) in SEGMENTS.items() if above == parent]

    def fields(self, segment: str) -> Sequence[str]:
        return SEGMENTS[segment][1] if segment in SEGMENTS else ()

    def access(self, segment: str, name: str) -> Access | None:
        if self.cut == "key":
            return Key(name)
        if segment not in SEGMENTS or name not in SEGMENTS[segment][1]:
            return None
        index = SEGMENTS[segment][1].index(name)
        if self.cut == "index":
            return Index(index)
        return Slice(index * WIDTH, WIDTH, "utf-8" if self.cut == "bytes" else None)


@dataclass(frozen=True)
class Line:
    """A record as it stands in the message."""

    name: str
    path: str
    start: int
    end: int


@dataclass(eq=False)
class ToyDocument:
    """One message of the toy format as its only document."""

    raw: bytes
    layout: ToyLayout
    n: int = 1
    format: str = "toy"
    types: Sequence[str] = ("toy",)
    technical: tuple[str, ...] | None = None
    control: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Finding] = ()

    @property
    def place(self) -> Bytes:
        return Bytes(0, len(self.raw))

    def root(self, wanted: frozenset[str] | None = None) -> Node:
        kids: dict[str, list[Node]] = {}
        stack: list[tuple[str, Node]] = []
        counts: dict[str, int] = {}
        at = 0
        for line in self.raw.split(b"\n"):
            name, _, rest = line.partition(b"|")
            text = name.decode()
            if text in SEGMENTS and (wanted is None or text in wanted):
                above = SEGMENTS[text][0]
                while stack and stack[-1][0] != above:
                    stack.pop()
                parent = stack[-1][1][2].path + "/" if stack else ""
                counts[parent + text] = counts.get(parent + text, 0) + 1
                place = Line(text, f"{parent}{text}[{counts[parent + text]}]", at + len(name) + 1, at + len(line))
                node: Node = (self._data(text, rest), {}, place)
                (stack[-1][1][1] if stack else kids).setdefault(text, []).append(node)  # type: ignore[attr-defined]
                stack.append((text, node))
            at += len(line) + 1
        return ([] if self.layout.cut == "index" else {} if self.layout.cut == "key" else "", kids, None)

    def _data(self, name: str, rest: bytes) -> Any:
        match self.layout.cut:
            case "bytes":
                return rest
            case "slice":
                return rest.decode()
            case "index":
                return rest.decode().split("*")
        return {key: text for key, text in zip(SEGMENTS[name][1], rest.decode().split("*"), strict=False) if text}

    def source(self, node: Node, segment: str, name: str) -> Source | None:
        line: Line = node[2]
        index = SEGMENTS[line.name][1].index(name)
        rest = self.raw[line.start : line.end]
        if self.layout.cut in ("slice", "bytes"):
            start, token = index * WIDTH, rest[index * WIDTH : (index + 1) * WIDTH]
        else:
            parts = rest.split(b"*")
            token = parts[index] if index < len(parts) else b""
            start = sum(len(part) + 1 for part in parts[:index])
        text = token.decode().rstrip(" ") if self.layout.cut in ("slice", "bytes") else token.decode()
        if not text:
            return None
        place = Bytes(line.start + start, line.start + start + len(token))
        steps = (Step("decode", "utf-8"), Step("rstrip")) if self.layout.cut in ("slice", "bytes") else (Step("decode", "utf-8"),)
        return Source(f"{line.path}/{name}", place, steps, text)

    def where(self, node: Node) -> Bytes:
        return self.place if node[2] is None else Bytes(node[2].start, node[2].end)

    def path(self, node: Node) -> str:
        return "" if node[2] is None else str(node[2].path)

    def records(self) -> Iterator[Record]:
        yield from self._records(self.root())

    def _records(self, node: Node) -> Iterator[Record]:
        for name, kids in node[1].items():
            for kid in kids:
                sources = [(field, self.source(kid, name, field)) for field in SEGMENTS[name][1]]
                fields = tuple(Field(field, found.text, found.place) for field, found in sources if found)
                yield Record(name, self.path(kid), self.where(kid), fields)
                yield from self._records(kid)

    def fingerprint(self, volatile: frozenset[tuple[str, str]] = frozenset()) -> bytes:
        return b"\0" * 16


class ToyFormat:
    """The toy format as a Format."""

    name = "toy"

    def __init__(self, cut: str = "slice") -> None:
        self.cut = cut

    def layout(self, type: str, **options: Any) -> ToyLayout:
        return ToyLayout(self.cut)

    def read(self, raw: bytes, **options: Any) -> Iterator[ToyDocument]:
        yield ToyDocument(raw, ToyLayout(self.cut))

    def write(self, trees: Sequence[Mapping[str, Any]], *, type: str, assigned: Mapping[str, str], **options: Any) -> Written:
        raise AssertionError("tests of the language do not write")


def message(records: Sequence[tuple[str, Mapping[str, str]]], cut: str = "slice") -> ToyDocument:
    """A document of (segment, fields) records."""
    lines = []
    for name, values in records:
        texts = [values.get(field, "") for field in SEGMENTS[name][1]]
        if cut in ("slice", "bytes"):
            rest = b"".join(text.encode().ljust(WIDTH)[:WIDTH] for text in texts).rstrip(b" ")
        else:
            rest = "*".join(texts).encode()
        lines.append(name.encode() + b"|" + rest)
    return ToyDocument(b"\n".join(lines), ToyLayout(cut))
