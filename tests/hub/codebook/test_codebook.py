"""Code tables: bitemporal, by revision, with parents, packs and reverse; what partners write survives import and export."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical_model.problems import Cause, Reject, cause_key
from hub.codebook import Codebook, CodeLine, SystemCodes, export_csv, history, import_csv, retire, set_codes, set_parent
from hub.codebook.view import Remembered
from hub.store import holds
from hub.store.database import Store
from mappings.language.api import Hit, Miss, Pack
from tests.hub.lane.world import TestClock, open_store

DAY = date(2026, 11, 25)
GTIN, OTHER, RESTRICTED = "06901234567892", "04006381333931", "02012345678903"


class Book:
    """A store with a codebook and short hands."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = open_store(folder, TestClock())
        self.book = Codebook()

    def put(self, *lines: CodeLine) -> int:
        with self.store.unit() as unit:
            return set_codes(unit, lines, actor="t")[0]

    def codes(self, code_set: str = "n", revision: int | None = None) -> SystemCodes:
        with self.store.read() as connection:
            return self.book.view(connection, revision).for_code_set(code_set)

    def hold(self, *keys: str) -> None:
        with self.store.unit() as unit:
            for number, key in enumerate(keys, 1):
                holds.save(unit.connection, "delivery", number, {(Cause.MISSING_CODE, key): {}}, 1)

    def held(self) -> set[str]:
        with self.store.read() as connection:
            return {cause.key for cause in holds.open_causes(connection, [Cause.MISSING_CODE])}


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def found(answer: Hit | Miss) -> str | tuple[str, ...]:
    return answer.canonical if isinstance(answer, Hit) else answer.candidates


def test_a_view_stays_what_it_was_while_later_revisions_come(book: Book) -> None:
    book.put(CodeLine("unit", "n", "ST", "EA"))
    old = book.codes()
    book.put(CodeLine("unit", "n", "ST", "CS"))
    assert found(old.resolve("unit", "ST", on=DAY)) == "EA"
    assert found(book.codes().resolve("unit", "ST", on=DAY)) == "CS"
    assert found(book.codes(revision=1).resolve("unit", "ST", on=DAY)) == "EA"
    assert found(book.codes(revision=0).resolve("unit", "ST", on=DAY)) == ()


def test_a_second_process_loads_what_is_new(book: Book) -> None:
    book.put(CodeLine("unit", "n", "ST", "EA"))
    second = Codebook()
    with book.store.read() as connection:
        second.view(connection)
    book.put(CodeLine("unit", "n", "KT", "CS"))
    with book.store.unit() as unit:
        retire(unit, "unit", "n", "ST", "", actor="t")
    with book.store.read() as connection:
        codes = second.view(connection).for_code_set("n")
    assert (found(codes.resolve("unit", "KT", on=DAY)), found(codes.resolve("unit", "ST", on=DAY))) == ("CS", ())


def test_a_revision_that_was_loaded_needs_no_store(book: Book) -> None:
    first = book.put(CodeLine("unit", "n", "PCE", "EA"))
    later = Codebook()
    assert later.known(first) is None
    second = book.put(CodeLine("unit", "n", "CAR", "CS"))
    with book.store.read() as connection:
        newest = later.view(connection)
    assert later.known(second) is newest
    assert later.known(second + 1) is None
    earlier = later.known(first)
    assert earlier is not None
    assert earlier is later.known(first)
    assert isinstance(earlier.for_code_set("n").resolve("unit", "CAR", on=DAY), Miss)
    assert isinstance(newest.for_code_set("n").resolve("unit", "CAR", on=DAY), Hit)


def test_what_all_code_sets_remember_has_one_limit_and_answers_stay_the_same(book: Book) -> None:
    """A hub of hundreds of partners runs for months on one revision: each day asks anew."""
    sets = [f"agent-{n}" for n in range(20)]
    book.put(*(CodeLine("unit", name, f"U{n}", "EA") for name in sets for n in range(10)))
    remembered = Remembered(limit=100)
    with book.store.read() as connection:
        book.book.view(connection)
    views = [SystemCodes(book.book._index, 1, name, remembered) for name in sets]
    for day in range(1, 29):
        for view in views:
            answers = {found(view.resolve("unit", f"U{n}", on=date(2026, 11, day))) for n in range(10) for _ in range(2)}
            assert answers == {"EA"}
            assert sum(map(len, remembered._memories)) <= 100


def test_setting_what_is_there_already_is_no_revision(book: Book) -> None:
    line = CodeLine("unit", "n", "ST", "EA")
    assert [book.put(line), book.put(line), book.put(line, CodeLine("unit", "n", "X", "Y"))] == [1, 1, 2]


def test_valid_time_is_the_documents_own_day(book: Book) -> None:
    book.put(CodeLine("item", "n", "1", "A", valid_to="2026-06-30"), CodeLine("item", "n", "1", "B", valid_from="2026-07-01"))
    codes = book.codes()
    assert [found(codes.resolve("item", "1", on=day)) for day in (date(2026, 6, 30), date(2026, 7, 1))] == ["A", "B"]


def test_exact_then_without_context_then_parents(book: Book) -> None:
    book.put(CodeLine("item", "n", "1", "case", "CS"), CodeLine("item", "n", "1", "each"), CodeLine("item", "hq", "2", "from-parent"))
    with book.store.unit() as unit:
        set_parent(unit, "n", "hq", actor="t")
    codes = book.codes()
    asked = [("1", "CS"), ("1", "PAL"), ("1", ""), ("2", "CS"), ("3", "")]
    assert [found(codes.resolve("item", code, context=unit, on=DAY)) for code, unit in asked] == ["case", "each", "each", "from-parent", ()]


def test_a_set_never_falls_back_to_itself(book: Book) -> None:
    with book.store.unit() as unit:
        set_parent(unit, "a", "b", actor="t")
    with pytest.raises(Reject, match="itself"), book.store.unit() as unit:
        set_parent(unit, "b", "a", actor="t")


def test_a_gtin_in_the_message_answers_when_the_table_is_silent(book: Book) -> None:
    assert found(book.codes().item("1", gtin="6901234567892", on=DAY)) == GTIN


@pytest.mark.parametrize("gtin", [RESTRICTED, "6901234567893", "nonsense"])
def test_a_restricted_or_damaged_one_names_nothing_outside_its_code_set(book: Book, gtin: str) -> None:
    answer = book.codes().item("1", gtin=gtin, on=DAY)
    assert isinstance(answer, Miss)
    assert answer.key == cause_key("item", "n", "1", "")


def test_a_restricted_code_resolves_inside_its_code_set(book: Book) -> None:
    book.put(CodeLine("item", "n", RESTRICTED, GTIN))
    assert found(book.codes().item(RESTRICTED, gtin=RESTRICTED, on=DAY)) == GTIN
    assert found(book.codes("other").item(RESTRICTED, gtin=RESTRICTED, on=DAY)) == ()


def test_a_gtin_that_contradicts_the_table_is_never_guessed(book: Book) -> None:
    book.put(CodeLine("item", "n", "1", GTIN))
    assert found(book.codes().item("1", gtin=OTHER, on=DAY)) == (GTIN, OTHER)
    assert found(book.codes().item("1", gtin=GTIN, on=DAY)) == GTIN


def test_packs_are_exact_ratios_and_two_that_differ_are_a_miss(book: Book) -> None:
    book.put(CodeLine("pack", "n", GTIN, "EA", "CS", numerator=12), CodeLine("pack", "m", GTIN, "EA", "CS", numerator=6))
    pack = book.codes().pack(GTIN, "CS", on=DAY)
    assert isinstance(pack, Pack)
    assert (pack.base_unit, pack.numerator, pack.denominator) == ("EA", 12, 1)
    third = book.codes("third").pack(GTIN, "CS", on=DAY)
    assert isinstance(third, Miss)
    assert len(third.candidates) == 2


def test_the_preferred_row_wins_on_the_way_back(book: Book) -> None:
    book.put(CodeLine("item", "n", "1", GTIN), CodeLine("item", "n", "2", GTIN))
    assert found(book.codes().reverse("item", GTIN, on=DAY)) == ("1", "2")
    book.put(CodeLine("item", "n", "2", GTIN, preferred=True))
    assert found(book.codes().reverse("item", GTIN, on=DAY)) == "2"


def test_directions(book: Book) -> None:
    book.put(CodeLine("unit", "n", "in", "A", direction="in"), CodeLine("unit", "n", "out", "A", direction="out"))
    codes = book.codes()
    assert found(codes.resolve("unit", "in", on=DAY)) == "A"
    assert found(codes.resolve("unit", "out", on=DAY)) == ()
    assert found(codes.reverse("unit", "A", on=DAY)) == "out"


def test_a_row_releases_its_cause_those_of_children_and_of_every_context(book: Book) -> None:
    with book.store.unit() as unit:
        set_parent(unit, "child", "hq", actor="t")
    keys = [cause_key("item", name, "1", unit) for name in ("hq", "child", "alien") for unit in ("", "CS")]
    book.hold(*keys, cause_key("unit", "hq", "1", ""), cause_key("item", "hq", "2", ""))
    book.put(CodeLine("item", "hq", "1", GTIN, "CS"))
    assert book.held() & set(keys) == {keys[0], keys[2], keys[4], keys[5]}
    book.put(CodeLine("item", "hq", "1", GTIN))
    assert book.held() == {keys[4], keys[5], cause_key("unit", "hq", "1", ""), cause_key("item", "hq", "2", "")}


def test_a_new_parent_lets_the_set_be_looked_at_again(book: Book) -> None:
    book.hold(cause_key("item", "n", "1", ""), cause_key("item", "m", "1", ""))
    with book.store.unit() as unit:
        set_parent(unit, "n", "hq", actor="t")
    assert book.held() == {cause_key("item", "m", "1", "")}


ODD = ["NO", "012", "1_000", "on", "null", "", "1e5", " x ", "a,b", 'q"q', "两", "=1+1", "line\nbreak", "0", "-0", "True"]


def test_odd_codes_survive_export_and_import(book: Book, tmp_path: Path) -> None:
    book.put(*[CodeLine("item", "n", code, f"C{number}", code) for number, code in enumerate(ODD)])
    with book.store.read() as connection:
        text = export_csv(connection)
    (tmp_path / "second").mkdir()
    other = Book(tmp_path / "second")
    with other.store.unit() as unit:
        import_csv(unit, text, actor="t")
    with other.store.read() as connection:
        assert export_csv(connection) == text
    assert [found(other.codes().resolve("item", code, context=code, on=DAY)) for code in ODD] == [f"C{n}" for n in range(len(ODD))]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=8, unique=True))
def test_any_text_survives(codes: list[str]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["table", "code_set", "code", "canonical"], *[["t", "s", code, "c" + code] for code in codes]])
    back = list(csv.DictReader(io.StringIO(out.getvalue(), newline=""), strict=True))
    assert [row["code"] for row in back] == codes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("table,code_set,code\n", "missing"),
        ("table,code_set,code,canonical,colour\n", "colour"),
        ("table,code_set,code,canonical,numerator\nt,s,1,2,1.5\n", "whole"),
        ("table,code_set,code,canonical,valid_from\nt,s,1,2,25.11.2026\n", "not a date"),
        ("table,code_set,code,canonical\nt,s,1\n", "too few"),
        ("table,code_set,code,canonical\nt,s,1,\n", "canonical"),
    ],
)
def test_a_bad_import_is_refused_whole(book: Book, text: str, says: str) -> None:
    with pytest.raises(Reject, match=says), book.store.unit() as unit:
        import_csv(unit, text, actor="t")
    assert book.codes().revision == 0


def test_the_history_of_a_code_says_who_and_when(book: Book) -> None:
    book.put(CodeLine("item", "n", "1", "A"))
    book.put(CodeLine("item", "n", "1", "B"))
    with book.store.read() as connection:
        rows = history(connection, "item", "n", "1")
    assert [(row["canonical"], row["since"], row["until"], row["actor"]) for row in rows] == [("A", 1, 2, "t"), ("B", 2, None, "t")]


def test_a_unit_that_is_rolled_back_leaves_no_trace_in_memory(book: Book) -> None:
    with pytest.raises(ZeroDivisionError):
        set_and_fail(book)
    assert book.codes().revision == 0
    assert found(book.codes().resolve("item", "1", on=DAY)) == ()


def set_and_fail(book: Book) -> None:
    with book.store.unit() as unit:
        set_codes(unit, [CodeLine("item", "n", "1", "A")], actor="t")
        raise ZeroDivisionError
