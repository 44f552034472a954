"""Generated code for values: fields, functions, constants. The writer of the row engine, without its blocks."""

from __future__ import annotations

import ast
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.base import Slice
from mappings.language import emit
from mappings.language.emit import name
from mappings.language.plan import Applied, Const, Element, Fallback, Joined, Leaf, Many, Operand, Read, ValuePlan, Var
from mappings.language.registry import Type
from mappings.language.remembering import chain, is_plain, is_single, onto, question
from mappings.language.row_records import Records


class Values(Records):
    """Writes statements into ``body``; values come back as a name or a constant."""

    def __init__(self, outgoing: bool, remembers: bool) -> None:
        super().__init__()
        self.outgoing, self._remembers = outgoing, remembers
        self.element = ""
        self.places = 0

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
        found = self.sought(path)
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

    # -- functions ---------------------------------------------------------------------------------

    def applied(self, plan: Applied) -> ast.expr:
        """A function over a value; an absent value stays absent and asks for no argument."""
        if is_single(plan):
            return self.followed(plan)
        head, result = self.value(plan.head), self.fresh("t")
        with self.into() as body:
            arguments = [emit.constant(None) if one is None else self.present(one) for one in plan.arguments]
            with self.into() as called:
                self.answer(plan, head, arguments, result)
            there = [emit.not_none(arguments[index]) for index in sorted(plan.needed)]
            nothing: list[ast.stmt] = [emit.assign(result, emit.constant(None))]
            self.add(*([emit.when(emit.either(*there, every=True), called, nothing)] if there else called))
        if plan.head.nullable and not plan.function.many:
            self.add(emit.assign(result, emit.constant(None)), emit.when(emit.not_none(head), body))
        else:
            self.add(*body)
        return name(result)

    def answer(self, plan: Applied, head: ast.expr, arguments: list[ast.expr], result: str) -> None:
        """Call a function, or compose its result here, or know the answer."""
        function = plan.function
        if function.composed:
            if not function.total:
                self.mark(plan.site)
            self.add(emit.assign(result, self.composed(plan, head, arguments)))
            return
        key, added = question(plan, head, arguments), [one.added for one in function.dynamic]
        memory = self.memory(function.env) if key is not None else None
        if memory is None or key is None:
            self.call(plan, head, arguments, result)
            return
        self.add(emit.assign(result, emit.method(memory, "get", key)))
        with self.into() as asked:
            self.call(plan, head, [emit.constant(None) if late else one for late, one in zip(added, arguments, strict=True)], result)
            self.add(emit.assign(result, emit.call("kept", memory, key, name(result))))
        self.add(emit.when(emit.is_none(name(result)), asked))
        late = [one for one, is_late in zip(arguments, added, strict=True) if is_late]
        if function.adds is not None and any(one is not None and later for one, later in zip(plan.arguments, added, strict=True)):
            self.add(emit.assign(result, emit.call(self.keep(function.adds, "f"), name(result), *late)))

    def call(self, plan: Applied, head: ast.expr, arguments: list[ast.expr], result: str) -> None:
        """Call a function."""
        if not plan.function.total:
            self.mark(plan.site)
        values = [name("env")] if plan.function.env else []
        self.add(emit.assign(result, emit.call(self.keep(plan.implementation, "f"), *values, head, *arguments)))

    def memory(self, asks: bool) -> ast.expr | None:
        """Where answers are remembered: with the view where the function asks it, else with the code. None where it may not."""
        if not asks:
            return self.keep({}, "m")
        if not self._remembers:
            return None
        self.places += 1
        return emit.item(name("a0"), self.places - 1)

    def composed(self, plan: Applied, head: ast.expr, arguments: list[ast.expr]) -> ast.expr:
        """The object that a function composes, written down where it is wanted."""
        given: dict[str, tuple[ast.expr, Type, str | None]] = {"": (head, plan.head.type, None)}
        for parameter, operand, value in zip(plan.function.dynamic, plan.arguments, arguments, strict=True):
            optional = operand is None or (operand.optional and operand.value.nullable)
            given[parameter.name] = value, Type.TEXT if operand is None else operand.value.type, parameter.default if optional else None
        found: dict[str, Any] = {}
        for path, (source, function) in plan.function.parts.items():
            value, type, default = given[source]
            made = emit.call("text_of" if type is Type.TEXT else "decimal_of", value) if function == "number" else value
            if default is not None:
                made = ast.IfExp(emit.is_none(value), emit.constant(default), made)
            *above, last = path.split("/")
            inner = found
            for step in above:
                inner = inner.setdefault(step, {})
            inner[last] = made
        return _written(found)

    def followed(self, plan: Applied) -> ast.expr:
        """Functions of one value that follow each other, with one answer remembered for all of them."""
        plans, base = chain(plan)
        memory = self.memory(any(one.function.env for one in plans)) if is_plain(base.type) else None
        if memory is None:
            return self.plainly(plan)
        result = self.fresh("t")
        cut = self.cut(base)
        head = self.named(self.value(base)) if cut is None else name(self.fresh("t"))
        key = cut or head
        look: ast.stmt = emit.assign(result, emit.method(memory, "get", key))
        with self.into() as asked:
            self.element, outer = head.id, self.element
            put = onto(plans, Element(base.type))
            made = self.plainly(put)
            self.element = outer
            keep: ast.stmt = emit.assign(result, emit.call("kept", memory, key, made))
            self.add(emit.when(emit.not_none(made), [keep]) if put.nullable else keep)
        if cut is not None:
            text = ast.BoolOp(ast.Or(), [emit.method(cut, "rstrip", emit.constant(" ")), emit.constant(None)])
            asked = [emit.assign(head.id, text), emit.when(emit.not_none(head), asked)]
        body = [look, emit.when(emit.is_none(name(result)), asked)]
        if cut is None and base.nullable:
            self.add(emit.assign(result, emit.constant(None)), emit.when(emit.not_none(head), body))
        else:
            self.add(*body)
        return name(result)

    def plainly(self, plan: ValuePlan) -> ast.Name:
        """A value whose functions are asked every time."""
        if not isinstance(plan, Applied) or not is_single(plan):
            return self.named(self.value(plan))
        head, result = self.plainly(plan.head), self.fresh("t")
        with self.into() as body:
            self.call(plan, head, [emit.constant(None) for _ in plan.arguments], result)
        if plan.head.nullable:
            body = [emit.assign(result, emit.constant(None)), emit.when(emit.not_none(head), body)]
        self.add(*body)
        return name(result)

    def cut(self, plan: ValuePlan) -> ast.Name | None:
        """A field of a text record with the blanks that fill it up: what is remembered of it needs no taking them off."""
        if not isinstance(plan, Read) or not isinstance(plan.path.access, Slice) or plan.path.access.charset is not None:
            return None
        self.mark(plan.site)
        if plan.path.steps:
            found = self.sought(plan.path)
            there = emit.uncut(plan.path.access, emit.item(name(found), 0))
            return self.named(ast.IfExp(emit.is_none(name(found)), emit.constant(""), there))
        return self.named(emit.uncut(plan.path.access, self.scope.data))

    def named(self, value: ast.expr) -> ast.Name:
        """A value in a variable."""
        if isinstance(value, ast.Name):
            return value
        result = self.fresh("t")
        self.add(emit.assign(result, value))
        return name(result)


def _written(found: dict[str, Any]) -> ast.expr:
    """An object of expressions as an expression."""
    values = [_written(one) if isinstance(one, dict) else one for one in found.values()]
    return ast.Dict([emit.constant(key) for key in found], values)
