"""The syntax tree of a mapping: what the text says, before any layout is known.

Marks take no part in comparison and ``repr``: ``repr`` of a tree is its normal form, which is hashed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from mappings.language.faults import Mark

_WORD: Final = re.compile(r"\w[\w-]*")


@dataclass(frozen=True, slots=True)
class Step:
    """One record name of a path, with the test its records must pass."""

    name: str
    test: Test | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """``A[Q=v].B.FIELD``. As a value the last step is the field; ``()`` is ``.``, the record's own value."""

    steps: tuple[Step, ...]
    mark: Mark = field(repr=False, compare=False)

    def __str__(self) -> str:
        return ".".join(step.name + (f"[{step.test}]" if step.test else "") for step in self.steps) or "."


@dataclass(frozen=True, slots=True)
class Constant:
    """A text of the mapping itself. ``quoted`` is False for a bare number."""

    text: str
    mark: Mark = field(repr=False, compare=False)
    quoted: bool = True

    def __str__(self) -> str:
        return "'" + self.text.replace("'", "''") + "'" if self.quoted else self.text


@dataclass(frozen=True, slots=True)
class Variable:
    """``$received``, ``$numbers.NAME`` or a name of ``$let``."""

    name: str
    mark: Mark = field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"${self.name}"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; ``name`` is a parameter, or the given value of ``choose``."""

    name: str | None
    value: Expression
    quoted_name: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A function behind a pipe."""

    name: str
    arguments: tuple[Argument, ...]
    mark: Mark = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Concat:
    """``a & b``: texts one after the other."""

    parts: tuple[Expression, ...]
    mark: Mark = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Expression:
    """A value through functions. ``optional`` (``?``): it may be absent."""

    value: Value
    calls: tuple[Call, ...]
    optional: bool
    mark: Mark = field(repr=False, compare=False)


Value = Path | Constant | Variable | Concat | Expression


@dataclass(frozen=True, slots=True)
class Compare:
    """``path = v``, ``path != v``, ``path in (v, w)``: true when one of the path's values is among ``values``."""

    path: Path
    operator: Literal["=", "!=", "in"]
    values: tuple[Constant | Variable, ...]

    def __str__(self) -> str:
        values = ", ".join(_shown(value) for value in self.values)
        return f"{self.path} in ({values})" if self.operator == "in" else f"{self.path}{self.operator}{values}"


def _shown(value: Constant | Variable) -> str:
    """A value as it is usually written: a word without its quotes."""
    return value.text if isinstance(value, Constant) and _WORD.fullmatch(value.text) else str(value)


@dataclass(frozen=True, slots=True)
class Exists:
    """``path exists``, ``path absent``."""

    path: Path
    wanted: bool

    def __str__(self) -> str:
        return f"{self.path} {'exists' if self.wanted else 'absent'}"


@dataclass(frozen=True, slots=True)
class Both:
    """``a and b``, or ``a or b``; ``and`` binds tighter."""

    operator: Literal["and", "or"]
    tests: tuple[Test, ...]

    def __str__(self) -> str:
        return f" {self.operator} ".join(str(test) for test in self.tests)


Test = Compare | Exists | Both


@dataclass(frozen=True, slots=True)
class Record:
    """The path behind ``$with`` and ``$each``: records, not values."""

    path: Path
    optional: bool


@dataclass(frozen=True, slots=True)
class Object:
    """A block of targets. ``each`` makes a list of it, ``within`` moves to one record, ``when`` leaves it out."""

    fields: Mapping[str, Item]
    mark: Mark = field(repr=False, compare=False)
    within: Record | None = None
    each: Record | None = None
    when: Test | None = None
    let: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A plain YAML list: its blocks one after the other, those with ``$each`` spliced in."""

    items: tuple[Item, ...]
    mark: Mark = field(repr=False, compare=False)


Item = Expression | Object | Items
