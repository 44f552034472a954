"""Validation of a body on the path (decision D26): the compiled schema first, then the rules across fields.

``validate`` runs jsonschema-rs, compiled once a type: tens of microseconds for an order of ten lines. ``explain`` runs
jsonschema over the same schema with the same format functions and is for people. Both give Problems of cause
``invalid_value`` whose ``target`` is a JSON pointer and whose key is ``<type>:<pointer without line numbers>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema import validators

from canonical_model import checks, formats
from canonical_model.catalogue import document_type
from canonical_model.problems import Cause, Problem, cause_key
from canonical_model.schemas import schema

MOST = 100
"""No more than so many problems are told of one body: a file in another format would make thousands."""


def validate(type_name: str, body: Mapping[str, Any]) -> list[Problem]:
    """Everything that stands against a body; an empty list when it is valid. Never raises on a body of any content."""
    try:
        if _compiled(type_name).is_valid(body):
            return [_problem(type_name, *complaint) for complaint in checks.check(type_name, body)[:MOST]]
        found = [_fact(error) for error in _first(_compiled(type_name).iter_errors(body))]
    except (ValueError, UnicodeError, RecursionError) as error:
        found = [("", f"the body is not JSON: {error}", "give texts in Unicode, whole numbers, lists and mappings")]
    return [_problem(type_name, *complaint) for complaint in found]


def explain(type_name: str, body: Mapping[str, Any]) -> list[Problem]:
    """The same verdict from jsonschema, most telling first, each with the place, the fact and the fix."""
    errors = sorted(_slow(type_name).iter_errors(body), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        return [_problem(type_name, *_complaint(error.validator, error.validator_value, error.instance, error.absolute_path)) for error in errors[:MOST]]
    return [_problem(type_name, *complaint) for complaint in checks.check(type_name, body)[:MOST]]


def is_valid(type_name: str, body: Any) -> bool:
    """The verdict of the schema alone, without the rules across fields."""
    try:
        return _compiled(type_name).is_valid(body)
    except (ValueError, UnicodeError, RecursionError):
        return False


@lru_cache(maxsize=64)
def _compiled(type_name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        schema(type_name),
        formats=dict(formats.CHECKERS),
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),
    )


@lru_cache(maxsize=64)
def _slow(type_name: str) -> Any:
    # jsonschema searches with Python's `$`, which also stands before a last line feed: a schema's does not.
    kind = validators.extend(jsonschema.Draft202012Validator, {"pattern": _pattern})
    checker = jsonschema.FormatChecker(formats=())
    for name, check in formats.CHECKERS.items():
        checker.checkers[name] = (lambda given, check=check: not isinstance(given, str) or check(given), ())
    return kind(schema(type_name), format_checker=checker)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not formats.matches(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _first(errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[jsonschema_rs.ValidationError]:
    for n, error in enumerate(errors):
        if n == MOST:
            return
        yield error


def _fact(error: jsonschema_rs.ValidationError) -> checks.Complaint:
    return _complaint(error.kind.name, error.kind.value, error.instance, error.instance_path)


def _complaint(keyword: Any, wanted: Any, given: Any, path: Iterable[str | int]) -> checks.Complaint:
    """(pointer, fact, fix) of one refusal, in the hub's words."""
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    shown = repr(given)[:80]
    match keyword:
        case "required":
            return pointer, f"{_names(wanted)} is missing", "map it, or mark it optional where the model allows"
        case "additionalProperties":
            return pointer, "a field that the model does not know stands here", "take it out of the mapping's target, or correct its name"
        case "format":
            return pointer, f"{shown} is not {formats.NAMES.get(wanted, wanted)}", "correct the value at its source or convert it in the mapping"
        case "pattern":
            return pointer, f"{shown} is not written as the field wants it", "take away blanks at the ends and control characters"
        case "type":
            return pointer, f"{shown} is not of type {_names(wanted)}", "convert it in the mapping; absent is a missing key, never null"
        case "enum" | "const":
            return pointer, f"{shown} is not one of {_names(wanted)}", "map the code by a code table or a choice"
        case "minItems":
            return pointer, f"{len(given)} entries, at least {wanted} are needed", "send the document with its lines"
        case _:
            return pointer, f"{shown} breaks {keyword} {wanted}", "correct the value at its source"


def _names(wanted: Any) -> str:
    return ", ".join(map(str, wanted)) if isinstance(wanted, (list, tuple)) else str(wanted)


def _problem(type_name: str, pointer: str, fact: str, fix: str) -> Problem:
    key = cause_key(type_name, re.sub(r"/[0-9]+(?=/|$)", "/*", pointer))
    return Problem(Cause.INVALID_VALUE, key, f"{type_name} {pointer or '/'}: {fact}", fix, target=pointer)
