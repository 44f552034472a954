"""XML as it stands in a text: character data, and where elements start and end.

lxml says what a document means and only the line of it; ``scan`` says where. It is run on texts that lxml has accepted,
so it need not check well-formedness. Source: XML 1.0 (fifth edition), 2.4, 2.7, 2.11, 3.1, 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": '"'}
_PIECE: Final = re.compile(r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(?P<cdata>.*?)\]\]>|&(?P<ref>[^;&<]+);", re.DOTALL)
_LINE_END: Final = re.compile("\r\n?")
_MARKUP: Final = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<!DOCTYPE(?:[^\[>]|\[.*?\])*>"
    r"|</(?P<close>[^\s>]+)\s*>|<(?P<open>[^\s/>!?]+)(?:\"[^\"]*\"|'[^']*'|[^>\"'/]|/(?!>))*(?P<empty>/?)>",
    re.DOTALL,
)
_SPECIAL: Final = re.compile("[<&\r]")


def character_data(text: str) -> str:
    """What stands between two tags, as XML 1.0 reads it: line ends made LF, references resolved, CDATA opened,
    comments and processing instructions left out. A reference it does not know stays as it is.

    >>> character_data("a&amp;b<!-- x --><![CDATA[<c>]]>&#x4E2D;")
    'a&b<c>中'
    """
    if not _SPECIAL.search(text):
        return text
    return _PIECE.sub(_resolved, _LINE_END.sub("\n", text))


def _resolved(match: re.Match[str]) -> str:
    if (cdata := match.group("cdata")) is not None:
        return cdata
    reference = match.group("ref")
    if reference is None:
        return ""
    if reference in _NAMED:
        return _NAMED[reference]
    number = reference.lower()
    if re.fullmatch(r"#x[0-9a-f]{1,6}|#[0-9]{1,7}", number):
        point = int(number[2:], 16) if number[1] == "x" else int(number[1:])
        return chr(point) if point < 0x110000 else match.group()
    return match.group()


@dataclass(slots=True)
class Span:
    """One element in a text: ``text[start:end]`` with its tags, ``text[inner:outer]`` between them.

    An element written ``<a/>`` has ``inner == outer == end``. ``kids`` are its child elements in order.
    """

    name: str
    start: int
    inner: int
    outer: int = -1
    end: int = -1
    kids: list[Span] = field(default_factory=list)


def scan(text: str, start: int = 0) -> Iterator[Span]:
    """Elements of a well-formed text in document order (a parent before its kids); their ends are set when the
    iterator has been run to its end."""
    opened: list[Span] = []
    for match in _MARKUP.finditer(text, start):
        if name := match.group("open"):
            span = Span(name, match.start(), match.end())
            if opened:
                opened[-1].kids.append(span)
            if match.group("empty"):
                span.outer = span.end = match.end()
            else:
                opened.append(span)
            yield span
        elif match.group("close") and opened:
            closed = opened.pop()
            closed.outer, closed.end = match.start(), match.end()
