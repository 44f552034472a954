"""Where rows and cells begin and end in a decoded text: quotes, doubled quotes, line breaks inside quotes.

A quote means something only where a cell begins with it. One that is never closed, or closed in another line with
text behind it, is taken for a letter of its cell, so that a stray quote costs one row and not the rest of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from adapters.steps import unquote

Span = tuple[int, int]

LINE_END: Final = re.compile("\r\n|\n|\r")
LONGEST_QUOTED: Final = 65_536
"""Characters: a quoted cell longer than this is taken for an unclosed quote."""
_BLANKS: Final = " \t　"


class Row(NamedTuple):
    """One row as it stands in the text: ``text[start:end]`` without its line end; ``line`` counts from 1.

    ``spans`` are its cells when a quote stands in it, else None (split it). ``odd`` names what was met:
    ``unclosed_quote``, ``text_after_quote`` or nothing.
    """

    start: int
    end: int
    line: int
    spans: tuple[Span, ...] | None = None
    odd: str = ""


class Dialect(NamedTuple):
    """How cells are separated and quoted (``quote`` empty: not at all), and whether blanks around values count."""

    delimiter: str
    quote: str
    trim: bool


def rows(text: str, dialect: Dialect, start: int = 0, before: int = 0) -> Iterator[Row]:
    """Every row from a place in a text, in order, blank ones too; ``before`` lines end before that place."""
    at, line, size, quote = start, before + 1, len(text), dialect.quote
    while at < size:
        found = LINE_END.search(text, at)
        end, after = found.span() if found else (size, size)
        if quote and text.find(quote, at, end) >= 0:
            row, after = _quoted_row(text, at, line, dialect)
            yield row
            line += breaks(text, row)
        else:
            yield Row(at, end, line)
        at, line = after, line + 1


def breaks(text: str, row: Row) -> int:
    """Line breaks inside the quotes of a row."""
    return len(LINE_END.findall(text, row.start, row.end)) if row.spans is not None else 0


def _quoted_row(text: str, start: int, line: int, dialect: Dialect) -> tuple[Row, int]:
    """A row with quotes in it, and where the next one begins."""
    spans: list[Span] = []
    stop = _stop(dialect.delimiter)
    at, odd = start, ""
    while True:
        end, strange = _cell_end(text, at, dialect, stop)
        odd = odd or strange
        spans.append((at, end))
        if end < len(text) and text[end] == dialect.delimiter:
            at = end + 1
            continue
        found = LINE_END.match(text, end)
        return Row(start, end, line, tuple(spans), odd), found.end() if found else end


def _stop(delimiter: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(delimiter)}\r\n]")


def _cell_end(text: str, at: int, dialect: Dialect, stop: re.Pattern[str]) -> tuple[int, str]:
    """Where the cell that begins at ``at`` ends, and what is odd about it."""
    opening = _opening(text, at, dialect)
    if opening is None:
        return _plain_end(text, at, stop), ""
    closing = _closing(text, opening + 1, dialect.quote)
    if closing is None:
        return _plain_end(text, at, stop), "unclosed_quote"
    after = _past_blanks(text, closing + 1, dialect) if dialect.trim else closing + 1
    if after >= len(text) or text[after] == dialect.delimiter or text[after] in "\r\n":
        return after, ""
    if LINE_END.search(text, opening, closing):
        return _plain_end(text, at, stop), "unclosed_quote"
    return _plain_end(text, after, stop), "text_after_quote"


def _opening(text: str, at: int, dialect: Dialect) -> int | None:
    first = _past_blanks(text, at, dialect) if dialect.trim else at
    return first if text.startswith(dialect.quote, first) and first < len(text) else None


def _past_blanks(text: str, at: int, dialect: Dialect) -> int:
    while at < len(text) and text[at] in _BLANKS and text[at] != dialect.delimiter:
        at += 1
    return at


def _closing(text: str, at: int, quote: str) -> int | None:
    limit = min(len(text), at + LONGEST_QUOTED)
    while (found := text.find(quote, at, limit)) >= 0:
        if not text.startswith(quote, found + 1):
            return found
        at = found + 2
    return None


def _plain_end(text: str, at: int, stop: re.Pattern[str]) -> int:
    found = stop.search(text, at)
    return found.start() if found else len(text)


def spans_of(text: str, row: Row, delimiter: str) -> tuple[Span, ...]:
    """The cells of a row as they stand in the text, quotes included."""
    if row.spans is not None:
        return row.spans
    spans, at = [], row.start
    for cell in text[row.start : row.end].split(delimiter):
        spans.append((at, at + len(cell)))
        at += len(cell) + 1
    return tuple(spans)


def raw_cells(text: str, row: Row, delimiter: str) -> list[str]:
    """The cells of a row as written, quotes included."""
    if row.spans is None:
        return text[row.start : row.end].split(delimiter)
    return [text[start:end] for start, end in row.spans]


def is_quoted(cell: str, dialect: Dialect) -> bool:
    """Whether a cell stands in quotes: then an empty one is a value."""
    body = cell.strip() if dialect.trim else cell
    return bool(dialect.quote) and len(body) > 1 and body[0] == body[-1] == dialect.quote


def value(cell: str, dialect: Dialect) -> str | None:
    """The text of a cell; None when nothing stands there, ``""`` when an empty text in quotes does.

    >>> [value(cell, Dialect(",", '"', True)) for cell in (" 012 ", '"a b"', '""', "  ")]
    ['012', 'a b', '', None]
    """
    body = cell.strip() if dialect.trim else cell
    if is_quoted(body, dialect):
        inner = unquote(body, dialect.quote)
        return inner.strip() if dialect.trim else inner
    return body or None
