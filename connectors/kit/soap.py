"""SOAP envelopes around a payload: cut it out unchanged, put one around, answers and faults. Versions 1.1 and 1.2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

NAMESPACES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_NO_TAG = rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
_REST = rb"(?P<rest>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>"
_TOKEN = re.compile(_NO_TAG + rb"|<(?P<close>/?)(?P<name>[^\s/>!?]+)" + _REST, re.DOTALL)
_DECLARATION = re.compile(rb"\s*<\?xml\s[^?]*\?>")


class NotXml(Exception):
    """The text is not well-formed XML, or holds a document type (refused: entities)."""


def parser() -> etree.XMLParser:
    """The one hardened parser: no entities, no network, no document types are followed."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)


def parse(raw: bytes) -> etree._Element:
    """The root element. Raises NotXml."""
    try:
        root = etree.fromstring(raw, parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotXml("a document type (DOCTYPE) is not taken")
    return root


def ends(raw: bytes, *names: str) -> Iterator[tuple[str, etree._Element]]:
    """Elements of these local names as they begin (``start``) and end (``end``), for texts too long to be kept as a tree.
    Raises NotXml, perhaps only after the last element: what is made of them counts only when the text has ended."""
    options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "remove_comments": True, "remove_pis": True}
    try:
        found = etree.iterparse(BytesIO(raw), ("start", "end"), tag=[f"{{*}}{name}" for name in names], **options)
        yield from found
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(str(error)) from None
    if found.root is not None and found.root.getroottree().docinfo.internalDTD is not None:
        raise NotXml("a document type (DOCTYPE) is not taken")


def local(element: etree._Element) -> str:
    """An element's name without its namespace."""
    return etree.QName(element).localname


def version(root: etree._Element) -> str | None:
    """The envelope's namespace, or None when the root is no SOAP envelope."""
    name = etree.QName(root)
    return name.namespace if name.localname == "Envelope" and name.namespace in NAMESPACES else None


def unwrap(raw: bytes, scope: Mapping[str | None, str]) -> bytes | None:
    """The bytes of the first element in the envelope's Body of a well-formed text, or None when there is none.

    They are cut, not written anew. Only what would be lost with the envelope goes along: the XML declaration, where it names
    a charset, and the namespace prefixes (``scope``, those of Body) that the payload borrows from the envelope.
    """
    place = _payload_place(raw)
    if place is None:
        return None
    start, end, name_end = place
    declaration = _DECLARATION.match(raw)
    head = declaration.group().lstrip() if declaration and b"encoding" in declaration.group() else b""
    return head + raw[start:name_end] + _borrowed(scope, raw[start:end]) + raw[name_end:end]


def _payload_place(raw: bytes) -> tuple[int, int, int] | None:
    """(start, end, end of the name) of the first element inside Body, by counting tags."""
    first = _first_in_body(raw)
    if first is None:
        return None
    name = re.escape(first["name"])
    depth = 0
    for tag in re.compile(_NO_TAG + rb"|<(?P<close>/?)(?P<name>" + name + rb")(?=[\s/>])" + _REST, re.DOTALL).finditer(raw, first.start()):
        if tag["name"]:
            depth += -1 if tag["close"] else 0 if tag["rest"].endswith(b"/") else 1
            if depth == 0:
                return first.start(), tag.end(), first.end("name")
    return None


def _first_in_body(raw: bytes) -> re.Match[bytes] | None:
    open_tags: list[bytes] = []
    for tag in _TOKEN.finditer(raw):
        name, close = tag["name"], tag["close"]
        if name is None:
            continue
        if not close and [part.split(b":")[-1] for part in open_tags] == [b"Envelope", b"Body"]:
            return tag
        if close:
            open_tags.pop()
        elif not tag["rest"].endswith(b"/"):
            open_tags.append(name)
    return None


def _borrowed(scope: Mapping[str | None, str], cut: bytes) -> bytes:
    """Namespace declarations of the envelope that the payload needs and does not make itself."""
    tag = _TOKEN.match(cut)
    own = tag.group() if tag else cut
    names = {f"xmlns:{prefix}" if prefix else "xmlns": uri for prefix, uri in scope.items() if uri not in NAMESPACES}
    needed = {name: uri for name, uri in names.items() if f"{name}=".encode() not in own}
    used = {name: uri for name, uri in needed.items() if name == "xmlns" or f"{name[6:]}:".encode() in cut}
    return b"".join(f" {name}={quoteattr(uri)}".encode() for name, uri in used.items())


def wrap(payload: bytes, namespace: str = NAMESPACES[0]) -> bytes:
    """An envelope around a payload, whose XML declaration goes first."""
    declaration = _DECLARATION.match(payload)
    head, body = (declaration.group().strip(), payload[declaration.end() :]) if declaration else (b"", payload)
    start = f'<soap:Envelope xmlns:soap="{namespace}"><soap:Body>'.encode()
    return head + start + body.strip() + b"</soap:Body></soap:Envelope>"


def fault(text: str, namespace: str, *, sender: bool, code: str = "") -> bytes:
    """A SOAP fault: the sender's or ours. ``code`` is a name of the application."""
    said = escape(f"{code}: {text}" if code else text)
    if namespace == NAMESPACES[1]:
        code = "soap:Sender" if sender else "soap:Receiver"
        reason = f'<soap:Reason><soap:Text xml:lang="en">{said}</soap:Text></soap:Reason>'
        inner = f"<soap:Code><soap:Value>{code}</soap:Value></soap:Code>{reason}"
    else:
        inner = f"<faultcode>{'soap:Client' if sender else 'soap:Server'}</faultcode><faultstring>{said}</faultstring>"
    return wrap(f"<soap:Fault>{inner}</soap:Fault>".encode(), namespace)


def fault_text(root: etree._Element) -> str | None:
    """What a fault says, or None when the answer holds none."""
    found = next((element for element in root.iter() if isinstance(element.tag, str) and local(element) == "Fault"), None)
    if found is None:
        return None
    texts = [element.text for element in found.iter() if isinstance(element.tag, str) and local(element) in ("faultstring", "Text")]
    return next((text.strip() for text in texts if text), "a fault without a text")
