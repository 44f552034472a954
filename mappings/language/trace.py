"""The traced engine: walks the same plan without generated code, and keeps for every leaf how it came to be.

Made for people who ask why a value is what it is; the differential test holds it equal to the row engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from adapters.base import Document, Node
from mappings.language.api import CodeRow, Codes, Context, Derivation, Hit, Miss, Pack, Result, Traced
from mappings.language.derivations import constant, final, leaves_of, named_inputs
from mappings.language.functions.values import instant_text
from mappings.language.plan import (
    Applied,
    Block,
    Const,
    Element,
    Fallback,
    ItemPlan,
    Joined,
    Leaf,
    Many,
    Operand,
    PathPlan,
    Read,
    Series,
    Site,
    ValuePlan,
    Var,
)
from mappings.language.registry import Env
from mappings.language.runtime import CAUGHT, POISON, Absent, Failure, Several, known
from mappings.language.walk import Walker, cut

if TYPE_CHECKING:
    from mappings.language.bound import Bound


def trace(bound: Bound, document: Document, codes: Codes, context: Context) -> Traced:
    """Translate one document with the tracing engine. Same result as ``bound.row``; leaves by JSON pointer."""
    tracer = Tracer(document, bound.root(document), bound.env(Recorder(codes), context), bound.mapping.outgoing)
    body: dict[str, Any] = {}
    tracer.fields(bound.plan.map, tracer.walker.root, body, "", ())
    for _, item in bound.plan.revision.fields:
        tracer.leaf(item, tracer.walker.root, "/revision", ())
    problems = bound.problems(document, tracer.failures)
    return Traced(Result(None, problems), tracer.leaves) if problems else Traced(Result(body), tracer.leaves)


@dataclass(slots=True)
class Recorder:
    """Code tables that remember the rows they answered with."""

    codes: Codes
    rows: list[CodeRow] = field(default_factory=list)

    @property
    def revision(self) -> int:
        """Of the tables behind."""
        return self.codes.revision

    @property
    def code_set(self) -> str:
        """Of the tables behind."""
        return self.codes.code_set

    def resolve(self, table: str, code: str, *, context: str = "", on: date) -> Hit | Miss:
        """As the tables behind."""
        return self._kept(table, code, self.codes.resolve(table, code, context=context, on=on))

    def reverse(self, table: str, canonical: str, *, context: str = "", on: date) -> Hit | Miss:
        """As the tables behind."""
        return self._kept(table, canonical, self.codes.reverse(table, canonical, context=context, on=on))

    def item(self, code: str, *, unit: str = "", gtin: str | None = None, on: date) -> Hit | Miss:
        """As the tables behind."""
        return self._kept("item", code, self.codes.item(code, unit=unit, gtin=gtin, on=on))

    def pack(self, item: str, unit: str, *, on: date) -> Pack | Miss:
        """As the tables behind."""
        found = self.codes.pack(item, unit, on=on)
        if isinstance(found, Pack):
            self.rows.append(CodeRow("pack", f"{item} {unit}", f"{found.numerator}/{found.denominator}", found.row, found.revision))
        return found

    def _kept(self, table: str, code: str, found: Hit | Miss) -> Hit | Miss:
        if isinstance(found, Hit):
            self.rows.append(CodeRow(table, code, found.canonical, found.row, found.revision))
        return found


class Tracer:
    """Evaluates blocks and values; ``leaves`` and ``failures`` are what comes out beside the body."""

    def __init__(self, document: Document, root: Node, env: Env, outgoing: bool) -> None:
        self.document, self.env, self.outgoing = document, env, outgoing
        self.walker = Walker(root)
        self.derived: dict[int, Any] = {}
        self.leaves: dict[str, Derivation] = {}
        self.failures: list[Failure] = []
        self.site = 0
        self.element: Derivation | None = None

    # -- blocks ------------------------------------------------------------------------------------

    def fields(self, block: Block, here: Node, into: dict[str, Any], pointer: str, places: tuple[int, ...]) -> None:
        """Lets and fields of a block at a record."""
        for let in block.lets:
            found = self.guard(lambda leaf=let.leaf: self.present(leaf, here), here, places, POISON)
            self.derived[let.slot] = found
            self.walker.lets[let.slot] = found.value if isinstance(found, Derivation) else found
        for name, item in block.fields:
            at = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            value = self.item(item, here, at, places)
            if value is not None:
                into[name] = value

    def item(self, item: ItemPlan, here: Node, pointer: str, places: tuple[int, ...]) -> Any:
        """One target; None when it is left out."""
        if isinstance(item, Leaf):
            return self.leaf(item, here, pointer, places)
        made: list[Any] = []
        if isinstance(item, Series):
            for entry in item.items:
                self.entry(entry, here, pointer, places, made)
            return made or None
        if item.each:
            self.spliced(item, here, pointer, places, made)
            return made or None
        return self.one(item, here, pointer, places)

    def entry(self, entry: ItemPlan, here: Node, pointer: str, places: tuple[int, ...], made: list[Any]) -> None:
        """One entry of a plain list, or the many of one with ``$each``."""
        if isinstance(entry, Block) and entry.each:
            self.spliced(entry, here, pointer, places, made)
            return
        value = self.item(entry, here, f"{pointer}/{len(made)}", (*places, len(made)))
        if value is not None:
            made.append(value)

    def leaf(self, item: ItemPlan, here: Node, pointer: str, places: tuple[int, ...]) -> Any:
        """The text of one target; its derivation goes to ``leaves``."""
        assert isinstance(item, Leaf)
        found = self.guard(lambda: self.present(item, here), here, places, None)
        if found is None:
            return None
        result = final(found, item.value.type, self.outgoing)
        for suffix, derivation in leaves_of(result):
            self.leaves[pointer + suffix] = derivation
        return result.value

    def one(self, block: Block, here: Node, pointer: str, places: tuple[int, ...]) -> dict[str, Any] | None:
        """A block at the current record or the one of ``$with``."""
        record: Node | None = here
        if block.records is not None:
            record = self.guard(lambda: self.only(block, here), here, places, None)
        if record is None or not self.holds(block, record, places):
            return None
        made: dict[str, Any] = {}
        self.fields(block, record, made, pointer, places)
        return made or None

    def spliced(self, block: Block, here: Node, pointer: str, places: tuple[int, ...], made: list[Any]) -> None:
        """The dicts of a block with ``$each``, appended."""
        before = len(made)
        assert block.records is not None
        path = block.records
        records = self.guard(lambda: self.met(path, block.site, here), here, places, None)
        for record in records or ():
            inner = (*places, len(made))
            if self.holds(block, record, inner):
                one: dict[str, Any] = {}
                self.fields(block, record, one, f"{pointer}/{len(made)}", inner)
                made.append(one)
        if records is not None and len(made) == before and not block.optional:
            self.failures.append((block.site.number, here, Absent(), places))

    def holds(self, block: Block, record: Node, places: tuple[int, ...]) -> bool:
        """The block's ``$when``."""
        if block.when is None:
            return True
        self.site = block.site.number
        test = block.when
        return bool(self.guard(lambda: self.walker.test(test, record), record, places, False))

    def guard(self, work: Any, here: Node, places: tuple[int, ...], otherwise: Any) -> Any:
        """What ``work`` gives; a failure is noted and gives ``otherwise``."""
        try:
            return work()
        except CAUGHT as error:
            self.failures.append((self.site, here, error, places))
            return otherwise

    # -- records -----------------------------------------------------------------------------------

    def only(self, block: Block, here: Node) -> Node | None:
        """The one record of ``$with``."""
        assert block.records is not None
        records = self.met(block.records, block.site, here)
        if len(records) > 1:
            raise Several
        if not records and not block.optional:
            raise Absent
        return records[0] if records else None

    def met(self, path: PathPlan, site: Site, here: Node) -> list[Node]:
        """All records of a path."""
        self.site = site.number
        return list(self.walker.records(path, here))

    # -- values ------------------------------------------------------------------------------------

    def present(self, leaf: Leaf | Operand, here: Node) -> Derivation | None:
        """A value; absent raises unless it may be."""
        found = self.value(leaf.value, here)
        if found is None and not leaf.optional:
            self.site = leaf.site.number
            raise Absent
        return found

    def value(self, plan: ValuePlan, here: Node) -> Derivation | None:
        """A value with its derivation, None when absent."""
        match plan:
            case Read():
                return self.read(plan, here)
            case Const():
                return constant(plan)
            case Var():
                return self.variable(plan)
            case Element():
                return self.element
            case Joined():
                return self.joined(plan, here)
            case Fallback():
                head = self.value(plan.head, here)
                return self.present(plan.other, here) if head is None else head
            case Applied():
                return self.applied(plan, here)
            case Many():
                raise TypeError("a list of values stands only before a function that takes one")

    def read(self, plan: Read, here: Node) -> Derivation | None:
        """The field of the one record of a path."""
        records = self.met(plan.path, plan.site, here)
        if len(records) > 1:
            raise Several
        return self.sourced(plan.path, records[0]) if records else None

    def sourced(self, path: PathPlan, record: Node) -> Derivation | None:
        """A field of a record with its place in the message."""
        text = cut(path.access, record[0])
        if text is None:
            return None
        source = self.document.source(record, path.segment, path.field or "")
        return Derivation(text, source=source, mapping=str(path.mark))

    def variable(self, plan: Var) -> Derivation | None:
        """A ``$let`` value, or one of the given ones: a constant of this translation."""
        if plan.slot >= 0:
            found: Derivation | None = known(self.derived[plan.slot])
            return found
        context = self.env.context
        if plan.name == "received":
            written = Derivation(instant_text(context.received_at), constant=instant_text(context.received_at), mapping=str(plan.mark))
            form = Derivation("iso", constant="iso", mapping=str(plan.mark))
            return Derivation(context.received_at, "instant", (written, form), ("", "format"), mapping=str(plan.mark))
        if plan.name.startswith("numbers."):
            text = context.numbers.get(plan.name.removeprefix("numbers."))
        else:
            text = context.system if plan.name == "system" else context.party
        return Derivation(text, constant=text, mapping=str(plan.mark)) if text else None

    def joined(self, plan: Joined, here: Node) -> Derivation | None:
        """Texts one after the other."""
        found = [self.value(part.value, here) for part in plan.parts]
        if any(one is None and not part.optional for one, part in zip(found, plan.parts, strict=True)):
            return None
        parts = tuple(one for one in found if one is not None)
        text = "".join(one.value for one in parts)
        if not text and plan.nullable and all(part.optional for part in plan.parts):
            return None
        return Derivation(text, "&", parts, ("",) * len(parts), mapping=str(plan.mark))

    def many(self, plan: Many, here: Node) -> Iterator[Derivation]:
        """All values, each through the functions that stand before the one that takes them all."""
        outer = self.element
        for found in self._heads(plan, here):
            self.element = found
            each = self.value(plan.each, here)
            if each is not None:
                yield each
        self.element = outer

    def _heads(self, plan: Many, here: Node) -> Iterator[Derivation]:
        if plan.path is None:
            assert plan.head is not None
            found = self.value(plan.head, here)
            if found is not None:
                yield found
            return
        path = plan.path
        self.site = plan.site.number
        for record in self.walker.records(path, here):
            self.site = plan.site.number
            found = self.sourced(path, record)
            if found is not None:
                yield found

    def applied(self, plan: Applied, here: Node) -> Derivation | None:
        """A function over a value and its arguments."""
        if isinstance(plan.head, Many):
            heads = tuple(self.many(plan.head, here))
            value: Any = [one.value for one in heads]
        else:
            found = self.value(plan.head, here)
            if found is None:
                return None
            heads, value = (found,), found.value
        arguments = [None if one is None else self.present(one, here) for one in plan.arguments]
        return self.called(plan, heads, value, arguments)

    def called(self, plan: Applied, heads: tuple[Derivation, ...], value: Any, arguments: list[Derivation | None]) -> Derivation | None:
        """Run the function and note the code row it used."""
        self.site = plan.site.number
        recorder = self.env.codes
        assert isinstance(recorder, Recorder)
        recorder.rows.clear()
        given = [self.env] if plan.function.env else []
        result = plan.implementation(*given, value, *(None if one is None else one.value for one in arguments))
        if result is None:
            return None
        inputs, names = named_inputs(plan, heads, arguments, self.env)
        row = recorder.rows[-1] if recorder.rows else None
        return Derivation(result, plan.function.name, inputs, names, code=row, mapping=str(plan.site.mark))


Leaves = Mapping[str, Derivation]
