"""How fields are taken from the records of one IDoc type in one representation: flat text, flat bytes or XML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal

from adapters.base import Access, Key, Slice
from adapters.idoc.audit import Audit
from adapters.idoc.definition import CONTROL, CONTROL_BY_NAME, CONTROL_FIELDS, HEAD_WIDTH, Definition, FieldDef
from adapters.idoc.names import xml_name
from adapters.idoc.plan import Plan

Form = Literal["flat", "bytes", "xml"]
"""``flat``: records are texts, widths count characters. ``bytes``: records are bytes, widths count bytes."""


class Lengths(dict[str, int]):
    """Field -> its length in one segment. A field that the definition does not know is longer than it may be, whatever it holds."""

    def __missing__(self, name: str) -> int:
        return -1


class IdocLayout:
    """The layout of one definition in one form (``adapters.base.Layout``)."""

    format = "idoc"
    open = False

    def __init__(self, definition: Definition, form: Form = "flat", charset: str | None = None) -> None:
        self.definition, self.form = definition, form
        self.charset = charset if form == "bytes" else None
        self._plans: dict[frozenset[str] | None, Plan] = {}

    @property
    def type(self) -> str:
        return self.definition.type

    @cached_property
    def hash(self) -> str:
        return hashlib.sha256(f"{self.definition.hash} {self.form} {self.charset}".encode()).hexdigest()[:32]

    def segments(self, parent: str | None) -> Sequence[str]:
        if parent is None:
            return (CONTROL, *self.definition.children(None))
        return self.definition.children(xml_name(parent))

    def fields(self, segment: str) -> Sequence[str]:
        if segment == CONTROL:
            return [one.name for one in CONTROL_FIELDS]
        known = self.definition.by_type.get(xml_name(segment))
        return [one.name for one in known.fields] if known else []

    def field(self, segment: str, name: str) -> FieldDef | None:
        """Where a field stands, its start counted inside the whole record."""
        return self._fields.get((segment, name)) or self._fields.get((xml_name(segment), xml_name(name)))

    @cached_property
    def _fields(self) -> dict[tuple[str, str], FieldDef]:
        found = {(CONTROL, name): one for name, one in CONTROL_BY_NAME.items()}
        for type, segment in self.definition.by_type.items():
            for one in segment.fields:
                found[type, one.name] = FieldDef(one.name, one.start + HEAD_WIDTH, one.length, one.text)
        return found

    @cached_property
    def lengths(self) -> Mapping[str, Lengths]:
        """Segment type -> field -> its length; the control record among them."""
        found = {type: Lengths() for type in (CONTROL, *self.definition.by_type)}
        for (segment, name), one in self._fields.items():
            found[segment][name] = one.length
        return found

    def access(self, segment: str, name: str) -> Access | None:
        one = self.field(segment, name)
        if one is None:
            return None
        return Key(one.name) if self.form == "xml" else Slice(one.start, one.length, self.charset)

    @cached_property
    def audit(self) -> Audit:
        """The check of flat records against the definition."""
        return Audit(self.definition)

    def plan(self, wanted: frozenset[str] | None) -> Plan:
        """How records nest when only ``wanted`` segments are built; made once for each set a mapping asks for."""
        plan = self._plans.get(wanted)
        if plan is None:
            plan = self._plans[wanted] = Plan(self.definition, wanted)
        return plan
