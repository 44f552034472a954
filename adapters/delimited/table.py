"""One decoded file: its dialect, its headings, and what each of its rows is (data, title, total, heading, blank).

Nothing is dropped in silence: what is not data is named by a finding with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from adapters.base import Finding
from adapters.charset import DAMAGED, Decoded, Offsets
from adapters.delimited.cells import Dialect, Row, breaks, raw_cells, rows, spans_of, value
from adapters.delimited.headings import Headings, find
from adapters.delimited.options import DelimitedLayout, squeezed
from adapters.delimited.sniff import delimiter
from canonical_model.places import Bytes
from canonical_model.problems import Cause, Problem, cause_key

_LONGEST_TOTAL: Final = 24
_CODE: Final = re.compile(r"编号|编码|代码|条码|条形码|货号|料号|\b(?:code|gtin|ean|upc|barcode|item|sku|article|artikel)\b", re.IGNORECASE)
_FIX: Final = "ask the sender for the file again, or correct it: hub resubmit --edit"


class Line(NamedTuple):
    """A row of data with what was found in it. ``group``: values of the group columns, None where they are not
    to be trusted. ``problems`` hold the document that it is part of."""

    row: Row
    group: tuple[str, ...] | None
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()


class Table:
    """A file after its headings were found. ``skipped`` collects findings on rows that are not data."""

    def __init__(self, decoded: Decoded, layout: DelimitedLayout) -> None:
        self.layout, self.options, self.text, self.charset = layout, layout.options, decoded.text, decoded.charset
        self.offsets = Offsets(decoded)
        self._damaged = decoded.damaged
        chosen = self.options.delimiter or delimiter(self.text, self.options)
        self.dialect = Dialect(chosen, self.options.quote, self.options.trim)
        self.skipped: list[Finding] = [decoded.finding]
        self._rows_from(find(self.text, self.dialect, self.options))
        self._columns = tuple(self.names.index(name) for name in self.options.group)
        self._blank = self.dialect.delimiter + " \t　"
        self._may_be_total = frozenset(letter for word in self.options.totals for letter in (word[0], word[0].upper())).union(
            self._blank, self.dialect.quote
        )
        self._trailing = False
        self.may_be_rounded = "E+" in self.text or "e+" in self.text
        self.codes = tuple(name for name in self.names if name and _CODE.search(name))

    def _rows_from(self, found: Headings) -> None:
        """Take over the headings; rows of data begin behind them."""
        self.names, row = found.names, found.row
        self._width = len(self.names)
        self._header = self.text[row.start : row.end] if row else None
        self._start, self._line_before = (row.end, row.line + breaks(self.text, row) - 1) if row else (0, 0)
        for above in found.above:
            self._skip("delimited.title_line", f"stands above the headings: {self.text[above.start : above.end]}", above)
        if row and found.doubtful:
            text = f"headings look like data: {', '.join(found.doubtful)}; is `header: none` meant?"
            self._skip("delimited.header_doubtful", text, row)
        unknown = [name for name in self.names if name and self.options.columns and name not in self.options.columns]
        if row and unknown:
            self._skip("delimited.unknown_column", f"columns that are not declared: {', '.join(unknown)}", row)

    def place(self, row: Row) -> Bytes:
        """The bytes of a row without its line end."""
        return self.offsets.place(row.start, row.end)

    def cells(self, row: Row) -> list[str]:
        """The cells of a row as written."""
        return raw_cells(self.text, row, self.dialect.delimiter)

    def data(self, row: Row) -> dict[str, str]:
        """Heading -> text of the filled cells of a row; damaged cells are absent."""
        cells = self.cells(row)
        if row.spans is None and self.dialect.trim and not self._damaged:
            return {name: text for name, cell in zip(self.names, cells, strict=False) if name and (text := cell.strip())}
        data = {}
        for name, cell in zip(self.names, cells, strict=False):
            found = None if self._damaged and DAMAGED.search(cell) else self.value(cell)
            if name and found is not None:
                data[name] = found
        return data

    def value(self, cell: str) -> str | None:
        """The text of a cell, or None; an empty text in quotes as ``quoted_empty`` says."""
        text = value(cell, self.dialect)
        return None if text == "" and self.options.quoted_empty == "absent" else text

    def lines(self) -> Iterator[Line]:
        """The rows of data, in order. Findings on other rows go to ``skipped`` as they are met."""
        above: tuple[str, ...] = ("",) * len(self._columns)
        for row in rows(self.text, self.dialect, self._start, self._line_before):
            line = self._line(row)
            if line is None:
                continue
            if self.options.fill_down and line.group is not None:
                above = tuple(own or old for own, old in zip(line.group, above, strict=True))
                line = Line(line.row, above, line.findings, line.problems)
            yield line

    def _line(self, row: Row) -> Line | None:
        raw = self.text[row.start : row.end]
        if not raw or ((raw[0] in self._blank or raw[0].isspace()) and not raw.strip(self._blank).strip()):
            return None
        if raw == self._header:
            self._skip("delimited.repeated_header", "the headings stand again", row)
            return None
        cells = self.cells(row)
        if raw[0] in self._may_be_total and self._is_total(cells):
            self._skip("delimited.total_row", f"a total row, not data: {raw}", row)
            return None
        if row.odd or len(cells) != self._width or (self._damaged and DAMAGED.search(raw)):
            return self._strange(row, cells)
        return Line(row, self._group(cells))

    def _group(self, cells: Sequence[str]) -> tuple[str, ...]:
        if len(self._columns) == 1 and self.dialect.trim and self._columns[0] < len(cells):
            only = cells[self._columns[0]].strip()
            return (only if only[:1] != self.dialect.quote else self.value(only) or "",)
        return tuple((self.value(cells[at]) if at < len(cells) else None) or "" for at in self._columns)

    def _skip(self, code: str, text: str, row: Row) -> None:
        self.skipped.append(Finding(code, f"line {row.line}: {text}", self.place(row)))

    def _is_total(self, cells: Sequence[str]) -> bool:
        """The first filled cell is a total word, the row has an empty cell, and no group is named in it."""
        first = 0 if cells[0] else next((at for at, cell in enumerate(cells) if cell), 0)
        if len(cells[first]) > _LONGEST_TOTAL or squeezed(value(cells[first], self.dialect) or "") not in self.options.totals:
            return False
        named = [at for at in self._columns if at != first and at < len(cells) and self.value(cells[at])]
        return not named and (len(cells) == 1 or any(not cell.strip() for cell in cells))

    def _strange(self, row: Row, cells: Sequence[str]) -> Line:
        """A row that is odd, ragged or damaged."""
        findings, problems = self._odd(row), self._broken(row, cells)
        extra = [cell for cell in cells[self._width :] if cell.strip()]
        if extra:
            fact = f"line {row.line} has {len(cells)} cells, the headings {self._width}: a {self.dialect.delimiter!r} inside a text?"
            problems.append(self._problem(fact, "ragged", row, value=self.text[row.start : row.end]))
        elif len(cells) < self._width and (hiding := self._hiding(row)):
            fact = f"line {row.line} has {len(cells)} cells, the headings {self._width}: {hiding} may be half a character and a delimiter"
            problems.append(self._problem(fact, "ragged", row, value=self.text[row.start : row.end]))
        elif len(cells) < self._width:
            text = f"line {row.line} has {len(cells)} cells where the headings have {self._width}: the last ones are absent"
            findings.append(Finding("delimited.ragged_row", text, self.place(row)))
        elif len(cells) > self._width and not self._trailing:
            self._trailing = True
            self._skip("delimited.trailing_delimiter", "empty cells behind the last heading", row)
        if row.odd == "unclosed_quote":
            problems.append(self._problem(f"line {row.line}: a quote is opened and not closed", "quote", row))
        damaged = len(cells) != self._width and any(DAMAGED.search(cell) for cell in cells)
        group = None if damaged or any(DAMAGED.search(cells[at]) for at in self._columns if at < len(cells)) else self._group(cells)
        return Line(row, group, tuple(findings), tuple(problems))

    def _hiding(self, row: Row) -> str:
        """Two-byte characters of a row whose second byte is the delimiter's: where a byte was lost before a ``|``, the two
        are read as one character and no byte is invalid."""
        if self.charset not in ("gbk", "gb18030", "cp950", "cp932"):
            return ""
        second = self.dialect.delimiter.encode(self.charset)
        letters = dict.fromkeys(letter for letter in self.text[row.start : row.end] if not letter.isascii() and not DAMAGED.match(letter))
        return "".join(letter for letter in letters if letter.encode(self.charset)[1:] == second)

    def _odd(self, row: Row) -> list[Finding]:
        if row.odd != "text_after_quote":
            return []
        return [Finding("delimited.text_after_quote", f"line {row.line}: text stands behind a closing quote", self.place(row))]

    def _broken(self, row: Row, cells: Sequence[str]) -> list[Problem]:
        """One problem for each cell with bytes that are not of the charset."""
        found = []
        for at, (start, end) in enumerate(spans_of(self.text, row, self.dialect.delimiter)):
            broken = DAMAGED.search(self.text, start, end)
            if broken is None:
                continue
            name = (self.names[at] if at < self._width else None) or f"_{at + 1}"
            place = self.offsets.place(broken.start(), broken.end())
            fact = f"line {row.line}, column {name}: the bytes at {place.start} are not {self.charset}"
            found.append(self._problem(fact, "bytes", row, name, place, self.shown(cells[at])))
        return found

    def shown(self, cell: str) -> str:
        """A damaged cell for people: broken bytes as ``\\xa9``."""
        return "".join(f"\\x{ord(letter) & 0xFF:02x}" if DAMAGED.match(letter) else letter for letter in cell)

    def _problem(self, fact: str, key: str, row: Row, name: str = "", place: Bytes | None = None, value: str | None = None) -> Problem:
        source = f"line {row.line}" + (f", {name}" if name else "")
        return Problem(
            Cause.UNREADABLE, cause_key("delimited", key), fact, _FIX, source=source, place=place or self.place(row), value=value
        )


def describe(table: Table) -> Finding:
    """The dialect that was found, for people."""
    names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}
    said = "declared" if table.options.delimiter else "sniffed"
    mark = names.get(table.dialect.delimiter, table.dialect.delimiter)
    text = f"delimiter {mark} ({said}), {len(table.names)} columns"
    return Finding("delimited.dialect", text, severity="note", details={"delimiter": mark, "columns": str(len(table.names))})


def open_table(decoded: Decoded, layout: DelimitedLayout) -> Table:
    """A table with its dialect reported."""
    table = Table(decoded, layout)
    table.skipped.insert(1, describe(table))
    return table
