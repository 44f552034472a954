"""Race 7: people decide while windows walk. A command takes the key row first, like a window; what has no key is locked itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from canonical_model.problems import Reject
from connectors.base import Receipt, SendUncertain
from hub.commands import Actor, Commands
from hub.stages import pending
from hub.stages.admit import Terms
from hub.stages.deliver import Delivering
from hub.stages.ports import Rendered, Subscription
from hub.store import documents
from hub.store.effects import Outgoing
from hub.store.lane_tables import cases
from hub.store.out_tables import delivery
from tests.hub.lane.world import World
from tests.hub.races.broken_rules import broken
from tests.hub.races.staging import Other, beside, codes, faults, runs_into_a_lock, stopped_at, systems, window_of
from tests.hub.races.test_facts import rules

BOSS = Actor("boss")
FIRST = 1 << 20 | 1


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def commands(world: World) -> Commands:
    return Commands(world.store, world.ports)


def refused(side: Other) -> str:
    """What a side was refused with, or nothing."""
    side.join()
    assert all(isinstance(error, Reject) for error in side.error), side.error
    return str(side.error[0]) if side.error else ""


def freed(world: World) -> None:
    """An order whose code has come, a change behind it; nothing is driven yet."""
    world.send({"k": "A", "v": "1", "items": ["X"]}, {"k": "A", "v": "2", "type": "order_change"})
    world.run()
    codes(world, "X", "north")


@pytest.mark.production
@rules("reject_lock")
def test_7_a_document_that_a_window_applies_cannot_be_rejected_beside_it(world: World, commands: Commands, rule: str) -> None:
    freed(world)
    with broken(rule), stopped_at("window.before_commit", window_of(world, "north")):
        reject = beside(partial(commands.reject, BOSS, FIRST, "unwanted"))
        assert runs_into_a_lock(world, reject)
    said = refused(reject)
    assert ("is applied" in said) is not bool(rule)
    assert world.states() == (["rejected", "applied"] if rule else ["applied", "applied"])
    assert ("2 effect once" in faults(world)) is bool(rule)


@pytest.mark.production
def test_7_a_window_waits_for_a_person_who_was_first(world: World, commands: Commands) -> None:
    freed(world)
    with stopped_at("command.before_commit", partial(commands.reject, BOSS, FIRST, "unwanted")):
        window = beside(window_of(world, "north"))
        assert runs_into_a_lock(world, window)
    window.ended()
    world.run()
    assert world.states() == ["rejected", "waiting"]
    assert world.causes() == {1 << 20 | 2: {"predecessor_missing"}}
    assert faults(world) == set()


def test_7_what_a_window_has_translated_already_is_not_applied_once_it_is_rejected(world: World, commands: Commands) -> None:
    freed(world)
    with stopped_at("window.translated", window_of(world, "north")):
        commands.reject(BOSS, FIRST, "unwanted")
    world.run()
    assert world.states() == ["rejected", "waiting"]
    assert faults(world) == set()


@rules("keyless_lock")
def test_7_the_same_without_a_key_to_lock(world: World, commands: Commands, rule: str) -> None:
    """Held since its mapping gave no key; the mapping is repaired, it is looked at again, and a person rejects it meanwhile."""
    world.send({"k": "A", "keyless": True})
    world.run()
    world.translator.version = 9
    commands.retry(BOSS, "document", FIRST)
    with broken(rule), stopped_at("window.translated", window_of(world, "north")):
        commands.reject(BOSS, FIRST, "unwanted")
    world.run()
    assert world.states() == (["applied"] if rule else ["rejected"])


@pytest.mark.production
def test_7_without_a_key_a_window_and_a_person_wait_for_each_other(world: World, commands: Commands) -> None:
    world.send({"k": "A", "keyless": True})
    world.run()
    world.translator.version = 9
    commands.retry(BOSS, "document", FIRST)
    with stopped_at("window.before_commit", window_of(world, "north")):
        reject = beside(partial(commands.reject, BOSS, FIRST, "unwanted"))
        assert runs_into_a_lock(world, reject)
    assert "is applied" in refused(reject)
    assert faults(world) == set()


@pytest.mark.production
@rules("corrected_again")
def test_7_a_correction_of_what_is_rejected_at_the_same_time_comes_too_late(world: World, commands: Commands, rule: str) -> None:
    world.send({"k": "A", "items": ["?"]})
    world.run()
    commands.resubmit(BOSS, FIRST, orjson.dumps({"k": "A"}), "wrong item")
    with broken(rule):
        with stopped_at("command.before_commit", partial(commands.reject, BOSS, FIRST, "unwanted")):
            window = beside(window_of(world, "north"))
            assert runs_into_a_lock(world, window)
        window.ended()
    world.run()
    assert world.states() == (["superseded", "applied"] if rule else ["rejected", "rejected"])


@pytest.mark.production
@rules("release_lock")
def test_7_a_message_that_is_tried_again_cannot_be_rejected_beside_it(world: World, commands: Commands, rule: str) -> None:
    world.send({"k": "A", "unreadable": True})
    world.run()
    world.translator.version = 9
    with broken(rule), stopped_at("command.before_commit", partial(commands.retry, BOSS, "message", 1)):
        reject = beside(partial(commands.reject_message, BOSS, 1, "noise"))
        assert runs_into_a_lock(world, reject)
    assert ("is not held" in refused(reject)) is not bool(rule)
    world.run()
    assert world.states() == ["applied"]


def conflict(world: World) -> tuple[str, int]:
    """An order, and another content for it from a second system, parked: (the first system, the case)."""
    first, second = systems(2)
    world.send({"k": "A"}, system=first)
    world.run()
    world.send({"k": "A", "x": 2}, system=second)
    world.run()
    return first, int(world.rows(select(cases.c.id))[0].id)


@pytest.mark.production
@pytest.mark.parametrize("command", ["apply", "discard"])
def test_a_parked_conflict_beside_a_revision_that_is_being_applied(world: World, commands: Commands, command: str) -> None:
    """The person waits for the window; what he saw is not the head any more."""
    first, case = conflict(world)
    world.send({"k": "A", "v": "2", "x": 3}, system=first)
    decide: Callable[[], Any] = partial(commands.apply_case, BOSS, case, FIRST)
    if command == "discard":
        decide = partial(commands.discard_case, BOSS, case, "typed twice")
    with stopped_at("window.before_commit", window_of(world, first)):
        person = beside(decide)
        assert runs_into_a_lock(world, person)
    assert ("the head is document" in refused(person)) is (command == "apply")
    world.run()
    assert world.states() == ["applied", "waiting" if command == "apply" else "rejected", "applied"]
    assert faults(world) == set()


@pytest.mark.production
def test_a_revision_that_arrives_while_a_parked_conflict_is_applied_comes_after_it(world: World, commands: Commands) -> None:
    first, case = conflict(world)
    world.send({"k": "A", "v": "2", "x": 3}, system=first)
    with stopped_at("command.before_commit", partial(commands.apply_case, BOSS, case, FIRST)):
        window = beside(window_of(world, first))
        assert runs_into_a_lock(world, window)
    window.ended()
    world.run()
    assert world.states() == ["applied", "applied", "applied"]
    assert [row.state for row in world.rows(select(cases.c.state))] == ["accepted"]
    assert faults(world) == set()


def test_a_window_that_was_translated_before_a_conflict_is_accepted_applies_it_first(world: World, commands: Commands) -> None:
    first, case = conflict(world)
    world.send({"k": "A", "v": "2", "x": 3}, system=first)
    with stopped_at("window.translated", window_of(world, first)):
        commands.apply_case(BOSS, case, FIRST)
    world.run()
    assert world.states() == ["applied", "applied", "applied"]
    assert faults(world) == set()


class Doubtful:
    """A receiver that is not idempotent, cannot be asked, and is silent after the first bytes."""

    def __init__(self) -> None:
        self.got: list[str] = []

    def send(self, rendered: Rendered) -> Receipt:
        self.got.append(rendered.name)
        if len(self.got) == 1:
            raise SendUncertain("no answer")
        return Receipt("r")


@pytest.mark.production
@rules("doubt_lock")
def test_two_persons_cannot_both_decide_one_delivery_in_doubt(tmp_path: Path, rule: str) -> None:
    receiver = Doubtful()
    line = Subscription(
        "s", "north", "order_response/1", lambda n, now: {}, lambda body, assigned: Rendered(b"x", "one"), receiver.send
    )  # fmt: skip
    world = World(tmp_path, subscriptions=[line])
    delivering, commands = Delivering(world.store, [line]), Commands(world.store, world.ports)
    world.send({"k": "A"})
    world.run()
    delivering.run()
    with broken(rule), stopped_at("command.before_commit", partial(commands.delivery_sent, BOSS, 1)):
        other = beside(partial(commands.delivery_again, BOSS, 1))
        assert runs_into_a_lock(world, other)
    assert ("is not in doubt" in refused(other)) is not bool(rule)
    world.clock.pass_seconds(600)
    delivering.run()
    assert receiver.got == (["one", "one"] if rule else ["one"])
    assert [row.state for row in world.rows(select(delivery.c.state))] == ["sent"]


def test_a_document_that_is_decided_at_the_last_moment_is_not_answered_pending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Subscription("s", "north", "order_response/1", lambda n, now: {}, lambda body, assigned: Rendered(b""), lambda r: Receipt("r"))
    world = World(
        tmp_path, subscriptions=[line], answer=lambda doc, body, status, why: Outgoing("order_response/1", doc.k or "", {"s": status}, "")
    )
    world.terms_by_type["order/1"] = Terms(settings={"answer_within": 60})
    world.send({"k": "A", "items": ["X"]})
    world.run()
    world.clock.pass_seconds(61)
    real = documents.unanswered

    def looked(*words: Any) -> Any:
        found = real(*words)
        codes(world, "X", "north")
        beside(world.run).ended()
        return found

    monkeypatch.setattr(documents, "unanswered", looked)
    assert pending.answer_pending(world.store, world.ports) == 0
    assert len(world.rows(select(delivery.c.id))) == 1
