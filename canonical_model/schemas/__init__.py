"""The published JSON Schemas (2020-12), generated from the classes. The files beside this one are ``published()`` as text.

``$id`` holds the version; a schema says everything about a body except the rules across fields (``canonical_model.checks``).
Formats (``gtin``, ``unit`` ...) are assertions: ``canonical_model.formats`` has a function for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from canonical_model import formats
from canonical_model.canonical_form import models_of
from canonical_model.catalogue import TYPES, document_type
from canonical_model.codes.countries import COUNTRIES
from canonical_model.codes.currencies import CURRENCIES
from canonical_model.codes.units import UNITS

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


@lru_cache(maxsize=64)
def path_schema(type_name: str) -> Mapping[str, Any]:
    """The same verdicts in a form that is cheap to run: references inlined, words left out, each text judged once."""
    full = schema(type_name)
    inlined = _inlined(full, full.get("$defs", {}))
    assert isinstance(inlined, dict)
    return inlined


_LISTS: Mapping[str, Iterable[str]] = {"unit": UNITS, "currency": CURRENCIES, "country": COUNTRIES}
_SAID_BY_PATTERN = frozenset({"quantity", "amount"})
_SAID_BY_FORMAT = frozenset({"gtin", "gln", "sscc", "item_id"})


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(definitions[node["$ref"].rpartition("/")[2]], definitions)
    if node.get("type") == "string":
        return _judged_once(node)
    asserted = {word: value for word, value in node.items() if word in _ASSERTIONS}
    if "properties" in asserted:
        asserted["properties"] = {name: _inlined(value, definitions) for name, value in asserted["properties"].items()}
    return {word: value if word == "properties" else _inlined(value, definitions) for word, value in asserted.items()}


_ASSERTIONS = frozenset({"type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "minimum", "maximum"})


def _judged_once(node: Mapping[str, Any]) -> dict[str, Any]:
    """A text's schema without what its format says again; a code list becomes an enum, which runs natively."""
    format = node.get("format", "")
    if format in _LISTS:
        return {"enum": sorted(_LISTS[format])}
    if format == "date":
        return {"type": "string", "pattern": formats.CALENDAR}
    dropped = {"format"} if format in _SAID_BY_PATTERN else {"pattern"} if format in _SAID_BY_FORMAT else set()
    wanted = {"type", "enum", "const", "pattern", "format", "minLength", "maxLength"} - dropped
    return {word: value for word, value in node.items() if word in wanted}


def published() -> dict[str, str]:
    """File name -> text of every published schema, as the files beside this module hold it."""
    return {
        f"{type_.word}-{type_.version}.json": orjson.dumps(
            schema(type_.name), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        ).decode()
        for type_ in TYPES.values()
    }


def references() -> dict[str, bool]:
    """``<model>.<field>`` -> whether the field names its counterpart in UBL, GS1 or SAP; every model of the catalogue."""
    models = {model for type_ in TYPES.values() for model in models_of(type_.model)}
    return {
        f"{model.__name__}.{name}": bool(isinstance(info.json_schema_extra, dict) and info.json_schema_extra)
        for model in sorted(models, key=lambda model: model.__name__)
        for name, info in model.model_fields.items()
    }
