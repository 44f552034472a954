"""Commands: authorised, audited, in one unit of work; what they close lets the line go on."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from canonical_model.problems import Reject
from hub.codebook import CodeLine
from hub.commands import Actor, Commands
from hub.store import texts
from hub.store.book_tables import audit
from hub.store.invariants import broken
from hub.store.lane_tables import cases, document, hold, work
from monitoring.metrics import Metrics
from tests.hub.lane.world import World

BOSS = Actor("boss")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def commands(world: World) -> Commands:
    return Commands(world.store, world.ports, world.signals)


def conflict(world: World) -> int:
    world.send({"k": "A", "t": "1"})
    world.send({"k": "A", "t": "2", "x": 2})
    world.run()
    return int(world.rows(select(cases.c.id))[0][0])


def test_who_may_not_changes_nothing(world: World, commands: Commands) -> None:
    with pytest.raises(Reject, match="may not codes set"):
        commands.set_codes(Actor("guest", frozenset({"retry"})), [CodeLine("item", "north", "X", "C")])
    assert world.rows(select(audit)) == []


def test_a_parked_conflict_is_applied_against_the_head_that_was_seen(world: World, commands: Commands) -> None:
    case = conflict(world)
    commands.apply_case(BOSS, case, 1 << 20 | 1)
    world.run()
    assert world.states() == ["applied", "applied"]
    assert world.rows(select(cases.c.state))[0][0] == "accepted"
    assert world.rows(select(audit.c.actor, audit.c.action)) == [("boss", "cases apply")]


def test_a_parked_conflict_of_a_lower_revision_is_applied_by_who_saw_the_head(world: World, commands: Commands) -> None:
    world.send({"k": "A", "t": "1", "v": "1", "x": 1})
    world.send({"k": "A", "t": "2", "v": "2", "x": 2}, {"k": "A", "t": "1", "v": "1", "x": 3})
    world.run()
    [(case,)] = world.rows(select(cases.c.id))
    commands.apply_case(BOSS, case, 2 << 20 | 1)
    world.run()
    assert world.states() == ["applied"] * 3
    assert world.rows(select(cases.c.state)) == [("accepted",)]
    with world.store.read() as connection:
        assert broken(connection) == {}
    world.send({"k": "A", "t": "3", "v": "1", "x": 4}, {"k": "A", "t": "4", "v": "3", "x": 5})
    world.run()
    assert world.states()[3:] == ["stale", "applied"]


def test_a_conflict_whose_head_moved_is_not_applied(world: World, commands: Commands) -> None:
    case = conflict(world)
    world.send({"k": "A", "v": "2", "x": 3})
    world.run()
    with pytest.raises(Reject, match="the head is document"):
        commands.apply_case(BOSS, case, 1 << 20 | 1)


def test_an_accepted_conflict_that_is_held_and_closed_by_a_newer_one_closes_its_case(world: World, commands: Commands) -> None:
    world.send({"k": "A", "t": "1"})
    world.send({"k": "A", "t": "1", "items": ["?"], "x": 2})
    world.run()
    commands.apply_case(BOSS, 1, 1 << 20 | 1)
    world.run()
    assert world.causes() == {2 << 20 | 1: {"missing_code"}}
    world.send({"k": "A", "t": "9", "v": "5", "x": 3})
    world.run()
    assert world.states() == ["applied", "superseded", "applied"]
    assert world.rows(select(cases.c.state, cases.c.closed_by)) == [("superseded", 3 << 20 | 1)]
    with world.store.read() as connection:
        assert broken(connection) == {}


def test_a_discarded_conflict_keeps_its_case_and_a_repeat_gets_its_answer(world: World, commands: Commands) -> None:
    commands.discard_case(BOSS, conflict(world), "typed twice")
    world.send({"k": "A", "t": "2", "x": 2})
    world.run()
    assert world.states() == ["applied", "rejected", "duplicate"]
    assert world.rows(select(cases.c.state))[0][0] == "discarded"


def test_a_rejected_document_lets_its_line_go_on(world: World, commands: Commands) -> None:
    world.send(
        {"k": "A", "v": "1", "items": ["?"]},
        {"k": "A", "v": "2", "type": "order_change"},
        {"k": "A", "v": "3", "type": "order_change", "x": 1},
    )
    world.run()
    commands.reject(BOSS, 1 << 20 | 1, "unknown item")
    world.send({"k": "A", "v": "1"})
    world.run()
    assert world.states() == ["rejected", "applied", "applied", "applied"]
    with pytest.raises(Reject, match="is rejected"):
        commands.reject(BOSS, 1 << 20 | 1, "again")


def test_an_edited_resubmission_takes_the_place_of_what_it_corrects(world: World, commands: Commands) -> None:
    world.send({"k": "A", "t": "1", "items": ["?"]})
    world.send({"k": "A", "t": "2", "type": "order_change", "x": 1})
    world.run()
    commands.resubmit(BOSS, 1 << 20 | 1, orjson.dumps({"k": "A", "t": "1", "items": []}), "wrong item")
    world.run()
    assert world.states() == ["superseded", "applied", "applied"]
    row = world.rows(select(document.c.corrects, document.c.place).where(document.c.message == 3))[0]
    assert tuple(row) == (1 << 20 | 1, 1 << 20 | 1)
    with world.store.read() as connection:
        assert broken(connection) == {}


def test_a_resubmission_under_another_key_lets_the_old_line_go_on(world: World, commands: Commands) -> None:
    world.send({"k": "WRONG", "items": ["?"]}, {"k": "WRONG", "v": "1", "type": "order_change"})
    world.run()
    commands.resubmit(BOSS, 1 << 20 | 1, orjson.dumps({"k": "RIGHT"}), "wrong number")
    world.run()
    assert world.states(k="test:order:RIGHT") == ["applied"]
    assert world.states(k="test:order:WRONG") == ["superseded", "waiting"]
    assert world.causes() == {1 << 20 | 2: {"predecessor_missing"}}


@pytest.mark.parametrize(("edited", "cause"), [({"k": "A", "unreadable": True}, "unreadable"), ({"k": "A", "boom": True}, "program_error")])
def test_an_edited_resubmission_that_cannot_be_read_is_held_and_stops_nothing(
    world: World, commands: Commands, edited: dict[str, object], cause: str
) -> None:
    world.send({"k": "A", "items": ["X"]})
    world.run()
    commands.resubmit(BOSS, 1 << 20 | 1, orjson.dumps(edited), "a slip of the pen")
    world.send({"k": "B"})
    world.run()
    assert world.rows(select(work)) == []
    assert sorted(cause for causes in world.causes().values() for cause in causes) == sorted([cause, "missing_code"])
    assert world.states(k="test:order:B") == ["applied"]
    commands.resubmit(BOSS, 1 << 20 | 1, orjson.dumps({"k": "A"}), "now right")
    world.run()
    assert world.states(k="test:order:A") == ["superseded", "applied"]


def test_retry_goes_on_with_a_message_where_it_stopped(world: World, commands: Commands) -> None:
    world.send({"k": "A"}, {"k": "B", "boom": True}, {"k": "C"})
    world.run()
    world.translator.version = 9
    metrics = Metrics(world.signals)
    assert commands.retry(BOSS, "message", 1).freed == 1
    assert b"\nhub_released_total 1.0\n" in metrics.text()
    world.run()
    assert world.states() == ["applied"] * 3
    with pytest.raises(Reject, match="no hold"):
        commands.retry(BOSS, "message", 1)


def test_retry_of_a_document_after_the_repair_of_a_service(world: World, commands: Commands) -> None:
    world.service.fails = {"A"}
    world.send({"k": "A"})
    world.run()
    world.service.fails = set()
    commands.retry(BOSS, "document", 1 << 20 | 1)
    world.run()
    assert world.states() == ["applied"]


def test_a_mapping_that_changes_identities_is_not_promoted_while_documents_wait(world: World, commands: Commands) -> None:
    route = "in:order/1"
    commands.promote(BOSS, texts.MappingText("m", "1" * 32, "text", "key-1"), [route])
    world.send({"k": "A", "items": ["?"]})
    world.run()
    with pytest.raises(Reject, match="1 documents of its routes wait"):
        commands.promote(BOSS, texts.MappingText("m", "2" * 32, "text", "key-2"), [route])
    commands.promote(BOSS, texts.MappingText("m", "3" * 32, "text", "key-1"), [route])
    with world.store.read() as connection:
        assert texts.actives(connection) == {"m": "3" * 32}


def test_a_definition_frees_what_could_not_be_read(world: World, commands: Commands) -> None:
    world.send({"unreadable": True, "k": "A"})
    world.run()
    world.translator.version, metrics = 9, Metrics(world.signals)
    assert commands.add_definition(BOSS, "idoc", "ZORD", "text").freed == 1
    assert b"\nhub_released_total 1.0\n" in metrics.text()
    world.run()
    assert world.states() == ["applied"]


def test_an_unreadable_message_can_be_rejected(world: World, commands: Commands) -> None:
    world.send({"unreadable": True})
    world.run()
    commands.reject_message(BOSS, 1, "noise")
    assert world.rows(select(hold)) == []
    with world.store.read() as connection:
        assert broken(connection) == {}
