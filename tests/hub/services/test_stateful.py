"""Any sequence of orders, changes, cancels, despatches and reports: the books are right after each step.

A small model counts what the warehouse physically has; the services must agree with it, and never promise more.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.services.inventory import tables as inventory_tables
from hub.services.order.model import Order
from hub.services.order.states import State, derive
from hub.store.effects import Applicable, Effects
from tests.hub.services.world import DAY, A, B, World, answer, each, item, line, order, party, report

ITEMS = st.sampled_from([A, B])
PLACES = st.sampled_from(["W1", "W2"])
SOME = st.integers(1, 8)
WISHES = st.dictionaries(st.sampled_from("123"), st.tuples(ITEMS, SOME), min_size=1, max_size=3)
UNIT = 1_000_000


class Books(RuleBasedStateMachine):
    """Documents are gathered and applied in windows of one to four."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.physical: dict[tuple[str, str], int] = {}
        self.numbers: list[str] = []
        self.window: list[Applicable] = []
        self.size = 1
        self.shipped: dict[str, int] = {}

    @initialize(size=st.integers(1, 4), w1=st.integers(0, 30), w2=st.integers(0, 10))
    def begin(self, size: int, w1: int, w2: int) -> None:
        self.size = size
        for place, quantity in (("W1", w1), ("W2", w2)):
            self._report(place, {A: quantity, B: quantity})

    def _send(self, type: str, body: dict[str, Any]) -> None:
        self.world.now += 1_000_000
        self.window.append(self.world.document(type, body))
        if len(self.window) >= self.size:
            self._apply()

    def _apply(self) -> list[Effects]:
        documents, self.window = self.window, []
        effects = self.world.window(documents)
        for document, one in zip(documents, effects, strict=True):
            if document.kind == "order":
                assert answer(one)["number"] == document.body["number"]
                known = {line["id"] for line in answer(one)["lines"]}
                if document.type == "order/1":
                    assert {line["id"] for line in document.body["lines"]} <= known
        return effects

    def _report(self, place: str, stock: dict[str, int]) -> None:
        self.physical.update({(place, what): quantity for what, quantity in stock.items()})
        self._send("inventory_report/1", report(place, {what: str(quantity) for what, quantity in stock.items()}))

    @rule(place=PLACES, what=ITEMS, quantity=st.integers(0, 40))
    def stock_is_reported(self, place: str, what: str, quantity: int) -> None:
        self._report(place, {what: quantity})

    @rule(wish=WISHES)
    def an_order_comes(self, wish: dict[str, tuple[str, int]]) -> None:
        self.numbers.append(f"PO{len(self.numbers)}")
        self._order(self.numbers[-1], wish)

    def _order(self, number: str, wish: dict[str, tuple[str, int]]) -> None:
        self._send("order/1", order(number, [line(n, what, str(quantity)) for n, (what, quantity) in sorted(wish.items())]))

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), wish=WISHES)
    def an_order_is_sent_again(self, data: st.DataObject, wish: dict[str, tuple[str, int]]) -> None:
        self._order(data.draw(st.sampled_from(self.numbers)), wish)

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), n=st.sampled_from("1239"), action=st.sampled_from(["add", "change", "delete"]), what=ITEMS, quantity=SOME)
    def an_order_is_changed(self, data: st.DataObject, n: str, action: str, what: str, quantity: int) -> None:
        body = {"id": n, "action": action} | ({} if action == "delete" else {"item": item(what), "quantity": each(str(quantity))})
        number = data.draw(st.sampled_from(self.numbers))
        self._send("order_change/1", {"number": number, "buyer": party("GD"), "lines": [body]})

    @precondition(lambda self: self.numbers)
    @rule(data=st.data())
    def an_order_is_cancelled(self, data: st.DataObject) -> None:
        self._send("order_cancel/1", {"number": data.draw(st.sampled_from(self.numbers)), "buyer": party("GD")})

    @rule(data=st.data(), place=PLACES, what=ITEMS, quantity=SOME, named=st.booleans())
    def goods_leave(self, data: st.DataObject, place: str, what: str, quantity: int, named: bool) -> None:
        quantity = min(quantity, max(0, self.physical[place, what]))
        if not quantity:
            return
        self.physical[place, what] -= quantity
        number = {"order_number": data.draw(st.sampled_from(self.numbers))} if self.numbers and named else {}
        left: dict[str, Any] = {"id": "1", "item": item(what), "quantity": each(str(quantity))}
        line_named = data.draw(st.sampled_from(["", *"123"])) if number else ""
        left |= {"order_line": line_named} if line_named else {}
        self._send("despatch_advice/1", {"number": f"D{self.world.last}", "ship_from": party(place), "lines": [left], **number})

    @rule()
    def a_day_passes(self) -> None:
        self.world.now += DAY

    @invariant()
    def the_books_are_right(self) -> None:
        if self.window:
            return
        self.world.check()
        self._stock_agrees()
        for number in self.numbers:
            self._order_agrees(self.world.order(number))

    def _stock_agrees(self) -> None:
        balances = self.world.balances()
        sellable = {key: balances.get((*key, "available"), 0) + balances.get((*key, "reserved"), 0) for key in self.physical}
        assert sellable == self.physical

    def _order_agrees(self, kept: Order) -> None:
        assert kept.state == derive(kept.lines.values(), held=False)
        assert (kept.state == State.BACKORDERED) <= all(one.allocated == 0 for one in kept.lines.values())
        for one in kept.lines.values():
            counts = (one.open, one.allocated, one.shipped, one.cancelled, one.over, one.backordered, one.released)
            assert min(counts) >= 0
            assert one.ordered == sum(counts[:4])
            assert one.backordered <= one.open
            assert one.allocated == sum(one.at.values())

    def teardown(self) -> None:
        """Over the whole history: what left on orders' account is in the ledger, to the unit, and nothing was promised twice."""
        if self.window:
            self._apply()
        with self.world.engine.connect() as connection:
            rows = list(connection.execute(inventory_tables.ledger.select()))
        left = sum(row.quantity for row in rows if row.reason == "despatch" and row.order_key and row.to_state == "outside")
        booked = sum(one.shipped + one.over for number in self.numbers for one in self.world.order(number).lines.values())
        assert booked <= left


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
