"""The raw tokens of a segment: where each element and component stands, and the steps from its bytes to its text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from adapters.base import Finding, Source, Step
from adapters.edi import Segment, Separators, Text, clean, spans, with_components

BINARY: Final[Mapping[str, int]] = {"BIN": 1, "BDS": 2}
"""Segments with binary content -> the element that counts its bytes."""


def raw_spans(message: Text, cut: Separators, segment: Segment) -> list[tuple[int, int]]:
    """Raw elements of a segment, tag first, as offsets into it; binary content is one, whatever it holds."""
    raw = spans(message.text[segment[0] : segment[1]], cut)
    count = len(segment[2])
    return raw if len(raw) == count else [*raw[: count - 1], (raw[count - 1][0], raw[-1][1])]


def token(
    message: Text, cut: Separators, segment: Segment, place: tuple[int, int | None], composite: Collection[int], path: str
) -> Source | None:
    """Where (element, component from 0 or None) of a segment comes from; None when it is absent.

    ``composite``: elements that have components. The text is what a node of the document holds at that place.
    """
    element, component = place
    if element >= len(segment[2]):
        return None
    start, end = (segment[0] + offset for offset in raw_spans(message, cut, segment)[element])
    raw = message.text[start:end]
    has_parts = bool(cut.component) and element in composite and cut.component in raw
    if component is not None:
        parts = raw.split(cut.component) if has_parts else [raw]
        if component >= len(parts):
            return None
        start += sum(len(part) + len(cut.component) for part in parts[:component])
        raw = parts[component]
        end = start + len(raw)
    steps = [Step("decode", message.charset)]
    if segment[2][0] not in BINARY or segment[2][element] != raw:
        steps += [*([Step("unwrap")] if "\n" in raw or "\r" in raw else []), Step("rstrip")]
        raw = clean(raw)
    if component is None and has_parts:
        raw = with_components(raw, cut.component)
        steps.append(Step("components", cut.component))
    return Source(path, message.place(start, end), tuple(steps), raw) if raw else None


def binary_faults(message: Text, body: Collection[Segment]) -> Iterator[Finding]:
    """Binary segments whose length does not lead to a terminator: they were cut like any other."""
    for start, end, data in body:
        index = BINARY.get(data[0])
        if index is None:
            continue
        given = data[index] if len(data) > index else ""
        content = message.place(end - len(data[-1]), end)
        if len(data) != index + 2 or given != str(content.end - content.start).zfill(len(given)):
            fact = f"{data[0]}{index:02d} says {given[:20] or 'nothing'}, which is not the length of what follows"
            yield Finding("x12.binary_length", fact, message.place(start, end), details={"segment": data[0]})
