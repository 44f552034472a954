"""Validation of a body on the path: the compiled schema first, then the rules across fields.

``validate`` runs jsonschema-rs, compiled once a type: tens of microseconds for an order of ten lines. It gives Problems of
cause ``invalid_value`` whose ``target`` is a JSON pointer and whose key is ``<type>:<pointer without line numbers>``.
``canonical_model.explaining`` gives the same verdict from jsonschema, for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs

from canonical_model import checks, formats
from canonical_model.checks import Complaint
from canonical_model.problems import Cause, Problem, cause_key
from canonical_model.schemas import path_schema, schema

MOST = 100
"""No more than so many problems are told of one body: a file in another format would make thousands."""


def validate(type_name: str, body: Mapping[str, Any]) -> list[Problem]:
    """Everything that stands against a body; an empty list when it is valid.

    Never raises on a body, whatever is in it. Raises Misconfigured for a type that the catalogue has not.
    """
    if is_valid(type_name, body):
        return problems(type_name, checks.check(type_name, body))
    return problems(type_name, _refused(type_name, body))


def is_valid(type_name: str, body: Any) -> bool:
    """The verdict of the schema alone, without the rules across fields."""
    try:
        return _path(type_name).is_valid(body)
    except (ValueError, RecursionError):
        return False


def _refused(type_name: str, body: Any) -> list[Complaint]:
    """What jsonschema-rs has against a body, over the whole schema."""
    try:
        errors = list(islice(_full(type_name).iter_errors(body), MOST))
    except (ValueError, RecursionError) as error:
        return [not_json(str(error))]
    return [
        complaint for error in errors for complaint in complaints(error.kind.name, error.kind.value, error.instance, error.instance_path)
    ]


def not_json(why: str) -> Complaint:
    return "", f"the body is not JSON: {why[:200]}", "give texts in Unicode, whole numbers, lists and mappings"


@lru_cache(maxsize=64)
def _path(type_name: str) -> jsonschema_rs.Draft202012Validator:
    return _compiled(path_schema(type_name))


@lru_cache(maxsize=64)
def _full(type_name: str) -> jsonschema_rs.Draft202012Validator:
    return _compiled(schema(type_name))


def _compiled(text: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.Draft202012Validator(dict(text), formats=dict(formats.CHECKERS), validate_formats=True, pattern_options=options)


def complaints(keyword: Any, wanted: Any, given: Any, path: Iterable[str | int], known: tuple[str, ...] = ()) -> Iterator[Complaint]:
    """(pointer, fact, fix) of one refusal, in the hub's words; one for each name where names are missing or too many."""
    pointer = "".join(map(_step, path))
    if keyword == "required":
        for name in [wanted] if isinstance(wanted, str) else wanted:
            yield pointer + _step(name), "is missing", "map it from the message, or give a value that holds for every message"
    elif keyword == "additionalProperties":
        for name in wanted:
            close = get_close_matches(str(name), known, 1)
            yield (
                pointer + _step(name),
                "is not a field of the model",
                f"did you mean {close[0]!r}?" if close else "take it out of the mapping",
            )
    else:
        yield pointer, *_words(keyword, wanted, given)


def _words(keyword: Any, wanted: Any, given: Any) -> tuple[str, str]:
    shown = repr(given)[:80]
    match keyword:
        case "format":
            return f"{shown} is not {formats.NAMES.get(wanted, wanted)}", "correct it at its source, or convert it in the mapping"
        case "pattern":
            return f"{shown} is not written as the field wants it", "take away blanks at the ends and control characters"
        case "type":
            return f"{shown} is not of type {_names(wanted)}", "convert it in the mapping; absent is a missing key, never null"
        case "enum" | "const":
            return f"{shown} is not one of {_names(wanted)}", "map it by a code table or a choice"
        case "minItems":
            return f"{len(given)} entries; at least {wanted} are needed", "send the document with its lines"
        case _:
            return f"{shown} breaks {keyword} {wanted}", "correct it at its source"


def _names(wanted: Any) -> str:
    return ", ".join(map(str, wanted)) if isinstance(wanted, (list, tuple)) else str(wanted)


def _step(part: str | int) -> str:
    return f"/{str(part).replace('~', '~0').replace('/', '~1')}"


def problems(type_name: str, complaints: Iterable[Complaint]) -> list[Problem]:
    """One problem for each complaint; where a field breaks its format, its pattern says nothing more."""
    found: dict[str, Problem] = {}
    for pointer, fact, fix in islice(complaints, MOST):
        if pointer not in found or found[pointer].fact.endswith("as the field wants it"):
            key = cause_key(type_name, re.sub(r"/[0-9]+(?=/|$)", "/*", pointer))
            found[pointer] = Problem(Cause.INVALID_VALUE, key, f"{type_name} {pointer or '/'}: {fact}", fix, target=pointer)
    return list(found.values())
