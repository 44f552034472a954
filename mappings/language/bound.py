"""A mapping bound to a layout: what the translate stage, explain and replay call.

A Bound is immutable but for one remembered root and environment (a document is asked for its key, its numbers and its body in a row).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Any, Final

from adapters.base import Document, Layout, Node
from canonical_model.problems import Problem
from mappings.language.api import Codes, Context, Hit, Miss, Pack, Result, Traced
from mappings.language.faults import Faults
from mappings.language.functions.values import number_text
from mappings.language.mapping import Mapping
from mappings.language.plan import Applied, Block, Fallback, Joined, Leaf, Many, Plan, ValuePlan
from mappings.language.planner import plan
from mappings.language.registry import Env
from mappings.language.remembering import Memory
from mappings.language.reports import Reporter
from mappings.language.row import Generated
from mappings.language.runtime import Failure
from mappings.language.trace import Tracer, trace
from mappings.language.zones import zone_of


class NoCodes:
    """Stands for the code tables where none may be asked: ``key:``, ``numbers:`` and the like."""

    revision: Final = 0
    code_set: Final = ""

    def resolve(self, table: str, code: str, *, context: str = "", on: date) -> Hit | Miss:
        """Nothing is known."""
        return Miss(f"{table}::{code}:{context}", "code tables are not asked here", "")

    reverse = resolve

    def item(self, code: str, *, unit: str = "", gtin: str | None = None, on: date) -> Hit | Miss:
        """Nothing is known."""
        return Miss(f"item::{code}:{unit}", "code tables are not asked here", "")

    def pack(self, item: str, unit: str, *, on: date) -> Pack | Miss:
        """Nothing is known."""
        return Miss(f"pack::{item}:{unit}", "code tables are not asked here", "")


_NO_CODES: Final = NoCodes()


def bind(mapping: Mapping, layout: Layout, zones: tuple[str, ...] = ("UTC",)) -> Bound:
    """Compile a mapping for a layout. ``zones`` are read now, so that no translation opens a file.

    Raises MappingFault when the mapping names what the layout does not know, or types do not fit.
    """
    faults = Faults()
    planned = plan(mapping, layout, faults)
    faults.check()
    for zone in zones:
        zone_of(zone)
    return Bound(mapping, layout, planned)


class Bound:
    """One mapping on one layout; compiled parts are made when first asked for, the row at once."""

    def __init__(self, mapping: Mapping, layout: Layout, planned: Plan) -> None:
        self.mapping, self.layout, self.plan = mapping, layout, planned
        self.wanted = planned.wanted
        self._row = Generated(planned.map, outgoing=mapping.outgoing, remembers=True)
        self._dates: dict[str, Callable[..., Any] | None] = {}
        self._last: tuple[Document, Node] | None = None
        self._last_env: Env | None = None
        self._memory = Memory(self._row.places)

    @cached_property
    def _key(self) -> Generated:
        return Generated(self.plan.key, outgoing=True)

    @cached_property
    def _revision(self) -> Generated:
        return Generated(self.plan.revision, outgoing=True)

    @cached_property
    def _numbers(self) -> Generated:
        return Generated(self.plan.numbers, outgoing=True)

    @cached_property
    def _stake(self) -> Generated:
        return Generated(self.plan.stake, outgoing=True)

    @cached_property
    def _tracer(self) -> Tracer:
        return Tracer.of(self.plan, self.mapping.outgoing)

    def root(self, document: Document) -> Node:
        """The document's nodes, as far as this mapping reads them."""
        last = self._last
        if last is not None and last[0] is document:
            return last[1]
        root = document.root(self.wanted)
        self._last = (document, root)
        return root

    def key(self, document: Document, context: Context) -> tuple[tuple[str, ...] | None, tuple[Problem, ...]]:
        """The values of ``key:`` as texts, or None and the problems; (None, ()) where the mapping has no key."""
        if not self.mapping.key:
            return None, ()
        body, failures = self._apart(self._key, document, context)
        problems = self._problems(document, failures)
        return (None, problems) if problems else (tuple(body.values()), ())

    def revision(self, document: Document, context: Context) -> str | None:
        """The value of ``revision:``; None when absent, or failed (``row`` reports that)."""
        body, _ = self._apart(self._revision, document, context)
        return body.get("revision")

    def numbers(self, document: Document, context: Context) -> tuple[tuple[str, str], ...]:
        """(name, value) of everything that ``numbers:`` finds; several values of a path each; never a problem."""
        body, _ = self._apart(self._numbers, document, context)
        pairs = ((name, number_text(value)) for name, values in body.items() for value in values)
        return tuple(dict.fromkeys(pairs))

    def stake(self, document: Document, context: Context) -> str | None:
        """What waits while the document is held, as text; None when absent or not readable."""
        body, _ = self._apart(self._stake, document, context)
        return body.get("stake")

    def date(self, document: Document, context: Context, target: str | None) -> date | None:
        """The document's own date: the value of a top-level date target, if it is read from the source alone."""
        if not target:
            return None
        if target not in self._dates:
            self._dates[target] = self._dated(target)
        run = self._dates[target]
        text = None if run is None else run(self.root(document), self._env(_NO_CODES, context), [].append).get(target)
        return date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else None

    def row(self, document: Document, codes: Codes, context: Context) -> Result:
        """Translate. The body, or every problem that stands against it."""
        failures: list[Failure] = []
        root = self.root(document)
        body = self._row.run(root, self._env(codes, context), failures.append)
        if self.mapping.revision is not None:
            failures += self._apart(self._revision, document, context)[1]
        problems = self._problems(document, failures) if failures else ()
        return Result(None, problems) if problems else Result(body)

    def trace(self, document: Document, codes: Codes, context: Context) -> Traced:
        """Translate with the tracing engine: the same result, and for every leaf how it came to be."""
        return trace(self, self._tracer, document, codes, context)

    def python(self) -> str:
        """The generated code of ``map:``, for people."""
        return self._row.source()

    def env(self, codes: Codes, context: Context) -> Env:
        """What functions may know."""
        return self._env(codes, context)

    def problems(self, document: Document, failures: list[Failure]) -> tuple[Problem, ...]:
        """Failures that an engine noted, as problems."""
        return self._problems(document, failures)

    def _env(self, codes: Codes, context: Context) -> Env:
        last = self._last_env
        if last is not None and last.codes is codes and last.context is context:
            return last
        day = context.valid_on or context.received_at.astimezone(zone_of(context.zone)).date()
        answers = () if codes is _NO_CODES else self._memory.of(codes, day, context.zone)
        self._last_env = Env(codes, context, day, context.zone, answers)
        return self._last_env

    def _apart(self, part: Generated, document: Document, context: Context) -> tuple[dict[str, Any], list[Failure]]:
        failures: list[Failure] = []
        body = part.run(self.root(document), self._env(_NO_CODES, context), failures.append)
        return body, failures

    def _problems(self, document: Document, failures: list[Failure]) -> tuple[Problem, ...]:
        if not failures:
            return ()
        return Reporter(self.mapping.name, self.plan.sites, document, self.root(document)).problems(failures)

    def _dated(self, target: str) -> Callable[..., Any] | None:
        for name, item in self.plan.map.fields:
            if name == target and isinstance(item, Leaf) and not resolves(item.value) and not self.plan.map.lets:
                return Generated(Block(((name, item),), item.site), outgoing=True).run
        return None


def resolves(value: ValuePlan) -> bool:
    """Whether a value asks a code table anywhere."""
    match value:
        case Applied():
            inner = any(part is not None and resolves(part.value) for part in value.arguments)
            return value.function.resolves or inner or resolves(value.head)
        case Joined():
            return any(resolves(part.value) for part in value.parts)
        case Fallback():
            return resolves(value.head) or resolves(value.other.value)
        case Many():
            return resolves(value.each) or (value.head is not None and resolves(value.head))
    return False
