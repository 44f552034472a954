"""``hub doctor`` on brokers that are not as they must be: fact, place, fix. And the example consumer, and the topology."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest

from canonical_model.problems import HubError, Misconfigured, SystemUnreachable
from connectors.kit.amqp_topology import NO_LIMIT, Queue, broker_version, check
from hub.channels.base import INBOUND_PARTITIONS, Publication
from hub.channels.rabbitmq import RabbitChannels, topology
from hub.cli.topology import page
from hub.store.database import Store
from tests.hub.channels.contract import until
from tests.services.rabbitmq import Node, private_node

ROOT = Path(__file__).resolve().parents[3]
WANTED = topology(INBOUND_PARTITIONS, ["reader"])


def declare(url: str, queue: str, arguments: dict[str, Any]) -> None:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        connection.channel().queue_declare(queue, durable=True, arguments=arguments)


def told(url: str) -> HubError:
    with pytest.raises(HubError) as caught:
        check(url, WANTED)
    assert "guest:guest" not in str(caught.value)
    return caught.value


def test_a_virtual_host_that_is_missing(node: Node) -> None:
    found = told(node.url("nowhere"))
    assert (type(found), found.fact.split(":")[0]) == (Misconfigured, "the virtual host is missing")
    assert "add_vhost" in found.fix


def test_a_wrong_password(vhost: str) -> None:
    found = told(vhost.replace("guest:guest", "guest:wrong"))
    assert found.fact.startswith("the broker refuses the log-in")
    assert "wrong" not in found.at


def test_nobody_there() -> None:
    found = told("amqp://127.0.0.1:1/")
    assert (type(found), "start RabbitMQ" in found.fix) == (SystemUnreachable, True)


def test_a_queue_with_other_arguments(vhost: str) -> None:
    declare(vhost, "inbound.3", {"x-queue-type": "classic"})
    found = told(vhost)
    assert found.fact.startswith("a queue or exchange is there with other arguments")
    assert "inbound.3" in found.fact
    assert "delete_queue" in found.fix


def test_a_wrong_delivery_limit(vhost: str) -> None:
    arguments = {"x-queue-type": "quorum", "x-dead-letter-exchange": "dead", "x-delivery-limit": 20}
    declare(vhost, "outbound.1", arguments)
    assert "x-delivery-limit" in told(vhost).fact


def test_a_limit_of_the_virtual_host_keeps_the_hub_waiting_and_says_so(vhost: str, node: Node) -> None:
    node.control("set_vhost_limits", "-p", vhost.rpartition("/")[2], '{"max-queues": 2}')
    channels = RabbitChannels(vhost, 8)
    channels.start(consume=True)
    assert until(lambda: "limit" in str(channels.fault))
    channels.stop()


def test_quorum_queues_refused(tmp_path: Path, node: Node) -> None:
    with private_node(tmp_path / "old", RABBITMQ_FEATURE_FLAGS="") as old:
        channels = RabbitChannels(old.url(), 8)
        channels.start(consume=True)
        assert until(lambda: "quorum" in str(channels.fault))
        channels.stop()


def test_what_is_not_there_yet_is_no_fault_and_is_named(vhost: str) -> None:
    assert "not yet declared: dead, inbound.0" in str(check(vhost, WANTED))
    assert check(vhost, WANTED).queues["dead"] is None


def test_the_delivery_limit_follows_the_broker() -> None:
    queue = Queue("q", {"x-dead-letter-exchange": "dead"})
    assert queue.wanted((3, 10, 8)) == {"x-queue-type": "quorum", "x-dead-letter-exchange": "dead"}
    assert queue.wanted((4, 0))["x-delivery-limit"] == NO_LIMIT
    assert broker_version({"version": b"4.1.0-rc.1"}) == (4, 1, 0)
    assert broker_version(None) == ()


def test_a_store_has_as_many_partitions_as_there_are_queues() -> None:
    assert Store("sqlite:///:memory:").partitions == INBOUND_PARTITIONS


@pytest.fixture
def running(vhost: str) -> Iterator[RabbitChannels]:
    channels = RabbitChannels(vhost, 8, ["reader"])
    channels.start(consume=True)
    assert channels.link.wait_until_connected(20)
    yield channels
    channels.stop()


def test_the_report_names_queues_arguments_and_consumers(running: RabbitChannels, vhost: str) -> None:
    text = "\n".join(page(check(vhost, WANTED), WANTED))
    assert "| inbound.7 | quorum | x-dead-letter-exchange=dead | - | 0 | 1 |" in text
    assert "| canonical.reader | quorum | - | canonical # | 0 | 0 |" in text


def test_the_example_does_each_thing_once(running: RabbitChannels, vhost: str, tmp_path: Path) -> None:
    numbers = [("A", 1), ("B", 1), ("A", 2), ("A", 2), ("A", 1), ("A", 3)]
    items = [(id, Publication(k, n, "order/1", 1, b'{"number":"1"}', 0)) for id, (k, n) in enumerate(numbers)]
    assert running.fanout.publish(items) == list(range(len(items)))
    script = ROOT / "docs/examples/canonical_consumer.py"
    assert len(script.read_text().splitlines()) <= 25
    command: list[str | Path] = [sys.executable, script, vhost, "canonical.reader", tmp_path / "kept.db"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        assert until(lambda: check(vhost, WANTED).queues["canonical.reader"] is not None)
        process.terminate()
    assert [tuple(line.split()[:2]) for line in lines] == [("A", "1"), ("B", "1"), ("A", "2"), ("A", "3")]
