"""The X12 format: grammars in, documents out, and trees to interchanges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from adapters.base import Tree, Written
from adapters.edi import Text
from adapters.x12.assemble import SEPARATORS
from adapters.x12.document import SetContext, X12Document
from adapters.x12.grammar import Grammar, parse
from adapters.x12.layout import X12Layout
from adapters.x12.nesting import Nesting
from adapters.x12.reader import read
from adapters.x12.tokens import BINARY
from adapters.x12.writer import write
from canonical_model.problems import Misconfigured

_TYPE: Final = re.compile(r"[0-9A-Za-z]{3}(/.+)?")
_MOST_CONTEXTS: Final = 1000


class X12:
    """ASC X12: any set is read, flat where no grammar holds it.

    ``grammars``: texts in the form of ``grammars/x12`` (see ``grammar.parse``), name -> text; later ones win.
    """

    name = "x12"
    reads = frozenset({"charset", "strict"})
    """Words that ``read`` knows."""
    writes = frozenset({"sender", "receiver", "version", "usage", "charset", "group", "implementation", "line_break", *SEPARATORS})
    """Words that ``write`` knows, besides the names of envelope fields."""

    def __init__(self, grammars: Mapping[str, str]) -> None:
        self.grammar: Grammar = parse(grammars)
        segments = self.grammar.segments.values()
        self._pairs = {segment.tag: segment.pair_starts() for segment in segments if segment.pairs}
        self._composites = {segment.tag: segment.composites() for segment in segments}
        self._contexts: dict[str, SetContext] = {}

    def layout(self, type: str, **options: Any) -> X12Layout:
        """The layout of a set (``850``, ``850/00``); open when there is no grammar for it. Raises Misconfigured for
        what is no set code."""
        if not _TYPE.fullmatch(type):
            raise Misconfigured(f"{type!r} is no X12 set", at="type", fix="three letters or digits, as 850, or with a purpose, 850/00")
        return self._context(type.partition("/")[0]).layout

    def read(self, raw: bytes, **options: Any) -> Iterator[X12Document]:
        """Cut a message into documents. Options: ``charset`` (else by the house rule), ``strict`` (``true``: warnings
        of the syntax are errors). Raises Unreadable when there is no document."""
        data = bytes(raw)
        binary = any(tag.encode() in data for tag in BINARY)
        message = Text(data, options.get("charset") or None, binary)
        return read(message, self._context, str(options.get("strict", "")).lower() == "true")

    def write(self, trees: Sequence[Tree], *, type: str, assigned: Mapping[str, str], **options: Any) -> Written:
        """Make one interchange with one group; see ``writer.write``."""
        return write(self._context(type.partition("/")[0]), trees, assigned, options)

    def _context(self, code: str) -> SetContext:
        found = self._contexts.get(code)
        if found is None:
            layout = X12Layout(code, self.grammar)
            nesting = Nesting(layout.set) if layout.set is not None else None
            found = SetContext(layout, self.grammar, nesting, self._pairs, self._composites)
            if layout.set is not None or len(self._contexts) < _MOST_CONTEXTS:
                self._contexts[code] = found
        return found
