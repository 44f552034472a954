"""The rows of every revision in memory, by (table, code set, code): appended to, never changed but for the end of a row.

A view of an earlier revision stays what it was while later rows come: a row counts when ``since <= revision < until``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

FOREVER = 1 << 62


@dataclass(slots=True)
class Row:
    """One code row; ``until`` is the revision that ended it."""

    row: int
    tab: str
    code_set: str
    code: str
    context: str
    canonical: str
    level: str
    extension: str
    numerator: int
    denominator: int
    preferred: bool
    direction: str
    valid_from: str
    valid_to: str
    since: int
    until: int

    def counts(self, revision: int, day: str) -> bool:
        """Known at ``revision`` and valid on ``day`` (ISO text, both ends included; empty: open)."""
        return self.since <= revision < self.until and self.valid_from <= day and (not self.valid_to or day <= self.valid_to)


@dataclass(slots=True)
class Index:
    """Look-ups are one dictionary access and a short list."""

    rows: dict[int, Row] = field(default_factory=dict)
    forward: dict[tuple[str, str, str], list[Row]] = field(default_factory=dict)
    backward: dict[tuple[str, str, str], list[Row]] = field(default_factory=dict)
    packs: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    parents: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, rows: Iterable[Row]) -> None:
        """Take new rows; one that is there already is left alone."""
        for row in rows:
            if row.row in self.rows:
                continue
            self.rows[row.row] = row
            if row.tab == "pack":
                self.packs.setdefault((row.code, row.context), []).append(row)
            if row.direction != "out":
                self.forward.setdefault((row.tab, row.code_set, row.code), []).append(row)
            if row.direction != "in":
                self.backward.setdefault((row.tab, row.code_set, row.canonical), []).append(row)

    def end(self, ended: Iterable[tuple[int, int]]) -> None:
        """Rows that a later revision ended: (row, revision)."""
        for row, until in ended:
            if row in self.rows:
                self.rows[row].until = until

    def parent(self, code_set: str, revision: int) -> str:
        """The parent of a code set at a revision, or nothing."""
        known = [parent for since, parent in self.parents.get(code_set, ()) if since <= revision]
        return known[-1] if known else ""

    def chain(self, code_set: str, revision: int) -> tuple[str, ...]:
        """A code set and its parents, nearest first; a circle ends where it began."""
        names: list[str] = []
        while code_set and code_set not in names:
            names.append(code_set)
            code_set = self.parent(code_set, revision)
        return tuple(names)

    def children(self, code_set: str, revision: int) -> tuple[str, ...]:
        """A code set and every set that falls back to it, directly or through others."""
        return (code_set, *(name for name in sorted(self.parents) if name != code_set and code_set in self.chain(name, revision)))
