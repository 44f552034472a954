"""A window: decided twice it gives the same, its statements do not grow with it, and 200 orders cost little."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql

from hub.services.inventory import tables as inventory_tables
from hub.services.tables import among_pairs
from hub.store.effects import Applicable
from tests.hub.services.world import DAY, A, World, each, item, line, order, party, report

SKIP = ("availability", "products", "parties")
ITEMS = [f"sap-hq:{n}" for n in range(50)]


def stocked(quantity: str = "100000") -> World:
    world = World()
    world.apply("inventory_report/1", report("W1", dict.fromkeys(ITEMS, quantity)))
    world.now += DAY
    return world


def orders(world: World, number: int, lines: int = 5, prefix: str = "PO") -> list[Applicable]:
    def body(n: int) -> dict[str, Any]:
        return order(f"{prefix}{n}", [line(str(m), ITEMS[(n * 7 + m) % 50], str(1 + m), price="9.90") for m in range(lines)])

    return [world.document("order/1", body(n)) for n in range(number)]


def mixed(world: World, number: int) -> list[Applicable]:
    """Orders, changes and cancels of earlier orders, despatches and a report, in one window."""
    earlier = orders(world, number, prefix="OLD")
    world.window(earlier)
    documents = orders(world, number)
    for n in range(0, number, 2):
        change = {"number": f"OLD{n}", "buyer": party("GD"), "lines": [{"id": "1", "action": "change", "quantity": each("9")}]}
        left = [{"id": "1", "order_line": "0", "item": item(ITEMS[((n + 1) * 7) % 50]), "quantity": each("1")}]
        documents.append(world.document("order_change/1", change))
        documents.append(world.document("order_cancel/1", {"number": f"OLD{n}", "buyer": party("GD")}))
        advice = {"number": f"D{n}", "order_number": f"OLD{n + 1}", "ship_from": party("W1"), "lines": left}
        documents.append(world.document("despatch_advice/1", advice))
    return [*documents, world.document("inventory_report/1", report("W1", dict.fromkeys(ITEMS[:number], "500")))]


def test_deciding_twice_on_copies_gives_the_same_and_leaves_what_was_loaded() -> None:
    world = stocked("60")
    documents = mixed(world, 6)
    with world.engine.begin() as connection:
        loaded = world.load(connection, documents)
        first, second = loaded.copy(), loaded.copy()
        effects = [[world.services.decide(document, state) for document in documents] for state in (first, second)]
        again = loaded.copy()
        for document in documents:
            world.services.decide(document, again)
        for name in ("order", "inventory"):
            ours, theirs = (vars(states.by_name[name]) for states in (first, again))
            assert [ours[key] for key in ours if key not in SKIP] == [theirs[key] for key in ours if key not in SKIP]
        second.flush(connection)
    assert effects[0] == effects[1]
    world.check()


def test_what_only_the_first_decision_learned_is_learned_again_by_the_second() -> None:
    world = World()
    dated = {"item": item(A), "quantity": each("5"), "state": "available", "lot": "L", "expires_on": "2026-11-01"}
    document = world.document("inventory_report/1", {"location": party("W1"), "reported_on": "2026-11-24", "lines": [dated]})
    with world.engine.begin() as connection:
        loaded = world.load(connection, [document])
        world.services.decide(document, loaded.copy())
        second = loaded.copy()
        world.services.decide(document, second)
        second.flush(connection)
    effects = world.apply("order/1", order("PO", [line("1", A, "1")]))
    assert [out.type for out in effects.outgoing] == ["order_response/1"]  # the lot has expired: nothing is promised


def test_windows_of_one_give_the_same_as_one_window() -> None:
    single, whole = stocked("60"), stocked("60")
    one_by_one, at_once = mixed(single, 6), mixed(whole, 6)
    effects = [single.window([document])[0] for document in one_by_one]
    assert effects == whole.window(at_once)
    assert single.balances() == whole.balances()
    for world in (single, whole):
        world.check()


def statements(world: World, documents: Sequence[Applicable]) -> Counter[str]:
    world.statements.clear()
    world.window(documents)
    return Counter(world.statements)


def test_statements_do_not_grow_with_the_window() -> None:
    small, large = (statements(world, mixed(world, number)) for world, number in ((stocked(), 2), (stocked(), 30)))
    assert small == large
    assert sum(small.values()) <= 26


def test_a_flush_is_one_statement_a_table() -> None:
    world = stocked()
    documents = orders(world, 40)
    with world.engine.begin() as connection:
        state = world.load(connection, documents)
        for document in documents:
            world.services.decide(document, state)
        world.statements.clear()
        state.flush(connection)
    assert len(world.statements) == 6  # orders, lines, ledger, balances, demands, reservations


def test_what_a_window_writes_the_next_one_reads() -> None:
    world = stocked()
    world.window(orders(world, 20))
    probe = orders(world, 20)
    with world.engine.connect() as connection:
        state: Any = world.load(connection, probe).by_name["order"]
    assert len(state.orders) == 20
    assert all(one.state == "released" and len(one.lines) == 5 for one in state.orders.values())


@pytest.mark.skipif("CHANNELHUB_MEASURE" not in os.environ, reason="a measurement: set CHANNELHUB_MEASURE=1")
@pytest.mark.parametrize("lines", [1, 5])
def test_measure(lines: int) -> None:
    world = stocked("100000000")
    took: list[tuple[float, float, float]] = []
    for turn in range(8):
        documents = orders(world, 200, lines, prefix=f"T{turn}-")
        with world.engine.begin() as connection:
            clock = [time.process_time()]
            state = world.load(connection, documents)
            clock.append(time.process_time())
            for document in documents:
                world.services.decide(document, state)
            clock.append(time.process_time())
            state.flush(connection)
            clock.append(time.process_time())
        took.append((clock[1] - clock[0], clock[2] - clock[1], clock[3] - clock[2]))
    load, decide, flush = (min(part[n] for part in took) / 200 * 1e6 for n in range(3))
    print(f"\n{lines} lines: load {load:.0f} us, decide {decide:.0f} us, flush {flush:.0f} us an order")
    print("\n".join(f"{max(0, part[1] + part[2]) / 200 * 1e6:.0f}" for part in took))


def test_the_pairs_are_one_parameter_on_postgresql_too() -> None:
    rows = inventory_tables.stock_rows
    dialect: Any = postgresql
    text = str(among_pairs(rows.c.item, rows.c.location, "pairs").compile(dialect=dialect.dialect()))
    assert "jsonb_array_elements(CAST(%(pairs)s" in text
