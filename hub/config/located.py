"""Relative paths in the settings of connectors count from the folder of ``hub.yaml``, like all others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connectors.base import Secret

Value = TypeVar("Value")


def located(value: Value, folder: Path) -> Value:
    """The value with every path in it made absolute, also those of secrets in files.

    A setting that counts from another one says so in its type: ``Field(..., json_schema_extra={"relative_to": "folder"})``.
    """
    found: Any = value
    if isinstance(value, Path):
        found = folder / value
    elif isinstance(value, Secret):
        kind, _, name = value.reference.partition(":")
        found = Secret(f"file:{folder / name}") if kind == "file" else value
    elif isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        found = value.model_copy(update={name: located(getattr(value, name), folder) for name, field in fields if not _inside(field)})
    elif isinstance(value, Mapping):
        found = {key: located(item, folder) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        found = type(value)(located(item, folder) for item in value)
    return found  # type: ignore[no-any-return]


def _inside(field: FieldInfo) -> bool:
    extra = field.json_schema_extra
    return isinstance(extra, Mapping) and "relative_to" in extra
