"""The bytes of a canonical body and their fingerprint F (decision 0004).

Keys are sorted, so that the bytes do not depend on the order in which a mapping names its targets: two engines, or the
same mapping with its lines moved, give the same bytes. ``ordered`` gives the model's order back for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, get_args

import orjson

from canonical_model.base import Body
from canonical_model.catalogue import document_type
from canonical_model.problems import Cause, Hold, Problem, cause_key

NUL = b"\\u0000"
"""How JSON writes a NUL (or a backslash before ``u0000``: the body is looked at then)."""


def canonical_json(body: Mapping[str, Any], type_name: str) -> bytes:
    """A validated body as canonical JSON: UTF-8, no blanks, keys sorted. Raises Hold when a value is not JSON, or a text has a NUL,
    which no database keeps."""
    try:
        written = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONEncodeError, TypeError) as error:
        fact = f"the {type_name} body cannot be written as JSON: {error}"
        raise Hold(Problem(Cause.INVALID_VALUE, cause_key(type_name, ""), fact, "give texts, whole numbers, lists and mappings")) from error
    if NUL in written and (at := _nul(body, "")) is not None:
        raise Hold(
            Problem(Cause.INVALID_VALUE, cause_key(type_name, at), f"a NUL character stands in {at}", "correct it at its source", target=at)
        )
    return written


def _nul(value: Any, at: str) -> str | None:
    """JSON pointer of the first text with a NUL."""
    if isinstance(value, str):
        return at if "\0" in value else None
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    return next((found for name, part in parts if (found := _nul(part, f"{at}/{name}")) is not None), None)


def fingerprint(canonical: bytes) -> bytes:
    """SHA-256 of canonical JSON, cut to 16 bytes."""
    return sha256(canonical).digest()[:16]


def ordered(type_name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with its keys in the order of the model, for people; keys that the model does not know come last."""
    return _ordered(document_type(type_name).model, body)


def _ordered(model: type[Body], body: Mapping[str, Any]) -> dict[str, Any]:
    known = _children(model)
    names = [*(name for name in known if name in body), *(name for name in body if name not in known)]
    return {name: _value(known.get(name), body[name]) for name in names}


def _value(model: type[Body] | None, value: Any) -> Any:
    if model is not None and isinstance(value, list):
        return [_value(model, item) for item in value]
    return _ordered(model, value) if model is not None and isinstance(value, Mapping) else value


@lru_cache(maxsize=128)
def _children(model: type[Body]) -> Mapping[str, type[Body] | None]:
    """Field name -> the model of its value (or of its elements), None for texts and numbers."""
    return {name: next(_models(info.annotation), None) for name, info in model.model_fields.items()}


def models_of(model: type[Body]) -> set[type[Body]]:
    """A model and every model inside it."""
    return {model}.union(*(models_of(child) for child in _children(model).values() if child is not None))


def _models(annotation: Any) -> Iterator[type[Body]]:
    if isinstance(annotation, type) and issubclass(annotation, Body):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
