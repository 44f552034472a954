"""A subscriber of ``canonical`` that keeps (key, n): over RabbitMQ from its queue, embedded from the hub's own relay over a socket.

It takes each key's publications in order: what it has it drops, for a gap it asks "again from n". ``canonical.tsv`` holds what
came by itself, in order: key, n, document, type. What was asked for stands in ``asked.tsv``: it must not be needed.
"""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pika

from tests.faults.plan import Plan, load

FLUSH = 50


class Taken:
    """What it has: the last n of each key, and the files."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.last: dict[str, int] = {}
        self.repeats = self.gaps = 0
        self._lock = threading.Lock()
        for name in ("canonical.tsv", "asked.tsv"):
            for line in Path(name).read_text().splitlines() if Path(name).exists() else ():
                key, n, *_ = line.split("\t")
                self.last[key] = max(self.last.get(key, 0), int(n))
        self._came, self._asked = Path("canonical.tsv").open("a"), Path("asked.tsv").open("a")  # noqa: SIM115 (open as long as it runs)

    def take(self, key: str, n: int, document: int, type: str) -> None:
        """One publication. Returns once it is written."""
        with self._lock:
            known = self.last.get(key, 0)
            if n <= known:
                self.repeats += 1
                self._write(self._came, key, n, document, f"repeat {type}")
                return
            if n > known + 1:
                self.gaps += 1
                for missed in range(known + 1, n):
                    self._write(self._asked, key, missed, self._again(key, missed), "asked")
            self._write(self._came, key, n, document, type)
            self.last[key] = n

    def _write(self, file: Any, key: str, n: int, document: int, type: str) -> None:
        file.write(f"{key}\t{n}\t{document}\t{type}\n")
        file.flush()

    def _again(self, key: str, n: int) -> int:
        """The document of what was missed, as the hub gives it again; 0 when it does not have it."""
        for attempt in range(100):
            port = self.plan.doors[attempt % len(self.plan.doors)]
            try:
                with urlopen(f"http://127.0.0.1:{port}/v1/canonical/{quote(key, safe='')}?from={n}", timeout=5) as answer:
                    found = json.loads(answer.read())["publications"]
                    return int(found[0]["document"]) if found and found[0]["n"] == n else 0
            except (URLError, OSError):
                time.sleep(0.2)
        return 0


def _from_broker(plan: Plan, taken: Taken) -> None:
    parameters = pika.URLParameters(plan.broker)
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=200)
        for method, properties, _ in channel.consume("canonical.reader", inactivity_timeout=0.5):
            if method is not None:
                headers = properties.headers
                taken.take(headers["key"], int(headers["n"]), int(headers["document"]), properties.type)
                channel.basic_ack(method.delivery_tag)


def _by_socket(plan: Plan, taken: Taken) -> None:
    class Lines(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                key, n, document, type = line.decode().rstrip("\n").split("\t")
                taken.take(key, int(n), int(document), type)
                self.wfile.write(b"+")

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", plan.reader), Lines) as server:
        server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        server.serve_forever()


def main(words: Sequence[str]) -> int:
    """Read until killed."""
    plan = load()
    taken = Taken(plan)
    while True:
        try:
            (_from_broker if plan.production else _by_socket)(plan, taken)
        except (pika.exceptions.AMQPError, OSError, ValueError):
            time.sleep(0.2)
