"""Canonical bodies as source of outgoing mappings: fast, because the hub itself wrote and validated them.

Parsed by orjson; the text is decoded only when lineage asks for places. A number with a fraction would have become a
float there, and canonical JSON has none (decision 0011): such a body is read by the strict reader instead.
"""

from __future__ import annotations

import re
from typing import Final

import orjson

from adapters.base import Finding
from adapters.charset import Decoded
from adapters.json_document.document import JsonDocument
from adapters.json_document.options import JsonLayout
from adapters.json_document.parse import Message
from adapters.json_document.reader import read as read_strictly
from canonical_model.problems import Unreadable, cause_key

_FRACTION: Final = re.compile(rb"[:\[,]\s*-?\d+[.eE]")
"""A bare number with a fraction or exponent (or a text that looks like one: the strict reader is right for both)."""
_OWN: Final = Finding("charset.decided", "charset utf-8: a canonical body", severity="note")


def read(raw: bytes, layout: JsonLayout) -> JsonDocument:
    """One body as a document. Raises Unreadable when it is no JSON object."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"a canonical body is not JSON: {error}", key=cause_key("canonical", "syntax")) from None
    if not isinstance(value, dict):
        raise Unreadable("a canonical body is not an object", key=cause_key("canonical", "object"))
    if _FRACTION.search(raw):
        return next(read_strictly(raw, layout))
    text = str(raw, "utf-8")
    return JsonDocument(Message(Decoded(text, "utf-8", 0, False, _OWN)), layout, 1, value, (0, len(text)))
