"""What X12 and EDIFACT share: a decoded message with byte places, separators, and the cutting of segments.

Nothing here knows an envelope. ``segments`` runs at several hundred thousand segments a second; what is asked for
rarely (the place of one element) is worked out again from the raw token when it is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from adapters import charset
from adapters.base import Finding
from canonical_model.places import Bytes
from canonical_model.problems import Unreadable

Segment = tuple[int, int, list[str]]
"""(start, end, elements): where a segment stands in the text, without white space around it and without its
terminator, and its elements, tag first, without line breaks of wrapping and without trailing blanks."""

COMPONENT: Final = "\x1f"
"""Separates components inside an element of a node's data, whatever the interchange used (a unit separator)."""

_LONG: Final = 4096
_WHITE: Final = " \t\r\n\0\x1a\ufeff"


class Text:
    """A message as text, with the way back to its bytes."""

    __slots__ = ("_offsets", "charset", "findings", "raw", "text")

    def __init__(self, raw: bytes, declared: str | None = None, binary: bool = False) -> None:
        """Decode by the house rule (declared, byte order mark, UTF-8, GB18030). With ``binary`` a message that is
        no text is read byte by byte (Latin-1), because a binary segment inside may hold anything.
        Raises Unreadable when no charset fits or bytes are broken."""
        self.raw = raw
        self.findings: tuple[Finding, ...] = ()
        if raw.isascii() and not declared:
            self.text, self.charset, self._offsets = raw.decode("ascii"), "ascii", None
            return
        decoded = _decode(raw, declared, binary)
        self.text, self.charset, self._offsets = decoded.text, decoded.charset, charset.Offsets(decoded)
        self.findings = (decoded.finding,)

    def place(self, start: int, end: int) -> Bytes:
        """The bytes of ``text[start:end]``."""
        return Bytes(start, end) if self._offsets is None else self._offsets.place(start, end)

    def character(self, start: int, length: int) -> int:
        """The character where ``length`` bytes, counted from character ``start``, end."""
        if self._offsets is None:
            return start + length
        return self._offsets.character(self._offsets.byte(start) + length)


def _decode(raw: bytes, declared: str | None, binary: bool) -> charset.Decoded:
    try:
        decoded = charset.decode(raw, declared)
    except Unreadable:
        if not binary or declared:
            raise
        return charset.decode(raw, "latin-1")
    if decoded.damaged:
        raise Unreadable(
            decoded.finding.text,
            key="charset:broken",
            place=decoded.finding.place,
            fix="declare `charset:` for this route, or ask the sender",
        )
    return decoded


@dataclass(frozen=True)
class Separators:
    """The characters that cut an interchange. An empty text means that there is none."""

    element: str
    component: str
    terminator: str
    repetition: str = ""
    release: str = ""

    @cached_property
    def white(self) -> str:
        """White space that may stand around a segment."""
        return "".join(letter for letter in _WHITE if letter not in (self.element, self.component))


def segments(
    message: Text, start: int, separators: Separators, lengths: Mapping[str, int] | None = None, lines: re.Pattern[str] | None = None
) -> Iterator[Segment]:
    """Cut ``message.text`` from ``start`` to its end; blank segments are left out.

    ``lengths``: tag of a binary segment -> index of the element that counts the bytes of the next one. Where the
    count does not lead to a terminator, the segment is cut like any other. ``lines``: what begins a segment on a new
    line also where its terminator was lost (group 1 is where it begins).
    """
    text, size, white, step = message.text, len(message.text), separators.white, len(separators.terminator)
    find, terminator, element = text.find, separators.terminator, separators.element
    release, blank, binary = separators.release, f" {element}", lengths or {}
    pos = start
    while pos < size:
        end = find(terminator, pos)
        if release and end >= 0:
            end = _unreleased(text, pos, end, separators)
        if end < 0:
            end = size
        if lines is not None and end - pos > _LONG:
            end = _lost_terminator(text, pos, end, lines, white)
        piece = text[pos:end]
        body = piece.strip(white)
        at = pos if body is piece else pos + piece.find(body)
        pos = end + step if text.startswith(terminator, end) else end
        if not body:
            continue
        broken = "\n" in body or "\r" in body
        if broken and lines is not None and (lost := lines.search(body)) and lost.start():
            pos = at + lost.start()
            body = body[: lost.start()]
            broken = "\n" in body or "\r" in body
        data = split(body, element, release) if release else body.split(element)
        if data[0] in binary and (found := _binary(message, at, data, binary[data[0]], separators)):
            pos = found[1] + step
            yield found
            continue
        if broken or blank in body:
            data = [clean(token) for token in data]
        yield at, at + len(body), data


def _lost_terminator(text: str, start: int, end: int, lines: re.Pattern[str], white: str) -> int:
    """Where the segment that begins at ``start`` ends: before a new line that begins a segment, else at ``end``.
    Looked for before a long piece is cut out, so that a message without terminators is not copied for every line."""
    for stop in (min(end, start + _LONG), end):
        head = text[start:stop]
        found = lines.search(text, start + len(head) - len(head.lstrip(white)), stop)
        if found is not None and found.start() > start:
            return found.start()
    return end


def clean(token: str) -> str:
    """A raw token without the line breaks of wrapping and without trailing blanks.

    >>> clean("PALLET \\r\\nJACK  ")
    'PALLET JACK'
    """
    return token.replace("\r", "").replace("\n", "").rstrip(" ")


def with_components(token: str, separator: str) -> str:
    """An element's components, without trailing blanks, joined by ``COMPONENT``.

    >>> with_components("KG >1>2", ">").split(COMPONENT)
    ['KG', '1', '2']
    """
    return COMPONENT.join([part.rstrip(" ") for part in token.split(separator)])


def split(body: str, separator: str, release: str) -> list[str]:
    """Cut at separators that are not released; release characters stay.

    >>> split("A+B?+C+D??+E", "+", "?")
    ['A', 'B?+C', 'D??', 'E']
    """
    parts = body.split(separator)
    if not release or release not in body:
        return parts
    out = [parts[0]]
    for part in parts[1:]:
        if _odd(out[-1], release):
            out[-1] += separator + part
        else:
            out.append(part)
    return out


def _odd(text: str, release: str) -> bool:
    return (len(text) - len(text.rstrip(release))) % 2 == 1


def _unreleased(text: str, start: int, end: int, separators: Separators) -> int:
    """The first terminator at or after ``end`` that no release character stands before; -1 when there is none."""
    while end >= 0 and _odd(text[start:end], separators.release):
        end = text.find(separators.terminator, end + 1)
    return end


def _binary(message: Text, at: int, data: list[str], index: int, separators: Separators) -> Segment | None:
    """The binary segment that begins at ``at``, cut by its length; None when that length leads nowhere."""
    if len(data) <= index + 1 or not data[index].isascii() or not data[index].isdigit() or len(data[index]) > 12:
        return None
    start = at + len(separators.element.join(data[: index + 1])) + len(separators.element)
    end = message.character(start, int(data[index]))
    rest = message.text[end : end + len(separators.terminator)]
    place = message.place(start, end)
    if place.end - place.start != int(data[index]) or end > len(message.text) or (rest and rest != separators.terminator):
        return None
    return at, end, [*data[: index + 1], message.text[start:end]]


def spans(body: str, separators: Separators) -> list[tuple[int, int]]:
    """Where the raw elements of a segment stand in it, tag first, as offsets into ``body``."""
    out, at = [], 0
    for token in split(body, separators.element, separators.release):
        out.append((at, at + len(token)))
        at += len(token) + len(separators.element)
    return out
