"""What a mapping's ``source:`` block and a route may say about a delimited file, and the layout that follows from it.

======================= =================================================================== ==================
word                    meaning                                                             default
======================= =================================================================== ==================
``type``                the document type that routes name                                  ``delimited``
``charset``             of the file; see ``adapters.charset``                               decided per file
``delimiter``           one character, or ``tab``, ``comma``, ``semicolon``, ``pipe``       sniffed
``quote``               one character, or ``none``: quotes are letters                      ``"``
``header``              ``auto``; the line of the headings, from 1; ``none``: no headings   ``auto``
``columns``             the headings, a list; ``名 ?`` may be missing; closes the layout     any heading
``group``               column or columns: rows with the same values are one document      each row is one
``whole``               ``true``: the file is one document                                  ``false``
``consecutive``         ``true``: a group ends when its value changes (read as a stream)    anywhere in the file
``fill_down``           ``true``: an empty group cell has the value of the row above        ``false``
``totals``              words that mark a total row in its first filled cell                合计, 总计, Total ...
``trim``                ``true``: blanks around a value, also inside quotes, are not part   ``true``
``quoted_empty``        ``value``: ``""`` is the empty text; ``absent``: the same as nothing ``value``
``bom`` ``line_end``    writing only: a byte order mark; ``crlf`` or ``lf``                 no mark, ``crlf``
``bytes``               writing only: column -> longest value in bytes of the charset       no limit
``replace``             writing only: character -> what is written where the charset lacks it
======================= =================================================================== ==================

Every word may come as text, as all scalars of a mapping do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from adapters.base import Access, Key
from adapters.charset import codec
from canonical_model.problems import Misconfigured

TOTALS: Final = ("合计", "总计", "小计", "共计", "本页合计", "本页小计", "累计", "total", "totals", "grand total", "subtotal", "sub total")
_DELIMITERS: Final = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_FLAGS: Final = ("whole", "consecutive", "fill_down", "trim", "bom")


@dataclass(frozen=True)
class Options:
    """The words above, checked and typed."""

    type: str = "delimited"
    charset: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    header: str | int = "auto"
    columns: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    group: tuple[str, ...] = ()
    whole: bool = False
    consecutive: bool = False
    fill_down: bool = False
    totals: frozenset[str] = frozenset(TOTALS)
    trim: bool = True
    quoted_empty: str = "value"
    bom: bool = False
    line_end: str = "\r\n"
    bytes: Mapping[str, int] = field(default_factory=dict)
    replace: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Headings that a file must have."""
        return tuple(dict.fromkeys([*(name for name in self.columns if name not in self.optional), *self.group]))


_WORDS: Final = tuple(item.name for item in fields(Options) if item.name != "optional")


def parse(options: Mapping[str, Any]) -> Options:
    """Check the words of a mapping or route. Raises Misconfigured naming the word and the right one."""
    values: dict[str, Any] = {}
    for word, value in options.items():
        if word not in _WORDS:
            near = get_close_matches(word, _WORDS, 1)
            raise Misconfigured(
                f"{word!r} is not an option of a delimited file",
                at="source",
                fix=f"did you mean {near[0]!r}?" if near else ", ".join(_WORDS),
            )
        if value is not None:
            values |= _READ[word](word, value)
    made = Options(**values)
    if made.header == "none" and not made.columns and made.group:
        raise Misconfigured("a file without headings is grouped by a column", at="source.group", fix="name its columns with `columns:`")
    if made.group and made.whole:
        raise Misconfigured("`whole` and `group` contradict each other", at="source", fix="keep one of them")
    return made


def _text(word: str, value: Any) -> dict[str, Any]:
    return {word: str(value)}


def _flag(word: str, value: Any) -> dict[str, Any]:
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise Misconfigured(f"{word} is {value!r}", at=f"source.{word}", fix="true or false")
    return {word: text == "true"}


def _choice(word: str, value: Any) -> dict[str, Any]:
    choices = {"quoted_empty": {"value": "value", "absent": "absent"}, "line_end": {"crlf": "\r\n", "lf": "\n", "cr": "\r"}}[word]
    if str(value).lower() not in choices:
        raise Misconfigured(f"{word} is {value!r}", at=f"source.{word}", fix=f"one of {', '.join(choices)}")
    return {word: choices[str(value).lower()]}


def _charset(word: str, value: Any) -> dict[str, Any]:
    codec(str(value))
    return {word: str(value)}


def _character(word: str, value: Any) -> dict[str, Any]:
    text = _DELIMITERS.get(str(value).lower(), str(value))
    if word == "quote" and text == "none":
        return {word: ""}
    if len(text) != 1 or text in "\r\n":
        raise Misconfigured(f"{word} {value!r} is not one character", at=f"source.{word}", fix="e.g. ',', 'tab', ';', '|'")
    return {word: text}


def _header(word: str, value: Any) -> dict[str, Any]:
    text = str(value).strip().lower()
    if text in ("auto", "none"):
        return {word: text}
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Misconfigured(f"header is {value!r}", at="source.header", fix="auto, none, or the line of the headings, counted from 1")
    return {word: int(text)}


def _names(word: str, value: Any) -> list[str]:
    names = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise Misconfigured(f"{word} is {value!r}", at=f"source.{word}", fix="a heading, or a list of headings")
    return [heading(name) for name in names]


def _columns(word: str, value: Any) -> dict[str, Any]:
    names = _names(word, value)
    bare = tuple(name.removesuffix("?").rstrip() for name in names)
    doubled = next((name for at, name in enumerate(bare) if name in bare[:at]), None)
    if doubled is not None:
        raise Misconfigured(f"column {doubled!r} is declared twice", at="source.columns", fix=f"the second one is {doubled + '.2'!r}")
    return {word: bare, "optional": frozenset(plain for plain, name in zip(bare, names, strict=True) if name.endswith("?"))}


def _group(word: str, value: Any) -> dict[str, Any]:
    return {word: tuple(_names(word, value))}


def _totals(word: str, value: Any) -> dict[str, Any]:
    return {word: frozenset(filter(None, map(squeezed, _names(word, value))))}


def _table(word: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Misconfigured(f"{word} is {value!r}", at=f"source.{word}", fix="a table")
    if word == "replace":
        return {word: {str(name): str(text) for name, text in value.items()}}
    if not all(str(size).isascii() and str(size).isdigit() for size in value.values()):
        raise Misconfigured(f"{word} holds what is not a number", at=f"source.{word}", fix="column: longest value in bytes")
    return {word: {heading(str(name)): int(str(size)) for name, size in value.items()}}


_READ: Final[Mapping[str, Any]] = {
    "type": _text, "charset": _charset, "delimiter": _character, "quote": _character, "header": _header, "columns": _columns,
    "group": _group, "totals": _totals, "quoted_empty": _choice, "line_end": _choice, "bytes": _table, "replace": _table,
    **dict.fromkeys(_FLAGS, _flag),
}  # fmt: skip


def heading(text: str) -> str:
    """A heading as mappings write it: blanks of any width and line breaks inside become one space.

    >>> heading("　单据\\n编号 ")
    '单据 编号'
    """
    return " ".join(text.split())


def squeezed(text: str) -> str:
    """A word for comparing total rows: small letters, no blanks, no colon (``合 计：`` is ``合计``)."""
    return "".join(text.split()).rstrip(":：").lower()


class DelimitedLayout:
    """What is known before a file is read: nothing but what ``columns`` declares. Equal when all options are."""

    format: Final = "delimited"

    def __init__(self, options: Options) -> None:
        self.options, self.type, self.open = options, options.type, not options.columns
        self.hash = layout_hash(options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DelimitedLayout) and other.hash == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def segments(self, parent: str | None) -> Sequence[str]:
        """The rows below the document, when columns are declared."""
        return ("row",) if parent is None and not self.open else ()

    def fields(self, segment: str) -> Sequence[str]:
        """The declared columns."""
        return self.options.columns

    def access(self, segment: str, name: str) -> Access | None:
        """By heading; None for one that is not declared where columns are."""
        return Key(name) if self.open or name in self.options.columns else None


def layout_hash(options: Options) -> str:
    """SHA-256 over every option, in hexadecimal, with the version of this reader's rules."""
    parts = [f"{item.name}={_stable(getattr(options, item.name))}" for item in fields(options)]
    return sha256("\n".join(["delimited 1", *parts]).encode()).hexdigest()


def _stable(value: Any) -> str:
    if isinstance(value, frozenset):
        return repr(sorted(value))
    return repr(sorted(value.items())) if isinstance(value, Mapping) else repr(value)
