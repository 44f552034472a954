"""The row engine: a plan as one Python function, with the cutting of fields inlined and no tracing.

The function has the form ``row(n0, env, note)``: root node, environment, and where failures go. ``s`` holds the number of
the site that is being evaluated; whatever fails is noted as (site, record, failure, list places), and the next target is
evaluated all the same. Places and texts of a failure are worked out afterwards, by ``reports``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from adapters.base import Node
from mappings.language import emit
from mappings.language.emit import name
from mappings.language.functions.values import decimal_of, instant_text, number_text, text_of
from mappings.language.plan import Block, ItemPlan, Leaf, Series
from mappings.language.registry import Env
from mappings.language.remembering import kept
from mappings.language.row_values import Values
from mappings.language.runtime import CAUGHT, POISON, Absent, Note, Quiet, Several, component, known, same

Row = Callable[[Node, Env, Note], dict[str, Any]]

_RUNTIME: Final[dict[str, Any]] = {
    "Absent": Absent, "Several": Several, "CAUGHT": CAUGHT, "POISON": POISON, "Quiet": Quiet, "known": known, "same": same,
    "component": component, "decimal_of": decimal_of, "instant_text": instant_text, "number_text": number_text,
    "text_of": text_of, "kept": kept,
}  # fmt: skip
_BUILT_IN: Final[dict[str, Any]] = {"any": any, "bool": bool, "len": len}

NAMES: Final = frozenset({*_RUNTIME, *_BUILT_IN, "env", "note", "s", "e"})
"""All that generated code may name, besides its own variables: one letter and a number."""
ATTRIBUTES: Final = frozenset(
    {"answers", "append", "context", "decode", "get", "isoformat", "numbers", "party", "received_at", "rstrip", "system"}
)
"""All attributes that generated code may ask for."""


class Generated:
    """A block of a plan as code: ``run`` is it, ``source()`` is it for people.

    ``remembers``: what asks codes or times keeps its answers in the environment, at so many ``places``.
    """

    def __init__(self, block: Block, *, outgoing: bool = False, remembers: bool = False) -> None:
        self._written = block, outgoing, remembers
        writer = _Blocks(outgoing, remembers)
        module = writer.module(block)
        self.places = writer.places
        self.names: dict[str, Any] = {"__builtins__": _BUILT_IN, **_RUNTIME, **writer.constants}
        exec(compile(_Slices(self.names).visit(module), "<mapping>", "exec"), self.names)
        self.run: Row = self.names["row"]

    @property
    def module(self) -> ast.Module:
        """The code as it was written, before slices were made once: written again, since few ask and every start would copy it."""
        block, outgoing, remembers = self._written
        return _Blocks(outgoing, remembers).module(block)

    def source(self) -> str:
        """The generated code as text."""
        return ast.unparse(self.module)


class _Slices(ast.NodeTransformer):
    """Makes the slices of fields once: ``d0[c66_83]`` takes half the time of ``d0[66:83]``, which makes a new slice each time."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def visit_Slice(self, node: ast.Slice) -> ast.expr:
        """A slice of two constants, by name."""
        assert isinstance(node.lower, ast.Constant)
        assert isinstance(node.upper, ast.Constant)
        start, end = node.lower.value, node.upper.value
        assert isinstance(start, int)
        assert isinstance(end, int)
        variable = f"c{start}_{end}"
        self._names[variable] = slice(start, end)
        return ast.copy_location(name(variable), node)


class _Blocks(Values):
    """Writes whole blocks: objects, lists, what is left out and what fails."""

    def module(self, block: Block) -> ast.Module:
        """``def row(n0, env, note): ...``"""
        head: list[ast.stmt] = [
            emit.assign("d0", emit.item(name("n0"), 0)),
            emit.assign("k0", emit.item(name("n0"), 1)),
            emit.assign("s", emit.constant(0)),
            emit.assign("o0", ast.Dict([], [])),
        ]
        with self.into() as body:
            self.starts["n0"] = body
            self.inside(block, "o0")
        if self.places:
            head.append(emit.assign("a0", ast.Attribute(name("env"), "answers", ast.Load())))
        parameters = ast.arguments([], [ast.arg("n0"), ast.arg("env"), ast.arg("note")], None, [], [], None, [])
        function = ast.FunctionDef("row", parameters, [*head, *body, ast.Return(name("o0"))], [], None)
        return ast.fix_missing_locations(ast.Module([function], []))

    def inside(self, block: Block, target: str) -> None:
        """Lets and fields of a block at the current record, into the dict ``target``."""
        for let in block.lets:
            slot = f"v{let.slot}"
            with self.attempt([emit.assign(slot, name("POISON"))]):
                self.add(emit.assign(slot, self.present(let.leaf)))
        for field, item in block.fields:
            self.field(field, item, target)

    def field(self, field: str, item: ItemPlan, target: str) -> None:
        """One target of a block."""
        if isinstance(item, Leaf):
            with self.attempt():
                value = self.present(item)
                stored = emit.store(target, field, self.final(value, item.value))
                self.add(emit.when(emit.not_none(value), [stored]) if item.optional and item.value.nullable else stored)
        elif isinstance(item, Series):
            self.series(item, lambda made: emit.store(target, field, made))
        elif item.each:
            self.each(item, lambda made: emit.store(target, field, made))
        else:
            self.one(item, lambda made: emit.store(target, field, made))

    def one(self, block: Block, put: Callable[[ast.expr], ast.stmt]) -> None:
        """A block at the current record, or at the one record of ``$with``; left out when nothing is in it."""
        if block.records is None:
            self.made(block, put)
            return
        found = self.fresh("n")
        with self.attempt([emit.assign(found, emit.constant(None))]):
            self.mark(block.site)
            self.only(block.records, found)
            if not block.optional:
                self.add(emit.when(emit.is_none(name(found)), [emit.raises("Absent")]))
        with self.into() as body, self.at(found):
            self.made(block, put)
        self.add(emit.when(emit.not_none(name(found)), body))

    def made(self, block: Block, put: Callable[[ast.expr], ast.stmt]) -> None:
        """The dict of a block, if its condition holds and there is something in it."""
        made = self.fresh("o")
        with self.into() as body:
            self.add(emit.assign(made, ast.Dict([], [])))
            self.inside(block, made)
            self.add(emit.when(name(made), [put(name(made))]))
        self.guarded(block, body)

    def guarded(self, block: Block, body: list[ast.stmt]) -> None:
        """``body`` under the block's ``$when``."""
        if block.when is None:
            self.add(*body)
            return
        holds = self.fresh("w")
        with self.attempt([emit.assign(holds, emit.constant(False))]):
            self.mark(block.site)
            self.add(emit.assign(holds, self.tests.test(block.when, self.scope)))
        self.add(emit.when(name(holds), body))

    def each(self, block: Block, put: Callable[[ast.expr], ast.stmt]) -> None:
        """A list of a block's dicts, one for each record."""
        made = self.fresh("l")
        self.add(emit.assign(made, ast.List([], ast.Load())))
        self.spliced(block, made)
        self.add(emit.when(name(made), [put(name(made))]))

    def spliced(self, block: Block, made: str) -> None:
        """A block's dicts, appended to the list ``made``; none at all fails unless optional."""
        records, node, before = self.fresh("c"), self.fresh("n"), self.fresh("b")
        self.add(emit.assign(before, emit.call("len", name(made))))
        assert block.records is not None
        with self.attempt([emit.assign(records, ast.Tuple([], ast.Load())), emit.assign(before, emit.constant(-1))]):
            self.mark(block.site)
            self.all(block.records, records)
        with self.into() as body, self.at(node):
            self.lists.append(made)
            one = self.fresh("o")
            with self.into() as inner:
                self.add(emit.assign(one, ast.Dict([], [])))
                self.inside(block, one)
                self.add(ast.Expr(emit.method(name(made), "append", name(one))))
            self.guarded(block, inner)
            self.lists.pop()
        self.add(emit.loop(node, name(records), body))
        if not block.optional:
            with self.attempt():
                self.mark(block.site)
                empty = emit.compare(emit.call("len", name(made)), ast.Eq(), name(before))
                self.add(emit.when(empty, [emit.raises("Absent")]))

    def series(self, series: Series, put: Callable[[ast.expr], ast.stmt]) -> None:
        """A plain list, entry by entry."""
        made = self.fresh("l")
        self.add(emit.assign(made, ast.List([], ast.Load())))
        for item in series.items:
            if isinstance(item, Block) and item.each:
                self.spliced(item, made)
            else:
                self.lists.append(made)
                self.entry(item, made)
                self.lists.pop()
        self.add(emit.when(name(made), [put(name(made))]))

    def entry(self, item: ItemPlan, made: str) -> None:
        """One entry of a plain list."""

        def put(value: ast.expr) -> ast.stmt:
            return ast.Expr(emit.method(name(made), "append", value))

        if isinstance(item, Leaf):
            with self.attempt():
                value = self.present(item)
                stored = put(self.final(value, item.value))
                self.add(emit.when(emit.not_none(value), [stored]) if item.optional and item.value.nullable else stored)
        elif isinstance(item, Series):
            self.series(item, put)
        else:
            self.one(item, put)
