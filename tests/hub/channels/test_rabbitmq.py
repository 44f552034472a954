"""RabbitMQ keeps the contract, and what only a broker can do to it: redelivery, loss, messages that are not ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pika
import pytest

from canonical_model.problems import Misconfigured
from connectors.kit.amqp_link import Link
from hub.channels import rabbitmq
from hub.channels.base import Publication
from hub.channels.rabbitmq import RabbitChannels
from hub.store.publications import WHOLE
from tests.hub.channels.contract import CanonicalContract, Pair, WakeUpContract, until
from tests.services.private import free_port
from tests.services.rabbitmq import Node

READER = "reader"


class Reader:
    """A subscriber of ``canonical`` at the broker, with pika alone."""

    def __init__(self, url: str) -> None:
        self.connection: Any = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self.connection.channel()
        self.got: list[tuple[Any, bytes]] = []

    def seen(self) -> list[Publication]:
        while True:
            method, properties, body = self.channel.basic_get(f"canonical.{READER}", auto_ack=True)
            if method is None:
                return [_publication(properties, body) for properties, body in self.got]
            self.got.append((properties, body))

    def refuse(self, on: bool) -> None:
        """Without its queue there is nobody to take anything."""
        if on:
            self.channel.queue_unbind(f"canonical.{READER}", "canonical", "#")
        else:
            self.channel.queue_bind(f"canonical.{READER}", "canonical", "#")


def _publication(properties: Any, body: bytes) -> Publication:
    headers = properties.headers
    return Publication(headers["key"], headers["n"], properties.type, headers["document"], body, 0, headers.get("traceparent", ""))


@pytest.fixture
def pair(broker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setattr(rabbitmq, "LOOK", 3600.0)  # a look binds again what the reader unbinds
    door, worker = RabbitChannels(broker, 4, [READER]), RabbitChannels(broker, 4, [READER])
    door.start(consume=False)
    worker.start(consume=True)
    assert door.link.wait_until_connected(20)
    assert worker.link.wait_until_connected(20)
    reader = Reader(broker)
    yield Pair(door, worker, reader.seen, reader.refuse)
    reader.connection.close()
    door.stop()
    worker.stop()


class TestWakeUps(WakeUpContract):
    """Between processes, over quorum queues."""

    def test_a_new_connection_looks_at_every_partition(self, pair: Pair) -> None:
        assert pair.woken() == dict.fromkeys(range(4), False)

    def test_what_a_worker_did_not_finish_goes_to_another_and_says_so(self, pair: Pair, broker: str) -> None:
        pair.woken()
        pair.door.inbound.wake(2)
        assert pair.woken() == {2: False}
        pair.worker.stop()
        other = RabbitChannels(broker, 4, [READER])
        other.start(consume=True)
        told: dict[int, bool] = {}
        assert until(lambda: bool(told.update(other.inbound.taken()) or told.get(2)))
        assert told == {0: False, 1: False, 2: True, 3: False}
        other.stop()

    def test_a_worker_that_rests_leaves_its_wake_ups_to_others_and_publishes_still(self, pair: Pair, broker: str) -> None:
        """An orderly stop may wait long for a receiver; meanwhile nothing may be woken in vain."""
        pair.woken()
        pair.door.inbound.wake(2)
        assert pair.woken() == {2: False}
        pair.worker.rest()
        other = RabbitChannels(broker, 4, [READER])
        other.start(consume=True)
        told: dict[int, bool] = {}
        assert until(lambda: bool(told.update(other.inbound.taken()) or told.get(2)))
        for p in told:
            other.inbound.done(p)
        for p in (0, 1, 3, 2):
            pair.door.inbound.wake(p)
        assert until(lambda: bool(told.update(other.inbound.taken()) or len(told) == 4))
        assert pair.worker.inbound.taken() == {}
        pair.worker.inbound.done(2)
        assert pair.worker.fanout.publish([(1, Publication("K", 1, "order/1", 1, b"{}", 0))]) == [1]
        assert pair.worker.fault is None
        other.stop()

    def test_what_is_done_does_not_come_again(self, pair: Pair, broker: str) -> None:
        pair.woken()
        for p in (1, 2, 1, 3):
            pair.door.inbound.wake(p)
        found: dict[int, bool] = {}
        assert until(lambda: bool(found.update(pair.worker.inbound.taken()) or len(found) == 3))
        for p in found:
            pair.worker.inbound.done(p)
        assert until(lambda: depth(broker, "inbound.1", "inbound.2", "inbound.3") == 0)
        pair.worker.stop()
        assert depth(broker, "inbound.1", "inbound.2", "inbound.3") == 0

    def test_a_wake_up_of_a_partition_that_is_never_empty_is_settled_before_the_broker_loses_its_patience(
        self, pair: Pair, broker: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pair.woken()
        now = [1000.0]
        monkeypatch.setattr(pair.worker.inbound, "_now", lambda: now[0])
        pair.door.inbound.wake(1)
        assert pair.woken() == {1: False}
        now[0] += rabbitmq.HELD - 1
        pair.door.inbound.wake(1)
        assert pair.woken() == {1: False}
        now[0] += 2
        assert pair.worker.inbound.taken() == {}
        pair.worker.stop()
        assert depth(broker, "inbound.1") == 0

    def test_a_message_that_is_not_ours_is_put_aside(self, pair: Pair, broker: str) -> None:
        pair.woken()
        with pika.BlockingConnection(pika.URLParameters(broker)) as connection:
            connection.channel().basic_publish("", "inbound.1", b"{}")
        assert until(lambda: depth(broker, "dead") == 1)
        pair.door.inbound.wake(1)
        assert pair.woken() == {1: False}

    def test_a_channel_that_the_broker_closed_is_told_and_not_the_end_of_the_connection_that_follows(
        self, pair: Pair, caplog: pytest.LogCaptureFixture
    ) -> None:
        link = pair.worker.link  # type: ignore[attr-defined]
        epoch = link.epoch
        link._call(lambda: link._posting.basic_ack(77))
        assert until(lambda: link.connected and link.epoch > epoch)
        told = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
        assert len(told) == 1
        assert "unknown delivery tag 77" in told[0]

    def test_what_keeps_a_connection_away_now_is_told_and_not_what_kept_away_the_last_one(self) -> None:
        link = Link(f"amqp://guest:guest@127.0.0.1:{free_port()}/", rabbitmq.topology(1))
        link.fault = Misconfigured("the broker refuses the log-in")
        link.start()
        assert until(lambda: "nobody listens" in str(link.fault))
        link.stop()

    def test_an_acknowledgement_of_an_earlier_connection_is_dropped(self, pair: Pair) -> None:
        pair.woken()
        pair.door.inbound.wake(1)
        pair.woken()
        link = pair.worker.link  # type: ignore[attr-defined]
        epoch = link.epoch
        link._call(link._connection.close)
        assert until(lambda: link.connected and link.epoch > epoch)
        pair.worker.inbound.done(1)
        assert 1 in pair.woken()


class TestCanonical(CanonicalContract):
    """A topic exchange with batched, mandatory confirms."""

    def test_headers_are_a_cloud_event_with_its_trace(self, pair: Pair) -> None:
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        item = Publication("k:1", 7, "order/1", 1 << 20 | 1, b'{"number":"1"}', 1_790_000_000_123_456, trace)
        assert pair.door.fanout.publish([(1, item)]) == [1]
        reader = pair.seen.__self__  # type: ignore[attr-defined]
        assert until(lambda: len(pair.seen()) == 1)
        properties = reader.got[0][0]
        event = {name.partition(":")[2]: value for name, value in properties.headers.items() if name.startswith("cloudEvents:")}
        assert datetime.fromisoformat(event.pop("time")).microsecond == 123_456
        assert event == {
            "specversion": "1.0", "id": "k:1/7", "source": "/channelhub", "type": "order/1", "subject": "k:1",
            "partitionkey": "k:1", "sequence": "00000000000000000007", "traceparent": trace,
        }  # fmt: skip
        assert (properties.content_type, properties.delivery_mode, properties.headers["traceparent"]) == ("application/json", 2, trace)

    def test_a_large_body_is_a_reference(self, pair: Pair) -> None:
        item = Publication("k", 1, "order/1", 5, b"x" * (WHOLE + 1), 0)
        assert pair.door.fanout.publish([(1, item)]) == [1]
        assert until(lambda: len(pair.seen()) == 1)
        assert orjson.loads(pair.seen()[0].body or b"") == {"reference": "/v1/canonical/k?from=1", "key": "k", "n": 1, "document": 5}

    def test_without_a_broker_nothing_is_confirmed(self) -> None:
        nowhere = RabbitChannels("amqp://127.0.0.1:1/", 4, [READER])
        nowhere.start(consume=True)
        assert nowhere.fanout.publish([(1, Publication("k", 1, "t", 1, b"{}", 0))]) == []
        assert nowhere.fault is not None
        nowhere.inbound.wake(1)
        nowhere.stop()

    def test_where_nobody_is_named_nothing_stays_behind(self, broker: str) -> None:
        alone = RabbitChannels(broker, 4)
        alone.start(consume=False)
        assert alone.link.wait_until_connected(20)
        assert alone.fanout.publish([(1, Publication("k", 1, "t", 1, b"{}", 0))]) == [1]
        alone.stop()


def depth(url: str, *queues: str) -> int:
    """Messages that lie ready in queues."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        return sum(channel.queue_declare(name, passive=True).method.message_count for name in queues)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_stop_at_any_moment_gives_its_socket_back(vhost: str, node: Node) -> None:
    """Also while the connection is opened, and while it is closed because the broker refuses a queue."""
    node.control("set_vhost_limits", "-p", vhost.rpartition("/")[2], '{"max-queues": 2}')
    before, kept = open_files(), []
    for turn in range(16):
        channels = RabbitChannels(vhost, 8)
        channels.start(consume=True)
        if turn % 2:
            while "limit" not in str(channels.fault):
                time.sleep(0.001)
        else:
            time.sleep(turn * 0.002)
        channels.stop()
        kept.append(channels)
    assert open_files() == before
