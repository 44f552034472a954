"""Cut a delimited file into documents: the whole file, the rows of each group, or each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.base import Finding
from adapters.charset import decode
from adapters.delimited.document import DelimitedDocument
from adapters.delimited.options import DelimitedLayout
from adapters.delimited.table import Line, Table, open_table
from canonical_model.problems import Cause, Problem, cause_key


def read(raw: bytes, layout: DelimitedLayout) -> Iterator[DelimitedDocument]:
    """Documents of one file, in order of the first row of each. A file with headings and no rows has none.

    Findings on the file as a whole (charset, dialect, title lines) go with its first document; findings on rows
    that are not data with the document before them, or with the first one where all rows are read first.
    Raises Unreadable when it is not text, is empty, or lacks a declared column.
    """
    table = open_table(decode(raw, layout.options.charset), layout)
    for n, lines in enumerate(_documents(table), start=1):
        findings: Sequence[Finding] = tuple(table.skipped)
        table.skipped.clear()
        yield DelimitedDocument(table, n, lines, findings, _ungrouped(table, lines[0]))


def _documents(table: Table) -> Iterator[list[Line]]:
    if table.options.whole:
        lines = list(table.lines())
        return iter([lines] if lines else [])
    if not table.options.group:
        return _after_next([line] for line in table.lines())
    return _after_next(_runs(table)) if table.options.consecutive else _groups(table)


def _after_next(documents: Iterator[list[Line]]) -> Iterator[list[Line]]:
    """Hold one document back until the next one is met: a total row behind it is reported with it."""
    last: list[Line] | None = None
    for document in documents:
        if last is not None:
            yield last
        last = document
    if last is not None:
        yield last


def _runs(table: Table) -> Iterator[list[Line]]:
    """Neighbouring rows of one group; a group that comes again is another document."""
    run: list[Line] = []
    for line in table.lines():
        if run and (line.group != run[0].group or not _named(line)):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _groups(table: Table) -> Iterator[list[Line]]:
    """Rows of one group from anywhere in the file, in order of first appearance; a row without one stands alone."""
    found: dict[object, list[Line]] = {}
    for at, line in enumerate(table.lines()):
        found.setdefault(line.group if _named(line) else at, []).append(line)
    yield from found.values()


def _named(line: Line) -> bool:
    return line.group is not None and any(line.group)


def _ungrouped(table: Table, line: Line) -> tuple[Problem, ...]:
    """A row that names no group cannot be given to a document."""
    if not table.options.group or _named(line) or line.group is None:
        return ()
    fact = f"line {line.row.line} has no {', '.join(table.options.group)}: it belongs to no document"
    fix = "`fill_down: true` if the program writes it in the first row of a document only; a word of `totals:` if it is a total row"
    at = f"line {line.row.line}"
    return (Problem(Cause.UNREADABLE, cause_key("delimited", "group"), fact, fix, source=at, place=table.place(line.row)),)
