"""A subscriber of ``canonical`` that keeps (key, n), and for the test what it was told under each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pika


class Subscriber:
    """Reads the queue until it is stopped, over lost connections too."""

    def __init__(self, url: str, queue: str = "canonical.reader") -> None:
        self.url, self.queue = url, queue
        self.told: dict[tuple[str, int], set[bytes]] = {}
        self.repeats = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
                    self._read(connection.channel())
            except (pika.exceptions.AMQPError, OSError):
                time.sleep(0.2)

    def _read(self, channel: Any) -> None:
        for method, properties, body in channel.consume(self.queue, inactivity_timeout=0.2):
            if self._stopping.is_set():
                return
            if method is not None:
                one = (properties.headers["key"], properties.headers["n"])
                self.repeats += one in self.told
                self.told.setdefault(one, set()).add(body)
                channel.basic_ack(method.delivery_tag)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(20)


Subscribe = Callable[[str], Subscriber]
"""Starts one at a broker's address."""
