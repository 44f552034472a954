"""Examples run from files and rows, differences are told by field, and what is not covered is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mappings.language import MappingFault, bind, coverage, parse, run_examples
from mappings.language.examples import differences
from tests.mappings.language.toy import ToyFormat, ToyLayout, message

TEXT = """
mapping: toy/order
source: {format: toy, type: toy}
target: order/1
key: [REF.BELNR]
map:
  number: REF.BELNR
  currency: HEAD.CUR | default('CNY')
  lines:
    $each: ITEM
    id: POSEX
    item: IDTN.IDTNR | item(unit=MENEE)
    quantity: MENGE | quantity(MENEE | code(unit))
    base_quantity: MENGE | base_quantity(item=(IDTN.IDTNR | item), unit=(MENEE | code(unit)))
  note: PART.NAME ?
examples:
  - given: good.toy
    gives: good.json
    codes: {unit: {PCE: EA, CT: CS}, item: {'*': '*'}, pack: {'* CS': 12/1 EA, '* EA': 1 EA}}
    system: shop
  - given: good.toy
    problems: [missing_code, missing_code, missing_code]
"""
GOOD = message(
    [("REF", {"BELNR": "PO"}), ("ITEM", {"POSEX": "10", "MENGE": "2.0", "MENEE": "CT"}), ("IDTN", {"QUALF": "002", "IDTNR": "88"})]
).raw
BODY: dict[str, Any] = {
    "number": "PO",
    "currency": "CNY",
    "lines": [{
        "id": "10",
        "item": {"id": "shop:88", "level": "CT", "given": [{"scheme": "shop:item", "code": "88"}]},
        "quantity": {"value": "2.0", "unit": "CS"},
        "base_quantity": {"value": "24.0", "unit": "EA"},
    }],
}  # fmt: skip


def run(body: Any, text: str = TEXT) -> Any:
    files = {"good.toy": GOOD, "good.json": json.dumps(body).encode()}
    mapping = parse(text, "toy.yaml")
    return mapping, run_examples(mapping, ToyFormat().read, files.__getitem__)


def test_examples_pass_and_say_what_they_do_not_cover() -> None:
    mapping, results = run(BODY)
    assert [str(result) for result in results if not result.passed] == []
    covered = coverage(bind(mapping, ToyLayout()), results)
    assert covered.missed == ("/note",)
    assert covered.percent == 85


def test_a_difference_is_told_by_field() -> None:
    wrong = json.loads(json.dumps(BODY))
    wrong["lines"][0]["quantity"]["value"] = "2"
    wrong["extra"] = "x"
    _, (result, _) = run(wrong)
    assert not result.passed
    assert [str(one) for one in result.differences] == [
        "/lines/0/quantity/value: wanted '2', found '2.0'",
        "/extra: wanted 'x', found nothing",
    ]
    assert "toy.yaml:17:5: good.toy FAILED" in str(result)
    ignored = TEXT.replace("system: shop", "system: shop\n    ignore: [/lines/*/quantity, /extra]")
    assert run(wrong, ignored)[1][0].passed


def test_a_problem_fails_an_example_that_wants_a_body_and_the_other_way() -> None:
    _, (first, second) = run(BODY, TEXT.replace("CT: CS", "XX: CS").replace("problems: [missing_code, ", "problems: ["))
    assert not first.passed
    assert "missing_code: unit code 'CT' of shop is not known" in str(first)
    assert [str(one) for one in second.differences] == ["/2: wanted nothing, found 'missing_code'"]


def test_an_example_that_cannot_run_says_so() -> None:
    _, (first, _) = run(BODY, TEXT.replace("    system: shop", "    document: 2"))
    assert "has no document 2" in first.fault
    _, (first, _) = run(
        BODY, TEXT.replace("codes: {unit: {PCE: EA, CT: CS}, item: {'*': '*'}, pack: {'* CS': 12/1 EA, '* EA': 1 EA}}", "codes: a.csv")
    )
    assert "cannot be read here" in first.fault


@pytest.mark.parametrize("word", ["document: '0'", "ignore: a", "received: 2026-01-01", "gives: [a]", "numbers: x"])
def test_words_of_another_shape_are_refused(word: str) -> None:
    with pytest.raises(MappingFault, match="another shape"):
        parse(TEXT.replace("    system: shop", f"    {word}".replace("gives", "zone")), "toy.yaml")


def test_differences_of_nothing() -> None:
    assert differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) == ()
    assert [str(one) for one in differences([1], [1, 2])] == ["/1: wanted nothing, found 2"]
