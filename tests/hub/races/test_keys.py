"""Races over one key: 4 two partitions carry it, 5 two windows see it first, and the rows of the identity table under both."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from canonical_model.problems import Retry
from hub.signals import probe
from hub.stages.admit import Terms
from hub.store.lane_tables import document
from tests.hub.lane.test_rows_on_sqlite import CASES
from tests.hub.lane.world import TERMS, World
from tests.hub.races.broken_rules import BETWEEN_KEYS, broken
from tests.hub.races.staging import beside, faults, orders, runs_into_a_lock, stopped_at, systems, window_of
from tests.hub.races.test_facts import rules

pytestmark = pytest.mark.production


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@rules("key_lock")
def test_4_one_key_in_two_partitions_is_decided_one_after_the_other(world: World, rule: str) -> None:
    first, second = systems(2)
    world.send({"k": "S", "type": "sale", "t": "1"}, system=first)
    world.run()
    for name in (first, second):
        world.send({"k": "S", "type": "sale", "t": "2"}, system=name)
    with broken(rule), stopped_at("window.decided", window_of(world, first)):
        other = beside(window_of(world, second))
        assert runs_into_a_lock(world, other) is not bool(rule)
    other.ended()
    assert world.states() == ["applied", "waiting" if rule else "applied", "applied"]
    assert world.causes() == ({2 << 20 | 1: {"refused_by_store"}} if rule else {})


def opposite(world: World) -> tuple[str, str]:
    """Two systems with the same two keys, in opposite order, in windows of their own; the keys are known."""
    first, second = systems(2)
    world.send({"k": "A", "v": "0"}, {"k": "B", "v": "0"}, system=first)
    world.run()
    world.send({"k": "A", "v": "1"}, {"k": "B", "v": "1"}, system=first)
    world.send({"k": "B", "v": "2"}, {"k": "A", "v": "2"}, system=second)
    return first, second


def test_4_windows_over_the_same_keys_in_opposite_order_wait_in_one_order(world: World) -> None:
    first, second = opposite(world)
    with stopped_at("window.locked", window_of(world, first)):
        other = beside(window_of(world, second))
        assert runs_into_a_lock(world, other)
    other.ended()
    assert world.states() == ["applied"] * 6
    assert faults(world) == set()


def test_4_in_the_order_of_arrival_they_deadlock(world: World) -> None:
    """Without ``key_order``. The victim's window is done again: no document is to blame."""
    first, second = opposite(world)
    meeting = threading.Barrier(2, timeout=2)

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):
            meeting.wait()
        meeting.abort()

    probe(BETWEEN_KEYS, meet)
    with broken("key_order"):
        sides = [beside(window_of(world, name)) for name in (first, second)]
        for side in sides:
            side.join()
    probe(BETWEEN_KEYS, None)
    errors = [error for side in sides for error in side.error]
    assert [isinstance(error, Retry) and "deadlock detected" in str(error) for error in errors] == [True]
    world.run()
    assert world.causes() == {}
    assert faults(world) == set()


@rules("read_committed")
@pytest.mark.parametrize("known", [True, False], ids=["known", "first seen"])
def test_5_a_key_first_seen_by_two_windows_is_one_key(world: World, rule: str, known: bool) -> None:
    first, second = systems(2)
    if known:
        world.send({"k": "A", "v": "0"}, system=first)
        world.run()
    for name in (first, second):
        world.send({"k": "A", "v": "1", "x": 1}, system=name)
    with broken(rule):
        with stopped_at("window.before_commit", window_of(world, first)):
            other = beside(window_of(world, second))
            assert runs_into_a_lock(world, other)
        other.join()
    assert [isinstance(error, Retry) and "could not serialize" in str(error) for error in other.error] == [True] * bool(rule)
    assert world.states()[known:] == ["applied", *["duplicate"] * (not rule)]
    world.run()
    assert faults(world) == set()


@rules("identity")
def test_an_event_that_comes_twice_at_once_is_one_event(world: World, rule: str) -> None:
    """A technical id is looked up after the lock: whoever waited for the key sees what was recorded meanwhile."""
    first, second = orders(2)
    for order in (first, second):
        world.send({"k": "S", "type": "sale", "t": "1"}, order=order)
    with broken(rule):
        with stopped_at("window.before_commit", window_of(world, f"north:{first}")):
            other = beside(window_of(world, f"north:{second}"))
            assert runs_into_a_lock(world, other)
        other.ended()
    assert world.states() == ["applied", "applied" if rule else "duplicate"]


@rules("id_lock")
def test_a_technical_id_under_two_keys_at_once_is_a_conflict(world: World, rule: str) -> None:
    """Only where ``partition_by`` puts messages of one system into several partitions."""
    world.terms_by_type["order/1"] = replace(TERMS["order/1"], scattered=True)
    first, second = orders(2)
    world.send({"k": "A", "t": "1"}, order=first)
    world.send({"k": "B", "t": "1"}, order=second)
    with broken(rule), stopped_at("window.before_commit", window_of(world, f"north:{first}")):
        other = beside(window_of(world, f"north:{second}"))
        assert runs_into_a_lock(world, other) is not bool(rule)
    other.ended()
    assert world.states() == ["applied", "applied" if rule else "waiting"]


ROWS: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    **CASES,
    "1 of three": ([{"k": "A", "t": "1"}, {"k": "A", "t": "1"}, {"k": "A", "t": "1"}], ["applied", "duplicate", "duplicate"]),
    "4": ([{"k": "A", "type": "order_change", "t": "1"}, {"k": "A"}], ["applied", "applied"]),
    "5 delta": ([{"k": "M", "type": "move"}, {"k": "M", "type": "move"}], ["applied", "duplicate"]),
    "8 replace": ([{"k": "R", "type": "report", "items": ["?"]}, {"k": "R", "type": "report", "x": 2}], ["superseded", "applied"]),
    "17 stale": (
        [{"k": "R", "type": "report", "items": ["?"]}, {"k": "R", "type": "report", "x": 1, "items": ["?"]}],
        ["superseded", "waiting"],
    ),
    "13": (
        [{"k": "A", "v": "1"}, {"k": "A", "type": "order_change", "v": "3"}, {"k": "A", "type": "order_change", "v": "2", "x": 2}],
        ["applied", "applied", "applied"],
    ),
}
CHANGES = {"4": Terms("append", predecessor=True), "13": Terms("change", contiguous=True)}
"""The terms of changes in rows that are not about plain ones."""


def test_every_row_of_the_identity_table_where_two_windows_meet_over_its_key(world: World) -> None:
    """One system, whose messages ``partition_by`` puts into two partitions in turns: the first window is stopped before its commit,
    the second runs into it. In the last row a gap is filled, which is no order of arrival."""
    turns = orders(2)
    for row, (lines, states) in ROWS.items():
        own_terms = TERMS | {"order_change/1": CHANGES.get(row, TERMS["order_change/1"])}
        world.terms_by_type = {name: replace(terms, scattered=True) for name, terms in own_terms.items()}
        own = [{**line, "k": f"{row} {line['k']}"} | ({"t": f"{row} {line['t']}"} if "t" in line else {}) for line in lines]
        for line, turn in zip(own, turns, strict=False):
            world.send(line, order=turn)
        one, two = (partial(window_of(world, f"north:{turn}")) for turn in turns)
        with stopped_at("window.before_commit", one):
            other = beside(two)
            assert runs_into_a_lock(world, other) is (len(own) > 1), row
        other.ended()
        for line in own[2:]:
            world.send(line, order=turns[0])
        world.run()
        names = tuple(f":{line['k']}" for line in own)
        assert [doc.state for doc in world.rows(select(document).order_by(document.c.id)) if doc.k.endswith(names)] == states, row
        assert faults(world) == ({"4 order"} if row == "13" else set()), row


def test_a_file_that_comes_twice_at_once_is_one_whoever_is_kept_first(world: World, tmp_path: Path) -> None:
    """Row 5, ``delta``: the lower number may become visible after the higher one was decided."""
    moves = [{"k": "M1", "type": "move"}, {"k": "M2", "type": "move"}]
    slow = World(tmp_path)
    with stopped_at("receive.before_commit", partial(slow.send, *moves)):
        world.send(*moves)
        world.run()
    world.run()
    world.send(*moves)
    world.run()
    assert world.states() == ["duplicate", "duplicate", "applied", "applied", "duplicate", "duplicate"]
    assert faults(world) == set()
