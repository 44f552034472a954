"""Why a body is refused, told by jsonschema, the reference validator: over the same schema with the same format functions.

Slower than ``validate`` by a hundred times and with the same verdict (a test holds them together); imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema
from jsonschema import validators

from canonical_model import formats
from canonical_model.checks import Complaint
from canonical_model.problems import Problem
from canonical_model.schemas import schema
from canonical_model.validation import MOST, complaints, not_json, problems, validate


def explain(type_name: str, body: Mapping[str, Any]) -> list[Problem]:
    """The same verdict from jsonschema, in the order of the body, each with the place, the fact and the fix."""
    try:
        errors = list(islice(reference(type_name).iter_errors(body), MOST))
    except RecursionError:
        return problems(type_name, [not_json("nested too deep")])
    if errors:
        errors.sort(key=lambda error: list(map(str, error.absolute_path)))
        return problems(type_name, [complaint for error in errors for complaint in _explained(error)])
    # What JSON cannot hold, such as half of a surrogate pair, is a text like any other to jsonschema.
    return validate(type_name, body)


@lru_cache(maxsize=64)
def reference(type_name: str) -> Any:
    """The reference validator of a type."""
    # jsonschema searches with Python's `$`, which also stands before a last line feed: a schema's does not.
    extend: Any = validators.extend
    kind = extend(jsonschema.Draft202012Validator, {"pattern": _pattern})
    checker = jsonschema.FormatChecker(formats=())
    checker.checkers = {name: (_lenient(check), ()) for name, check in formats.CHECKERS.items()}
    return kind(schema(type_name), format_checker=checker)


def _lenient(check: Callable[[str], bool]) -> Callable[[object], bool]:
    """A format says something of texts only; the type says the rest."""
    return lambda given: not isinstance(given, str) or check(given)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not formats.matches(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _explained(error: jsonschema.ValidationError) -> Iterable[Complaint]:
    """jsonschema names the keyword's whole value; the parts that are wrong are found again here."""
    wanted: Any = error.validator_value
    given: Any = error.instance
    schema: Any = error.schema
    known: tuple[str, ...] = ()
    if error.validator == "required":
        wanted = [name for name in wanted if name not in given]
    elif error.validator == "additionalProperties":
        known = tuple(schema["properties"])
        wanted = [name for name in given if name not in known]
    return complaints(error.validator, wanted, given, error.absolute_path, known)
