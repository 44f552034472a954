"""Cut a flat IDoc message into IDocs and an IDoc into records, whatever its line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from adapters.idoc.definition import CONTROL_WIDTH, HEAD_WIDTH, RECORD_WIDTH, Definition
from adapters.idoc.encoding import Encoding
from canonical_model.places import Bytes
from canonical_model.problems import Unreadable, cause_key

_CONTROL: Final = "EDI_DC40"
_RARE: Final = 3
"""Where in the name its underscore stands, a character so rare in IDocs that looking for it alone is ten times as fast."""
_CONTROL_HEAD: Final = re.compile(r"EDI_DC40(?:  |_U)(?:\d{3}|   )(?:\d{16}| {16})")
_LINE_END: Final = re.compile("\r\n|\r|\n")
_LINE_END_BYTES: Final = re.compile(b"\r\n|\r|\n")
_RECORD_NAME: Final = re.compile(r"[A-Z/][A-Z0-9_/]{0,29}")


def documents(raw: bytes, encoding: Encoding) -> Iterator[tuple[int, int]]:
    """Start and end, in bytes, of each IDoc. Raises Unreadable when there is none."""
    start = raw.find(_CONTROL.encode(encoding.charset), encoding.skip)
    if start < 0:
        raise _no_control(raw, encoding)
    while start >= 0:
        following = _next_control(raw, encoding, start)
        yield start, following if following >= 0 else len(raw)
        start = following


def _next_control(raw: bytes, encoding: Encoding, start: int) -> int:
    """Where the next control record begins after the one at ``start``; -1 when there is none."""
    name, rare, before = _CONTROL.encode(encoding.charset), "_".encode(encoding.charset), _RARE * encoding.width
    found = raw.find(rare, start + len(name) + before)
    while found >= 0:
        at = found - before
        if raw[at : at + len(name)] == name and _begins_record(raw, encoding, at):
            return at
        found = raw.find(rare, found + 1)
    return -1


def _begins_record(raw: bytes, encoding: Encoding, at: int) -> bool:
    """True after a line end; elsewhere only where the whole head looks like a control record's."""
    width = encoding.width
    if (at - encoding.skip) % width:
        return False
    if raw[at - width : at].decode(encoding.charset, "replace") in ("\n", "\r"):
        return True
    return bool(_CONTROL_HEAD.match(bytes(raw[at : at + 40 * width]).decode(encoding.charset, "replace")))


def _no_control(raw: bytes, encoding: Encoding) -> Unreadable:
    head = bytes(raw[encoding.skip : encoding.skip + 200]).decode(encoding.charset, "replace").lstrip()
    if head.startswith("EDI_DC "):
        return Unreadable(
            "the control record is EDI_DC: an IDoc of port version 2", key=cause_key("idoc", "port_version"),
            place=Bytes(encoding.skip, len(raw)),
            fix="set the port in WE21 to version 3 (SAP release 4.x) and send it again",
        )  # fmt: skip
    return Unreadable(
        f"no IDoc: neither a control record EDI_DC40 nor XML, it begins with {head[:24]!r}",
        key=cause_key("idoc", "no_document"), place=Bytes(0, len(raw)), fix="check that this route really brings IDocs",
    )  # fmt: skip


def split(content: Any, definition_of: Any) -> tuple[list[Any], str]:
    """The records of one IDoc's text (or bytes), and its line end: one of LF, CRLF, CR, ``mixed``, or empty.

    ``definition_of`` gives the definition for a control record; asked only where there are no line ends.
    """
    lf, cr, crlf = ("\n", "\r", "\r\n") if isinstance(content, str) else (b"\n", b"\r", b"\r\n")
    if cr not in content:
        if lf in content:
            return _without_last_blank(content.split(lf)), "\n"
        return fixed(content, definition_of(content[:CONTROL_WIDTH])), ""
    pairs = content.count(crlf)
    if pairs == content.count(cr) == content.count(lf):
        return _without_last_blank(content.split(crlf)), "\r\n"
    if lf not in content:
        return _without_last_blank(content.split(cr)), "\r"
    pattern: Any = _LINE_END if isinstance(content, str) else _LINE_END_BYTES
    return _without_last_blank(pattern.split(content)), "mixed"


def _without_last_blank(records: list[Any]) -> list[Any]:
    while records and not records[-1].strip():
        records.pop()
    return records


def starts(content: Any, records: Sequence[Any]) -> list[int]:
    """Where each record starts in the content that ``split`` cut."""
    cr, lf = ("\r", "\n") if isinstance(content, str) else (b"\r", b"\n")
    found, at = [], 0
    for record in records:
        found.append(at)
        at += len(record)
        at += 1 if content[at : at + 1] == cr else 0
        at += 1 if content[at : at + 1] == lf else 0
    return found


def fixed(content: Any, definition: Definition) -> list[Any]:
    """Records without line ends: 524, then 1063 each; where that does not fit, each as long as its definition says."""
    records, at = [content[:CONTROL_WIDTH]], CONTROL_WIDTH
    ids = content[10:29]
    while at < len(content):
        end = at + RECORD_WIDTH
        if not _starts_record(content, end, ids):
            shorter = at + HEAD_WIDTH + _width(content, at, definition)
            end = shorter if _starts_record(content, shorter, ids) else end
        records.append(content[at:end])
        at = end
    return _without_last_blank(records)


def _width(content: Any, at: int, definition: Definition) -> int:
    known = definition.by_type.get(definition.type_of(_name(content, at)) or "")
    return known.width if known else RECORD_WIDTH - HEAD_WIDTH


def _name(content: Any, at: int) -> str:
    head = content[at : at + 30]
    return (head if isinstance(head, str) else head.decode("latin-1")).rstrip(" ")


def _starts_record(content: Any, at: int, ids: Any) -> bool:
    """True exactly at the end, and where a record name is followed by the control record's client and number."""
    if at >= len(content):
        return at == len(content)
    return bool(_RECORD_NAME.fullmatch(_name(content, at))) and content[at + 30 : at + 49] == ids
