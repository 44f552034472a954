"""A document that was read, as the writer's arguments: its tree, and how its message was laid out.

With both, ``IdocFormat.write`` makes the same bytes again from a clean message, and one form from the other.
"""

from __future__ import annotations

import re
from typing import Any, Final

from adapters.base import Key, Node, Slice
from adapters.charset import BOMS
from adapters.idoc.definition import CONTROL_WIDTH, HEAD_WIDTH, RECORD_WIDTH
from adapters.idoc.flat_document import FlatDocument
from adapters.idoc.xml_document import XmlDocument

_DECLARATION: Final = re.compile(r"\s*(<\?xml[^>]*\?>[ \t]*)")
_ROOT: Final = re.compile(r"<([A-Za-z_][^\s/>]*)")
_INDENT: Final = re.compile(r"(\r\n|\r|\n)([ \t]*)<IDOC")


def tree_of(document: FlatDocument | XmlDocument) -> dict[str, Any]:
    """The document as a tree, control record included."""
    return _parts(document, document.root(), "")


def _parts(document: FlatDocument | XmlDocument, node: Node, segment: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in document.layout.fields(segment):
        access = document.layout.access(segment, name)
        value = _taken(node[0], access)
        if value:
            found[name] = value
    for name, kids in node[1].items():
        found[name] = [_parts(document, kid, name) for kid in kids]
        if segment == "" and name == "EDI_DC40":
            found[name] = found[name][0]
    return found


def _taken(data: Any, access: Any) -> str:
    if isinstance(access, Key):
        return str(data.get(access.name, ""))
    if isinstance(access, Slice):
        part = data[access.start : access.start + access.length]
        return (part.decode(access.charset or "ascii") if isinstance(part, bytes) else part).rstrip(" ")
    return ""


def style_of_document(document: FlatDocument | XmlDocument) -> dict[str, Any]:
    """Options of the writer that lay a message out as this document's was."""
    options: dict[str, Any] = {"charset": "utf-8" if document.charset == "ascii" else document.charset}
    options["bom"] = any(document.raw[: len(bom)] == bom for bom, _ in BOMS)
    return options | (_of_flat(document) if isinstance(document, FlatDocument) else _of_xml(document))


def _of_flat(document: FlatDocument) -> dict[str, Any]:
    ends = document.content[-1:] in ("\n", "\r", b"\n", b"\r")
    newline = "\n" if document.newline == "mixed" else document.newline
    count = "bytes" if document.layout.form == "bytes" else "characters"
    return {"form": "flat", "newline": newline, "last_newline": ends and newline != "", "trim": _trim(document), "count": count}


def _trim(document: FlatDocument) -> str:
    """How wide records are: padded, cut to the definition, or without trailing blanks."""
    definition = document.layout.definition
    sizes = [len(line) for line in document.lines]
    if sizes[0] == CONTROL_WIDTH and all(size == RECORD_WIDTH for size in sizes[1:]):
        return "none"
    known = [definition.by_type.get(document.type_of(at)) for at in range(1, len(sizes))]
    if all(one is not None and size == HEAD_WIDTH + one.width for one, size in zip(known, sizes[1:], strict=True)):
        return "definition"
    return "blanks"


def _of_xml(document: XmlDocument) -> dict[str, Any]:
    text = bytes(document.raw).decode(document.charset).lstrip("\ufeff")
    declaration = _DECLARATION.match(text)
    body = text[declaration.end() :] if declaration else text
    root, indent = _ROOT.search(body), _INDENT.search(body)
    return {
        "form": "xml",
        "declaration": declaration.group(1) if declaration else False,
        "root": root.group(1) if root else "",
        "newline": indent.group(1) if indent else "\n",
        "indent": indent.group(2) if indent else "",
        "last_newline": text.endswith(("\n", "\r")),
    }
