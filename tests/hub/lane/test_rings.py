"""What costs a process its memory and its time beside the work: reference rings, statements that are built again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, Update, event

from hub.services.inventory import tables as inventory
from hub.services.inventory.model import Stock
from hub.services.master import tables as master
from hub.services.master.model import Masters
from hub.services.order import tables as orders
from hub.services.order.model import Orders
from tests.hub.lane.test_deliver import Receiver, subscribed
from tests.hub.lane.world import World

MESSAGES = 200


@pytest.fixture
def collector_off() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statements that are built from now on."""
    found: list[str] = []

    def listened(kind: type[Any]) -> None:
        first = kind.__init__

        def made(self: Any, *words: Any, **more: Any) -> None:
            found.append(kind.__name__)
            first(self, *words, **more)

        monkeypatch.setattr(kind, "__init__", made)

    for kind in (Select, Update):
        listened(kind)
    return found


@pytest.mark.usefixtures("collector_off")
def test_what_a_window_made_goes_by_its_counts_alone(tmp_path: Path) -> None:
    """Else it lies about until a collection, and the memory of a process is that of many windows."""
    world = World(tmp_path)
    world.send({"k": "first", "t": "1"})
    world.run()
    for n in range(MESSAGES):
        world.send({"k": f"order {n}", "t": "1"})
    gc.collect()
    world.run()
    assert gc.collect() < MESSAGES


def test_what_is_left_for_after_a_commit_may_leave_more(tmp_path: Path) -> None:
    ran: list[str] = []
    with World(tmp_path).store.unit() as unit:

        def first() -> None:
            ran.append("first")
            unit.after_commit(lambda: ran.append("third"))

        unit.after_commit(first)
        unit.after_commit(lambda: ran.append("second"))
    assert ran == ["first", "second", "third"]


def test_each_payload_is_marked_in_a_statement_of_its_own(tmp_path: Path) -> None:
    """Fifty of 60 MB in one are more than PostgreSQL takes, and the same fifty would be tried again for ever."""
    world, delivering = subscribed(tmp_path, Receiver(), idempotent=True)
    for key in "ABCD":
        world.send({"k": key})
    world.run()
    marked: list[str] = []
    event.listen(world.store.writer, "before_cursor_execute", lambda *words: marked.append(words[2]))
    assert delivering.run() == 4
    assert sum("payload" in statement for statement in marked) == 4


def test_the_statements_of_a_send_were_built_before_it(tmp_path: Path, built: list[str]) -> None:
    """Building those of a message's answer took 2.4 ms of CPU."""
    world, delivering = subscribed(tmp_path, Receiver(), idempotent=True)
    for key in "AB":
        world.send({"k": key})
        world.run()
        built.clear()
        delivering.recover("north:order_response")
        assert delivering.run() == 1
    assert built == []


def test_the_statements_of_the_services_were_built_before_a_window(tmp_path: Path, built: list[str]) -> None:
    world, stock = World(tmp_path), Stock()
    built.clear()
    with world.store.unit() as unit:
        orders.load_into(Orders(), unit.connection, keys=["k"], numbers=["n"], items=["i"])
        master.load_into(Masters(), unit.connection, ["i"], ["p"])
        inventory.load_demands(stock, unit.connection, ["k"], ["n"])
        inventory.lock(stock, unit.connection, ["i"], [("i", "WH")])
        inventory.load_balances(stock, unit.connection)
    assert built == []
