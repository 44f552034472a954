"""The closed, typed, versioned registry of functions. What stands here is all that a mapping can call.

A function is total or partial: a partial one raises ``Failed``, which becomes a Problem. It takes the piped value and its
arguments; ``gives`` None means "the type it was given". Static parameters (words, whole numbers) are known when a mapping
is compiled: a function that has some is made with them once. ``examples`` are expressions with their results, and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from canonical_model.problems import Cause
from mappings.language.api import Codes, Context
from mappings.language.syntax import Call


class Type(StrEnum):
    """Types of values inside an expression. A field of a message is always ``text``."""

    TEXT = "text"
    INT = "int"
    DECIMAL = "decimal"
    DATE = "date"
    INSTANT = "instant"
    QUANTITY = "quantity"
    MONEY = "money"
    PRICE = "price"
    ITEM = "item"
    PARTY = "party"
    GIVEN = "given"


NUMBERS: Final = frozenset({Type.TEXT, Type.INT, Type.DECIMAL})
TEXTS: Final = frozenset({Type.TEXT})
SCALARS: Final = NUMBERS | {Type.DATE, Type.INSTANT}
ANY: Final = frozenset(Type)


class Failed(Exception):
    """A function cannot give a result for this value. ``key`` None: the key is made of mapping and path."""

    def __init__(
        self, fact: str, fix: str, value: object = None, cause: Cause = Cause.INVALID_VALUE, key: str | None = None,
        candidates: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.fact, self.fix, self.cause, self.key, self.candidates = fact, fix, cause, key, candidates
        self.value = None if value is None else str(value)[:80]
        super().__init__(fact)


@dataclass(frozen=True, slots=True)
class Env:
    """What functions that resolve codes or times may know besides their arguments."""

    codes: Codes
    context: Context
    on: date
    zone: str
    answers: Sequence[dict[Any, Any]] = ()
    """What generated code remembers under these codes, this day and zone; the traced engine asks everything anew."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. ``static`` is ``word``, ``int`` or ``else`` (a constant, ``keep`` or ``hold``); empty: any expression.

    ``added``: not asked, ``Function.adds`` puts it in afterwards.
    """

    name: str
    accepts: frozenset[Type] = TEXTS
    required: bool = True
    static: str = ""
    default: Any = None
    added: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One entry of the registry.

    ``make(**static) -> implementation(value, *dynamic)``; with ``env`` the implementation takes an ``Env`` first.
    ``many``: takes the list of all values of a path. ``pairs``: takes `'given'='meant'` arguments.
    ``parts`` says for a composed result which leaf comes from which input (name of the parameter, empty for the piped
    value) by which function; a leaf that is not named comes from all inputs. ``given`` names the inputs that are kept as given codes.
    ``composed``: the result is exactly these parts, an absent one its parameter's default. ``adds(answer, *added)`` gives the result
    where the answer was made without the added arguments. ``varied``: its numbers seldom come twice, so no answer is remembered.
    """

    name: str
    takes: frozenset[Type]
    gives: Type | None
    make: Callable[..., Callable[..., Any]]
    doc: str
    parameters: tuple[Parameter, ...] = ()
    version: int = 1
    total: bool = False
    nullable: bool = False
    env: bool = False
    many: bool = False
    pairs: bool = False
    resolves: bool = False
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    composed: bool = False
    varied: bool = False
    adds: Callable[..., Any] | None = None
    module: str = ""
    examples: tuple[tuple[str, Any], ...] = ()

    @property
    def static(self) -> tuple[Parameter, ...]:
        """Parameters known when a mapping is compiled."""
        return tuple(parameter for parameter in self.parameters if parameter.static)

    @property
    def dynamic(self) -> tuple[Parameter, ...]:
        """Parameters that are expressions."""
        return tuple(parameter for parameter in self.parameters if not parameter.static)

    @property
    def signature(self) -> str:
        """As the reference shows it: ``code(table, context?, else?)``."""
        names = [parameter.name + ("" if parameter.required else "?") for parameter in self.parameters]
        names += ["'given'='meant', ..."] if self.pairs else []
        return self.name + (f"({', '.join(names)})" if names else "")


FUNCTIONS: Final[dict[str, Function]] = {}


def function(
    name: str, takes: frozenset[Type] = TEXTS, gives: Type | None = Type.TEXT, *, parameters: Sequence[Parameter] = (),
    **options: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # fmt: skip
    """Enter a function into the registry. With static parameters the decorated callable makes the implementation."""

    def enter(implementation: Callable[..., Any]) -> Callable[..., Any]:
        made = any(parameter.static for parameter in parameters) or bool(options.get("pairs"))
        make = implementation if made else lambda: implementation
        doc = " ".join((implementation.__doc__ or "").split())
        FUNCTIONS[name] = Function(name, takes, gives, make, doc, tuple(parameters), module=implementation.__module__, **options)
        return implementation

    return enter


def used_versions(tree: object) -> str:
    """Names and versions of all functions that a tree calls: part of a mapping's hash."""
    names = sorted({call.name for call in _calls(tree)})
    return " ".join(f"{name}/{FUNCTIONS[name].version}" for name in names if name in FUNCTIONS)


def _calls(tree: object) -> Iterator[Call]:
    if isinstance(tree, Call):
        yield tree
    if isinstance(tree, (tuple, list)):
        for item in tree:
            yield from _calls(item)
    elif isinstance(tree, dict):
        yield from _calls(tuple(tree.values()))
    elif members := getattr(tree, "__dataclass_fields__", None):
        for name in members:
            yield from _calls(getattr(tree, name))
