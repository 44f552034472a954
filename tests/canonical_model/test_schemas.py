"""The published schemas: on disk as generated, valid 2020-12, versioned, described, and bound to public standards."""

from __future__ import annotations

import re
from calendar import isleap

import jsonschema
import orjson
import pytest

from canonical_model import formats
from canonical_model.canonical_form import models_of
from canonical_model.catalogue import TYPES
from canonical_model.schemas import path_schema, published, references, schema
from tests.canonical_model.bodies import EXAMPLES
from tests.canonical_model.write_schemas import FOLDER


def test_files_are_what_the_classes_say() -> None:
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert on_disk == published(), "rewrite them: python -m tests.canonical_model.write_schemas"


@pytest.mark.parametrize("name", TYPES)
def test_schemas_are_valid_and_versioned(name: str) -> None:
    text = orjson.loads(published()[f"{name.replace('/', '-')}.json"])
    jsonschema.Draft202012Validator.check_schema(text)
    assert text["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert text["$id"] == f"urn:channelhub:schema:{name.replace('/', ':')}"
    assert jsonschema.Draft202012Validator(text).is_valid(EXAMPLES[name]), "a plain validator takes the example too"


def test_every_object_is_closed_and_every_field_described() -> None:
    for name in TYPES:
        for node in [schema(name), *schema(name).get("$defs", {}).values()]:
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert all(field.get("description") for field in node["properties"].values()), node["title"]


def test_no_field_may_be_null() -> None:
    assert b'"null"' not in orjson.dumps([schema(name) for name in TYPES])


def test_85_percent_of_the_fields_name_their_counterpart_in_a_standard() -> None:
    covered = references()
    share = sum(covered.values()) / len(covered)
    print(f"{sum(covered.values())} of {len(covered)} fields")
    assert share >= 0.85, sorted(name for name, done in covered.items() if not done)


def test_every_format_has_a_verdict_a_pattern_and_words() -> None:
    used = {node["format"] for name in TYPES for node in _texts(schema(name)) if "format" in node}
    assert used <= set(formats.CHECKERS)
    assert set(formats.CHECKERS) == set(formats.PATTERNS) == set(formats.NAMES)


def test_the_path_schema_has_no_references_and_no_words() -> None:
    for name in TYPES:
        text = orjson.dumps(path_schema(name))
        assert b"$ref" not in text
        assert b"x-ubl" not in text


def test_every_model_inside_a_type_is_found() -> None:
    names = {model.__name__ for model in models_of(TYPES["despatch_advice/1"].model)}
    assert names == {"DespatchAdvice", "DespatchLine", "LogisticUnit", "ItemRef", "Given", "PartyRef", "Quantity"}


def _texts(node: object) -> list[dict[str, object]]:
    if isinstance(node, list):
        return [text for item in node for text in _texts(item)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") == "string" else []
    return [*own, *(text for value in node.values() for text in _texts(value))]


def test_the_calendar_of_the_path_has_every_day_that_exists_and_no_other() -> None:
    calendar = re.compile(formats.CALENDAR.removesuffix("$") + r"\Z")
    years = [1000, 1001, 1004, 1100, 1200, 1899, 1900, 1904, 1996, 2000, 2023, 2024, 2100, 2396, 2400, 9200, 9300, 9996, 9999, 999, 0]
    for text in (f"{year:04}-{month:02}-{day:02}" for year in years for month in range(14) for day in range(33)):
        assert bool(calendar.search(text)) == formats.CHECKERS["date"](text), text
    leap = [year for year in range(1000, 10000) if calendar.search(f"{year}-02-29")]
    assert leap == [year for year in range(1000, 10000) if isleap(year)]
