"""Code rows as people write them: one row, and CSV text. Pure: the tables of a file can be asked without a store.

CSV is text through and through: ``NO``, ``012``, ``1_000``, ``on``, ``null`` and the empty text survive.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from canonical_model.problems import Reject
from hub.codebook.index import FOREVER, Index, Row
from hub.codebook.view import SystemCodes

LONGEST = 500


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One row as a person or a master-data document gives it. Dates are ISO texts, both ends included, empty: open."""

    table: str
    code_set: str
    code: str
    canonical: str
    context: str = ""
    level: str = ""
    extension: str = ""
    numerator: int = 1
    denominator: int = 1
    preferred: bool = False
    direction: str = "both"
    valid_from: str = ""
    valid_to: str = ""

    def checked(self) -> CodeLine:
        """Raise Reject with what is wrong."""
        wrong = next((text for text in self._faults() if text), None)
        if wrong:
            raise Reject(wrong, at=f"{self.table}/{self.code_set}/{self.code}", fix="correct the row; nothing was changed")
        return self

    def _faults(self) -> Iterable[str]:
        yield "" if self.table else "a row without a table"
        yield "" if self.canonical or self.table == "pack" else "a row without a canonical code"
        yield "" if self.direction in ("both", "in", "out") else f"direction {self.direction!r} is none of both, in, out"
        yield "" if self.numerator > 0 and self.denominator > 0 else f"ratio {self.numerator}/{self.denominator} is not above zero"
        longest = max(map(len, (self.code, self.canonical, self.context, self.code_set)))
        yield "" if longest <= LONGEST else f"{longest} characters, and {LONGEST} is the most"
        for name in ("valid_from", "valid_to"):
            yield _date_fault(name, getattr(self, name))
        late = bool(self.valid_to) and self.valid_to < self.valid_from
        yield f"valid_to {self.valid_to} is before valid_from {self.valid_from}" if late else ""


def parse_csv(text: str) -> list[CodeLine]:
    """The rows of a CSV with the header of an export (missing columns take their defaults). Raises Reject with line and fix."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    names = {item.name for item in fields(CodeLine)}
    unknown = [name for name in reader.fieldnames or () if name not in names]
    missing = {"table", "code_set", "code", "canonical"} - set(reader.fieldnames or ())
    if unknown or missing:
        raise Reject(f"columns unknown: {unknown}, missing: {sorted(missing)}", at="line 1", fix=f"use {', '.join(sorted(names))}")
    try:
        return [_line(row, reader.line_num) for row in reader]
    except csv.Error as error:
        raise Reject(f"not CSV: {error}", at=f"line {reader.line_num}", fix="export the sheet as CSV again") from error


class LineBook:
    """Code rows of a file as a book of one revision (1): what ``--codes`` and the examples of mappings ask."""

    revision = 1

    def __init__(self, lines: Iterable[CodeLine], parents: Mapping[str, str] | None = None) -> None:
        self._index = Index()
        self._index.add(_row(number, line.checked()) for number, line in enumerate(lines, start=1))
        for name, parent in (parents or {}).items():
            self._index.parents[name] = [(1, parent)]

    def for_code_set(self, name: str) -> SystemCodes:
        """The tables as a system with this code set sees them."""
        return SystemCodes(self._index, self.revision, name)


def _row(number: int, line: CodeLine) -> Row:
    return Row(
        number, line.table, line.code_set, line.code, line.context, line.canonical, line.level, line.extension, line.numerator,
        line.denominator, line.preferred, line.direction, line.valid_from, line.valid_to, 1, FOREVER,
    )  # fmt: skip


def _line(row: Mapping[str, Any], number: int) -> CodeLine:
    if None in row or None in row.values():
        raise Reject("a row with too few or too many cells", at=f"line {number}", fix="one cell a column")
    words: dict[str, Any] = dict(row)
    for name in ("numerator", "denominator"):
        words[name] = _whole(words.get(name, ""), number)
    words["preferred"] = words.get("preferred", "") in ("1", "true", "yes")
    words["direction"] = words.get("direction") or "both"
    return CodeLine(**words)


def _whole(text: str, number: int) -> int:
    if text == "":
        return 1
    if not (text.isascii() and text.isdecimal()):
        raise Reject(f"{text!r} is not a whole number", at=f"line {number}", fix="write the ratio in whole numbers")
    return int(text)


def _date_fault(name: str, text: str) -> str:
    try:
        return "" if not text or date.fromisoformat(text).isoformat() == text else f"{name} {text!r} is not written as YYYY-MM-DD"
    except ValueError:
        return f"{name} {text!r} is not a date"
