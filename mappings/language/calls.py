"""Planning one expression: its head, its functions with their arguments, its constants, and the types between them."""

from __future__ import annotations

from collections.abc import Mapping as Readable
from dataclasses import replace
from datetime import date
from typing import Any, Final

from canonical_model.problems import Misconfigured
from mappings.language import functions as _registered  # noqa: F401  (fills the registry)
from mappings.language.faults import Faults, Mark, did_you_mean
from mappings.language.functions.values import as_decimal
from mappings.language.paths import Paths
from mappings.language.plan import (
    Applied,
    Const,
    Element,
    Fallback,
    Joined,
    Many,
    Operand,
    PathPlan,
    Read,
    Site,
    ValuePlan,
    Var,
)
from mappings.language.registry import ANY, FUNCTIONS, NUMBERS, Failed, Function, Parameter, Type
from mappings.language.syntax import Argument, Call, Concat, Constant, Expression, Path, Value, Variable

GIVEN: Final = {"received": (Type.INSTANT, False), "system": (Type.TEXT, False), "party": (Type.TEXT, True)}
EVERY: Final = Function("every", ANY, None, lambda: tuple, "All values of a path.", many=True, total=True)
"""What ``numbers:`` collects with; not a word of the language."""

_NO_MARK: Final = Mark("", 0, 0)


class Calls:
    """Plans expressions. ``pure`` names the word whose expressions must not ask a code table (empty: they may)."""

    def __init__(self, paths: Paths, faults: Faults) -> None:
        self.paths, self.faults = paths, faults
        self.sites: list[Site] = []
        self.pure = ""
        self._segment, self._variables, self._target = "", dict[str, Var](), ""

    def value(self, expression: Expression, segment: str, variables: dict[str, Var], target: str) -> ValuePlan:
        """The plan of an expression at a record of that segment."""
        self._segment, self._variables, self._target = segment, variables, target
        return self._expression(expression)

    def every(self, expression: Expression, target: str) -> ValuePlan:
        """As ``value`` at the document, but all values of a path instead of the one."""
        self._segment, self._variables, self._target = "", {}, target
        if any(call.name in FUNCTIONS and FUNCTIONS[call.name].many for call in expression.calls):
            return self._applied(EVERY, self._one(self._expression(expression)), {}, (), expression.mark)
        return self._applied(EVERY, self._many(expression.value, expression.calls, expression.mark), {}, (), expression.mark)

    def site(self, mark: Mark, target: str, value: ValuePlan) -> Site:
        """A new site; its path is the first one that the value reads."""
        return self.bare_site(target, mark, first_path(value))

    def bare_site(self, target: str, mark: Mark = _NO_MARK, path: PathPlan | None = None) -> Site:
        """A new site with a known path."""
        site = Site(len(self.sites), mark, target, path, path.text if path else "")
        self.sites.append(site)
        return site

    def _expression(self, expression: Expression) -> ValuePlan:
        for index, call in enumerate(expression.calls):
            if (function := FUNCTIONS.get(call.name)) and function.many:
                many = self._many(expression.value, expression.calls[:index], expression.mark)
                return self._pipe(self._call(function, many, call), expression.calls[index + 1 :])
        return self._pipe(self._head(expression.value), expression.calls)

    def _many(self, value: Value, calls: tuple[Call, ...], mark: Mark) -> Many:
        if isinstance(value, Path):
            path = self.paths.value(value, self._segment, self._variables)
            each = self._pipe(Element(Type.TEXT), calls)
            return Many(path, None, each, self.bare_site(self._target, mark, path), each.type)
        return self._one(self._pipe(self._head(value), calls))

    def _one(self, value: ValuePlan) -> Many:
        return Many(None, value, Element(value.type), self.site(_NO_MARK, self._target, value), value.type)

    def _pipe(self, head: ValuePlan, calls: tuple[Call, ...]) -> ValuePlan:
        for call in calls:
            function = FUNCTIONS.get(call.name)
            if function is None:
                self.faults.add(call.mark, f"there is no function {call.name!r}", did_you_mean(call.name, FUNCTIONS))
                continue
            if function.many:
                self.faults.add(call.mark, f"{call.name} takes all values of a path, and here is one", f"put {call.name} first")
                continue
            head = self._call(function, head, call)
        return head

    def _head(self, value: Value) -> ValuePlan:
        if isinstance(value, Path):
            path = self.paths.value(value, self._segment, self._variables)
            return Read(path, self.bare_site(self._target, value.mark, path))
        if isinstance(value, Constant):
            return Const(value.text, value.text, value.mark)
        if isinstance(value, Variable):
            return self._variable(value)
        if isinstance(value, Concat):
            return self._joined(value)
        return self._expression(value)

    def _variable(self, variable: Variable) -> ValuePlan:
        name = variable.name
        if name in self._variables:
            return self._variables[name]
        if name in GIVEN:
            return Var(name, -1, variable.mark, *GIVEN[name])
        if name.startswith("numbers."):
            return Var(name, -1, variable.mark, Type.TEXT, True)
        self.faults.add(variable.mark, f"{variable} is not known here", did_you_mean(name, [*self._variables, *GIVEN]))
        return Const("", "", variable.mark)

    def _joined(self, concat: Concat) -> Joined:
        parts = tuple(self._operand(part, frozenset({Type.TEXT}), "&") for part in concat.parts)
        needed = [part for part in parts if not part.optional]
        nullable = any(part.value.nullable for part in needed) or not needed
        return Joined(parts, concat.mark, nullable=nullable)

    def _operand(self, expression: Expression, accepts: frozenset[Type], taker: str) -> Operand:
        value = self._expression(expression)
        if value.type not in accepts:
            fix = "add `| text`" if Type.TEXT in accepts and value.type in NUMBERS | {Type.DATE, Type.INSTANT} else ""
            self.faults.add(expression.mark, f"{taker} takes {_names(accepts)}, and this is {value.type}", fix)
        return Operand(value, expression.optional, self.site(expression.mark, self._target, value))

    def _call(self, function: Function, head: ValuePlan, call: Call) -> ValuePlan:
        if head.type not in function.takes:
            fix = _conversion(head.type, function)
            self.faults.add(call.mark, f"{function.name} takes {_names(function.takes)}, and this is {head.type}", fix)
        if self.pure and function.resolves:
            message = f"{function.name} asks a code table, and {self.pure} is read from the source alone"
            self.faults.add(call.mark, message, "leave it out: what was given is what identifies")
        found = self._arguments(function, call)
        if function.name == "default":
            return self._fallback(head, found, call)
        static = self._static(function, found, call)
        operands = tuple(self._dynamic(function, parameter, found.get(parameter.name)) for parameter in function.dynamic)
        return self._applied(function, head, static, operands, call.mark)

    def _applied(
        self, function: Function, head: ValuePlan, static: Readable[str, Any], operands: tuple[Operand | None, ...], mark: Mark
    ) -> Applied:
        implementation = self._made(function, static, mark)
        needed = frozenset(
            index
            for index, (parameter, operand) in enumerate(zip(function.dynamic, operands, strict=False))
            if parameter.required and operand is not None and operand.optional and operand.value.nullable
        )
        nullable = function.nullable or bool(needed) or (head.nullable and not function.many)
        site, gives = self.site(mark, self._target, head), function.gives or head.type
        return Applied(function, head, static, operands, implementation, needed, site, gives, nullable)

    def _made(self, function: Function, static: Readable[str, Any], mark: Mark) -> Any:
        try:
            return function.make(**static)
        except (ValueError, Misconfigured) as error:
            self.faults.add(mark, f"{function.name}: {error.args[0] if error.args else error}", function.signature)
            return str

    def _fallback(self, head: ValuePlan, found: dict[str, Argument], call: Call) -> ValuePlan:
        site = self.site(call.mark, self._target, head)
        if "value" not in found:
            return head
        expression = found["value"].value
        if isinstance(expression.value, Constant) and not expression.calls:
            other: ValuePlan = self._converted(expression.value, head.type)
            operand = Operand(other, False, site)
        else:
            operand = replace(self._operand(expression, frozenset({head.type}), "default"), optional=True)
        return Fallback(head, operand, site, head.type, operand.value.nullable)

    def _converted(self, constant: Constant, wanted: Type) -> Const:
        """A constant as the type that the pipe has at this place."""
        try:
            match wanted:
                case Type.TEXT:
                    value: Any = constant.text
                case Type.DECIMAL:
                    value = as_decimal(constant.text)
                case Type.INT:
                    value = int(as_decimal(constant.text))
                case Type.DATE:
                    value = date.fromisoformat(constant.text)
                case _:
                    raise ValueError
        except (Failed, ValueError):
            self.faults.add(constant.mark, f"{constant} is not {wanted}", "give a constant of the type that stands before")
            return Const("", constant.text, constant.mark, wanted)
        return Const(value, constant.text, constant.mark, wanted)

    def _arguments(self, function: Function, call: Call) -> dict[str, Argument]:
        """Arguments by parameter name; by position first, then by name."""
        names = [parameter.name for parameter in function.parameters]
        found: dict[str, Argument] = {}
        positional = iter(names)
        for argument in call.arguments:
            name = argument.name
            if function.pairs and name is not None and (argument.quoted_name or name not in names):
                continue
            if name is None:
                name = next(positional, None)
            if name is None or name not in names or name in found:
                self._refuse_argument(function, argument, found)
                continue
            found[name] = argument
        for parameter in function.parameters:
            if parameter.required and parameter.name not in found:
                self.faults.add(call.mark, f"{function.name} needs {parameter.name!r}", function.signature)
        return found

    def _refuse_argument(self, function: Function, argument: Argument, found: dict[str, Argument]) -> None:
        names = [parameter.name for parameter in function.parameters]
        if argument.name is None:
            message = f"{function.name} takes {len(names)} arguments" if names else f"{function.name} takes no argument"
        elif argument.name in found:
            message = f"{argument.name!r} is given twice"
        else:
            message = f"{function.name} has no parameter {argument.name!r}"
        fix = did_you_mean(argument.name, names) if argument.name else function.signature
        self.faults.add(argument.value.mark, message, fix)

    def _dynamic(self, function: Function, parameter: Parameter, argument: Argument | None) -> Operand | None:
        if argument is None:
            return None
        return self._operand(argument.value, parameter.accepts, f"{parameter.name!r} of {function.name}")

    def _static(self, function: Function, found: dict[str, Argument], call: Call) -> dict[str, Any]:
        static: dict[str, Any] = {}
        for parameter in function.static:
            argument = found.get(parameter.name)
            static[parameter.name] = parameter.default if argument is None else self._word(parameter, argument.value)
        if function.pairs:
            static["pairs"] = self._pairs(function, call)
        return static

    def _pairs(self, function: Function, call: Call) -> tuple[tuple[str, str], ...]:
        names = {parameter.name for parameter in function.parameters}
        pairs: dict[str, str] = {}
        for argument in call.arguments:
            if argument.name is None or (argument.name in names and not argument.quoted_name):
                continue
            if argument.name in pairs:
                self.faults.add(argument.value.mark, f"{argument.name!r} stands here twice", "keep one")
            pairs[argument.name] = self._word(Parameter(argument.name, static="word"), argument.value)
        if not pairs:
            self.faults.add(call.mark, f"{function.name} has no values", function.signature)
        return tuple(pairs.items())

    def _word(self, parameter: Parameter, expression: Expression) -> Any:
        """A static argument: a bare word, a constant or a whole number."""
        text, bare = _bare(expression)
        if text is None:
            message = f"{parameter.name!r} is a word or constant, known before any message is read"
            self.faults.add(expression.mark, message, "write it in '...'")
            return 1 if parameter.static == "int" else parameter.default or "?"
        if parameter.static == "int":
            if not (text.isascii() and text.isdigit() and len(text) < 7):
                self.faults.add(expression.mark, f"{parameter.name!r} is a whole number", "e.g. 3")
                return 1
            return int(text)
        if parameter.static == "else" and bare:
            if text not in ("keep", "hold"):
                self.faults.add(expression.mark, f"else is keep, hold or a constant, not {text}", f"else='{text}'")
            return text == "keep"
        return text


def first_path(value: ValuePlan) -> PathPlan | None:
    """The first path that a value reads: what an error about it names."""
    match value:
        case Read() | Many(path=PathPlan()):
            return value.path
        case Many(head=head) if head is not None:
            return first_path(head)
        case Applied() | Fallback():
            return first_path(value.head)
        case Joined():
            return next((path for part in value.parts if (path := first_path(part.value)) is not None), None)
    return None


def _bare(expression: Expression) -> tuple[str | None, bool]:
    """The text of a static argument and whether it was written as a bare word."""
    value = expression.value
    if expression.calls or expression.optional:
        return None, False
    if isinstance(value, Constant):
        return value.text, not value.quoted
    if isinstance(value, Path) and len(value.steps) == 1 and value.steps[0].test is None:
        return value.steps[0].name, True
    return None, False


def _names(types: frozenset[Type]) -> str:
    return "any value" if types == ANY else " or ".join(sorted(types))


def _conversion(found: Type, function: Function) -> str:
    if Type.TEXT in function.takes and found in NUMBERS | {Type.DATE, Type.INSTANT}:
        return "add `| text` before it"
    if Type.INSTANT in function.takes and found is Type.TEXT:
        return "add `| instant` before it"
    return f"see {function.signature} in the language reference"
