"""Code tables in memory for tests of the language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from canonical_model.problems import cause_key
from mappings.language.api import Context, Hit, Miss, Pack

GTIN = "04006381333931"
CONTEXT = Context(system="example", received_at=datetime(2026, 11, 25, 8, 30, tzinfo=UTC), zone="UTC", party="HQ")

RESOLVE: Mapping[tuple[str, str], str] = {
    ("unit", "PCE"): "EA", ("unit", "CT"): "CS", ("party", "1000"): "GD-01", ("party", "2000"): "GD-02", ("currency", "RMB"): "CNY",
}  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """A few rows; unit ``TWO`` is ambiguous."""

    revision: int = 7
    code_set: str = "example"
    rows: Mapping[tuple[str, str], str] = field(default_factory=lambda: RESOLVE)

    def resolve(self, table: str, code: str, *, context: str = "", on: date) -> Hit | Miss:
        key = cause_key(table, self.code_set, code, context)
        if code == "TWO":
            return Miss(key, f"{code!r} has two rows in {table}", "keep one", ("EA", "CS"))
        found = self.rows.get((table, code))
        if found is None:
            return Miss(key, f"{table} code {code!r} of {self.code_set} is not known", "hub codes set")
        return Hit(found, row=list(self.rows).index((table, code)) + 1, revision=3)

    def item(self, code: str, *, unit: str = "", gtin: str | None = None, on: date) -> Hit | Miss:
        if code == "4711":
            return Hit(GTIN, row=40, revision=2, level="EA")
        if code == "88":
            return Hit("example:88", row=41, revision=2, extension="X")
        if gtin is not None:
            return Hit(gtin, row=0, revision=0)
        return Miss(cause_key("item", self.code_set, code, unit), f"item {code!r} is not known", "hub codes set item")

    def pack(self, item: str, unit: str, *, on: date) -> Pack | Miss:
        ratios = {"EA": (1, 1), "CS": (12, 1), "KG": (1, 3)}
        if unit not in ratios:
            return Miss(cause_key("pack", self.code_set, item, unit), f"{item} has no level {unit!r}", "hub codes set pack")
        return Pack(unit, "EA", *ratios[unit], row=50, revision=2)

    def reverse(self, table: str, canonical: str, *, context: str = "", on: date) -> Hit | Miss:
        for (name, code), meaning in self.rows.items():
            if name == table and meaning == canonical:
                return Hit(code, row=list(self.rows).index((name, code)) + 1, revision=3)
        return Miss(cause_key(table, self.code_set, canonical, context), f"{table} {canonical!r} has no code", "hub codes set")
