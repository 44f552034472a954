"""Products and parties: rows for the codebook, facts for checks, and stock that is counted in the base item."""

from __future__ import annotations

from typing import Any

import pytest

from canonical_model.problems import Hold
from hub.store.effects import CodeChange
from tests.hub.services.world import DAY, A, B, World, answer, each, item, order, party, report

CASE = "16901234567899"


def product(**more: Any) -> dict[str, Any]:
    units = [
        {"unit": "EA", "numerator": 1, "denominator": 1, "gtin": A},
        {"unit": "CS", "numerator": 12, "denominator": 1, "gtin": CASE},
        {"unit": "PF", "numerator": 960, "denominator": 2},
    ]
    return {"code": "4711", "base_unit": "EA", "units": units, **more}


def test_a_product_gives_a_row_for_each_unit_and_a_ratio_for_each_id() -> None:
    effects = World().apply("product/1", product(), settings={"codes": "sap"})
    items = [(row.context, row.canonical, row.level) for row in effects.codes if row.table == "item"]
    assert items == [("", A, "EA"), ("EA", A, "EA"), ("CS", CASE, "CS"), ("PF", A, "PF")]
    assert {(row.code_set, row.code) for row in effects.codes if row.table == "item"} == {("sap", "4711")}
    packs = {(row.code, row.context): (row.canonical, row.numerator, row.denominator) for row in effects.codes if row.table == "pack"}
    assert packs[CASE, "CS"] == packs[A, "CS"] == ("EA", 12, 1)
    assert packs[A, "PF"] == ("EA", 960, 2)
    assert len(packs) == 6


def test_a_product_without_gtin_lives_in_its_code_set() -> None:
    body = {"code": "4711", "base_unit": "EA", "units": [{"unit": "EA", "numerator": 1, "denominator": 1}]}
    effects = World().apply("product/1", body)
    assert CodeChange("item", "sap-hq", "4711", "EA", "sap-hq:4711", "EA") in effects.codes


def test_a_gtin_of_another_product_is_held_and_nothing_changes() -> None:
    world = World()
    world.apply("product/1", product())
    units = [{"unit": "EA", "numerator": 1, "denominator": 1, "gtin": B}, {"unit": "CS", "numerator": 6, "denominator": 1, "gtin": CASE}]
    with pytest.raises(Hold, match=f"{CASE} already belong to {A}"):
        world.apply("product/1", {"code": "9", "base_unit": "EA", "units": units})


def test_a_product_sent_again_replaces_what_was_known() -> None:
    world = World()
    world.apply("product/1", product())
    world.apply("product/1", product(status="blocked"))
    world.apply("inventory_report/1", report("W1", {A: "10"}))
    one = {"id": "1", "item": item(A), "quantity": each("1")}
    assert answer(world.apply("order/1", order("PO", [one])))["lines"][0]["reasons"][0]["code"] == "item_blocked"


def test_a_case_is_ordered_and_pieces_are_counted() -> None:
    """The GTIN of the case is another item id; stock, reservation and despatch meet in the base item."""
    world = World()
    world.apply("product/1", product())
    world.apply("inventory_report/1", report("W1", {A: "30"}))
    cases = {"id": "1", "item": item(CASE), "quantity": each("2", "CS")}
    effects = world.apply("order/1", order("PO", [cases]))
    assert answer(effects)["lines"][0]["status"] == "accepted"
    assert world.balances() == {("W1", A, "available"): 6, ("W1", A, "reserved"): 24}
    (shipping,) = [out.body["lines"][0] for out in effects.outgoing if out.type == "shipping_order/1"]
    assert (shipping["quantity"], shipping["base_quantity"]) == (each("2", "CS"), each("24"))
    world.now += DAY
    left = {"id": "1", "order_line": "1", "item": item(CASE), "quantity": each("2", "CS"), "base_quantity": each("24")}
    world.apply("despatch_advice/1", {"number": "D", "order_number": "PO", "ship_from": party("W1"), "lines": [left]})
    assert world.balances() == {("W1", A, "available"): 6}
    assert world.order("PO").state == "shipped"
    world.check()


def test_new_stock_of_pieces_goes_to_waiting_cases() -> None:
    world = World()
    world.apply("product/1", product())
    world.apply("order/1", order("PO", [{"id": "1", "item": item(CASE), "quantity": each("2", "CS")}]))
    assert world.order("PO").state == "backordered"
    world.apply("inventory_report/1", report("W1", {A: "25"}))
    assert world.order("PO").state == "released"
    world.check()


def test_a_party_gives_its_code_and_its_gln() -> None:
    body = {"code": "100", "name": "Guangdong Agent", "tier": "agent", "gln": "6901234567892", "parent": party("HQ")}
    effects = World().apply("party/1", body)
    rows = [(row.code_set, row.code, row.canonical, row.level) for row in effects.codes]
    assert rows == [("sap-hq", "100", "sap-hq:100", "agent"), ("gln", "6901234567892", "sap-hq:100", "agent")]


def test_a_circle_in_the_party_tree_is_held() -> None:
    world = World()
    for name, parent in (("P1", "P2"), ("P2", "P3")):
        world.apply("party/1", {"party": name, "code": name, "name": name, "tier": "agent", "parent": party(parent)})
    with pytest.raises(Hold, match="cannot be its parent"):
        world.apply("party/1", {"party": "P3", "code": "P3", "name": "P3", "tier": "agent", "parent": party("P1")})
