"""Our own short layout of an IDoc definition: what the shipped partial definitions are written in.

    idoc ORDERS05
    extension ZHUBORD05                     (only for an extension)
    E1EDK01 E2EDK01005 01 m 1..1            type, definition, level, m(andatory)/o(ptional) and q(ualified), count
      ACTION:3 KZABS:1 CURCY:3              its fields in order, name:length, on lines that start with their first colon
    E1EDKA1 E2EDKA1003 02 oq 0..99
      PARVW:3 PARTN:17
      > E1EDKA3 E2EDKA3 03 oq 0..9          one ``>`` a level: a child segment

``#`` starts a comment. Fields follow each other without a gap, as in every IDoc segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from adapters.idoc.definition import Definition, SegmentDef, checked, fields_in_row
from adapters.idoc.names import flat_name, xml_name
from canonical_model.problems import Misconfigured

_SEGMENT: Final = re.compile(r"^((?:> *)*)(\S+) (\S+) (\d+) ([mo]q?) (\d+)\.\.(\d+)$")
_FIELDS: Final = re.compile(r"^[^\s:]+:\d+(?: +[^\s:]+:\d+)*$")
_LINE: Final = 120


@dataclass
class _Open:
    """A segment whose fields are being read."""

    depth: int
    words: tuple[str, ...]
    parent: int
    pairs: list[tuple[str, int]] = field(default_factory=list)

    def close(self) -> SegmentDef:
        type, definition, level, marks, low, high = self.words
        return SegmentDef(
            xml_name(type), definition, self.parent, fields_in_row(self.pairs), int(level), "q" in marks, "m" in marks, int(low), int(high)
        )


def load_compact(text: str) -> Definition:
    """Definition from our own layout. Raises Misconfigured with the line that cannot be read."""
    words: dict[str, str] = {}
    opened: list[_Open] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        body = line.partition("#")[0].strip()
        if not body:
            continue
        if match := _SEGMENT.match(body):
            opened.append(_segment(match, opened, number))
        elif _FIELDS.match(body) and opened:
            opened[-1].pairs.extend((name, int(length)) for name, _, length in (pair.partition(":") for pair in body.split()))
        elif not opened and len(body.split()) == 2:
            words.__setitem__(*body.split())
        else:
            raise Misconfigured(
                f"{body!r} is neither a segment nor fields", at=f"line {number}", fix="see adapters/idoc/compact.py for the layout"
            )
    if "idoc" not in words:
        raise Misconfigured("the definition names no IDoc type", fix="start it with `idoc NAME`")
    return checked(
        Definition(xml_name(words["idoc"]), xml_name(words.get("extension", "")), tuple(one.close() for one in opened), "compact")
    )


def _segment(match: re.Match[str], opened: list[_Open], number: int) -> _Open:
    depth = match.group(1).count(">")
    if depth == 0:
        return _Open(0, match.groups()[1:], -1)
    above = next((index for index in range(len(opened) - 1, -1, -1) if opened[index].depth < depth), None)
    if above is None or opened[above].depth != depth - 1:
        raise Misconfigured(f"segment {match.group(2)} stands {depth} deep below nothing", at=f"line {number}", fix="one `>` a level")
    return _Open(depth, match.groups()[1:], above)


def dump_compact(definition: Definition) -> str:
    """A definition in our own layout, without its texts: ``load_compact`` gives an equal one back."""
    lines = [f"idoc {flat_name(definition.basic)}"]
    if definition.extension:
        lines.append(f"extension {flat_name(definition.extension)}")
    for index, one in enumerate(definition.segments):
        deep = "> " * len(list(definition.ancestors(index)))
        marks = ("m" if one.mandatory else "o") + ("q" if one.qualified else "")
        lines.append(f"{deep}{flat_name(one.type)} {one.definition} {one.level:02d} {marks} {one.low}..{one.high}")
        lines.extend(_field_lines(one, "  " + "  " * (len(deep) // 2)))
    return "\n".join(lines) + "\n"


def _field_lines(segment: SegmentDef, indent: str) -> list[str]:
    lines = [indent]
    for one in segment.fields:
        word = f"{flat_name(one.name)}:{one.length} "
        if len(lines[-1]) + len(word) > _LINE:
            lines.append(indent)
        lines[-1] += word
    return [line.rstrip() for line in lines if line.strip()]
