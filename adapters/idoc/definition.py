"""What is known of an IDoc type: its segments, their nesting and their fields.

Offsets count from 0 inside SDATA, in characters or bytes as the sending system counts. The records of port
version 3 (EDI_DC40, EDI_DD40) have one layout in every release, so they are constants here.
Source: SAP's IDoc record types of port version 3; facts checked against parser exports of several systems.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from adapters.idoc.names import guess, guesses, xml_name
from canonical_model.problems import Misconfigured

NAME_WIDTH: Final = 30
HEAD_WIDTH: Final = 63
SDATA_WIDTH: Final = 1000
RECORD_WIDTH: Final = HEAD_WIDTH + SDATA_WIDTH
CONTROL_WIDTH: Final = 524
CONTROL: Final = "EDI_DC40"


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field of a segment: ``start`` from 0 inside SDATA (inside the record for the control record)."""

    name: str
    start: int
    length: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class SegmentDef:
    """One segment at one position of the type. ``parent`` is the index of its parent position, -1 = the IDoc.

    ``low`` and ``high`` say how often it may come below one parent (for the first segment of a group: the
    group's numbers). ``level`` is SAP's HLEVEL, which says nothing reliable about nesting.
    """

    type: str
    definition: str
    parent: int
    fields: tuple[FieldDef, ...]
    level: int = 1
    qualified: bool = False
    mandatory: bool = False
    low: int = 0
    high: int = 9_999_999_999

    @property
    def width(self) -> int:
        """Characters of SDATA that the fields fill."""
        return max((one.start + one.length for one in self.fields), default=0)


@dataclass(frozen=True)
class Definition:
    """An IDoc type, or an extension of one. ``segments`` stand in the order in which they are written."""

    basic: str
    extension: str = ""
    segments: tuple[SegmentDef, ...] = ()
    origin: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """Under what a control record finds it: the extension (CIMTYP) where there is one, else the basic type."""
        return self.extension or self.basic

    @property
    def type(self) -> str:
        """``ORDERS05`` or ``ORDERS05+ZHUBORD05``."""
        return f"{self.basic}+{self.extension}" if self.extension else self.basic

    @cached_property
    def positions(self) -> Mapping[str, tuple[int, ...]]:
        """Indexes of the positions of each segment type."""
        found: dict[str, tuple[int, ...]] = {}
        for index, segment in enumerate(self.segments):
            found[segment.type] = (*found.get(segment.type, ()), index)
        return found

    @cached_property
    def known_as(self) -> Mapping[str, str]:
        """Definition name -> type."""
        return {xml_name(segment.definition): segment.type for segment in self.segments}

    @cached_property
    def by_type(self) -> Mapping[str, SegmentDef]:
        """The widest definition of each segment type: versions only append fields."""
        found: dict[str, SegmentDef] = {}
        for segment in self.segments:
            if segment.type not in found or segment.width > found[segment.type].width:
                found[segment.type] = segment
        return found

    @cached_property
    def hash(self) -> str:
        """Over everything that decides how records nest and fields are cut."""
        digest = hashlib.sha256(self.type.encode())
        for one in self.segments:
            digest.update(repr((one.type, one.definition, one.parent, one.level)).encode())
            digest.update(repr([(item.name, item.start, item.length) for item in one.fields]).encode())
        return digest.hexdigest()[:32]

    def type_of(self, name: str) -> str | None:
        """The segment type a name found in a file means, whatever its version; None when this type has no such segment."""
        exact = self.known_as.get(xml_name(name))
        return exact or next((one for one in guesses(name) if one in self.by_type), None)

    def type_or_guess(self, name: str) -> str:
        """As ``type_of``; an unknown name by SAP's naming rule."""
        return self.type_of(name) or guess(name)

    def children(self, parent: str | None) -> tuple[str, ...]:
        """Segment types below a segment type (None = the IDoc), in order."""
        above = (-1,) if parent is None else self.positions.get(parent, ())
        return tuple(dict.fromkeys(one.type for one in self.segments if one.parent in above))

    def ancestors(self, index: int) -> Iterator[int]:
        """Positions above a position, nearest first, without the IDoc itself."""
        above = self.segments[index].parent
        while above >= 0:
            yield above
            above = self.segments[above].parent


def fields_in_row(pairs: Iterable[tuple[str, int]]) -> tuple[FieldDef, ...]:
    """Fields that follow each other without a gap, from (name, length)."""
    out: list[FieldDef] = []
    for name, length in pairs:
        start = out[-1].start + out[-1].length if out else 0
        out.append(FieldDef(xml_name(name), start, length))
    return tuple(out)


_CONTROL: Final = (
    "TABNAM:10 MANDT:3 DOCNUM:16 DOCREL:4 STATUS:2 DIRECT:1 OUTMOD:1 EXPRSS:1 TEST:1 IDOCTYP:30 CIMTYP:30 MESTYP:30 MESCOD:3 MESFCT:3 "
    "STD:1 STDVRS:6 STDMES:6 SNDPOR:10 SNDPRT:2 SNDPFC:2 SNDPRN:10 SNDSAD:21 SNDLAD:70 RCVPOR:10 RCVPRT:2 RCVPFC:2 RCVPRN:10 RCVSAD:21 "
    "RCVLAD:70 CREDAT:8 CRETIM:6 REFINT:14 REFGRP:14 REFMES:14 ARCKEY:70 SERIAL:20"
)
CONTROL_FIELDS: Final = fields_in_row((name, int(length)) for name, length in re.findall(r"(\w+):(\d+)", _CONTROL))
"""The control record EDI_DC40, 524 characters; starts count inside the record."""

CONTROL_SEGMENT: Final = SegmentDef(CONTROL, CONTROL, -1, CONTROL_FIELDS, mandatory=True, low=1, high=1)
CONTROL_BY_NAME: Final[Mapping[str, FieldDef]] = {one.name: one for one in CONTROL_FIELDS}


def nothing_known(basic: str) -> Definition:
    """The definition of a type nobody has described: every segment is unknown and kept."""
    return Definition(basic)


def by_name(definitions: Iterable[Definition]) -> dict[str, Definition]:
    """Definitions under the names a control record asks for."""
    return {one.name: one for one in definitions}


def combine(shipped: Mapping[str, Definition], uploaded: Mapping[str, Definition]) -> dict[str, Definition]:
    """Shipped definitions with the user's own: the upload wins."""
    return {**shipped, **uploaded}


def checked(definition: Definition) -> Definition:
    """Refuse a definition that cannot be read by: no segment, a width beyond SDATA, a field named twice."""
    if not definition.segments:
        raise Misconfigured(f"the definition of {definition.type} has no segment", fix="export it again with its segments (WE60, parser)")
    for segment in definition.segments:
        _check_segment(definition.type, segment.type, segment.fields)
    return definition


def _check_segment(type: str, segment: str, fields: Sequence[FieldDef]) -> None:
    end = 0
    for one in fields:
        if one.length < 1 or one.start < end or one.start + one.length > SDATA_WIDTH:
            raise Misconfigured(
                f"field {segment}.{one.name} of {type} has {one.length} characters from {one.start + 1}, not fitting its segment",
                at=f"definition {type}", fix="export the definition again (WE60, parser, port version 3)",
            )  # fmt: skip
        end = one.start + one.length
    if len({one.name for one in fields}) != len(fields):
        raise Misconfigured(f"segment {segment} of {type} names a field twice", at=f"definition {type}", fix="correct the definition")
