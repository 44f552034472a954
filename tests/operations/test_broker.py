"""The broker is lost with all its data, queues are purged, a stranger's message lies in a queue: what the page says is typed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pika
import pytest

from hub.store.out_tables import published
from tests.operations.house import House, until
from tests.operations.page import Terminal, typed
from tests.services.postgres import need_node
from tests.services.private import Unavailable
from tests.services.rabbitmq import BIN, Node, private_node
from tests.services.subscriber import Subscribe

PAGE = "operate.md"
SINCE = "2026-11-25T08:30:00+08:00"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A broker that may be destroyed."""
    try:
        with private_node(tmp_path / "own") as started:
            yield started
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def house(tmp_path: Path, node: Node) -> Iterator[House]:
    databases = need_node()
    name = databases.create()
    folder = tmp_path / "house"
    folder.mkdir()
    with House(folder, databases.of(name), node.url()) as made:
        yield made
    databases.drop(name)


def rows(house: House) -> set[tuple[str, int]]:
    """Everything that was ever published."""
    return {(row.k, row.n) for row in house.look(lambda connection: list(connection.execute(published.select())))}


def lose(node: Node) -> None:
    """The broker dies, and comes back empty."""
    node.kill()
    shutil.rmtree(node.folder / "mnesia")
    node.start()


def purge(node: Node) -> None:
    """Every queue is emptied."""
    with pika.BlockingConnection(pika.URLParameters(node.url())) as connection:
        for name in ("canonical.reader", *(f"{kind}.{p}" for kind in ("inbound", "outbound") for p in range(8))):
            connection.channel().queue_purge(name)


def delete(node: Node) -> None:
    """Somebody takes a subscriber's queue away."""
    with pika.BlockingConnection(pika.URLParameters(node.url())) as connection:
        connection.channel().queue_delete("canonical.reader")


def lying(node: Node, queue: str) -> int:
    """How many messages are in a queue."""
    with pika.BlockingConnection(pika.URLParameters(node.url())) as connection:
        return int(connection.channel().queue_declare(queue, passive=True).method.message_count)


def begun(house: House, node: Node) -> Terminal:
    """A hub at work, and where its page is typed."""
    house.prepare()
    house.start("worker")
    house.start("api")
    house.ready()
    house.begin_day()
    places = {"127.0.0.1:8080": f"127.0.0.1:{house.port}", SINCE: "2026-01-01T00:00:00Z", "-p hub": "-p /"}
    return Terminal(house.folder, places, {"rabbitmq": node.environment() | {"PATH": f"{BIN}:{os.environ['PATH']}"}}, users={})


def test_what_a_broker_loses_the_hub_gives_again(house: House, node: Node, subscribe: Subscribe) -> None:
    terminal = begun(house, node)
    house.orders(6)
    house.quiet()
    reader = subscribe(node.url())
    assert until(lambda: set(reader.told) == rows(house))
    reader.stop()

    house.orders(6)
    house.quiet()
    lose(node)
    house.orders(6)
    house.quiet()
    again = subscribe(node.url())
    assert until(lambda: len(again.told) > 0)
    again.stop()
    assert set(reader.told) | set(again.told) < rows(house)

    for block in typed(PAGE, "The broker is lost with all its data"):
        said = terminal.type(block)
    assert "publications go once more" in said
    house.quiet()
    again = subscribe(node.url())
    assert until(lambda: set(again.told) == rows(house))
    again.stop()
    assert again.repeats == 0

    house.orders(6)
    house.quiet()
    purge(node)
    for block in typed(PAGE, "A queue was purged"):
        terminal.type(block)
    house.orders(3)
    house.quiet()
    last = subscribe(node.url())
    assert until(lambda: set(last.told) == rows(house))
    last.stop()
    bodies = {one: reader.told.get(one, set()) | again.told.get(one, set()) | last.told[one] for one in last.told}
    assert all(len(found) == 1 for found in bodies.values())

    with pika.BlockingConnection(pika.URLParameters(node.url())) as connection:
        connection.channel().basic_publish("", "inbound.0", b"hello")
    assert until(lambda: lying(node, "dead") == 1)
    assert "1 messages lie in queue 'dead'" in house.hub("doctor")
    for block in typed(PAGE, "A message lies in `dead`"):
        assert "canonical.reader" in terminal.type(block)
    assert lying(node, "dead") == 0
    assert house.applied() == {act.number: 1 for act in house.partners.sent}
    assert house.broken() == {}


def test_a_queue_that_was_deleted_is_there_again_and_gets_what_it_lost(house: House, node: Node, subscribe: Subscribe) -> None:
    terminal = begun(house, node)
    house.orders(4)
    house.quiet()
    delete(node)
    assert until(lambda: "canonical.reader: the queue of a named subscriber was deleted" in house.log("worker"))
    house.orders(2)
    house.quiet()
    reader = subscribe(node.url())
    assert until(lambda: len(reader.told) > 0)
    assert set(reader.told) < rows(house)
    for block in typed(PAGE, "A queue was deleted"):
        assert "publications go once more" in terminal.type(block)
    assert until(lambda: set(reader.told) == rows(house))
    reader.stop()
    for block in typed(PAGE, "A subscriber's queue is full"):
        terminal.type(block)
