"""Strict JSON (RFC 8259) -> Python values without a float: numbers are the texts they were written as.

``null`` members are left out (absent), ``NaN`` and ``Infinity`` are refused, a name that comes twice is counted. The
standard library's C scanner does the work; what it says is turned into our problems with a place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, NoReturn

from adapters.base import Finding
from adapters.charset import DAMAGED, Decoded, Offsets
from canonical_model.places import Bytes
from canonical_model.problems import Unreadable, cause_key

Path = tuple[str | int, ...]

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s\xa0{}\[\],:"]+')
_NO_NUMBER: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
_NO_BREAK_SPACE: Final = re.compile('("(?:[^"\\\\]|\\\\.)*")|\xa0')
_STRANGE_ESCAPE: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class _NotANumber(ValueError):
    """``NaN`` or ``Infinity`` was met."""


class Parsed(NamedTuple):
    """A value, how many names came twice in it, and whether no-break spaces stood between its tokens."""

    value: Any
    doubled: int
    no_break_spaces: bool


class Message:
    """A decoded message: its text, the way back to its bytes, and where each of its values stands (when asked)."""

    def __init__(self, decoded: Decoded) -> None:
        self.text, self.charset, self.finding = decoded.text, decoded.charset, decoded.finding
        self.offsets = Offsets(decoded)
        self.suspect = decoded.damaged or bool(_STRANGE_ESCAPE.search(decoded.text))
        self._places: dict[tuple[int, int], Places] = {}

    def give_up(self, start: int, end: int) -> None:
        """``text[start:end]`` is not JSON: nothing inside it has a place of its own."""
        self._places[start, end] = Places({}, [])

    def places(self, start: int, end: int) -> Places:
        """Where the values of one top-level value are; scanned once."""
        found = self._places.get((start, end))
        if found is None:
            found = self._places[start, end] = scan(self.text, start, end)
        return found

    def error(self, fact: str, key: str, at: int, fix: str = "ask the sender for valid JSON") -> Unreadable:
        """The message as unreadable at one of its characters."""
        line = self.text.count("\n", 0, at) + 1
        column = at - self.text.rfind("\n", 0, at)
        place = self.offsets.place(at, min(at + 1, len(self.text)))
        return Unreadable(f"line {line}, column {column}: {fact}", key=cause_key("json", key), place=place, fix=fix)


def parse(message: Message, start: int, end: int, depth: int) -> Parsed:
    """One JSON value that fills ``text[start:end]``. Raises Unreadable with line, column and place.

    A message whose tokens have no-break spaces between them (pasted from a web page) is read, and says so.
    """
    text = message.text[start:end]
    try:
        return _checked(message, text, start, depth, False)
    except json.JSONDecodeError as error:
        if "\xa0" in text:
            mended = _NO_BREAK_SPACE.sub(lambda found: found.group(1) or " ", text)
            if mended != text:
                return _mended(message, mended, start, depth)
        _refuse(message, error, start)


def _mended(message: Message, text: str, start: int, depth: int) -> Parsed:
    try:
        return _checked(message, text, start, depth, True)
    except json.JSONDecodeError as error:
        _refuse(message, error, start)


def _refuse(message: Message, error: json.JSONDecodeError, start: int) -> NoReturn:
    key = "extra" if error.msg == "Extra data" else "syntax"
    raise message.error(f"not JSON: {error.msg}", key, start + error.pos) from None


def _checked(message: Message, text: str, start: int, depth: int, mended: bool) -> Parsed:
    doubled = 0

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        last = dict(pairs)
        doubled += len(pairs) - len(last)
        return {name: value for name, value in last.items() if value is not None}

    decoder = json.JSONDecoder(object_pairs_hook=members, parse_float=str, parse_int=str, parse_constant=_no_number)
    try:
        value = decoder.decode(text)
    except _NotANumber as error:
        at = next((found.start(1) for found in _NO_NUMBER.finditer(text) if found.group(1)), 0)
        raise message.error(f"{error} is not a JSON number", "number", start + at) from None
    except RecursionError:
        raise message.error("nested too deeply", "depth", start) from None
    if _is_deeper(value, text, depth):
        raise message.error(f"nested deeper than {depth} levels", "depth", start, "raise `depth:` of the route if it is meant")
    return Parsed(value, doubled, mended)


def _no_number(name: str) -> NoReturn:
    raise _NotANumber(name)


def _is_deeper(value: Any, text: str, depth: int) -> bool:
    """Whether values nest deeper than ``depth``; a text with fewer brackets cannot."""
    if text.count("{") + text.count("[") <= depth:
        return False
    level = [value]
    for _ in range(depth):
        level = [
            inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer) if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


class Doubled(NamedTuple):
    """A name that comes twice: its path, the span of its first value and that of the later name."""

    path: Path
    first: tuple[int, int]
    again: tuple[int, int]


class Places(NamedTuple):
    """``values``: path -> span of the value's token (the last one where a name comes twice)."""

    values: dict[Path, tuple[int, int]]
    doubled: list[Doubled]


class _Frame:
    """An object or list that is open while tokens go by; ``key`` is the place in it: a name, or a number in a list."""

    __slots__ = ("is_list", "key", "start")

    def __init__(self, start: int, is_list: bool) -> None:
        self.start, self.is_list = start, is_list
        self.key: str | int | None = 0 if is_list else None


def scan(text: str, start: int, end: int) -> Places:
    """Places of every value inside a valid JSON text; only for lineage and errors, so that reading pays nothing."""
    found = Places({}, [])
    stack: list[_Frame] = []
    for match in _TOKEN.finditer(text, start, end):
        token = match.group()
        if token in "{[":
            stack.append(_Frame(match.start(), token == "["))
        elif token in "}]":
            closed = stack.pop()
            found.values[_path(stack)] = (closed.start, match.end())
        elif token == ",":
            stack[-1].key = stack[-1].key + 1 if isinstance(stack[-1].key, int) else None
        elif token != ":":
            _scalar(found, stack, match)
    return found


def _scalar(found: Places, stack: list[_Frame], match: re.Match[str]) -> None:
    if not stack or stack[-1].key is not None:
        found.values[_path(stack)] = match.span()
        return
    stack[-1].key = str(json.JSONDecoder().decode(match.group()))
    path = _path(stack)
    if path in found.values:
        found.doubled.append(Doubled(path, found.values[path], match.span()))
        for below in [seen for seen in found.values if seen[: len(path)] == path]:
            del found.values[below]


def _path(stack: list[_Frame]) -> Path:
    return tuple(frame.key for frame in stack if frame.key is not None)


def unsound(value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of texts with a NUL, a lone surrogate or a broken byte: no database takes them and no receiver reads them."""
    if isinstance(value, str):
        if "\0" in value or DAMAGED.search(value):
            yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from unsound(inner, (*path, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from unsound(inner, (*path, at))


def no_break_space_finding(message: Message, start: int) -> Finding:
    """The note that no-break spaces were read as blanks."""
    at = next(found.start() for found in _NO_BREAK_SPACE.finditer(message.text, start) if not found.group(1))
    place: Bytes = message.offsets.place(at, at + 1)
    return Finding("json.no_break_space", "no-break spaces (U+00A0) stand between the tokens and were read as blanks", place)
