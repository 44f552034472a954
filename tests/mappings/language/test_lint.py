"""Lint finds every seeded fault at its line, says how to mend it, and says nothing of clean mappings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.language import MappingFault, bind, lint, parse
from tests.mappings.language.toy import ToyLayout

ROOT = Path(__file__).parents[3]
ORDER: Any = json.loads((ROOT / "canonical_model/schemas/order-1.json").read_text(encoding="utf-8"))

CLEAN = """mapping: toy/order
source: {format: toy, type: toy}
target: order/1
key:
  - PART[PARVW=AG].PARTN | strip0
  - REF[QUALF=001].BELNR
revision: CTL.SERIAL ?
numbers:
  po: REF[QUALF=001].BELNR
volatile: [HEAD.QTY]
map:
  number: REF[QUALF=001].BELNR
  currency: HEAD.CUR | code(currency, else=keep)
  requested_on: HEAD.WHEN | date ?
  note: "HEAD.BSART & ' # ' & (PART[PARVW=WE].NAME ?)"
  buyer:
    $with: PART[PARVW=AG]
    party: PARTN | strip0 | code(party)
    name: NAME ?
    given: PARTN | strip0 | given(party)
  lines:
    $each: ITEM
    $let:
      unit: MENEE | code(unit)            # used twice
    id: POSEX
    item: IDTN[QUALF=002].IDTNR | strip0 | item(unit=$unit, gtin=IDTN[QUALF=003].IDTNR ?)
    quantity: MENGE | quantity($unit)
    price: PRICE | price(per=PER ?, unit=$unit, currency=HEAD.CUR) ?
    requested_on: SCHED.EDATU | first | date ?
examples:
  - {given: a.toy, gives: a.json}
"""

FAULTS = [
    ("target: order/1", "targt: order/1", 3, "'targt' is not a word of a mapping", "did you mean 'target'?"),
    ("examples:\n  - {given: a.toy, gives: a.json}\n", "", 1, "the word 'examples' is missing", "carries an example"),
    ("gives: a.json", "give: a.json", 31, "'give' is not a word of an example", "did you mean 'gives'?"),
    (
        "number: REF[QUALF=001].BELNR\n  currency",
        "number: REV[QUALF=001].BELNR\n  currency",
        12,
        "'REV' is not a record below toy toy",
        "'REF'",
    ),
    (
        "number: REF[QUALF=001].BELNR\n  currency",
        "number: REF[QUALF=001].BELRN\n  currency",
        12,
        "'BELRN' is not a field of REF",
        "'BELNR'",
    ),
    ("number: REF[QUALF=001].BELNR\n  currency", "number: REF[QUAL=001].BELNR\n  currency", 12, "'QUAL' is not a field of REF", "'QUALF'"),
    ("number: REF[QUALF=001].BELNR\n  currency", "number: REF[QUALF=001.BELNR\n  currency", 12, "']' expected", ""),
    ("number: REF[QUALF=001].BELNR\n  currency", "number: REF\n  currency", 12, "'REF' is not a field of the document", "RECORD.FIELD"),
    (
        "number: REF[QUALF=001].BELNR\n  currency",
        "nummer: REF[QUALF=001].BELNR\n  currency",
        12,
        "/nummer is not in the target",
        "'number'",
    ),
    ("  currency: HEAD.CUR | code(currency, else=keep)\n", "", 12, "/currency is missing", "add `currency: PATH`"),
    ("HEAD.WHEN | date ?", "HEAD.WHEN | dat ?", 14, "there is no function 'dat'", "did you mean 'date'?"),
    ("HEAD.WHEN | date ?", "HEAD.WHEN | date(YYYYMM) ?", 14, "'YYYYMM' is not a format", "date(format?)"),
    ("HEAD.WHEN | date ?", "HEAD.WHEN | int ?", 14, "/requested_on is a text, and here is".replace("a text", "string"), "| text"),
    ("HEAD.WHEN | date ?", "HEAD.WHEN | date | strip0 ?", 14, "strip0 takes text, and this is date", "| text"),
    ("HEAD.WHEN | date ?", "HEAD.WHEN | decimal ?", 14, "/requested_on is a date, and this is decimal", "| date"),
    ("HEAD.WHEN | date ?", "HEAD.WHEN | date(from=X) ?", 14, "date has no parameter 'from'", "format"),
    ("else=keep", "else=kep", 13, "else is keep, hold or a constant, not kep", "else='kep'"),
    ("quantity($unit)", "quantity()", 27, "quantity needs 'unit'", "quantity(unit)"),
    ("quantity($unit)", "quantity($unt)", 27, "$unt is not known here", "did you mean 'unit'?"),
    ("EDATU | first", "EDATU | first | last", 29, "last takes all values of a path, and here is one", "put last first"),
    ("$each: ITEM", "$eech: ITEM", 22, "'$eech' is not a word of the language", "did you mean '$each'?"),
    ("$each: ITEM", "$each: ITEN", 22, "'ITEN' is not a record", "'ITEM'"),
    ("    $each: ITEM\n", "", 22, "/lines is array, and here is an object", ""),
    ("id: POSEX", "id: POSEX POSEX", 25, "'POSEX' is left over", "did you forget '|' or '&'?"),
    ("id: POSEX", "id: POSEX\n    id: MENGE", 26, "'id' stands here twice", "first at line 25"),
    ("id: POSEX", "id: POSEX | pad( # x", 25, "expected", "quote the whole expression"),
    ("id: POSEX", "id: POSEX & 'a: b'", 25, "this is not YAML", 'quote it: an expression with ": "'),
    ("id: POSEX", "id: 'a' & POSEX", 25, "this is not YAML", "starts with ="),
    ("id: POSEX", "id: &x POSEX", 25, "an anchor (&name) is not part", "$let"),
    ("id: POSEX", "id: *x", 25, "an alias (*name) is not part", "$let"),
    ("id: POSEX", "id: !!str POSEX", 25, "a tag (!name) is not part", "quote"),
    ("id: POSEX", "id: POSEX ?", 25, "/lines/*/id may be absent here", "leave the ? out"),
    ("id: POSEX", "id: 'ITEM[POSEX=1] | strip0'", 25, "is a constant, and this one looks like an expression", "put an expression"),
    ("id: POSEX", "id: \"'x' ?\"", 25, "never absent", "leave the ? out"),
    ("party: PARTN | strip0 | code(party)", "party: PARTN | strip0 | party", 18, "/buyer/party is string, and here is an object", ""),
    ("- PART[PARVW=AG].PARTN | strip0", "- PART[PARVW=AG].PARTN | code(party)", 5, "code asks a code table", "leave it out"),
    ("volatile: [HEAD.QTY]", "volatile: ['HEAD[CUR=X].QTY']", 10, "volatile names a segment and a field", "E1EDK01"),
    (
        "      unit: MENEE | code(unit) ",
        "      unit: MENEE | code(unit)\n      other: POSEX ",
        25,
        "$let 'other' is used nowhere",
        "leave it out",
    ),
    ("key:\n  - PART[PARVW=AG].PARTN | strip0\n  - REF[QUALF=001].BELNR\n", "", 9, "there is no key", "key: [PATH"),
    ("target: order/1", "target: {format: x12, type: '850'}", 12, "one end of a mapping is canonical", ""),
]


@pytest.mark.parametrize(("old", "new", "line", "said", "fix"), FAULTS)
def test_a_seeded_fault_is_found(old: str, new: str, line: int, said: str, fix: str) -> None:
    assert CLEAN.count(old) == 1
    found = lint(CLEAN.replace(old, new), "toy.yaml", layout=ToyLayout(), target_schema=ORDER)
    assert any(one.at.line == line and said in one.message and fix in one.suggestion for one in found), [str(one) for one in found]


def test_a_clean_mapping_is_clean() -> None:
    assert lint(CLEAN, "toy.yaml", layout=ToyLayout(), target_schema=ORDER) == []
    assert lint(CLEAN, "toy.yaml") == []
    bind(parse(CLEAN, "toy.yaml"), ToyLayout())


def test_several_faults_are_told_at_once() -> None:
    text = CLEAN.replace("HEAD.WHEN | date ?", "HEAD.WHEN | dat ?").replace("id: POSEX", "id: POSX").replace("$each", "$eech")
    with pytest.raises(MappingFault) as caught:
        bind(parse(text, "toy.yaml"), ToyLayout())
    assert [str(one.at) for one in caught.value.lints] == ["toy.yaml:22:5"]
    lints = lint(text.replace("$eech", "$each"), "toy.yaml", layout=ToyLayout(), target_schema=ORDER)
    assert [str(one.at) for one in lints if one.level == "error"] == ["toy.yaml:14:29", "toy.yaml:25:9"]


@pytest.mark.parametrize(
    "text", ["", "- a\n", "a: [", "\t", "mapping: {", "? x\n: y\n", "a: b\n---\nc: d\n", "mapping: a\nmap: b\n", "\x00"]
)
def test_any_text_gives_lints_never_an_exception(text: str) -> None:
    assert lint(text, "x.yaml")


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
def test_a_damaged_mapping_gives_lints_never_an_exception(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(CLEAN)))
    cut = data.draw(st.integers(0, 12))
    piece = data.draw(
        st.one_of(st.text(max_size=6), st.sampled_from(["(", "[", "'", '"', "|", "?", "$", "&", "*", ": ", " #", "\n", "  ", "{", "- "]))
    )
    text = CLEAN[:at] + piece + CLEAN[at + cut :]
    try:
        bind(parse(text, "toy.yaml"), ToyLayout())
    except MappingFault as fault:
        assert fault.lints
    assert isinstance(lint(text, "toy.yaml", layout=ToyLayout(), target_schema=ORDER), list)


@pytest.mark.parametrize("nested", ["(" * 500 + "A" + ")" * 500, "A[B" * 500 + "=1" + "]" * 500, "A | default(" * 500 + "B" + ")" * 500])
def test_deep_nesting_is_refused(nested: str) -> None:
    found = lint(CLEAN.replace("id: POSEX", f'id: "{nested}"'), "toy.yaml")
    assert any("levels of brackets" in one.message for one in found)
    assert any("levels" in one.message for one in lint("map: " + "[" * 300 + "]" * 300, "toy.yaml"))


def test_a_key_holds_plain_values() -> None:
    found = lint(CLEAN.replace("PARTN | strip0\n  - REF", "PARTN | quantity('EA')\n  - REF"), "toy.yaml", layout=ToyLayout())
    assert [one.message for one in found] == ["key holds texts, numbers and dates, and this is quantity"]
