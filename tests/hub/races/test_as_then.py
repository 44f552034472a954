"""A code row that is stamped early and committed late changes nothing of what was known then: ``as then`` gives the same bytes.

Real mappings, four formats, a whole hub on PostgreSQL. A second change of codes and traffic go on while the slow one is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from hub.codebook import BookView, Codebook, CodeLine, set_codes
from hub.replay import Again, Replay
from hub.stages.translate import input_parts
from tests.hub.races.broken_rules import broken
from tests.hub.races.staging import beside, runs_into_a_lock, stopped_at
from tests.proofs.hubs import HUB_YAML, Given, World, orders
from tests.services.stores import store_url

pytestmark = pytest.mark.production
SLOW = [
    CodeLine("party", system, code, canonical)
    for system, code, canonical in (
        ("sap-hq", "104721", "ST-JS-1"), ("wms-3pl", "JS11", "ST-JS-1"), ("agent-js", "KH0001", "AG-JS"), ("agent-zj", "D-0571", "AG-ZJ"),
    )
]  # fmt: skip
QUICK = CodeLine("unit", "agent-js", "箱子", "CS")
EACH = 5


def replayed(world: World, seqs: list[int]) -> dict[int, Again]:
    """Every document again with the inputs of then, by a process that begins now: its codebook is read anew."""
    hub, codebook = world.hub, Codebook()

    def book(revision: int | None) -> BookView:
        with hub.store.read() as connection:
            return codebook.view(connection, revision)

    asked = Replay(hub.store, hub.ways, book)
    return {seq: one for seq in seqs for one in asked.message(seq, then=True)}


def slow_change(world: World, given: Iterator[Given], suffix: str, rule: str) -> tuple[list[int], list[int]]:
    """A change of codes that is open while another one and traffic go on; the messages that came meanwhile, and after it."""

    def change(lines: list[CodeLine]) -> None:
        with world.hub.store.unit() as unit:
            set_codes(unit, lines, actor="test")

    def traffic() -> list[int]:
        seqs = [world.give(*next(given)[:3], settle=False) for _ in range(EACH)]
        world.hub.flow.settle()
        return seqs

    store: Any = SimpleNamespace(store=world.hub.store)
    slow, quick = [replace(line, canonical=line.canonical + suffix) for line in SLOW], replace(QUICK, code=QUICK.code + suffix)
    with broken(rule):
        with stopped_at("release.before_commit", lambda: change(slow)):
            other = beside(lambda: change([quick]))
            assert runs_into_a_lock(store, other) is not bool(rule)
            during = traffic()
        other.ended()
    return during, traffic()


def test_a_slow_change_of_codes_in_traffic_changes_no_replay_as_then(tmp_path: Path) -> None:
    """Then once more without the rule: what came while the change was open is another now."""
    world, given = World(tmp_path, HUB_YAML.replace("sqlite:///hub.db", store_url(tmp_path))), orders(Random(7), 4 * EACH)
    try:
        world.stock()
        during, after = slow_change(world, given, "-LATE", "")
        found = replayed(world, [*during, *after])
        assert [seq for seq, one in found.items() if not one.same] == []
        revisions = {seq: input_parts(one.inputs_before).revision for seq, one in found.items()}
        assert max(revisions[seq] for seq in during) < min(revisions[seq] for seq in after)
        assert {seq for seq, one in found.items() if b"-LATE" in (one.before or b"")} == set(after)
        during, _ = slow_change(world, given, "-BROKEN", "revision_order")
        assert [seq for seq, one in replayed(world, during).items() if one.same] == []
    finally:
        world.hub.close()
