"""Write IDocs: flat (port version 3) or XML, from trees, by the definition.

Options (all optional): ``form`` flat | xml; ``charset`` (utf-8); ``newline`` LF, CRLF, CR, or empty for none (flat);
``trim`` none | blanks | definition: pad data records to 1063, cut trailing blanks, or cut to the definition's length;
``last_newline`` (True); ``count`` characters | bytes; ``bom`` (False); ``declaration`` (True), ``indent`` (2 blanks),
``root`` (XML: the extension's name, else the basic type's).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from adapters.base import Tree, Written
from adapters.charset import codec
from adapters.idoc.definition import CONTROL_WIDTH, RECORD_WIDTH, Definition
from adapters.idoc.outgoing import Builder, Out, control_values, number, walk
from canonical_model.problems import Misconfigured

_CHOICES = {
    "form": ("flat", "xml"),
    "trim": ("none", "blanks", "definition"),
    "count": ("characters", "bytes"),
    "newline": ("\n", "\r\n", "\r", ""),
}


@dataclass(frozen=True, slots=True)
class Style:
    """How a message is laid out, apart from what it says."""

    form: str = "flat"
    charset: str = "utf-8"
    newline: str = "\n"
    trim: str = "none"
    last_newline: bool = True
    count: str = "characters"
    bom: bool = False
    declaration: str | bool = True
    indent: str = "  "
    root: str = ""


def style_of(options: Mapping[str, Any]) -> Style:
    """Style from options. Raises Misconfigured for a word or value that is not one."""
    known = Style.__dataclass_fields__
    for name, value in options.items():
        if name not in known:
            raise Misconfigured(f"option {name!r} of the IDoc writer is not known", at=name, fix=f"one of {', '.join(known)}")
        if value not in _CHOICES.get(name, (value,)):
            raise Misconfigured(f"{name} {value!r} is not known", at=name, fix=f"one of {', '.join(map(repr, _CHOICES[name]))}")
    return Style(**{**options, "charset": codec(options.get("charset", "utf-8"))})


def write(trees: Sequence[Tree], definition: Definition, type: str, assigned: Mapping[str, str], options: Mapping[str, Any]) -> Written:
    """One message of trees. Raises Misconfigured (type, options), Hold with every value that cannot be said."""
    style = style_of(options)
    built: list[tuple[Out, list[Out]]] = []
    for n, tree in enumerate(trees, 1):
        builder = Builder(definition, style.charset, style.count == "bytes" and style.form == "flat")
        head, top = builder.build(tree, control_values(definition, type, tree, assigned, n))
        number(top)
        built.append((head, top))
    text = _flat(built, style) if style.form == "flat" else _xml(built, style, style.root or definition.name)
    return Written(("\ufeff".encode(style.charset) if style.bom else b"") + text)


def _flat(built: Sequence[tuple[Out, list[Out]]], style: Style) -> bytes:
    newline = style.newline.encode(style.charset)
    records = [record for head, top in built for record in _records(head, top, style)]
    return newline.join(records) + (newline if style.last_newline else b"")


def _records(head: Out, top: list[Out], style: Style) -> Iterator[bytes]:
    values = {one.name: value for one, value in head.values}
    yield _trimmed(_row(head, style), CONTROL_WIDTH, CONTROL_WIDTH, style)
    ids = _pad(values.get("MANDT", ""), 3, style) + _pad(values.get("DOCNUM", ""), 16, style)
    for one in walk(top):
        numbers = f"{one.number:06d}{one.above:06d}{one.segment.level:02d}".encode(style.charset)
        record = _pad(one.segment.definition, 30, style) + ids + numbers + _row(one, style)
        yield _trimmed(record, RECORD_WIDTH, 63 + one.segment.width, style)


def _row(one: Out, style: Style) -> bytes:
    values = dict(one.values)
    return b"".join(_pad(values.get(known, ""), known.length, style) for known in one.segment.fields)


def _pad(value: str, width: int, style: Style) -> bytes:
    size = len(value.encode(style.charset)) if style.count == "bytes" else len(value)
    return (value + " " * (width - size)).encode(style.charset)


def _trimmed(record: bytes, full: int, defined: int, style: Style) -> bytes:
    """A row that is as wide as its definition, brought to the width that the style asks for."""
    if style.trim == "none":
        return record + (" " * (full - defined)).encode(style.charset)
    return record.decode(style.charset).rstrip(" ").encode(style.charset) if style.trim == "blanks" else record


def _xml(built: Sequence[tuple[Out, list[Out]]], style: Style, root: str) -> bytes:
    lines: list[str] = []
    if style.declaration:
        name = style.charset.upper()
        lines.append(style.declaration if isinstance(style.declaration, str) else f'<?xml version="1.0" encoding="{name}"?>')
    lines.append(f"<{root}>")
    for head, top in built:
        lines.append(f'{style.indent}<IDOC BEGIN="1">')
        for one in (head, *top):
            lines.extend(_element(one, style.indent * 2, style.indent))
        lines.append(f"{style.indent}</IDOC>")
    lines.append(f"</{root}>")
    newline = (style.newline or "\n") if style.indent else ""
    return (newline.join(lines) + (newline if style.last_newline else "")).encode(style.charset)


def _element(one: Out, indent: str, step: str) -> Iterator[str]:
    name = one.segment.type
    if not one.values and not one.kids:
        yield f'{indent}<{name} SEGMENT="1"/>'
        return
    yield f'{indent}<{name} SEGMENT="1">'
    for known, value in one.values:
        yield f"{indent}{step}<{known.name}>{escape(value)}</{known.name}>"
    for kid in one.kids:
        yield from _element(kid, indent + step, step)
    yield f"{indent}</{name}>"
