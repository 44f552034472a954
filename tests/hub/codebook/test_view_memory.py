"""What a view remembers is what it would say again: by table, code, context, GTIN and day, and after the memory was emptied."""

from __future__ import annotations

from datetime import date

import pytest

from hub.codebook import view
from hub.codebook.lines import CodeLine, LineBook
from hub.codebook.view import SystemCodes

DAY, LATER = date(2026, 11, 25), date(2027, 1, 1)
GTIN, OTHER = "04006381333931", "06901234567892"
LINES = (
    CodeLine("unit", "n", "ST", "EA"), CodeLine("unit", "n", "ST", "PCE", context="x"), CodeLine("party", "n", "ST", "P-1"),
    CodeLine("item", "n", "7", GTIN, context="EA", valid_to="2026-12-31"),
    CodeLine("item", "n", "7", OTHER, context="EA", valid_from="2027-01-01"),
    CodeLine("item", "n", "7", OTHER, context="CS"), CodeLine("pack", "n", GTIN, "EA", context="CS", numerator=12),
)  # fmt: skip


def answers(codes: SystemCodes) -> list[object]:
    return [
        *(codes.resolve(table, "ST", context=context, on=DAY) for table in ("unit", "party", "no") for context in ("", "x")),
        *(
            codes.item("7", unit=unit, gtin=gtin, on=day)
            for unit in ("EA", "CS", "")
            for gtin in (None, GTIN, OTHER)
            for day in (DAY, LATER)
        ),
        *(codes.pack(item, unit, on=DAY) for item in (GTIN, OTHER) for unit in ("CS", "EA")),
    ]


def test_asked_again_a_view_says_the_same() -> None:
    codes = LineBook(LINES).for_code_set("n")
    first = answers(codes)
    assert first == answers(codes) == answers(LineBook(LINES).for_code_set("n"))
    assert len({str(answer) for answer in first}) > 8


def test_a_full_memory_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = answers(LineBook(LINES).for_code_set("n"))
    monkeypatch.setattr(view, "REMEMBERED", 1)
    codes = LineBook(LINES).for_code_set("n")
    assert answers(codes) == answers(codes) == whole
