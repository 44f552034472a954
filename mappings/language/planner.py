"""From syntax tree and layout to a plan: names resolved, functions found, types checked, constants converted."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.base import Layout
from mappings.language.calls import Calls
from mappings.language.faults import Faults
from mappings.language.mapping import Mapping
from mappings.language.paths import Paths
from mappings.language.plan import Block, ItemPlan, Leaf, Let, PathPlan, Plan, Series, Var
from mappings.language.registry import SCALARS, Type
from mappings.language.syntax import Expression, Item, Items, Object, Record

_DEEPEST = 6


def plan(mapping: Mapping, layout: Layout, faults: Faults) -> Plan:
    """Resolve a mapping against a layout. Faults are collected; the plan is whole only when there is no error."""
    planner = Planner(layout, faults)
    block = planner.block(mapping.map, "", "", {}, 0)
    revision = () if mapping.revision is None else (("revision", mapping.revision),)
    stake = () if mapping.stake is None else (("stake", mapping.stake),)
    key = [(str(index), expression) for index, expression in enumerate(mapping.key)]
    return Plan(
        map=block,
        key=planner.apart(key, "key"),
        revision=planner.apart(revision, "revision"),
        numbers=planner.apart(mapping.numbers, "numbers", every=True),
        stake=planner.apart(stake, "stake"),
        sites=tuple(planner.calls.sites),
        wanted=frozenset(planner.paths.wanted),
        types=planner.types,
    )


class Planner:
    """Walks blocks; expressions are the work of ``Calls``."""

    def __init__(self, layout: Layout, faults: Faults) -> None:
        self.faults = faults
        self.paths = Paths(layout, faults)
        self.calls = Calls(self.paths, faults)
        self.types: dict[str, Type] = {}
        self._slots = 0

    def apart(self, named: Iterable[tuple[str, Expression]], word: str, *, every: bool = False) -> Block:
        """A block of ``key``, ``revision`` ...: source paths and pure functions only."""
        self.calls.pure = word
        fields: list[tuple[str, ItemPlan]] = []
        for name, expression in named:
            target = f"{word}/{name}" if word in ("key", "numbers") else word
            value = self.calls.every(expression, target) if every else self.calls.value(expression, "", {}, target)
            if value.type not in SCALARS:
                self.faults.add(
                    expression.mark, f"{word} holds texts, numbers and dates, and this is {value.type}", "leave the function out"
                )
            site = self.calls.site(expression.mark, target, value)
            fields.append((name, Leaf(value, expression.optional or every, site)))
        self.calls.pure = ""
        return Block(tuple(fields), self.calls.bare_site(target=word))

    def block(self, tree: Object, target: str, segment: str, variables: dict[str, Var], depth: int) -> Block:
        """A block of targets, with its own current record where ``$with`` or ``$each`` moves there."""
        records, record = self._records(tree, segment, variables)
        here = target + "/*" if tree.each else target
        inner = segment if records is None else records.segment
        if depth > _DEEPEST:
            self.faults.add(tree.mark, f"more than {_DEEPEST} blocks with $each inside each other", "a flatter document")
        when = None if tree.when is None else self.paths.test(tree.when, inner, variables, tree.mark)
        lets, known = self._lets(tree, here, inner, variables)
        deeper = depth + (1 if tree.each else 0)
        fields = tuple((name, self._item(item, f"{here}/{_escape(name)}", inner, known, deeper)) for name, item in tree.fields.items())
        site = self.calls.bare_site(target, tree.mark, records)
        return Block(fields, site, records, tree.each is not None, record is not None and record.optional, when, lets)

    def _records(self, tree: Object, segment: str, variables: dict[str, Var]) -> tuple[PathPlan | None, Record | None]:
        record = tree.each or tree.within
        return (None, None) if record is None else (self.paths.records(record.path, segment, variables), record)

    def _lets(self, tree: Object, target: str, segment: str, variables: dict[str, Var]) -> tuple[tuple[Let, ...], dict[str, Var]]:
        lets, known = [], dict(variables)
        for name, expression in tree.let:
            leaf = self._leaf(expression, f"{target}/${name}", segment, known)
            lets.append(Let(self._slots, leaf))
            known[name] = Var(name, self._slots, expression.mark, leaf.value.type, leaf.optional and leaf.value.nullable)
            self._slots += 1
        return tuple(lets), known

    def _item(self, item: Item, target: str, segment: str, variables: dict[str, Var], depth: int) -> ItemPlan:
        if isinstance(item, Object):
            return self.block(item, target, segment, variables, depth)
        if isinstance(item, Items):
            inner = tuple(self._listed(one, target, segment, variables, depth) for one in item.items)
            return Series(inner, self.calls.bare_site(target, item.mark))
        return self._leaf(item, target, segment, variables)

    def _listed(self, item: Item, target: str, segment: str, variables: dict[str, Var], depth: int) -> ItemPlan:
        """An entry of a plain list: ``*`` stands for its place, which a block with $each brings along."""
        each = isinstance(item, Object) and item.each is not None
        return self._item(item, target if each else f"{target}/*", segment, variables, depth)

    def _leaf(self, expression: Expression, target: str, segment: str, variables: dict[str, Var]) -> Leaf:
        value = self.calls.value(expression, segment, variables, target)
        self.types[target] = value.type
        return Leaf(value, expression.optional, self.calls.site(expression.mark, target, value))


def _escape(name: str) -> str:
    """A name as a token of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
