"""The named steps from a raw token to a field's text: closed, pure, total on what the readers hand over.

Recorded by ``Document.source`` and repeated by ``apply_steps``, so that lineage can be checked by anybody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final


def decode(value: bytes, charset: str) -> str:
    """Bytes to text, strictly."""
    return value.decode(charset)


def rstrip(value: str, _: str) -> str:
    """Without trailing blanks."""
    return value.rstrip(" ")


def strip(value: str, _: str) -> str:
    """Without blanks at both ends."""
    return value.strip()


def unquote(value: str, quote: str) -> str:
    """A quoted cell without its quotes, doubled ones made single; an unquoted one as it is."""
    mark = quote or '"'
    if len(value) >= 2 and value[0] == mark and value[-1] == mark:
        return value[1:-1].replace(mark * 2, mark)
    return value


def release(value: str, character: str) -> str:
    """EDI text without its release characters."""
    out, escaped = [], False
    for letter in value:
        if letter == character and not escaped:
            escaped = True
            continue
        out.append(letter)
        escaped = False
    return "".join(out)


def unwrap(value: str, _: str) -> str:
    """EDI text without the line breaks of a message wrapped at a column."""
    return value.replace("\r", "").replace("\n", "")


def components(value: str, separator: str) -> str:
    """An EDI element's components, without trailing blanks, joined by the unit separator (U+001F)."""
    return "\x1f".join([part.rstrip(" ") for part in value.split(separator)])


def json_string(value: str, _: str) -> str:
    """A JSON string token, or a number or literal token as it is written."""
    return str(json.loads(value)) if value.startswith('"') else value


def xml_text(value: str, _: str) -> str:
    """XML character data: references, CDATA sections, comments left out, line ends as XML 1.0 (2.11) says."""
    from adapters.xml_text import character_data

    return character_data(value)


STEPS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "decode": decode,
    "rstrip": rstrip,
    "strip": strip,
    "unquote": unquote,
    "release": release,
    "unwrap": unwrap,
    "components": components,
    "json_string": json_string,
    "xml_text": xml_text,
}
