"""Deliveries: order, retries with the same bytes, doubt, circuits, acknowledgements, the relay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from canonical_model.problems import Cause, Misconfigured, Problem, Reject, SystemUnreachable
from connectors.base import Inbound, Receipt, SendRefused, SendUncertain
from hub.commands import Actor, Commands
from hub.flow import Flow
from hub.signals import PUBLISHED, STEPS, Signals, probe
from hub.stages import pending
from hub.stages.admit import Terms
from hub.stages.deliver import Delivering, wait_after
from hub.stages.pending import answer_pending
from hub.stages.ports import Rendered, Subscription
from hub.stages.receive import Door
from hub.store import holds
from hub.store.acknowledgements import AcknowledgementService
from hub.store.database import Store
from hub.store.documents import unpack
from hub.store.effects import Outgoing
from hub.store.lane_tables import hold
from hub.store.out_tables import attempt, circuit, delivery
from hub.store.texts import MappingText
from tests.hub.lane.world import TERMS, World


@dataclass
class Receiver:
    """The other side: what it got, and what it says next (an exception, or nothing: taken)."""

    got: list[tuple[str, bytes]] = field(default_factory=list)
    says: list[Exception | None] = field(default_factory=list)
    missing: bool = False

    def send(self, rendered: Rendered) -> Receipt:
        answer = self.says.pop(0) if self.says else None
        if not isinstance(answer, (SystemUnreachable, Misconfigured)):
            self.got.append((rendered.name, rendered.payload))
        if answer is not None:
            raise answer
        return Receipt(f"r{len(self.got)}")

    def render(self, body: Mapping[str, Any], assigned: Mapping[str, str]) -> Rendered | tuple[Problem, ...]:
        if self.missing:
            return (Problem(Cause.MISSING_CODE, "item:north:=C:", "no code for C"),)
        return Rendered(orjson.dumps([body, assigned]), f"answer-{assigned['ISA13']}")


def assign(number: int, now: int) -> dict[str, str]:
    return {"ISA13": f"{number:04}"}


@pytest.fixture
def other() -> Receiver:
    return Receiver()


def subscribed(tmp_path: Path, other: Receiver, **words: Any) -> tuple[World, Delivering]:
    subscription = Subscription("north:order_response", "north", "order_response/1", assign, other.render, other.send, **words)
    world = World(tmp_path, subscriptions=[subscription])
    return world, Delivering(world.store, [subscription], world.signals, "me")


def rows(world: World, *columns: Any) -> list[Any]:
    return [tuple(row) for row in world.rows(select(*columns).order_by(delivery.c.id))]


def test_numbers_are_assigned_with_the_effect_and_sent_in_the_order_of_the_key(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other, idempotent=True)
    world.send({"k": "A", "v": "1"}, {"k": "A", "v": "2", "x": 2}, {"k": "B"})
    world.run()
    assert delivering.run() == 2
    assert delivering.run() == 1
    assert [name for name, _ in other.got] == ["answer-0001", "answer-0003", "answer-0002"]
    assert rows(world, delivery.c.state, delivery.c.receipt)[0] == ("sent", "r1")


def test_known_not_sent_waits_longer_each_time_and_keeps_its_bytes(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other)
    world.send({"k": "A"})
    world.run()
    other.says = [SystemUnreachable("no route to host")] * 3
    for n in range(1, 4):
        assert delivering.run() == 1
        assert delivering.run() == 0
        world.clock.at += wait_after(n)
    assert list(world.causes().values()) == [{"receiver_down"}]
    assert delivering.run() == 1
    assert world.causes() == {}
    assert world.rows(select(circuit)) == []
    assert [row.outcome for row in world.rows(select(attempt).order_by(attempt.c.n))] == ["pending"] * 3 + ["sent"]


def test_a_request_that_cannot_be_made_is_known_not_sent(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other)
    world.send({"k": "A"})
    world.run()
    other.says = [Misconfigured("this request cannot be made: Invalid port", fix="check url")]
    delivering.run()
    assert [row.state for row in world.rows(select(delivery))] == ["pending"]
    world.clock.pass_seconds(600)
    assert delivering.run() == 1
    assert len(other.got) == 1


def test_refused_is_a_fact_for_people_and_blocks_only_its_key(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other)
    world.send({"k": "A", "v": "1"}, {"k": "A", "v": "2", "x": 2}, {"k": "B"})
    world.run()
    other.says = [SendRefused("unknown plant")]
    while delivering.run():
        pass
    assert rows(world, delivery.c.state) == [("refused",), ("pending",), ("sent",)]
    assert [orjson.loads(unpack(row.details) or b"")["fix"] for row in world.rows(select(hold))] == [
        "after the repair here or there: hub retry 1 --kind delivery"
    ]
    Commands(world.store, world.ports).retry(Actor("boss"), "delivery", 1)
    while delivering.run():
        pass
    assert rows(world, delivery.c.state) == [("sent",)] * 3


def test_what_was_refused_goes_again_when_its_mapping_is_mended(tmp_path: Path, other: Receiver) -> None:
    """Made anew, not with the bytes that were refused. Another subscription's stays, and all where a start only learns of the mapping."""
    world, delivering = subscribed(tmp_path, other)
    commands, boss, lines = Commands(world.store, world.ports), Actor("boss"), ["north:order_response"]
    world.send({"k": "A"})
    world.run()
    other.says = [SendRefused("no such field")]
    delivering.run()
    assert commands.promote(boss, MappingText("m", "1" * 32, "text", "key"), [], lines).freed == 0
    with world.store.unit() as unit:  # as the acknowledgement of one of another subscription refuses it
        holds.save(unit.connection, "delivery", 7, {(str(Cause.REFUSED_BY_RECEIVER), "delivery:7"): {}}, unit.now)
    assert commands.promote(boss, MappingText("m", "2" * 32, "text", "key"), [], ["north:invoice", "delivery", "7"]).freed == 0
    assert delivering.run() == 0
    assert commands.promote(boss, MappingText("m", "3" * 32, "text", "key"), [], lines).freed == 1
    assert rows(world, delivery.c.state, delivery.c.payload) == [("pending", None)]
    assert delivering.run() == 1
    assert rows(world, delivery.c.state) == [("sent",)]
    assert [row.cause_key for row in world.rows(select(hold))] == ["delivery:7"]


@pytest.mark.parametrize(("words", "state"), [({"idempotent": True}, "pending"), ({"ask": lambda name: True}, "sent"), ({}, "uncertain")])
def test_an_uncertain_send_is_never_repeated_blindly(tmp_path: Path, other: Receiver, words: dict[str, Any], state: str) -> None:
    world, delivering = subscribed(tmp_path, other, **words)
    world.send({"k": "A"})
    world.run()
    other.says = [SendUncertain("timeout after the bytes left")]
    delivering.run()
    assert rows(world, delivery.c.state) == [(state,)]
    world.clock.pass_seconds(600)
    delivering.run()
    sent = {payload for _, payload in other.got}
    assert (len(other.got), len(sent)) == ((2, 1) if state == "pending" else (1, 1))


def test_a_person_says_what_became_of_an_uncertain_send(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other)
    world.send({"k": "A"}, {"k": "B"})
    world.run()
    other.says = [SendUncertain("?")]
    delivering.run()
    world.clock.pass_seconds(600)
    other.says = [SendUncertain("?")]
    delivering.run()
    commands = Commands(world.store, world.ports)
    commands.delivery_sent(Actor("boss"), 1)
    commands.delivery_again(Actor("boss"), 2)
    world.clock.pass_seconds(600)
    delivering.run()
    assert rows(world, delivery.c.state) == [("sent",), ("sent",)]
    assert other.got[1] == other.got[2]


def test_a_retry_does_not_send_again_what_is_in_doubt(tmp_path: Path, other: Receiver) -> None:
    """Its receiver is seen as down too, and that hold a retry removes: not the doubt."""
    world, delivering = subscribed(tmp_path, other)
    world.send({"k": "A"})
    world.run()
    other.says = [SystemUnreachable("down"), SystemUnreachable("down"), SendUncertain("?")]
    for n in range(1, 4):
        delivering.run()
        world.clock.at += wait_after(n)
    assert list(world.causes().values()) == [{"receiver_down", "in_doubt"}]
    with pytest.raises(Reject, match="in doubt") as refused:
        Commands(world.store, world.ports).retry(Actor("boss"), "delivery", 1)
    assert "--sent" in refused.value.fix
    world.clock.pass_seconds(600)
    delivering.run()
    assert len(other.got) == 1
    assert rows(world, delivery.c.state) == [("uncertain",)]


def test_an_acknowledgement_that_overtakes_a_time_out_stays(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other)
    world.lane.ports = world.lane.planner.ports = replace(world.ports, services=[*world.ports.services, _Acks()])
    world.terms_by_type["ack/1"] = Terms("append")
    world.send({"k": "A"})
    world.run()

    def acknowledge() -> None:
        world.send({"k": "0001", "type": "ack", "t": "a1"})
        world.run()

    other.says = [SendUncertain("no answer in time")]
    probe("deliver.sending", acknowledge)
    delivering.run()
    probe("deliver.sending", None)
    assert rows(world, delivery.c.state) == [("acknowledged",)]
    assert world.causes() == {}


def test_what_a_dead_owner_was_sending_is_uncertain(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other, idempotent=True)
    world.send({"k": "A"})
    world.run()
    delivering._start(next(iter(delivering.subscriptions.values())))
    after = Delivering(world.store, list(delivering.subscriptions.values()), Signals(), "another")
    assert after.recover() == 1
    world.clock.pass_seconds(60)
    after.run()
    assert rows(world, delivery.c.state) == [("sent",)]


@pytest.mark.parametrize(("words", "left"), [({}, 1), ({"idempotent": True}, 3), ({"ask": lambda name: True}, 3)])
def test_a_death_leaves_no_more_in_doubt_than_was_on_its_way(tmp_path: Path, other: Receiver, words: dict[str, Any], left: int) -> None:
    world, delivering = subscribed(tmp_path, other, **words)
    world.send({"k": "A"}, {"k": "B"}, {"k": "C"})
    world.run()
    delivering._start(next(iter(delivering.subscriptions.values())))
    assert Delivering(world.store, list(delivering.subscriptions.values()), Signals(), "another").recover() == left


def away(world: World, monkeypatch: pytest.MonkeyPatch, *calls: int) -> None:
    """The store does not answer at these calls for a unit of work, counted from now."""
    real, counted = world.store.unit, count(1)

    def unit() -> Any:
        if next(counted) in calls:
            raise SystemUnreachable("the store does not answer")
        return real()

    monkeypatch.setattr(world.store, "unit", unit)


@pytest.mark.parametrize("words", [{}, {"idempotent": True}])
def test_a_store_that_is_away_after_the_send_is_told_of_it_when_it_is_back(
    tmp_path: Path, other: Receiver, words: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process lives on and knows what came of it: neither sent again, nor in doubt, nor ``sending`` for ever."""
    world, delivering = subscribed(tmp_path, other, **words)
    world.send({"k": "A"})
    world.run()
    away(world, monkeypatch, 2, 4)
    for _ in range(2):
        with pytest.raises(SystemUnreachable):
            delivering.run()
        assert delivering.recover(delivering_for(delivering).id) == 0
        assert rows(world, delivery.c.state) == [("sending",)]
    delivering.run()
    assert (rows(world, delivery.c.state), len(other.got), world.causes()) == ([("sent",)], 1, {})


def delivering_for(delivering: Delivering) -> Subscription:
    return next(iter(delivering.subscriptions.values()))


def test_what_was_marked_and_never_sent_waits_again(tmp_path: Path, other: Receiver) -> None:
    """The commit came through and its answer did not."""
    world, delivering = subscribed(tmp_path, other)
    world.send({"k": "A"})
    world.run()
    delivering._start(delivering_for(delivering))
    assert delivering.recover(delivering_for(delivering).id) == 0
    delivering.run()
    assert (rows(world, delivery.c.state), len(other.got)) == ([("sent",)], 1)


def test_an_uncertain_send_whose_next_step_was_never_taken_is_taken_up(
    tmp_path: Path, other: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, delivering = subscribed(tmp_path, other)
    world.send({"k": "A"})
    world.run()
    other.says = [SendUncertain("?")]
    away(world, monkeypatch, 3)
    with pytest.raises(SystemUnreachable):
        delivering.run()
    assert (rows(world, delivery.c.state), world.causes()) == ([("uncertain",)], {})
    assert delivering.recover(delivering_for(delivering).id) == 1
    assert list(world.causes().values()) == [{"in_doubt"}]
    assert delivering.recover(delivering_for(delivering).id) == 0


def test_what_came_of_a_send_too_late_changes_nothing_that_others_have_gone_on_with(
    tmp_path: Path, other: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, delivering = subscribed(tmp_path, other, idempotent=True)
    world.send({"k": "A"})
    world.run()
    other.says = [SystemUnreachable("closed")]
    away(world, monkeypatch, 2)
    with pytest.raises(SystemUnreachable):
        delivering.run()
    another = Delivering(world.store, list(delivering.subscriptions.values()), Signals(), "another")
    assert another.recover() == 1
    world.clock.pass_seconds(600)
    another.run()
    assert rows(world, delivery.c.state) == [("sent",)]
    delivering.run()
    assert (rows(world, delivery.c.state), len(other.got), world.rows(select(circuit))) == ([("sent",)], 1, [])


def test_a_delivery_without_a_code_is_held_and_goes_when_it_comes(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other)
    world.send({"k": "A"})
    world.run()
    other.missing = True
    delivering.run()
    assert list(world.causes().values()) == [{"missing_code"}]
    other.missing = False
    world.codes(("00C", "C"))
    delivering.run()
    assert rows(world, delivery.c.state) == [("sent",)]


def test_the_codes_that_came_later_are_the_ones_it_is_made_with(tmp_path: Path, other: Receiver) -> None:
    """The revision is assigned with the effect; a code that was missing then is in a later one."""

    def render(body: Mapping[str, Any], assigned: Mapping[str, str]) -> Rendered | tuple[Problem, ...]:
        if assigned["revision"] == "0":
            return (Problem(Cause.MISSING_CODE, "item:north:=C:", "no code for C"),)
        return Rendered(orjson.dumps(assigned), f"answer-{assigned['n']}")

    subscription = Subscription("north:order_response", "north", "order_response/1", lambda n, now: {"n": str(n)}, render, other.send)
    world = World(tmp_path, subscriptions=[subscription])
    delivering = Delivering(world.store, [subscription], world.signals, "me")
    world.send({"k": "A"})
    world.run()
    delivering.run()
    assert list(world.causes().values()) == [{"missing_code"}]
    world.codes(("00C", "C"))
    other.says = [SystemUnreachable("down")]
    delivering.run()
    world.codes(("00D", "D"))
    world.clock.pass_seconds(60)
    delivering.run()
    assert rows(world, delivery.c.state, delivery.c.assigned) == [("sent", '{"n":"1","revision":"1"}')]
    assert other.got == [("answer-1", b'{"n":"1","revision":"1"}')]


def test_the_latest_takes_the_place_of_an_unsent_older_one(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other, latest=True, idempotent=True)
    world.send({"k": "A", "v": "1"}, {"k": "B"})
    world.run()
    world.send({"k": "A", "v": "2", "x": 2})
    world.run()
    delivering.run()
    assert rows(world, delivery.c.state) == [("superseded",), ("sent",), ("sent",)]


def test_a_repeat_gets_the_first_ones_answer_again_with_the_same_bytes(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other)
    for _ in range(3):
        world.send({"k": "A", "t": "1"})
        world.run()
        delivering.run()
    assert len(other.got) == 3
    assert len(set(other.got)) == 1


def test_a_received_acknowledgement_finds_what_it_acknowledges(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other, idempotent=True)
    world.lane.ports = world.lane.planner.ports = replace(world.ports, services=[*world.ports.services, _Acks()])
    world.terms_by_type["ack/1"] = Terms("append")
    world.send({"k": "A"}, {"k": "B"})
    world.run()
    delivering.run()
    world.send({"k": "0001", "type": "ack", "t": "a1"}, {"k": "0002", "type": "ack", "t": "a2", "refuse": True})
    world.run()
    assert rows(world, delivery.c.state) == [("acknowledged",), ("refused",)]
    assert list(world.causes().values()) == [{"refused_by_receiver"}]


def test_those_that_nobody_wants_an_answer_for_are_in_nobodys_way(tmp_path: Path, other: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "AT_ONCE", 3)
    world, _ = subscribed(tmp_path, other)
    world.terms_by_type["order/1"] = replace(TERMS["order/1"], settings={"answer_within": 60})
    ports = replace(world.ports, answer=lambda doc, body, status, why: Outgoing("order_response/1", doc.k or "", {"status": status}, ""))
    world.send(*[{"k": f"R{n}", "type": "report", "items": ["?"]} for n in range(5)], {"k": "A", "items": ["?"]})
    world.run()
    world.clock.pass_seconds(61)
    assert sum(answer_pending(world.store, ports) for _ in range(4)) == 1


class _Acks(AcknowledgementService):
    """Acknowledgements as the fake documents say them."""

    def __init__(self) -> None:
        super().__init__(("ack/1",))

    def load(self, connection: Any, documents: Any) -> Any:
        return super().load(connection, [_as_ack(given) for given in documents])

    def decide(self, document: Any, state: Any) -> Any:
        return super().decide(_as_ack(document), state)


def _as_ack(given: Any) -> Any:
    if given.type != "ack/1":
        return given
    status = "rejected" if given.body["refuse"] else "accepted"
    return replace(given, body={"of": {"format": "x12", "control": given.body["number"]}, "status": status, "errors": [{"text": "no"}]})


def test_a_held_document_is_answered_once_when_it_waits_too_long(tmp_path: Path, other: Receiver) -> None:
    world, delivering = subscribed(tmp_path, other)
    world.terms_by_type["order/1"] = replace(TERMS["order/1"], settings={"answer_within": 60})
    ports = replace(world.ports, answer=lambda doc, body, status, why: Outgoing("order_response/1", doc.k or "", {"status": status}, ""))
    world.send({"k": "A", "items": ["?"]})
    world.run()
    assert answer_pending(world.store, ports) == 0
    world.clock.pass_seconds(61)
    assert [answer_pending(world.store, ports), answer_pending(world.store, ports)] == [1, 0]
    delivering.run()
    assert b'"pending"' in other.got[0][1]


def test_signals_come_in_the_order_that_the_flow_file_shows(tmp_path: Path, other: Receiver) -> None:
    subscription = Subscription("s", "north", "order_response/1", assign, other.render, other.send)
    world = World(tmp_path, subscriptions=[subscription])
    flow = Flow(world.store, world.ports, world.signals)
    told: list[str] = []
    world.signals.connect(lambda name, facts: told.append(name))
    flow.receive(Inbound(orjson.dumps({"k": "A"}), "test"), Door("north", "in"))
    flow.settle()
    assert told == [*STEPS, PUBLISHED]
    assert isinstance(flow.store, Store)
