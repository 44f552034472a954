"""The leaves of a traced translation: JSON pointer -> derivation, made of the engine's notes when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from adapters.base import Document
from mappings.language.api import CodeRow, Codes, Derivation, Hit, Miss, Pack
from mappings.language.derivations import constant, flat, leaf_of, named_inputs
from mappings.language.functions.values import instant_text
from mappings.language.plan import Applied, Const, Joined, Many, PathPlan, Read, Var
from mappings.language.registry import Env


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


class Leaves(Mapping[str, Derivation]):
    """All leaves by pointer. A target with parts (a quantity, an item) has a leaf for each of them."""

    def __init__(self, notes: Mapping[str, Any], document: Document, env: Env) -> None:
        self._notes, self._document, self._env = notes, document, env
        self._made: dict[int, Derivation] = {}

    @property
    def targets(self) -> Iterable[str]:
        """Pointers of the targets themselves: one for a quantity, not one for each of its parts."""
        return self._notes.keys()

    def __iter__(self) -> Iterator[str]:
        for target, note in self._notes.items():
            for suffix, _ in flat(note[0]):
                yield target + suffix

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, pointer: str) -> Derivation:
        target = pointer
        while target not in self._notes:
            if not target:
                raise KeyError(pointer)
            target = target.rpartition("/")[0]
        return leaf_of(self._derivation(self._notes[target]), pointer[len(target) :])

    def _derivation(self, note: Any) -> Derivation:
        """Of one note; made once, since several leaves may rest on it (all notes live as long as this)."""
        made = self._made.get(id(note))
        if made is None:
            made = self._made[id(note)] = self._new(note)
        return made

    def _new(self, note: Any) -> Derivation:
        value, plan, inputs, row = note
        match plan:
            case None:
                inner = self._derivation(inputs[0])
                return Derivation(value, "text", (inner,), ("",), mapping=inner.mapping)
            case Read(path=path) | Many(path=PathPlan() as path):
                source = self._document.source(inputs, path.segment, path.field or "")
                return Derivation(value, source=source, mapping=str(path.mark))
            case Const():
                return constant(plan)
            case Var():
                return _given(value, plan)
            case Joined():
                parts = tuple(self._derivation(one) for one in inputs)
                return Derivation(value, "&", parts, ("",) * len(parts), mapping=str(plan.mark))
            case Applied():
                return self._applied(value, plan, inputs, row)
        raise TypeError(f"{plan} is no source of a value")

    def _applied(self, value: Any, plan: Applied, inputs: Any, row: CodeRow | None) -> Derivation:
        heads = tuple(self._derivation(one) for one in inputs[0])
        arguments = [None if one is None else self._derivation(one) for one in inputs[1]]
        given, names = named_inputs(plan, heads, arguments, self._env)
        return Derivation(value, plan.function.name, given, names, code=row, mapping=str(plan.site.mark))


def _given(value: Any, plan: Var) -> Derivation:
    """A given value is a constant of this translation; the instant of receipt is read from its text."""
    mark = str(plan.mark)
    if plan.name != "received":
        return Derivation(value, constant=value, mapping=mark)
    written = Derivation(instant_text(value), constant=instant_text(value), mapping=mark)
    form = Derivation("iso", constant="iso", mapping=mark)
    return Derivation(value, "instant", (written, form), ("", "format"), mapping=mark)
