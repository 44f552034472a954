"""Channel ``canonical`` in one process: what the relay takes to subscribers, and what they ask for again."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import orjson
import pytest
from sqlalchemy import event, select

from hub.channels import local
from hub.channels.base import Publication
from hub.channels.local import Deduplicated, LocalFanout, again_from
from hub.channels.relay import Relay
from hub.signals import PUBLISHED
from hub.store import publications
from hub.store.database import Store
from hub.store.out_tables import outbox
from tests.hub.lane.world import World


def test_every_row_of_canonical_is_published_once_and_can_be_asked_for_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    seen: list[Publication] = []
    world.send({"k": "A", "v": "1"}, {"k": "A", "v": "2", "x": 2})
    world.run()
    told: list[int] = []
    world.signals.connect(lambda name, facts: told.append(facts["count"]), PUBLISHED)
    assert Relay(world.store, LocalFanout([seen.append]), signals=world.signals).run() == sum(told) == 4
    assert [(item.n, item.type) for item in seen] == [(1, "order/1"), (2, "accepted"), (3, "order/1"), (4, "accepted")]
    assert world.rows(select(outbox)) == []
    assert [item.n for item in again_from(world.store, "test:order:A", 3)] == [3, 4]


def test_a_large_body_is_published_as_none_and_whole_when_it_is_asked_for(tmp_path: Path) -> None:
    world = World(tmp_path)
    seen: list[Publication] = []
    world.send({"k": "A", "x": "y" * publications.WHOLE}, {"k": "B", "x": random.Random(7).randbytes(publications.WHOLE).hex()}, {"k": "C"})
    world.run()
    assert Relay(world.store, LocalFanout([seen.append])).run() == 6
    bodies = {item.k[-1]: item.body for item in seen if item.type == "order/1"}
    assert (bodies["A"], bodies["B"], bodies["C"] is None) == (None, None, False)
    for key in "AB":
        (order, _) = again_from(world.store, f"test:order:{key}", 1)
        assert len(orjson.loads(order.body or b"")["x"]) >= publications.WHOLE


def test_a_page_of_what_is_asked_for_ends_with_its_number_or_its_bytes_and_never_with_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    published(world, [b"x" * 1000] * 3)
    with world.store.unit() as unit:
        unit.published_from = 1_000_000
        publications.publish(unit, [{"k": "A", "n": n, "type": "t", "document": 1, "body": b"x" * 1000, "at": 1} for n in (4, 5)])

    def page(n: int, most: int) -> list[int]:
        return [item.n for item in again_from(world.store, "A", n, most=most)]

    assert (page(1, 2), page(3, 2), page(4, 500), page(1_000_006, 500)) == ([1, 2], [3, 1_000_004], [1_000_004, 1_000_005], [])
    monkeypatch.setattr(publications, "PAGE", 1500)
    assert (page(1, 500), page(3, 1)) == ([1, 2], [3])
    monkeypatch.setattr(publications, "PAGE", 10)
    assert page(4, 500) == [1_000_004]


def test_a_batch_of_the_relay_ends_with_its_bytes_and_the_next_follows_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    published(world, [random.Random(n).randbytes(publications.APART + 1) for n in range(10)])
    sent: list[list[int]] = []

    def publish(self: LocalFanout, batch: Iterable[tuple[int, Publication]]) -> list[int]:
        items = list(batch)
        sent.append([len(item.body or b"") for _, item in items])
        return [id for id, _ in items]

    monkeypatch.setattr(LocalFanout, "publish", publish)
    monkeypatch.setattr(publications, "PAGE", 3 * publications.APART)
    said: list[str] = []
    event.listen(world.store.reader, "before_cursor_execute", lambda *words: said.append(words[2]))
    assert Relay(world.store, LocalFanout()).run() == 10
    assert sent == [[publications.APART + 1] * 3] * 3 + [[publications.APART + 1]]
    assert sum(text.startswith("SELECT published.body") for text in said) == 10


def test_what_is_published_again_is_queued_in_slices_and_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publications, "AT_ONCE", 3)
    world = World(tmp_path)
    published(world, [b"{}"] * 11)
    with world.store.unit() as unit:
        publications.forget(unit.connection, [row.id for row in world.rows(select(outbox)) if row.n not in (4, 7)])
    with world.store.unit() as unit:
        assert publications.again(unit, 0) == 9
    assert [row.n for row in world.rows(select(outbox).order_by(outbox.c.id))] == [4, 7, 1, 2, 3, 5, 6, 8, 9, 10, 11]


def published(world: World, bodies: list[bytes]) -> None:
    """Publications of key A from 1 on."""
    with world.store.unit() as unit:
        publications.publish(
            unit, [{"k": "A", "n": n, "type": "t", "document": 1, "body": body, "at": n} for n, body in enumerate(bodies, start=1)]
        )


def test_a_subscriber_that_begins_late_gets_all_of_a_long_key_page_by_page_and_every_body_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    published(world, [b"1"] * 1200 + [b"2" * (publications.WHOLE + 1)] * 2)
    kept: list[Publication] = []
    pages: list[int] = []

    def page(store: Store, k: str, n: int) -> list[Publication]:
        pages.append(len(found := again_from(store, k, n)))
        return found

    monkeypatch.setattr(local, "again_from", page)
    subscriber = Deduplicated(world.store, kept.append, lambda k: max((item.n for item in kept if item.k == k), default=0))
    for n in (1201, 1202):
        subscriber(Publication("A", n, "t", 1, None, n, f"trace {n}"))
    assert [item.trace for item in kept[-3:]] == ["", "trace 1201", "trace 1202"]
    subscriber(Publication("B", 7, "t", 1, b"3", 7))
    assert kept.pop().body == b"3"
    assert ([item.n for item in kept], pages) == (list(range(1, 1203)), [500, 500, 202, 1, 0])
    assert {len(item.body or b"") for item in kept} == {1, publications.WHOLE + 1}


def test_a_subscriber_drops_what_it_has_and_asks_for_a_gap(tmp_path: Path) -> None:
    world = World(tmp_path)
    kept: list[int] = []
    world.send(*[{"k": "A", "v": str(n), "x": n} for n in range(3)])
    world.run()
    every = again_from(world.store, "test:order:A", 1)
    subscriber = Deduplicated(world.store, lambda item: kept.append(item.n), lambda k: max(kept, default=0))
    for item in (every[0], every[0], every[4], every[1], every[5]):
        subscriber(item)
    assert kept == [1, 2, 3, 4, 5, 6]


def test_a_row_that_a_subscriber_did_not_take_stays_in_the_outbox(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A"})
    world.run()
    assert LocalFanout([_fails]).publish([(1, Publication("k", 1, "t", 1, b"", 0))]) == []
    Relay(world.store, LocalFanout([_fails])).run()
    assert len(world.rows(select(outbox))) == 2


def _fails(publication: Publication) -> None:
    raise OSError("disk full")
