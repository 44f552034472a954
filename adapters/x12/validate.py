"""A document against its grammar: findings of the 997 kind, each with what AK3, AK4 and AK5 need.

Details: ``segment``, ``position`` (of the segment in the set, ST = 1), ``ak304``; for elements also ``element``,
``component``, ``reference`` (number of the data element), ``ak403``, ``value``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from adapters.base import Finding
from adapters.edi import COMPONENT
from adapters.x12.grammar import Element, Part, Position, Rule, SegmentType
from adapters.x12.nesting import ORDER, UNEXPECTED
from canonical_model.places import Bytes

if TYPE_CHECKING:
    from adapters.x12.document import X12Document

Fault = tuple[str, str, str, int, int, str, str]
"""(code, AK403, fact, element, component from 1 or 0, number of the data element, value)."""

_NUMBER: Final = {"N": re.compile(r"-?\d+", re.ASCII), "R": re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:E-?\d+)?", re.ASCII)}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_TIME: Final = re.compile(r"([01]\d|2[0-3])[0-5]\d([0-5]\d\d{0,2})?", re.ASCII)
_DATE: Final = re.compile(r"\d{6}|\d{8}", re.ASCII)


def check(document: X12Document) -> list[Finding]:
    """Everything in a document that its grammar does not allow, in the order of the segments."""
    if document.layout.set is None:
        tag = document.layout.type
        return [Finding("x12.no_grammar", f"set {tag} has no grammar here: it is read flat", None, "note", {"set": tag})]
    if document.header[2][0] != "ST":
        return []
    found = [*_structure(document), *_missing(document), *_elements(document)]
    return sorted(found, key=lambda finding: int(finding.details["position"]))


def _structure(document: X12Document) -> Iterator[Finding]:
    """Segments that are unknown, out of place or too many."""
    seen: dict[tuple[int, int], int] = {}
    for index, (parent, move) in enumerate(zip(document.shape.parents, document.shape.moves, strict=True)):
        tag = document.body[index][2][0]
        if move.part is None:
            known = tag in document.context.grammar.segments
            kind = ("x12.segment_unexpected", "2") if move.wrong == UNEXPECTED else ("x12.segment_unknown", "6" if known else "1")
            fact = "cannot stand here" if kind[1] == "2" else "is not of this set" if known else "is not known"
            yield _segment(document, index, kind[0], kind[1], f"segment {tag[:20]} {fact}")
            continue
        if move.wrong == ORDER:
            yield _segment(document, index, "x12.segment_order", "7", f"segment {tag} is not in its place in the order of the set")
        key = (parent, id(move.part))
        seen[key] = seen.get(key, 0) + 1
        most = move.part.most
        if most is not None and seen[key] > most:
            kind = ("x12.loop_repeat", "4") if move.part.loop else ("x12.segment_repeat", "5")
            yield _segment(document, index, *kind, f"{'loop' if move.part.loop else 'segment'} {tag} comes more than {most} times")


def _missing(document: X12Document) -> Iterator[Finding]:
    """Mandatory segments that a loop, or the set, does not hold."""
    present: dict[int, set[int]] = {-1: set()}
    last = {-1: len(document.body) - 1}
    loops: dict[int, Part] = {}
    for index, (parent, move) in enumerate(zip(document.shape.parents, document.shape.moves, strict=True)):
        present.setdefault(parent, set()).add(id(move.part))
        last[parent] = max(last.get(parent, 0), index)
        if move.opens and move.part is not None:
            loops[index] = move.part
            present.setdefault(index, set())
    set_parts = document.layout.set.parts if document.layout.set else ()
    owners = [(-1, set_parts), *((index, part.parts) for index, part in loops.items())]
    for owner, parts in owners:
        for part in parts:
            if part.mandatory and id(part) not in present[owner]:
                where = f" in {document.body[owner][2][0]}" if owner >= 0 else ""
                after = last.get(owner, owner)
                fact = f"mandatory {'loop' if part.loop else 'segment'} {part.tag} is missing{where}"
                yield _segment(document, after, "x12.segment_missing", "3", fact, part.tag, after + 3)


def _segment(document: X12Document, index: int, code: str, ak304: str, fact: str, tag: str = "", position: int = 0) -> Finding:
    segment = document.body[index] if index >= 0 else document.header
    details = {"segment": (tag or segment[2][0])[:20], "position": str(position or index + 2), "ak304": ak304}
    return Finding(code, fact, _place(document, index), details=details)


def _place(document: X12Document, index: int) -> Bytes:
    segment = document.body[index] if index >= 0 else document.header
    return document.envelope.message.place(segment[0], segment[1])


def _elements(document: X12Document) -> Iterator[Finding]:
    """Faults of elements, with the place of the element."""
    version = document.control.get("version", "")
    repetition = document.envelope.separators.repetition
    for index, data in enumerate(document.rows):
        known = document.context.grammar.segments.get(data[0])
        if known is None:
            continue
        for once in _repetitions(data, repetition):
            for found in faults(known, once, version):
                yield _element(document, index, found)


def _repetitions(data: list[str], mark: str) -> list[list[str]]:
    """A segment once for each repetition of its elements."""
    if not mark or not any(mark in text for text in data):
        return [data]
    parts = [text.split(mark) for text in data]
    return [[texts[min(n, len(texts) - 1)] for texts in parts] for n in range(max(len(texts) for texts in parts))]


def _element(document: X12Document, index: int, found: Fault) -> Finding:
    code, ak403, fact, element, component, number, value = found
    tag = document.rows[index][0]
    name = f"{tag}{element:02d}" + (f"-{component}" if component else "")
    details = {
        "segment": tag, "position": str(index + 2), "ak304": "8", "element": str(element), "component": str(component or ""),
        "reference": number, "ak403": ak403, "value": value.replace(COMPONENT, " ")[:99],
    }  # fmt: skip
    place = document.locate(index, element, component) or _place(document, index)
    return Finding(code, f"{name} {fact}", place, details={name: text for name, text in details.items() if text})


def faults(segment: SegmentType, data: Sequence[str], version: str) -> Iterator[Fault]:
    """What is wrong with one segment's elements (``data``: tag first, components by ``edi.COMPONENT``)."""
    if len(data) - 1 > len(segment.positions) and any(data[len(segment.positions) + 1 :]):
        yield "x12.element_too_many", "3", "is more than the segment has", len(segment.positions) + 1, 0, "", ""
    count = len(data)
    for place, position in enumerate(segment.positions[: max(count - 1, segment.least)], 1):
        text = data[place] if place < count else ""
        element = position.element
        if not text:
            if position.mandatory:
                yield "x12.element_missing", "1", "is mandatory and missing", place, 0, _number(position), ""
        elif element is None:
            yield from _composite(position, text, place, version)
        elif element.plain and element.shortest <= len(text) <= element.longest and text.isprintable():
            continue
        elif wrong := fault(element, text, version):
            yield *wrong, place, 0, element.number, text
    for rule in segment.rules:
        if rule.kind == "R" or rule.elements[0] < count:
            yield from _broken(rule, data, segment)


def _number(position: Position) -> str:
    return position.element.number if position.element else ""


def _composite(position: Position, text: str, place: int, version: str) -> Iterator[Fault]:
    parts = text.split(COMPONENT)
    if len(parts) > len(position.parts):
        yield "x12.element_too_many", "3", "has more components than defined", place, len(position.parts) + 1, "", ""
    for component, inner in enumerate(position.parts, 1):
        value = parts[component - 1] if component <= len(parts) else ""
        if not value and inner.mandatory:
            yield "x12.element_missing", "1", "is mandatory and missing", place, component, _number(inner), ""
        elif value and inner.element is not None and (wrong := fault(inner.element, value, version)):
            yield *wrong, place, component, inner.element.number, value


def fault(element: Element, text: str, version: str) -> tuple[str, str, str] | None:
    """(code, AK403, fact) of the first thing that is wrong with a value, or None."""
    kind = element.type[0]
    if _CONTROL.search(text):
        return "x12.element_character", "6", "holds a control character or a broken byte"
    if kind in _NUMBER and element.type != "B":
        if not _NUMBER[kind].fullmatch(text):
            return "x12.element_character", "6", f"{text[:40]!r} is no number"
        text = text.replace("-", "").replace(".", "").partition("E")[0]
    if len(text) > element.most(version):
        return "x12.element_long", "5", f"is {len(text)} long, at most {element.most(version)} are allowed"
    if len(text) < element.shortest:
        return "x12.element_short", "4", f"is {len(text)} long, at least {element.shortest} are asked for"
    return _typed(element, text)


def _typed(element: Element, text: str) -> tuple[str, str, str] | None:
    if element.codes and text not in element.codes:
        return "x12.element_code", "7", f"{text!r} is none of {', '.join(sorted(element.codes))}"
    if element.type == "DT" and not _is_date(text):
        return "x12.element_date", "8", f"{text!r} is no date"
    if element.type == "TM" and not _TIME.fullmatch(text):
        return "x12.element_time", "9", f"{text!r} is no time"
    return None


def _is_date(text: str) -> bool:
    """CCYYMMDD, or YYMMDD of the releases before 004010 (the century does not matter here)."""
    if not _DATE.fullmatch(text):
        return False
    full = text if len(text) == 8 else f"20{text}"
    try:
        date(int(full[:4]), int(full[4:6]), int(full[6:]))
    except ValueError:
        return False
    return True


def _broken(rule: Rule, data: Sequence[str], segment: SegmentType) -> Iterator[Fault]:
    there = [place for place in rule.elements if place < len(data) and data[place]]
    lacking = [place for place in rule.elements if place not in there]
    first = rule.elements[0]
    needs = (
        (rule.kind == "P" and there and lacking)
        or (rule.kind == "R" and not there)
        or (rule.kind == "C" and first in there and lacking)
        or (rule.kind == "L" and there == [first])
    )
    if needs:
        others = ", ".join(f"{place:02d}" for place in rule.elements if place != lacking[0])
        yield (
            "x12.element_conditional",
            "2",
            f"is missing, it goes with {others}",
            lacking[0],
            0,
            _number(segment.positions[lacking[0] - 1]),
            "",
        )
    elif rule.kind == "E" and len(there) > 1:
        number = _number(segment.positions[there[1] - 1])
        yield "x12.element_excluded", "10", f"must not stand beside {there[0]:02d}", there[1], 0, number, data[there[1]]
