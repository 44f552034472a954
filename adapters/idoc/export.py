"""Read a definition from the export that SAP's transaction WE60 (report RSEIDOC3) makes for parsers.

The layout is lines of ``WORD value`` between ``BEGIN_x`` and ``END_x``. The first segment of a group is the parent of
the group's other segments; a segment outside all groups hangs below the IDoc. Some exports close segments with
``END_SEGMENT``, some do not; older ones say BYTE_FIRST where newer ones say CHARACTER_FIRST.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from adapters.idoc.definition import HEAD_WIDTH, Definition, FieldDef, SegmentDef, checked
from adapters.idoc.names import xml_name
from canonical_model.problems import Misconfigured

_FIX = "export the type again in WE60: documentation > parser, record types of port version 3"


@dataclass
class _Group:
    """An open group: its position's numbers, and its first segment once that is met."""

    parent: int
    first: int | None = None
    words: dict[str, str] = field(default_factory=dict)


@dataclass
class _State:
    """What is open while the lines go by."""

    basic: str = ""
    extension: str = ""
    record: str = ""
    segments: list[SegmentDef] = field(default_factory=list)
    groups: list[_Group] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    entry: dict[str, str] = field(default_factory=dict)
    fields: list[FieldDef] = field(default_factory=list)
    in_fields: bool = False
    sdata: int | None = None
    line: int = 0


def load_export(text: str) -> Definition:
    """Definition from the text of a parser export. Raises Misconfigured with the line where it cannot be read."""
    state = _State()
    for number, word, value in _lines(text):
        state.line = number
        _take(state, word, value)
    if not state.basic:
        raise Misconfigured("the text holds no BEGIN_IDOC: it is no parser export of an IDoc type", fix=_FIX)
    if state.sdata not in (None, HEAD_WIDTH + 1):
        raise Misconfigured(f"SDATA starts at {state.sdata}, not at {HEAD_WIDTH + 1}: an export of port version 2", fix=_FIX)
    return checked(Definition(state.basic, state.extension, tuple(state.segments), "parser export"))


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        word, _, value = line.strip().partition(" ")
        if word:
            yield number, word.upper(), value.strip()


def _take(state: _State, word: str, value: str) -> None:
    if word == "NAME" and state.in_fields:
        _close_field(state)
        state.entry = {"NAME": value}
    elif state.in_fields and word == "END_FIELDS":
        _close_field(state)
        state.in_fields = False
    elif state.in_fields and not word.startswith(("BEGIN_", "END_")):
        state.entry[word] = value
    else:
        _take_structure(state, word, value)


def _take_structure(state: _State, word: str, value: str) -> None:
    match word:
        case "BEGIN_FIELDS":
            state.in_fields, state.entry = True, {}
        case "BEGIN_SEGMENT":
            _close_segment(state)
            state.words = {"BEGIN_SEGMENT": value}
        case "BEGIN_GROUP":
            _close_segment(state)
            state.groups.append(_Group(_parent(state)))
        case "END_SEGMENT" | "END_IDOC" | "END_SEGMENT_SECTION":
            _close_segment(state)
        case "END_GROUP":
            _end_group(state)
        case "BEGIN_IDOC":
            state.basic = xml_name(value)
        case "EXTENSION":
            state.extension = xml_name(value)
        case "BEGIN_CONTROL_RECORD" | "BEGIN_DATA_RECORD" | "BEGIN_STATUS_RECORD":
            state.record = word
        case "END_CONTROL_RECORD" | "END_DATA_RECORD" | "END_STATUS_RECORD":
            state.record, state.fields = "", []
        case _:
            _note(state, word, value)


def _note(state: _State, word: str, value: str) -> None:
    """A property of the open segment or, before its first segment, of the open group."""
    if state.words:
        state.words[word] = value
    elif state.groups:
        state.groups[-1].words[word] = value


def _end_group(state: _State) -> None:
    _close_segment(state)
    if not state.groups:
        raise Misconfigured("END_GROUP without BEGIN_GROUP", at=f"line {state.line}", fix=_FIX)
    state.groups.pop()


def _parent(state: _State) -> int:
    """Index of the position below which the next segment or group stands."""
    for group in reversed(state.groups):
        return group.parent if group.first is None else group.first
    return -1


def _close_segment(state: _State) -> None:
    words, state.words = state.words, {}
    if not words:
        return
    definition = words["BEGIN_SEGMENT"]
    numbers = words
    parent = _parent(state)
    if state.groups and state.groups[-1].first is None:
        state.groups[-1].first = len(state.segments)
        numbers = {**words, **state.groups[-1].words}
    state.segments.append(
        SegmentDef(
            type=xml_name(words.get("SEGMENTTYPE") or definition),
            definition=definition,
            parent=parent,
            fields=_from_zero(state),
            level=_number(state, words.get("LEVEL", "1")),
            qualified="QUALIFIED" in words,
            mandatory=numbers.get("STATUS") == "MANDATORY",
            low=_number(state, numbers.get("LOOPMIN", "0")) if numbers.get("STATUS") == "MANDATORY" else 0,
            high=_number(state, numbers.get("LOOPMAX", "9999999999")),
        )
    )
    state.fields = []


def _close_field(state: _State) -> None:
    entry, state.entry = state.entry, {}
    if not entry:
        return
    first = _number(state, entry.get("CHARACTER_FIRST") or entry.get("BYTE_FIRST") or "0")
    length = _number(state, entry.get("LENGTH", "0"))
    if state.record == "BEGIN_DATA_RECORD" and entry["NAME"] == "SDATA":
        state.sdata = first
    state.fields.append(FieldDef(xml_name(entry["NAME"]), first, length, entry.get("TEXT", "")))


def _from_zero(state: _State) -> tuple[FieldDef, ...]:
    """The open segment's fields, counted from the start of SDATA instead of the start of the record."""
    base = state.fields[0].start if state.fields else 0
    return tuple(replace(one, start=one.start - base) for one in state.fields)


def _number(state: _State, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise Misconfigured(f"{text!r} is no number", at=f"line {state.line}", fix=_FIX)
    return int(text)
