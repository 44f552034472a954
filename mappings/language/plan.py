"""The plan of a mapping: its syntax tree with every path resolved against a layout and every type checked.

Both engines run from the same plan: the row engine turns it into Python, the traced one walks it.
"""

from __future__ import annotations

from collections.abc import Mapping as Readable
from dataclasses import dataclass, field
from typing import Any

from adapters.base import Access
from mappings.language.faults import Mark
from mappings.language.registry import Function, Type


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Children of one name, those that pass the test."""

    name: str
    test: TestPlan | None


@dataclass(frozen=True, slots=True)
class PathPlan:
    """Records from the current record (or, ``from_root``, from the document), and the field taken from them.

    ``field`` None: the records themselves. ``segment`` is the name of the last record, "" for the document.
    """

    text: str
    mark: Mark
    from_root: bool
    steps: tuple[StepPlan, ...]
    segment: str
    field: str | None
    access: Access | None


@dataclass(frozen=True, slots=True)
class Site:
    """A place of the mapping where something can fail. ``target`` is a JSON pointer with ``*`` for list places."""

    number: int
    mark: Mark
    target: str
    path: PathPlan | None
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """The field of the one record that a path meets."""

    path: PathPlan
    site: Site
    type: Type = Type.TEXT
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Const:
    """A constant of the mapping, converted when it was compiled. ``text`` is as written."""

    value: Any
    text: str
    mark: Mark
    type: Type = Type.TEXT
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Var:
    """``$received`` and the other given ones (``slot`` -1), or the ``$let`` value of that slot."""

    name: str
    slot: int
    mark: Mark
    type: Type
    nullable: bool


@dataclass(frozen=True, slots=True)
class Element:
    """Stands for each value in turn inside ``Many``."""

    type: Type
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Many:
    """All values of a path (or the one of ``head``), each put through ``each``."""

    path: PathPlan | None
    head: ValuePlan | None
    each: ValuePlan
    site: Site
    type: Type
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Operand:
    """An argument or a part of a concatenation. Absent and not optional fails at ``site``."""

    value: ValuePlan
    optional: bool
    site: Site


@dataclass(frozen=True, slots=True)
class Joined:
    """Texts one after the other; absent when one that is needed is absent, or all are."""

    parts: tuple[Operand, ...]
    mark: Mark
    type: Type = Type.TEXT
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Fallback:
    """``default(x)``."""

    head: ValuePlan
    other: Operand
    site: Site
    type: Type
    nullable: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """A function over a value. ``static`` made ``implementation``; ``arguments`` are the dynamic parameters in order.

    ``needed`` are the places of arguments without which there is no result: an absent one makes the whole absent.
    """

    function: Function
    head: ValuePlan
    static: Readable[str, Any]
    arguments: tuple[Operand | None, ...]
    implementation: Any
    needed: frozenset[int]
    site: Site
    type: Type
    nullable: bool


ValuePlan = Read | Const | Var | Element | Many | Joined | Fallback | Applied


@dataclass(frozen=True, slots=True)
class ComparePlan:
    """True when a value of the path is among the values (texts or variables)."""

    path: PathPlan
    values: tuple[str | Var, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class ExistsPlan:
    """True when the path meets a record (``record``) or a value; ``either``: the layout does not say which it is."""

    path: PathPlan
    record: PathPlan | None
    wanted: bool


@dataclass(frozen=True, slots=True)
class BothPlan:
    """``and`` (``every``) or ``or``."""

    every: bool
    tests: tuple[TestPlan, ...]


TestPlan = ComparePlan | ExistsPlan | BothPlan


@dataclass(frozen=True, slots=True)
class Leaf:
    """One target. Absent and not optional fails at ``site``."""

    value: ValuePlan
    optional: bool
    site: Site


@dataclass(frozen=True, slots=True)
class Let:
    """A ``$let`` value in its slot."""

    slot: int
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Block:
    """An object of targets. ``records`` None: at the current record; ``each``: one object for each record."""

    fields: tuple[tuple[str, ItemPlan], ...]
    site: Site
    records: PathPlan | None = None
    each: bool = False
    optional: bool = False
    when: TestPlan | None = None
    lets: tuple[Let, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """A plain list; blocks with ``each`` are spliced in."""

    items: tuple[ItemPlan, ...]
    site: Site


ItemPlan = Leaf | Block | Series


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping on one layout. ``key``, ``numbers`` ... are blocks of their own: they are evaluated by themselves."""

    map: Block
    key: Block
    revision: Block
    numbers: Block
    stake: Block
    sites: tuple[Site, ...]
    wanted: frozenset[str]
    types: Readable[str, Type] = field(default_factory=dict)
