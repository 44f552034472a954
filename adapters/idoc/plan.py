"""Nest flat IDoc records: the hot path of the row engine.

The definition decides who is whose parent (the first segment of a group holds the group's other segments); the
numbers in the records (SEGNUM, PSGNUM, HLEVEL) are often wrong and only break ties. A plan holds one step for each
segment name, so that an unwanted record costs one look-up and a wanted one a tuple and an append.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from adapters.base import Node
from adapters.idoc.definition import NAME_WIDTH, Definition
from adapters.idoc.names import guess

Step = tuple[str, int, int, tuple[int, ...]]
"""(type, slot of the parent, own slot or 0 for a leaf, slots that close when it opens)."""

Kids = dict[str, list[Node]]

Line = Any
"""A record: text, or bytes where widths count bytes."""

_LEAF: Final[Kids] = {}
_UNSURE: Final = -1
_REMEMBERED: Final = 4096


class Plan:
    """Steps by record name for one definition and one set of wanted segment types (None = all, unknown ones too)."""

    def __init__(self, definition: Definition, wanted: frozenset[str] | None) -> None:
        self._definition = definition
        built = _closed(definition, wanted)
        holders = set(built) if wanted is None else {definition.segments[index].parent for index in built}
        slots = {index: number for number, index in enumerate((one for one in built if one in holders), 1)}
        self._slot_of = {-1: 0, **slots}
        self.size = len(slots) + 2
        self._by_position = {index: self._step(index) for index in built}
        self._above = {slot: self._slot_of[definition.segments[index].parent] for index, slot in slots.items()}
        self.steps: dict[Line, Step | None] = {}
        self.types = frozenset(definition.segments[index].type for index in built)

    def _step(self, index: int) -> Step:
        slot = self._slot_of.get(index, 0)
        closes = tuple(
            other for position, other in self._slot_of.items() if slot and position >= 0 and index in self._definition.ancestors(position)
        )
        segment = self._definition.segments[index]
        return segment.type, self._slot_of[segment.parent], slot, closes

    def learn(self, head: Line) -> Step | None:
        """The step for a record name met for the first time; remembered, up to a bound."""
        name = head.decode("latin-1") if isinstance(head, bytes) else head
        step = self._find(name.rstrip(" "))
        if len(self.steps) < _REMEMBERED:
            self.steps[head] = step
        return step

    def _find(self, name: str) -> Step | None:
        type = self._definition.type_of(name)
        places = [index for index in self._definition.positions.get(type or "", ()) if index in self._by_position]
        if len(places) == 1:
            return self._by_position[places[0]]
        return (self._by_position[places[0]][0], _UNSURE, 0, ()) if places else None

    def nest(self, records: Sequence[Line], kids: Kids) -> None:
        """Hang nodes for the records (the control record is at index 0 and is not looked at) below ``kids``."""
        opened: list[Kids | None] = [None] * self.size
        at_of = [0] * self.size
        opened[0] = kids
        steps = self.steps
        for at, record in enumerate(records):
            try:
                step = steps[record[:NAME_WIDTH]]
            except KeyError:
                step = self.learn(record[:NAME_WIDTH]) if at else None
            if step is None:
                continue
            name, parent, slot, closes = step
            holder = opened[parent]
            if holder is None:
                holder, slot, closes = self._unsure(step, opened, at_of, records, at)
            if slot:
                own: Kids = {}
                opened[slot], at_of[slot] = own, at
                for one in closes:
                    opened[one] = None
            else:
                own = _LEAF
            held = holder.get(name)
            if held is None:
                holder[name] = [(record, own, at)]
            else:
                held.append((record, own, at))

    def _unsure(
        self, step: Step, opened: Sequence[Kids | None], at_of: Sequence[int], records: Sequence[Line], at: int
    ) -> tuple[Kids, int, tuple[int, ...]]:
        """Where a record goes whose parent is not open (the nearest that is), or whose type stands at several positions."""
        name, parent, slot, closes = step
        if parent == _UNSURE:
            options = [self._by_position[index] for index in self._definition.positions[name] if index in self._by_position]
            ready = [option for option in options if opened[option[1]] is not None] or options
            _, parent, slot, closes = _numbered(ready, at_of, records, at) or max(ready, key=lambda option: at_of[option[1]])
        while (holder := opened[parent]) is None:
            parent = self._above[parent]
        return holder, slot, closes

    def add_unknown(self, records: Sequence[Line], root: Node) -> None:
        """Hang the records that the definition does not know below the record their PSGNUM names, else below the root.

        For the full view only (``wanted`` None), where every node has kids of its own.
        """
        strays = [at for at in range(1, len(records)) if self.steps.get(records[at][:NAME_WIDTH]) is None]
        if not strays:
            return
        nodes = _by_index(root)
        numbers: dict[Line, int] = {}
        for at in range(1, len(records)):
            numbers.setdefault(records[at][49:55], at)
        for at in strays:
            above = numbers.get(records[at][55:61], 0) if _is_number(records[at][55:61]) else 0
            nodes[at] = (records[at], {}, at)
            name = guess(_text(records[at][:NAME_WIDTH]).rstrip(" "))
            holder = nodes.get(above, root) if 0 < above < at else root
            holder[1].setdefault(name, []).append(nodes[at])  # type: ignore[attr-defined]


def _numbered(options: Sequence[Step], at_of: Sequence[int], records: Sequence[Line], at: int) -> Step | None:
    """The option whose open parent has the SEGNUM that this record's PSGNUM names, when it is a valid number."""
    named = records[at][55:61]
    if not _is_number(named):
        return None
    return next((one for one in options if one[1] and records[at_of[one[1]]][49:55] == named), None)


def _is_number(text: Line) -> bool:
    return bool(text.isdigit() and text.isascii() and int(text))


def _text(line: Line) -> str:
    return line.decode("latin-1") if isinstance(line, bytes) else line


def _by_index(root: Node) -> dict[int, Node]:
    """Every node below a root by the index of its record."""
    found: dict[int, Node] = {}
    left = [node for kids in root[1].values() for node in kids]
    while left:
        node = left.pop()
        found[node[2]] = node
        left.extend(below for kids in node[1].values() for below in kids)
    return found


def _closed(definition: Definition, wanted: frozenset[str] | None) -> list[int]:
    """Positions to build: the wanted ones and everything above them."""
    if wanted is None:
        return list(range(len(definition.segments)))
    found: set[int] = set()
    for index, segment in enumerate(definition.segments):
        if segment.type in wanted:
            found.update((index, *definition.ancestors(index)))
    return sorted(found)
