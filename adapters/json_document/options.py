"""What a mapping's ``source:`` or ``target:`` block and a route may say about JSON, and the (open) layout.

============= ============================================================================ ==========
word          meaning                                                                      default
============= ============================================================================ ==========
``type``      the document type that routes name                                           ``json``
``charset``   of the message; see ``adapters.charset``                                     decided per message
``documents`` where the documents are: ``/data/orders`` or ``data.orders``                 the top
``lines``     ``true``: one document a line (NDJSON); ``auto``: when the text is not one value ``auto``
``depth``     deepest nesting that is read                                                 64
``numbers``   writing only: fields that are JSON numbers, as ``lines.quantity``            texts
``booleans``  writing only: fields that are ``true`` or ``false``                          texts
``indent``    writing only: ``true``: two blanks a level                                   ``false``
============= ============================================================================ ==========
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from hashlib import sha256
from typing import Any, Final

from adapters.base import Access, Key
from adapters.charset import codec
from canonical_model.problems import Misconfigured

Pointer = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """The words above, checked and typed."""

    type: str = "json"
    charset: str | None = None
    documents: Pointer = ()
    lines: bool | None = None
    depth: int = 64
    numbers: frozenset[Pointer] = frozenset()
    booleans: frozenset[Pointer] = frozenset()
    indent: bool = False


_WORDS: Final = tuple(item.name for item in fields(Options))


def pointer(text: str) -> Pointer:
    """``/lines/0/quantity``, ``/lines/*/quantity`` and ``lines.quantity`` name the same field: places in lists do not count.

    >>> pointer("/lines/*/quantity") == pointer("lines.quantity")
    True
    """
    if text.startswith("/"):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]
    else:
        parts = text.split(".") if text else []
    return tuple(part for part in parts if part and part != "*" and not part.isdigit())


def parse(options: Mapping[str, Any]) -> Options:
    """Check the words of a mapping or route. Raises Misconfigured naming the word and the right one."""
    values: dict[str, Any] = {}
    for word, value in options.items():
        if word not in _WORDS:
            near = get_close_matches(word, _WORDS, 1)
            fix = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(_WORDS)}"
            raise Misconfigured(f"{word!r} is not an option of a JSON document", at="source", fix=fix)
        if value is not None:
            values[word] = _value(word, value)
    return Options(**values)


def _value(word: str, value: Any) -> Any:
    if word in ("numbers", "booleans"):
        names: Sequence[Any] = [value] if isinstance(value, str) else value
        return frozenset(pointer(str(name)) for name in names)
    text = str(value).strip()
    if word == "charset":
        codec(text)
    if word == "documents":
        return pointer(text)
    if word == "depth":
        return _depth(text)
    return _flag(word, text.lower()) if word in ("lines", "indent") else text


def _depth(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 500):
        raise Misconfigured(f"depth is {text!r}", at="source.depth", fix="a number from 1 to 500")
    return int(text)


def _flag(word: str, text: str) -> bool | None:
    choices = {"true": True, "false": False} | ({"auto": None} if word == "lines" else {})
    if text not in choices:
        raise Misconfigured(f"{word} is {text!r}", at=f"source.{word}", fix=f"one of {', '.join(choices)}")
    return choices[text]


class JsonLayout:
    """JSON is open: any name compiles, a field is a key. Equal when all options are."""

    open: Final = True

    def __init__(self, options: Options, format: str = "json") -> None:
        self.options, self.type, self.format = options, options.type, format
        shown = (f"{item.name}={_stable(getattr(options, item.name))}" for item in fields(options))
        self.hash = sha256("\n".join([f"{format} 1", *shown]).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JsonLayout) and other.hash == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def segments(self, parent: str | None) -> Sequence[str]:
        """Not known in advance."""
        return ()

    def fields(self, segment: str) -> Sequence[str]:
        """Not known in advance."""
        return ()

    def access(self, segment: str, name: str) -> Access | None:
        """By key; the value of a scalar in a list is the field ``""``."""
        return Key(name)


def _stable(value: Any) -> str:
    return repr(sorted(value)) if isinstance(value, frozenset) else repr(value)
