"""The outside of an interchange on its way out: separators, envelope, counts, and the check of every value.

Everything that differs from message to message is given (``Outgoing``): same arguments, same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters import charset
from adapters.edi import COMPONENT, Separators
from canonical_model.problems import Cause, Misconfigured, Problem, cause_key

Row = list[str]
"""A segment's elements, tag first, components by ``edi.COMPONENT``."""

_CONTROL: Final = re.compile(r"[\x00-\x1e\x7f]")
SEPARATORS: Final = {"element": "*", "component": ">", "terminator": "~", "repetition": "^"}
_DEFAULT: Final = {"ISA01": "00", "ISA02": "", "ISA03": "00", "ISA04": "", "ISA05": "ZZ", "ISA07": "ZZ", "ISA14": "0", "GS07": "X"}
_WIDTHS: Final = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Settings of one interchange. ``values``: what is given for envelope fields (ISA06, GS03, ST02 ...)."""

    cut: Separators
    version: str
    charset: str
    line_break: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Set:
    """One transaction set: ST01, ST03 and the segments between ST and SE."""

    code: str
    rows: Sequence[Row]
    implementation: str = ""


def outgoing(assigned: Mapping[str, str], options: Mapping[str, Any]) -> Outgoing:
    """Settings from what the hub assigned and the route's options; the assigned win.

    Names: ISA01-ISA08, ISA13, ISA14, GS02, GS03, GS06, GS07, ST02; ``sender`` and ``receiver`` (``ZZ:ACME`` or
    ``ACME``), ``date`` (YYYYMMDD or YYYY-MM-DD), ``time`` (HHMM or HHMMSS), ``version`` (004010), ``usage`` (P or T);
    ``element``, ``component``, ``repetition``, ``terminator``, ``line_break``, ``charset``.
    Raises Misconfigured for what is missing or cannot stand in an envelope.
    """
    given = {name: str(value) for name, value in {**options, **assigned}.items() if isinstance(value, str) and value}
    for role, qualifier, name in (("sender", "ISA05", "ISA06"), ("receiver", "ISA07", "ISA08")):
        if role in given:
            kind, _, id = given[role].rpartition(":")
            given = {name: id, **({qualifier: kind} if kind else {}), **given}
    version = given.get("version", "004010")
    repetition = given.get("repetition", SEPARATORS["repetition"] if version >= "004020" else "")
    element, component, terminator = (given.get(name, SEPARATORS[name]) for name in ("element", "component", "terminator"))
    cut = Separators(element, component, terminator, repetition)
    marks = [mark for mark in (cut.element, cut.component, cut.terminator, cut.repetition) if mark]
    if any(len(mark) != 1 or mark.isalnum() or mark == " " for mark in marks) or len(set(marks)) != len(marks):
        raise Misconfigured(
            f"separators {marks!r} cannot cut an interchange",
            at="options",
            fix="single, different characters, none a letter, digit or blank",
        )
    lines = "\n" if options.get("line_break") else ""
    return Outgoing(cut, version, charset.codec(given.get("charset", "utf-8")), lines, _dated(given, version))


def _dated(given: Mapping[str, str], version: str) -> dict[str, str]:
    day, time = given.get("date", "").replace("-", ""), given.get("time", "").replace(":", "")
    values = {**_DEFAULT, "ISA15": given.get("usage", "P"), "ISA09": day[2:], "ISA10": time[:4], "GS04": day, "GS05": time, **given}
    values["ISA12"] = version[:5]
    for name in ("ISA06", "ISA08", "ISA13", "ISA09", "ISA10"):
        if not values.get(name):
            raise Misconfigured(
                f"X12 needs {name} ({_MEANING[name]}) and it is not given", at="assigned", fix=f"assign {name}, or set it on the route"
            )
    if not (values["ISA13"].isascii() and values["ISA13"].isdigit() and len(values["ISA13"]) <= 9):
        raise Misconfigured(f"ISA13 {values['ISA13']!r} is no control number", at="assigned", fix="a number of at most 9 digits")
    values["ISA13"] = values["ISA13"].zfill(9)
    out = {"GS02": values["ISA06"], "GS03": values["ISA08"], "GS06": str(int(values["ISA13"])), "GS08": version, "ST02": "0001"}
    return {**out, **values}


_MEANING: Final = {"ISA06": "sender", "ISA08": "receiver", "ISA13": "control number", "ISA09": "date", "ISA10": "time"}


def assemble(out: Outgoing, group: str, sets: Sequence[Set], before: Sequence[Row] = ()) -> bytes:
    """An interchange of one group (none when there are no sets), with ``before`` (TA1) between ISA and GS.
    Values must have passed ``problems``; counts are computed."""
    values = out.values
    rows: list[Row] = [*before]
    if sets:
        rows.append(["GS", group, *(values[f"GS0{place}"] for place in range(2, 9))])
        if found := next(problems(rows[-1], out), None):
            raise Misconfigured(found.fact, at="assigned", fix=found.fix)
        for number, one in zip(_numbers(values["ST02"]), sets, strict=False):
            rows.append(["ST", one.code, number, *([one.implementation] if one.implementation else [])])
            rows += one.rows
            rows.append(["SE", str(len(one.rows) + 2), number])
        rows.append(["GE", str(len(sets)), values["GS06"]])
    rows.append(["IEA", str(1 if sets else 0), values["ISA13"]])
    end = out.cut.terminator + out.line_break
    text = end.join([_isa(out), *(_text(row, out.cut) for row in rows)]) + end
    return text.encode(out.charset)


def _numbers(first: str) -> Iterator[str]:
    """Control numbers of sets from the first one on, as wide as it is."""
    digits = re.search(r"\d*$", first)
    stem, number = (first[: digits.start()], digits[0]) if digits else (first, "")
    at = int(number or "1")
    while True:
        yield f"{stem}{at:0{len(number)}d}"
        at += 1


def _isa(out: Outgoing) -> str:
    values = {**out.values, "ISA11": out.cut.repetition or "U", "ISA16": out.cut.component}
    fields = []
    for place, width in enumerate(_WIDTHS, 1):
        text = values[f"ISA{place:02d}"]
        if len(text) > width or (place != 16 and any(mark in text for mark in (out.cut.element, out.cut.terminator))):
            raise Misconfigured(
                f"ISA{place:02d} {text!r} cannot stand in an ISA",
                at="assigned",
                fix=f"at most {width} characters, none of them a separator",
            )
        fields.append(text.ljust(width))
    return out.cut.element.join(["ISA", *fields])


def _text(row: Row, cut: Separators) -> str:
    """A segment without trailing empty elements and components."""
    fields = [cut.component.join(text.rstrip(COMPONENT).split(COMPONENT)) for text in row]
    while len(fields) > 1 and not fields[-1]:
        fields.pop()
    return cut.element.join(fields)


def problems(row: Row, out: Outgoing) -> Iterator[Problem]:
    """Why a segment's values cannot be written: a separator or control character inside, or a character that the
    charset does not hold."""
    marks = [mark for mark in (out.cut.element, out.cut.component, out.cut.terminator, out.cut.repetition) if mark]
    for place, text in enumerate(row):
        if text.isalnum() and text.isascii():
            continue
        hit = next((mark for mark in marks if mark in text), None) or (found[0] if (found := _CONTROL.search(text)) else None)
        if hit is not None:
            yield refused(
                row[0], place, text, f"holds {hit!r}, which cuts segments of this interchange", "choose other separators on the route"
            )
        elif lost := charset.unencodable(text, out.charset):
            yield refused(
                row[0], place, text, f"holds {lost!r}, which charset {out.charset} cannot hold", "set another charset on the route"
            )


def refused(tag: str, place: int, text: str, fact: str, fix: str) -> Problem:
    """An invalid value, named by its element."""
    name = f"{tag}{place:02d}" if place else tag
    shown = text.replace(COMPONENT, " ")
    return Problem(
        Cause.INVALID_VALUE,
        cause_key("x12", name),
        f"{name} {shown[:60]!r} {fact}",
        f"{fix}, or shorten or clean it in the mapping",
        value=shown,
    )
