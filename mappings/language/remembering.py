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

from mappings.language.api import Codes
from mappings.language.plan import Applied, ValuePlan
from mappings.language.registry import Type

MOST: Final = 1000
"""Answers that are kept for one function at one place of a mapping; a full memory is emptied, which costs what it cost before."""
DAYS: Final = 4
"""Days (and zones) of which one view's answers are kept."""

Answers = list[dict[Any, Any]]
"""Question -> answer, for each place that asks codes or times."""

_PLAIN: Final = frozenset({Type.TEXT, Type.INT, Type.DATE})
"""Types whose equal values are one and the same. Decimals are not among them: 1.0 equals 1.00 and is written otherwise."""


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
    return (
        isinstance(plan, Applied)
        and not plan.function.many
        and not any(plan.arguments)
        and not (plan.function.composed or plan.function.varied)
    )


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
    """The key of an answer: value and arguments. None where one of them cannot be, or is seldom met twice."""
    if plan.function.varied or plan.function.many:
        return None
    operands = zip(plan.arguments, plan.function.dynamic, arguments, strict=True)
    asked = [(Type.TEXT if one is None else one.value.type, value) for one, parameter, value in operands if not parameter.added]
    if not all(is_plain(type) for type, _ in [(plan.head.type, head), *asked]):
        return None
    return ast.Tuple([head, *(value for _, value in asked)], ast.Load()) if asked else head
