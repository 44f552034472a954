"""From a tree to the segments of one outgoing IDoc, in the order of its definition, with every problem found on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.base import Tree
from adapters.idoc.definition import CONTROL, CONTROL_BY_NAME, CONTROL_SEGMENT, Definition, FieldDef, SegmentDef
from adapters.idoc.loader import normal_type
from adapters.idoc.names import flat_name, xml_name
from canonical_model.problems import Cause, Hold, Misconfigured, Problem, cause_key


@dataclass(slots=True)
class Out:
    """A segment on its way out. ``number`` and ``above`` are SEGNUM and PSGNUM."""

    segment: SegmentDef
    values: list[tuple[FieldDef, str]]
    path: str
    number: int = 0
    above: int = 0
    kids: list[Out] = field(default_factory=list)


@dataclass
class Builder:
    """Makes the segments of one tree; problems gather, so that all of them are told at once."""

    definition: Definition
    charset: str
    in_bytes: bool
    problems: list[Problem] = field(default_factory=list)

    def build(self, tree: Tree, control: Mapping[str, str]) -> tuple[Out, list[Out]]:
        """The control record and the segments directly below the IDoc. Raises Hold with every problem."""
        head = Out(CONTROL_SEGMENT, self.values(CONTROL_SEGMENT, control, CONTROL), CONTROL)
        top = self.below(-1, {name: part for name, part in tree.items() if name != CONTROL}, "")
        if self.problems:
            raise Hold(*self.problems)
        return head, top

    def below(self, parent: int, parts: Mapping[str, Any], path: str) -> list[Out]:
        """Child segments of one segment (position ``parent``), in the order of the definition."""
        given = {xml_name(name): part for name, part in parts.items() if isinstance(part, Mapping | list | tuple)}
        out: list[Out] = []
        for index, segment in enumerate(self.definition.segments):
            if segment.parent == parent and segment.type in given:
                out.extend(self.repeat(index, given.pop(segment.type), path))
        for name in given:
            self.add(
                Cause.MAPPING_ERROR, name, "", f"segment {name} cannot stand here in {self.definition.type}", f"{path}/{name}".strip("/")
            )
        return out

    def repeat(self, index: int, part: Any, path: str) -> Iterator[Out]:
        """One segment for each element of a list, or one for a mapping."""
        segment = self.definition.segments[index]
        for count, one in enumerate([part] if isinstance(part, Mapping) else part, 1):
            here = f"{path}/{segment.type}[{count}]".strip("/")
            if isinstance(one, Mapping):
                yield Out(segment, self.values(segment, one, here), here, kids=self.below(index, one, here))
            else:
                self.add(Cause.MAPPING_ERROR, segment.type, "", f"segment {segment.type} must be fields, not {type(one).__name__}", here)

    def values(self, segment: SegmentDef, parts: Mapping[str, Any], path: str) -> list[tuple[FieldDef, str]]:
        """Fields of one segment that are filled, in the order of the definition."""
        given = {xml_name(name): part for name, part in parts.items() if not isinstance(part, Mapping | list | tuple)}
        out = []
        for one in segment.fields:
            value = given.pop(one.name, None)
            if value not in (None, ""):
                self.check(segment, one, value, path)
                out.append((one, str(value)))
        for name in given:
            self.add(Cause.MAPPING_ERROR, segment.type, name, f"{segment.type} has no field {name}", f"{path}.{name}")
        return out

    def check(self, segment: SegmentDef, one: FieldDef, value: Any, path: str) -> None:
        """A value must be a text that the charset holds, on one line, not longer than its field."""
        where = f"{path}.{one.name}"
        if not isinstance(value, str):
            self.add(Cause.MAPPING_ERROR, segment.type, one.name, f"{where} is a {type(value).__name__}, not a text", where)
            return
        try:
            size = len(value.encode(self.charset)) if self.in_bytes else len(value)
            value.encode(self.charset)
        except UnicodeEncodeError as error:
            letter = value[error.start : error.end]
            self.add(
                Cause.INVALID_VALUE, segment.type, one.name, f"{where} holds {letter!r}, which {self.charset} cannot write", where, value
            )
            return
        if size > one.length:
            unit = "bytes" if self.in_bytes else "characters"
            self.add(Cause.INVALID_VALUE, segment.type, one.name, f"{where} has {size} {unit}, the field holds {one.length}", where, value)
        if any(ord(letter) < 32 for letter in value):
            self.add(Cause.INVALID_VALUE, segment.type, one.name, f"{where} holds a control character", where, value)

    def add(self, cause: Cause, segment: str, name: str, fact: str, source: str, value: str | None = None) -> None:
        """Note a problem."""
        fix = "change the mapping, or upload the definition that has it" if cause is Cause.MAPPING_ERROR else ""
        self.problems.append(Problem(cause, cause_key("idoc", segment, name), fact, fix, source=source, value=value))


def number(segments: list[Out], last: int = 0, above: int = 0) -> int:
    """Give SEGNUM and PSGNUM in order of appearance; a segment without a parent segment has PSGNUM 0."""
    for one in segments:
        last += 1
        one.number, one.above = last, above
        last = number(one.kids, last, last)
    return last


def walk(segments: list[Out]) -> Iterator[Out]:
    """Segments in the order of the file."""
    for one in segments:
        yield one
        yield from walk(one.kids)


def control_values(definition: Definition, type: str, tree: Tree, assigned: Mapping[str, str], n: int) -> dict[str, str]:
    """Fields of the control record: of the type, then of the tree, then what the hub assigned (``DOCNUM.2`` for the second)."""
    _, message, variant, function = (*normal_type(type).split("/"), "", "", "")[:4]
    basic, extension = flat_name(definition.basic), flat_name(definition.extension)
    values = {"TABNAM": CONTROL, "DIRECT": "2", "IDOCTYP": basic, "CIMTYP": extension}
    values |= {"MESTYP": message, "MESCOD": variant, "MESFCT": function}
    given = tree.get(CONTROL, {})
    values |= {name: value for name, value in given.items() if value is not None} if isinstance(given, Mapping) else {}
    values |= {name: value for name, value in assigned.items() if name in CONTROL_BY_NAME}
    values |= {name: assigned[f"{name}.{n}"] for name in CONTROL_BY_NAME if f"{name}.{n}" in assigned}
    if not values["MESTYP"]:
        raise Misconfigured(
            f"no message type for an IDoc of type {type}",
            at=f"type {type}",
            fix=f"write it as `{definition.type}/MESTYP`, or map EDI_DC40.MESTYP",
        )
    return values
