"""How a mapping's names are taken from X12 nodes: reference designators to places of an element list.

``PO106`` is element 6; ``MEA04-1`` a component, counted from 1; a composite named without a component is its first
one (a composite with one component is written like a plain element). ``PAIR`` records below segments with kind and
number pairs have ``Q`` and ``V``. Components are separated by ``edi.COMPONENT`` whatever the interchange used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from adapters.base import Access, Index
from adapters.edi import COMPONENT
from adapters.x12.grammar import Element, Grammar, SegmentType, SetType, every

ENVELOPE: Final = ("ISA", "GS", "ST")
PAIR: Final = "PAIR"
_NAME: Final = re.compile(r"([A-Z][A-Z0-9]{1,2})(\d\d)(?:-(\d))?")


def locate(segment: str, name: str) -> tuple[int, int | None] | None:
    """(element, component counted from 0) that a name of a segment means; None when it is none.

    >>> locate("PO1", "PO106"), locate("MEA", "MEA04-1"), locate("PAIR", "V"), locate("PO1", "N104")
    ((6, None), (4, 0), (2, None), None)
    """
    if segment == PAIR:
        return {"Q": (1, None), "V": (2, None)}.get(name)
    if name[: len(segment)] != segment:
        return None
    found = _NAME.fullmatch(name)
    if found is None or found[1] != segment or found[2] == "00" or found[3] == "0":
        return None
    return int(found[2]), int(found[3]) - 1 if found[3] else None


class X12Layout:
    """The layout of one set; open when the grammar does not hold it."""

    format = "x12"

    def __init__(self, type: str, grammar: Grammar) -> None:
        self.type = type
        self.set: SetType | None = grammar.sets.get(type.partition("/")[0])
        self._grammar = grammar

    @property
    def open(self) -> bool:
        """True for a set without a grammar."""
        return self.set is None

    @cached_property
    def hash(self) -> str:
        """Over the set and the segments it uses."""
        segments = self._grammar.segments
        tags = (self.set.tags() if self.set else frozenset(segments)) | set(ENVELOPE)
        used = [_stable(segments[tag]) for tag in sorted(tags) if tag in segments]
        return hashlib.sha256(repr((self.type.partition("/")[0], self.set, used)).encode()).hexdigest()

    def segments(self, parent: str | None) -> Sequence[str]:
        """Tags below a parent; for the document also the envelope."""
        if self.set is None:
            return ()
        if parent is None:
            return (*ENVELOPE, *(part.tag for part in self.set.parts))
        parts = [part for part in every(self.set.parts) if part.tag == parent]
        below = [inner.tag for part in parts for inner in part.parts]
        below += [part.tag for part in parts if part.tree]
        if (segment := self._grammar.segments.get(parent)) and segment.pairs:
            below.append(PAIR)
        return tuple(dict.fromkeys(below))

    def fields(self, segment: str) -> Sequence[str]:
        """Names of a segment's elements and components."""
        if segment == PAIR:
            return ("Q", "V")
        known = self._grammar.segments.get(segment)
        return () if known is None else tuple(_names(known))

    def access(self, segment: str, name: str) -> Access | None:
        """How a field is taken; None for a name that the segment does not have."""
        place = locate(segment, name)
        if place is None or segment == PAIR:
            return None if place is None else Index(place[0])
        known = self._grammar.segments.get(segment)
        if known is None:
            return _index(*place) if self.open else None
        if place[0] > len(known.positions):
            return None
        parts = known.positions[place[0] - 1].parts
        if not parts:
            return Index(place[0]) if place[1] is None else None
        return _index(place[0], place[1] or 0) if (place[1] or 0) < len(parts) else None


def _index(element: int, component: int | None) -> Index:
    return Index(element) if component is None else Index(element, component, COMPONENT)


def _names(segment: SegmentType) -> list[str]:
    out = []
    for place, position in enumerate(segment.positions, 1):
        out.append(f"{segment.tag}{place:02d}")
        out += [f"{segment.tag}{place:02d}-{component}" for component in range(1, len(position.parts) + 1)]
    return out


def _stable(segment: SegmentType) -> str:
    """A text of a segment that does not depend on the order of sets in memory."""
    return repr([(p.mandatory, [_element(q.element) for q in (p, *p.parts)]) for p in segment.positions]) + repr(
        (segment.pairs, segment.rules)
    )


def _element(element: Element | None) -> str:
    if element is None:
        return ""
    return repr((element.number, element.type, element.shortest, element.longest, element.later, sorted(element.codes)))
