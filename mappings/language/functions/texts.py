"""Functions on texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mappings.language.functions.values import number_text
from mappings.language.registry import ANY, NUMBERS, Failed, Parameter, Type, function


@function("strip", total=True, examples=[("' a b ' | strip", "a b"), ("'  ' | strip ?", None)], nullable=True)
def strip(value: str) -> str | None:
    """Without blanks at both ends; nothing but blanks is absent."""
    return value.strip() or None


@function("strip0", total=True, examples=[("'0000004711' | strip0", "4711"), ("'000' | strip0", "0"), ("'00AB' | strip0", "00AB")])
def strip0(value: str) -> str:
    """A number without its leading zeros, as SAP shows it (ALPHA conversion): a text with other characters stays as it is."""
    return (value.lstrip("0") or "0") if value.isdigit() and value.isascii() else value


@function("upper", total=True, examples=[("'ab' | upper", "AB")])
def upper(value: str) -> str:
    """In capital letters."""
    return value.upper()


@function("lower", total=True, examples=[("'AB' | lower", "ab")])
def lower(value: str) -> str:
    """In small letters."""
    return value.lower()


@function(
    "pad",
    parameters=[
        Parameter("length", static="int"),
        Parameter("with", static="word", required=False, default="0"),
        Parameter("side", static="word", required=False, default="left"),
    ],
    examples=[("'42' | pad(5)", "00042"), ("'42' | pad(4, with=' ', side=right)", "42  "), ("'42' | pad(1)", "invalid_value")],
)
def pad(**options: Any) -> Callable[[str], str]:
    """Filled up to a length, at the left with zeros unless said otherwise. A longer text is refused, not cut."""
    length, fill, right = options["length"], options["with"], options["side"] == "right"
    if len(fill) != 1 or options["side"] not in ("left", "right"):
        raise ValueError("pad fills with one character, at side left or right")

    def padded(value: str) -> str:
        if len(value) > length:
            raise Failed(f"{value!r} is longer than {length} characters", "give the target more room, or use cut", value)
        return value.ljust(length, fill) if right else value.rjust(length, fill)

    return padded


@function(
    "cut",
    total=True,
    parameters=[Parameter("length", static="int"), Parameter("start", static="int", required=False, default=1)],
    nullable=True,
    examples=[("'ABCDE' | cut(3)", "ABC"), ("'ABCDE' | cut(2, start=4)", "DE"), ("'AB' | cut(2, start=5) ?", None)],
)
def cut(length: int, start: int) -> Callable[[str], str | None]:
    """At most so many characters, from the first or from `start` (counted from 1); none left is absent."""
    if start < 1:
        raise ValueError("start counts from 1")
    first = start - 1
    return lambda value: value[first : first + length] or None


@function(
    "replace",
    total=True,
    nullable=True,
    parameters=[Parameter("old", static="word"), Parameter("new", static="word")],
    examples=[("'a-b-c' | replace('-', '/')", "a/b/c"), ("'--' | replace('-', '') ?", None)],
)
def replace(old: str, new: str) -> Callable[[str], str | None]:
    """Every occurrence of a text as another one; nothing left is absent."""
    if not old:
        raise ValueError("replace needs a text to look for")
    return lambda value: value.replace(old, new) or None


@function(
    "part",
    total=True,
    parameters=[Parameter("separator", static="word"), Parameter("number", static="int")],
    nullable=True,
    examples=[("'KD-2026-17' | part('-', 2)", "2026"), ("'KD' | part('-', 2) ?", None)],
)
def part(separator: str, number: int) -> Callable[[str], str | None]:
    """One part of a text between separators, counted from 1; absent when there are fewer or it is empty."""
    if not separator or number < 1:
        raise ValueError("part needs a separator and a number from 1")

    def one(value: str) -> str | None:
        parts = value.split(separator)
        return (parts[number - 1] or None) if len(parts) >= number else None

    return one


@function(
    "choose",
    parameters=[Parameter("else", static="else", required=False)],
    pairs=True,
    nullable=False,
    examples=[
        ("'001' | choose('001'='add', '002'='delete')", "add"),
        ("'009' | choose('001'='add')", "invalid_value"),
        ("'009' | choose('001'='add', else='change')", "change"),
        ("'X' | choose(A=yes, else=keep)", "X"),
    ],
)
def choose(pairs: tuple[tuple[str, str], ...], **options: Any) -> Callable[[str], str]:
    """A small fixed list of values, each as another one; what is not in the list is refused unless `else=` says otherwise."""
    table, other = dict(pairs), options["else"]

    def chosen(value: str) -> str:
        found = table.get(value)
        if found is not None:
            return found
        if other is None or other is False:
            listed = ", ".join(sorted(table))
            raise Failed(f"{value!r} is not one of {listed}", "add it to choose(...) or say else=", value)
        return value if other is True else str(other)

    return chosen


@function(
    "text", NUMBERS | {Type.DATE, Type.INSTANT}, total=True, examples=[("'007' | int | text", "7"), ("'1.50' | decimal | text", "1.50")]
)
def text(value: Any) -> str:
    """A number, date or instant as text, in canonical form."""
    return number_text(value)


@function(
    "default",
    ANY,
    None,
    parameters=[Parameter("value", ANY)],
    total=True,
    examples=[("'' | strip | default('EA')", "EA"), ("'CS' | default('EA')", "CS")],
)
def default(value: Any, other: Any) -> Any:
    """What stands in for an absent value: a constant or another path, which may be absent in turn."""
    return other if value is None else value
