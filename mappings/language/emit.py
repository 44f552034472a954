"""Small parts of generated code, as ``ast`` nodes. Texts of a mapping get in only as ``ast.Constant``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.base import Access, Index, Key, Slice
from mappings.language.plan import BothPlan, ComparePlan, ExistsPlan, PathPlan, TestPlan, Var

_WAYS: Final = 8
Taker = Callable[[Access, ast.expr], ast.expr]


def name(text: str) -> ast.Name:
    """A variable that is read."""
    return ast.Name(text, ast.Load())


def constant(value: Any) -> ast.Constant:
    """A literal; whatever is in the text, it stays one."""
    return ast.Constant(value)


def call(function: ast.expr | str, *arguments: ast.expr) -> ast.Call:
    """``function(arguments)``."""
    return ast.Call(name(function) if isinstance(function, str) else function, list(arguments), [])


def method(value: ast.expr, attribute: str, *arguments: ast.expr) -> ast.Call:
    """``value.attribute(arguments)``."""
    return call(ast.Attribute(value, attribute, ast.Load()), *arguments)


def item(value: ast.expr, index: ast.expr | int) -> ast.Subscript:
    """``value[index]``."""
    return ast.Subscript(value, constant(index) if isinstance(index, int) else index, ast.Load())


def assign(target: str, value: ast.expr) -> ast.Assign:
    """``target = value``."""
    return ast.Assign([ast.Name(target, ast.Store())], value)


def store(container: str, key: str | int, value: ast.expr) -> ast.Assign:
    """``container[key] = value``."""
    return ast.Assign([ast.Subscript(name(container), constant(key), ast.Store())], value)


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.Compare:
    """``left operator right``."""
    return ast.Compare(left, [operator], [right])


def is_none(value: ast.expr) -> ast.Compare:
    """``value is None``."""
    return compare(value, ast.Is(), constant(None))


def not_none(value: ast.expr) -> ast.Compare:
    """``value is not None``."""
    return compare(value, ast.IsNot(), constant(None))


def when(test: ast.expr, body: list[ast.stmt], other: list[ast.stmt] | None = None) -> ast.If:
    """``if test: body else: other``."""
    return ast.If(test, body or [ast.Pass()], other or [])


def loop(variable: str, values: ast.expr, body: list[ast.stmt]) -> ast.For:
    """``for variable in values: body``."""
    return ast.For(ast.Name(variable, ast.Store()), values, body, [])


def raises(exception: str) -> ast.Raise:
    """``raise exception``."""
    return ast.Raise(name(exception), None)


def either(*tests: ast.expr, every: bool = False) -> ast.expr:
    """``a or b``, or ``a and b``."""
    return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And() if every else ast.Or(), list(tests))


def negate(test: ast.expr) -> ast.expr:
    """``not test``."""
    return ast.UnaryOp(ast.Not(), test)


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables of one record in generated code: its node, data and children."""

    node: str
    data: ast.expr
    kids: ast.expr


def scope_of(node: str) -> Scope:
    """A record of which only its node is in a variable."""
    return Scope(node, item(name(node), 0), item(name(node), 1))


def taken(access: Access, data: ast.expr) -> ast.expr:
    """A field out of a node's data; None or "" when absent."""
    match access:
        case Slice(start, length, charset):
            cut: ast.expr = item(data, ast.Slice(constant(start), constant(start + length)))
            text = cut if charset is None else method(cut, "decode", constant(charset))
            return method(text, "rstrip", constant(" "))
        case Index(index, None, _):
            long_enough = compare(call("len", data), ast.Gt(), constant(index))
            return ast.IfExp(long_enough, item(data, index), constant(None))
        case Index(index, component, separator):
            return call("component", data, constant(index), constant(component), constant(separator))
        case Key(key):
            return method(data, "get", constant(key))


def uncut(access: Access, data: ast.expr) -> ast.expr:
    """A field of a text record with the blanks that fill it up: half the cost, enough to compare it with ``padded`` texts."""
    assert isinstance(access, Slice)
    return item(data, ast.Slice(constant(access.start), constant(access.start + access.length)))


def padded(access: Access | None, values: Sequence[str | Var]) -> list[str | Var]:
    """Every way in which a text record may hold one of these texts; nothing where that does not say it all, or says it at length."""
    if not isinstance(access, Slice) or access.charset is not None:
        return []
    texts = [one for one in values if isinstance(one, str) and not one.endswith(" ") and len(one) <= access.length]
    room = sum(access.length - len(one) + 1 for one in texts)
    if len(texts) < len(values) or room > _WAYS:
        return []
    return [one + " " * blanks for one in texts for blanks in range(access.length - len(one) + 1)]


def field(access: Access | None, data: ast.expr) -> ast.expr:
    """A field out of a node's data; None when absent. An empty text is a value only where the format is read by name."""
    assert access is not None
    value = taken(access, data)
    return value if isinstance(access, Key) else ast.BoolOp(ast.Or(), [value, constant(None)])


def children(scope: Scope, step: str) -> ast.expr:
    """All children of one name."""
    return method(scope.kids, "get", constant(step), ast.Tuple([], ast.Load()))


class Tests:
    """Conditions as expressions. ``names`` makes new variables, ``variables`` reads a ``$let`` value."""

    def __init__(self, root: Scope) -> None:
        self.root = root
        self._count = 0

    def fresh(self, letter: str) -> str:
        """A variable that nothing else uses."""
        self._count += 1
        return f"{letter}{self._count}"

    def test(self, plan: TestPlan, scope: Scope) -> ast.expr:
        """A condition on the record of ``scope``."""
        match plan:
            case BothPlan(every, tests):
                return either(*(self.test(one, scope) for one in tests), every=every)
            case ComparePlan(path, values, negated):
                cuts = padded(path.access, values)
                found = self._any(path, scope, lambda value: self._equal(value, cuts or values), uncut if cuts else taken)
                return negate(found) if negated else found
            case ExistsPlan():
                found = self._exists(plan, scope)
                return found if plan.wanted else negate(found)

    def _exists(self, plan: ExistsPlan, scope: Scope) -> ast.expr:
        tests = []
        if plan.path.field is not None:
            by_name = isinstance(plan.path.access, Key)
            tests.append(self._any(plan.path, scope, lambda value: not_none(value) if by_name else call("bool", value)))
        if plan.record is not None:
            tests.append(self._any(plan.record, scope, lambda value: constant(True)))
        return either(*tests)

    def _equal(self, value: ast.expr, wanted: Sequence[str | Var]) -> ast.expr:
        texts = [constant(one) for one in wanted if isinstance(one, str)]
        tests: list[ast.expr] = []
        if len(texts) == 1:
            tests.append(compare(value, ast.Eq(), texts[0]))
        elif texts:
            tests.append(compare(value, ast.In(), ast.Tuple(list(texts), ast.Load())))
        tests += [call("same", value, call("known", name(f"v{one.slot}"))) for one in wanted if isinstance(one, Var)]
        return either(*tests)

    def _any(self, path: PathPlan, scope: Scope, test: Callable[[ast.expr], ast.expr], take: Taker = taken) -> ast.expr:
        """``any(test(value) for each record that the path meets)``; without records, the test on the field at once."""
        here = self.root if path.from_root else scope
        if not path.steps:
            return test(take(path.access, here.data) if path.access else constant(None))
        generators = []
        for step in path.steps:
            variable = self.fresh("x")
            inner = scope_of(variable)
            conditions = [] if step.test is None else [self.test(step.test, inner)]
            generators.append(ast.comprehension(ast.Name(variable, ast.Store()), children(here, step.name), conditions, 0))
            here = inner
        value = constant(True) if path.field is None or path.access is None else take(path.access, here.data)
        return call("any", ast.GeneratorExp(test(value), generators))
