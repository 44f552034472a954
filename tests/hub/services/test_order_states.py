"""The (state, happening) table is exhaustive, its refusals are what callers see, and states follow from the quantities."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.services.order.model import Line
from hub.services.order.states import TABLE, Happening, State, derive
from tests.hub.services.world import DAY, A, B, World, answer, each, item, line, order, party, report

UNIT = 1_000_000


def of(**counts: int | bool) -> Line:
    """A line with these whole quantities."""
    numbers = {name: value if isinstance(value, bool) else value * UNIT for name, value in counts.items()}
    total = sum(numbers.get(name, 0) for name in ("open", "allocated", "shipped", "cancelled"))
    empty = Line(0, "1", {"id": A}, A, {}, "EA", "EA", total, total)
    for name, value in numbers.items():
        setattr(empty, name, value)
    return empty


def test_the_table_has_an_answer_for_every_pair() -> None:
    assert set(TABLE) == {(state, happening) for state in State for happening in Happening}


# The law of section "state machine" in words, written down a second time and independent of the table.
CANCELLABLE = {"received", "held", "accepted", "backordered", "partially_allocated", "allocated", "released", "partially_shipped"}
FINAL = {"closed", "cancelled"}
OPEN = {"accepted", "backordered", "partially_allocated", "partially_shipped"}


@pytest.mark.parametrize("state", list(State))
def test_what_may_happen_when(state: State) -> None:
    allowed = {happening for happening in Happening if not TABLE[state, happening]}
    assert (Happening.CANCEL in allowed) == (state in CANCELLABLE)
    assert (Happening.ORDER in allowed) == (state not in FINAL)
    assert (Happening.CHANGE in allowed) == (state not in FINAL | {"rejected", "received"})
    assert (Happening.LIFT in allowed) == (state == "held")
    assert (Happening.ALLOCATE in allowed) == (state in OPEN)
    assert (Happening.RELEASE in allowed) == (state in {"allocated", "partially_allocated", "partially_shipped"})
    assert (Happening.SHIP in allowed) == (state not in {"received", "rejected"})
    assert (Happening.DELIVER in allowed) == (state in {"partially_shipped", "shipped", "invoiced"})
    assert (Happening.INVOICE in allowed) == (state in {"partially_shipped", "shipped", "delivered"})


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([], "received"),
        ([of(cancelled=5, rejected=True)], "rejected"),
        ([of(open=5)], "accepted"),
        ([of(open=5, backordered=5)], "backordered"),
        ([of(open=5, backordered=5), of(allocated=1, released=1)], "partially_allocated"),
        ([of(allocated=5), of(cancelled=2, rejected=True)], "allocated"),
        ([of(allocated=5, released=5), of(cancelled=1)], "released"),
        ([of(shipped=5), of(open=1)], "partially_shipped"),
        ([of(shipped=5, cancelled=1)], "shipped"),
        ([of(shipped=5, delivered=5)], "delivered"),
        ([of(shipped=5, invoiced=5)], "invoiced"),
        ([of(shipped=5, invoiced=5, delivered=5)], "closed"),
        ([of(cancelled=5), of(cancelled=1, rejected=True)], "cancelled"),
    ],
)
def test_states_follow_from_the_lines(lines: list[Line], state: str) -> None:
    assert derive(lines, held=False) == state


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 4), min_size=1, max_size=4), st.booleans())
def test_held_shows_unless_rejected(quantities: list[tuple[int, int, int, int]], held: bool) -> None:
    lines = [of(open=a, allocated=b, shipped=c, cancelled=d) for a, b, c, d in quantities]
    assert (derive(lines, held=held) == "held") == held


def at(state: str) -> World:
    """A world with one order PO in the wanted state, brought there by documents and events alone."""
    world = World()
    stock = {"backordered": {}, "partially_allocated": {A: "5"}}.get(state, {A: "9", B: "9"})
    if stock:
        world.apply("inventory_report/1", report("W1", stock))
    first = "0" if state == "rejected" else "5"
    lines = [line("1", A, first)] + ([line("2", B, "5")] if state != "rejected" else [])
    world.apply("order/1", order("PO", lines))
    shipped = {"partially_shipped": "2"}.get(state, "5" if state in ("shipped", "delivered", "invoiced", "closed") else "")
    world.now += DAY
    if shipped:
        left = [{"id": n, "order_line": n, "item": item(what), "quantity": each(shipped)} for n, what in (("1", A), ("2", B))]
        world.apply("despatch_advice/1", {"number": "D", "order_number": "PO", "ship_from": party("W1"), "lines": left})
    for name in {"delivered": ("delivered",), "invoiced": ("invoiced",), "closed": ("delivered", "invoiced")}.get(state, ()):
        world.tell(f"order_{name}/1", "PO", {"lines": [{"id": "1", "quantity": "5"}, {"id": "2", "quantity": "5"}]})
    if state == "cancelled":
        world.apply("order_cancel/1", {"number": "PO", "buyer": party("GD")})
    assert world.order("PO").state == state
    return world


REACHED = [state for state in State if state not in (State.RECEIVED, State.HELD, State.ACCEPTED, State.ALLOCATED)]
MORE = {"id": "2", "action": "change", "quantity": each("6")}
DOCUMENTS = {
    Happening.ORDER: ("order/1", order("PO", [line("1", A, "5"), line("2", B, "6")])),
    Happening.CHANGE: (
        "order_change/1",
        {"number": "PO", "buyer": party("GD"), "lines": [{"id": "2", "action": "change", "quantity": each("6")}]},
    ),
    Happening.CANCEL: ("order_cancel/1", {"number": "PO", "buyer": party("GD")}),
}


@pytest.mark.parametrize("state", REACHED)
@pytest.mark.parametrize("happening", list(DOCUMENTS))
def test_a_document_is_refused_with_the_code_of_the_table_and_changes_nothing(state: State, happening: Happening) -> None:
    world = at(state)
    before, balances = world.order("PO").lines, world.balances()
    response = answer(world.apply(*DOCUMENTS[happening]))
    code = TABLE[state, happening]
    assert response["number"] == "PO"
    if code:
        assert (response["status"], [reason["code"] for reason in response["reasons"]]) == ("rejected", [code])
        assert (world.order("PO").lines, world.balances()) == (before, balances)
    else:
        assert response["reasons"] == []
        assert response["status"] != "rejected"
        assert world.order("PO").lines != before
    world.check()
