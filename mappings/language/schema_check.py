"""Targets of a mapping against the JSON Schema of its document type: unknown, missing, of another type, too easily absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mappings.language.faults import Faults, Mark, did_you_mean
from mappings.language.plan import Block, Const, ItemPlan, Leaf, Series
from mappings.language.registry import Type

Schema = Mapping[str, Any]

_PARTS: Final[Mapping[Type, frozenset[str]]] = {
    Type.QUANTITY: frozenset({"value", "unit"}),
    Type.MONEY: frozenset({"amount", "currency"}),
    Type.PRICE: frozenset({"amount", "currency", "per"}),
    Type.ITEM: frozenset({"id", "gtin", "extension", "level", "given"}),
    Type.PARTY: frozenset({"party", "name", "gln", "given"}),
}
_JSON: Final[Mapping[Type, str]] = {Type.INT: "integer", Type.GIVEN: "array", **dict.fromkeys(_PARTS, "object")}
_FORMATS: Final = {"date": {Type.DATE, Type.TEXT}, "date-time": {Type.INSTANT, Type.TEXT}}


def check_schema(block: Block, schema: Schema, faults: Faults) -> None:
    """Check the targets of ``map:`` against the schema of the target; faults are collected."""
    _Check(schema, faults).block(block, schema, "")


class _Check:
    def __init__(self, top: Schema, faults: Faults) -> None:
        self.top, self.faults = top, faults

    def resolved(self, schema: Schema) -> Schema:
        """The schema behind ``$ref``, and the one that is not null of ``anyOf``."""
        while True:
            if "$ref" in schema:
                found: Any = self.top
                for token in str(schema["$ref"]).removeprefix("#/").split("/"):
                    found = found.get(token, {})
                schema = found
            elif "anyOf" in schema:
                schema = next((one for one in schema["anyOf"] if one.get("type") != "null"), {})
            else:
                return schema

    def block(self, block: Block, schema: Schema, pointer: str) -> None:
        """The fields of one block against an object schema."""
        schema = self.resolved(schema)
        known = schema.get("properties", {})
        if not self.same(schema, "object", block.site.mark, pointer):
            return
        for name, item in block.fields:
            if name in known:
                self.item(item, known[name], f"{pointer}/{name}", name in schema.get("required", ()))
            elif schema.get("additionalProperties") is False:
                self.faults.add(_mark(item), f"{pointer}/{name} is not in the target", did_you_mean(name, known))
        for name in schema.get("required", ()):
            if name not in dict(block.fields):
                self.faults.add(block.site.mark, f"{pointer}/{name} is missing, and the target needs it", f"add `{name}: PATH`")

    def item(self, item: ItemPlan, schema: Schema, pointer: str, required: bool) -> None:
        """One target against its schema."""
        schema = self.resolved(schema)
        if isinstance(item, Leaf):
            self.leaf(item, schema, pointer, required)
        elif isinstance(item, Series) or item.each:
            if self.same(schema, "array", item.site.mark, pointer):
                for one in item.items if isinstance(item, Series) else (item,):
                    self.entry(one, self.resolved(schema.get("items", {})), pointer + "/*")
        else:
            self.absent(item.optional, required, item.site.mark, pointer)
            self.block(item, schema, pointer)

    def entry(self, item: ItemPlan, schema: Schema, pointer: str) -> None:
        """One entry of a list against the schema of its items."""
        if isinstance(item, Block):
            self.block(item, schema, pointer)
        else:
            self.item(item, schema, pointer, False)

    def leaf(self, leaf: Leaf, schema: Schema, pointer: str, required: bool) -> None:
        """The type of an expression against the schema of its target."""
        type, mark = leaf.value.type, leaf.site.mark
        self.absent(leaf.optional and leaf.value.nullable, required, mark, pointer)
        if not self.same(schema, _JSON.get(type, "string"), mark, pointer):
            return
        missing = set(schema.get("required", ())) - _PARTS.get(type, frozenset(schema.get("required", ())))
        if missing:
            self.faults.add(mark, f"{pointer} has no {', '.join(sorted(missing))} as {type}", "use the function of the target's kind")
        allowed = _FORMATS.get(schema.get("format", ""))
        if allowed is not None and type not in allowed:
            self.faults.add(mark, f"{pointer} is a {schema['format']}, and this is {type}", "| date or | instant")
        self.listed(leaf, schema, pointer)

    def listed(self, leaf: Leaf, schema: Schema, pointer: str) -> None:
        """A constant against the values that the target allows."""
        allowed = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
        if allowed and isinstance(leaf.value, Const) and leaf.value.value not in allowed:
            message = f"{pointer} cannot be {leaf.value.text!r}"
            self.faults.add(leaf.site.mark, message, did_you_mean(leaf.value.text, map(str, allowed)))

    def absent(self, optional: bool, required: bool, mark: Mark, pointer: str) -> None:
        """A required target that may be left out."""
        if optional and required:
            self.faults.add(
                mark, f"{pointer} may be absent here, and the target needs it", "leave the ? out, or give default(...)", "warning"
            )

    def same(self, schema: Schema, wanted: str, mark: Mark, pointer: str) -> bool:
        """Whether the target is of that JSON type; a schema that says nothing takes everything."""
        types = schema.get("type", wanted)
        types = [types] if isinstance(types, str) else types
        if wanted in types or (wanted == "integer" and "number" in types):
            return True
        self.faults.add(mark, f"{pointer or 'the document'} is {' or '.join(types)}, and here is {_said(wanted)}", _HELP.get(wanted, ""))
        return False


_HELP: Final = {"integer": "add `| text`", "object": "one value is wanted here", "array": "use $with for one record, or | first"}


def _said(wanted: str) -> str:
    return {"string": "a text", "array": "a list", "object": "an object", "integer": "a whole number"}[wanted]


def _mark(item: ItemPlan) -> Mark:
    return item.site.mark
