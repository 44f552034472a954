"""Walking a document by a plan's paths without generated code: for the traced engine and for the places of failures.

Paths and tests become closures once; what changes from document to document is in ``Where``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adapters.base import Access, Index, Key, Node, Slice
from mappings.language.plan import BothPlan, ComparePlan, ExistsPlan, PathPlan, StepPlan, TestPlan, Var
from mappings.language.runtime import component, known


@dataclass(slots=True)
class Where:
    """The document's root, and the ``$let`` values of the moment by slot: (value, ...), None when absent."""

    root: Node
    lets: dict[int, Any] = field(default_factory=dict)


Take = Callable[[Any], "str | None"]
Find = Callable[[Where, Node], "list[Node]"]
Holds = Callable[[Where, Node], bool]


def taker(access: Access | None) -> Take:
    """A function that takes a field out of a node's data; None when absent."""
    match access:
        case Slice(start, length, None):
            end = start + length
            return lambda data: data[start:end].rstrip(" ") or None
        case Slice(start, length, charset):
            end, name = start + length, str(charset)
            return lambda data: data[start:end].decode(name).rstrip(" ") or None
        case Index(index, None, _):
            return lambda data: (data[index] or None) if len(data) > index else None
        case Index(index, number, separator):
            return lambda data: component(data, index, number or 0, separator)
        case Key(key):
            return lambda data: data.get(key)
    return lambda data: None


def finder(path: PathPlan) -> Find:
    """A function that finds the records of a path, in order."""
    if not path.steps:
        return (lambda where, here: [where.root]) if path.from_root else (lambda where, here: [here])
    steps = [_step(step) for step in path.steps]
    first, rest, from_root = steps[0], steps[1:], path.from_root

    def find(where: Where, here: Node) -> list[Node]:
        found = first(where, where.root if from_root else here)
        for step in rest:
            found = [kid for node in found for kid in step(where, node)]
        return found

    return find


def _step(step: StepPlan) -> Find:
    name = step.name
    if step.test is None:
        return lambda where, node: node[1].get(name, [])
    holds = tester(step.test)
    return lambda where, node: [kid for kid in node[1].get(name, ()) if holds(where, kid)]


def tester(plan: TestPlan) -> Holds:
    """A function that tells whether a record passes a condition."""
    match plan:
        case BothPlan(every, tests):
            inner, together = [tester(one) for one in tests], all if every else any
            return lambda where, here: together(one(where, here) for one in inner)
        case ComparePlan(path, values, negated):
            return _comparer(path, values, negated)
        case ExistsPlan():
            return _exists(plan)


def _comparer(path: PathPlan, values: tuple[str | Var, ...], negated: bool) -> Holds:
    take, find = taker(path.access), finder(path)
    texts = frozenset(value for value in values if isinstance(value, str))
    slots = [value.slot for value in values if isinstance(value, Var)]
    if not slots and not path.steps and not path.from_root:
        return lambda where, here: (take(here[0]) in texts) != negated

    def holds(where: Where, here: Node) -> bool:
        for node in find(where, here):
            text = take(node[0])
            if text in texts or (slots and _among(text, slots, where)):
                return not negated
        return negated

    return holds


def _among(text: str | None, slots: list[int], where: Where) -> bool:
    """A ``$let`` value that failed ends the test even where there is nothing to compare: as generated code does."""
    for slot in slots:
        found = known(where.lets.get(slot))
        if found is not None and found[0] == text:
            return True
    return False


def _exists(plan: ExistsPlan) -> Holds:
    take, find, wanted = taker(plan.path.access), finder(plan.path), plan.wanted
    by_field, records = plan.path.field is not None, None if plan.record is None else finder(plan.record)

    def holds(where: Where, here: Node) -> bool:
        found = by_field and any(take(node[0]) is not None for node in find(where, here))
        return (found or (records is not None and bool(records(where, here)))) == wanted

    return holds
