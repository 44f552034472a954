"""X12 grammar as data: elements, composites, segments and sets, read from the text format of ``grammars/x12``.

A grammar is made of texts, each with any of the sections ``elements``, ``composites``, ``segments`` and
``set CODE GROUP NAME``; a later text replaces what an earlier one names, so that an upload adds or corrects.
Set lines are ``TAG M|O MOST`` (``*`` = no limit) and ``loop TAG M|O MOST [tree]``, nested by two blanks: the
tag of a loop is its first segment, parent of the rest. ``tree``: instances nest by their elements 1 and 2 (HL).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from canonical_model.problems import Misconfigured


@dataclass(frozen=True, slots=True)
class Element:
    """A data element: lengths count characters, for numbers without sign and decimal point."""

    number: str
    type: str
    shortest: int
    longest: int
    name: str = ""
    later: tuple[tuple[str, int], ...] = ()
    codes: frozenset[str] = frozenset()
    plain: bool = False
    """Any printable text of the right length will do."""

    def most(self, version: str) -> int:
        """Longest in a release, as GS08 names it (``004010``)."""
        return max([self.longest, *(most for since, most in self.later if version[:6] >= since)])


@dataclass(frozen=True, slots=True)
class Position:
    """One place of a segment or composite: an element, or a composite with its own places."""

    element: Element | None
    parts: tuple[Position, ...] = ()
    mandatory: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition across elements: kind P (all or none), R (at least one), E (at most one), C (first needs the
    rest), L (first needs one of the rest); elements counted from 1."""

    kind: str
    elements: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SegmentType:
    """A segment: ``pairs`` are (first, last) places that hold kind and number in turn."""

    tag: str
    name: str
    positions: tuple[Position, ...]
    pairs: tuple[tuple[int, int], ...] = ()
    rules: tuple[Rule, ...] = ()
    least: int = 0
    """The last mandatory place."""

    def pair_starts(self) -> tuple[int, ...]:
        """Places of the kinds; the number stands one further."""
        return tuple(start for first, last in self.pairs for start in range(first, last, 2))

    def composites(self) -> tuple[int, ...]:
        """Places that hold composites."""
        return tuple(place for place, position in enumerate(self.positions, 1) if position.parts)


@dataclass(frozen=True, slots=True)
class Part:
    """A segment of a set or, with ``loop``, a loop named by its first segment. ``most`` None = no limit."""

    tag: str
    mandatory: bool
    most: int | None
    loop: bool = False
    tree: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class SetType:
    """A transaction set. ``purpose`` is the (tag, place) whose code makes the more specific type, ``counts``
    the fields that count segments of the set: (tag, place, counted tag)."""

    code: str
    group: str
    name: str
    parts: tuple[Part, ...]
    purpose: tuple[str, int] | None = None
    counts: tuple[tuple[str, int, str], ...] = ()

    def tags(self) -> frozenset[str]:
        """Every tag that occurs."""
        return frozenset(part.tag for part in every(self.parts))


def every(parts: tuple[Part, ...]) -> Iterator[Part]:
    """All parts, depth first."""
    for part in parts:
        yield part
        yield from every(part.parts)


@dataclass(slots=True)
class Grammar:
    """What is known of X12. Filled once by ``parse``, then only read."""

    elements: dict[str, Element] = field(default_factory=dict)
    composites: dict[str, tuple[Position, ...]] = field(default_factory=dict)
    segments: dict[str, SegmentType] = field(default_factory=dict)
    sets: dict[str, SetType] = field(default_factory=dict)


def parse(texts: Mapping[str, str]) -> Grammar:
    """Read grammar texts, in the order of definition needs: elements of all texts, then composites, segments, sets.

    ``texts``: name (for messages) -> text. Raises Misconfigured with name and line.
    """
    grammar = Grammar()
    sections = [section for name, text in texts.items() for section in _sections(name, text)]
    for kind, read in _READERS.items():
        for section in sections:
            if section.kind == kind:
                read(grammar, section)
    return grammar


@dataclass(frozen=True, slots=True)
class _Line:
    at: str
    text: str

    def wrong(self, fact: str) -> Misconfigured:
        return Misconfigured(f"{fact}: {self.text.strip()!r}", at=self.at, fix="see grammars/x12 for the form of a line")


@dataclass(frozen=True, slots=True)
class _Section:
    kind: str
    head: _Line
    lines: tuple[_Line, ...]


def _sections(name: str, text: str) -> Iterator[_Section]:
    head: _Line | None = None
    lines: list[_Line] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = _Line(f"{name}:{number}", raw.rstrip())
        word = line.text.split(" ", 1)[0]
        if not line.text.strip() or line.text.startswith("#"):
            continue
        if word in _READERS:
            if head is not None:
                yield _Section(head.text.split(" ", 1)[0], head, tuple(lines))
            head, lines = line, []
        elif head is None:
            raise line.wrong(f"a grammar begins with one of {', '.join(_READERS)}, found")
        else:
            lines.append(line)
    if head is not None:
        yield _Section(head.text.split(" ", 1)[0], head, tuple(lines))


_ELEMENT: Final = re.compile(r"(\w+) (AN|ID|DT|TM|R|B|N\d) (\d+) (\d+)((?:,\d{6}:\d+)*) ?([^:]*)(?::(.*))?")
_INLINE: Final = re.compile(r"(?:(\w+)/)?(AN|ID|DT|TM|R|B|N\d)/(\d+)/(\d+)")
_REPEATED: Final = re.compile(r"(\d+)x\(([^)]*)\)")
_SEGMENT: Final = re.compile(r"([A-Z][A-Z0-9]{1,2}|C\d{3}) ([^=|]*?) = ([^|]+)(?:\|(.*))?")
_RULE: Final = re.compile(r"([PRECL])((?:\d\d){2,})")
_PAIRS: Final = re.compile(r"pairs (\d+)-(\d+)")
_SET: Final = re.compile(r"set (\w{3}) (\w\w) (.+)")
_PART: Final = re.compile(r"((?:  )*)(loop )?([A-Z][A-Z0-9]{1,2}) ([MO]) (\d+|\*)( tree)?")
_FIELD: Final = re.compile(r"([A-Z][A-Z0-9]{1,2})(\d\d)")


def _match(pattern: re.Pattern[str], line: _Line, what: str) -> re.Match[str]:
    found = pattern.fullmatch(line.text.strip(" ") if pattern is not _PART else line.text)
    if found is None:
        raise line.wrong(f"not {what}")
    return found


def _read_elements(grammar: Grammar, section: _Section) -> None:
    for line in section.lines:
        number, kind, least, most, later, name, codes = _match(_ELEMENT, line, "an element line").groups()
        since = tuple((pair.split(":")[0], int(pair.split(":")[1])) for pair in later.split(",") if pair)
        grammar.elements[number] = Element(
            number, kind, int(least), int(most), name.strip(), since, frozenset((codes or "").split()), _plain(kind, codes)
        )


def _plain(kind: str, codes: str | None) -> bool:
    return kind in ("AN", "ID") and not codes


def _read_composites(grammar: Grammar, section: _Section) -> None:
    for line in section.lines:
        tag, _, positions, _ = _match(_SEGMENT, line, "a composite line").groups()
        grammar.composites[tag] = _positions(grammar, positions, line)


def _read_segments(grammar: Grammar, section: _Section) -> None:
    for line in section.lines:
        tag, name, positions, extras = _match(_SEGMENT, line, "a segment line").groups()
        pairs = tuple((int(first), int(last)) for first, last in _PAIRS.findall(extras or ""))
        words = _PAIRS.sub("", extras or "").split()
        rules = tuple(_rule(word, line) for word in words)
        places = _positions(grammar, positions, line)
        least = max((place for place, position in enumerate(places, 1) if position.mandatory), default=0)
        grammar.segments[tag] = SegmentType(tag, name, places, pairs, rules, least)


def _rule(word: str, line: _Line) -> Rule:
    found = _RULE.fullmatch(word)
    if found is None:
        raise line.wrong(f"{word!r} is no rule")
    digits = found[2]
    return Rule(found[1], tuple(int(digits[at : at + 2]) for at in range(0, len(digits), 2)))


def _positions(grammar: Grammar, text: str, line: _Line) -> tuple[Position, ...]:
    expanded = _REPEATED.sub(lambda found: " ".join([found[2]] * int(found[1])), text)
    return tuple(_position(grammar, word, line) for word in expanded.split())


def _position(grammar: Grammar, word: str, line: _Line) -> Position:
    name, mandatory = word.rstrip("!"), word.endswith("!")
    if name in grammar.composites:
        return Position(None, grammar.composites[name], mandatory)
    if name in grammar.elements:
        return Position(grammar.elements[name], (), mandatory)
    found = _INLINE.fullmatch(name)
    if found is None:
        raise line.wrong(f"element {name!r} is not defined")
    return Position(Element(found[1] or "", found[2], int(found[3]), int(found[4]), plain=_plain(found[2], "")), (), mandatory)


def _read_set(grammar: Grammar, section: _Section) -> None:
    code, group, name = _match(_SET, section.head, "a set line").groups()
    purpose: tuple[str, int] | None = None
    counts: list[tuple[str, int, str]] = []
    body: list[_Line] = []
    for line in section.lines:
        words = line.text.split()
        if words[0] == "purpose" and len(words) == 2:
            purpose = _field(words[1], line)
        elif words[0] == "count" and len(words) == 3:
            counts.append((*_field(words[1], line), words[2]))
        else:
            body.append(line)
    parts = _parts(grammar, body)
    grammar.sets[code] = SetType(code, group, name, parts, purpose, tuple(counts))


def _field(word: str, line: _Line) -> tuple[str, int]:
    found = _FIELD.fullmatch(word)
    if found is None:
        raise line.wrong(f"{word!r} is no element of a segment")
    return found[1], int(found[2])


def _parts(grammar: Grammar, lines: list[_Line]) -> tuple[Part, ...]:
    out: list[Part] = []
    at = 0
    depth = _depth(lines[0]) if lines else 0
    while at < len(lines):
        _, loop, tag, usage, most, tree = _match(_PART, lines[at], "a line of a set").groups()
        if tag not in grammar.segments:
            raise lines[at].wrong(f"segment {tag} is not defined")
        end = next((n for n in range(at + 1, len(lines)) if _depth(lines[n]) <= depth), len(lines))
        inner = lines[at + 1 : end]
        if (inner and not loop) or (inner and _depth(inner[0]) != depth + 1) or _depth(lines[at]) != depth:
            raise lines[at].wrong("nesting goes by two blanks below a loop")
        out.append(Part(tag, usage == "M", None if most == "*" else int(most), bool(loop), bool(tree), _parts(grammar, inner)))
        at = end
    return tuple(out)


def _depth(line: _Line) -> int:
    return (len(line.text) - len(line.text.lstrip(" "))) // 2


_READERS: Final[Mapping[str, Callable[[Grammar, _Section], None]]] = {
    "elements": _read_elements,
    "composites": _read_composites,
    "segments": _read_segments,
    "set": _read_set,
}
