"""Generated code for values: fields, functions, constants. The writer of the row engine, without its blocks."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from mappings.language import emit
from mappings.language.emit import Scope, Tests, name
from mappings.language.plan import (
    Applied,
    Const,
    Element,
    Fallback,
    Joined,
    Leaf,
    Many,
    Operand,
    PathPlan,
    Read,
    Site,
    ValuePlan,
    Var,
)
from mappings.language.registry import Type


class Values:
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
        if plan.slot >= 0:
            slot = name(f"v{plan.slot}")
            self.add(emit.when(emit.compare(slot, ast.Is(), name("POISON")), [emit.raises("Quiet")]))
            return slot
        result = self.fresh("t")
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
            called: ast.stmt = emit.assign(result, emit.call(function, *values, head, *arguments))
            there = [emit.not_none(arguments[index]) for index in sorted(plan.needed)]
            self.add(emit.when(emit.either(*there, every=True), [called], [emit.assign(result, emit.constant(None))]) if there else called)
        if plan.head.nullable and not plan.function.many:
            self.add(emit.assign(result, emit.constant(None)), emit.when(emit.not_none(head), body))
        else:
            self.add(*body)
        return name(result)
