"""The published JSON Schemas (2020-12), generated from the classes. The files beside this one are ``published()`` as text.

``$id`` holds the version; a schema says everything about a body except the rules across fields (``canonical_model.checks``).
Formats (``gtin``, ``unit`` ...) are assertions: ``canonical_model.formats`` has a function for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from canonical_model.base import Body
from canonical_model.catalogue import TYPES, document_type

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _AbsentNotNull(GenerateJsonSchema):
    """Optional fields are keys that may be missing; null is never a value, titles of fields say nothing new."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@lru_cache(maxsize=64)
def schema(type_name: str) -> Mapping[str, Any]:
    """The schema of a document type as a dict. Not to be changed."""
    type_ = document_type(type_name)
    generated = type_.model.model_json_schema(schema_generator=_AbsentNotNull)
    return {"$schema": DIALECT, "$id": f"urn:channelhub:schema:{type_.word}:{type_.version}", **generated}


def published() -> dict[str, str]:
    """File name -> text of every published schema, as the files beside this module hold it."""
    return {
        f"{type_.word}-{type_.version}.json": orjson.dumps(schema(type_.name), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
        for type_ in TYPES.values()
    }


def coverage(model: type[Body]) -> Mapping[str, bool]:
    """Field -> whether it names its counterpart in UBL, GS1 or SAP; over a model alone, not those inside it."""
    return {name: bool(isinstance(extra, dict) and extra) for name, extra in _extras(model)}


def _extras(model: type[Body]) -> list[tuple[str, Any]]:
    return [(f"{model.__name__}.{name}", info.json_schema_extra) for name, info in model.model_fields.items()]
