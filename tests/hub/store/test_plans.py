"""How the database finds rows: by its indexes, whatever the size of a list. A scan costs nothing in a test and everything in a year."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.services.inventory.tables import balances
from hub.services.order import tables as orders
from hub.services.tables import among_pairs, packed_pairs
from hub.store import deliveries, documents
from hub.store.lane_tables import document, work
from hub.store.out_tables import outbox
from hub.store.schema import among
from tests.hub.lane.world import TestClock, open_store

CASES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "numbers": (lambda: select(document.c.id).where(among(document.c.id, "ids")), {"ids": [1, 2]}),
    "texts": (lambda: select(document.c.id).where(among(document.c.k, "keys"), document.c.state == "waiting"), {"keys": ["a"]}),
    "lines": (lambda: documents._line, {"keys": ["a"]}),
    "lines to hold": (lambda: documents._line_to_hold, {"keys": ["a"]}),
    "fronts of lines": (lambda: documents._to_block, {"keys": ["a"]}),
    "pairs": (lambda: select(balances).where(among_pairs(balances.c.item, balances.c.location, "at")), {"at": packed_pairs([("a", "b")])}),
    "either": (lambda: select(work).where(among(work.c.seq, "seqs") | (work.c.seq == 7)), {"seqs": [1]}),
    "orders": (lambda: orders._orders, {"keys": ["a"], "numbers": ["b"]}),
    "orders that wait": (lambda: orders._waiting, {"items": ["a"]}),
    "deleted": (lambda: outbox.delete().where(among(outbox.c.id, "ids")), {"ids": [1]}),
}
SMALL = ("json_each", "(subquery", "anon_")
"""What a scan may go over: the list itself, and what was found already."""


@pytest.mark.embedded
@pytest.mark.parametrize("name", CASES)
def test_rows_of_a_list_are_found_by_an_index(tmp_path: Path, name: str) -> None:
    make, values = CASES[name]
    steps = plan(tmp_path, make(), values)
    assert not [step for step in steps if step.startswith("SCAN") and not any(name in step for name in SMALL)], steps


OF_A_PART: dict[str, tuple[Callable[[], Any], str]] = {
    "due": (lambda: deliveries._due().params(subscription="erp", now=7, most=7), "ix_delivery_open"),
    "unsettled": (lambda: deliveries._unsettled(one=True, lock=False), "ix_delivery_open"),
    "orders that wait": (lambda: orders._waiting, "order_lines_waiting"),
}


@pytest.mark.embedded
@pytest.mark.parametrize("name", OF_A_PART)
def test_an_index_of_a_part_is_used_whatever_the_parameters_are(tmp_path: Path, name: str) -> None:
    """Of what is open, not of all there ever was: its condition stands in the statement as words, which a plan made once knows."""
    make, index = OF_A_PART[name]
    steps = plan(tmp_path, make(), {"items": ["a"]})
    assert any(index in step for step in steps), steps


def plan(folder: Path, query: Any, values: dict[str, Any]) -> list[str]:
    """What SQLite would do for a statement with these parameters, 7 where none is given."""
    store = open_store(folder, TestClock())
    compiled = query.compile(store.reader, compile_kwargs={"render_postcompile": True})
    bound = [compiled._bind_processors.get(key, lambda value: value)(values.get(key, 7)) for key in compiled.positiontup or ()]
    with store.read() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", tuple(bound))]
