"""One transaction set (or one TA1) of an interchange as a Document, with its envelope."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from adapters.base import Field, Finding, Node, Record, Source
from adapters.edi import Segment, Separators, Text, with_components
from adapters.x12.grammar import Grammar
from adapters.x12.layout import PAIR, X12Layout, locate
from adapters.x12.nesting import Nesting, Shape, shape
from adapters.x12.tokens import BINARY, binary_faults, raw_spans, token
from adapters.x12.validate import check
from canonical_model.places import Bytes, Place

EMPTY: Final[Mapping[str, list[Node]]] = {}
_ISA_FIELDS: Final = tuple(f"ISA{n:02d}" for n in range(1, 17))
_GS_FIELDS: Final = tuple(f"GS{n:02d}" for n in range(1, 9))


@dataclass(frozen=True, slots=True)
class SetContext:
    """What all documents of one set share: made once per Format and set, then only read."""

    layout: X12Layout
    grammar: Grammar
    nesting: Nesting | None
    pairs: Mapping[str, tuple[int, ...]]
    composites: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The open interchange and group around a set; ``None`` where a sender left them out."""

    message: Text
    separators: Separators
    isa: Segment | None
    gs: Segment | None


@dataclass(eq=False)
class X12Document:
    """See ``adapters.base.Document``. ``header`` is ST (or the TA1 itself), ``body`` what stands between ST and SE.

    Node tokens: an index into ``body``, a tag of the envelope, or (index, element) for a PAIR.
    """

    n: int
    envelope: Envelope
    context: SetContext
    header: Segment
    strict: bool = False
    body: list[Segment] = field(default_factory=list)
    trailer: Segment | None = None
    noted: list[Finding] = field(default_factory=list)
    format: str = "x12"

    @property
    def layout(self) -> X12Layout:
        return self.context.layout

    @cached_property
    def types(self) -> Sequence[str]:
        """``850/00`` (with the purpose, where the grammar names it), ``850``."""
        type, purpose = self.context.layout.type, None
        if self.layout.set is not None and (named := self.layout.set.purpose) is not None:
            first = next((data for _, _, data in self.body if data[0] == named[0]), [])
            purpose = first[named[1]] if len(first) > named[1] else None
        return (f"{type}/{purpose}", type) if purpose else (type,)

    @property
    def technical(self) -> tuple[str, ...] | None:
        """("x12", ISA13, GS06, ST02), for a TA1 ("x12", ISA13, "TA1", TA101); None without an interchange."""
        control = self.control
        if not control.get("ISA13"):
            return None
        if "TA101" in control:
            return ("x12", control["ISA13"], "TA1", control["TA101"])
        return ("x12", control["ISA13"], control.get("GS06", ""), control.get("ST02", ""))

    @cached_property
    def control(self) -> Mapping[str, str]:
        """ISA01-ISA16, GS01-GS08, ST01-ST03, ``sender``, ``receiver``, ``version`` and the separators by name."""
        isa, gs = self.envelope.isa, self.envelope.gs
        out = dict(zip(_ISA_FIELDS, [text.strip() for text in isa[2][1:]], strict=False)) if isa else {}
        out |= dict(zip(_GS_FIELDS, [text.strip() for text in group_header(gs[2])[1:]], strict=False)) if gs else {}
        out |= {f"{self.header[2][0]}{place:02d}": text.strip() for place, text in enumerate(self.header[2][1:], 1)}
        cut = self.envelope.separators
        out |= {
            "sender": f"{out['ISA05']}:{out['ISA06']}" if "ISA06" in out else out.get("GS02", ""),
            "receiver": f"{out['ISA07']}:{out['ISA08']}" if "ISA08" in out else out.get("GS03", ""),
            "version": out.get("GS08") or out.get("ISA12", ""),
            "element_separator": cut.element, "component_separator": cut.component,
            "repetition_separator": cut.repetition, "terminator": cut.terminator,
        }  # fmt: skip
        return {name: text for name, text in out.items() if text}

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """Dirt of the envelope, then what the grammar says; with ``strict`` warnings are errors."""
        found = (*self.noted, *binary_faults(self.envelope.message, self.body), *check(self))
        if not self.strict:
            return found
        return tuple(replace(finding, severity="error") if finding.severity == "warning" else finding for finding in found)

    @property
    def place(self) -> Bytes:
        last = self.trailer or (self.body[-1] if self.body else self.header)
        return self.envelope.message.place(self.header[0], last[1])

    @cached_property
    def rows(self) -> list[list[str]]:
        """Elements of the body's segments, with components separated by ``edi.COMPONENT`` where the grammar (or its
        absence) says that an element has components."""
        rows = [segment[2] for segment in self.body]
        component = self.envelope.separators.component
        if not component or not self.body:
            return rows
        if self.envelope.message.text.find(component, self.body[0][0], self.body[-1][1]) < 0:
            return rows
        return [self._with_components(data, component) for data in rows]

    def _with_components(self, data: list[str], component: str) -> list[str]:
        places = self._component_places(data)
        if not any(component in data[place] for place in places):
            return data
        return [with_components(text, component) if place in places else text for place, text in enumerate(data)]

    def _component_places(self, data: Sequence[str]) -> Sequence[int]:
        """Elements of a segment that may have components: by its definition, else all of a set without a grammar."""
        if (known := self.context.composites.get(data[0])) is not None:
            return [place for place in known if place < len(data)]
        return range(1, len(data)) if self.layout.open and data[0] not in BINARY else ()

    @cached_property
    def shape(self) -> Shape:
        """Where each segment of the body hangs."""
        if self.context.nesting is None:
            return Shape([-1] * len(self.body), [])
        return shape(self.context.nesting, self.rows)

    def root(self, wanted: frozenset[str] | None = None) -> Node:
        top: dict[str, list[Node]] = {}
        envelope = (("ISA", self.envelope.isa), ("GS", self.envelope.gs), (self.header[2][0], self.header))
        for tag, segment in envelope:
            if segment is not None:
                top[tag] = [(segment[2], EMPTY, tag)]
        pairs = self.context.pairs if wanted is None or PAIR in wanted else EMPTY
        parents, moves = self.shape.parents, self.shape.moves
        below: dict[int, dict[str, list[Node]]] = {-1: top}
        for index, data in enumerate(self.rows):
            tag = data[0]
            kids: Mapping[str, list[Node]] = EMPTY
            if moves and moves[index].opens:
                kids = below[index] = {}
            elif wanted is not None and tag not in wanted:
                continue
            if tag in pairs and (found := _pairs(index, data, self.context.pairs[tag])):
                if kids is EMPTY:
                    kids = {PAIR: found}
                else:
                    below[index][PAIR] = found
            parent = below[parents[index]]
            if tag in parent:
                parent[tag].append((data, kids, index))
            else:
                parent[tag] = [(data, kids, index)]
        return [], top, None

    def _segment(self, at: object) -> Segment | None:
        """The segment that a node's token points to."""
        if isinstance(at, tuple):
            return self.body[at[0]]
        if isinstance(at, int):
            return self.body[at]
        return {"ISA": self.envelope.isa, "GS": self.envelope.gs, self.header[2][0]: self.header}.get(str(at))

    def where(self, node: Node) -> Place:
        """The segment's bytes; of a PAIR those of its two elements."""
        segment = self._segment(node[2])
        if segment is None:
            return self.place
        if not isinstance(node[2], tuple):
            return self.envelope.message.place(segment[0], segment[1])
        raw = self._spans(segment)
        first, last = raw[node[2][1]], raw[min(node[2][1] + 1, len(raw) - 1)]
        return self.envelope.message.place(segment[0] + first[0], segment[0] + last[1])

    def path(self, node: Node) -> str:
        """``PO1[2]/PID[1]``; the document itself is empty."""
        at = node[2]
        if at is None:
            return ""
        if isinstance(at, tuple):
            starts = self.context.pairs[self.body[at[0]][2][0]]
            before = _pairs(at[0], self.rows[at[0]], starts)
            return f"{self._paths[at[0]]}/{PAIR}[{1 + next(n for n, pair in enumerate(before) if pair[2] == at)}]"
        return self._paths[at] if isinstance(at, int) else f"{at}[1]"

    @cached_property
    def _paths(self) -> list[str]:
        out: list[str] = []
        seen: dict[tuple[int, str], int] = {}
        for data, parent in zip(self.rows, self.shape.parents, strict=True):
            key = (parent, data[0])
            seen[key] = seen.get(key, 0) + 1
            above = f"{out[parent]}/" if parent >= 0 else ""
            out.append(f"{above}{data[0]}[{seen[key]}]")
        return out

    def source(self, node: Node, segment: str, name: str) -> Source | None:
        place, found = locate(segment, name), self._segment(node[2])
        if place is None or found is None:
            return None
        element, component = place
        tag = found[2][0]
        if isinstance(node[2], tuple):
            element += node[2][1] - 1
        elif component is None and element in self.context.composites.get(tag, ()):
            component = 0
        return self._token(found, element, component, f"{self.path(node)}.{name}")

    def locate(self, index: int, element: int, component: int) -> Bytes | None:
        """Where an element (a component, counted from 1, unless 0) of a segment of the body stands."""
        source = self._token(self.body[index], element, component - 1 if component else None, "")
        return source.place if source is not None and isinstance(source.place, Bytes) else None

    def _token(self, segment: Segment, element: int, component: int | None, path: str) -> Source | None:
        places = () if segment is self.header else self._component_places(segment[2])
        return token(self.envelope.message, self.envelope.separators, segment, (element, component), places, path)

    def _spans(self, segment: Segment) -> list[tuple[int, int]]:
        return raw_spans(self.envelope.message, self.envelope.separators, segment)

    def records(self) -> Iterator[Record]:
        envelope = (self.envelope.isa, self.envelope.gs, self.header)
        for segment in envelope:
            if segment is not None:
                yield self._record(segment, f"{segment[2][0]}[1]", True)
        for index, segment in enumerate(self.body):
            moves = self.shape.moves
            known = segment[2][0] in self.context.grammar.segments and (not moves or moves[index].part is not None)
            yield self._record(segment, self._paths[index], known)
        if self.trailer is not None:
            yield self._record(self.trailer, f"{self.trailer[2][0]}[1]", True)

    def _record(self, segment: Segment, path: str, known: bool) -> Record:
        tag, message = segment[2][0], self.envelope.message
        raw = self._spans(segment)
        fields = tuple(
            Field(f"{tag}{place:02d}", text, message.place(segment[0] + raw[place][0], segment[0] + raw[place][1]))
            for place, text in enumerate(segment[2])
            if place and text
        )
        return Record(tag, path, message.place(segment[0], segment[1]), fields, known)

    def fingerprint(self, volatile: frozenset[tuple[str, str]] = frozenset()) -> bytes:
        """SHA-256, cut to 16 bytes, over the body's elements without trailing empty ones (TA1: over itself)."""
        hidden: dict[str, set[int]] = {}
        for tag, name in volatile:
            if (place := locate(tag, name)) is not None and tag != PAIR:
                hidden.setdefault(tag, set()).add(place[0])
        rows = self.rows if self.header[2][0] == "ST" else [self.header[2]]
        if hidden:
            rows = [[text if place not in hidden.get(data[0], ()) else "" for place, text in enumerate(data)] for data in rows]
        text = "\x1e".join(["\x1d".join(data).rstrip("\x1d") for data in rows])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def group_header(data: list[str]) -> list[str]:
    """GS with its eight elements, also where a separator stands inside the sender's code: counted from both ends.

    >>> group_header(["GS", "SW", "513", "", "000", "20383", "20021104", "1505", "21", "X", "005010"])[2:4]
    ['513  000', '20383']
    """
    extra = len(data) - 9
    if extra <= 0 or data[-2] not in ("X", "T"):
        return data
    return [*data[:2], " ".join(data[2 : 3 + extra]), *data[3 + extra :]]


def _pairs(index: int, data: list[str], starts: tuple[int, ...]) -> list[Node]:
    """Kind and number pairs of a segment as child records, empty ones left out."""
    end = len(data)
    return [
        ([PAIR, data[start], data[start + 1] if start + 1 < end else ""], EMPTY, (index, start))
        for start in starts
        if start < end and (data[start] or (start + 1 < end and data[start + 1]))
    ]
