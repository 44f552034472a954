"""Load an IDoc definition from its text, whichever of the known layouts it has."""

from __future__ import annotations

import re
from typing import Final

from adapters.idoc.compact import load_compact
from adapters.idoc.definition import Definition
from adapters.idoc.export import load_export

_NAME_SPACE: Final = re.compile(r"(^|\+)/([^/+]+)/")


def load_definition(text: str | bytes) -> Definition:
    """Definition from a parser export (WE60, RSEIDOC3) or our own short layout.

    Bytes are taken as UTF-8 where they are valid, else as ISO 8859-1: only the descriptions can hold such characters.
    Raises Misconfigured with the line that cannot be read.
    """
    content = decoded(text) if isinstance(text, bytes) else text
    return load_export(content) if "BEGIN_" in content else load_compact(content)


def decoded(data: bytes) -> str:
    """Text of a definition file."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def text_name(type: str) -> str:
    """The definition's part of a type as routes and mappings write it, name spaces in their XML form.

    >>> text_name("ORDERS05+ZHUB/ORDERS/CAN"), text_name("ORDERS05+/NS/ZHUB/ORDERS")
    ('ORDERS05+ZHUB', 'ORDERS05+_-NS_-ZHUB')
    """
    return normal_type(type).partition("/")[0]


def normal_type(type: str) -> str:
    """A type with its name spaces in their XML form, so that ``/`` only parts it from message type and variant."""
    return _NAME_SPACE.sub(r"\1_-\2_-", type)
