"""Nothing is guessed: absent, several, empty and broken values are errors with cause, place, target and source."""

from __future__ import annotations

from typing import Any

import pytest

from canonical_model.places import Bytes
from canonical_model.problems import Cause
from tests.mappings.language.run import translate

TWO = [("PART", {"PARVW": "AG", "PARTN": "1000"}), ("PART", {"PARVW": "AG", "PARTN": "2000"})]
LINES = [("ITEM", {"POSEX": "10"}), ("ITEM", {"POSEX": "20"}), ("IDTN", {"QUALF": "002", "IDTNR": "4711"})]


@pytest.mark.parametrize(
    ("block", "records", "fact", "target", "source"),
    [
        ("  a: HEAD.CUR\n", [], "HEAD.CUR is absent", "/a", "HEAD.CUR"),
        ("  a: HEAD.CUR\n", [("HEAD", {"BSART": "NB"})], "HEAD.CUR is absent", "/a", "HEAD[1]/CUR"),
        ("  a: PART[PARVW=AG].PARTN\n", TWO, "2 records match PART[PARVW=AG].PARTN where one is wanted", "/a", "PART[2]/PARTN"),
        ("  b: {$with: 'PART[PARVW=AG]', c: PARTN}\n", TWO, "2 records match PART[PARVW=AG] where one is wanted", "/b", "PART[2]"),
        ("  b: {$with: 'PART[PARVW=WE]', c: PARTN}\n", TWO, "PART[PARVW=WE] is absent", "/b", "PART[PARVW=WE]"),
        ("  b: {$each: ITEM, c: POSEX}\n", [], "ITEM is absent", "/b", "ITEM"),
        ("  b: {$each: ITEM, c: MENGE}\n", LINES[:1], "ITEM.MENGE is absent".replace("ITEM.", ""), "/b/0/c", "ITEM[1]/MENGE"),
        ("  b: {$each: ITEM, $when: POSEX=30, c: POSEX}\n", LINES, "ITEM is absent", "/b", "ITEM[2]"),
        ("  a: HEAD.CUR & PART.NAME ?\n  b: HEAD.QTY\n", [("HEAD", {"CUR": "X"})], "HEAD.QTY is absent", "/b", "HEAD[1]/QTY"),
        ("  a: \"'1' | plus(HEAD.QTY)\"\n", [], "HEAD.QTY is absent", "/a", "HEAD.QTY"),
    ],
)
def test_what_is_not_there_or_there_twice(block: str, records: Any, fact: str, target: str, source: str) -> None:
    (problem,) = translate(block, records).problems
    assert problem.cause is Cause.INVALID_VALUE
    assert (problem.fact, problem.target, problem.source) == (fact, target, source)
    assert problem.key.startswith("toy/test:")
    assert problem.mapping is not None
    assert problem.mapping.startswith("toy.yaml:")
    assert problem.fix


def test_all_problems_of_a_document_are_collected() -> None:
    block = "  a: HEAD.CUR\n  b: HEAD.WHEN | date\n  c: {$each: ITEM, d: MENEE | code(unit), e: MENGE | decimal}\n"
    records = [("HEAD", {"WHEN": "2026"}), ("ITEM", {"MENEE": "ZZ", "MENGE": "x"}), ("ITEM", {"MENEE": "TWO", "MENGE": "1"})]
    problems = translate(block, records).problems
    found = [(problem.cause, problem.target, problem.value) for problem in problems]
    assert found == [
        (Cause.INVALID_VALUE, "/a", None),
        (Cause.INVALID_VALUE, "/b", "2026"),
        (Cause.MISSING_CODE, "/c/0/d", "ZZ"),
        (Cause.INVALID_VALUE, "/c/0/e", "x"),
        (Cause.AMBIGUOUS_CODE, "/c/1/d", "TWO"),
    ]
    assert problems[2].key == "unit:example:ZZ:"
    assert problems[4].candidates == ("EA", "CS")


def test_the_place_is_the_bytes_of_the_value() -> None:
    block = "  c: {$each: ITEM, d: MENEE | code(unit)}\n"
    from tests.mappings.language.run import HEAD, both
    from tests.mappings.language.toy import message

    for cut in ("bytes", "index", "key"):
        document = message([("ITEM", {"MENEE": "PCE"}), ("ITEM", {"POSEX": "北京", "MENEE": "QQ"})], cut)
        (problem,) = both(f"{HEAD}map:\n{block}", document)[0].problems
        assert isinstance(problem.place, Bytes)
        assert document.raw[problem.place.start : problem.place.end].decode().strip() == "QQ"


def test_a_failed_let_is_reported_once() -> None:
    block = "  $let: {unit: HEAD.CUR | code(unit)}\n  a: $unit\n  b: \"$unit & 'x'\"\n  c: {$each: 'ITEM[MENEE=$unit]', d: POSEX}\n"
    (problem,) = translate(block, [("HEAD", {"CUR": "ZZ"}), ("ITEM", {"POSEX": "1", "MENEE": "EA"})]).problems
    assert (problem.cause, problem.target) == (Cause.MISSING_CODE, "/$unit")


def test_one_line_stays_a_list_and_one_party_an_object() -> None:
    block = "  lines: {$each: ITEM, id: POSEX}\n  buyer: {$with: PART, party: PARTN}\n"
    body = translate(block, [LINES[0], TWO[0]]).body
    assert body == {"lines": [{"id": "10"}], "buyer": {"party": "1000"}}


@pytest.mark.parametrize(
    ("block", "records", "body"),
    [
        ("  a: HEAD.CUR ?\n  b: 'x'\n", [], {"b": "x"}),
        ("  a: {$with: 'PART[PARVW=WE] ?', n: PARTN}\n  b: 'x'\n", TWO, {"b": "x"}),
        ("  a: {$each: ITEM ?, n: POSEX}\n  b: 'x'\n", [], {"b": "x"}),
        ("  a: {$each: ITEM, $when: POSEX != 10, n: POSEX}\n", LINES, {"a": [{"n": "20"}]}),
        ("  a: {$each: ITEM, $when: 'IDTN[QUALF=002] exists', n: POSEX}\n", LINES, {"a": [{"n": "20"}]}),
        ("  a: {$each: ITEM, $when: IDTN absent, n: POSEX}\n", LINES, {"a": [{"n": "10"}]}),
        ("  a: {$each: ITEM, $when: \"IDTN.IDTNR = 4711 or POSEX in (10, 30)\", n: POSEX}\n", LINES, {"a": [{"n": "10"}, {"n": "20"}]}),
        ("  a: {$each: ITEM, $when: POSEX=10 and MENGE exists, n: POSEX}\n  b: 'x'\n", LINES, None),
        ("  a: {b: {c: HEAD.CUR ?}}\n  b: 'x'\n", [], {"b": "x"}),
        ("  $let: {q: HEAD.CUR}\n  a: PART[PARVW=$q].PARTN\n", [("HEAD", {"CUR": "AG"}), TWO[0]], {"a": "1000"}),
        ("  a:\n    - 'x'\n    - {$each: ITEM, n: POSEX}\n    - HEAD.CUR ?\n", LINES, {"a": ["x", {"n": "10"}, {"n": "20"}]}),
        ("  a: ITEM.IDTN.IDTNR\n", LINES, {"a": "4711"}),
        ("  x: {$each: ITEM, cur: HEAD.CUR, doc: CTL.DOCNUM}\n", [("CTL", {"DOCNUM": "7"}), ("HEAD", {"CUR": "E"}), LINES[0]],
         {"x": [{"cur": "E", "doc": "7"}]}),
        ("  a: |-\n    'it''s' & \"HEAD\".\"CUR\"\n", [("HEAD", {"CUR": "E"})], {"a": "it'sE"}),
        ("  a: = 'A' & HEAD.CUR\n", [("HEAD", {"CUR": "E"})], {"a": "AE"}),
    ],
)  # fmt: skip
def test_words(block: str, records: Any, body: Any) -> None:
    assert translate(block, records).body == body


def test_bytes_that_are_no_text_are_a_problem_not_an_exception() -> None:
    from mappings.language import bind, parse
    from tests.mappings.language.run import HEAD
    from tests.mappings.language.tables import CONTEXT, Tables
    from tests.mappings.language.toy import ToyDocument, ToyLayout

    document = ToyDocument(b"HEAD|CNY         \xff\xfe          ", ToyLayout("bytes"))
    bound = bind(parse(HEAD + "map:\n  a: HEAD.BSART\n  b: HEAD[BSART=NB].CUR ?\n", "toy.yaml"), document.layout)
    result = bound.row(document, Tables(), CONTEXT)
    assert result == bound.trace(document, Tables(), CONTEXT).result
    assert [problem.cause for problem in result.problems] == [Cause.INVALID_VALUE] * 2
    assert "charset" in result.problems[0].fact
