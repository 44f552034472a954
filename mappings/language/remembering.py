"""What generated code remembers: the answer of a pure function for values it has met before, in one dictionary look-up.

Every function of the registry is pure: its answer is decided by its arguments, and where it asks codes or times by the frozen view,
the day and the zone. So an answer that was given once is given again, the same object: bodies are read, never changed.
Failures are not remembered: each is raised, and noted, at its own place.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from mappings.language import emit
from mappings.language.api import Codes
from mappings.language.plan import Applied, Operand, ValuePlan
from mappings.language.registry import Parameter, Type

MOST: Final = 1000
"""Answers that are kept for one function at one place of a mapping; a full memory is emptied, which costs what it cost before."""
DAYS: Final = 4
"""Days (and zones) of which one view's answers are kept."""

Answers = list[dict[Any, Any]]
"""Question -> answer, for each place that asks codes or times."""

_PLAIN: Final = frozenset({Type.TEXT, Type.INT, Type.DATE})
"""Types whose equal values are one and the same. Decimals are not among them: 1.0 equals 1.00 and is written otherwise."""
_PARTS: Final = {Type.QUANTITY: ("value", "unit")}


class Memory:
    """The answers under one view of the code tables, by day and zone; another view empties it."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._codes: Codes | None = None
        self._answers: dict[tuple[date, str], Answers] = {}

    def of(self, codes: Codes, day: date, zone: str) -> Answers:
        """What is remembered of that view for a day and a zone."""
        if codes is not self._codes:
            self._codes = codes
            self._answers = {}
        found = self._answers.get((day, zone))
        if found is None:
            if len(self._answers) >= DAYS:
                self._answers.clear()
            found = self._answers[day, zone] = [{} for _ in range(self._places)]
        return found


def kept(answers: dict[Any, Any], question: Any, answer: Any) -> Any:
    """Remember an answer, and give it."""
    if len(answers) >= MOST:
        answers.clear()
    answers[question] = answer
    return answer


def is_single(plan: ValuePlan) -> bool:
    """A function of one value and nothing else, which can be remembered."""
    return isinstance(plan, Applied) and not plan.function.many and not any(plan.arguments) and not plan.function.composed


def chain(plan: Applied) -> tuple[list[Applied], ValuePlan]:
    """Functions of one value that follow each other, the last first, and what the first is put to."""
    found = [plan]
    while is_single(found[-1].head):
        assert isinstance(found[-1].head, Applied)
        found.append(found[-1].head)
    return found, found[-1].head


def onto(functions: Sequence[Applied], value: ValuePlan) -> ValuePlan:
    """The same functions put to another value, which is there."""
    for one in reversed(functions):
        value = replace(one, head=value, nullable=one.function.nullable or value.nullable)
    return value


def is_plain(type: Type) -> bool:
    """Whether a value of the type is a question by itself."""
    return type in _PLAIN


def question(plan: Applied, head: ast.expr, arguments: Sequence[ast.expr]) -> ast.expr | None:
    """The key of an answer: value and arguments, of composed ones their parts. None where a value cannot be one."""
    parts = _parts(plan.head.type, _PARTS.get(plan.head.type, ()), head)
    for operand, parameter, value in zip(plan.arguments, plan.function.dynamic, arguments, strict=False):
        if parameter.added:
            continue
        more = [value] if operand is None else _argument(operand, parameter, value)
        if parts is None or more is None:
            return None
        parts += more
    if parts is None:
        return None
    return parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())


def _argument(operand: Operand, parameter: Parameter, value: ast.expr) -> list[ast.expr] | None:
    if operand.value.type not in _PLAIN and operand.optional and operand.value.nullable:
        return None
    return _parts(operand.value.type, parameter.reads, value)


def _parts(type: Type, names: Sequence[str], value: ast.expr) -> list[ast.expr] | None:
    if type in _PLAIN:
        return [value]
    return [emit.item(value, emit.constant(name)) for name in names] or None
