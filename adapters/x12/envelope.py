"""Where an interchange begins and which characters cut it.

Read the tag ISA; the next character separates elements; count 16 of them; what follows is the component separator
and then the terminator, whatever the length of the ISA. Senders break each part of this, see ``open_interchange``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from adapters.base import Finding
from adapters.edi import Segment, Separators, Text, clean
from canonical_model.problems import Unreadable

ISA_START: Final = re.compile(r"ISA([^0-9A-Za-z \r\n])")
_BARE_START: Final = re.compile(r"[ \t\r\n\0\ufeff]*((?:GS|ST)([^0-9A-Za-z \r\n\w]))")
_LONGEST_ISA: Final = 400
_IN_VALUES: Final = "-+.,/"
"""Marks that senders name in ISA11 and use in numbers and references all the same."""


@dataclass(frozen=True, slots=True)
class Opening:
    """An interchange's separators, its ISA (None where it begins with GS or ST), the place where the next segment
    begins, and what was met on the way."""

    separators: Separators
    isa: Segment | None
    next: int
    findings: tuple[Finding, ...]


def open_message(message: Text) -> Opening:
    """The first interchange of a message. Raises Unreadable when there is neither ISA nor GS nor ST."""
    bare = _BARE_START.match(message.text)
    if bare is not None:
        return _open_bare(message, bare)
    found = ISA_START.search(message.text)
    if found is None:
        raise Unreadable(
            "no ISA, GS or ST segment: this is no X12 message",
            key="x12:no_envelope",
            fix="see the raw message; a file of another format needs another mapping on the route",
        )
    opening = open_interchange(message, found.start())
    before = message.text[: found.start()]
    if not before.strip(" \t\r\n\0\ufeff"):
        return opening
    junk = Finding("x12.leading_data", f"{len(before)} characters stand before ISA", message.place(0, found.start()))
    return Opening(opening.separators, opening.isa, opening.next, (junk, *opening.findings))


def open_interchange(message: Text, start: int) -> Opening:
    """The interchange whose ISA begins at ``start``. Met and read all the same: an ISA that is not 106 long or is
    wrapped, no ISA16, blanks or line breaks as terminator, too few or too many elements."""
    text, element = message.text, message.text[start + 3 : start + 4]
    if not element:
        return _open_miscounted(message, start, element, None)
    at = start + 3
    for _ in range(15):
        at = text.find(element, at + 1)
        if at < 0:
            break
    group = re.compile(rf"(?<![0-9A-Za-z{re.escape(element)}])GS{re.escape(element)}").search(text, start, start + _LONGEST_ISA)
    if at < 0 or at - start > _LONGEST_ISA or (group and group.start() <= at):
        return _open_miscounted(message, start, element, group)
    component, terminator, end, codes = _ending(text, at + 1)
    if terminator in ("", element) or component == element:
        return _open_miscounted(message, start, element, group)
    return _opening(message, start, end, element, component, terminator, codes)


def _ending(text: str, at: int) -> tuple[str, str, int, tuple[str, ...]]:
    """(component separator, terminator, end of ISA, codes) from what stands at ISA16; no terminator if it makes no sense."""
    first, second = text[at : at + 1], text[at + 1 : at + 2]
    if first in ("\r", "\n"):
        return "", _line_end(text, at), at, ("x12.isa16_missing",)
    if second == "" or (second in "\r\n" and _ends_lines(text, at, first)) or (second.isalnum() and not first.isalnum()):
        return "", first or "~", at, ("x12.isa16_missing",)
    if second in ("\r", "\n"):
        return first, _line_end(text, at + 1), at + 1, ()
    if second == " ":
        end = at + 1 + len(text[at + 1 :]) - len(text[at + 1 :].lstrip(" "))
        line = text[end : end + 1] in ("\r", "\n")
        return first, _line_end(text, end) if line else "", at + 1, ("x12.blank_before_terminator",)
    return (first, second, at + 1, ()) if not second.isalnum() else ("", "", at, ())


def _line_end(text: str, at: int) -> str:
    """CR alone, or LF: a CR before a LF is white space around a segment."""
    return "\r" if text[at] == "\r" and text[at + 1 : at + 2] != "\n" else "\n"


def _ends_lines(text: str, at: int, mark: str) -> bool:
    """True when the line after the ISA ends with ``mark`` too: then it is the terminator, and ISA16 is missing."""
    rest = text[at + 1 : at + 4000].lstrip("\r\n")
    line = re.split("[\r\n]", rest, maxsplit=1)[0].rstrip(" ")
    return bool(mark) and not mark.isalnum() and mark != " " and line.endswith(mark)


def _open_miscounted(message: Text, start: int, element: str, group: re.Match[str] | None) -> Opening:
    """An ISA with too few or too many elements: it ends where the group begins."""
    if group is None:
        raise Unreadable(
            "ISA does not have 16 elements and no GS follows: its separators cannot be known",
            key="x12:isa", place=message.place(start, min(len(message.text), start + 106)), fix="ask the sender for a whole interchange",
        )  # fmt: skip
    text, end = message.text, group.start()
    stop = len(text[:end].rstrip(" \t\r\n"))
    if "\n" in text[stop:end] or "\r" in text[stop:end]:
        marked = not text[stop - 1].isalnum() and _ends_lines(text, end - 1, text[stop - 1])
        terminator = text[stop - 1] if marked else _line_end(text, stop + len(text[stop:end]) - len(text[stop:end].lstrip(" \t")))
        stop -= marked
    else:
        terminator, stop = text[stop - 1], stop - 1
    component = text[stop - 1] if not text[stop - 1].isalnum() and text[stop - 1] not in (element, " ") else ""
    return _opening(message, start, stop, element, component, terminator, ("x12.isa_elements",))


_TEXTS: Final = {
    "x12.isa16_missing": "ISA16 (component separator) is missing",
    "x12.blank_before_terminator": "segments end with a blank and a line break",
    "x12.isa_elements": "ISA does not have 16 elements",
}


def _opening(message: Text, start: int, end: int, element: str, component: str, terminator: str, codes: tuple[str, ...]) -> Opening:
    body = message.text[start:end]
    data = [clean(token) for token in body.split(element)]
    place = message.place(start, end)
    found = [Finding(code, _TEXTS[code], place, details={"ta105": "022"} if code == "x12.isa_elements" else {}) for code in codes]
    length = len(body.replace("\r", "").replace("\n", ""))
    if length != 105:
        found.append(
            Finding("x12.isa_length", f"ISA is {length + 1} long with its terminator, not 106", place, details={"length": str(length + 1)})
        )
    if length != len(body):
        found.append(Finding("x12.isa_wrapped", "a line break stands inside ISA", place))
    component, unusable = _usable(component, element, terminator)
    if unusable:
        found.append(Finding("x12.component_separator", f"ISA16 {unusable!r} cannot separate components", place, details={"ta105": "027"}))
    repetition = data[11] if len(data) > 12 and data[12] >= "00402" and data[11] not in _IN_VALUES else ""
    cut = Separators(element, component, terminator, _usable(repetition, element, terminator)[0])
    return Opening(cut, (start, end, data), end + len(terminator) if message.text.startswith(terminator, end) else end, tuple(found))


def _usable(mark: str, element: str, terminator: str) -> tuple[str, str]:
    """(mark, "") when it can separate, else ("", mark)."""
    if len(mark) == 1 and not mark.isalnum() and mark not in (" ", "\r", "\n", element, terminator):
        return mark, ""
    return "", mark


def _open_bare(message: Text, bare: re.Match[str]) -> Opening:
    """A message without ISA: the terminator is what follows the last element that GS or ST can have."""
    text, start, element = message.text, bare.start(1), bare[2]
    mark = re.escape(element)
    pattern = (
        rf"GS(?:{mark}[^{mark}\r\n]*?){{7}}{mark}\w+" if text.startswith("GS", start) else rf"ST{mark}\w+{mark}[\w-]+(?:{mark}[\w.-]+)?"
    )
    head = re.compile(pattern).match(text, start)
    end = head.end() if head else start
    stop = len(text) - len(text[end:].lstrip(" \t"))
    terminator = "~" if head is None or stop >= len(text) else _line_end(text, stop) if text[stop] in "\r\n" else text[stop]
    component = next((mark for mark in ">:" if mark in text and mark not in (element, terminator)), "")
    finding = Finding(
        "x12.no_isa",
        "the message has no ISA: separators are taken from its first segment",
        message.place(start, end),
        details={"ta105": "022"},
    )
    return Opening(Separators(element, component, terminator), None, start, (finding,))
