"""``hub doctor`` on brokers that are not as they must be: fact, place, fix. And the example consumer, and the topology."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika
import pytest

from canonical_model.problems import HubError, Misconfigured, SystemUnreachable
from connectors.kit.amqp_look import check
from connectors.kit.amqp_topology import NO_LIMIT, Queue, broker_version
from hub.channels.base import INBOUND_PARTITIONS, Publication
from hub.channels.rabbitmq import RabbitChannels, topology
from hub.cli.topology import page
from hub.store import publications
from hub.store.database import Store
from tests.hub.channels.contract import until
from tests.hub.cli.doctoring import silent
from tests.hub.doors.served import served
from tests.services.rabbitmq import Node, private_node

ROOT = Path(__file__).resolve().parents[3]
WANTED = topology(INBOUND_PARTITIONS, ["reader"])
ADD = 'rabbit_auth_backend_internal:add_user(<<"%s">>, <<"pass-word">>, <<"test">>), ok.'


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
    assert (type(found), found.fact) == (Misconfigured, "the virtual host is missing: 'nowhere'")
    assert found.fix.startswith("rabbitmqctl add_vhost 'nowhere'; rabbitmqctl set_permissions -p 'nowhere' 'guest' '.*' '.*' '.*'")


def test_a_wrong_password(vhost: str) -> None:
    found = told(vhost.replace("guest:guest", "guest:wrong@secret"))
    assert found.fact == "the broker refuses the log-in: wrong password of user 'guest', or no such user"
    assert "secret" not in str(found)


def test_nobody_there() -> None:
    found = told("amqp://127.0.0.1:1/")
    assert (type(found), "start RabbitMQ" in found.fix) == (SystemUnreachable, True)


def test_queues_and_exchanges_that_are_not_as_they_must_be_are_named_all_at_once(vhost: str) -> None:
    declare(vhost, "inbound.3", {"x-queue-type": "classic", "x-dead-letter-exchange": "dead"})
    declare(vhost, "outbound.1", {"x-queue-type": "quorum", "x-dead-letter-exchange": "dead", "x-delivery-limit": 20})
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        connection.channel().exchange_declare("canonical", "direct", durable=True)
    found, name = told(vhost), vhost.rpartition("/")[2]
    assert found.fact == "not as the hub declares them: exchange canonical, queue inbound.3, queue outbound.1"
    place, exchange, kind, limit = found.at.split("\n")
    assert (place, exchange) == (vhost.replace(":guest", ""), "exchange canonical: type is direct, must be topic")
    assert kind.startswith("queue inbound.3: x-queue-type is classic, must be quorum")
    assert limit.startswith("queue outbound.1: x-delivery-limit is 20, must not be set (after so many deliveries")
    assert f"rabbitmqctl delete_queue -p '{name}' inbound.3\nrabbitmqctl delete_queue -p '{name}' outbound.1" in found.fix
    check_nothing_changed(vhost)


def check_nothing_changed(url: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection, pytest.raises(pika.exceptions.ChannelClosedByBroker):
        connection.channel().queue_declare("inbound.0", passive=True)


@pytest.mark.parametrize(
    ("rights", "what"),
    [(("^x$", ".*", ".*"), "queue 'inbound.0'"), ((".*", ".*", "^x$"), "queue 'inbound.0'"), ((".*", "^x$", ".*"), "'dead'")],
)
def test_a_user_who_may_not_declare_what_is_missing(node: Node, vhost: str, rights: tuple[str, ...], what: str) -> None:
    """Configure, read, write: asked with a declaration that cannot succeed, so that nothing is made."""
    name = vhost.rpartition("/")[2]
    node.control("eval", ADD % name)
    node.control("set_permissions", "-p", name, name, *rights)
    found = told(vhost.replace("guest:guest", f"{name}:pass-word"))
    assert (found.fact.startswith(f"user {name!r} lacks a permission: "), what in found.fact) == (True, True)
    assert found.fix == f"rabbitmqctl set_permissions -p '{name}' '{name}' '.*' '.*' '.*'"
    assert "pass-word" not in str(found)
    check_nothing_changed(vhost)


def test_a_broker_that_says_nothing() -> None:
    with silent() as port:
        began = time.monotonic()
        found = told(f"amqp://guest:guest@127.0.0.1:{port}/")
        assert time.monotonic() - began < 15
    assert (type(found), found.fact) == (SystemUnreachable, f"no answer from 127.0.0.1:{port} in time")


def test_what_speaks_another_language(node: Node) -> None:
    found = told(f"amqp://guest:guest@127.0.0.1:{node.epmd}/")
    assert (type(found), "hub.channels" in found.fix) == (SystemUnreachable, True)


def test_a_limit_of_the_virtual_host_keeps_the_hub_waiting_and_says_so(vhost: str, node: Node) -> None:
    node.control("set_vhost_limits", "-p", vhost.rpartition("/")[2], '{"max-queues": 2}')
    channels = RabbitChannels(vhost, 8)
    channels.start(consume=True)
    assert until(lambda: "limit" in str(channels.fault))
    channels.stop()


def test_quorum_queues_refused(tmp_path: Path, node: Node) -> None:
    with private_node(tmp_path / "old", RABBITMQ_FEATURE_FLAGS="") as old:
        assert told(old.url()).fact.startswith("the broker refuses quorum queues")
        channels = RabbitChannels(old.url(), 8)
        channels.start(consume=True)
        assert until(lambda: "quorum" in str(channels.fault))
        channels.stop()


def test_what_is_not_there_yet_is_no_fault_and_is_named(vhost: str) -> None:
    assert "not yet declared: all of them" in str(check(vhost, WANTED))
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


def test_the_example_does_each_thing_once_and_asks_for_what_it_missed(
    running: RabbitChannels, node: Node, vhost: str, tmp_path: Path
) -> None:
    """As a user who may read its queue and nothing else. Keys C and D begin in the middle, as for a reader that comes late; B lost one on
    the way; bodies of E and G are only referred to; F and G are of a time that the hub has forgotten by a restore."""
    numbers = [("A", 1), ("B", 1), ("A", 2), ("A", 2), ("A", 1), ("A", 3), ("C/ä", 3), ("C/ä", 4), ("B", 3), ("D", 702), ("E", 1), ("A", 4)]
    numbers += [("F", 3), ("G", 1)]
    items = [(id, Publication(k, n, "order/1", 1, None if k in "EG" else b'{"number":"%d"}' % n, 0)) for id, (k, n) in enumerate(numbers)]
    assert running.fanout.publish(items) == list(range(len(items)))
    script = ROOT / "docs/examples/canonical_consumer.py"
    assert len(script.read_text().splitlines()) <= 35
    name = vhost.rpartition("/")[2]
    node.control("eval", ADD % name)
    node.control("set_permissions", "-p", name, name, "^$", "^$", r"^canonical\.reader$")
    reader = vhost.replace("guest:guest", f"{name}:pass-word")
    with missed(tmp_path) as hub:
        lines = typed([sys.executable, str(script), reader, "canonical.reader", str(tmp_path / "kept.db"), hub], 19)
    done = [("A", 1), ("B", 1), ("A", 2), ("A", 3), *(("C/ä", n) for n in (1, 2, 3, 4)), ("B", 2), ("B", 3)]
    done += [("D", 1), ("D", 701), ("D", 702), ("E", 1), ("E", 2), ("A", 4), ("F", 1), ("F", 3)]
    assert lines == [*(f'{key} {n} order/1 {{"number": "{n}"}}' for key, n in done), "G 1 order/1 null"]


@contextmanager
def missed(folder: Path) -> Iterator[str]:
    """The door of a hub that has published all of it; numbers of D go on with a jump, as after a restore."""
    published = {"B": (1, 2, 3), "C/ä": (1, 2, 3, 4), "D": (1, 701, 702), "E": (1, 2), "F": (1,)}
    with served(folder) as doors:
        rows = [
            {"k": key, "n": n, "type": "order/1", "document": 1, "body": b'{"number":"%d"}' % n, "at": 1}
            for key, numbers in published.items()
            for n in numbers
        ]
        with doors.hub.store.unit() as unit:
            publications.publish(unit, rows)
        yield f"http://127.0.0.1:{doors.port}"


def typed(command: list[str], lines: int) -> list[str]:
    """The first lines that a program prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        try:
            return [process.stdout.readline().rstrip() for _ in range(lines)]
        finally:
            process.terminate()
