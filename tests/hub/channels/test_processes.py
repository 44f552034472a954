"""Processes over a real broker that are killed, stopped, paused: nothing is lost, nothing doubled, nothing waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM

import pytest

from tests.hub.channels.contract import until
from tests.hub.channels.processes import Setup
from tests.services.processes import purge
from tests.services.rabbitmq import Node
from tests.services.subscriber import Subscriber

ORDERS = 240


@pytest.fixture
def setup(tmp_path: Path, vhost: str) -> Iterator[Setup]:
    made = Setup(tmp_path, vhost)
    yield made
    made.stop()


def ready(setup: Setup) -> bool:
    return until(lambda: b'"broker":"ok"' in (setup.get("/health/ready") or b"").replace(b" ", b""), 120)


class Sender(threading.Thread):
    """Sends each order until it is told that it is kept."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(daemon=True)
        self.setup, self.kept = setup, 0

    def run(self) -> None:
        for number in range(1, ORDERS + 1):
            while not self.setup.send(number):
                time.sleep(0.1)
            self.kept += 1
            time.sleep(0.05)

    def reached(self, share: float) -> bool:
        return until(lambda: self.kept >= ORDERS * share, 60)


def test_processes_die_pause_and_stop_in_traffic_and_so_does_the_broker(setup: Setup, vhost: str, node: Node) -> None:
    for name in ("a", "b"):
        setup.start(name, "worker")
    setup.start("api", "api")
    assert ready(setup), setup.log("api")
    subscriber, sender = Subscriber(vhost), Sender(setup)
    sender.start()
    assert sender.reached(0.1)
    setup.signal("a", SIGKILL)
    setup.ended("a")
    setup.start("a", "worker")
    assert sender.reached(0.25)
    setup.signal("b", SIGSTOP)
    purge(vhost)
    time.sleep(6)  # no longer: stopped inside a transaction it stops every writer of SQLite
    setup.signal("b", SIGCONT)
    assert sender.reached(0.5)
    node.kill()
    node.start()
    assert sender.reached(0.75)
    setup.signal("a", SIGTERM)
    assert setup.ended("a") == 0, setup.log("a")
    assert sender.reached(1.0)
    assert until(lambda: setup.facts()["outbox"] == 0 and setup.facts()["work"] == 0, 60), setup.facts()
    facts = setup.facts()
    assert until(lambda: subscriber.told.keys() == facts["rows"], 20)
    subscriber.stop()
    assert (facts["message"], facts["states"], facts["broken"]) == (ORDERS, {"applied": ORDERS}, {})
