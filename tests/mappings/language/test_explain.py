"""Lineage: every leaf says which bytes it comes from, also when every value of the message is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical_model.places import Bytes
from mappings.language import bind, parse, replay, sources_of
from mappings.language.api import Derivation
from tests.mappings.language.run import HEAD
from tests.mappings.language.tables import CONTEXT, GTIN, Tables
from tests.mappings.language.toy import SEGMENTS, ToyDocument, message

TEXT = (
    HEAD
    + """map:
  number: REF[QUALF=001].BELNR
  both: HEAD.CUR & '/' & HEAD.BSART
  total: ITEM.MENGE | sum
  given: PART[PARVW=001].PARTN | given(party)
  lines:
    $each: ITEM
    $let: {cur: HEAD.CUR}
    id: POSEX
    head: CTL.DOCNUM
    cur: $cur
    quantity: MENGE | quantity(MENEE)
    price: PRICE | price(per=PER, unit=MENEE, currency=$cur)
    item: IDTN[QUALF=001].IDTNR | first
"""
)


def traced(document: ToyDocument, text: str = TEXT) -> Mapping[str, Derivation]:
    return bind(parse(text, "toy.yaml"), document.layout).trace(document, Tables(), CONTEXT).leaves


def paths(derivation: Derivation) -> list[str]:
    return [one.source.path for one in sources_of(derivation) if one.source]


@given(st.integers(1, 4), st.sampled_from(["slice", "bytes", "index", "key"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
def test_equal_values_have_their_own_places(lines: int, cut: str) -> None:
    names = ["CTL", "HEAD", "REF", "PART", *["ITEM", "IDTN"] * lines]
    document = message([(name, dict.fromkeys(SEGMENTS[name][1], "001")) for name in names], cut)
    leaves = traced(document)
    assert paths(leaves["/number"]) == ["REF[1]/BELNR"]
    assert paths(leaves["/both"]) == ["HEAD[1]/CUR", "HEAD[1]/BSART"]
    assert paths(leaves["/total"]) == [f"ITEM[{n}]/MENGE" for n in range(1, lines + 1)]
    assert paths(leaves["/given/0/code"]) == ["PART[1]/PARTN"]
    for n in range(lines):
        wanted = {
            "id": f"ITEM[{n + 1}]/POSEX", "head": "CTL[1]/DOCNUM", "cur": "HEAD[1]/CUR", "quantity/value": f"ITEM[{n + 1}]/MENGE",
            "quantity/unit": f"ITEM[{n + 1}]/MENEE", "price/amount": f"ITEM[{n + 1}]/PRICE", "price/currency": "HEAD[1]/CUR",
            "price/per/value": f"ITEM[{n + 1}]/PER", "price/per/unit": f"ITEM[{n + 1}]/MENEE", "item": f"ITEM[{n + 1}]/IDTN[1]/IDTNR",
        }  # fmt: skip
        assert {leaf: paths(leaves[f"/lines/{n}/{leaf}"]) for leaf in wanted} == {leaf: [path] for leaf, path in wanted.items()}
    places = {one.source.place for leaf in leaves.values() for one in sources_of(leaf) if one.source}
    assert len(places) == 5 + lines * 6


def test_a_changed_byte_changes_what_rests_on_it_and_nothing_else() -> None:
    records: Sequence[tuple[str, Mapping[str, str]]] = [
        (name, dict.fromkeys(SEGMENTS[name][1], "001")) for name in ("CTL", "HEAD", "REF", "PART", "ITEM", "IDTN")
    ]
    document = message(records)
    leaves = traced(document)
    for name, leaf in leaves.items():
        for one in sources_of(leaf):
            assert one.source is not None
            assert isinstance(one.source.place, Bytes)
            changed = bytearray(document.raw)
            changed[one.source.place.start] = ord("7")
            touched = {
                other
                for other in leaves
                if replay(leaves[other], bytes(changed), Tables()) != replay(leaves[other], document.raw, Tables())
            }
            rests = {other for other in leaves if one.source.place in {s.source.place for s in sources_of(leaves[other]) if s.source}}
            assert touched == rests
            assert name in touched


def test_code_rows_and_mapping_lines_are_named() -> None:
    text = HEAD + "map:\n  unit: HEAD.CUR | code(unit)\n  item: HEAD.QTY | item\n  status: = 'open'\n"
    leaves = traced(message([("HEAD", {"CUR": "PCE", "QTY": "4711"})]), text)
    unit = leaves["/unit"]
    assert unit.code is not None
    assert (unit.code.table, unit.code.code, unit.code.canonical, unit.code.row, unit.code.revision) == ("unit", "PCE", "EA", 1, 3)
    assert unit.mapping == "toy.yaml:6:20"
    assert leaves["/item/id"].value == GTIN
    assert leaves["/item/id"].code is not None
    assert (leaves["/status"].constant, leaves["/status"].mapping) == ("open", "toy.yaml:8:13")
    assert len(leaves) == len(list(leaves)) == 7
    with pytest.raises(KeyError):
        leaves["/nothing"]
