"""Cut an IDoc XML message at its IDOC elements, in its bytes, before anything is parsed.

Works on the bytes of any charset in which ASCII bytes mean ASCII only where they stand alone as ``<``, ``>``, ``!``, ``-``
(UTF-8, GBK, GB18030 and the one-byte charsets); UTF-16 is looked at through a UTF-8 copy (``View``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from adapters.base import Finding
from adapters.idoc.encoding import Encoding
from canonical_model.places import Bytes
from canonical_model.problems import Unreadable, cause_key

_PROLOG: Final = re.compile(rb"(?>\s+|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
_ROOT: Final = re.compile(rb"<([^\s/>]+)")
_AFTER_ROOT: Final = re.compile(rb"\s*>(?>\s+|<!--.*?-->|<\?.*?\?>)*+\Z", re.DOTALL)
_CUT: Final = re.compile(
    rb"<(?:!--(?:.*?-->|.*)|!\[CDATA\[(?:.*?\]\]>|.*)|IDOC(?=[\s/>])[^<>]*?(?P<empty>/?)>|(?P<close>/IDOC\s*>))", re.DOTALL
)
"""An unclosed comment takes everything behind it, in one step: hostile input must not make the search quadratic."""
_SMALL: Final = 1 << 20
_TRIES: Final = 4
_TAIL: Final = 512


@dataclass(frozen=True, slots=True)
class View:
    """What is cut: the raw bytes themselves from ``start``, or a UTF-8 copy (``copied`` from this charset, after ``skip`` bytes)."""

    content: bytes
    start: int
    copied: str = ""
    skip: int = 0

    def places(self) -> Iterator[tuple[Bytes, bytes]]:
        """Each IDOC element: its bytes in the raw message, and its bytes in the view."""
        offset, at = self.skip, 0
        for start, end in cut(self.content, self.start):
            part = bytes(self.content[start:end])
            if not self.copied:
                yield Bytes(start, end), part
                continue
            offset += self._wide(at, start)
            after = offset + self._wide(start, end)
            yield Bytes(offset, after), part
            offset, at = after, end

    def _wide(self, start: int, end: int) -> int:
        return len(self.content[start:end].decode("utf-8").encode(self.copied))


def view_of(raw: bytes, encoding: Encoding) -> View:
    """The view of a message in its encoding."""
    if encoding.width == 1:
        return View(raw, encoding.skip)
    return View(bytes(raw[encoding.skip :]).decode(encoding.charset).encode("utf-8"), 0, encoding.charset, encoding.skip)


def prolog(view: View, size: int) -> tuple[Finding, ...]:
    """Look at what stands around the root. Raises Unreadable for a DTD (no IDoc has one, and entities are a weapon) and
    for a root that is not closed."""
    content = view.content
    found = _PROLOG.match(content, view.start)
    after = found.end() if found else view.start
    if content[after : after + 2] == b"<!":
        raise Unreadable(
            "the XML carries a document type declaration, which no IDoc has",
            key=cause_key("idoc", "dtd"), place=Bytes(0, size), fix="ask the sender to leave it out",
        )  # fmt: skip
    root = _ROOT.match(content, after)
    if root is None or not _closed(content, root.group(1)):
        raise Unreadable(
            "the XML ends before its root element is closed" if root else "the XML has no root element",
            key=cause_key("idoc", "truncated"), place=Bytes(0, size), fix="ask the sender for the whole message",
        )  # fmt: skip
    head = bytes(content[view.start : after])
    if head[:1].isspace() and head.lstrip().startswith(b"<?xml"):
        return (Finding("idoc.xml_blank_first", "white space stands before the XML declaration", Bytes(0, 1)),)
    return ()


def _closed(content: bytes, root: bytes) -> bool:
    """True when the root's end tag is the last thing, comments apart; one without content is closed in itself."""
    end = b"</" + root
    at = content.rfind(end)
    for _ in range(_TRIES):
        if at >= 0 and _AFTER_ROOT.match(content, at + len(end)):
            return True
        at = content.rfind(end, 0, max(at, 0))
    return end not in bytes(content[-_TAIL:]) and bytes(content[-_TAIL:]).rstrip().endswith(b"/>")


def cut(content: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Start and end of each IDOC element. Raises Unreadable when there is none, or where one is not closed."""
    begun, found = -1, False
    for match in _marks(content, start):
        word = match.group()
        if word.startswith(b"<!"):
            if not word.endswith((b"-->", b"]]>")):
                raise _not_closed(match.start(), len(content))
        elif match.group("close"):
            if begun >= 0:
                yield begun, match.end()
            begun = -1
        elif begun >= 0:
            raise _not_closed(begun, len(content))
        else:
            found, begun = True, match.start()
            if match.group("empty"):
                yield begun, match.end()
                begun = -1
    if begun >= 0:
        raise _not_closed(begun, len(content))
    if not found:
        raise Unreadable(
            "the XML holds no IDOC element", key=cause_key("idoc", "no_document"), place=Bytes(0, len(content)),
            fix="check that this route really brings IDocs",
        )  # fmt: skip


def _not_closed(at: int, size: int) -> Unreadable:
    return Unreadable(
        f"the IDOC element, comment or CDATA section at byte {at} is not closed",
        key=cause_key("idoc", "not_well_formed"), place=Bytes(at, size), fix="ask the sender to repair it",
    )  # fmt: skip


def _marks(content: bytes, start: int) -> Iterator[re.Match[bytes]]:
    """Tags of IDOC elements; comments and CDATA sections, which may hold what looks like one, are matches of their own.

    Where a small message has none of these, its tags are looked for by name: that is ten times as fast.
    """
    if len(content) > _SMALL or content.find(b"<!", start) >= 0:
        yield from _CUT.finditer(content, start)
        return
    at = content.find(b"IDOC", start)
    while at >= 0:
        match = _CUT.match(content, at - 1) or _CUT.match(content, at - 2)
        if match is not None:
            yield match
        at = content.find(b"IDOC", at + 1)
