"""Generated code for records: scopes, what is tried, loops over the records of a path, and the one record of a path."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mappings.language import emit
from mappings.language.emit import Scope, Tests, name
from mappings.language.plan import BothPlan, ComparePlan, ExistsPlan, PathPlan, Site, TestPlan


class Records:
    """Writes statements into ``body``."""

    def __init__(self) -> None:
        self.body: list[ast.stmt] = []
        self.constants: dict[str, Any] = {}
        self.root = Scope("n0", name("d0"), name("k0"))
        self.tests = Tests(self.root)
        self.scope = self.root
        self.lists: list[str] = []
        self.starts: dict[str, list[ast.stmt]] = {}
        self._sought: dict[tuple[str, Any], str] = {}

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
        self.starts[node] = self.body
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

    def sought(self, path: PathPlan) -> str:
        """The variable of the one record of a path, looked for once while its record is the current one, however many fields are read."""
        scope = self.root if path.from_root else self.scope
        shape = _shape(path)
        known = self._sought.get((scope.node, shape)) if shape is not None else None
        found = known or self.fresh("x")
        if shape is None:
            self.only(path, found)
            return found
        if known is None:
            self._sought[scope.node, shape] = found
            self.starts[scope.node].insert(0, emit.assign(found, emit.constant(False)))
        with self.into() as body:
            self.only(path, one := self.fresh("x"))
            self.add(emit.assign(found, name(one)))
        self.add(emit.when(emit.compare(name(found), ast.Is(), emit.constant(False)), body))
        return found

    def all(self, path: PathPlan, into: str) -> None:
        """All records of a path as a list in the variable ``into``."""
        if len(path.steps) == 1 and path.steps[0].test is None:
            scope = self.root if path.from_root else self.scope
            self.add(emit.assign(into, emit.children(scope, path.steps[0].name)))
            return
        self.add(emit.assign(into, ast.List([], ast.Load())))
        self.walk(path, lambda variable: [ast.Expr(emit.method(name(into), "append", name(variable)))])


def _shape(path: PathPlan) -> tuple[Any, ...] | None:
    """What decides which records a path meets; None where a ``$let`` value does, which may be another one further down."""
    found: list[Any] = [path.from_root]
    for step in path.steps:
        test = () if step.test is None else _test(step.test)
        if test is None:
            return None
        found.append((step.name, test))
    return tuple(found)


def _test(plan: TestPlan) -> tuple[Any, ...] | None:
    match plan:
        case BothPlan(every, tests):
            parts = [_test(one) for one in tests]
            return None if None in parts else ("both", every, *parts)
        case ComparePlan(path, values, negated):
            shape = _shape(path)
            return None if shape is None or not all(isinstance(one, str) for one in values) else ("is", shape, path.access, values, negated)
        case ExistsPlan(path, record, wanted):
            shapes = _shape(path), () if record is None else _shape(record)
            return None if None in shapes else ("exists", *shapes, path.access, path.field, wanted)
