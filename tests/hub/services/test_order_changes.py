"""Amendments and cancels: deltas of reservations, never below what was shipped, and the same as if sent right at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import false

from hub.services.order import tables as order_tables
from hub.services.order.answers import order_amount
from hub.store.effects import Effects
from tests.hub.services.world import DAY, A, B, World, answer, each, item, line, order, party, report


def stocked(**more: str) -> World:
    world = World()
    world.apply("inventory_report/1", report("W1", {A: "100", B: "100"}))
    world.now += DAY
    return world


def change(*lines: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    return "order_change/1", {"number": "PO", "buyer": party("GD"), "lines": list(lines), **more}


def ship(world: World, quantity: str, order_line: str = "1", what: str = A) -> Effects:
    left = [{"id": "1", "order_line": order_line, "item": item(what), "quantity": each(quantity)}]
    return world.apply("despatch_advice/1", {"number": f"D{world.last}", "order_number": "PO", "ship_from": party("W1"), "lines": left})


def lines_of(effects: Effects) -> list[tuple[str, str, str]]:
    return [(one["id"], one["status"], one["quantity"]["value"]) for one in answer(effects)["lines"]]


def told(effects: Effects) -> list[tuple[str, str]]:
    """What the warehouses hear: (line, quantity)."""
    return [
        (one["id"], one["quantity"]["value"]) for out in effects.outgoing if out.type == "shipping_order/1" for one in out.body["lines"]
    ]


def test_the_published_case_of_an_amendment() -> None:
    """Tryton's scenario: 5 x 10 + 5 = 55.00 amended to 4 x 9 + 2 x 5 = 46.00, revision 1, the shipment follows."""
    world = stocked()
    world.apply("order/1", order("PO", [line("1", A, "5", price="10.00"), line("2", B, "1", price="5.00")]))
    assert order_amount(world.order("PO")) == 5500
    effects = world.apply("order/1", order("PO", [line("1", A, "4", price="9.00"), line("2", B, "2", price="5.00")]))
    kept = world.order("PO")
    assert (order_amount(kept), kept.revision) == (4600, 1)
    assert told(effects) == [("1", "4"), ("2", "2")]
    assert world.balances()[("W1", A, "reserved")] == 4
    world.check()


def test_a_change_adds_changes_and_deletes() -> None:
    world = stocked()
    world.apply("order/1", order("PO", [line("1", A, "5"), line("2", B, "7")]))
    added = {"id": "3", "action": "add", "item": item(B), "quantity": each("2"), "base_quantity": each("2")}
    effects = world.apply(*change({"id": "1", "action": "change", "quantity": each("8")}, {"id": "2", "action": "delete"}, added))
    assert lines_of(effects) == [("1", "accepted", "8"), ("2", "accepted", "0"), ("3", "accepted", "2")]
    assert told(effects) == [("1", "8"), ("2", "0"), ("3", "2")]
    assert world.balances() == {("W1", A, "available"): 92, ("W1", A, "reserved"): 8, ("W1", B, "available"): 98, ("W1", B, "reserved"): 2}
    world.check()


def test_what_a_change_may_not_do_is_said_line_by_line_and_the_rest_is_done() -> None:
    world = stocked()
    world.apply("order/1", order("PO", [line("1", A, "5"), line("2", B, "7"), line("3", B, "1")]))
    ship(world, "3")
    effects = world.apply(
        *change(
            {"id": "1", "action": "change", "quantity": each("2")},
            {"id": "2", "action": "change", "quantity": each("6")},
            {"id": "9", "action": "delete"},
            {"id": "3", "action": "add", "item": item(A), "quantity": each("1")},
        )
    )
    found = {one["id"]: [reason["code"] for reason in one["reasons"]] for one in answer(effects)["lines"]}
    assert found == {"1": ["below_shipped"], "2": [], "9": ["line_unknown"], "3": ["duplicate_line"]}
    assert answer(effects)["status"] == "changed"
    kept = world.order("PO").lines
    assert [kept[n].ordered // 1_000_000 for n in "123"] == [5, 6, 1]
    world.check()


def test_a_line_cannot_become_another_item_after_a_shipment() -> None:
    world = stocked()
    world.apply("order/1", order("PO", [line("1", A, "5")]))
    other = {"id": "1", "action": "change", "item": item(B)}
    assert lines_of(world.apply(*change(other))) == [("1", "accepted", "5")]
    assert world.balances()[("W1", B, "reserved")] == 5
    ship(world, "1", what=B)
    effects = world.apply(*change({"id": "1", "action": "change", "item": item(A)}))
    assert answer(effects)["lines"][0]["reasons"][0]["code"] == "item_changed_after_shipment"
    world.check()


def test_a_new_quantity_keeps_the_ratio_of_the_case() -> None:
    world = stocked()
    case = {"id": "1", "item": item(A), "quantity": each("2", "CS"), "base_quantity": each("24")}
    world.apply("order/1", order("PO", [case]))
    effects = world.apply(*change({"id": "1", "action": "change", "quantity": each("3", "CS")}))
    assert answer(effects)["lines"][0]["quantity"] == each("3", "CS")
    assert world.balances()[("W1", A, "reserved")] == 36


def test_a_new_place_of_delivery_is_told_to_the_warehouse() -> None:
    world = stocked()
    world.apply("order/1", order("PO", [line("1", A, "5")]))
    effects = world.apply(*change(ship_to=party("GD-2")))
    (shipping,) = [out.body for out in effects.outgoing if out.type == "shipping_order/1"]
    assert shipping["ship_to"]["party"] == "GD-2"
    assert shipping["lines"][0]["quantity"] == each("5")


def test_a_change_that_a_header_rule_refuses_changes_nothing() -> None:
    world = stocked()
    world.apply("order/1", order("PO", [line("1", A, "5")]))
    effects = world.apply(*change({"id": "1", "action": "change", "quantity": each("6")}, requested_on="2031-01-01"))
    assert (answer(effects)["status"], answer(effects)["reasons"][0]["code"]) == ("rejected", "date_beyond_horizon")
    assert world.order("PO").lines["1"].ordered == 5_000_000


def test_a_cancel_takes_what_was_not_shipped() -> None:
    world = stocked()
    world.apply("order/1", order("PO", [line("1", A, "5"), line("2", B, "7")]))
    ship(world, "2")
    effects = world.apply("order_cancel/1", {"number": "PO", "buyer": party("GD")})
    assert answer(effects)["order_type"] == "cancel"
    assert lines_of(effects) == [("1", "changed", "2"), ("2", "accepted", "0")]
    assert told(effects) == [("1", "0"), ("2", "0")]
    assert world.order("PO").state == "shipped"
    assert world.balances() == {("W1", A, "available"): 98, ("W1", B, "available"): 100}
    world.check()


def test_who_waits_is_loaded_only_beside_an_order_that_may_give_something_back() -> None:
    world = World()
    for number in ("PO", "PO2", "PO3"):
        world.now += 1
        world.apply("order/1", order(number, [line("1", A, "5")]))
    assert list(_loaded(world, "PO")) == ["PO"]
    world.apply("inventory_report/1", report("W1", {A: "5"}))
    assert sorted(_loaded(world, "PO")) == ["PO", "PO2", "PO3"]
    assert list(_loaded(world, "PO2")) == ["PO2"]


def test_who_waits_is_loaded_too_when_stock_came_between_the_look_and_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    for number in ("PO", "PO2"):
        world.now += 1
        world.apply("order/1", order(number, [line("1", A, "5")]))
    world.apply("inventory_report/1", report("W1", {A: "5"}))
    monkeypatch.setattr(order_tables, "_allocated", order_tables._allocated.where(false()))
    world.apply("order_cancel/1", {"number": "PO", "buyer": party("GD")})
    assert world.order("PO2").state == "released"
    world.check()


def _loaded(world: World, number: str) -> list[str]:
    """Numbers of the orders that a change of one loads."""
    with world.engine.connect() as connection:
        state: Any = world.load(connection, [world.document("order_cancel/1", {"number": number, "buyer": party("GD")})]).by_name["order"]
    return [one.number for one in state.orders.values()]


def test_what_a_cancel_frees_goes_to_the_order_that_waits_longest() -> None:
    world = World()
    world.apply("inventory_report/1", report("W1", {A: "5"}))
    for number in ("PO", "PO2", "PO3"):
        world.now += 1
        world.apply("order/1", order(number, [line("1", A, "5")]))
    effects = world.apply("order_cancel/1", {"number": "PO", "buyer": party("GD")})
    answers = [(out.body["number"], out.body["order_type"]) for out in effects.outgoing if out.type == "order_response/1"]
    assert answers == [("PO", "cancel"), ("PO2", "order")]
    assert [out.effect for out in effects.outgoing] == list(range(len(effects.outgoing)))
    assert [world.order(number).state for number in ("PO", "PO2", "PO3")] == ["cancelled", "released", "backordered"]
    world.check()


def test_a_cancel_of_an_order_that_never_got_in_is_answered() -> None:
    effects = World().apply("order_cancel/1", {"number": "PO", "buyer": party("GD")}, settings={"cancels_unaccepted": True})
    assert (answer(effects)["status"], answer(effects)["lines"]) == ("accepted", [])


WANTED = st.dictionaries(st.sampled_from("123"), st.tuples(st.sampled_from([A, B]), st.integers(1, 9)), min_size=1)


@settings(max_examples=25, deadline=None)
@given(st.lists(WANTED, min_size=1, max_size=5))
def test_amended_orders_equal_the_last_wish_sent_at_once(wishes: list[dict[str, tuple[str, int]]]) -> None:
    amended, fresh = stocked(), stocked()
    for wish in wishes:
        lines = [line(n, what, str(quantity), price="3.00") for n, (what, quantity) in sorted(wish.items())]
        last = order("PO", lines)
        amended.apply("order/1", last)
    fresh.apply("order/1", last)
    kept = {key: (one.item, one.ordered, one.allocated) for key, one in amended.order("PO").lines.items() if one.ordered != one.cancelled}
    assert kept == {key: (one.item, one.ordered, one.allocated) for key, one in fresh.order("PO").lines.items()}
    assert order_amount(amended.order("PO")) == order_amount(fresh.order("PO"))
    assert amended.balances() == fresh.balances()
    amended.check()
