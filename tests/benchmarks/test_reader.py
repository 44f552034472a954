"""The benchmarks' subscriber of ``canonical``: whatever it says of the order is the hub's doing, not its own."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Thread

import pika
import pytest

from benchmarks._settling import QUIET, Reader
from tests.services import rabbitmq
from tests.services.private import Unavailable

QUEUE = "canonical.reader"


def traffic(url: str, stop: Event, sent: list[int]) -> None:
    """Bursts as far apart as a reader takes for the end of a queue: what comes just then is under way when it goes."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        while not stop.is_set():
            for _ in range(21):
                n = len(sent)
                properties = pika.BasicProperties(headers={"key": f"k{n % 7}", "n": n // 7 + 1})
                channel.basic_publish("", QUEUE, b"x" * 3000, properties)
                sent.append(n)
            time.sleep(QUIET)


def test_it_comes_and_goes_in_traffic_and_sees_everything_once_in_its_order(tmp_path: Path) -> None:
    try:
        with rabbitmq.private_node(tmp_path / "broker") as node:
            sent, stop, reader = list[int](), Event(), Reader(node.url())
            with pika.BlockingConnection(pika.URLParameters(node.url())) as connection:
                connection.channel().queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
            sender = Thread(target=traffic, args=(node.url(), stop, sent))
            sender.start()
            for _ in range(12):
                reader.take(0.4)
            stop.set()
            sender.join()
            reader.take()
            reader.close()
            assert (reader.read, reader.repeats, reader.gaps) == (len(sent), 0, 0)
    except Unavailable as reason:
        pytest.skip(str(reason))
