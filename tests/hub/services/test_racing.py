"""Orders over the same twenty items in opposite line order, on PostgreSQL: rows are locked in one sequence, nothing is oversold.

The long run, 10,000 pairs of orders; ``-s`` shows its line of facts:

    HUB_TEST_ROUNDS=10000 nice ./dev test tests/hub/services/test_racing.py -s -k opposite
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.hub.races.broken_rules import broken
from tests.hub.services.racing import race, said

pytestmark = pytest.mark.production
ROUNDS = int(os.environ.get("HUB_TEST_ROUNDS", "25"))
"""Pairs of orders."""


def test_orders_in_opposite_line_order_never_deadlock(tmp_path: Path) -> None:
    found = race(tmp_path, ROUNDS)
    print(said(found))
    assert (found.applied, found.deadlocks, found.retries, found.holds) == (2 * ROUNDS, 0, 0, 0)
    assert (found.oversold, found.unequal) == (0, 0)
    assert found.waits_seen > 0


@pytest.mark.parametrize("rules", [("service_order",), ("service_order", "deadlock_again")], ids="+".join)
def test_locked_in_the_order_of_their_lines_they_do(tmp_path: Path, rules: tuple[str, ...]) -> None:
    """A deadlock costs a window; taken for a refusal of what the window writes it would cost a good document."""
    with broken(*rules):
        found = race(tmp_path, 4)
    assert found.deadlocks > 0
    assert (found.retries > 0, found.holds > 0) == (len(rules) == 1, len(rules) == 2)
    assert (found.oversold, found.unequal) == (0, 0)
