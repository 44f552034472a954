"""Races between a fact and a hold that waits for it: 1 hold against fact, 2 a fair lock, 3 release against arrival, 8 two causes at
once, 9 documents that are facts themselves. Each scenario runs with its rule and without it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from canonical_model.problems import Cause, Problem, Retry
from connectors.base import Receipt
from hub.commands import Actor, Commands
from hub.stages.deliver import Delivering
from hub.stages.ports import Rendered, Subscription
from hub.store import holds
from hub.store.lane_tables import effect, hold
from hub.store.out_tables import delivery
from tests.hub.lane.world import World
from tests.hub.races.broken_rules import broken
from tests.hub.races.staging import beside, codes, faults, lock_waits, runs_into_a_lock, stopped_at, systems, window_of

BOSS = Actor("boss")


def rules(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rule", ["", *names], ids=["kept", *names])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@rules("second_look")
def test_1_a_fact_between_translating_and_holding_is_seen(world: World, rule: str) -> None:
    world.send({"k": "A", "items": ["X"]})
    with broken(rule), stopped_at("window.translated", window_of(world, "north")):
        codes(world, "X", "north")
    world.run()
    assert (world.states(), faults(world)) == ((["waiting"], {"6 hold ends"}) if rule else (["applied"], set()))


@pytest.mark.production
@rules("release_lock")
def test_1_a_release_waits_for_a_window_that_is_about_to_hold(world: World, rule: str) -> None:
    world.send({"k": "A", "items": ["X"]})
    with broken(rule), stopped_at("window.before_commit", window_of(world, "north")):
        release = beside(lambda: codes(world, "X", "north"))
        assert runs_into_a_lock(world, release) is not bool(rule)
    release.ended()
    world.run()
    assert (world.states(), faults(world)) == ((["waiting"], {"6 hold ends"}) if rule else (["applied"], set()))


@rules("delivery_look")
def test_1_a_delivery_that_misses_a_code_is_not_held_when_it_has_come_meanwhile(tmp_path: Path, rule: str) -> None:
    known: list[str] = []

    def render(body: Mapping[str, Any], assigned: Mapping[str, str]) -> Rendered | tuple[Problem, ...]:
        return Rendered(b"x") if known else (Problem(Cause.MISSING_CODE, "item:north:X:", "no code for X"),)

    subscription = Subscription("s", "north", "order_response/1", lambda n, now: {}, render, lambda rendered: Receipt("r"))
    world = World(tmp_path, subscriptions=[subscription])
    delivering = Delivering(world.store, [subscription])
    world.send({"k": "A"})
    world.run()
    with broken(rule), stopped_at("deliver.rendered", delivering.run):
        known.append("X")
        codes(world, "X", "north")
    delivering.run()
    assert [row.state for row in world.rows(select(delivery.c.state))] == (["pending"] if rule else ["sent"])
    assert faults(world) == ({"6 hold ends"} if rule else set())


@pytest.mark.production
@rules("fair_lock")
def test_2_who_changes_the_codebook_is_not_passed_by_windows_that_come_later(world: World, rule: str) -> None:
    order: list[str] = []

    def take(name: str, *, exclusive: bool) -> None:
        with world.store.unit() as unit:
            unit.lock_codebook(exclusive=exclusive)
            order.append(name)

    with broken(rule):
        with world.store.unit() as first:
            first.lock_codebook(exclusive=False)
            release = beside(lambda: take("release", exclusive=True))
            assert runs_into_a_lock(world, release)
            later = beside(lambda: take("window", exclusive=False))
            while later.is_alive() and lock_waits(world) < 2:
                pass
            assert later.is_alive() is not bool(rule)
        release.ended()
        later.ended()
    assert order == (["window", "release"] if rule else ["release", "window"])


def held_and_arriving(world: World) -> tuple[str, str]:
    """Of one key: an order that misses a code, and a change of it by another system, not looked at yet."""
    first, second = systems(2)
    world.send({"k": "A", "v": "1", "items": ["X"]}, system=first)
    world.run()
    world.send({"k": "A", "type": "order_change", "v": "2", "x": 1}, system=second)
    return first, second


@pytest.mark.production
@rules("key_lock")
def test_3_what_is_freed_while_its_successor_arrives_is_driven_with_it(world: World, rule: str) -> None:
    """The window first: it sees the order held and sets the change behind it; then the freed key drives both."""
    first, second = held_and_arriving(world)
    with broken(rule), stopped_at("window.before_commit", window_of(world, second)):
        codes(world, "X", first)
        freed = beside(window_of(world, first))
        assert runs_into_a_lock(world, freed) is not bool(rule)
    freed.ended()
    world.run()
    assert world.states() == (["applied", "waiting"] if rule else ["applied", "applied"])
    assert faults(world) == ({"7 has cause"} if rule else set())


def test_3_what_arrives_after_the_release_drives_what_was_freed_and_itself(world: World) -> None:
    """The release first: the arriving window drives both, and the freed key finds nothing to do."""
    first, second = held_and_arriving(world)
    codes(world, "X", first)
    window_of(world, second)()
    assert [row.document for row in world.rows(select(effect.c.document).order_by(effect.c.kseq))] == [1 << 20 | 1, 2 << 20 | 1]
    world.run()
    assert world.states() == ["applied", "applied"]
    assert faults(world) == set()


@pytest.mark.production
def test_8_two_causes_of_one_document_released_at_once_queue_it(world: World) -> None:
    world.send({"k": "A", "items": ["X", "Y"]})
    world.run()
    with stopped_at("release.before_commit", partial(codes, world, "X", "north")):
        other = beside(partial(codes, world, "Y", "north"))
        assert runs_into_a_lock(world, other)
    other.ended()
    world.run()
    assert world.states() == ["applied"]
    assert faults(world) == set()


@pytest.mark.production
@rules("release_lock")
def test_8_each_batch_of_a_large_release_takes_the_lock_too(world: World, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "AT_ONCE", 3)
    world.send(*[{"k": f"K{n}", "items": ["X"]} for n in range(3)], {"k": "A", "items": ["X", "Y"]})
    world.run()
    codes(world, "X", "north")
    assert len(world.rows(select(hold))) == 2
    with broken(rule), stopped_at("release.batch", world.lane.release_jobs):
        other = beside(partial(codes, world, "Y", "north"))
        assert runs_into_a_lock(world, other) is not bool(rule)
    other.ended()
    world.run()
    assert world.states(k="test:order:A") == (["waiting"] if rule else ["applied"])
    assert faults(world) == ({"7 has cause", "12 what was let go was looked at"} if rule else set())


@pytest.mark.production
@rules("release_lock")
def test_8_a_retry_beside_the_predecessor_of_what_it_frees_queues_it(world: World, rule: str) -> None:
    """The change waits for its order and for a code; the order is applied while a person says retry."""
    world.send({"k": "A", "type": "order_change", "v": "2", "items": ["X"]})
    world.run()
    world.send({"k": "A", "v": "1"})
    with broken(rule), stopped_at("window.before_commit", window_of(world, "north")):
        retry = beside(lambda: Commands(world.store, world.ports).retry(BOSS, "document", 1 << 20 | 1))
        assert runs_into_a_lock(world, retry) is not bool(rule)
    retry.ended()
    world.run()
    assert world.causes() == ({} if rule else {1 << 20 | 1: {"missing_code"}})
    assert faults(world) == ({"7 has cause", "12 what was let go was looked at"} if rule else set())


@pytest.mark.production
@pytest.mark.parametrize("order", [{"k": "A"}, {"k": "A", "items": ["Y"]}], ids=["arrives", "let go"])
@pytest.mark.parametrize("release", ["code", "retry"])
@rules("last_hold")
def test_8_an_orphan_that_misses_a_fact_loses_one_hold_to_its_order_and_the_other_to_a_release(
    world: World, rule: str, release: str, order: dict[str, Any]
) -> None:
    """The window of the order has read what the change waits for and not yet taken the lock of facts."""
    world.send({"k": "A", "type": "order_change", "items": ["X"], "x": 1})
    world.run()
    world.send(order)
    if "items" in order:
        world.run()
        codes(world, "Y", "north")
    with broken(rule), stopped_at("window.locked", window_of(world, "north")):
        if release == "code":
            codes(world, "X", "north")
        else:
            Commands(world.store, world.ports).retry(BOSS, "document", 1 << 20 | 1)
    world.run()
    assert faults(world) == ({"7 has cause", "12 what was let go was looked at"} if rule else set())
    assert world.causes() == ({} if rule or release == "code" else {1 << 20 | 1: {"missing_code"}})
    if release == "retry":
        codes(world, "X", "north")
        world.run()
    assert world.states() == (["waiting", "applied"] if rule else ["applied", "applied"])


@pytest.mark.production
@rules("exclusive_window")
def test_9_documents_that_change_the_codebook_have_windows_of_their_own(world: World, rule: str) -> None:
    """From shared to exclusive: two windows that do it wait for each other."""
    first, second = systems(2)
    for name in (first, second):
        world.send({"k": f"O-{name}", "items": [f"P-{name}"]}, {"k": f"P-{name}", "type": "product"}, system=name)
    with broken(rule):
        other = None
        try:
            with stopped_at("window.decided", window_of(world, first)):
                other = beside(window_of(world, second))
                assert runs_into_a_lock(world, other) is bool(rule)
            other.ended()
            deadlock = False
        except Retry as retry:
            deadlock = "deadlock detected" in retry.fact
        assert deadlock is bool(rule)
    if other is not None:
        other.join()
    world.run()
    assert sorted(world.states()) == ["applied", "applied", "waiting", "waiting"]
    assert faults(world) == set()
