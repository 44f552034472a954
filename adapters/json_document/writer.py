"""Write trees as JSON in the order in which their mapping made them.

Every scalar is a JSON text unless the field is declared under ``numbers`` or ``booleans``: a number is then written
digit by digit as its text, never through a float.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from adapters.base import Tree, Written
from adapters.charset import codec
from adapters.json_document.options import Options, Pointer
from canonical_model.problems import Cause, Hold, Problem, cause_key

_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def write(trees: Sequence[Tree], options: Options) -> Written:
    """One object for one tree, a list for several (or an object a line with ``lines: true``), below ``documents`` if
    that is declared. Raises Hold naming each field that is no number, no boolean or no sound text."""
    problems: list[Problem] = []
    values = [_object(tree, (), options, problems) for tree in trees]
    if problems:
        raise Hold(*problems)
    if options.lines:
        payload = b"".join(orjson.dumps(value) + b"\n" for value in values)
        return Written(_encoded(payload, options))
    made: Any = values if options.documents or len(values) != 1 else values[0]
    for name in reversed(options.documents):
        made = {name: made}
    return Written(_encoded(orjson.dumps(made, option=orjson.OPT_INDENT_2 if options.indent else 0), options))


def _encoded(payload: bytes, options: Options) -> bytes:
    """In the declared charset; a character that it lacks as an escape, which JSON allows wherever it stands."""
    name = codec(options.charset or "utf-8")
    return payload if name == "utf-8" else "".join(_letter(letter, name) for letter in payload.decode()).encode(name)


def _letter(letter: str, name: str) -> str:
    try:
        letter.encode(name)
    except UnicodeEncodeError:
        units = letter.encode("utf-16-be").hex()
        return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    return letter


def _object(tree: Mapping[str, Any], at: Pointer, options: Options, problems: list[Problem]) -> dict[str, Any]:
    return {name: _value(value, (*at, name), options, problems) for name, value in tree.items() if value is not None}


def _value(value: Any, at: Pointer, options: Options, problems: list[Problem]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {""}:
            return _value(value[""], at, options, problems)
        return _object(value, at, options, problems)
    if isinstance(value, list | tuple):
        return [_value(inner, at, options, problems) for inner in value]
    return _scalar(str(value), at, options, problems)


def _scalar(text: str, at: Pointer, options: Options, problems: list[Problem]) -> Any:
    if at in options.numbers:
        if _NUMBER.fullmatch(text):
            return orjson.Fragment(text)
        problems.append(_problem(at, text, "not a number as JSON writes it"))
    elif at in options.booleans:
        if text in ("true", "false"):
            return text == "true"
        problems.append(_problem(at, text, "neither true nor false"))
    elif not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        problems.append(_problem(at, ascii(text), "half a character stands in the text"))
    return text


def _problem(at: Pointer, text: str, fact: str) -> Problem:
    name = ".".join(at)
    return Problem(
        Cause.INVALID_VALUE,
        cause_key("json", name),
        f"{name} is {text!r}: {fact}",
        "correct the mapping",
        target="/" + "/".join(at),
        value=text,
    )
