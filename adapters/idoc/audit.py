"""Look at every record of a flat IDoc once, cheaply: which ones are odd. A clean document costs one loop.

Findings are part of every translation, so this runs beside the row engine; what is odd is described elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.idoc.definition import HEAD_WIDTH, NAME_WIDTH, Definition
from adapters.idoc.plan import Line, Plan

_REMEMBERED: Final = 4096
Row = tuple[int, int, int, tuple[int, ...]]
"""(longest record that the definition explains, slot of the parent, own slot or 0, slots that close)."""


@dataclass(slots=True)
class Odd:
    """Indexes of odd records, by kind."""

    unknown: list[int] = field(default_factory=list)
    longer: list[int] = field(default_factory=list)
    orphans: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)


class Audit:
    """The check for one definition."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._plan = Plan(definition, frozenset(definition.by_type))
        self._rows: dict[Line, Row | None] = {}

    def _learn(self, head: Line) -> Row | None:
        step = self._plan.learn(head)
        row: Row | None = None
        if step is not None:
            row = (HEAD_WIDTH + self._definition.by_type[step[0]].width, *step[1:])
        if len(self._rows) < _REMEMBERED:
            self._rows[head] = row
        return row

    def odd(self, lines: Sequence[Line]) -> Odd:
        """Unknown segments, records longer than their definition, known ones without an open parent, and records
        that name another client or IDoc than the control record (the first line)."""
        found = Odd()
        rows, ids = self._rows, lines[0][10:29]
        opened = [False] * self._plan.size
        opened[0] = True
        for at, line in enumerate(lines):
            head = line[:NAME_WIDTH]
            try:
                row = rows[head]
            except KeyError:
                row = self._learn(head)
            if line[NAME_WIDTH:49] != ids and at:
                found.others.append(at)
            if row is None:
                found.unknown.append(at)
                continue
            longest, parent, slot, closes = row
            if len(line) > longest and len(line.rstrip()) > longest:
                found.longer.append(at)
            if not opened[parent] and parent >= 0:
                found.orphans.append(at)
            if slot:
                opened[slot] = True
                for one in closes:
                    opened[one] = False
        return Odd(self._named(found.unknown, lines), found.longer, found.orphans, self._numbered(found.others, lines))

    def _named(self, indexes: list[int], lines: Sequence[Line]) -> list[int]:
        """Without the control record and blank lines."""
        return [at for at in indexes if at and lines[at].strip()]

    def _numbered(self, indexes: list[int], lines: Sequence[Line]) -> list[int]:
        """Only those that do carry a client or a number."""
        return [at for at in indexes if lines[at][NAME_WIDTH:49].strip()]
