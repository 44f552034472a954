"""Queues of named subscribers at a broker: one is full, one is deleted, one is unbound. The others have no harm, and somebody is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pika
import pytest
from sqlalchemy import select

from hub.channels.named import REFUSING, SHOWN, Named
from hub.channels.pace import LONGEST
from hub.channels.rabbitmq import LOOK, RabbitChannels
from hub.channels.relay import Relay
from hub.store.out_tables import outbox
from tests.hub.channels.contract import until
from tests.hub.channels.test_rabbitmq import depth
from tests.hub.lane.world import TestClock, World
from tests.services.rabbitmq import Node

GOOD, OTHER = "canonical.good", "canonical.other"
FULL = '{"max-length":5,"overflow":"reject-publish"}'


class Moved(TestClock):
    """Durations pass as the test says."""

    passed = 1000.0

    def monotonic(self) -> float:
        return self.passed


class Stand:
    """A hub's relay and its channels with two named subscribers."""

    def __init__(self, folder: Path, url: str) -> None:
        self.world, self.clock, self.url = World(folder), Moved(), url
        self.channels = RabbitChannels(url, 4, ["good", "other"], clock=self.clock)
        self.relay = Relay(self.world.store, self.channels.fanout, monotonic=self.clock.monotonic)

    def publish(self, *keys: str) -> int:
        """A document for each: how many rows were confirmed."""
        self.world.send(*[{"k": k} for k in keys])
        self.world.run()
        return self.relay.run()

    def waiting(self) -> int:
        return len(self.world.rows(select(outbox)))

    def lie(self, queue: str) -> int:
        return depth(self.url, queue)

    def again(self) -> None:
        """Lose the connection and come back."""
        link = self.channels.link
        epoch = link.epoch
        link._call(link._connection.close)
        assert until(lambda: link.connected and link.epoch > epoch)


@contextmanager
def broken_into(url: str) -> Iterator[Any]:
    """A channel of somebody else."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        yield connection.channel()


@pytest.fixture
def stand(tmp_path: Path, vhost: str) -> Iterator[Stand]:
    made = Stand(tmp_path, vhost)
    made.channels.start(consume=False)
    assert made.channels.link.wait_until_connected(20)
    yield made
    made.channels.stop()


def test_a_full_queue_of_one_does_not_fill_those_of_the_others(stand: Stand, node: Node) -> None:
    node.control("set_policy", "-p", stand.url.rpartition("/")[2], "full", f"^{OTHER}$", FULL, "--apply-to", "queues")
    numbers = count()
    assert until(lambda: stand.publish(*(f"K{next(numbers)}" for _ in range(10))) < 20)
    had, waiting = stand.lie(GOOD), stand.waiting()
    assert [stand.relay.run() for _ in range(50)] == [0] * 50
    assert stand.lie(GOOD) == had
    for probes in range(1, 4):
        stand.clock.passed += LONGEST
        assert (stand.relay.run(), stand.waiting(), stand.lie(GOOD)) == (0, waiting, had + probes)

    fault = stand.channels.fault
    assert fault is not None
    assert fault.fact.startswith("the broker refused 1 of 1 publications, and canonical waits")
    assert f"{OTHER} ({stand.lie(OTHER)} messages, 0 readers)" in fault.fix
    assert fault.at.startswith("amqp://guest@127.0.0.1:")

    with broken_into(stand.url) as channel:
        channel.queue_purge(OTHER)
    node.control("clear_policy", "-p", stand.url.rpartition("/")[2], "full")
    stand.clock.passed += LONGEST
    assert until(lambda: stand.relay.run() > 0 or _later(stand))
    assert (stand.waiting(), stand.channels.fault) == (0, None)


def _later(stand: Stand) -> bool:
    """The queue has not yet heard that it has room."""
    stand.clock.passed += LONGEST
    return False


def test_a_queue_that_was_deleted_is_there_again_before_the_next_batch(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    assert stand.publish("A") == 2
    with broken_into(stand.url) as channel:
        channel.queue_delete(OTHER)
    stand.clock.passed += LOOK
    with caplog.at_level(logging.WARNING):
        assert stand.publish("B") == 2
    assert (stand.lie(GOOD), stand.lie(OTHER)) == (4, 2)
    fault = stand.channels.fault
    assert fault is not None
    assert fault.fact == f"{OTHER}: the queue of a named subscriber was deleted, and is declared again"
    assert "in the last 5 s may be missing there: hub republish --since 20" in fault.fix
    assert fault.fact in caplog.text
    stand.clock.passed += SHOWN
    assert stand.publish("C") == 2
    assert stand.channels.fault is None


def test_a_queue_that_went_with_the_connection_is_told_too(stand: Stand) -> None:
    with broken_into(stand.url) as channel:
        channel.queue_delete(OTHER)
        channel.queue_delete(GOOD)
    stand.again()
    fault = stand.channels.fault
    assert fault is not None
    assert fault.fact.startswith(f"{GOOD}, {OTHER}: the queue of a named subscriber was deleted")
    assert stand.publish("A") == 2
    assert (stand.lie(GOOD), stand.lie(OTHER)) == (2, 2)


def test_a_queue_that_is_there_is_not_told_of_after_a_new_connection(stand: Stand) -> None:
    stand.again()
    stand.clock.passed += LOOK
    assert stand.publish("A") == 2
    assert stand.channels.fault is None


def test_a_queue_that_was_unbound_is_bound_again(stand: Stand) -> None:
    with broken_into(stand.url) as channel:
        channel.queue_unbind(OTHER, "canonical", "#")
    stand.clock.passed += LOOK
    assert stand.publish("A") == 2
    assert stand.lie(OTHER) == 2


def test_what_no_queue_took_is_taken_at_the_next_attempt(stand: Stand) -> None:
    """Both went within the seconds between two looks: it came back, and they are declared at once."""
    with broken_into(stand.url) as channel:
        channel.queue_delete(OTHER)
        channel.queue_delete(GOOD)
    assert stand.publish("A") == 0
    stand.clock.passed += LONGEST
    assert stand.relay.run() == 2
    assert (stand.lie(GOOD), stand.lie(OTHER)) == (2, 2)


def test_a_look_that_the_broker_does_not_answer_publishes_nothing(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.clock.passed += LOOK
    monkeypatch.setattr(stand.channels.link.watch, "look", lambda connection, then: None)
    assert stand.channels.link.ensure(0.1) is False
    monkeypatch.setattr(stand.channels.link, "ensure", lambda: False)
    assert (stand.publish("A"), stand.waiting()) == (0, 2)


def test_a_refusal_that_nothing_follows_is_not_told_for_ever() -> None:
    """Another process's relay goes on: this one never learns that the queue has room."""
    clock = Moved()
    named = Named("amqp://hub:secret@mq1/", clock)
    named.refused(3, 40, {})
    assert "secret" not in str(named.fault)
    assert "list_bindings); start its reader" in str(named.fault)
    clock.passed += REFUSING
    assert named.fault is None
