"""In which row the headings stand, and what the columns are called.

Declared headings (``columns``, ``group``) decide; without them the first row that fills at least half of the usual
width: title lines above a table fill less.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Final, NamedTuple

from adapters.charset import DAMAGED
from adapters.delimited.cells import Dialect, Row, raw_cells, rows, value
from adapters.delimited.options import Options, heading
from canonical_model.problems import Unreadable, cause_key

SAMPLE: Final = 50
"""Rows looked at for the headings."""
MOST, LONGEST = 30, 40
"""Headings that an error lists, and characters of each: damaged bytes may be read as one heading of a thousand characters."""
_NUMBER_OR_DATE: Final = re.compile(r"[-+]?[\d.,]+%?|\d{2,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?( .*)?")


class Headings(NamedTuple):
    """``names`` of the columns (None: nothing stands in it), ``row`` of the headings (None: the file has none), ``above``:
    rows before it, ``doubtful``: headings that look like data."""

    names: tuple[str | None, ...]
    row: Row | None
    above: tuple[Row, ...] = ()
    doubtful: tuple[str, ...] = ()


def find(text: str, dialect: Dialect, options: Options) -> Headings:
    """The headings of a file. Raises Unreadable when it is empty, or lacks a declared heading."""
    first = _Sample(text, dialect)
    if not first.row(0):
        fix = "ask the sender; a file that ends early is often half written"
        raise Unreadable("the file is empty", key=cause_key("delimited", "empty"), fix=fix)
    if options.header == "none":
        width = max(len(first.raw(at)) for at in first)
        return Headings(options.columns or tuple(f"_{at + 1}" for at in range(width)), None)
    at = _header(first, options)
    cells = first.cells(at)
    if any(map(DAMAGED.search, cells)):
        fact = f"row {at + 1} holds the headings, and bytes that are not of the charset"
        raise Unreadable(fact, key=cause_key("delimited", "bytes"), fix="ask the sender for the file again, or declare its `charset:`")
    names = _names(cells, first, at)
    seen = [name for name in names if name]
    absent = [name for name in options.required if name not in seen]
    if absent:
        raise _missing(absent, seen)
    return Headings(names, first.row(at), tuple(filter(None, map(first.row, range(at)))), tuple(filter(_NUMBER_OR_DATE.fullmatch, cells)))


class _Sample:
    """The first rows that are not blank, read as far as somebody looks."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text, self._dialect = text, dialect
        self._coming: Iterator[Row] = islice((row for row in rows(text, dialect) if row.end > row.start), SAMPLE)
        self._rows: list[Row] = []
        self._cells: dict[int, list[str]] = {}

    def row(self, at: int) -> Row | None:
        while at >= len(self._rows):
            coming = next(self._coming, None)
            if coming is None:
                return None
            self._rows.append(coming)
        return self._rows[at]

    def __iter__(self) -> Iterator[int]:
        at = 0
        while self.row(at) is not None:
            yield at
            at += 1

    def raw(self, at: int) -> list[str]:
        row = self.row(at)
        return raw_cells(self._text, row, self._dialect.delimiter) if row else []

    def cells(self, at: int) -> list[str]:
        """Headings as mappings write them, ``""`` where none stands."""
        if at not in self._cells:
            row, raw = self.row(at), self.raw(at)
            plain = row is None or row.spans is None
            self._cells[at] = [heading(cell if plain else value(cell, self._dialect) or "") for cell in raw]
        return self._cells[at]


def _header(first: _Sample, options: Options) -> int:
    if isinstance(options.header, int):
        at = options.header - 1
        if first.row(at) is None:
            fact = f"the file has {len(list(first))} rows, its headings are declared in row {options.header}"
            raise Unreadable(fact, key=cause_key("delimited", "header"))
        return at
    return _declared(first, options) if options.required else _likely(first)


def _declared(first: _Sample, options: Options) -> int:
    """The first row with all declared headings, else the one with most of them."""
    wanted = set(options.required)
    best, most = 0, 0
    for at in first:
        found = len(wanted.intersection(first.cells(at)))
        if found == len(wanted):
            return at
        if found > most:
            best, most = at, found
    if not most:
        raise _missing(options.required, [cell for cell in first.cells(_likely(first)) if cell])
    return best


def _likely(first: _Sample) -> int:
    top, second = first.raw(0), first.raw(1)
    if len(top) > 1 and len(top) == len(second) and all(cell and not cell.isspace() for cell in top):
        return 0
    rows = [first.raw(at) for at in first]
    filled = [sum(1 for cell in row if cell and not cell.isspace()) for row in rows]
    widths = Counter(len(row) for row, count in zip(rows, filled, strict=True) if count)
    usual = max(widths.items(), key=lambda item: (item[1], item[0]))[0] if widths else 1
    enough = max(1 if usual == 1 else 2, (usual + 1) // 2)
    return next((at for at, count in enumerate(filled) if count >= enough), next((at for at, count in enumerate(filled) if count), 0))


def _names(cells: Sequence[str], first: _Sample, header: int) -> tuple[str | None, ...]:
    """Names by heading, with columns that have data and no heading."""
    if all(cells) and len(first.raw(header + 1)) <= len(cells):
        return unique(cells, cells)
    below = [row for at in first if at > header and any(row := first.raw(at))]
    width = max(len(cells), min((len(row) for row in below), default=0))
    padded = [*cells, *[""] * (width - len(cells))]
    return unique(padded, [any(len(row) > at and row[at].strip() for row in below) for at in range(width)])


def unique(cells: Sequence[str], filled: Iterable[object]) -> tuple[str | None, ...]:
    """Names of the columns: the heading, its second occurrence with ``.2``; ``_n`` where none stands, None where
    the column is empty as well.

    >>> unique(["条码", "条码", "", ""], [True, True, True, False])
    ('条码', '条码.2', '_3', None)
    """
    times: Counter[str] = Counter()
    found: list[str | None] = []
    for at, (cell, used) in enumerate(zip(cells, filled, strict=True), start=1):
        if not cell and not used:
            found.append(None)
            continue
        name = unused = cell or f"_{at}"
        while times[unused]:
            times[name] += 1
            unused = f"{name}.{times[name]}"
        times[unused] += 1
        found.append(unused)
    return tuple(found)


def _missing(names: Sequence[str], seen: Sequence[str]) -> Unreadable:
    """Declared headings that a file lacks, each with the nearest one that it has."""
    near = {name: get_close_matches(name, seen, 1, 0.5) for name in names}
    listed = ", ".join(f"{name!r}" + (f" (did you mean {near[name][0]!r}?)" if near[name] else "") for name in names)
    has = ", ".join(name if len(name) <= LONGEST else f"{name[:LONGEST]}..." for name in seen[:MOST]) + (
        ", ..." if len(seen) > MOST else ""
    )
    fact = f"the file has no column {listed}; it has {has or 'no headings'}"
    fix = (
        "correct `columns:` or `group:` of the mapping, mark a column that may be missing with ` ?`, "
        "declare `charset:` if these are no words, or ask the sender"
    )
    return Unreadable(fact, key=cause_key("delimited", "column", names[0]), fix=fix)
