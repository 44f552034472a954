"""The traced engine: the same plan as closures, each value with a light note of how it came to be.

A note is ``(value, plan, inputs, extra)``; the derivations that people see are made of notes when somebody asks for
them (``Leaves``). The differential test holds this engine equal to the row engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapters.base import Document, Node
from mappings.language.api import Codes, Context, Result, Traced
from mappings.language.functions.values import number_text
from mappings.language.leaves import Leaves, Recorder
from mappings.language.notes import Place, valuer
from mappings.language.plan import Block, ItemPlan, Leaf, Plan, Series
from mappings.language.registry import Env, Type
from mappings.language.runtime import CAUGHT, POISON, Absent, Several
from mappings.language.walk import finder, tester

if TYPE_CHECKING:
    from mappings.language.bound import Bound

_CONVERTED = frozenset({Type.DECIMAL, Type.DATE, Type.INSTANT})

Run = Callable[[Place, Node, "dict[str, Any]", str, "tuple[int, ...]"], None]
"""(place, record, dict to fill, pointer of that dict, places in the lists around it)."""
Make = Callable[[Place, Node, str, "tuple[int, ...]"], Any]
"""(place, record, pointer, list places) -> what stands at the pointer, None for nothing."""


@dataclass(frozen=True, slots=True)
class Tracer:
    """A plan as closures, made once for a Bound."""

    fields: Run
    revision: Run
    outgoing: bool = field(default=False)

    @classmethod
    def of(cls, plan: Plan, outgoing: bool) -> Tracer:
        """Make the closures."""
        return cls(_inside(plan.map, outgoing), _inside(plan.revision, True), outgoing)


def trace(bound: Bound, tracer: Tracer, document: Document, codes: Codes, context: Context) -> Traced:
    """Translate one document with the tracing engine. Same result as ``bound.row``; leaves by JSON pointer."""
    recorder = Recorder(codes)
    env = Env(recorder, context, bound.env(codes, context).on, context.zone)
    place = Place(bound.root(document), {}, env, recorder)
    body: dict[str, Any] = {}
    tracer.fields(place, place.root, body, "", ())
    noted = dict(place.notes)
    tracer.revision(place, place.root, {}, "", ())
    problems = bound.problems(document, place.failures) if place.failures else ()
    return Traced(Result(None, problems) if problems else Result(body), Leaves(noted, document, env))


def _inside(block: Block, outgoing: bool) -> Run:
    """Lets and fields of a block at a record."""
    lets = [(let.slot, valuer(let.leaf)) for let in block.lets]
    fields = [(name, "/" + name.replace("~", "~0").replace("/", "~1"), _item(item, outgoing)) for name, item in block.fields]

    def run(place: Place, here: Node, into: dict[str, Any], pointer: str, places: tuple[int, ...]) -> None:
        for slot, value in lets:
            try:
                place.lets[slot] = value(place, here)
            except CAUGHT as error:
                place.failures.append((place.site, here, error, places))
                place.lets[slot] = POISON
        for name, token, make in fields:
            made = make(place, here, pointer + token, places)
            if made is not None:
                into[name] = made

    return run


def _item(item: ItemPlan, outgoing: bool) -> Make:
    if isinstance(item, Leaf):
        return _leaf(item, outgoing)
    if isinstance(item, Series):
        return _series(item, outgoing)
    return _many(item, outgoing) if item.each else _one(item, outgoing)


def _leaf(leaf: Leaf, outgoing: bool) -> Make:
    value = valuer(leaf)
    converted = leaf.value.type in _CONVERTED or (leaf.value.type is Type.INT and outgoing)

    def make(place: Place, here: Node, pointer: str, places: tuple[int, ...]) -> Any:
        try:
            found = value(place, here)
        except CAUGHT as error:
            place.failures.append((place.site, here, error, places))
            return None
        if found is None:
            return None
        if converted:
            found = (number_text(found[0]), None, (found,), None)
        place.notes[pointer] = found
        return found[0]

    return make


def _one(block: Block, outgoing: bool) -> Make:
    """A block at the current record or at the one record of ``$with``."""
    inside, holds = _inside(block, outgoing), _condition(block)
    find = None if block.records is None else finder(block.records)
    number, optional = block.site.number, block.optional

    def only(place: Place, here: Node, places: tuple[int, ...]) -> Node | None:
        assert find is not None
        place.site = number
        try:
            found = find(place, here)
            if len(found) > 1:
                raise Several
            if not found and not optional:
                raise Absent
        except CAUGHT as error:
            place.failures.append((place.site, here, error, places))
            return None
        return found[0] if found else None

    def make(place: Place, here: Node, pointer: str, places: tuple[int, ...]) -> Any:
        record = here if find is None else only(place, here, places)
        if record is None or not holds(place, record, places):
            return None
        made: dict[str, Any] = {}
        inside(place, record, made, pointer, places)
        return made or None

    return make


def _condition(block: Block) -> Callable[[Place, Node, tuple[int, ...]], bool]:
    if block.when is None:
        return lambda place, record, places: True
    test, number = tester(block.when), block.site.number

    def holds(place: Place, record: Node, places: tuple[int, ...]) -> bool:
        place.site = number
        try:
            return test(place, record)
        except CAUGHT as error:
            place.failures.append((place.site, record, error, places))
            return False

    return holds


def _many(block: Block, outgoing: bool) -> Make:
    spliced = _spliced(block, outgoing)

    def make(place: Place, here: Node, pointer: str, places: tuple[int, ...]) -> Any:
        made: list[Any] = []
        spliced(place, here, pointer, places, made)
        return made or None

    return make


def _spliced(block: Block, outgoing: bool) -> Callable[[Place, Node, str, tuple[int, ...], list[Any]], None]:
    """The dicts of a block with ``$each``, appended to a list."""
    assert block.records is not None
    inside, holds, find = _inside(block, outgoing), _condition(block), finder(block.records)
    number, optional = block.site.number, block.optional

    def splice(place: Place, here: Node, pointer: str, places: tuple[int, ...], made: list[Any]) -> None:
        before, place.site = len(made), number
        try:
            records = find(place, here)
        except CAUGHT as error:
            place.failures.append((place.site, here, error, places))
            return
        for record in records:
            inner = (*places, len(made))
            if holds(place, record, inner):
                one: dict[str, Any] = {}
                inside(place, record, one, f"{pointer}/{len(made)}", inner)
                made.append(one)
        if len(made) == before and not optional:
            place.failures.append((number, here, Absent(), places))

    return splice


def _series(series: Series, outgoing: bool) -> Make:
    """A plain list, entry by entry."""
    entries = [_entry(item, outgoing) for item in series.items]

    def make(place: Place, here: Node, pointer: str, places: tuple[int, ...]) -> Any:
        made: list[Any] = []
        for entry in entries:
            entry(place, here, pointer, places, made)
        return made or None

    return make


def _entry(item: ItemPlan, outgoing: bool) -> Callable[[Place, Node, str, tuple[int, ...], list[Any]], None]:
    if isinstance(item, Block) and item.each:
        return _spliced(item, outgoing)
    make = _item(item, outgoing)

    def entry(place: Place, here: Node, pointer: str, places: tuple[int, ...], made: list[Any]) -> None:
        value = make(place, here, f"{pointer}/{len(made)}", (*places, len(made)))
        if value is not None:
            made.append(value)

    return entry
