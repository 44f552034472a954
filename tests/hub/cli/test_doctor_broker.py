"""``hub doctor`` with a real RabbitMQ: its rows, what rests on them, and nobody's password."""

from __future__ import annotations

from pathlib import Path

import pika
import pytest

from tests.hub.cli.doctoring import examine, failed, of_servers, only_fault
from tests.services.rabbitmq import Node

WRONG = "wrong-but-secret"


def store(folder: Path) -> str:
    (folder / "var").mkdir(exist_ok=True)
    return f"sqlite:///{folder}/var/hub.db"


def test_a_hub_with_a_broker(tmp_path: Path, vhost: str) -> None:
    code, rows = of_servers(tmp_path, store(tmp_path), vhost)
    assert (code, failed(rows)) == (0, [])
    assert rows["broker"]["detail"].endswith(vhost.replace(":guest", ""))
    assert rows["queues"]["detail"].endswith("17 queues, not yet declared: all of them")


def test_subscribers_without_a_broker(tmp_path: Path) -> None:
    code, rows = examine(tmp_path, f"hub: {{store: '{store(tmp_path)}', subscribers: [portal]}}")
    assert (code, failed(rows)) == (0, [])
    row = rows["subscribers"]
    assert ("portal" in row["warning"], row["at"], "hub.channels" in row["fix"]) == (True, "hub.subscribers", True)


def test_a_wrong_password_and_a_missing_virtual_host(tmp_path: Path, node: Node) -> None:
    row = only_fault(tmp_path, "broker", store(tmp_path), node.url().replace("guest:guest", f"guest:{WRONG}"), unsaid=WRONG)
    assert "refuses the log-in" in row["fact"]
    row = only_fault(tmp_path, "broker", store(tmp_path), node.url("nowhere"))
    assert (row["fact"], row["at"]) == ("the virtual host is missing: 'nowhere'", node.url("nowhere").replace(":guest", ""))


@pytest.mark.parametrize("password", [f"12/{WRONG}", f"{WRONG}/x", f"1#{WRONG}", f"2?{WRONG}"])
def test_a_password_that_is_not_written_in_percent_is_no_unknown_machine(tmp_path: Path, password: str) -> None:
    row = only_fault(tmp_path, "broker", store(tmp_path), f"amqp://hub:{password}@127.0.0.1:5672/", unsaid=WRONG)
    assert (row["fact"], row["at"]) == ("the broker's address cannot be read", "hub.channels")
    assert "/ as %2F" in row["fix"]


def test_what_needs_the_broker_is_not_looked_at_without_it(tmp_path: Path) -> None:
    only_fault(tmp_path, "broker", store(tmp_path), "amqp://guest:guest@127.0.0.1:9/")
    assert of_servers(tmp_path, store(tmp_path), "amqp://127.0.0.1:9/")[1]["queues"]["skipped"] == "needs broker"


def test_a_queue_of_another_type(tmp_path: Path, vhost: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        connection.channel().queue_declare("inbound.3", durable=True)
    assert only_fault(tmp_path, "queues", store(tmp_path), vhost)["fact"] == "not as the hub declares it: queue inbound.3"


def test_a_full_disk_of_the_broker(tmp_path: Path, node: Node, vhost: str) -> None:
    node.control("set_disk_free_limit", "900000GB")
    try:
        row = only_fault(tmp_path, "broker", store(tmp_path), vhost)
    finally:
        node.control("set_disk_free_limit", "50MB")
    assert row["fact"].startswith("the broker takes no messages: low on disk.")
    assert "rabbitmq-diagnostics alarms" in row["fix"]


def test_messages_that_are_not_the_hubs_are_told(tmp_path: Path, vhost: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        channel = connection.channel()
        channel.queue_declare("dead", durable=True, arguments={"x-queue-type": "quorum"})
        channel.confirm_delivery()
        channel.basic_publish("", "dead", b"who sent this?")
    code, rows = of_servers(tmp_path, store(tmp_path), vhost)
    assert (code, rows["queues"]["warning"]) == (0, "1 messages lie in queue 'dead': they are no wake-ups of the hub")
