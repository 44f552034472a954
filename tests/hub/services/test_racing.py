"""Orders and stock under many writers at the same time, on PostgreSQL: rows locked in one sequence, nothing oversold."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.hub.services.world import World, line, order, report

pytestmark = pytest.mark.production


def gtin_of(body: str) -> str:
    """Thirteen digits with their check digit."""
    total = sum(int(digit) * (3 if n % 2 == 0 else 1) for n, digit in enumerate(body))
    return f"{body}{-total % 10}"


ITEMS = [gtin_of(f"0690123456{n:03}") for n in range(20)]
ROUNDS = int(os.environ.get("HUB_TEST_ROUNDS", "60"))
"""Orders of each of the four writers."""


def send(world: World, writer: int, backwards: bool, failures: list[BaseException]) -> None:
    """Orders over all twenty items, a window each, in ascending or descending line order."""
    items = ITEMS[::-1] if backwards else ITEMS
    for n in range(ROUNDS):
        lines = [line(str(number), what, "1") for number, what in enumerate(items, 1)]
        try:
            world.window([world.document("order/1", order(f"W{writer}-{n}", lines))])
        except OperationalError as error:
            failures.append(error)


def test_orders_over_the_same_items_in_opposite_line_order_never_deadlock() -> None:
    world, failures = World(), list[BaseException]()
    world.apply("inventory_report/1", report("WH", dict.fromkeys(ITEMS, "300")))
    writers: list[Any] = []
    for writer in range(4):
        other = World.__new__(World)
        other.__dict__.update(world.__dict__)
        other.last = 10_000 * (writer + 1)
        writers.append(threading.Thread(target=send, args=(other, writer, writer % 2 == 1, failures)))
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert failures == []
    world.check()
