"""``$extends``: a variant is its base with overrides, and says which targets are whose."""

from __future__ import annotations

import pytest

from mappings.language import MappingFault, lint, parse
from tests.mappings.language.run import HEAD, both
from tests.mappings.language.toy import message

BASE = (
    HEAD.replace("toy/test", "base")
    + "map:\n  number: REF.BELNR\n  buyer:\n    $with: PART[PARVW=AG]\n    party: PARTN\n    name: NAME ?\n"
)
CHILD = "mapping: child\n$extends: base\nmap:\n  buyer:\n    party: PARTN | strip0\n  note: 'own'\nexamples: [{given: a, gives: b}]\n"
TEXTS = {"base": BASE, "round": CHILD.replace("child", "round").replace("$extends: base", "$extends: round")}
RECORDS = [("REF", {"QUALF": "001", "BELNR": "PO"}), ("PART", {"PARVW": "AG", "PARTN": "001", "NAME": "n"})]


def test_targets_are_merged() -> None:
    row, _ = both(CHILD, message(RECORDS), lookup=TEXTS.get)
    assert row.body == {"number": "PO", "buyer": {"party": "1", "name": "n"}, "note": "own"}


def test_origins_and_hash_follow_the_base() -> None:
    mapping = parse(CHILD, "child.yaml", TEXTS.get)
    assert mapping.bases == ("base",)
    assert {pointer: origin for pointer, (origin, _) in mapping.origins.items()} == {
        "/number": "inherited", "/buyer/$with": "inherited", "/buyer/party": "overridden", "/buyer/name": "inherited", "/note": "own",
    }  # fmt: skip
    notes = [str(one) for one in lint(CHILD, "child.yaml", TEXTS.get) if one.level == "note"]
    assert "base:6:3: note: /number is inherited from base" in notes
    assert "child.yaml:5:5: note: /buyer/party is overridden" in notes
    changed = parse(CHILD, "child.yaml", {"base": BASE.replace("REF.BELNR", "CTL.DOCNUM")}.get)
    assert changed.hash != mapping.hash


def test_an_error_in_an_inherited_line_names_the_base() -> None:
    row, _ = both(CHILD, message(RECORDS[1:]), lookup=TEXTS.get)
    assert [problem.mapping for problem in row.problems] == ["base:6:11"]


@pytest.mark.parametrize(("name", "said"), [("nobody", "no mapping 'nobody' to extend"), ("round", "goes round: child -> round -> round")])
def test_a_base_that_is_not_there_or_goes_round(name: str, said: str) -> None:
    with pytest.raises(MappingFault, match=said):
        parse(CHILD.replace("$extends: base", f"$extends: {name}"), "child.yaml", TEXTS.get)
