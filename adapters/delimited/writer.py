"""Write rows as delimited text that this reader, and a spreadsheet, reads back as the same texts.

An empty text is written as two quotes, an absent field as nothing. A cell is quoted when it is empty, begins or
ends with a blank, or holds the delimiter, a quote or a line break; ``NO``, ``012``, ``1_000``, ``on`` and ``null``
are texts like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.base import Finding, Tree, Written
from adapters.charset import BOMS, codec, unencodable
from adapters.delimited.options import Options
from canonical_model.problems import Cause, Hold, Problem, cause_key

_MARKS = {name: mark for mark, name in BOMS}


def write(trees: Sequence[Tree], options: Options) -> Written:
    """One file of the rows of ``trees``: each tree is a list under ``row``, or one row; fields beside ``row`` stand in
    every row of their document. Columns in the declared order, else by first appearance; headings unless ``header: none``.

    Raises Hold naming every cell that the charset cannot hold (unless ``replace`` says what to write), that is
    longer than ``bytes`` allows, or that needs quotes where there are none.
    """
    rows = [row for tree in trees for row in _rows(tree)]
    columns = options.columns or tuple(dict.fromkeys(name for row in rows for name in row))
    name = {"utf-16": "utf-16-le"}.get(codec(options.charset or "utf-8"), codec(options.charset or "utf-8"))
    sheet = _Sheet(options, name)
    lines = (
        [] if options.header == "none" else [sheet.line([_heading(column, columns) for column in columns], ["headings"] * len(columns), 0)]
    )
    lines += [sheet.line([_text(row.get(column)) for column in columns], columns, at) for at, row in enumerate(rows, start=1)]
    sheet.problems += _unknown(rows, options)
    if sheet.problems:
        raise Hold(*sheet.problems)
    marked = options.bom or codec(options.charset or "utf-8") == "utf-16"
    payload = "".join(line + options.line_end for line in lines).encode(name)
    return Written((_MARKS.get(name, b"") if marked else b"") + payload, tuple(sheet.findings))


def _rows(tree: Tree) -> Iterator[Mapping[str, Any]]:
    below = tree.get("row")
    if below is None:
        yield tree
        return
    shared = {name: text for name, text in tree.items() if name != "row"}
    for row in [below] if isinstance(below, Mapping) else below:
        yield {**shared, **row}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _heading(column: str, columns: Sequence[str]) -> str | None:
    """The heading of a column as it stands in a file: ``条码.2`` is the second ``条码``, ``_3`` has none."""
    base, _, number = column.rpartition(".")
    if number.isdigit() and base in columns:
        return base
    return None if re.fullmatch(r"_\d+", column) else column


def _unknown(rows: Sequence[Mapping[str, Any]], options: Options) -> list[Problem]:
    names = dict.fromkeys(name for row in rows for name in row if options.columns and name not in options.columns)
    return [
        Problem(
            Cause.MAPPING_ERROR,
            cause_key("delimited", "column", name),
            f"column {name!r} is not declared",
            "add it to `columns:` of the mapping",
        )
        for name in names
    ]


class _Sheet:
    """Cells -> lines, with what could not be said."""

    def __init__(self, options: Options, charset: str) -> None:
        self._options, self._charset = options, charset
        self._delimiter = options.delimiter or ","
        self._needs = re.compile(f"[{re.escape(self._delimiter + options.quote)}\r\n]")
        self.findings: list[Finding] = []
        self.problems: list[Problem] = []

    def line(self, cells: Sequence[str | None], columns: Sequence[str], row: int) -> str:
        """One line without its end."""
        return self._delimiter.join(self._cell(text, column, row) for text, column in zip(cells, columns, strict=True))

    def _cell(self, text: str | None, column: str, row: int) -> str:
        if text is None:
            return ""
        text = self._encodable(text, column, row)
        self._check_length(text, column, row)
        if text and text == text.strip() and not self._needs.search(text):
            return text
        quote = self._options.quote
        if quote:
            return quote + text.replace(quote, quote * 2) + quote
        if self._needs.search(text):
            self._refuse("quote", f"{text!r} holds the delimiter or a line break and quotes are switched off", column, row, text)
        return text

    def _encodable(self, text: str, column: str, row: int) -> str:
        lacking = unencodable(text, self._charset)
        if not lacking:
            return text
        replace = self._options.replace
        if all(letter in replace for letter in lacking):
            made = "".join(replace[letter] if letter in lacking else letter for letter in text)
            self.findings.append(Finding("delimited.replaced", f"row {row}, column {column}: {text!r} is written {made!r}"))
            return made
        self._refuse("charset", f"{self._charset} has no {lacking!r}", column, row, text, "declare what is written instead with `replace:`")
        return "".join(letter for letter in text if letter not in lacking)

    def _check_length(self, text: str, column: str, row: int) -> None:
        limit = self._options.bytes.get(column)
        size = len(text.encode(self._charset, "replace")) if limit is not None else 0
        if limit is not None and size > limit:
            self._refuse(
                "length", f"{size} bytes in {self._charset}, the receiver takes {limit}", column, row, text, "shorten it in the mapping"
            )

    def _refuse(self, key: str, fact: str, column: str, row: int, text: str, fix: str = "") -> None:
        at = f"row {row}, column {column}"
        self.problems.append(
            Problem(
                Cause.INVALID_VALUE, cause_key("delimited", key, column), f"{at}: {fact}", fix, target=f"/row/{row}/{column}", value=text
            )
        )
