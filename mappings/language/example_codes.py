"""Code tables written down in an example: table -> given code -> meaning. Only for running examples and trying mappings.

``'*': '*'`` in a table lets every other code mean itself. Items may name their unit (``'4711 CS': '0...'``); table ``pack``
holds ratios to the base unit by item and unit: ``'04006381333931 CS': '12/1 EA'`` (or ``'* CS'`` for any item).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from canonical_model.identifiers import gtin as gtins
from canonical_model.problems import cause_key
from mappings.language.api import Hit, Miss, Pack

_FIX: Final = "add the row to `codes:` of the example"


@dataclass(frozen=True)
class ExampleCodes:
    """``Codes`` over the rows of an example; ``code_set`` is the scheme of what was given."""

    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    code_set: str = "example"
    revision: int = 0

    def resolve(self, table: str, code: str, *, context: str = "", on: date) -> Hit | Miss:
        """By (code, context) as ``'code context'``, then by code, then ``*``."""
        found = self._find(table, code, context)
        return self._miss(table, code, context) if found is None else self._hit(found)

    def item(self, code: str, *, unit: str = "", gtin: str | None = None, on: date) -> Hit | Miss:
        """By (code, unit), then code; then a valid unrestricted GTIN of the message; then ``*``: an id of the code set."""
        table = self.rows.get("item", {})
        found = table.get(f"{code} {unit}", table.get(code))
        if found is None and gtin is not None and gtins.is_valid(gtin) and gtins.can_resolve_globally(gtins.parse(gtin)):
            found = gtins.parse(gtin).digits
        if found is None and "*" in table:
            found = f"{self.code_set}:{code}"
        return self._miss("item", code, unit) if found is None else self._hit(found, unit)

    def pack(self, item: str, unit: str, *, on: date) -> Pack | Miss:
        """The ratio ``'n/d BASE'`` of item and unit; with ``*`` every unit is a base unit."""
        table = self.rows.get("pack", {})
        found = table.get(f"{item} {unit}", table.get(f"* {unit}"))
        if found is None:
            return Pack(unit, unit, 1, 1, 0, 0) if "*" in table else self._miss("pack", item, unit)
        ratio, _, base = found.partition(" ")
        numerator, _, denominator = ratio.partition("/")
        return Pack(unit, base or unit, int(numerator), int(denominator or "1"), 0, 0)

    def reverse(self, table: str, canonical: str, *, context: str = "", on: date) -> Hit | Miss:
        """The first code that means it; with ``*`` itself."""
        rows = self.rows.get(table, {})
        found = next((code for code, meaning in rows.items() if meaning == canonical and code != "*"), None)
        if found is None and "*" in rows:
            found = canonical
        return self._miss(table, canonical, context) if found is None else self._hit(found)

    def _find(self, table: str, code: str, context: str) -> str | None:
        rows = self.rows.get(table, {})
        found = rows.get(f"{code} {context}", rows.get(code)) if context else rows.get(code)
        return code if found is None and "*" in rows else found

    def _hit(self, found: str, level: str = "") -> Hit:
        return Hit(found, row=0, revision=self.revision, level=level)

    def _miss(self, table: str, code: str, context: str) -> Miss:
        key = cause_key(table, self.code_set, code, context)
        return Miss(key, f"{table} code {code!r}{f' ({context})' if context else ''} of {self.code_set} is not known", _FIX)
