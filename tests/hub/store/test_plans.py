"""How the database finds rows: by its indexes, whatever the size of a list. A scan costs nothing in a test and everything in a year."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.services.inventory.tables import balances
from hub.services.tables import among_pairs, packed_pairs
from hub.store import documents
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
    "deleted": (lambda: outbox.delete().where(among(outbox.c.id, "ids")), {"ids": [1]}),
}
SMALL = ("json_each", "(subquery", "anon_")
"""What a scan may go over: the list itself, and what was found already."""


@pytest.mark.embedded
@pytest.mark.parametrize("name", CASES)
def test_rows_of_a_list_are_found_by_an_index(tmp_path: Path, name: str) -> None:
    store = open_store(tmp_path, TestClock())
    make, values = CASES[name]
    compiled = make().compile(store.reader)
    bound = [compiled._bind_processors.get(key, lambda value: value)(values.get(key, 7)) for key in compiled.positiontup or ()]
    with store.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", tuple(bound))]
    assert not [step for step in plan if step.startswith("SCAN") and not any(name in step for name in SMALL)], plan
