"""What pydantic found, in our words: the fact and the fix, with the nearest word for an unknown one."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mappings.language.faults import did_you_mean


def explain(detail: Mapping[str, Any], known: list[str]) -> tuple[str, str]:
    """One error of pydantic -> (fact, fix). The value is shown only where it cannot be a secret."""
    kind, word = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "extra_forbidden":
        return f"{word!r} is not a word here", did_you_mean(word, known)
    if kind == "missing":
        return "is missing", "add it"
    fact, _, fix = str(detail["msg"]).removeprefix("Value error, ").partition("; fix: ")
    if kind in ("value_error", "secret_literal"):
        return fact, fix
    value = detail.get("input")
    shown = f" (it is {value[:60]!r})" if isinstance(value, str) and kind != "secret_literal" else ""
    return f"{fact[:1].lower()}{fact[1:]}{shown}", fix


def known_words(model: type[BaseModel], path: tuple[str | int, ...]) -> frozenset[str]:
    """The words that may stand in the block around ``path`` (whose last part is the unknown word)."""
    at: Any = model
    for part in path[:-1]:
        at = _below(at, part)
    at = _bare(at)
    return frozenset(field.alias or name for name, field in at.model_fields.items()) if _is_model(at) else frozenset()


def without_nulls(model: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """The words of a block, where ``null`` means "nothing" for those that may be nothing and are no texts (``done: null``)."""
    may = {field.alias or name for name, field in model.model_fields.items() if type(None) in (kinds := _kinds(field)) and str not in kinds}
    return {word: None if value == "null" and word in may else value for word, value in given.items()}


def _kinds(field: FieldInfo) -> tuple[Any, ...]:
    return get_args(field.annotation)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _bare(annotation: Any) -> Any:
    """Without ``Annotated`` and ``| None``."""
    while True:
        arguments = get_args(annotation)
        if get_origin(annotation) is Annotated:
            annotation = arguments[0]
        elif get_origin(annotation) in (Union, UnionType):
            annotation = next((argument for argument in arguments if argument is not type(None)), None)
        else:
            return annotation


def _below(annotation: Any, part: str | int) -> Any:
    """The type of what stands at one key or position of a value of this type."""
    annotation = _bare(annotation)
    if _is_model(annotation):
        for name, field in annotation.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
        return None
    arguments = get_args(annotation)
    return arguments[-1 if isinstance(part, str) else 0] if arguments else None
