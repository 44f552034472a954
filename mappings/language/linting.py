"""``lint``: everything that can be said of a mapping before a message is there, by file, line and column.

Errors keep a mapping from loading; warnings are likely mistakes; notes say what a mapping takes from its bases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.base import Layout
from mappings.language.extends import Lookup
from mappings.language.faults import Faults, Lint, MappingFault
from mappings.language.mapping import Mapping as MappingText
from mappings.language.parsing import no_lookup, read_mapping
from mappings.language.paths import OpenLayout
from mappings.language.plan import (
    Applied,
    Block,
    BothPlan,
    ComparePlan,
    Fallback,
    ItemPlan,
    Joined,
    Leaf,
    Many,
    PathPlan,
    Plan,
    Series,
    TestPlan,
    ValuePlan,
    Var,
)
from mappings.language.planner import plan
from mappings.language.schema_check import check_schema
from mappings.language.syntax import Expression, Item, Items, Object


def lint(
    text: str, file: str, lookup: Lookup = no_lookup, layout: Layout | None = None, target_schema: Mapping[str, Any] | None = None
) -> list[Lint]:
    """All findings about a mapping's text, first line first.

    With a ``layout`` every path is checked against it; with the JSON Schema of the target, every target too.
    """
    faults = Faults()
    try:
        mapping = read_mapping(text, file, lookup, faults)
    except MappingFault as fault:
        return sorted({*faults.lints, *fault.lints}, key=lambda one: (one.at, one.message))
    planned = plan(mapping, layout or OpenLayout(), faults)
    _check_ends(mapping, faults)
    _check_optional(planned, faults)
    _check_lets(mapping.map, planned, faults)
    if target_schema is not None and not mapping.outgoing:
        check_schema(planned.map, target_schema, faults)
    _note_origins(mapping, faults)
    return sorted(faults.lints, key=lambda one: (one.at, one.message))


def _check_ends(mapping: MappingText, faults: Faults) -> None:
    incoming = mapping.target.format == "canonical"
    at = mapping.map.mark
    if incoming == mapping.outgoing:
        message = "one end of a mapping is canonical and the other is a format"
        faults.add(at, message, "source: {format: idoc, type: ORDERS05} with target: order/1, or the other way round")
    if mapping.outgoing and (mapping.key or mapping.revision or mapping.volatile):
        faults.add(at, "key, revision and volatile belong to mappings of what arrives", "leave them out", "warning")
    if incoming and not mapping.outgoing and not mapping.key:
        message = "there is no key: documents are told apart by their content alone and none waits for another"
        faults.add(at, message, "key: [PATH, ...], the business number of the document", "warning")


def _check_optional(planned: Plan, faults: Faults) -> None:
    """A ``?`` behind a value that is never absent says something that is not so."""
    for leaf in _leaves(planned.map):
        if leaf.optional and not leaf.value.nullable:
            faults.add(leaf.site.mark, "this value is never absent: the ? has no effect", "leave the ? out", "warning")


def _leaves(item: ItemPlan) -> Iterator[Leaf]:
    if isinstance(item, Leaf):
        yield item
    elif isinstance(item, Series):
        for one in item.items:
            yield from _leaves(one)
    else:
        for let in item.lets:
            yield let.leaf
        for _, inner in item.fields:
            yield from _leaves(inner)


def _check_lets(tree: Object, planned: Plan, faults: Faults) -> None:
    used = {variable.slot for item in _values(planned.map) for variable in _variables(item)} | set(_tested(planned.map))
    names = _declared(tree)
    for (name, expression), slot in zip(names, range(len(names)), strict=True):
        if slot not in used:
            faults.add(expression.mark, f"$let {name!r} is used nowhere", "leave it out", "warning")


def _declared(item: Item) -> list[tuple[str, Expression]]:
    """``$let`` values in the order in which the planner gives out slots."""
    if isinstance(item, Items):
        return [one for inner in item.items for one in _declared(inner)]
    if not isinstance(item, Object):
        return []
    return [*item.let, *(one for inner in item.fields.values() for one in _declared(inner))]


def _values(item: ItemPlan) -> Iterator[ValuePlan]:
    yield from (leaf.value for leaf in _leaves(item))


def _variables(value: ValuePlan) -> Iterator[Var]:
    if isinstance(value, Var):
        yield value
    for inner in _inner(value):
        yield from _variables(inner)
    if (path := getattr(value, "path", None)) is not None:
        yield from _in_path(path)


def _inner(value: ValuePlan) -> Iterator[ValuePlan]:
    match value:
        case Applied():
            yield value.head
            yield from (one.value for one in value.arguments if one is not None)
        case Joined():
            yield from (one.value for one in value.parts)
        case Fallback():
            yield from (value.head, value.other.value)
        case Many():
            yield value.each
            if value.head is not None:
                yield value.head


def _in_path(path: PathPlan) -> Iterator[Var]:
    for step in path.steps:
        if step.test is not None:
            yield from _in_test(step.test)


def _in_test(test: TestPlan) -> Iterator[Var]:
    if isinstance(test, BothPlan):
        for one in test.tests:
            yield from _in_test(one)
        return
    yield from _in_path(test.path)
    if isinstance(test, ComparePlan):
        yield from (value for value in test.values if isinstance(value, Var))


def _tested(item: ItemPlan) -> Iterator[int]:
    """Slots that conditions of blocks compare with."""
    if isinstance(item, Series):
        for one in item.items:
            yield from _tested(one)
    elif isinstance(item, Block):
        tests = [*([_in_test(item.when)] if item.when else []), *([_in_path(item.records)] if item.records else [])]
        yield from (variable.slot for found in tests for variable in found)
        for _, inner in item.fields:
            yield from _tested(inner)


def _note_origins(mapping: MappingText, faults: Faults) -> None:
    if not mapping.bases:
        return
    for pointer, (origin, mark) in mapping.origins.items():
        if origin != "own":
            faults.add(mark, f"{pointer} is {origin}" + (f" from {mark.file}" if origin == "inherited" else ""), "", "note")
