"""Values of a plan as closures that note how each came to be: ``(value, plan, inputs, extra)``.

``inputs`` are notes; of a field it is the record it was taken from. ``extra`` is the code row that a function used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters.base import Node
from mappings.language.leaves import Recorder
from mappings.language.plan import Applied, Const, Element, Fallback, Joined, Leaf, Many, Operand, Read, ValuePlan, Var
from mappings.language.registry import Env
from mappings.language.runtime import Absent, Failure, Several, known
from mappings.language.walk import Where, finder, taker

Noted = tuple[Any, Any, Any, Any]
Evaluate = Callable[["Place", Node], "Noted | None"]


@dataclass(slots=True)
class Place(Where):
    """The state of one traced translation: ``site`` is the number of the site that is being evaluated."""

    env: Env = field(kw_only=False, default=None)  # type: ignore[assignment]
    recorder: Recorder = field(default=None)  # type: ignore[assignment]
    site: int = 0
    element: Noted | None = None
    notes: dict[str, Noted] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def valuer(leaf: Leaf | Operand) -> Evaluate:
    """A value; absent raises unless it may be."""
    value, number = _value(leaf.value), leaf.site.number
    if leaf.optional or not leaf.value.nullable:
        return value

    def present(place: Place, here: Node) -> Noted | None:
        found = value(place, here)
        if found is None:
            place.site = number
            raise Absent
        return found

    return present


def _value(plan: ValuePlan) -> Evaluate:
    match plan:
        case Read():
            return _read(plan)
        case Const():
            note = (plan.value, plan, (), None)
            return lambda place, here: note
        case Var():
            return _variable(plan)
        case Element():
            return lambda place, here: place.element
        case Joined():
            return _joined(plan)
        case Fallback():
            return _fallback(plan)
        case Applied():
            return _applied(plan)
        case Many():
            raise TypeError("a list of values stands only before a function that takes one")


def _read(plan: Read) -> Evaluate:
    take, number = taker(plan.path.access), plan.site.number
    if not plan.path.steps:

        def own(place: Place, here: Node) -> Noted | None:
            place.site = number
            text = take(here[0])
            return None if text is None else (text, plan, here, None)

        return own
    find = finder(plan.path)

    def read(place: Place, here: Node) -> Noted | None:
        place.site = number
        found = find(place, here)
        if len(found) != 1:
            if found:
                raise Several
            return None
        text = take(found[0][0])
        return None if text is None else (text, plan, found[0], None)

    return read


def _variable(plan: Var) -> Evaluate:
    if plan.slot >= 0:
        slot = plan.slot
        return lambda place, here: known(place.lets[slot])
    name = plan.name

    def given(place: Place, here: Node) -> Noted | None:
        context = place.env.context
        if name.startswith("numbers."):
            value: Any = context.numbers.get(name.removeprefix("numbers."))
        else:
            value = getattr(context, "received_at" if name == "received" else name)
        return (value, plan, (), None) if value else None

    return given


def _joined(plan: Joined) -> Evaluate:
    parts = [(_value(part.value), part.optional) for part in plan.parts]
    all_optional = all(optional for _, optional in parts)

    def joined(place: Place, here: Node) -> Noted | None:
        found = [(value(place, here), optional) for value, optional in parts]
        if any(one is None and not optional for one, optional in found):
            return None
        there = tuple(one for one, _ in found if one is not None)
        text = "".join([one[0] for one in there])
        return None if all_optional and not text else (text, plan, there, None)

    return joined


def _fallback(plan: Fallback) -> Evaluate:
    head, other = _value(plan.head), valuer(plan.other)

    def fallback(place: Place, here: Node) -> Noted | None:
        found = head(place, here)
        return other(place, here) if found is None else found

    return fallback


def _applied(plan: Applied) -> Evaluate:
    call = _call(plan)
    if isinstance(plan.head, Many):
        each = _each(plan.head)

        def over_all(place: Place, here: Node) -> Noted | None:
            heads = tuple(each(place, here))
            return call(place, here, [one[0] for one in heads], heads)

        return over_all
    head = _value(plan.head)

    def over_one(place: Place, here: Node) -> Noted | None:
        found = head(place, here)
        return None if found is None else call(place, here, found[0], (found,))

    return over_one


def _call(plan: Applied) -> Callable[[Place, Node, Any, tuple[Noted, ...]], Noted | None]:
    """Evaluate the arguments, run the function, note the code row it used."""
    function, env, resolves, number = plan.implementation, plan.function.env, plan.function.resolves, plan.site.number
    if not any(plan.arguments):
        return _alone(plan)
    arguments, needed = [None if one is None else valuer(one) for one in plan.arguments], sorted(plan.needed)

    def call(place: Place, here: Node, value: Any, heads: tuple[Noted, ...]) -> Noted | None:
        given = [None if one is None else one(place, here) for one in arguments]
        place.site = number
        if any(given[index] is None for index in needed):
            return None
        values = [None if one is None else one[0] for one in given]
        if resolves:
            place.recorder.rows.clear()
        result = function(place.env, value, *values) if env else function(value, *values)
        if result is None:
            return None
        row = place.recorder.rows[-1] if resolves and place.recorder.rows else None
        return (result, plan, (heads, given), row)

    return call


def _alone(plan: Applied) -> Callable[[Place, Node, Any, tuple[Noted, ...]], Noted | None]:
    """The same where no argument is given."""
    function, env, resolves, number = plan.implementation, plan.function.env, plan.function.resolves, plan.site.number
    nothing = [None for _ in plan.arguments]

    def call(place: Place, here: Node, value: Any, heads: tuple[Noted, ...]) -> Noted | None:
        place.site = number
        if not env:
            result = function(value, *nothing)
            return None if result is None else (result, plan, (heads, nothing), None)
        rows = place.recorder.rows
        if resolves:
            rows.clear()
        result = function(place.env, value, *nothing)
        return None if result is None else (result, plan, (heads, nothing), rows[-1] if resolves and rows else None)

    return call


def _each(plan: Many) -> Callable[[Place, Node], Iterator[Noted]]:
    """All values of a path, each through the functions before the one that takes them all."""
    each, heads = _value(plan.each), _heads(plan)

    def run(place: Place, here: Node) -> Iterator[Noted]:
        outer = place.element
        for found in heads(place, here):
            place.element = found
            one = each(place, here)
            if one is not None:
                yield one
        place.element = outer

    return run


def _heads(plan: Many) -> Callable[[Place, Node], Iterator[Noted]]:
    number = plan.site.number
    if plan.path is None:
        assert plan.head is not None
        head = _value(plan.head)

        def single(place: Place, here: Node) -> Iterator[Noted]:
            found = head(place, here)
            if found is not None:
                yield found

        return single
    take, find = taker(plan.path.access), finder(plan.path)

    def every(place: Place, here: Node) -> Iterator[Noted]:
        place.site = number
        for record in find(place, here):
            place.site = number
            text = take(record[0])
            if text is not None:
                yield (text, plan, record, None)

    return every
