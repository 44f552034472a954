"""Planted faults: every one is reported with its code, none besides, clean orders are accepted; one pass finds all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical_model.codes.order_reasons import ORDER_REASONS
from hub.services.order.defaults import DEFAULT_RULES
from hub.services.order.rules import CurrencyAccepted, LineRule, LotSize, OrderRules, PriceDeviation, PriceList, codes
from tests.hub.services.world import DAY, A, B, World, answer, each, item, line, order, party, report, together

BLOCKED, GONE = "06901234567915", "06901234567922"
CONFIGURED: dict[str, LineRule] = {
    "LotSize": LotSize({B: ("12", "6")}),
    "PriceDeviation": PriceDeviation(PriceList({(A, "EA"): ("10.00", "CNY")}), tolerance="0.05"),
}
RULES = replace(
    DEFAULT_RULES,
    lines=tuple(CONFIGURED.get(type(rule).__name__, rule) for rule in DEFAULT_RULES.lines),
    header=(*DEFAULT_RULES.header[:-1], CurrencyAccepted(frozenset({"CNY", "EUR"}))),
)


def loaded(rules: OrderRules = RULES) -> World:
    """A world with products, parties and plenty of stock."""
    world = World(services=together(rules))
    for gtin, status in ((A, "active"), (B, "active"), (BLOCKED, "Blocked"), (GONE, "discontinued")):
        units = [{"unit": "EA", "numerator": 1, "denominator": 1, "gtin": gtin}, {"unit": "CS", "numerator": 12, "denominator": 1}]
        world.apply("product/1", {"code": gtin[-6:], "base_unit": "EA", "status": status, "units": units})
    for name, tier, status in (
        ("GD", "agent", "active"),
        ("GD-1", "store", "active"),
        ("GD-9", "store", "closed"),
        ("BAD", "agent", "blocked"),
    ):
        world.apply("party/1", {"party": name, "code": name, "name": name, "tier": tier, "status": status})
    world.apply("inventory_report/1", report("W1", {A: "1000000", B: "1000000", BLOCKED: "9", GONE: "9"}))
    return world


def clean(number: int) -> dict[str, Any]:
    return line(str(number), A, "5", price="10.00") if number % 2 else line(str(number), B, "12")


LINE_FAULTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "item_unknown": lambda one: line(one["id"], "06999999999997", "3"),
    "item_blocked": lambda one: line(one["id"], BLOCKED, "3"),
    "item_discontinued": lambda one: line(one["id"], GONE, "3"),
    "unit_not_allowed": lambda one: line(one["id"], A, "3", quantity=each("3", "PF")),
    "quantity_not_positive": lambda one: line(one["id"], A, "0"),
    "below_minimum_quantity": lambda one: line(one["id"], B, "6"),
    "not_a_multiple": lambda one: line(one["id"], B, "13"),
    "date_before_issue": lambda one: one | {"requested_on": "2026-11-19"},
    "date_beyond_horizon": lambda one: one | {"requested_on": "2028-11-25"},
    "currency_mismatch": lambda one: one | {"price": {"amount": "10.00", "currency": "EUR", "per": each("1")}},
    "price_deviation": lambda one: line(one["id"], A, "5", price="10.51"),
}
HEADER_FAULTS: dict[str, dict[str, Any]] = {
    "buyer_blocked": {"buyer": party("BAD")},
    "ship_to_unknown": {"ship_to": party("NOBODY")},
    "ship_to_blocked": {"ship_to": party("GD-9")},
    "date_before_issue": {"requested_on": "2026-11-01"},
    "date_beyond_horizon": {"requested_on": "2029-01-01"},
    "currency_not_accepted": {"currency": "USD"},
}
WORLD = loaded()


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from([None, None, *LINE_FAULTS]), min_size=1, max_size=6))
def test_every_planted_fault_is_reported_and_none_besides(faults: list[str | None]) -> None:
    lines = [LINE_FAULTS[fault](clean(n)) if fault else clean(n) for n, fault in enumerate(faults)]
    WORLD.last += 1
    response = answer(WORLD.apply("order/1", order(f"PO{WORLD.last}", lines, issued_on="2026-11-20")))
    assert [[reason["code"] for reason in one["reasons"]] for one in response["lines"]] == [[fault] if fault else [] for fault in faults]
    assert [one["status"] for one in response["lines"]] == ["rejected" if fault else "accepted" for fault in faults]
    assert [one["id"] for one in response["lines"]] == [one["id"] for one in lines]
    assert [one["item"] for one in response["lines"]] == [one["item"] for one in lines]
    assert response["status"] == ("accepted" if not any(faults) else "rejected" if all(faults) else "changed")


@pytest.mark.parametrize("code", HEADER_FAULTS)
def test_a_fault_in_the_header_refuses_the_order(code: str) -> None:
    world = loaded()
    body = order("PO", [line("1", A, "5")], issued_on="2026-11-20") | HEADER_FAULTS[code]
    effects = world.apply("order/1", body)
    response = answer(effects)
    assert (response["status"], [reason["code"] for reason in response["reasons"]]) == ("rejected", [code])
    assert [out.type for out in effects.outgoing] == ["order_response/1"]
    assert world.order("PO", body["buyer"]["party"]).state == "rejected"


def test_several_faults_of_one_line_and_of_the_header_come_in_one_answer() -> None:
    both = line("1", B, "5", requested_on="2026-11-01", quantity=each("5", "PF"))
    response = answer(loaded().apply("order/1", order("PO", [both], issued_on="2026-11-20") | HEADER_FAULTS["ship_to_unknown"]))
    found = {reason["code"] for reason in response["lines"][0]["reasons"]}
    assert found == {"unit_not_allowed", "below_minimum_quantity", "not_a_multiple", "date_before_issue"}
    assert [reason["code"] for reason in response["reasons"]] == ["ship_to_unknown"]


def test_a_repeated_line_id_is_refused_and_the_first_one_stands() -> None:
    world = World()
    world.apply("inventory_report/1", report("W1", {A: "9", B: "9"}))
    with world.engine.begin() as connection:
        document = world.document("order/1", order("PO", [line("10", A, "1"), line("10", B, "2")]))
        state = world.services.load(connection, [document])
        response = answer(world.services.decide(document, state))
        state.flush(connection)
    assert [(one["id"], one["status"]) for one in response["lines"]] == [("10", "accepted"), ("10", "rejected")]
    assert response["lines"][1]["reasons"][0]["code"] == "duplicate_line"
    world.check()


def test_without_master_data_items_and_parties_are_not_questioned() -> None:
    world = World()
    world.apply("inventory_report/1", report("W1", {"sap-hq:X": "9"}))
    assert answer(world.apply("order/1", order("PO", [line("1", "sap-hq:X", "1")])))["status"] == "accepted"


def test_a_rule_may_hold_the_order_and_a_person_lifts_it() -> None:
    holding = replace(DEFAULT_RULES, lines=(PriceDeviation(PriceList({(A, "EA"): ("10.00", "CNY")}), outcome="hold"),))
    world = World(services=together(holding))
    world.apply("inventory_report/1", report("W1", {A: "9"}))
    effects = world.apply("order/1", order("PO", [line("1", A, "5", price="20.00")]))
    assert answer(effects)["status"] == "pending"
    assert world.order("PO").state == "held"
    assert world.balances() == {("W1", A, "available"): 9}
    effects = world.tell("order_hold_lifted/1", "PO", {})
    assert [out.type for out in effects.outgoing] == ["order_response/1", "shipping_order/1"]
    assert world.order("PO").state == "released"
    world.check()


def test_goods_that_leave_while_an_amendment_is_held_are_booked() -> None:
    holding = replace(DEFAULT_RULES, lines=(PriceDeviation(PriceList({(A, "EA"): ("10.00", "CNY")}), outcome="hold"),))
    world = World(services=together(holding))
    world.apply("inventory_report/1", report("W1", {A: "9"}))
    world.apply("order/1", order("PO", [line("1", A, "5", price="10.00")]))
    assert answer(world.apply("order/1", order("PO", [line("1", A, "6", price="20.00")])))["status"] == "pending"
    world.now += DAY
    left = {"id": "1", "order_line": "1", "item": item(A), "quantity": each("5")}
    world.apply("despatch_advice/1", {"number": "D", "order_number": "PO", "ship_from": party("W1"), "lines": [left]})
    kept = world.order("PO")
    assert (kept.state, kept.lines["1"].shipped, kept.lines["1"].open) == ("held", 5_000_000, 1_000_000)
    world.check()


def test_a_shortage_may_be_refused_by_rule() -> None:
    world = World(services=together(replace(DEFAULT_RULES, shortage="reject")))
    world.apply("inventory_report/1", report("W1", {A: "3"}))
    response = answer(world.apply("order/1", order("PO", [line("1", A, "5"), line("2", B, "1")])))
    assert [(one["status"], one["quantity"]["value"]) for one in response["lines"]] == [("changed", "3"), ("rejected", "0")]
    assert [one["reasons"][0]["code"] for one in response["lines"]] == ["partly_out_of_stock", "out_of_stock"]
    world.check()


def test_whole_cases_are_allocated() -> None:
    world = World()
    world.apply("inventory_report/1", report("W1", {A: "30"}))
    three_cases = {"id": "1", "item": item(A), "quantity": each("3", "CS"), "base_quantity": each("36")}
    response = answer(world.apply("order/1", order("PO", [three_cases])))
    assert response["lines"][0]["quantity"] == {"value": "2", "unit": "CS"}
    assert world.balances() == {("W1", A, "available"): 6, ("W1", A, "reserved"): 24}


def test_every_code_that_a_rule_gives_is_in_the_shared_table() -> None:
    given = {*LINE_FAULTS, *HEADER_FAULTS, "duplicate_line", "line_unknown", "below_shipped", "item_changed_after_shipment", "item_missing"}
    assert given | {"out_of_stock", "partly_out_of_stock", "backordered", "deleted"} <= set(ORDER_REASONS)


def test_rules_say_their_arguments() -> None:
    assert codes(*DEFAULT_RULES.lines)["LineDate"] == {"horizon": 366, "outcome": "reject"}
