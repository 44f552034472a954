"""Cut a JSON message into documents: one object, the objects of a list, or one object a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from adapters.base import Finding
from adapters.charset import decode
from adapters.json_document.document import JsonDocument, shown
from adapters.json_document.options import JsonLayout
from adapters.json_document.parse import Message, Parsed, Path, no_break_space_finding, parse, unsound
from canonical_model.problems import Cause, Problem, Unreadable, cause_key

Span = tuple[int, int]
_FIX = "ask the sender, or correct it: hub resubmit --edit"


def read(raw: bytes, layout: JsonLayout) -> Iterator[JsonDocument]:
    """Documents in the order of the message. The decision on the charset, where it is not UTF-8, is a finding.

    A line of NDJSON or an element of a list that is not a sound object is a document with problems; the others go on.
    Raises Unreadable when the message is no JSON at all, or has nothing where ``documents`` says.
    """
    message = Message(decode(raw, layout.options.charset))
    if not message.text.strip():
        raise Unreadable("the message is empty", key=cause_key("json", "empty"), fix="ask the sender")
    if layout.options.lines:
        return _lines(message, layout)
    span = (0, len(message.text))
    try:
        parsed = parse(message, *span, layout.options.depth)
    except Unreadable as error:
        if layout.options.lines is False or error.problems[0].key != "json:extra" or len(message.text.splitlines()) < 2:
            raise
        return _lines(message, layout)
    return _values(message, layout, parsed, span)


def _values(message: Message, layout: JsonLayout, parsed: Parsed, span: Span) -> Iterator[JsonDocument]:
    findings = _findings(message, parsed, span)
    base = layout.options.documents
    found = _below(parsed.value, base)
    many = isinstance(found, list)
    for n, value in enumerate(found if many else [found], start=1):
        path: Path = (*base, n - 1) if many else base
        problems, value = _sound(message, value, span, path)
        if parsed.doubled:
            doubled, own = _doubled(message, span, path)
            problems, findings = (*problems, *own), (*findings, *doubled)
        yield JsonDocument(message, layout, n, value, span, path, findings, problems)
        findings = ()


def _findings(message: Message, parsed: Parsed, span: Span) -> tuple[Finding, ...]:
    charset = () if message.charset == "utf-8" and message.finding.severity == "note" else (message.finding,)
    return (*charset, *((no_break_space_finding(message, span[0]),) if parsed.no_break_spaces else ()))


def _below(value: Any, pointer: tuple[str, ...]) -> Any:
    """What stands where ``documents`` says."""
    for at, name in enumerate(pointer):
        if not isinstance(value, dict) or name not in value:
            names = list(value) if isinstance(value, dict) else []
            near = get_close_matches(name, names, 1, 0.5)
            fix = f"did you mean {near[0]!r} in `documents:`?" if near else "correct `documents:` of the route"
            fact = f"nothing stands at {shown(pointer[: at + 1])!r}; there is {', '.join(names) or 'no object'}"
            raise Unreadable(fact, key=cause_key("json", "documents"), fix=fix)
        value = value[name]
    return value


def _sound(message: Message, value: Any, span: Span, path: Path) -> tuple[tuple[Problem, ...], Mapping[str, Any]]:
    """The problems of one value, and the object without what is unsound in it."""
    if not isinstance(value, dict):
        return (_problem(message, span, path, "not an object", "object"),), {}
    if not message.suspect:
        return (), value
    broken = list(unsound(value, path))
    problems = tuple(_problem(message, span, at, "the text holds a NUL, half a character or broken bytes", "text") for at in broken)
    return problems, _without(value, {at[len(path) :] for at in broken})


def _without(value: Any, broken: set[Path], path: Path = ()) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, broken, (*path, name)) for name, inner in value.items() if (*path, name) not in broken}
    if isinstance(value, list):
        return [None if (*path, at) in broken else _without(inner, broken, (*path, at)) for at, inner in enumerate(value)]
    return value


def _problem(message: Message, span: Span, path: Path, fact: str, key: str) -> Problem:
    start, end = message.places(*span).values.get(path, span)
    where = shown(path) or "the document"
    return Problem(
        Cause.UNREADABLE, cause_key("json", key), f"{where}: {fact}", _FIX, source=shown(path), place=message.offsets.place(start, end)
    )  # fmt: skip


def _doubled(message: Message, span: Span, path: Path) -> tuple[list[Finding], list[Problem]]:
    """Names that come twice in one document: a finding where both values are the same, else it is held."""
    findings, problems = [], []
    places = message.places(*span)
    for at, first, again in places.doubled:
        if at[: len(path)] != path:
            continue
        start, end = places.values.get(at, again)
        if message.text[first[0] : first[1]] == message.text[start:end]:
            findings.append(Finding("json.doubled_name", f"{shown(at)} comes twice with one value", message.offsets.place(*again)))
        else:
            problems.append(_problem(message, span, at, "the name comes twice with different values", "doubled"))
    return findings, problems


def _lines(message: Message, layout: JsonLayout) -> Iterator[JsonDocument]:
    """NDJSON, read line by line."""
    n, start, text = 0, 0, message.text
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text[start:end].strip():
            n += 1
            yield _line(message, layout, n, (start, end))
        start = end + 1


def _line(message: Message, layout: JsonLayout, n: int, span: Span) -> JsonDocument:
    try:
        parsed = parse(message, *span, layout.options.depth)
    except Unreadable as error:
        message.give_up(*span)
        return JsonDocument(message, layout, n, {}, span, problems=error.problems)
    problems, value = _sound(message, parsed.value, span, ())
    findings = _findings(message, parsed, span) if n == 1 or parsed.no_break_spaces else ()
    if parsed.doubled:
        doubled, own = _doubled(message, span, ())
        problems, findings = (*problems, *own), (*findings, *doubled)
    return JsonDocument(message, layout, n, value, span, (), findings, problems)
