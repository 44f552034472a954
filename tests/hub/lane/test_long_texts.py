"""Texts and messages longer than any index or window: one document is held for what is wrong with it, nothing else waits."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

import orjson
import pytest
from sqlalchemy import Connection, select, text

from canonical_model.problems import LONGEST_CAUSE, Cause, Problem, Reject, bounded
from connectors.base import Inbound, Receipt
from hub.stages import plan
from hub.stages.ports import Subscription
from hub.stages.receive import Door, Receiving
from hub.store import holds, messages
from hub.store.book_tables import number
from hub.store.database import Store
from hub.store.effects import Outgoing
from hub.store.lane_tables import hold
from hub.store.out_tables import delivery
from hub.store.records import LONGEST_KEY, Document, key_text
from hub.store.views.search import find
from tests.hub.lane.world import World

DRAW = Random(20261126)
CHINESE = "".join(chr(DRAW.randrange(0x4E00, 0x9FA5)) for _ in range(3_000))
"""Nothing that an index could make shorter."""
RARE = "".join(chr(DRAW.randrange(0x20000, 0x2A6D0)) for _ in range(390))
"""Four bytes a character."""


@pytest.mark.parametrize("most", [100, 101, 1_000, 2_400])
@pytest.mark.parametrize("given", ["", "a" * 99, CHINESE, RARE, "\ud800" * 2_000])
def test_a_text_for_an_index_keeps_its_beginning_and_what_tells_it_apart(given: str, most: int) -> None:
    made = bounded(given, most)
    assert len(made.encode("utf-8", "surrogatepass")) <= most
    assert (made == given) == (len(given.encode("utf-8", "surrogatepass")) <= most)
    assert bounded(given + "x", most) != made


def test_keys_and_causes_are_bounded_in_bytes() -> None:
    assert len((key_text(("north", RARE * 3)) or "").encode()) <= LONGEST_KEY
    assert len(Problem(Cause.MISSING_CODE, CHINESE, "x").key.encode()) <= 2_400


@pytest.mark.parametrize("text", ["\0" * 2_000, "\ud800" * 700], ids=["NUL", "half characters"])
def test_a_key_is_bounded_as_it_is_written(tmp_path: Path, text: str) -> None:
    """Escapes are longer than what they stand for: such a document is held for its code, and not refused by the database."""
    world = World(tmp_path)
    document = Document(1, 1, "north", "r", "order", None, "K", b"", None, "", 1)
    document.hold(Problem(Cause.MISSING_CODE, text, "x"))
    ((_, key),) = document.holds
    assert len(key.encode()) <= LONGEST_CAUSE
    with world.store.unit() as unit:
        holds.add(unit.connection, [holds.row("document", 1, item, 1) for item in document.holds.items()])
    assert world.causes() == {1: {"missing_code"}}


@pytest.mark.parametrize("bad", [{"k": CHINESE}, {"k": "BAD", "items": [CHINESE]}, {"k": RARE, "t": RARE}], ids=["number", "code", "keys"])
def test_a_packet_with_one_long_text_stops_nothing(tmp_path: Path, bad: dict[str, object]) -> None:
    world = World(tmp_path)
    world.send({"k": "G1"}, {"k": "G2"}, bad, {"k": "G3"})
    world.send({"k": "LATER"})
    world.run()
    assert world.states()[:2] + world.states()[3:] == ["applied"] * 4
    assert world.states()[2] == ("waiting" if "items" in bad else "applied")


def test_a_long_number_is_found_by_the_whole_of_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": CHINESE})
    world.run()
    with world.store.read() as connection:
        assert [row["state"] for row in find(connection, CHINESE, None)] == ["applied"]
        assert find(connection, CHINESE[:-1], None) == []


def test_a_long_code_goes_on_when_it_comes(tmp_path: Path) -> None:
    code = CHINESE[:500]
    world = World(tmp_path)
    world.send({"k": "A", "items": [code]})
    world.run()
    assert world.states() == ["waiting"]
    world.codes((code, "X"))
    world.run()
    assert (world.states(), world.causes()) == (["applied"], {})


@pytest.mark.production
def test_a_limit_of_the_database_holds_one_document(tmp_path: Path) -> None:
    """An index of somebody's own stands for all texts that are not cut by us; SQLite's take any length."""
    world = World(tmp_path)
    with world.store.unit() as unit:
        unit.connection.execute(text("CREATE INDEX theirs ON delivery (body)"))
        unit.connection.execute(text("CREATE INDEX canonical ON published (body)"))
    world.send({"k": "A"}, {"k": "B", "x": os.urandom(9_000).hex()}, {"k": "C"})
    world.run()
    assert world.states() == ["applied", "waiting", "applied"]
    assert world.causes() == {world.rows(select(hold.c.owner))[0].owner: {"refused_by_store"}}


def test_a_message_that_the_window_had_no_room_for_is_not_lost(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.receiving.receive(Inbound(b'{"unreadable": true}' + b" " * 18_000_000, "test", None, {}), Door("north", "in"))
    world.receiving.receive(Inbound(orjson.dumps({"k": "GOOD", "x": "y" * 18_000_000}), "test", None, {}), Door("north", "in"))
    world.run()
    assert world.states() == ["applied"]
    assert world.causes() == {1: {"unreadable"}}


def test_acknowledgements_go_on_behind_two_thousand_million_works(tmp_path: Path, engine: str) -> None:
    one = Subscription("s", "north", "ack/1", lambda n, now: {}, lambda body, assigned: None, lambda rendered: Receipt("x"))  # type: ignore[arg-type, return-value]
    world = World(
        tmp_path, subscriptions=[one], acknowledge=lambda message, raw: [Outgoing("ack/1", f"a{message.seq}", {"m": message.seq}, "")]
    )
    world.send({"k": "A"})
    move = "SELECT setval(pg_get_serial_sequence('work', 'seq'), 2147483646)"
    with world.store.unit() as unit:
        unit.connection.execute(text(move if engine == "postgresql" else "UPDATE sqlite_sequence SET seq = 2147483646 WHERE name = 'work'"))
    for k in ("B", "C", "D"):
        world.send({"k": k})
    world.run()
    assert (world.states(), world.causes()) == (["applied"] * 4, {})
    assert len(world.rows(select(delivery.c.id).where(delivery.c.type == "ack/1"))) == 4


def test_what_a_code_lets_go_is_read_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "BYTES_AT_ONCE", 1_000)
    world, sizes, raws = World(tmp_path), list[int](), messages.raws

    def seen(connection: Connection, seqs: Iterable[int]) -> dict[int, bytes]:
        found = raws(connection, seqs)
        sizes.append(sum(map(len, found.values())))
        return found

    for n in range(10):
        world.send({"k": f"K{n}", "items": ["late"], "x": "y" * 300})
    world.run()
    monkeypatch.setattr(messages, "raws", seen)
    world.codes(("late", "X"))
    world.run()
    assert world.states() == ["applied"] * 10
    assert 600 < max(sizes) <= 1_000


@pytest.mark.production
def test_one_idempotency_key_is_one_body_over_all_processes(tmp_path: Path) -> None:
    world = World(tmp_path)
    other = Store(world.store.url.render_as_string(hide_password=False), partitions=4).open()
    doors, told = [Receiving(world.store), Receiving(other)], list[str]()

    def send(key: str, n: int, together: threading.Barrier) -> None:
        inbound = Inbound(orjson.dumps({"k": f"{key}-{n}"}), "test", key, {"idempotency-key": key})
        together.wait()
        try:
            doors[n % 2].receive(inbound, Door("north", "in"))
            told.append(key)
        except Reject:
            told.append("refused")

    for key in ("one", "two", "three", "four", "five"):
        together = threading.Barrier(8)
        threads = [threading.Thread(target=send, args=(key, n, together)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    other.close()
    assert Counter(told) == {"one": 1, "two": 1, "three": 1, "four": 1, "five": 1, "refused": 35}


def test_numbers_are_kept_once_cut(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": CHINESE})
    world.run()
    assert [row.value for row in world.rows(select(number.c.value))] == [bounded(CHINESE, LONGEST_KEY)]
