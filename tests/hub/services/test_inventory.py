"""Reports, despatches, lots: any order of arrival gives the same stock, nothing expired or missing is promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical_model.problems import Hold
from hub.services.inventory import tables
from hub.services.inventory.defaults import DEFAULT_RULES, InventoryRules, Sourcing
from hub.services.order.defaults import DEFAULT_RULES as ORDER_RULES
from tests.hub.services.world import DAY, NOON, A, B, World, answer, each, item, line, order, party, report, together

HOUR = DAY // 24


def instant(micros: int) -> str:
    return datetime.fromtimestamp(micros // 1_000_000, UTC).isoformat().replace("+00:00", "Z")


def with_rules(rules: InventoryRules) -> World:
    return World(services=together(ORDER_RULES, rules))


def taken(at: int, location: str = "W1", **stock: str) -> tuple[str, dict[str, Any]]:
    """A report as of an instant; keyword names are items."""
    return "inventory_report/1", report(location, stock, reported_at=instant(at))


def left(number: str, *lines: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    given = [{"id": str(n), **one} for n, one in enumerate(lines, 1)]
    return "despatch_advice/1", {"number": number, "ship_from": party("W1"), "lines": given, **more}


def gone(quantity: str, what: str = A, **more: Any) -> dict[str, Any]:
    return {"item": item(what), "quantity": each(quantity), **more}


def in_lot(lot: str, quantity: str, expires_on: str = "", state: str = "available") -> dict[str, Any]:
    return {"item": item(A), "quantity": each(quantity), "state": state, "lot": lot} | ({"expires_on": expires_on} if expires_on else {})


def test_a_report_sets_what_is_there_and_our_reservations_stay_ours() -> None:
    world = World()
    world.apply(*taken(NOON - HOUR, **{A: "10"}))
    world.apply("order/1", order("PO", [line("1", A, "4")]))
    world.now += DAY
    world.apply(*taken(world.now - HOUR, **{A: "12"}))
    assert world.balances() == {("W1", A, "available"): 8, ("W1", A, "reserved"): 4}
    world.check()


def test_more_promised_than_reported_is_explained_and_nothing_more_is_promised() -> None:
    world = World()
    world.apply(*taken(NOON - HOUR, **{A: "10"}))
    world.apply("order/1", order("PO", [line("1", A, "8")]))
    effects = world.apply(*taken(NOON - 1, **{A: "5"}))
    assert [(event.type, event.body["quantity"]) for event in effects.events] == [("stock_discrepancy/1", "3")]
    assert "3 promised beyond what W1 has" in effects.note
    assert world.balances() == {("W1", A, "available"): -3, ("W1", A, "reserved"): 8}
    assert answer(world.apply("order/1", order("PO2", [line("1", A, "1")])))["lines"][0]["status"] == "backordered"
    world.check()


def test_a_report_is_true_as_of_its_time_whatever_comes_first() -> None:
    """Report of 10:00 with 10, despatch of 4 at 11:00, report of 12:00 with 6: in every order of arrival."""
    end = []
    steps = [
        (*taken(NOON - 2 * HOUR, **{A: "10"}),),
        (*left("D1", gone("4"), despatched_at=instant(NOON - HOUR)),),
        (*taken(NOON, **{A: "6"}),),
    ]
    for sequence in permutations(steps):
        world = World(now=NOON + HOUR)
        for type, body in sequence:
            world.window([world.document(type, body)])
        end.append(world.balances())
        world.check()
    assert end == [{("W1", A, "available"): 6}] * 6


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_reports_and_despatches_in_any_order_give_the_same_stock(data: st.DataObject) -> None:
    hours = st.integers(1, 40)
    despatches = data.draw(st.dictionaries(hours, st.integers(1, 9), max_size=5))
    reports = data.draw(st.dictionaries(hours, st.integers(0, 50), min_size=1, max_size=4))
    steps = [left(f"D{at}", gone(str(quantity)), despatched_at=instant(NOON + at * HOUR)) for at, quantity in despatches.items()]
    steps += [taken(NOON + at * HOUR, **{A: str(quantity)}) for at, quantity in reports.items()]
    world = World(now=NOON + 2 * DAY)
    for type, body in data.draw(st.permutations(steps)):
        world.window([world.document(type, body)])
    last = max(reports)
    expected = reports[last] - sum(quantity for at, quantity in despatches.items() if at > last)
    assert world.balances().get(("W1", A, "available"), 0) == expected
    world.check()


def test_the_ledger_tells_the_stock_of_any_instant_and_what_was_known_then() -> None:
    world = World()
    world.apply(*taken(NOON - 2 * HOUR, **{A: "10"}))
    world.now = NOON + HOUR
    world.window([world.document(*left("D1", gone("4"), despatched_at=instant(NOON - HOUR)))])
    with world.engine.connect() as connection:

        def total(**when: int) -> int:
            return sum(int(row.quantity) for row in connection.execute(tables.fold(**when))) // 1_000_000

        assert [total(at=NOON - 2 * HOUR), total(at=NOON - HOUR), total()] == [10, 6, 6]
        assert total(at=NOON - HOUR, known_at=NOON) == 10


def test_an_older_report_of_another_day_does_not_come_back() -> None:
    world = World()
    world.apply(*taken(NOON, **{A: "6"}))
    effects = world.apply(*taken(NOON - DAY, **{A: "99"}))
    assert "older" in effects.note
    assert world.balances() == {("W1", A, "available"): 6}


def test_the_first_lot_to_expire_goes_first_and_expired_ones_never() -> None:
    world = World()
    lots = [
        in_lot("OLD", "5", "2026-11-23"),
        in_lot("LATE", "5", "2027-05-01"),
        in_lot("SOON", "5", "2026-12-01"),
        in_lot("X", "9", state="blocked"),
    ]
    world.apply("inventory_report/1", {"location": party("W1"), "reported_on": "2026-11-24", "lines": lots})
    response = answer(world.apply("order/1", order("PO", [line("1", A, "7"), line("2", A, "9")])))
    assert [(one["status"], one["quantity"]["value"]) for one in response["lines"]] == [("accepted", "7"), ("backordered", "3")]
    with world.engine.connect() as connection:
        rows = connection.execute(tables.reservations.select().order_by(tables.reservations.c.line, tables.reservations.c.lot))
        assert [(row.line, row.lot, row.quantity // 1_000_000) for row in rows] == [("1", "LATE", 2), ("1", "SOON", 5), ("2", "LATE", 3)]
    world.check()


def test_what_one_lot_owes_is_not_promised_from_another() -> None:
    world = World()
    world.apply("inventory_report/1", {"location": party("W1"), "reported_on": "2026-11-23", "lines": [in_lot("L1", "5")]})
    world.apply("order/1", order("PO", [line("1", A, "4")]))
    lots = [in_lot("L1", "2"), in_lot("L2", "3")]
    world.apply("inventory_report/1", {"location": party("W1"), "reported_on": "2026-11-24", "lines": lots})
    assert answer(world.apply("order/1", order("PO2", [line("1", A, "3")])))["lines"][0]["quantity"]["value"] == "1"
    world.check()


def test_another_lot_than_the_reserved_one_may_leave() -> None:
    world = World()
    lots = [in_lot("L1", "5", "2027-01-01"), in_lot("L2", "5", "2027-02-01")]
    world.apply("inventory_report/1", {"location": party("W1"), "reported_on": "2026-11-23", "lines": lots})
    world.apply("order/1", order("PO", [line("1", A, "5")]))
    effects = world.apply(*left("D1", gone("5", lot="L2", order_line="1"), order_number="PO"))
    assert not [event for event in effects.events if event.type.endswith("discrepancy/1")]
    with world.engine.connect() as connection:
        rows = connection.execute(tables.balances.select().where(tables.balances.c.quantity != 0))
        assert [(row.lot, row.state, row.quantity // 1_000_000) for row in rows] == [("L1", "available", 5)]
    assert world.order("PO").state == "shipped"
    world.check()


def test_short_and_over_shipments_are_found_once() -> None:
    world = World()
    world.apply(*taken(NOON - HOUR, **{A: "10", B: "10"}))
    world.apply("order/1", order("PO", [line("1", A, "5"), line("2", B, "5")]))
    lines = [gone("3", ordered=each("5"), order_line="1"), gone("6", B, ordered=each("5"), order_line="2")]
    effects = world.apply(*left("D1", *lines, order_number="S2-1"))
    found = [
        (event.body["line"], event.body["kind"], event.body["quantity"])
        for event in effects.events
        if event.type == "shipment_discrepancy/1"
    ]
    assert sorted(found) == [("1", "short_shipped", "2"), ("2", "over_shipped", "1")]
    kept = world.order("PO").lines
    assert [(kept[n].allocated, kept[n].shipped, kept[n].over) for n in "12"] == [(2_000_000, 3_000_000, 0), (0, 5_000_000, 1_000_000)]
    assert world.balances() == {("W1", A, "available"): 5, ("W1", A, "reserved"): 2, ("W1", B, "available"): 4}
    world.check()


def test_a_despatch_from_another_warehouse_frees_the_reservation_where_it_was() -> None:
    world = World()
    world.apply(*taken(NOON - HOUR, **{A: "10"}))
    world.apply("order/1", order("PO", [line("1", A, "5")]))
    effects = world.apply(*left("D1", gone("5"), order_number="PO", ship_from=party("W2")))
    assert ("stock_discrepancy/1", "5") in [(event.type, event.body.get("quantity")) for event in effects.events]
    assert world.balances() == {("W1", A, "available"): 10, ("W2", A, "available"): -5}
    assert world.order("PO").state == "shipped"
    world.check()


def test_one_number_of_two_buyers_is_held_until_the_buyer_is_named() -> None:
    world = World()
    world.apply(*taken(NOON - HOUR, **{A: "10"}))
    for buyer in ("GD", "ZJ"):
        world.apply("order/1", order("PO", [line("1", A, "2")], buyer=buyer))
    with pytest.raises(Hold, match="2 orders are called PO"):
        world.apply(*left("D1", gone("2"), order_number="PO"))
    world.apply(*left("D1", gone("2"), order_number="PO", buyer=party("ZJ")))
    assert [world.order("PO", buyer).state for buyer in ("GD", "ZJ")] == ["released", "shipped"]


def test_goods_of_no_known_order_leave_all_the_same() -> None:
    world = World()
    world.apply(*taken(NOON - HOUR, **{A: "10"}))
    effects = world.apply(*left("D1", gone("3"), order_number="ELSEWHERE"))
    assert "no known order" in effects.note
    assert world.balances() == {("W1", A, "available"): 7}


def test_goods_may_stay_in_transit_until_the_receiver_says_otherwise() -> None:
    world = with_rules(replace(DEFAULT_RULES, in_transit=True))
    world.apply(*taken(NOON - HOUR, **{A: "10"}))
    world.apply(*left("D1", gone("3"), ship_to=party("GD-1")))
    assert world.balances() == {("W1", A, "available"): 7, ("GD-1", A, "in_transit"): 3}
    world.now += DAY
    lines = [{"item": item(A), "quantity": each(value), "state": state} for state, value in (("available", "3"), ("in_transit", "0"))]
    world.apply("inventory_report/1", {"location": party("GD-1"), "lines": lines, "reported_on": "2026-11-25"})
    assert world.balances() == {("W1", A, "available"): 7, ("GD-1", A, "available"): 3}
    world.check()


def test_a_complete_report_empties_what_it_does_not_name() -> None:
    world = World()
    world.apply(*taken(NOON - HOUR, **{A: "10", B: "4"}))
    type, body = taken(NOON, **{B: "5"})
    world.apply(type, body, settings={"complete": True})
    assert world.balances() == {("W1", B, "available"): 5}
    world.check()


def test_an_order_is_served_from_its_sellers_stock_and_never_from_a_store() -> None:
    world = World()
    tree = [
        ("HQ", "headquarters", ""),
        ("GD", "agent", "HQ"),
        ("W-HQ", "warehouse", "HQ"),
        ("W-GD", "warehouse", "GD"),
        ("S1", "store", "GD"),
        ("S2", "store", "GD"),
    ]
    for name, tier, parent in tree:
        above = {"parent": party(parent)} if parent else {}
        world.apply("party/1", {"party": name, "code": name, "name": name, "tier": tier, **above})
    for place in ("W-HQ", "W-GD", "S1"):
        world.apply("inventory_report/1", report(place, {A: "10"}))
    world.apply("order/1", order("PO1", [line("1", A, "4")], buyer="GD", ship_to=party("W-GD")))
    world.apply("order/1", order("PO2", [line("1", A, "12")], buyer="S2", ship_to=party("S2")))
    reserved = {key[0]: quantity for key, quantity in world.balances().items() if key[2] == "reserved"}
    assert reserved == {"W-HQ": 4, "W-GD": 10}


def test_the_place_that_has_all_of_it_comes_first_and_what_is_split_is_told_to_each() -> None:
    world = with_rules(replace(DEFAULT_RULES, sourcing=Sourcing(priority=("W3",))))
    for place, quantity in (("W1", "3"), ("W2", "9"), ("W3", "1")):
        world.apply("inventory_report/1", report(place, {A: quantity}))
    effects = world.apply("order/1", order("PO", [line("1", A, "5")]))
    told = {out.party: out.body["lines"][0]["quantity"]["value"] for out in effects.outgoing if out.type == "shipping_order/1"}
    assert told == {"W3": "1", "W2": "4"}
    effects = world.apply("order/1", order("PO", [line("1", A, "2")]))
    told = {out.party: out.body["lines"][0]["quantity"]["value"] for out in effects.outgoing if out.type == "shipping_order/1"}
    assert told
    assert world.order("PO").lines["1"].allocated == 2_000_000
    world.check()
