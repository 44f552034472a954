"""The row engine: a plan as one Python function, with the cutting of fields inlined and no tracing.

The function has the form ``row(n0, env, note)``: root node, environment, and where failures go. ``s`` holds the number of
the site that is being evaluated; whatever fails is noted as (site, record, failure, list places), and the next target is
evaluated all the same. Places and texts of a failure are worked out afterwards, by ``reports``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.base import Node
from mappings.language import emit
from mappings.language.emit import Scope, Tests, name
from mappings.language.functions.values import decimal_of, instant_text, number_text
from mappings.language.plan import (
    Applied,
    Block,
    Const,
    Element,
    Fallback,
    ItemPlan,
    Joined,
    Leaf,
    Many,
    Operand,
    PathPlan,
    Read,
    Series,
    Site,
    ValuePlan,
    Var,
)
from mappings.language.registry import Env, Type
from mappings.language.runtime import CAUGHT, POISON, Absent, Note, Several, component, known, same

Row = Callable[[Node, Env, Note], dict[str, Any]]

_RUNTIME: dict[str, Any] = {
    "Absent": Absent, "Several": Several, "CAUGHT": CAUGHT, "POISON": POISON, "known": known, "same": same,
    "component": component, "decimal_of": decimal_of, "instant_text": instant_text, "number_text": number_text,
}  # fmt: skip


class Generated:
    """A block of a plan as code: ``run`` is it, ``source()`` is it for people."""

    def __init__(self, block: Block, *, outgoing: bool = False) -> None:
        writer = _Writer(outgoing)
        self.module = writer.module(block)
        self.names: dict[str, Any] = {**_RUNTIME, **writer.constants}
        exec(compile(self.module, "<mapping>", "exec"), self.names)
        self.run: Row = self.names["row"]

    def source(self) -> str:
        """The generated code as text."""
        return ast.unparse(self.module)


class _Writer:
    """Writes statements into ``body``; values come back as a name or a constant."""

    def __init__(self, outgoing: bool) -> None:
        self.outgoing = outgoing
        self.body: list[ast.stmt] = []
        self.constants: dict[str, Any] = {}
        self.root = Scope("n0", name("d0"), name("k0"))
        self.tests = Tests(self.root)
        self.scope = self.root
        self.lists: list[str] = []
        self.element = ""

    def module(self, block: Block) -> ast.Module:
        """``def row(n0, env, note): ...``"""
        head: list[ast.stmt] = [
            emit.assign("d0", emit.item(name("n0"), 0)),
            emit.assign("k0", emit.item(name("n0"), 1)),
            emit.assign("s", emit.constant(0)),
            emit.assign("o0", ast.Dict([], [])),
        ]
        with self.into() as body:
            self.inside(block, "o0")
        parameters = ast.arguments([], [ast.arg("n0"), ast.arg("env"), ast.arg("note")], None, [], [], None, [])
        function = ast.FunctionDef("row", parameters, [*head, *body, ast.Return(name("o0"))], [], None)
        return ast.fix_missing_locations(ast.Module([function], []))

    @contextmanager
    def into(self) -> Iterator[list[ast.stmt]]:
        """Write into a new list of statements."""
        outer, self.body = self.body, []
        try:
            yield self.body
        finally:
            self.body = outer

    @contextmanager
    def at(self, node: str) -> Iterator[None]:
        """Make the record of that variable the current one."""
        outer = self.scope
        number = node[1:]
        self.scope = Scope(node, name(f"d{number}"), name(f"k{number}"))
        self.add(emit.assign(f"d{number}", emit.item(name(node), 0)), emit.assign(f"k{number}", emit.item(name(node), 1)))
        yield
        self.scope = outer

    @contextmanager
    def attempt(self, otherwise: list[ast.stmt] | None = None) -> Iterator[None]:
        """``try`` around what is written inside; a failure is noted, then ``otherwise``."""
        with self.into() as body:
            yield
        places = ast.Tuple([emit.call("len", name(one)) for one in self.lists], ast.Load())
        note = emit.call("note", ast.Tuple([name("s"), name(self.scope.node), name("e"), places], ast.Load()))
        handler = ast.ExceptHandler(name("CAUGHT"), "e", [ast.Expr(note), *(otherwise or [])])
        self.add(ast.Try(body or [ast.Pass()], [handler], [], []))

    def add(self, *statements: ast.stmt) -> None:
        """Append statements."""
        self.body.extend(statements)

    def fresh(self, letter: str) -> str:
        """A new variable."""
        return self.tests.fresh(letter)

    def keep(self, value: Any, letter: str) -> ast.expr:
        """An object that generated code reads by name: a function made with its static arguments, a date."""
        variable = self.fresh(letter)
        self.constants[variable] = value
        return name(variable)

    def mark(self, site: Site) -> None:
        """``s = number of the site``: what fails from here on fails there."""
        self.add(emit.assign("s", emit.constant(site.number)))

    # -- blocks ------------------------------------------------------------------------------------

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

    # -- records -----------------------------------------------------------------------------------

    def walk(self, path: PathPlan, found: Callable[[str], list[ast.stmt]]) -> None:
        """Loops over the records that a path meets, with ``found`` in the innermost."""
        self.add(*self._nested(path, 0, self.root if path.from_root else self.scope, found))

    def _nested(self, path: PathPlan, depth: int, scope: Scope, found: Callable[[str], list[ast.stmt]]) -> list[ast.stmt]:
        step, variable = path.steps[depth], self.fresh("x")
        inner = emit.scope_of(variable)
        last = depth + 1 == len(path.steps)
        body = found(variable) if last else self._nested(path, depth + 1, inner, found)
        if step.test is not None:
            body = [emit.when(self.tests.test(step.test, inner), body)]
        return [emit.loop(variable, emit.children(scope, step.name), body)]

    def only(self, path: PathPlan, into: str) -> None:
        """The one record of a path in the variable ``into``, None when there is none; several raise."""

        def found(variable: str) -> list[ast.stmt]:
            return [emit.when(emit.not_none(name(into)), [emit.raises("Several")]), emit.assign(into, name(variable))]

        self.add(emit.assign(into, emit.constant(None)))
        self.walk(path, found)

    def all(self, path: PathPlan, into: str) -> None:
        """All records of a path as a list in the variable ``into``."""
        if len(path.steps) == 1 and path.steps[0].test is None:
            scope = self.root if path.from_root else self.scope
            self.add(emit.assign(into, emit.children(scope, path.steps[0].name)))
            return
        self.add(emit.assign(into, ast.List([], ast.Load())))
        self.walk(path, lambda variable: [ast.Expr(emit.method(name(into), "append", name(variable)))])

    # -- values ------------------------------------------------------------------------------------

    def present(self, leaf: Leaf | Operand) -> ast.expr:
        """A value; absent raises unless it may be."""
        value = self.value(leaf.value)
        if leaf.value.nullable and not leaf.optional:
            absent: list[ast.stmt] = [emit.assign("s", emit.constant(leaf.site.number)), emit.raises("Absent")]
            self.add(emit.when(emit.is_none(value), absent))
        return value

    def final(self, value: ast.expr, plan: ValuePlan) -> ast.expr:
        """A value as it stands in the body: texts, but whole numbers of a canonical body."""
        match plan.type:
            case Type.DECIMAL:
                return emit.call("decimal_of", value)
            case Type.DATE:
                return emit.method(value, "isoformat")
            case Type.INSTANT:
                return emit.call("instant_text", value)
            case Type.INT if self.outgoing:
                return emit.call("number_text", value)
        return value

    def value(self, plan: ValuePlan) -> ast.expr:
        """Statements that work out a value; it comes back as a name or a constant."""
        match plan:
            case Read():
                return self.read(plan)
            case Const():
                plain = isinstance(plan.value, (str, int)) and not isinstance(plan.value, (date, Decimal))
                return emit.constant(plan.value) if plain else self.keep(plan.value, "c")
            case Var():
                return self.variable(plan)
            case Element():
                return name(self.element)
            case Many():
                return self.many(plan)
            case Joined():
                return self.joined(plan)
            case Fallback():
                return self.fallback(plan)
            case Applied():
                return self.applied(plan)

    def read(self, plan: Read) -> ast.expr:
        """The field of the one record of a path."""
        path, result = plan.path, self.fresh("t")
        self.mark(plan.site)
        if not path.steps:
            self.add(emit.assign(result, emit.field(path.access, self.scope.data)))
            return name(result)
        found = self.fresh("x")
        self.only(path, found)
        value = emit.field(path.access, emit.item(name(found), 0))
        self.add(emit.assign(result, ast.IfExp(emit.is_none(name(found)), emit.constant(None), value)))
        return name(result)

    def variable(self, plan: Var) -> ast.expr:
        """A given value, or a ``$let`` value that was worked out before."""
        result = self.fresh("t")
        if plan.slot >= 0:
            self.add(emit.assign(result, emit.call("known", name(f"v{plan.slot}"))))
            return name(result)
        context = ast.Attribute(name("env"), "context", ast.Load())
        if plan.name.startswith("numbers."):
            numbers = ast.Attribute(context, "numbers", ast.Load())
            value: ast.expr = emit.method(numbers, "get", emit.constant(plan.name.removeprefix("numbers.")))
        else:
            value = ast.Attribute(context, {"received": "received_at"}.get(plan.name, plan.name), ast.Load())
        self.add(emit.assign(result, ast.BoolOp(ast.Or(), [value, emit.constant(None)])))
        return name(result)

    def many(self, plan: Many) -> ast.expr:
        """All values of a path as a list, each through the functions that stand before the one that takes them all."""
        result = self.fresh("q")
        self.add(emit.assign(result, ast.List([], ast.Load())))

        def found(value: ast.expr) -> list[ast.stmt]:
            outer, self.element = self.element, self.fresh("t")
            with self.into() as body:
                self.mark(plan.site)
                self.add(emit.assign(self.element, value))
                with self.into() as inner:
                    each = self.value(plan.each)
                    append: ast.stmt = ast.Expr(emit.method(name(result), "append", each))
                    self.add(emit.when(emit.not_none(each), [append]) if plan.each.nullable else append)
                self.add(emit.when(emit.not_none(name(self.element)), inner))
            self.element = outer
            return body

        if plan.path is None:
            assert plan.head is not None
            self.add(*found(self.value(plan.head)))
        elif not plan.path.steps:
            self.add(*found(emit.field(plan.path.access, self.scope.data)))
        else:
            path = plan.path
            self.walk(path, lambda record: found(emit.field(path.access, emit.item(name(record), 0))))
        return name(result)

    def joined(self, plan: Joined) -> ast.expr:
        """Texts one after the other."""
        values = [self.value(part.value) for part in plan.parts]
        texts: list[ast.expr] = []
        for part, value in zip(plan.parts, values, strict=True):
            filled = ast.BoolOp(ast.Or(), [value, emit.constant("")]) if part.optional and part.value.nullable else value
            texts.append(ast.FormattedValue(filled, -1, None))
        joined: ast.expr = ast.JoinedStr(texts)
        needed = [v for p, v in zip(plan.parts, values, strict=True) if p.value.nullable and not p.optional]
        if needed:
            joined = ast.IfExp(emit.either(*(emit.is_none(value) for value in needed)), emit.constant(None), joined)
        elif plan.nullable:
            joined = ast.BoolOp(ast.Or(), [joined, emit.constant(None)])
        result = self.fresh("t")
        self.add(emit.assign(result, joined))
        return name(result)

    def fallback(self, plan: Fallback) -> ast.expr:
        """``default(x)``: the other value is worked out only where it is needed."""
        result = self.fresh("t")
        self.add(emit.assign(result, self.value(plan.head)))
        with self.into() as body:
            self.add(emit.assign(result, self.present(plan.other)))
        self.add(emit.when(emit.is_none(name(result)), body))
        return name(result)

    def applied(self, plan: Applied) -> ast.expr:
        """A function over a value; an absent value stays absent and asks for no argument."""
        head, result = self.value(plan.head), self.fresh("t")
        with self.into() as body:
            arguments = [emit.constant(None) if one is None else self.present(one) for one in plan.arguments]
            if not plan.function.total:
                self.mark(plan.site)
            values = [name("env")] if plan.function.env else []
            function = self.keep(plan.implementation, "f")
            self.add(emit.assign(result, emit.call(function, *values, head, *arguments)))
        if plan.head.nullable and not plan.function.many:
            self.add(emit.assign(result, emit.constant(None)), emit.when(emit.not_none(head), body))
        else:
            self.add(*body)
        return name(result)
