"""Read IDoc XML: charset, the IDOC elements of a package, one hardened parse for each.

A message is cut at its ``<IDOC`` elements before anything is parsed: so a packet is read lazily, each IDoc has its
bytes, and what stands before the root (blank lines, a wrong declaration) harms nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from lxml import etree

from adapters.base import Finding
from adapters.charset import BOMS, CHARSETS
from adapters.idoc.encoding import Encoding, decide
from adapters.idoc.shelf import Shelf
from adapters.idoc.xml_cut import prolog, view_of
from adapters.idoc.xml_document import XmlDocument
from canonical_model.places import Bytes
from canonical_model.problems import Misconfigured, Unreadable, cause_key

_DECLARATION: Final = re.compile(r"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']+)[\"'][^>]*\?>")
_PARSER: Final = etree.XMLParser(
    encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
)
_HEAD: Final = 4096
_DEPTH: Final = 32
_BOM_OF: Final = {name: bom for bom, name in BOMS}


def is_xml(raw: bytes) -> bool:
    """True when the first thing after a byte order mark and blanks is ``<``, in any charset we read."""
    head = bytes(raw[:_HEAD])
    for bom, _ in BOMS:
        head = head.removeprefix(bom)
    return head.replace(b"\0", b"").lstrip()[:1] == b"<"


def read_xml(raw: bytes, shelf: Shelf, options: Mapping[str, Any]) -> Iterator[XmlDocument]:
    """IDocs of an XML message, lazily. Raises Unreadable when it is not well formed, truncated or carries a DTD."""
    encoding, noted = _encoding(raw, options.get("charset"))
    view = view_of(raw, encoding)
    noted = (*noted, *prolog(view, len(raw)))
    depth = int(options.get("depth", _DEPTH))
    for n, (place, part) in enumerate(view.places(), 1):
        text = part.decode("utf-8" if view.copied else encoding.charset)
        yield XmlDocument(n, raw, place, text, encoding.charset, _parsed(n, place, text, depth), shelf, noted)


def _encoding(raw: bytes, declared: str | None) -> tuple[Encoding, tuple[Finding, ...]]:
    """The route's word first, then byte order mark, the XML declaration, strict UTF-8, strict GB18030."""
    head = bytes(raw[:_HEAD])
    said = _DECLARATION.search(head.replace(b"\0", b"").decode("latin-1"))
    name = said.group(1) if said else ""
    if declared is not None or any(head.startswith(bom) for bom in _BOM_OF.values()):
        found = decide(raw, declared)
        return found, found.findings
    if name.lower() in CHARSETS and not name.lower().startswith("utf-16"):
        try:
            return _as_said(raw, decide(raw, name), name)
        except (Unreadable, Misconfigured):
            pass
    found = decide(raw)
    if name and found.charset not in ("ascii", name.lower()):
        text = f"the declaration says {name}, the bytes are {found.charset}"
        return found, (Finding("idoc.charset_contradicts", text, details={"declared": name, "charset": found.charset}),)
    return found, found.findings


def _as_said(raw: bytes, found: Encoding, name: str) -> tuple[Encoding, tuple[Finding, ...]]:
    """The declaration holds; where the bytes are valid UTF-8 as well, that is said."""
    if found.charset == "gb18030" and decide(raw).charset == "utf-8":
        text = f"the declaration says {name} and the bytes are valid UTF-8 as well: declare `charset:` if the text looks wrong"
        return found, (Finding("idoc.charset_doubtful", text, details={"declared": name, "charset": found.charset}),)
    return found, ()


def _parsed(n: int, place: Bytes, text: str, depth: int) -> etree._Element:
    """Parse with everything dangerous off: no entities, no network, no DTD, no huge trees, no endless depth."""
    try:
        element = etree.fromstring(text.encode("utf-8"), _PARSER)
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            f"IDoc {n} is not well-formed XML: {error.msg}",
            key=cause_key("idoc", "not_well_formed"), place=place, fix="ask the sender to repair it",
        ) from None  # fmt: skip
    if _deeper(element, depth):
        raise Unreadable(
            f"IDoc {n} is nested deeper than {depth}", key=cause_key("idoc", "depth"), place=place, fix="raise `depth:` of the route"
        )
    return element


def _deeper(element: etree._Element, depth: int) -> bool:
    """True when something stands more than ``depth`` elements below."""
    return bool(_below(depth)(element))


@lru_cache(maxsize=64)
def _below(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/'.join('*' * (depth + 1))})")
