"""The rows of one business document of a delimited file, in the three views of ``adapters.base``.

The document's own fields are those of its first row; every row, the first one too, is a child record ``row``.
A node's token is the row's number in the document from 0, and -1 for the document itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Final

import orjson

from adapters.base import Field, Finding, Node, Record, Source, Step
from adapters.charset import DAMAGED
from adapters.delimited.cells import Row, is_quoted, spans_of
from adapters.delimited.options import DelimitedLayout
from adapters.delimited.table import Line, Table
from canonical_model.places import Bytes
from canonical_model.problems import Problem

_SCIENTIFIC: Final = re.compile(r"[-+]?\d(?:[.,]\d+)?[Ee]\+\d{1,3}")
_FEWEST_CODES: Final = 3
_NO_KIDS: Final[Mapping[str, list[Node]]] = {}


class DelimitedDocument:
    """One document: ``lines`` of ``table``. ``problems`` hold it, whatever a mapping reads of it."""

    format: Final = "delimited"
    technical: Final = None

    def __init__(self, table: Table, n: int, lines: Sequence[Line], findings: Sequence[Finding], problems: Sequence[Problem]) -> None:
        self.n, self._table, self._lines = n, table, lines
        self._findings, self._own = findings, problems
        self.types: Sequence[str] = (table.options.type,)

    @property
    def layout(self) -> DelimitedLayout:
        return self._table.layout

    @property
    def control(self) -> Mapping[str, str]:
        return {}

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """Of the file (with its first document), of the rows, and of columns that look damaged by a spreadsheet."""
        own = [finding for line in self._lines for finding in line.findings]
        return (*self._findings, *own, *self._damaged_columns())

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What makes the document unreadable while its neighbours go on."""
        return (*self._own, *(problem for line in self._lines for problem in line.problems))

    @property
    def place(self) -> Bytes:
        """From the first to the last of its rows: rows of other documents may stand between."""
        return self._table.offsets.place(self._lines[0].row.start, self._lines[-1].row.end)

    @cached_property
    def _data(self) -> list[dict[str, str]]:
        return [self._table.data(line.row) for line in self._lines]

    def root(self, wanted: frozenset[str] | None = None) -> Node:
        """Node of the document: fields of the first row, children ``row``."""
        if wanted is not None and "row" not in wanted:
            return self._data[0], _NO_KIDS, -1
        return self._data[0], {"row": [(data, _NO_KIDS, at) for at, data in enumerate(self._data)]}, -1

    def source(self, node: Node, segment: str, name: str) -> Source | None:
        """The cell of a field, quotes included, and the steps to its text."""
        row = self._row(node)
        if name not in node[0] or name not in self._table.names:
            return None
        start, end = spans_of(self._table.text, row, self._table.dialect.delimiter)[self._table.names.index(name)]
        path = self.path(node)
        steps = self._steps(self._table.text[start:end])
        return Source(f"{path}.{name}" if path else name, self._table.offsets.place(start, end), steps, node[0][name])

    def _steps(self, cell: str) -> tuple[Step, ...]:
        strip = (Step("strip"),) if self._table.dialect.trim else ()
        unquote = (Step("unquote", self._table.dialect.quote), *strip) if is_quoted(cell, self._table.dialect) else ()
        return (Step("decode", self._table.charset), *strip, *unquote)

    def where(self, node: Node) -> Bytes:
        """The bytes of a row; of the whole document for its own node."""
        return self.place if node[2] < 0 else self._table.place(self._row(node))

    def path(self, node: Node) -> str:
        """``row[2]``, counted from 1; nothing for the document itself."""
        return "" if node[2] < 0 else f"row[{node[2] + 1}]"

    def _row(self, node: Node) -> Row:
        at: int = node[2]
        return self._lines[max(0, at)].row

    def records(self) -> Iterator[Record]:
        """Every row with every filled cell; damaged cells with their broken bytes spelt out."""
        for at, line in enumerate(self._lines):
            yield Record("row", f"row[{at + 1}]", self._table.place(line.row), tuple(self._fields(line.row)))

    def _fields(self, row: Row) -> Iterator[Field]:
        text, names = self._table.text, self._table.names
        for at, (start, end) in enumerate(spans_of(text, row, self._table.dialect.delimiter)):
            cell = text[start:end]
            shown = self._table.shown(cell) if DAMAGED.search(cell) else self._table.value(cell)
            if shown is not None:
                name = names[at] if at < len(names) else None
                yield Field(name or f"_{at + 1}", shown, self._table.offsets.place(start, end))

    def fingerprint(self, volatile: frozenset[tuple[str, str]] = frozenset()) -> bytes:
        """Over the decoded texts by heading: the same rows in another charset, dialect or order of columns are the
        same content. A damaged cell counts as it stands."""
        skipped = {name for segment, name in volatile if segment in ("", "row")}
        own = [{name: text for name, text in data.items() if name not in skipped} for data in self._data] if skipped else self._data
        hashed = blake2b(orjson.dumps(own, option=orjson.OPT_SORT_KEYS), digest_size=16)
        for line in self._lines:
            if line.problems:
                hashed.update(self._table.text[line.row.start : line.row.end].encode("utf-8", "surrogatepass"))
        return hashed.digest()

    def _damaged_columns(self) -> Iterator[Finding]:
        if self._table.may_be_rounded:
            yield from self._rounded()
        if len(self._lines) < _FEWEST_CODES:
            return
        for name in self._table.codes:
            if _zeros_may_be_lost([data[name] for data in self._data if name in data]):
                text = f"codes of column {name} have different lengths and none begins with 0: leading zeros may have been lost"
                yield Finding("delimited.leading_zeros", text, severity="note", details={"column": name})

    def _rounded(self) -> Iterator[Finding]:
        """Each column with a code that a spreadsheet has turned into a rounded number, once."""
        seen: set[str] = set()
        for line, data in zip(self._lines, self._data, strict=True):
            for name, text in data.items():
                if name not in seen and _SCIENTIFIC.fullmatch(text):
                    seen.add(name)
                    said = f"column {name} holds {text}: a spreadsheet has turned codes into rounded numbers, their digits are lost"
                    yield Finding("delimited.scientific_notation", said, self._table.place(line.row), details={"column": name})


def _zeros_may_be_lost(values: Sequence[str]) -> bool:
    """A hint only: at least three codes, all digits, of two to four neighbouring lengths, none with a zero in front."""
    lengths = {len(text) for text in values}
    if len(values) < _FEWEST_CODES or len(lengths) < 2 or max(lengths) - min(lengths) > 3:
        return False
    return all(text.isascii() and text.isdigit() and text[0] != "0" for text in values)
