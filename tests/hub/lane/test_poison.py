"""What no sender should send and some will: nothing stops a lane, and what is held is one document or one message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.json_document import JsonFormat
from canonical_model.canonical_form import canonical_json
from canonical_model.problems import Cause, Hold, Problem
from hub.stages import translate as translating
from hub.stages.translate import Envelope
from hub.store import identity
from hub.store.locks import FileLocks
from hub.store.records import key_text, problem_details, sayable
from hub.worker.windows import Windows
from tests.hub.lane.world import World


def test_a_key_with_a_nul_is_a_key_like_any_other_and_stops_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "P\0Q", "t": "a\0b"}, {"k": "B"}, {"k": "P\0Q", "t": "a\0b"})
    world.run()
    assert world.states() == ["applied", "applied", "duplicate"]


@pytest.mark.parametrize("text", ["P\0Q", "P\ud800Q", "\0" * 500, "\ud800" * 500])
def test_texts_of_keys_and_problems_can_always_be_written(text: str) -> None:
    for written in (key_text(("north", text)) or "", sayable(text)):
        assert "\0" not in written
        assert written.encode()
    details = problem_details(Problem(Cause.MISSING_CODE, "k", text, value=text, candidates=(text,)))
    assert "\0" not in "".join([details["fact"], details["value"], *details["candidates"]])


def test_a_body_with_a_nul_is_held_with_its_place_and_a_written_escape_is_none() -> None:
    with pytest.raises(Hold) as held:
        canonical_json({"number": "1", "lines": [{"note": "a\0b"}]}, "order/1")
    assert (held.value.problems[0].cause, held.value.problems[0].target) == (Cause.INVALID_VALUE, "/lines/0/note")
    assert canonical_json({"number": "a\\u0000"}, "order/1")


def test_what_cannot_even_be_held_as_a_document_is_held_as_its_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = identity.lock_heads

    def failing(connection: Any, keys: Iterable[str]) -> Any:
        wanted = list(keys)
        if any("BAD" in key for key in wanted):
            raise KeyError("planted")
        return lock(connection, wanted)

    monkeypatch.setattr(identity, "lock_heads", failing)
    world = World(tmp_path)
    for k in ("A", "BAD", "C"):
        world.send({"k": k})
    world.run()
    assert world.states() == ["applied", "applied"]
    assert world.causes() == {2: {"program_error"}}


def test_a_process_that_dies_before_it_comes_to_the_work_says_nothing_against_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A"})
    for _ in range(5):
        world.lane.recover()
    world.run()
    assert world.states() == ["applied"]


def test_a_fault_of_our_own_in_one_document_holds_that_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(document: Any, envelope: Any, inputs: Any) -> Any:
        if document.n == 2:
            raise OverflowError("planted")
        return translating._held(document, envelope, Problem(Cause.NO_ROUTE, "k", "none"))

    monkeypatch.setattr(translating, "translate_document", failing)
    inputs: Any = SimpleNamespace(format=JsonFormat(), options={"lines": "true"}, most=0, route=lambda types: None)
    envelope = Envelope("north", datetime(2026, 11, 25, tzinfo=UTC))
    found = list(translating.translate(b'{"a": 1}\n{"a": 2}\n{"a": 3}\n', envelope, inputs))
    assert [item.problems[0].cause for item in found] == [Cause.NO_ROUTE, Cause.PROGRAM_ERROR, Cause.NO_ROUTE]


def test_a_partition_that_fails_is_looked_at_less_and_less_often() -> None:
    now, looked = [0.0], list[float]()

    def run(p: int) -> bool:
        looked.append(now[0])
        raise RuntimeError("planted")

    flow: Any = SimpleNamespace(lane=SimpleNamespace(run=run), locks=FileLocks(None))
    windows = Windows(flow, lambda: now[0])
    for tenth in range(300):
        now[0] = tenth / 10
        assert windows._safely(3, suspicious=False) is False
    assert looked == pytest.approx([0, 2, 6, 14])
