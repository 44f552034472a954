"""Delimited text (CSV, TSV, semicolon, pipe) as agents' stock programs export it.

A file is decoded as a whole, then split; its dialect and headings are found or declared; total rows, title lines and
repeated headings are reported and left out. Rows of one ``group`` value are one document. The words are in
``adapters.delimited.options``.

What holds what: a byte that is not of the charset, a row with more filled cells than headings, a quote that is not
closed, or a row without its group hold the one document that they stand in (``problems_of``); the cell with the
broken byte is absent, every other document goes on. The whole file is held (Unreadable) only when it is not text,
when no charset fits, when it is empty, or when a declared column is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.base import Document, Tree, Written
from adapters.delimited.options import DelimitedLayout, parse
from adapters.delimited.reader import read


class DelimitedFormat:
    """The format ``delimited``. Stateless but for the layouts of the options that it has met."""

    name = "delimited"

    def __init__(self) -> None:
        self._layouts: dict[str, DelimitedLayout] = {}

    def layout(self, type: str, **options: Any) -> DelimitedLayout:
        """The layout for a mapping's ``source:`` words. Raises Misconfigured for an unknown word or value."""
        return self._layout({**options, "type": type})

    def read(self, raw: bytes, **options: Any) -> Iterator[Document]:
        """Documents of one file. Raises Unreadable (see the package), Misconfigured."""
        return iter(read(raw, self._layout(options)))

    def write(self, trees: Sequence[Tree], *, type: str, assigned: Mapping[str, str], **options: Any) -> Written:
        """One file with the rows of all trees, see ``adapters.delimited.writer``."""
        from adapters.delimited.writer import write

        return write(trees, parse({**options, "type": type}))

    def _layout(self, options: Mapping[str, Any]) -> DelimitedLayout:
        key = repr(sorted(options.items()))
        found = self._layouts.get(key)
        if found is None:
            found = self._layouts[key] = DelimitedLayout(parse(options))
        return found
