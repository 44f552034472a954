"""Key, revision, numbers, stake, dates: from the source alone, before any code table is asked."""

from __future__ import annotations

from datetime import date

import pytest

from mappings.language import MappingFault, bind, parse
from tests.mappings.language.tables import CONTEXT
from tests.mappings.language.toy import message

TEXT = """
mapping: toy/order
source: {format: toy, type: toy}
target: order/1
key:
  - PART[PARVW=AG].PARTN | strip0
  - REF[QUALF=001].BELNR
revision: CTL.SERIAL ?
numbers:
  po: REF[QUALF=001].BELNR
  items: ITEM.IDTN.IDTNR | strip0
stake: ITEM.MENGE | sum ?
volatile: [HEAD.QTY, CTL.DOCNUM]
namespace: retail
map:
  number: REF[QUALF=001].BELNR
  issued_on: HEAD.WHEN | date ?
  unit: HEAD.CUR | code(unit)
examples: [{given: a, gives: b}]
"""
WHOLE = [
    ("CTL", {"DOCNUM": "1", "SERIAL": "2026"}), ("HEAD", {"WHEN": "20261125", "CUR": "QQ"}), ("REF", {"QUALF": "001", "BELNR": "PO-1"}),
    ("PART", {"PARVW": "AG", "PARTN": "00001000"}), ("ITEM", {"MENGE": "1.50"}), ("IDTN", {"QUALF": "002", "IDTNR": "004711"}),
    ("ITEM", {"MENGE": "2"}), ("IDTN", {"QUALF": "002", "IDTNR": "88"}), ("IDTN", {"QUALF": "003", "IDTNR": "88"}),
]  # fmt: skip


def test_a_document_that_is_held_for_a_code_has_its_identity() -> None:
    document = message(WHOLE)
    bound = bind(parse(TEXT, "toy.yaml"), document.layout)
    assert bound.key(document, CONTEXT) == (("1000", "PO-1"), ())
    assert bound.revision(document, CONTEXT) == "2026"
    assert bound.numbers(document, CONTEXT) == (("po", "PO-1"), ("items", "4711"), ("items", "88"))
    assert bound.stake(document, CONTEXT) == "3.50"
    assert bound.date(document, CONTEXT, "issued_on") == date(2026, 11, 25)
    assert bound.mapping.volatile == {("HEAD", "QTY"), ("CTL", "DOCNUM")}
    assert bound.mapping.namespace == "retail"


def test_an_empty_document_has_no_key_and_says_why() -> None:
    document = message([("ITEM", {"MENGE": "x"})])
    bound = bind(parse(TEXT, "toy.yaml"), document.layout)
    key, problems = bound.key(document, CONTEXT)
    assert key is None
    assert [(problem.target, problem.source) for problem in problems] == [
        ("key/0", "PART[PARVW=AG].PARTN"),
        ("key/1", "REF[QUALF=001].BELNR"),
    ]
    assert bound.revision(document, CONTEXT) is None
    assert bound.numbers(document, CONTEXT) == ()
    assert bound.stake(document, CONTEXT) is None
    assert bound.date(document, CONTEXT, "issued_on") is None
    assert bound.date(document, CONTEXT, "unit") is None


@pytest.mark.parametrize(
    "word", ["key: [PART.PARTN | code(party)]", "stake: PART.PARTN | item", "numbers: {a: PART.PARTN | given(party) }"]
)
def test_identity_asks_no_code_table(word: str) -> None:
    text = TEXT.replace(TEXT[TEXT.index("key:") : TEXT.index("volatile:")], f"{word}\n")
    with pytest.raises(MappingFault) as caught:
        bind(parse(text, "toy.yaml"), message([]).layout)
    assert any("asks a code table" in one.message for one in caught.value.lints)


def test_the_hash_is_of_the_meaning() -> None:
    one = parse(TEXT, "a.yaml").hash
    assert parse("# a comment\n" + TEXT.replace("PART[PARVW=AG].PARTN | strip0", "PART[ PARVW = 'AG' ].PARTN|strip0"), "b.yaml").hash == one
    assert parse(TEXT.replace("gives: b", "gives: c"), "a.yaml").hash == one
    for old, new in (
        ("PARVW=AG", "PARVW=WE"),
        ("HEAD.QTY", "HEAD.CUR"),
        ("retail", "x"),
        ("order/1", "order/2"),
        (" ?\n  unit", "\n  unit"),
    ):
        assert parse(TEXT.replace(old, new), "a.yaml").hash != one
