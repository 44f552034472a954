"""What generated code remembers: the same answer as one that is asked anew, under one view, day and zone only; never a failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mappings.language import bind, parse, remembering
from mappings.language.api import Hit, Miss
from mappings.language.bound import Bound, NoCodes
from mappings.language.remembering import Memory
from tests.mappings.language.run import HEAD
from tests.mappings.language.tables import CONTEXT, Tables
from tests.mappings.language.toy import ToyLayout, message

TEXT = HEAD + (
    "map:\n"
    "  unit: ITEM.MENEE | strip0 | code(unit)\n"
    "  again: ITEM.MENEE | code(unit)\n"
    "  number: ITEM.MENGE | decimal | text\n"
    "  quantity: ITEM.MENGE | quantity('EA')\n"
    "  price: ITEM.MENGE | price(currency='CNY', unit='EA', per=ITEM.PER ?) ?\n"
)


class Counting(NoCodes):
    """Tables that count questions and answer each day otherwise."""

    def __init__(self, answer: str = "EA") -> None:
        self.answer, self.asked = answer, 0

    def resolve(self, table: str, code: str, *, context: str = "", on: date) -> Hit | Miss:
        self.asked += 1
        if code == "???":
            return Miss("unit:t:???:", "nothing", "add it")
        return Hit(f"{self.answer}-{on}", 1, 1)


@pytest.fixture
def bound() -> Bound:
    return bind(parse(TEXT, "remember.yaml"), ToyLayout("slice"))


def body(bound: Bound, codes: NoCodes, day: date = date(2026, 11, 25), **fields: str) -> Any:
    document = message([("ITEM", {"MENEE": "PCE", "MENGE": "1.00", **fields})], "slice")
    context = replace(CONTEXT, valid_on=day)
    result = bound.row(document, codes, context)
    assert result == bound.trace(document, codes, context).result
    return result.body if result.body is not None else result.problems


def test_a_question_is_asked_once_under_one_view_and_day(bound: Bound) -> None:
    codes = Counting()
    first = body(bound, codes)
    traced = codes.asked - 2
    assert body(bound, codes) == first
    assert codes.asked == 2 + 2 * traced, "only the traced engine asked again"
    assert body(bound, codes, date(2026, 11, 26))["unit"] == "EA-2026-11-26"
    assert body(bound, codes)["unit"] == "EA-2026-11-25"
    assert body(bound, Counting("CS"))["unit"] == "CS-2026-11-25"


def test_failures_are_told_each_time_at_their_own_place(bound: Bound) -> None:
    codes = Counting()
    first = body(bound, codes, MENEE="???")
    assert [problem.key for problem in first] == 2 * ["unit:t:???:"]
    assert body(bound, codes, MENEE="???") == first
    assert body(bound, codes)["again"] == "EA-2026-11-25"


def test_equal_numbers_that_are_written_otherwise_stay_so(bound: Bound) -> None:
    codes = Counting()
    for text in ("1.00", "1.0", "1", "01.000"):
        found = body(bound, codes, MENGE=text)
        assert found["number"] == found["quantity"]["value"] == found["price"]["amount"] == text.lstrip("0")


def test_an_amount_composed_in_place_is_what_its_function_gives(bound: Bound) -> None:
    codes = Counting()
    assert body(bound, codes)["price"]["per"] == {"value": "1", "unit": "EA"}
    assert body(bound, codes, PER="0100")["price"]["per"] == {"value": "100", "unit": "EA"}
    (problem,) = body(bound, codes, PER="x")
    assert "'x' is not a number" in problem.fact


def test_a_full_memory_is_emptied(bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST", 1)
    codes = Counting()
    first = [body(bound, codes, MENEE=unit, MENGE=text) for unit in ("A", "B") for text in ("1", "2.0")]
    assert first == [body(bound, codes, MENEE=unit, MENGE=text) for unit in ("A", "B") for text in ("1", "2.0")]


def test_few_days_are_kept_and_none_of_another_view() -> None:
    memory, codes = Memory(1), Tables()
    days = [date(2026, 11, day) for day in range(1, remembering.DAYS + 2)]
    memory.of(codes, days[0], "UTC")[0]["x"] = 1
    assert memory.of(codes, days[0], "UTC") == [{"x": 1}]
    assert memory.of(codes, days[0], "Asia/Shanghai") == [{}]
    for day in days[1:]:
        memory.of(codes, day, "UTC")
    assert memory.of(codes, days[0], "UTC") == [{}]
    memory.of(codes, days[0], "UTC")[0]["x"] = 1
    assert memory.of(Tables(), days[0], "UTC") == [{}]
