"""Canonical bodies as source of outgoing mappings: fast, because the hub itself wrote and validated them.

Parsed by orjson; the text is decoded only when lineage asks for places. A number with a fraction would have become a
float there, and canonical JSON has none (decision D21): such a body is read by the strict reader instead.
"""

from __future__ import annotations

from typing import Any

import orjson

from adapters.base import Finding
from adapters.charset import Decoded
from adapters.json_document.document import JsonDocument
from adapters.json_document.options import JsonLayout
from adapters.json_document.parse import Message
from adapters.json_document.reader import read as read_strictly
from canonical_model.problems import Unreadable, cause_key

_OWN = Finding("charset.decided", "charset utf-8: a canonical body", severity="note")


def read(raw: bytes, layout: JsonLayout) -> JsonDocument:
    """One body as a document. Raises Unreadable when it is no JSON object."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"a canonical body is not JSON: {error}", key=cause_key("canonical", "syntax")) from None
    if not isinstance(value, dict):
        raise Unreadable("a canonical body is not an object", key=cause_key("canonical", "object"))
    if _has_float(value):
        return next(read_strictly(raw, layout))
    text = str(raw, "utf-8")
    return JsonDocument(Message(Decoded(text, "utf-8", 0, False, _OWN)), layout, 1, value, (0, len(text)))


def _has_float(value: Any) -> bool:
    inner = value.values() if type(value) is dict else value
    return any(type(item) is float or (type(item) in (dict, list) and _has_float(item)) for item in inner)
